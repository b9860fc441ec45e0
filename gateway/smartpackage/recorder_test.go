package smartpackage_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/gatewaytest"
)

const (
	ledger   = "trade/lifeledger"
	shipment = "SHP-1"
	device   = "smart-package-7"
)

var recording = smartpackage.Recording{Ledger: ledger, ShipmentID: shipment, DeviceID: device}

func start() time.Time { return time.Date(2026, 1, 5, 8, 0, 0, 0, time.UTC) }

func newKey(t testing.TB, alg dsse.Algorithm) *smartpackage.Key {
	t.Helper()
	key, err := smartpackage.GenerateKey(alg)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// world is a device that is registered with a gateway.
type world struct {
	t       *testing.T
	gateway *gatewaytest.Gateway
	client  *smartpackage.Client
	key     *smartpackage.Key
	dir     string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	g := gatewaytest.New(ledger, "token")
	w := &world{t: t, gateway: g, key: newKey(t, dsse.Ed25519), dir: recording.Dir(t.TempDir())}
	w.client = &smartpackage.Client{Base: "https://gateway.example", Token: func() (string, error) { return "token", nil }}
	w.client.HTTP = newHTTP(g)
	r, err := smartpackage.NewRegistration(ledger, device, "ShipperMSP", w.key)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.client.Register(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) open(n int) *smartpackage.Recorder {
	w.t.Helper()
	r, err := smartpackage.OpenRecorder(w.dir, recording, w.key, n)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = r.Close() })
	return r
}

func (w *world) deliver(r *smartpackage.Recorder) smartpackage.Delivered {
	w.t.Helper()
	d, err := r.Deliver(w.t.Context(), w.client, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func add(t *testing.T, r *smartpackage.Recorder, readings []measure.Reading) {
	t.Helper()
	for _, reading := range readings {
		if err := r.Add(reading); err != nil {
			t.Fatal(err)
		}
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// numbered is what the ledger should have of readings.
func numbered(readings []measure.Reading) []measure.Reading {
	out := append([]measure.Reading(nil), readings...)
	for i := range out {
		out[i].Sequence = uint64(i + 1)
	}
	return out
}

func TestWhatIsRecordedArrivesOnTheLedger(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), time.Second, 25)
	r := w.open(10)
	add(t, r, readings)
	if r.Pending() != 2 || r.NextSequence() != 26 {
		t.Errorf("%d segments are cut and the next reading is %d", r.Pending(), r.NextSequence())
	}
	check(t, r.End())
	check(t, r.End())
	if err := r.Add(readings[0]); !errors.Is(err, smartpackage.ErrEnded) {
		t.Errorf("after the end: %v", err)
	}
	if d := w.deliver(r); d != (smartpackage.Delivered{Segments: 3, Readings: 25}) {
		t.Errorf("delivered %+v", d)
	}
	s := w.gateway.Stream(shipment, device)
	if !s.Ended || r.Pending() != 0 {
		t.Errorf("ended: %v, pending: %d", s.Ended, r.Pending())
	}
	if diff := cmp.Diff(numbered(readings), s.Readings); diff != "" {
		t.Error(diff)
	}
}

func TestARecordingContinuesAfterARestart(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), time.Second, 40)
	for i := 0; i < len(readings); i += 8 {
		r := w.open(5)
		add(t, r, readings[i:i+8])
		check(t, r.Flush())
		if i == 16 {
			w.deliver(r)
		}
		check(t, r.Close())
	}
	r := w.open(5)
	check(t, r.End()) // nothing waits: the last segment has no readings
	w.deliver(r)
	s := w.gateway.Stream(shipment, device)
	if diff := cmp.Diff(numbered(readings), s.Readings); diff != "" || !s.Ended {
		t.Error(s.Ended, diff)
	}
	check(t, r.Close())
	if r = w.open(5); !r.Ended() || r.LastReadingMs() != readings[39].At {
		t.Errorf("ended: %v, last reading: %d", r.Ended(), r.LastReadingMs())
	}
}

func TestACutThatAPowerCutInterruptedIsCompleted(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), time.Second, 12)
	state := filepath.Join(w.dir, "state.json")
	r := w.open(4)
	add(t, r, readings[:4])
	before, err := os.ReadFile(state)
	check(t, err)
	add(t, r, readings[4:8])
	check(t, r.Close())
	// The second segment reached the spool, but not the state; and a file was
	// being written.
	check(t, os.WriteFile(state, before, 0o600))
	check(t, os.WriteFile(filepath.Join(w.dir, "spool", "00000000000000000009.json.partial"), []byte("{"), 0o600))
	r = w.open(4)
	if r.NextSequence() != 9 || r.Pending() != 2 {
		t.Fatalf("next is %d, %d pending", r.NextSequence(), r.Pending())
	}
	add(t, r, readings[8:])
	w.deliver(r)
	if diff := cmp.Diff(numbered(readings), w.gateway.Stream(shipment, device).Readings); diff != "" {
		t.Error(diff)
	}
}

func TestARecorderDoesNotOpen(t *testing.T) {
	for name, c := range map[string]struct {
		rec    smartpackage.Recording
		n      int
		before func(w *world)
		want   string
	}{
		"for a ledger without a name":       {smartpackage.Recording{ShipmentID: shipment, DeviceID: device}, 4, nil, "ledger"},
		"with segments that are too long":   {recording, smartpackage.MaxSegmentReadings + 1, nil, "2048"},
		"while another process records":     {recording, 4, func(w *world) { w.open(4) }, "another process"},
		"over the state of another device":  {smartpackage.Recording{ShipmentID: shipment, DeviceID: "other", Ledger: ledger}, 4, someState, "another recording"},
		"over a state that cannot be read":  {recording, 4, func(w *world) { someState(w); w.write("state.json", "{") }, "state.json"},
		"over a spooled file that is none":  {recording, 4, func(w *world) { someState(w); w.write("spool/1.json", "{}") }, "1.json"},
		"over a spool without its state":    {recording, 4, func(w *world) { someState(w); check(w.t, os.Remove(filepath.Join(w.dir, "state.json"))) }, "does not continue"},
		"over a state restored from a copy": {recording, 4, restored, "does not continue"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if c.before != nil {
				c.before(w)
			}
			if r, err := smartpackage.OpenRecorder(w.dir, c.rec, w.key, c.n); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, %v, want %q", r, err, c.want)
			}
		})
	}
}

func (w *world) write(name, text string) {
	w.t.Helper()
	check(w.t, os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
}

// someState leaves two segments behind, the first of them delivered.
func someState(w *world) {
	r := w.open(4)
	readings := smartpackage.Synthetic(start(), time.Second, 8)
	add(w.t, r, readings[:4])
	w.deliver(r)
	add(w.t, r, readings[4:])
	check(w.t, r.Close())
}

// restored puts a state back that is two segments old.
func restored(w *world) {
	someState(w)
	old, err := os.ReadFile(filepath.Join(w.dir, "state.json"))
	check(w.t, err)
	r := w.open(4)
	add(w.t, r, smartpackage.Synthetic(start().Add(time.Hour), time.Second, 8))
	check(w.t, r.Close())
	w.write("state.json", string(old))
}

func TestAReadingThatTheLedgerWouldRefuseIsNotSigned(t *testing.T) {
	w := newWorld(t)
	r := w.open(4)
	good := smartpackage.Synthetic(start(), time.Second, 3)
	add(t, r, good[:2])
	hot := good[2]
	hot.Set(measure.Temperature, 3_000_000)
	early := good[2]
	early.At = 1000
	for name, reading := range map[string]measure.Reading{"implausible": hot, "again": good[1], "in 1970": early} {
		if err := r.Add(reading); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	add(t, r, good[2:])
	check(t, r.End())
	w.deliver(r)
	if diff := cmp.Diff(numbered(good), w.gateway.Stream(shipment, device).Readings); diff != "" {
		t.Error(diff)
	}
}

func TestAFullDiskStopsTheRecordingAndLosesNothingSigned(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), time.Second, 9)
	r := w.open(4)
	add(t, r, readings[:3])
	spool := filepath.Join(w.dir, "spool")
	check(t, os.Rename(spool, spool+"-away"))
	if err := r.Add(readings[3]); err == nil {
		t.Fatal("a segment was cut into nowhere")
	}
	check(t, os.Rename(spool+"-away", spool))
	add(t, r, readings[4:])
	check(t, r.Flush())
	w.deliver(r)
	if diff := cmp.Diff(numbered(readings), w.gateway.Stream(shipment, device).Readings); diff != "" {
		t.Error(diff)
	}
}

func TestKeysAreKeptForTheirOwnerOnly(t *testing.T) {
	for _, alg := range dsse.Algorithms() {
		path := filepath.Join(t.TempDir(), "key.pem")
		key := newKey(t, alg)
		check(t, key.Save(path))
		if err := key.Save(path); !errors.Is(err, os.ErrExist) {
			t.Errorf("saved over a key: %v", err)
		}
		info, err := os.Stat(path)
		check(t, err)
		again, err := smartpackage.LoadKey(path)
		check(t, err)
		if info.Mode().Perm() != 0o600 || again.Public().ID() != key.Public().ID() || again.Public().Algorithm() != alg {
			t.Errorf("%s: mode %v, key %s", alg, info.Mode(), again.Public().ID())
		}
		check(t, os.Chmod(path, 0o640))
		if _, err := smartpackage.LoadKey(path); err == nil || !strings.Contains(err.Error(), "0600") {
			t.Errorf("a key that the group may read: %v", err)
		}
		check(t, os.WriteFile(path, bytes.Repeat([]byte("x"), 9), 0o600))
		check(t, os.Chmod(path, 0o600))
		if _, err := smartpackage.LoadKey(path); err == nil {
			t.Error("loaded a key from rubbish")
		}
	}
	if _, err := smartpackage.GenerateKey("RSA"); err == nil {
		t.Error("made an RSA key")
	}
}

func TestSigningIsDeterministicAndAlwaysVerifies(t *testing.T) {
	for _, alg := range dsse.Algorithms() {
		key := newKey(t, alg)
		for i := range 64 { // half of all ECDSA signatures have the greater S at first
			payload := []byte{byte(i)}
			e, err := smartpackage.Sign("text/plain", payload, key)
			check(t, err)
			again, err := smartpackage.Sign("text/plain", payload, key)
			check(t, err)
			if diff := cmp.Diff(e, again); diff != "" {
				t.Error(diff)
			}
			if got, err := dsse.Open(e, "text/plain", key.Public()); err != nil || !bytes.Equal(got, payload) {
				t.Errorf("%s: %v", alg, err)
			}
		}
	}
}

func TestAKeyStatementIsSignedByTheNewKeyAndOnRotationByTheOld(t *testing.T) {
	first, second := newKey(t, dsse.Ed25519), newKey(t, dsse.P256)
	s := dsse.KeyStatement{Ledger: ledger, DeviceID: device, Organisation: "ShipperMSP", KeyNumber: 2}
	e, err := smartpackage.SignKeyStatement(s, second, first)
	check(t, err)
	got, key, err := dsse.OpenKeyStatement(e, first.Public())
	if err != nil || key.ID() != second.Public().ID() || got.KeyNumber != 2 {
		t.Errorf("got %+v, %v", got, err)
	}
	e, err = smartpackage.SignKeyStatement(s, second, nil)
	check(t, err)
	if _, _, err := dsse.OpenKeyStatement(e, first.Public()); !fault.Is(err, fault.CodeEnvelopeKey) {
		t.Errorf("a rotation without the old key: %v", err)
	}
}

func TestABatchWithTooManyExcursionsIsSentInSmallerOnes(t *testing.T) {
	w := newWorld(t)
	readings := smartpackage.Synthetic(start(), time.Second, 80)
	r := w.open(10)
	add(t, r, readings)
	w.gateway.Before = func(_ int, rw http.ResponseWriter, q *http.Request) bool {
		body, err := io.ReadAll(q.Body)
		if err != nil {
			t.Error(err)
		}
		q.Body = io.NopCloser(bytes.NewReader(body))
		if bytes.Count(body, []byte(`"payloadType"`)) <= 2 {
			return false
		}
		rw.WriteHeader(http.StatusUnprocessableEntity)
		_, _ = io.WriteString(rw, `{"status":422,"code":"`+string(fault.CodeSegmentExcursions)+`"}`)
		return true
	}
	if d := w.deliver(r); d != (smartpackage.Delivered{Segments: 8, Readings: 80}) {
		t.Errorf("delivered %+v", d)
	}
	if diff := cmp.Diff(numbered(readings), w.gateway.Stream(shipment, device).Readings); diff != "" {
		t.Error(diff)
	}
}

// A device whose history is not the ledger's tells the parties, with its own
// signed segment as the evidence.
func TestAForkIsReported(t *testing.T) {
	w := newWorld(t)
	clone := &world{t: t, gateway: w.gateway, client: w.client, key: w.key, dir: filepath.Join(t.TempDir(), "clone")}
	check(t, os.MkdirAll(clone.dir, 0o700))
	journey := smartpackage.Synthetic(start(), time.Second, 20)
	first, second := w.open(10), clone.open(10)
	add(t, second, journey[10:])
	clone.deliver(second)
	add(t, first, journey[:10])
	_, err := first.Deliver(t.Context(), w.client, nil)
	var p *smartpackage.Problem
	if !errors.As(err, &p) || p.Code != fault.CodeSegmentForked {
		t.Fatalf("got %v", err)
	}
	text, err := json.Marshal(w.gateway.Forks())
	check(t, err)
	if len(w.gateway.Forks()) != 1 || !strings.Contains(string(text), w.key.Public().ID()) || first.Pending() != 1 {
		t.Errorf("reported %s, %d segments kept", text, first.Pending())
	}
}
