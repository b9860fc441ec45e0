package smartpackage_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/vectortest"
)

// TestAnotherLanguageComesToTheSameBytes: keys, statements, signatures, segments
// and hashes of the vectors, from what went into them.
func TestAnotherLanguageComesToTheSameBytes(t *testing.T) {
	text, err := os.ReadFile(vectortest.File)
	check(t, err)
	var given, want map[string]any
	check(t, json.Unmarshal(text, &given))
	check(t, json.Unmarshal(text, &want))
	for _, s := range given["segments"].([]any) { // only what goes in
		for _, made := range []string{"payloadHex", "sha256", "envelope"} {
			delete(s.(map[string]any), made)
		}
	}
	for _, made := range []string{"publicKey", "salt", "opensHex"} { // what is sealed goes in: no two are alike
		delete(given["sealed"].(map[string]any), made)
	}
	for _, made := range []string{"keyStatement", "rotation", "session", "postQuantum"} {
		delete(given, made)
	}
	delete(want, "postQuantum") // Node.js 20 has no ML-DSA
	var have map[string]any
	vectortest.Node(t, "vectors", given, &have)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
}

type nodeJob struct {
	Ledger       string         `json:"ledger"`
	Organisation string         `json:"organisation"`
	ShipmentID   string         `json:"shipmentId"`
	DeviceID     string         `json:"deviceId"`
	Algorithm    dsse.Algorithm `json:"algorithm"`
	Secret       string         `json:"secretHex"`
	Recording    []string       `json:"recording"`
	Split        int            `json:"split"`
	Final        bool           `json:"final"`
}

// TestWhatAnotherLanguageSignsIsTaken: the chaincode's own code opens, decodes
// and chains the segments of a whole recording, value for value.
func TestWhatAnotherLanguageSignsIsTaken(t *testing.T) {
	readings := smartpackage.Synthetic(start(), time.Second, 700)
	for i := range readings { // gaps in every channel, and values that grow and shrink by much
		for m := measure.Metric(1); m <= measure.MetricCount; m++ {
			if (i*7+int(m))%11 == 0 {
				readings[i].Present &^= 1 << (m - 1)
				readings[i].Values[m-1] = 0
			}
		}
	}
	least, greatest := measure.Temperature.Bounds()
	readings[30].Set(measure.Temperature, least)
	readings[31].Set(measure.Temperature, greatest)
	readings = numbered(readings)
	var text strings.Builder
	check(t, smartpackage.WriteCSV(&text, readings))
	lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")[1:]
	for _, alg := range []dsse.Algorithm{dsse.Ed25519, dsse.P256} {
		t.Run(string(alg), func(t *testing.T) {
			job := nodeJob{ledger, "ShipperMSP", shipment, device, alg, strings.Repeat("0b", 32), lines, 64, true}
			var out struct {
				Registration smartpackage.Registration `json:"registration"`
				Envelopes    []dsse.Envelope           `json:"envelopes"`
			}
			vectortest.Node(t, "record", job, &out)
			statement, key, err := dsse.OpenKeyStatement(out.Registration.Proof, nil)
			check(t, err)
			if key.Algorithm() != alg || statement.DeviceID != device || statement.Organisation != "ShipperMSP" || key.Base64() != out.Registration.PublicKey {
				t.Errorf("announces %+v", statement)
			}
			var previous [32]byte
			var have []measure.Reading
			for i := range out.Envelopes {
				payload, err := dsse.Open(&out.Envelopes[i], segment.PayloadType, key)
				check(t, err)
				s, err := segment.Decode(payload)
				check(t, err)
				if s.Previous != previous || s.Final != (i == len(out.Envelopes)-1) || s.FirstSequence != uint64(len(have)+1) {
					t.Errorf("segment %d: first %d, previous %s, final %v", i, s.FirstSequence, hex.EncodeToString(s.Previous[:]), s.Final)
				}
				previous = segment.Hash(payload)
				have = append(have, s.Readings...)
			}
			if diff := cmp.Diff(readings, have); diff != "" {
				t.Error(diff)
			}
		})
	}
}
