package ledgertest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// simulation is one endorser's run of a proposal: what it read, what it would
// write, what it answered.
type simulation struct {
	world *state
	rich  Rich

	reads    map[string]*kvrwset.KVRead
	writes   map[string]*kvrwset.KVWrite
	policies map[string]*kvrwset.KVMetadataWrite
	ranges   []*rangeRead
	paged    bool // a paged scan was made: no writes after it
	wrote    bool // a write was made: no paged scan after it

	response *peer.Response
	event    *peer.ChaincodeEvent
	rwset    *kvrwset.KVRWSet
}

func (l *Ledger) simulate(p *proposal) (*simulation, error) {
	s := &simulation{
		world:    &l.world,
		rich:     l.opts.Rich,
		reads:    make(map[string]*kvrwset.KVRead),
		writes:   make(map[string]*kvrwset.KVWrite),
		policies: make(map[string]*kvrwset.KVMetadataWrite),
	}
	st := &stub{sim: s, proposal: p}
	s.response = l.cc.Invoke(st)
	if s.response == nil {
		return nil, errors.New("error in simulation: chaincode answered nothing")
	}
	// The shim sends a batch that was left open, even after an error response.
	if err := st.FinishWriteBatch(); err != nil {
		return nil, fmt.Errorf("error in simulation: transaction returned with failure: failed send batch: %w", err)
	}
	s.event = st.event
	s.rwset = s.results()
	return s, nil
}

// differs names the first part in which two simulations differ, or "".
func (s *simulation) differs(o *simulation) string {
	switch {
	case !sameMessage(s.response, o.response):
		return fmt.Sprintf("response (%v | %v)", s.response, o.response)
	case !sameMessage(s.rwset, o.rwset):
		return fmt.Sprintf("read/write set (%v | %v)", s.rwset, o.rwset)
	case !sameMessage(s.event, o.event):
		return fmt.Sprintf("event (%v | %v)", s.event, o.event)
	}
	return ""
}

func (s *simulation) get(key string) []byte {
	e, _ := s.world.get(key)
	s.reads[key] = &kvrwset.KVRead{Key: key, Version: e.version}
	return bytes.Clone(e.value)
}

func (s *simulation) policy(key string) []byte {
	e, _ := s.world.get(key)
	s.reads[key] = &kvrwset.KVRead{Key: key, Version: e.version}
	return bytes.Clone(e.policy)
}

// put records a write. A peer cannot tell an empty value from none and takes
// both for a deletion.
func (s *simulation) put(key string, value []byte) error {
	if err := s.mayWrite(); err != nil {
		return err
	}
	s.writes[key] = &kvrwset.KVWrite{Key: key, IsDelete: len(value) == 0, Value: bytes.Clone(value)}
	return nil
}

func (s *simulation) setPolicy(key string, policy []byte) error {
	if err := s.mayWrite(); err != nil {
		return err
	}
	s.policies[key] = &kvrwset.KVMetadataWrite{Key: key, Entries: []*kvrwset.KVMetadataEntry{
		{Name: peer.MetaDataKeys_VALIDATION_PARAMETER.String(), Value: bytes.Clone(policy)},
	}}
	return nil
}

func (s *simulation) mayWrite() error {
	if s.paged {
		return errors.New("unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed")
	}
	s.wrote = true
	return nil
}

func (s *simulation) mayPage() error {
	if s.wrote {
		return errors.New("unsuppored transaction. Paginated queries are supported only in a read-only transaction")
	}
	s.paged = true
	return nil
}

// results is the read/write set in the order in which a peer builds it: each part
// by key, range reads in the order in which they were made.
func (s *simulation) results() *kvrwset.KVRWSet {
	set := &kvrwset.KVRWSet{}
	for _, k := range slices.Sorted(maps.Keys(s.reads)) {
		set.Reads = append(set.Reads, s.reads[k])
	}
	for _, k := range slices.Sorted(maps.Keys(s.writes)) {
		set.Writes = append(set.Writes, s.writes[k])
	}
	for _, k := range slices.Sorted(maps.Keys(s.policies)) {
		set.MetadataWrites = append(set.MetadataWrites, s.policies[k])
	}
	for _, r := range s.ranges {
		set.RangeQueriesInfo = append(set.RangeQueriesInfo, r.info())
	}
	return set
}

// batchSize is how many results a peer sends at once, and so how far a scan
// that was broken off has read ahead.
const batchSize = 100

// rangeRead is one scan, and how far the peer has read for it.
type rangeRead struct {
	world      *state
	start, end string
	keys       []string // every key in the range, on committed state
	limit      int      // the page size; 0: no paging
	seen       int      // how many keys the peer has read
	exhausted  bool     // whether the peer has seen that there are no more
}

// scan begins a range read. A peer reads a whole batch, or the whole page,
// before it answers; those keys are in the read set whether looked at or not.
func (s *simulation) scan(start, end string, limit int) *rangeRead {
	r := &rangeRead{
		world: s.world, start: start, end: end, limit: limit,
		keys: slices.Clone(s.world.between(start, end, false)),
	}
	s.ranges = append(s.ranges, r)
	r.readTo(batchSize + 1)
	return r
}

func (r *rangeRead) readTo(n int) {
	if r.limit > 0 {
		n = r.limit
	}
	r.seen = min(max(r.seen, n), len(r.keys))
	if n > len(r.keys) {
		r.exhausted = true
	}
}

func (r *rangeRead) info() *kvrwset.RangeQueryInfo {
	info := &kvrwset.RangeQueryInfo{StartKey: r.start, ItrExhausted: r.exhausted}
	var reads []*kvrwset.KVRead
	for _, k := range r.keys[:r.seen] {
		e, _ := r.world.get(k)
		reads = append(reads, &kvrwset.KVRead{Key: k, Version: e.version})
	}
	switch {
	case r.exhausted:
		info.EndKey = r.end
	case r.seen > 0:
		info.EndKey = r.keys[r.seen-1]
	}
	info.ReadsInfo = &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{KvReads: reads}}
	return info
}
