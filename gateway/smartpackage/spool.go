package smartpackage

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/durable"
)

// spool is a directory of signed envelopes that the ledger does not have yet,
// one file each, named so that their order is the order of the chain. The
// envelopes stay on disk: a device may be offline for weeks.
type spool struct {
	dir   string
	items []item // oldest first
}

// item is what the recorder needs to know of a spooled segment.
type item struct {
	first    uint64
	readings int
	lastMs   int64 // time of the last reading, 0 without readings
	final    bool
	previous string // hexadecimal
	hash     string // hexadecimal
	size     int    // bytes of the envelope in JSON
}

func newItem(s *segment.Segment, payload []byte) item {
	hash := segment.Hash(payload)
	it := item{
		first: s.FirstSequence, readings: len(s.Readings), final: s.Final,
		previous: hex.EncodeToString(s.Previous[:]), hash: hex.EncodeToString(hash[:]),
	}
	if n := len(s.Readings); n > 0 {
		it.lastMs = s.Readings[n-1].At
	}
	return it
}

func openSpool(dir string) (spool, error) {
	sp := spool{dir: dir}
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		return sp, err
	}
	for _, entry := range entries {
		if strings.HasSuffix(entry.Name(), durable.Partial) {
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				return sp, err
			}
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			return sp, err
		}
		it, err := readItem(text)
		if err != nil {
			return sp, fmt.Errorf("%s: %w", filepath.Join(dir, entry.Name()), err)
		}
		sp.items = append(sp.items, it)
	}
	return sp, nil
}

func readItem(text []byte) (item, error) {
	var e dsse.Envelope
	if err := json.Unmarshal(text, &e); err != nil {
		return item{}, err
	}
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	if err != nil {
		return item{}, err
	}
	it, err := itemOf(e.PayloadType, payload)
	it.size = len(text)
	return it, err
}

func itemOf(payloadType string, payload []byte) (item, error) {
	if payloadType != segment.SealedPayloadType {
		s, err := segment.Decode(payload)
		if err != nil {
			return item{}, err
		}
		return newItem(s, payload), nil
	}
	s, err := segment.DecodeSealed(payload)
	if err != nil {
		return item{}, err
	}
	it := newItem(&segment.Segment{FirstSequence: s.FirstSequence, Final: s.Final, Previous: s.Previous}, payload)
	it.readings, it.lastMs = int(s.Count), s.EndMs
	return it, nil
}

func (sp *spool) path(it item) string {
	return filepath.Join(sp.dir, fmt.Sprintf("%020d.json", it.first))
}

func (sp *spool) add(it item, e *dsse.Envelope) error {
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	it.size = len(text)
	if err := durable.Write(sp.path(it), text, 0o600); err != nil {
		return err
	}
	sp.items = append(sp.items, it)
	return nil
}

func (sp *spool) last() (item, bool) {
	if len(sp.items) == 0 {
		return item{}, false
	}
	return sp.items[len(sp.items)-1], true
}

// load reads the envelopes of the oldest n items, as they were written.
func (sp *spool) load(n int) ([]json.RawMessage, error) {
	out := make([]json.RawMessage, n)
	for i, it := range sp.items[:n] {
		text, err := os.ReadFile(sp.path(it))
		if err != nil {
			return nil, err
		}
		out[i] = text
	}
	return out, nil
}

// forget removes the oldest n items.
func (sp *spool) forget(n int) error {
	for range n {
		if err := os.Remove(sp.path(sp.items[0])); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		sp.items = slices.Delete(sp.items, 0, 1)
	}
	return durable.Sync(sp.dir)
}
