package ledgertest

import (
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
)

// entry is one key's committed value, version and own endorsement policy.
type entry struct {
	value   []byte
	policy  []byte
	version *kvrwset.Version
}

// state is the committed world state. keys is sorted by bytes, which is the order
// in which a peer on LevelDB scans.
type state struct {
	entries map[string]entry
	keys    []string
}

func newState() state { return state{entries: make(map[string]entry)} }

func (s *state) get(key string) (entry, bool) {
	e, ok := s.entries[key]
	return e, ok
}

func (s *state) put(key string, e entry) {
	if _, ok := s.entries[key]; !ok {
		i, _ := slices.BinarySearch(s.keys, key)
		s.keys = slices.Insert(s.keys, i, key)
	}
	s.entries[key] = e
}

func (s *state) remove(key string) {
	if _, ok := s.entries[key]; !ok {
		return
	}
	i, _ := slices.BinarySearch(s.keys, key)
	s.keys = slices.Delete(s.keys, i, i+1)
	delete(s.entries, key)
}

// between lists the keys from start (included) to end (excluded unless
// withEnd); an empty end is the end of the state.
func (s *state) between(start, end string, withEnd bool) []string {
	from, _ := slices.BinarySearch(s.keys, start)
	to := len(s.keys)
	if end != "" {
		var found bool
		to, found = slices.BinarySearch(s.keys, end)
		if found && withEnd {
			to++
		}
	}
	if to < from {
		return nil
	}
	return s.keys[from:to]
}
