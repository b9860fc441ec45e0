package fabric

import (
	"errors"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"google.golang.org/protobuf/encoding/protowire"
)

// What a transaction is made of is read field by field, and nothing else of it:
// certificates, signatures and what was read are most of its bytes. The numbers
// are those of Fabric's protocol buffers; a test holds the two against each other.

// errForm says that bytes are not what they should be. Its text is kept with what
// is parked, so it is the same from every build.
var errForm = errors.New("not a transaction as the peer writes it")

// message goes through the fields of one protocol buffer.
type message struct {
	rest   []byte
	num    protowire.Number
	kind   protowire.Type
	bytes  []byte // of a field that has a length
	number uint64 // of a varint
	err    error
}

// next takes one field up; false: there is none, or err.
func (m *message) next() bool {
	if len(m.rest) == 0 || m.err != nil {
		return false
	}
	var n, size int
	m.num, m.kind, n = protowire.ConsumeTag(m.rest)
	if n >= 0 {
		switch m.rest = m.rest[n:]; m.kind {
		case protowire.BytesType:
			m.bytes, size = protowire.ConsumeBytes(m.rest)
		case protowire.VarintType:
			m.number, size = protowire.ConsumeVarint(m.rest)
		default:
			size = protowire.ConsumeFieldValue(m.num, m.kind, m.rest)
		}
	}
	if n < 0 || size < 0 {
		m.err = errForm
		return false
	}
	m.rest = m.rest[size:]
	return true
}

// is says that the field has that number, and a length.
func (m *message) is(n protowire.Number) bool { return m.num == n && m.kind == protowire.BytesType }

// counts says that the field has that number, and is one.
func (m *message) counts(n protowire.Number) bool {
	return m.num == n && m.kind == protowire.VarintType
}

// part is the field at hand, where it stands; nil if it is empty.
func (m *message) part() []byte {
	if len(m.bytes) == 0 {
		return nil
	}
	return m.bytes[:len(m.bytes):len(m.bytes)]
}

// text copies the field at hand.
func (m *message) text(to *string) { *to = string(m.letters()) }

// letters is the field at hand, which is a text, where it stands.
func (m *message) letters() []byte {
	if !utf8.Valid(m.bytes) {
		m.err = errForm
	}
	return m.bytes
}

// inside goes through a message that is the field at hand, which is another then. One
// that comes twice is one message, so what it says of the same field later holds.
func (m *message) inside(do func(m *message)) {
	behind := m.rest
	for m.rest = m.bytes; m.next(); {
		do(m)
	}
	m.rest = behind
}

func each(raw []byte, do func(m *message)) error {
	m := messages.Get().(*message)
	m.rest = raw
	for m.next() {
		do(m)
	}
	err := m.err
	*m = message{}
	messages.Put(m)
	return err
}

// messages are used again: a block has thousands.
var messages = sync.Pool{New: func() any { return new(message) }}

// envelope is what every transaction has, of whatever chaincode.
type envelope struct {
	kind           int32
	id             string
	seconds, nanos int64
	signature      []byte // signature header
	data           []byte
}

func open(raw []byte) (e envelope, err error) {
	var payload, channel []byte
	err = each(raw, func(m *message) { // Envelope
		if m.is(1) {
			payload = m.bytes
		}
	})
	if err != nil {
		return e, err
	}
	err = each(payload, func(m *message) { // Payload
		switch {
		case m.is(1):
			m.inside(func(m *message) { // Header
				switch {
				case m.is(1):
					channel = m.bytes
				case m.is(2):
					e.signature = m.bytes
				}
			})
		case m.is(2):
			e.data = m.bytes
		}
	})
	if err != nil {
		return e, err
	}
	return e, each(channel, func(m *message) { // ChannelHeader
		switch {
		case m.counts(1):
			e.kind = int32(m.number)
		case m.is(3):
			m.inside(func(m *message) { // Timestamp
				switch {
				case m.counts(1):
					e.seconds = int64(m.number)
				case m.counts(2):
					e.nanos = int64(int32(m.number))
				}
			})
		case m.is(5):
			m.text(&e.id)
		}
	})
}

// decode reads one transaction; ours is false for configuration and for other
// chaincodes' transactions.
func (t *Transaction) decode(raw []byte, chaincode string) (ours bool, err error) {
	e, err := open(raw)
	if err != nil {
		return false, err
	}
	t.ID, t.Time = e.id, time.Unix(e.seconds, e.nanos).UTC().Truncate(time.Millisecond)
	if common.HeaderType(e.kind) != common.HeaderType_ENDORSER_TRANSACTION {
		return false, nil
	}
	var creator []byte
	err = each(e.signature, func(m *message) { // SignatureHeader
		if m.is(1) {
			creator = m.bytes
		}
	})
	if err != nil {
		return false, err
	}
	err = each(creator, func(m *message) { // SerializedIdentity
		if m.is(1) {
			m.text(&t.Submitter)
		}
	})
	if err != nil {
		return false, err
	}
	return ours, each(e.data, func(m *message) { // Transaction
		if !m.is(1) {
			return
		}
		var payload []byte
		m.inside(func(m *message) { // TransactionAction
			if m.is(2) {
				payload = m.bytes
			}
		})
		if m.err != nil {
			return
		}
		var its bool
		its, m.err = t.action(payload, chaincode)
		ours = ours || its
	})
}

// action reads one action: a call of a chaincode and what came of it.
func (t *Transaction) action(raw []byte, chaincode string) (ours bool, err error) {
	var proposal, response, did, results, event, name []byte
	err = each(raw, func(m *message) { // ChaincodeActionPayload
		switch {
		case m.is(1):
			proposal = m.bytes
		case m.is(2):
			m.inside(func(m *message) { // ChaincodeEndorsedAction
				if m.is(1) {
					response = m.bytes
				}
			})
		}
	})
	if err != nil {
		return false, err
	}
	err = each(response, func(m *message) { // ProposalResponsePayload
		if m.is(2) {
			did = m.bytes
		}
	})
	if err != nil {
		return false, err
	}
	err = each(did, func(m *message) { // ChaincodeAction
		switch {
		case m.is(1):
			results = m.bytes
		case m.is(2):
			event = m.bytes
		case m.is(4):
			m.inside(func(m *message) { // ChaincodeID
				if m.is(2) {
					name = m.letters()
				}
			})
		}
	})
	if err != nil || string(name) != chaincode {
		return false, err
	}
	if err := t.called(proposal); err != nil {
		return true, err
	}
	t.EventName, t.Event = "", nil
	err = each(event, func(m *message) { // ChaincodeEvent
		switch {
		case m.is(3):
			m.text(&t.EventName)
		case m.is(4):
			t.Event = m.part()
		}
	})
	if err != nil {
		return true, err
	}
	return true, each(results, func(m *message) { // TxReadWriteSet
		if m.is(2) {
			m.err = t.wrote(m.bytes, chaincode)
		}
	})
}

// called finds the name of the function in a proposal: the first argument.
func (t *Transaction) called(proposal []byte) error {
	var input []byte
	err := each(proposal, func(m *message) { // ChaincodeProposalPayload
		if m.is(1) {
			input = m.bytes
		}
	})
	if err != nil {
		return err
	}
	first := true
	return each(input, func(m *message) { // ChaincodeInvocationSpec
		if !m.is(1) {
			return
		}
		m.inside(func(m *message) { // ChaincodeSpec
			if !m.is(3) {
				return
			}
			m.inside(func(m *message) { // ChaincodeInput
				if m.is(1) && first {
					t.Function, first = string(m.bytes), false
				}
			})
		})
	})
}

// wrote takes the writes of one namespace up.
func (t *Transaction) wrote(raw []byte, chaincode string) error {
	var name, set []byte
	err := each(raw, func(m *message) { // NsReadWriteSet
		switch {
		case m.is(1):
			name = m.letters()
		case m.is(2):
			set = m.bytes
		}
	})
	if err != nil || string(name) != chaincode {
		return err
	}
	return each(set, func(m *message) { // KVRWSet
		if !m.is(3) {
			return
		}
		if t.Writes == nil {
			t.Writes = make([]Write, 0, 8) // most have no more
		}
		var w Write
		m.inside(func(m *message) { // KVWrite
			switch {
			case m.is(1):
				m.text(&w.Key)
			case m.counts(2):
				w.Removed = m.number != 0
			case m.is(3):
				w.Value = m.part()
			}
		})
		t.Writes = append(t.Writes, w)
	})
}
