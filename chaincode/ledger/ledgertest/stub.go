package ledgertest

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/queryresult"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// stub is what the chaincode sees during one simulation.
type stub struct {
	sim      *simulation
	proposal *proposal
	event    *peer.ChaincodeEvent
	batch    *[]func() error // nil: writes go at once
}

var _ shim.ChaincodeStubInterface = (*stub)(nil)

func (s *stub) GetArgs() [][]byte { return s.proposal.args }

func (s *stub) GetStringArgs() []string {
	out := make([]string, 0, len(s.proposal.args))
	for _, a := range s.proposal.args {
		out = append(out, string(a))
	}
	return out
}

func (s *stub) GetFunctionAndParameters() (string, []string) {
	args := s.GetStringArgs()
	return args[0], args[1:]
}

func (s *stub) GetArgsSlice() ([]byte, error) {
	var out []byte
	for _, a := range s.proposal.args {
		out = append(out, a...)
	}
	return out, nil
}

func (s *stub) GetTxID() string             { return s.proposal.txID }
func (s *stub) GetChannelID() string        { return s.proposal.channel }
func (s *stub) GetCreator() ([]byte, error) { return s.proposal.creator, nil }
func (s *stub) GetBinding() ([]byte, error) { return s.proposal.binding, nil }

func (s *stub) GetTransient() (map[string][]byte, error)         { return s.proposal.transient, nil }
func (s *stub) GetDecorations() map[string][]byte                { return nil }
func (s *stub) GetSignedProposal() (*peer.SignedProposal, error) { return s.proposal.signed, nil }
func (s *stub) GetTxTimestamp() (*timestamppb.Timestamp, error) {
	return timestamppb.New(s.proposal.time), nil
}
func (s *stub) CreateCompositeKey(o string, a []string) (string, error) {
	return shim.CreateCompositeKey(o, a)
}

// SplitCompositeKey answers an error where the shim's own would panic.
func (s *stub) SplitCompositeKey(key string) (string, []string, error) {
	rest, ok := strings.CutPrefix(key, "\x00")
	rest, ended := strings.CutSuffix(rest, "\x00")
	if !ok || !ended {
		return "", nil, fmt.Errorf("not a composite key: %q", key)
	}
	parts := strings.Split(rest, "\x00")
	return parts[0], parts[1:], nil
}

func (s *stub) GetState(key string) ([]byte, error) {
	if err := validKey("GET_STATE", s, key); err != nil {
		return nil, err
	}
	return s.sim.get(key), nil
}

func (s *stub) GetMultipleStates(keys ...string) ([][]byte, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	out := make([][]byte, len(keys))
	for i, k := range keys {
		if err := validKey("GET_STATE_MULTIPLE", s, k); err != nil {
			return nil, err
		}
		if v := s.sim.get(k); len(v) > 0 {
			out[i] = v
		}
	}
	return out, nil
}

func (s *stub) PutState(key string, value []byte) error {
	if key == "" {
		return errors.New("key must not be an empty string")
	}
	if err := validKey("PUT_STATE", s, key); err != nil {
		return err
	}
	return s.write("PUT_STATE", func() error { return s.sim.put(key, value) })
}

func (s *stub) DelState(key string) error {
	if err := validKey("DEL_STATE", s, key); err != nil {
		return err
	}
	return s.write("DEL_STATE", func() error { return s.sim.put(key, nil) })
}

func (s *stub) SetStateValidationParameter(key string, ep []byte) error {
	if err := validKey("PUT_STATE_METADATA", s, key); err != nil {
		return err
	}
	return s.write("PUT_STATE_METADATA", func() error { return s.sim.setPolicy(key, ep) })
}

func (s *stub) GetStateValidationParameter(key string) ([]byte, error) {
	if err := validKey("GET_STATE_METADATA", s, key); err != nil {
		return nil, err
	}
	return s.sim.policy(key), nil
}

// write performs a write now, or with the batch.
func (s *stub) write(message string, do func() error) error {
	if s.batch != nil {
		*s.batch = append(*s.batch, do)
		return nil
	}
	if err := do(); err != nil {
		return failed(message, s, err)
	}
	return nil
}

func (s *stub) StartWriteBatch() {
	if s.batch == nil {
		s.batch = new([]func() error)
	}
}

// FinishWriteBatch without a batch does nothing, as in the shim.
func (s *stub) FinishWriteBatch() error {
	if s.batch == nil {
		return nil
	}
	writes := *s.batch
	s.batch = nil
	for _, do := range writes {
		if err := do(); err != nil {
			return fmt.Errorf("failed send batch: %w", failed("WRITE_BATCH_STATE", s, err))
		}
	}
	return nil
}

func (s *stub) SetEvent(name string, payload []byte) error {
	if name == "" {
		return errors.New("event name can not be empty string")
	}
	s.event = &peer.ChaincodeEvent{
		ChaincodeId: s.proposal.chaincode, TxId: s.proposal.txID, EventName: name, Payload: append([]byte(nil), payload...),
	}
	return nil
}

func (s *stub) GetStateByRange(start, end string) (shim.StateQueryIteratorInterface, error) {
	start, err := simpleRange(start, end)
	if err != nil {
		return nil, err
	}
	return s.rangeOf(start, end), nil
}

func (s *stub) GetStateByRangeWithPagination(start, end string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	start, err := simpleRange(start, end)
	if err != nil {
		return nil, nil, err
	}
	return s.pageOf(start, end, size, bookmark)
}

func (s *stub) GetStateByPartialCompositeKey(objectType string, attrs []string) (shim.StateQueryIteratorInterface, error) {
	start, err := shim.CreateCompositeKey(objectType, attrs)
	if err != nil {
		return nil, err
	}
	return s.rangeOf(start, start+string(utf8.MaxRune)), nil
}

func (s *stub) GetStateByPartialCompositeKeyWithPagination(objectType string, attrs []string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	start, err := shim.CreateCompositeKey(objectType, attrs)
	if err != nil {
		return nil, nil, err
	}
	return s.pageOf(start, start+string(utf8.MaxRune), size, bookmark)
}

func (s *stub) GetAllStatesCompositeKeyWithPagination(size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	return s.pageOf("\x00", "\x00"+string(utf8.MaxRune), size, bookmark)
}

func (s *stub) rangeOf(start, end string) *iterator {
	return &iterator{read: s.sim.scan(start, end, 0), namespace: s.proposal.chaincode}
}

// pageOf is one page. A bookmark is the key at which it begins, taken by the peer
// as it comes: whoever accepts one from a client must check it.
func (s *stub) pageOf(start, end string, size int32, bookmark string) (shim.StateQueryIteratorInterface, *peer.QueryResponseMetadata, error) {
	if size == 0 && bookmark == "" {
		return s.rangeOf(start, end), &peer.QueryResponseMetadata{}, nil
	}
	if size <= 0 {
		return nil, nil, failed("GET_STATE_BY_RANGE", s, errors.New("page size must be positive"))
	}
	if err := validKey("GET_STATE_BY_RANGE", s, bookmark); err != nil {
		return nil, nil, err
	}
	if err := s.sim.mayPage(); err != nil {
		return nil, nil, failed("GET_STATE_BY_RANGE", s, err)
	}
	if bookmark != "" {
		start = bookmark
	}
	r := s.sim.scan(start, end, int(size))
	meta := &peer.QueryResponseMetadata{FetchedRecordsCount: int32(r.seen)}
	if r.seen < len(r.keys) {
		meta.Bookmark = r.keys[r.seen]
	}
	return &iterator{read: r, namespace: s.proposal.chaincode}, meta, nil
}

// iterator gives out one range read.
type iterator struct {
	read      *rangeRead
	namespace string
	next      int
	closed    bool
}

func (i *iterator) HasNext() bool { return i.next < i.size() }

func (i *iterator) size() int {
	if i.read.limit > 0 {
		return min(i.read.limit, len(i.read.keys))
	}
	return len(i.read.keys)
}

func (i *iterator) Next() (*queryresult.KV, error) {
	if i.closed {
		return nil, errors.New("query iterator not found")
	}
	if !i.HasNext() {
		return nil, errors.New("no such key")
	}
	key := i.read.keys[i.next]
	i.next++
	if i.next%batchSize == 0 && i.HasNext() {
		i.read.readTo(i.next + batchSize + 1) // the shim fetches the next batch with the last item of this one
	}
	e, _ := i.read.world.get(key)
	return &queryresult.KV{Namespace: i.namespace, Key: key, Value: append([]byte(nil), e.value...)}, nil
}

func (i *iterator) Close() error {
	i.closed = true
	return nil
}

// simpleRange checks the ends of a range of simple keys, which may not reach into
// the composite ones.
func simpleRange(start, end string) (string, error) {
	if start == "" {
		start = "\x01"
	}
	for _, k := range []string{start, end} {
		if strings.HasPrefix(k, "\x00") {
			return "", fmt.Errorf("first character of the key [%s] contains a null character which is not allowed", k)
		}
	}
	return start, nil
}

// validKey refuses what a message to the peer cannot hold; the shim panics there.
func validKey(message string, s *stub, key string) error {
	if !utf8.ValidString(key) {
		return failed(message, s, errors.New("string field contains invalid UTF-8"))
	}
	return nil
}

// failed words an error as the peer does.
func failed(message string, s *stub, err error) error {
	return fmt.Errorf("%s failed: transaction ID: %s: %w", message, s.proposal.txID, err)
}

func sameMessage[M proto.Message](a, b M) bool { return proto.Equal(a, b) }
