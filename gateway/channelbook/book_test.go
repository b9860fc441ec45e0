package channelbook_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/balanceproof"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
	"github.com/lifeledger/lifeledger/gateway/channelbook"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

var update = flag.Bool("update", false, "write the document's vectors anew")

const (
	ledger  = "trade/lifeledger"
	channel = "CH-1"
	maker   = "ManufacturerMSP"
	carrier = "ShipperMSP"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func keys(t testing.TB) (first, second *smartpackage.Key) {
	t.Helper()
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i + 1)
	}
	first, err := smartpackage.NewKey(ed25519.NewKeyFromSeed(seed))
	check(t, err)
	scalar, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed)
	check(t, err)
	second, err = smartpackage.NewKey(scalar)
	check(t, err)
	return first, second
}

func channelKey(k *smartpackage.Key) *paychannel.ChannelKey {
	p := k.Public()
	return &paychannel.ChannelKey{Number: 1, KeyID: p.ID(), Algorithm: string(p.Algorithm()), PublicKey: p.Base64()}
}

// onLedger is the channel as the ledger would show it.
func onLedger(t testing.TB, makerIn, carrierIn money.Minor) paychannel.PaymentChannel {
	first, second := keys(t)
	return paychannel.PaymentChannel{
		ChannelID: channel, Status: paychannel.Open, Currency: "USD", ChallengeSeconds: 86400,
		Opener:       paychannel.ChannelSide{Organisation: maker, DepositMinor: makerIn, Key: channelKey(first)},
		Counterparty: paychannel.ChannelSide{Organisation: carrier, DepositMinor: carrierIn, Key: channelKey(second)},
	}
}

func openBook(t testing.TB, dir, own string, c paychannel.PaymentChannel) *channelbook.Book {
	t.Helper()
	first, second := keys(t)
	if own == carrier {
		first = second
	}
	b, err := channelbook.Open(dir, ledger, own, c, first)
	check(t, err)
	t.Cleanup(func() { _ = b.Close() })
	return b
}

func proofIn(t testing.TB, e *dsse.Envelope) balanceproof.Proof {
	t.Helper()
	payload, err := base64.StdEncoding.DecodeString(e.Payload)
	check(t, err)
	p, err := balanceproof.Decode(payload)
	check(t, err)
	return p
}

func TestTwoSidesPayOneAnotherAndAgreeOnTheEnd(t *testing.T) {
	c := onLedger(t, 1000, 0)
	a, b := openBook(t, t.TempDir(), maker, c), openBook(t, t.TempDir(), carrier, c)
	for i, amount := range []money.Minor{100, 250, 1} {
		e, err := a.Pay(amount, "")
		check(t, err)
		more, err := b.Receive(e)
		if err != nil || more != amount || proofIn(t, e).Sequence != uint64(i)+1 {
			t.Fatalf("payment %d: %d, %v", i, more, err)
		}
	}
	if _, err := b.Pay(352, ""); !errors.Is(err, channelbook.ErrUncovered) {
		t.Errorf("the carrier has received 351 and pays 352: %v", err)
	}
	e, err := b.Pay(51, "")
	check(t, err)
	if more, err := a.Receive(e); err != nil || more != 51 {
		t.Fatal(more, err)
	}
	if _, err := a.Pay(701, ""); !errors.Is(err, channelbook.ErrUncovered) {
		t.Errorf("the maker has 1000-351+51=700 left and pays 701: %v", err)
	}
	_, err = a.Pay(700, "")
	check(t, err)
	if _, err := b.Receive(a.Signed()); err != nil {
		t.Fatal(err)
	}
	half, err := a.SignFinal()
	check(t, err)
	both, err := b.Countersign(half)
	check(t, err)
	first, second := keys(t)
	for _, k := range []*smartpackage.Key{first, second} {
		payload, err := dsse.Open(both, balanceproof.FinalType, k.Public())
		check(t, err)
		f, err := balanceproof.DecodeFinal(payload)
		check(t, err)
		if want := (balanceproof.Final{Ledger: ledger, ChannelID: channel, OpenerPaidMinor: 1051, CounterpartyPaidMinor: 51}); f != want {
			t.Errorf("agreed on %+v", f)
		}
	}
	for name, err := range map[string]error{
		"maker pays": errorOf(a.Pay(1, "")), "carrier pays": errorOf(b.Pay(1, "")), "carrier receives": errorOf(b.Receive(a.Signed())),
		"final again": errorOf(a.SignFinal()),
	} {
		if !errors.Is(err, channelbook.ErrEnded) {
			t.Errorf("%s after the end: %v", name, err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

func TestABookTakesNoProofThatItCouldLose(t *testing.T) {
	first, second := keys(t)
	sign := func(p balanceproof.Proof, k *smartpackage.Key) *dsse.Envelope {
		payload, err := p.Encode()
		check(t, err)
		e, err := smartpackage.Sign(balanceproof.Type, payload, k)
		check(t, err)
		return e
	}
	good := balanceproof.Proof{Ledger: ledger, ChannelID: channel, Payer: maker, Sequence: 5, CumulativeMinor: 500}
	with := func(change func(*balanceproof.Proof)) *dsse.Envelope {
		p := good
		change(&p)
		return sign(p, first)
	}
	b := openBook(t, t.TempDir(), carrier, onLedger(t, 1000, 0))
	_, err := b.Receive(sign(good, first))
	check(t, err)
	for name, c := range map[string]struct {
		e    *dsse.Envelope
		want error
	}{
		"the same again":           {sign(good, first), channelbook.ErrNotNewer},
		"an older one":             {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor = 4, 400 }), channelbook.ErrNotNewer},
		"the same number for more": {with(func(p *balanceproof.Proof) { p.CumulativeMinor = 600 }), channelbook.ErrContradict},
		"a later one for less":     {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor = 6, 499 }), channelbook.ErrContradict},
		"more than there is":       {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor = 6, 1001 }), channelbook.ErrUncovered},
		"another channel":          {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor, p.ChannelID = 6, 600, "CH-2" }), channelbook.ErrWrong},
		"another ledger":           {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor, p.Ledger = 6, 600, "x/y" }), channelbook.ErrWrong},
		"the carrier's own":        {with(func(p *balanceproof.Proof) { p.Sequence, p.CumulativeMinor, p.Payer = 6, 600, carrier }), channelbook.ErrWrong},
	} {
		if more, err := b.Receive(c.e); !errors.Is(err, c.want) || more != 0 {
			t.Errorf("%s: %d, %v", name, more, err)
		}
	}
	if _, err := b.Receive(sign(balanceproof.Proof{Ledger: ledger, ChannelID: channel, Payer: maker, Sequence: 6, CumulativeMinor: 600}, second)); err == nil {
		t.Error("a proof that the carrier signed itself was taken")
	}
	if got := proofIn(t, b.Newest()); got != good {
		t.Errorf("the newest is %+v", got)
	}
}

func TestABookGoesOnAfterACrashAndNeverSignsLess(t *testing.T) {
	dir, c := t.TempDir(), onLedger(t, 1000, 0)
	a := openBook(t, dir, maker, c)
	if _, err := channelbook.Open(dir, ledger, maker, c, nil); err == nil {
		t.Error("two processes have the same book open")
	}
	_, err := a.Pay(100, "")
	check(t, err)
	old, err := os.ReadFile(filepath.Join(dir, channel+".json"))
	check(t, err)
	signed, err := a.Pay(50, "")
	check(t, err)
	check(t, a.Close())

	a = openBook(t, dir, maker, c)
	if diff := cmp.Diff(signed, a.Signed()); diff != "" {
		t.Errorf("lost by the crash:\n%s", diff)
	}
	e, err := a.Pay(1, "")
	check(t, err)
	if got := proofIn(t, e); got.Sequence != 3 || got.CumulativeMinor != 151 {
		t.Errorf("went on with %+v", got)
	}
	check(t, a.Close())

	// An old copy of the book is restored; the ledger knows better.
	check(t, os.WriteFile(filepath.Join(dir, channel+".json"), old, 0o600))
	c.Opener.Paid = &paychannel.ChannelClaim{Sequence: 3, CumulativeMinor: 151}
	first, _ := keys(t)
	if _, err := channelbook.Open(dir, ledger, maker, c, first); !errors.Is(err, channelbook.ErrBehind) {
		t.Errorf("a book that is behind the ledger: %v", err)
	}
	if _, err := channelbook.Open(dir, "other/ledger", maker, c, first); !errors.Is(err, channelbook.ErrWrong) {
		t.Errorf("the book of another ledger: %v", err)
	}
}

func TestWhatCannotBeWrittenIsNotSigned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "book")
	check(t, os.Mkdir(dir, 0o700))
	a := openBook(t, dir, maker, onLedger(t, 1000, 0))
	_, err := a.Pay(100, "")
	check(t, err)
	before := a.Signed()
	check(t, os.Rename(dir, dir+".gone"))
	if e, err := a.Pay(100, ""); err == nil || e != nil {
		t.Fatalf("signed %v without having written it down", e)
	}
	if diff := cmp.Diff(before, a.Signed()); diff != "" {
		t.Errorf("the book went on:\n%s", diff)
	}
}

func TestAClosedChannelIsNotPaidThrough(t *testing.T) {
	c := onLedger(t, 1000, 0)
	a := openBook(t, t.TempDir(), maker, c)
	c.Status = paychannel.Closing
	check(t, a.Sync(c))
	if _, err := a.Pay(1, ""); !errors.Is(err, channelbook.ErrNotOpen) {
		t.Error(err)
	}
}

// vectors is what an implementation in another language compares itself with.
type vectors struct {
	Keys    []vectorKey       `json:"keys"`
	Key     vector            `json:"keyStatement"`
	List    vectorList        `json:"list"`
	Proof   vector            `json:"proof"`
	ProofP  vector            `json:"proofOfTheOtherSide"`
	Final   vector            `json:"final"`
	Refused map[string]string `json:"refusedPayloads"`
}

type vectorKey struct {
	Organisation string         `json:"organisation"`
	Algorithm    dsse.Algorithm `json:"algorithm"`
	PublicKey    string         `json:"publicKey"`
	KeyID        string         `json:"keyid"`
}

type vector struct {
	Payload  string         `json:"payload"`
	PAE      string         `json:"pae"`
	Envelope *dsse.Envelope `json:"envelope"`
}

type vectorList struct {
	Items     []paychannel.PaidItem `json:"items"`
	Sum       money.Minor           `json:"sumMinor"`
	Reference string                `json:"reference"`
}

func makeVectors(t *testing.T) vectors {
	t.Helper()
	var v vectors
	first, second := keys(t)
	v.Keys = []vectorKey{
		{maker, first.Public().Algorithm(), first.Public().Base64(), first.Public().ID()},
		{carrier, second.Public().Algorithm(), second.Public().Base64(), second.Public().ID()},
	}
	made := func(typ string, payload []byte, err error, keys ...*smartpackage.Key) vector {
		t.Helper()
		check(t, err)
		e, err := smartpackage.Sign(typ, payload, keys...)
		check(t, err)
		return vector{string(payload), string(dsse.PAE(typ, payload)), e}
	}
	payload, err := balanceproof.Key{Ledger: ledger, ChannelID: channel, Organisation: maker, KeyNumber: 1, Algorithm: first.Public().Algorithm(), PublicKey: first.Public().Base64()}.Encode()
	v.Key = made(balanceproof.KeyType, payload, err, first)
	v.List.Items = []paychannel.PaidItem{{ShipmentID: "SHP-1", AmountMinor: 12500}, {ShipmentID: "SHP-2", AmountMinor: 7500}}
	v.List.Reference, v.List.Sum, err = paychannel.ReferenceOf(v.List.Items)
	check(t, err)
	proof := balanceproof.Proof{Ledger: ledger, ChannelID: channel, Payer: maker, Sequence: 42, CumulativeMinor: v.List.Sum, Reference: v.List.Reference}
	payload, err = proof.Encode()
	v.Proof = made(balanceproof.Type, payload, err, first)
	v.Refused = map[string]string{
		"another order of members": strings.Replace(string(payload), `"ledger":"`+ledger+`","channelId":"`+channel+`"`, `"channelId":"`+channel+`","ledger":"`+ledger+`"`, 1),
		"a blank":                  strings.Replace(string(payload), `,"payer"`, `, "payer"`, 1),
		"a surplus member":         strings.TrimSuffix(string(payload), "}") + `,"note":""}`,
		"a number as text":         strings.Replace(string(payload), `"sequence":42`, `"sequence":"42"`, 1),
		"an exponent":              strings.Replace(string(payload), `:20000,`, `:2e4,`, 1),
		"sequence 0":               strings.Replace(string(payload), `"sequence":42`, `"sequence":0`, 1),
		"nothing paid":             strings.Replace(string(payload), `:20000,`, `:0,`, 1),
	}
	payload, err = balanceproof.Proof{Ledger: ledger, ChannelID: channel, Payer: carrier, Sequence: 1, CumulativeMinor: 100}.Encode()
	v.ProofP = made(balanceproof.Type, payload, err, second)
	payload, err = balanceproof.Final{Ledger: ledger, ChannelID: channel, OpenerPaidMinor: v.List.Sum, OpenerReference: v.List.Reference, CounterpartyPaidMinor: 100}.Encode()
	v.Final = made(balanceproof.FinalType, payload, err, first, second)
	return v
}

func TestTheDocumentShowsTheVectors(t *testing.T) {
	const begin, end = "<!-- vectors: begin -->\n```json\n", "```\n<!-- vectors: end -->"
	v := makeVectors(t)
	for name, text := range v.Refused {
		if text == v.Proof.Payload {
			t.Errorf("%s: the payload is as it was", name)
		}
		if p, err := balanceproof.Decode([]byte(text)); err == nil {
			t.Errorf("%s: taken as %+v", name, p)
		}
	}
	text, err := json.MarshalIndent(v, "", "  ")
	check(t, err)
	text = append(text, '\n')
	document := filepath.Join("..", "..", "docs", "payment-channels.md")
	page, err := os.ReadFile(document)
	check(t, err)
	before, rest, found := strings.Cut(string(page), begin)
	shown, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("the document has no vectors")
	}
	if *update {
		check(t, os.WriteFile(document, []byte(before+begin+string(text)+end+after), 0o644))
		return
	}
	if diff := cmp.Diff(shown, string(text)); diff != "" {
		t.Errorf("others would not understand us any more:\n%s", diff)
	}
}
