package smartpackage_test

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filippo.io/mldsa"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/vectortest"
)

// vectors is what an implementation in another language compares itself with.
type vectors struct {
	Keys []struct {
		Algorithm  dsse.Algorithm `json:"algorithm"`
		PrivateKey string         `json:"privateKeyHex"`
		PublicKey  string         `json:"publicKey"`
		KeyID      string         `json:"keyid"`
	} `json:"keys"`
	Statement struct {
		Payload  string         `json:"payload"`
		PAE      string         `json:"pae"`
		Envelope *dsse.Envelope `json:"envelope"`
	} `json:"keyStatement"`
	Rotation    *dsse.Envelope  `json:"rotation"`
	PostQuantum []pqVector      `json:"postQuantum"`
	Session     sessionVector   `json:"session"`
	Segments    []segmentVector `json:"segments"`
	Sealed      sealedVector    `json:"sealed"`
}

// sealedVector is the first segment, sealed. No two seals are alike, so it is made
// once; what it opens to is made anew.
type sealedVector struct {
	Organisation string `json:"organisation"`
	PrivateKey   string `json:"privateKeyHex"` // X25519
	PublicKey    string `json:"publicKey"`
	Payload      string `json:"payloadHex"`
	Salt         string `json:"salt"`
	Opens        string `json:"opensHex"`
}

func makeSealed(t *testing.T, seed, payload []byte) sealedVector {
	t.Helper()
	private, err := ecdh.X25519().NewPrivateKey(seed)
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(private.PublicKey())
	check(t, err)
	v := sealedVector{Organisation: "ServiceMSP", PrivateKey: hex.EncodeToString(seed), PublicKey: base64.StdEncoding.EncodeToString(der)}
	text, err := os.ReadFile(vectortest.File)
	check(t, err)
	var kept vectors
	check(t, json.Unmarshal(text, &kept))
	if v.Payload = kept.Sealed.Payload; v.Payload == "" && *vectortest.Update {
		s, err := segment.Decode(payload)
		check(t, err)
		sealed, err := smartpackage.Seal(s, []smartpackage.Recipient{{Organisation: v.Organisation, PublicKey: v.PublicKey}})
		check(t, err)
		v.Payload = hex.EncodeToString(sealed)
	}
	sealed, err := hex.DecodeString(v.Payload)
	check(t, err)
	opening, _, err := smartpackage.Unseal(sealed, private)
	check(t, err)
	opens, err := base64.StdEncoding.DecodeString(opening.Payload)
	check(t, err)
	if hex.EncodeToString(opens) != hex.EncodeToString(payload) {
		t.Error("what is sealed is not the first segment")
	}
	v.Salt, v.Opens = opening.Salt, hex.EncodeToString(opens)
	return v
}

// pqVector shows keys and signatures of some thousand characters by their hash.
type pqVector struct {
	Algorithm      dsse.Algorithm `json:"algorithm"`
	KeyID          string         `json:"keyid"` // so the SHA-256 of the public key
	PublicKeyBytes int            `json:"publicKeyBytes"`
	StatementHash  string         `json:"statementSha256"`
	SignatureHash  string         `json:"signatureSha256"`
	SignatureBytes int            `json:"signatureBytes"`
	ClassicalSig   string         `json:"classicalSignature,omitempty"` // of a pair
}

func pqVectors(t *testing.T, seed []byte, classical ...*smartpackage.Key) []pqVector {
	t.Helper()
	private, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), seed)
	check(t, err)
	second, err := smartpackage.NewKey(private)
	check(t, err)
	keys := []*smartpackage.Key{second}
	for _, c := range classical {
		pair, err := smartpackage.NewPair(c, second)
		check(t, err)
		keys = append(keys, pair)
	}
	var out []pqVector
	for _, k := range keys {
		e, err := smartpackage.SignKeyStatement(dsse.KeyStatement{Ledger: ledger, DeviceID: device, Organisation: "ShipperMSP", KeyNumber: 1}, k, nil)
		check(t, err)
		payload, err := dsse.Open(e, dsse.KeyStatementType, k.Public())
		check(t, err)
		sig, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
		check(t, err)
		spki, err := base64.StdEncoding.DecodeString(k.Public().Base64())
		check(t, err)
		v := pqVector{Algorithm: k.Public().Algorithm(), KeyID: k.Public().ID(), PublicKeyBytes: len(spki), StatementHash: hash(payload), SignatureHash: hash(sig), SignatureBytes: len(sig)}
		if at := len(sig) - mldsa.MLDSA65SignatureSize; at > 0 {
			v.ClassicalSig = base64.StdEncoding.EncodeToString(sig[:at])
		}
		out = append(out, v)
	}
	return out
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

type sessionVector struct {
	Payload  string         `json:"payload"`
	Envelope *dsse.Envelope `json:"envelope"`
}

type segmentVector struct {
	FirstSequence uint64         `json:"firstSequence"`
	Recording     []string       `json:"recording"` // lines of CSV below the header
	Final         bool           `json:"final"`
	Payload       string         `json:"payloadHex"`
	Hash          string         `json:"sha256"`
	Envelope      *dsse.Envelope `json:"envelope"`
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i + 1)
	}
	scalar, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	check(t, err)
	first, err := smartpackage.NewKey(ed25519.NewKeyFromSeed(seed))
	check(t, err)
	second, err := smartpackage.NewKey(scalar)
	check(t, err)
	for _, k := range []*smartpackage.Key{first, second} {
		v.Keys = append(v.Keys, struct {
			Algorithm  dsse.Algorithm `json:"algorithm"`
			PrivateKey string         `json:"privateKeyHex"`
			PublicKey  string         `json:"publicKey"`
			KeyID      string         `json:"keyid"`
		}{k.Public().Algorithm(), hex.EncodeToString(seed), k.Public().Base64(), k.Public().ID()})
	}
	statement := dsse.KeyStatement{Ledger: ledger, DeviceID: device, Organisation: "ShipperMSP", KeyNumber: 1}
	v.Statement.Envelope, err = smartpackage.SignKeyStatement(statement, first, nil)
	check(t, err)
	payload, err := dsse.Open(v.Statement.Envelope, dsse.KeyStatementType, first.Public())
	check(t, err)
	v.Statement.Payload, v.Statement.PAE = string(payload), string(dsse.PAE(dsse.KeyStatementType, payload))
	statement.KeyNumber = 2
	v.Rotation, err = smartpackage.SignKeyStatement(statement, second, first)
	check(t, err)

	v.PostQuantum = pqVectors(t, seed, first, second)

	v.Session.Envelope, err = smartpackage.SignSessionStatement(dsse.SessionStatement{Ledger: ledger, DeviceID: device, ShipmentID: shipment, SessionNumber: 1}, second, first)
	check(t, err)
	payload, err = base64.StdEncoding.DecodeString(v.Session.Envelope.Payload)
	check(t, err)
	v.Session.Payload = string(payload)

	journey := smartpackage.Synthetic(start(), time.Second, 4)
	journey[1].Present, journey[1].Values[measure.Temperature-1] = journey[1].Present&^1, 0 // the sensor gave no temperature
	journey = numbered(journey)
	var previous [32]byte
	for i, part := range [][]measure.Reading{journey[:3], journey[3:], nil} {
		s := &segment.Segment{Ledger: ledger, ShipmentID: shipment, DeviceID: device, FirstSequence: []uint64{1, 4, 5}[i], Previous: previous, Final: i == 2, Readings: part}
		payload, err := segment.Encode(s)
		check(t, err)
		key := first
		if i == 2 { // the key was rotated in between
			key = second
		}
		e, err := smartpackage.Sign(segment.PayloadType, payload, key)
		check(t, err)
		previous = segment.Hash(payload)
		var text strings.Builder
		check(t, smartpackage.WriteCSV(&text, part))
		lines := strings.Split(strings.TrimSuffix(text.String(), "\n"), "\n")[1:]
		v.Segments = append(v.Segments, segmentVector{s.FirstSequence, lines, s.Final, hex.EncodeToString(payload), hex.EncodeToString(previous[:]), e})
	}
	open, err := hex.DecodeString(v.Segments[0].Payload)
	check(t, err)
	v.Sealed = makeSealed(t, seed, open)
	return v
}

func TestTheDocumentShowsTheVectorsOfTestdata(t *testing.T) {
	vectortest.Hold(t, filepath.Join("..", "..", "docs", "device-protocol.md"), makeVectors(t))
}

func TestTheDocumentNamesEveryFieldAndCode(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "device-protocol.md"))
	check(t, err)
	names := []string{
		segment.PayloadType, dsse.KeyStatementType, dsse.SessionStatementType, segment.SealedPayloadType, "shipment.segment.sealing", "shipment.opening.out-of-order", "shipment.opening.not-as-sealed", "shipment.session.number", "shipment.fork.none", "shipment.fork.reported", string(dsse.Ed25519), string(dsse.P256), string(dsse.MLDSA65), string(dsse.Ed25519MLDSA), string(dsse.P256MLDSA), "participant.key-in-use",
		"ledger", "shipment_id", "device_id", "first_sequence", "previous", "start_unix_ms", "final", "time_deltas", "channels", "metric", "positions", "deltas",
		"shipment.segment.replayed", "shipment.segment.out-of-order", "shipment.segment.forked", "shipment.segment.recording-closed",
		"shipment.segment.wrong-ledger", "shipment.segment.wrong-shipment", "shipment.segment.device-not-agreed",
		"shipment.readings.before-pick-up", "shipment.readings.time", "segment.malformed", "envelope.malformed", "envelope.key-unknown", "envelope.signature-invalid",
		"participant.device-exists", "participant.device-revoked", "participant.key-invalid", "participant.key-proof-invalid", "request.already-done",
	}
	for _, m := range measure.Metrics() {
		least, greatest := m.Bounds()
		names = append(names, m.String(), m.Unit(), grouped(least), grouped(greatest))
	}
	for _, name := range names {
		if !strings.Contains(string(page), name) {
			t.Errorf("docs/device-protocol.md does not name %s", name)
		}
	}
}

// grouped writes a number as the document does: 2,000,000 and -273,150.
func grouped(v int64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	text := ""
	for ; v >= 1000; v /= 1000 {
		text = "," + string([]byte{byte('0' + v%1000/100), byte('0' + v%100/10), byte('0' + v%10)}) + text
	}
	return sign + measure.FormatMilli(v*1000) + text
}
