// Package channelbook owns the off-ledger side of a payment channel
// (docs/payment-channels.md): what this side has signed and what it was given.
// It refuses to talk to a gateway or to the other side; envelopes travel by
// whatever means the two have. Invariant: what is signed is durable before
// anybody sees it, so that this side never signs two proofs that cannot both be
// true, not even across a power cut; and it takes no proof that it could lose.
package channelbook

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/lifeledger/lifeledger/chaincode/balanceproof"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
	"github.com/lifeledger/lifeledger/gateway/durable"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// Why a book refuses.
var (
	ErrNotOpen    = errors.New("the channel is not open")
	ErrEnded      = errors.New("a final balance was signed: nothing more is signed or taken")
	ErrUncovered  = errors.New("the deposit and what was received do not cover the sum")
	ErrNotNewer   = errors.New("a proof that is as new or newer was taken before")
	ErrContradict = errors.New("the proof contradicts the one that was taken before; report both")
	ErrWrong      = errors.New("the statement is for another ledger, channel or payer")
	ErrBehind     = errors.New("the ledger has a newer proof by this side than the book: an old copy of it was restored")
	ErrDiffers    = errors.New("the final balance is not what the book says")
)

// Book is one side's record of one channel. One goroutine uses it at a time.
type Book struct {
	path    string
	ledger  string
	own     string // MSP id
	key     *smartpackage.Key
	release func() error

	channel paychannel.PaymentChannel // as the ledger said last
	page    page
}

// page is what the book keeps: the newest proof in either direction.
type page struct {
	Ledger    string         `json:"ledger"`
	ChannelID string         `json:"channelId"`
	Own       string         `json:"own"`
	Signed    *dsse.Envelope `json:"signed,omitempty"`
	Received  *dsse.Envelope `json:"received,omitempty"`
	Ended     bool           `json:"ended"`

	signed, received balanceproof.Proof
}

// Open opens the book of a channel in a directory, or begins it. Own is this
// side's MSP id, key the one that it announced on the ledger.
func Open(dir, ledger, own string, channel paychannel.PaymentChannel, key *smartpackage.Key) (*Book, error) {
	b := &Book{path: filepath.Join(dir, channel.ChannelID+".json"), ledger: ledger, own: own, key: key}
	release, err := smartpackage.Lock(b.path + ".lock")
	if err != nil {
		return nil, err
	}
	b.release = release
	if err := b.open(channel); err != nil {
		return nil, errors.Join(err, release())
	}
	return b, nil
}

func (b *Book) open(channel paychannel.PaymentChannel) error {
	b.page = page{Ledger: b.ledger, ChannelID: channel.ChannelID, Own: b.own}
	text, err := os.ReadFile(b.path)
	if err == nil {
		err = b.read(text)
	} else if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", b.path, err)
	}
	return b.Sync(channel)
}

func (b *Book) read(text []byte) error {
	var p page
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	if p.Ledger != b.page.Ledger || p.ChannelID != b.page.ChannelID || p.Own != b.page.Own {
		return ErrWrong
	}
	for _, x := range []struct {
		from *dsse.Envelope
		to   *balanceproof.Proof
	}{{p.Signed, &p.signed}, {p.Received, &p.received}} {
		if x.from == nil {
			continue
		}
		payload, err := base64.StdEncoding.DecodeString(x.from.Payload)
		if err != nil {
			return err
		}
		if *x.to, err = balanceproof.Decode(payload); err != nil {
			return err
		}
	}
	b.page = p
	return nil
}

// Close lets other processes open the book.
func (b *Book) Close() error { return b.release() }

// Sync takes note of what the ledger says of the channel: deposits, keys, status.
func (b *Book) Sync(channel paychannel.PaymentChannel) error {
	own, _, err := channel.Side(b.own)
	if err != nil {
		return err
	}
	if channel.ChannelID != b.page.ChannelID {
		return ErrWrong
	}
	if own.Paid != nil && own.Paid.Sequence > b.page.signed.Sequence {
		return ErrBehind
	}
	b.channel = channel
	return nil
}

// Pay signs a proof of everything paid so far and amount more. It is durable
// before it is returned; signing again after a crash goes on from there.
func (b *Book) Pay(amount money.Minor, reference string) (*dsse.Envelope, error) {
	own, _, err := b.ready()
	if err != nil {
		return nil, err
	}
	if err := amount.CheckPositive("amountMinor"); err != nil {
		return nil, err
	}
	next := balanceproof.Proof{
		Ledger: b.ledger, ChannelID: b.page.ChannelID, Payer: b.own, Sequence: b.page.signed.Sequence + 1,
		CumulativeMinor: b.page.signed.CumulativeMinor + amount, Reference: reference,
	}
	if next.CumulativeMinor > own.DepositMinor+b.page.received.CumulativeMinor {
		return nil, ErrUncovered
	}
	payload, err := next.Encode()
	if err != nil {
		return nil, err
	}
	e, err := smartpackage.Sign(balanceproof.Type, payload, b.key)
	if err != nil {
		return nil, err
	}
	p := b.page
	p.Signed, p.signed = e, next
	if err := b.write(p); err != nil {
		return nil, err
	}
	return e, nil
}

// Receive takes a proof of the other side's payments, and gives how much more it
// says than the one before. Nothing is to be delivered for a proof that is refused.
func (b *Book) Receive(e *dsse.Envelope) (money.Minor, error) {
	_, other, err := b.ready()
	if err != nil {
		return 0, err
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(other.Key.Algorithm), other.Key.PublicKey)
	if err != nil {
		return 0, err
	}
	next, _, err := balanceproof.Open(e, key)
	if err != nil {
		return 0, err
	}
	known := b.page.received
	more := next.CumulativeMinor - known.CumulativeMinor
	switch {
	case next.Ledger != b.ledger || next.ChannelID != b.page.ChannelID || next.Payer != other.Organisation:
		return 0, ErrWrong
	case next == known, next.Sequence < known.Sequence && more < 0:
		return 0, ErrNotNewer
	case next.Sequence <= known.Sequence || more <= 0:
		return 0, ErrContradict
	case next.CumulativeMinor > other.DepositMinor+b.page.signed.CumulativeMinor:
		return 0, ErrUncovered
	}
	p := b.page
	p.Received, p.received = e, next
	return more, b.write(p)
}

// Newest is the newest proof of the other side's payments, the one to present;
// nil when there is none.
func (b *Book) Newest() *dsse.Envelope { return b.page.Received }

// Signed is the newest proof of this side's payments, to be sent again when the
// other side may not have got it; nil when there is none.
func (b *Book) Signed() *dsse.Envelope { return b.page.Signed }

// SignFinal signs what the book says as the final balance. From then on the book
// signs and takes nothing more, for either side can have it paid out.
func (b *Book) SignFinal() (*dsse.Envelope, error) {
	if _, _, err := b.ready(); err != nil {
		return nil, err
	}
	payload, err := b.final().Encode()
	if err != nil {
		return nil, err
	}
	return b.end(payload)
}

// Countersign signs the final balance that the other side has signed, if it is
// what the book says; the envelope then has both signatures.
func (b *Book) Countersign(e *dsse.Envelope) (*dsse.Envelope, error) {
	_, other, err := b.ready()
	if err != nil {
		return nil, err
	}
	key, err := dsse.ParsePublicKey(dsse.Algorithm(other.Key.Algorithm), other.Key.PublicKey)
	if err != nil {
		return nil, err
	}
	payload, err := dsse.Open(e, balanceproof.FinalType, key)
	if err != nil {
		return nil, err
	}
	f, err := balanceproof.DecodeFinal(payload)
	if err != nil {
		return nil, err
	}
	if f != b.final() {
		return nil, ErrDiffers
	}
	mine, err := b.end(payload)
	if err != nil {
		return nil, err
	}
	both := *e
	both.Signatures = nil
	for _, s := range e.Signatures {
		if s.KeyID == key.ID() {
			both.Signatures = append(both.Signatures, s)
		}
	}
	both.Signatures = append(both.Signatures, mine.Signatures...)
	return &both, nil
}

func (b *Book) final() balanceproof.Final {
	opener, counterparty := b.page.signed, b.page.received
	if b.channel.Opener.Organisation != b.own {
		opener, counterparty = counterparty, opener
	}
	return balanceproof.Final{
		Ledger: b.ledger, ChannelID: b.page.ChannelID,
		OpenerPaidMinor: opener.CumulativeMinor, OpenerReference: opener.Reference,
		CounterpartyPaidMinor: counterparty.CumulativeMinor, CounterpartyReference: counterparty.Reference,
	}
}

// end writes down that nothing follows, and then signs.
func (b *Book) end(payload []byte) (*dsse.Envelope, error) {
	p := b.page
	p.Ended = true
	if err := b.write(p); err != nil {
		return nil, err
	}
	return smartpackage.Sign(balanceproof.FinalType, payload, b.key)
}

func (b *Book) ready() (own, other paychannel.ChannelSide, err error) {
	if b.page.Ended {
		return own, other, ErrEnded
	}
	if b.channel.Status != paychannel.Open {
		return own, other, ErrNotOpen
	}
	return b.channel.Side(b.own)
}

// write makes a page durable, and only then the book's present one.
func (b *Book) write(p page) error {
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := durable.Write(b.path, text, 0o600); err != nil {
		return err
	}
	b.page = p
	return nil
}
