package smartpackage

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/durable"
)

// Readings in a segment. The most is below the ledger's own limit: so many
// readings fit whatever their values are, and a cut can never fail for size.
const (
	DefaultSegmentReadings = 256
	MaxSegmentReadings     = 2048
	MaxSealedReadings      = 1024 // the wrapped keys need room too
)

// ErrEnded says that the device has declared this recording ended.
var ErrEnded = errors.New("the recording has ended")

// Recording says whose readings of what are recorded, and for which ledger.
type Recording struct {
	Ledger     string `json:"ledger"` // "<channel>/<chaincode>"
	ShipmentID string `json:"shipmentId"`
	DeviceID   string `json:"deviceId"`
}

// Dir is where the recording is kept below a device's state directory.
func (r Recording) Dir(state string) string {
	return filepath.Join(state, "recordings", "shipment-"+url.PathEscape(r.ShipmentID), "device-"+url.PathEscape(r.DeviceID))
}

// chain is the state file: where the chain of segments stands.
type chain struct {
	Recording
	NextSequence  uint64 `json:"nextSequence"`
	Previous      string `json:"previous"`      // hexadecimal hash of the last segment
	LastReadingMs int64  `json:"lastReadingMs"` // 0 before the first
	Ended         bool   `json:"ended"`
}

// Recorder turns readings into a chain of signed segments and spools them.
//
// Readings wait in memory until their segment is cut: a power cut loses at most
// one segment's readings, and the chain stays whole. Use from one goroutine.
type Recorder struct {
	dir     string
	key     *Key
	most    int
	chain   chain
	waiting []measure.Reading
	spool   spool
	release func() error
	broken  error

	recipients []Recipient // whoever can read the readings; nobody in particular: they are open
	copies     string      // directory that keeps every envelope, or ""
}

// OpenRecorder starts a recording in dir, or continues it. n is how many
// readings a segment has; 0 is [DefaultSegmentReadings].
func OpenRecorder(dir string, rec Recording, key *Key, n int) (*Recorder, error) {
	if n == 0 {
		n = DefaultSegmentReadings
	}
	if n < 1 || n > MaxSegmentReadings {
		return nil, fmt.Errorf("a segment has 1 to %d readings, not %d", MaxSegmentReadings, n)
	}
	// A name that no segment can carry shows now, not when the first one is full.
	if _, err := segment.Encode(&segment.Segment{Ledger: rec.Ledger, ShipmentID: rec.ShipmentID, DeviceID: rec.DeviceID, FirstSequence: 1, Final: true}); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "spool"), 0o700); err != nil {
		return nil, err
	}
	release, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, err
	}
	r := &Recorder{dir: dir, key: key, most: n, release: release}
	if err := r.restore(rec); err != nil {
		return nil, errors.Join(err, release())
	}
	return r, nil
}

// SealTo seals every segment from now on to these recipients, the parties of
// confidential terms.
func (r *Recorder) SealTo(recipients []Recipient) error {
	if r.most > MaxSealedReadings {
		return fmt.Errorf("a sealed segment has 1 to %d readings, not %d", MaxSealedReadings, r.most)
	}
	// A key that nothing can be sealed to shows now, not when the first segment is full.
	if _, err := Seal(r.segment(nil, r.chain.NextSequence, true), recipients); err != nil {
		return err
	}
	r.recipients = recipients
	return nil
}

// KeepCopies keeps a copy of every envelope from now on in a directory: whoever
// gets them there can decrypt and open them.
func (r *Recorder) KeepCopies(dir string) error {
	r.copies = dir
	return os.MkdirAll(dir, 0o700)
}

// ForgetRecording removes what is kept in dir of a recording: chain and spool.
// It gives false when nothing was kept. Only a recording of which the ledger has
// nothing may be forgotten: what is signed afterwards begins at number 1 again.
func ForgetRecording(dir string) (bool, error) {
	if _, err := os.Stat(dir); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		return false, err
	}
	release, err := lock(filepath.Join(dir, "lock"))
	if err != nil {
		return false, err
	}
	paths := []string{filepath.Join(dir, "state.json")}
	spool, err := os.ReadDir(filepath.Join(dir, "spool"))
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	for _, entry := range spool {
		paths = append(paths, filepath.Join(dir, "spool", entry.Name()))
	}
	kept := false
	for _, path := range paths {
		switch e := os.Remove(path); {
		case e == nil:
			kept = true
		case !errors.Is(e, os.ErrNotExist):
			err = errors.Join(err, e)
		}
	}
	return kept, errors.Join(err, durable.Sync(dir), release())
}

// restore reads the state, and completes a cut that was interrupted between
// spooling the segment and moving the chain on.
func (r *Recorder) restore(rec Recording) error {
	r.chain = chain{Recording: rec, NextSequence: 1, Previous: strings.Repeat("0", 64)}
	text, err := os.ReadFile(r.statePath())
	fresh := errors.Is(err, os.ErrNotExist)
	if err != nil && !fresh {
		return err
	}
	if !fresh {
		if err := json.Unmarshal(text, &r.chain); err != nil {
			return fmt.Errorf("%s: %w", r.statePath(), err)
		}
		if r.chain.Recording != rec {
			return fmt.Errorf("%s belongs to another recording", r.statePath())
		}
	}
	if r.spool, err = openSpool(filepath.Join(r.dir, "spool")); err != nil {
		return err
	}
	last, ok := r.spool.last()
	switch {
	case !ok || r.chain.Previous == last.hash:
		return nil
	case last.first == r.chain.NextSequence && last.previous == r.chain.Previous:
		return r.moveOn(last)
	default:
		return fmt.Errorf("%s: the spool does not continue the state; was a file lost or restored from a copy?", r.dir)
	}
}

// Add takes one reading; its number is assigned here. When a segment is full it
// is cut. After an error [Recorder.LastReadingMs] tells whether the reading was
// taken: a reading that is refused is not, but one whose segment could not be
// cut is, and the next call tries that cut again.
func (r *Recorder) Add(reading measure.Reading) error {
	if r.broken != nil {
		return r.broken
	}
	if r.chain.Ended {
		return ErrEnded
	}
	for len(r.waiting) >= r.most { // an earlier cut failed, for example on a full disk
		if err := r.cut(false); err != nil {
			return err
		}
	}
	if reading.At <= r.LastReadingMs() {
		return fmt.Errorf("reading of %s is not later than the one before it", measure.At(reading.At))
	}
	reading.Sequence = r.chain.NextSequence + uint64(len(r.waiting))
	// Check it the way the ledger will: what a device has signed it cannot take
	// back, and a segment that the ledger refuses would stop the chain for ever.
	if _, err := segment.Encode(r.segment([]measure.Reading{reading}, reading.Sequence, false)); err != nil {
		return err
	}
	r.waiting = append(r.waiting, reading)
	if len(r.waiting) < r.most {
		return nil
	}
	return r.cut(false)
}

// Flush cuts a segment of whatever waits.
func (r *Recorder) Flush() error {
	for len(r.waiting) > 0 {
		if err := r.cut(false); err != nil {
			return err
		}
	}
	return nil
}

// End declares the recording ended: the last segment says so, and holds the
// readings that still wait. Ending twice is no error.
func (r *Recorder) End() error {
	if r.chain.Ended {
		return nil
	}
	for len(r.waiting) > r.most {
		if err := r.cut(false); err != nil {
			return err
		}
	}
	return r.cut(true)
}

// Close gives the recording free for another process. Readings that wait are
// lost unless [Recorder.Flush] went before.
func (r *Recorder) Close() error { return r.release() }

// LastReadingMs is the time of the last reading taken, waiting ones included;
// 0 before the first.
func (r *Recorder) LastReadingMs() int64 {
	if n := len(r.waiting); n > 0 {
		return r.waiting[n-1].At
	}
	return r.chain.LastReadingMs
}

// NextSequence is the number of the next reading.
func (r *Recorder) NextSequence() uint64 { return r.chain.NextSequence + uint64(len(r.waiting)) }

// Ended reports whether the recording has been declared ended.
func (r *Recorder) Ended() bool { return r.chain.Ended }

// Pending is how many signed segments wait for delivery.
func (r *Recorder) Pending() int { return len(r.spool.items) }

func (r *Recorder) segment(readings []measure.Reading, first uint64, final bool) *segment.Segment {
	return &segment.Segment{
		Ledger: r.chain.Ledger, ShipmentID: r.chain.ShipmentID, DeviceID: r.chain.DeviceID,
		FirstSequence: first, Final: final, Readings: readings,
	}
}

// cut signs the next segment, spools it, and only then moves the chain on.
func (r *Recorder) cut(final bool) error {
	if r.broken != nil {
		return r.broken
	}
	n := min(len(r.waiting), r.most)
	s := r.segment(r.waiting[:n], r.chain.NextSequence, final)
	previous, err := hex.DecodeString(r.chain.Previous)
	if err != nil || len(previous) != len(s.Previous) {
		return fmt.Errorf("%s: no hash of a previous segment", r.statePath())
	}
	copy(s.Previous[:], previous)
	payloadType := segment.PayloadType
	payload, err := segment.Encode(s)
	if err == nil && r.recipients != nil {
		payloadType = segment.SealedPayloadType
		payload, err = Seal(s, r.recipients)
	}
	if err != nil {
		return err
	}
	envelope, err := Sign(payloadType, payload, r.key)
	if err != nil {
		return err
	}
	// A segment that verifies nowhere would block the chain: a broken secure
	// element shows here.
	if _, err := dsse.Open(envelope, payloadType, r.key.public); err != nil {
		return err
	}
	it := newItem(s, payload)
	if r.copies != "" { // before the spool: what is spooled may be gone at once
		text, err := json.Marshal(envelope)
		if err != nil {
			return err
		}
		if err := durable.Write(filepath.Join(r.copies, fmt.Sprintf("%020d-%t.json", it.first, it.final)), text, 0o600); err != nil {
			return err
		}
	}
	if err := r.spool.add(it, envelope); err != nil {
		return err
	}
	if err := r.moveOn(it); err != nil {
		// What the state file says now is unknown. Opening the recording again
		// finds out; going on here could sign a second history.
		r.broken = fmt.Errorf("open the recording again: %w", err)
		return r.broken
	}
	r.waiting = slices.Clone(r.waiting[n:])
	return nil
}

// moveOn writes the state that follows a spooled segment.
func (r *Recorder) moveOn(it item) error {
	next := r.chain
	next.NextSequence = it.first + uint64(it.readings)
	next.Previous = it.hash
	next.Ended = it.final
	if it.readings > 0 {
		next.LastReadingMs = it.lastMs
	}
	text, err := json.MarshalIndent(next, "", "  ")
	if err != nil {
		return err
	}
	if err := durable.Write(r.statePath(), append(text, '\n'), 0o600); err != nil {
		return err
	}
	r.chain = next
	return nil
}

func (r *Recorder) statePath() string { return filepath.Join(r.dir, "state.json") }
