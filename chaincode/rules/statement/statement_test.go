package statement_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
)

const now measure.Time = "2026-03-01T08:00:00.000Z"

func by(actor string) statement.When {
	return statement.When{Actor: actor, Now: now, TransactionID: "tx"}
}

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func said(sequence uint64, previous, hash string) statement.Signed {
	return statement.Signed{
		Kind: "validation", Subject: "pump-7", Signer: "credential:eng-1", Organisation: "ServiceMSP", KeyID: "k1",
		Sequence: sequence, Previous: previous, Hash: hash, SignedAt: now,
	}
}

func TestStatementsFollowOneAnother(t *testing.T) {
	c := statement.NewChain("pump-7", "credential:eng-1")
	if c.Sequence != 0 || c.Hash != statement.First {
		t.Fatalf("%+v", c)
	}
	next, r, err := c.Follow(said(1, statement.First, "h1"), true, by("CarrierMSP"))
	wantFault(t, err, "")
	if diff := cmp.Diff(statement.StatementChain{Subject: "pump-7", Signer: "credential:eng-1", Sequence: 1, Hash: "h1", ChangedAt: now}, next); diff != "" {
		t.Error(diff)
	}
	want := statement.StatementRecord{
		Subject: "pump-7", Signer: "credential:eng-1", Sequence: 1, Kind: "validation", Organisation: "ServiceMSP", KeyID: "k1", Hash: "h1",
		SignedAt: now, Released: true, At: now, Actor: "CarrierMSP", TransactionID: "tx",
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
	for name, x := range map[string]struct {
		s    statement.Signed
		want fault.Code
	}{
		"the next one":                          {said(2, "h1", "h2"), ""},
		"one after the next":                    {said(3, "h1", "h2"), fault.CodeStatementOrder},
		"the next of another history":           {said(2, "hx", "h2"), fault.CodeStatementForked},
		"one that begins anew":                  {said(2, statement.First, "h2"), fault.CodeStatementForked},
		"the one that is there":                 {said(1, statement.First, "h1"), fault.CodeStatementOrder},
		"another one in the place of the first": {said(1, statement.First, "hx"), fault.CodeStatementOrder},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := next.Follow(x.s, false, by("CarrierMSP"))
			wantFault(t, err, x.want)
		})
	}
	wantFault(t, next.Known(said(1, statement.First, "h1"), r), fault.CodeStatementReplayed)
	wantFault(t, next.Known(said(1, statement.First, "hx"), r), fault.CodeStatementForked)
}

func TestASignersClockMayBeALittleAhead(t *testing.T) {
	s := said(1, statement.First, "h1")
	for ahead, want := range map[int64]fault.Code{-1e12: "", 0: "", measure.MaxSkewMs: "", measure.MaxSkewMs + 1: fault.CodeStatementTime} {
		s.SignedAt = now.Add(ahead)
		wantFault(t, s.Timely(now), want)
	}
}

func TestTheIssuerDecidesOnce(t *testing.T) {
	q := statement.Hold(said(4, "h3", "h4"), "eng-1", "revoked", by("CarrierMSP"))
	want := statement.QuarantinedStatement{
		Issuer: "ServiceMSP", Hash: "h4", CredentialID: "eng-1", Kind: "validation", Subject: "pump-7", Sequence: 4, KeyID: "k1", SignedAt: now,
		Standing: "revoked", Status: statement.Held, HeldAt: now, HeldBy: "CarrierMSP", ChangedAt: now,
	}
	if diff := cmp.Diff(want, q); diff != "" {
		t.Error(diff)
	}
	wantFault(t, q.Passes(), fault.CodeStatementHeld)
	for to, passes := range map[statement.QuarantineStatus]fault.Code{statement.Released: "", statement.Rejected: fault.CodeStatementRejected} {
		_, err := q.Decide(to, "seen", by("CarrierMSP"))
		wantFault(t, err, fault.CodeCredentialIssuer)
		_, err = q.Decide(to, "", by("ServiceMSP"))
		wantFault(t, err, fault.CodeInvalid)
		got, err := q.Decide(to, "seen", by("ServiceMSP"))
		wantFault(t, err, "")
		if got.Status != to || got.Reason != "seen" {
			t.Errorf("%+v", got)
		}
		wantFault(t, got.Passes(), passes)
		for _, again := range []statement.QuarantineStatus{statement.Released, statement.Rejected, statement.Held} {
			_, err = got.Decide(again, "seen", by("ServiceMSP"))
			wantFault(t, err, fault.CodeQuarantineDecided)
		}
	}
}

func TestATallyCountsWhatTookEffect(t *testing.T) {
	tally := statement.Tally{CredentialID: "eng-1", Kind: "validation"}
	for _, released := range []bool{false, true, false} {
		tally = tally.Count(released, now)
	}
	if diff := cmp.Diff(statement.Tally{CredentialID: "eng-1", Kind: "validation", Statements: 3, Released: 1, ChangedAt: now}, tally); diff != "" {
		t.Error(diff)
	}
}

// However the statements of one history arrive, repeated and in any order: those
// that are taken are a beginning of it, each once, in order.
func TestStatementsTakeEffectInTheOrderInWhichTheyWereSigned(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		history, previous := make([]statement.Signed, 6), statement.First
		for i := range history {
			history[i] = said(uint64(i+1), previous, fmt.Sprint("h", i+1))
			previous = history[i].Hash
		}
		c, taken := statement.NewChain("pump-7", "credential:eng-1"), []statement.StatementRecord{}
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(history)-1), 0, 40).Draw(t, "arrivals") {
			s := history[i]
			if rapid.IntRange(0, 9).Draw(t, "forged") == 0 {
				s.Hash += "'"
			}
			if s.Sequence <= c.Sequence {
				if err := c.Known(s, taken[s.Sequence-1]); !fault.Is(err, fault.CodeStatementReplayed) && !fault.Is(err, fault.CodeStatementForked) {
					t.Fatal(err)
				}
				continue
			}
			next, r, err := c.Follow(s, false, by("CarrierMSP"))
			if err == nil {
				c, taken = next, append(taken, r)
			}
		}
		if uint64(len(taken)) != c.Sequence {
			t.Fatalf("%d are taken, the chain says %d", len(taken), c.Sequence)
		}
		if !slices.IsSortedFunc(taken, func(a, b statement.StatementRecord) int { return int(a.Sequence) - int(b.Sequence) }) {
			t.Fatalf("out of order: %+v", taken)
		}
		for i, r := range taken {
			if r.Sequence != uint64(i+1) || i > 0 && history[i].Previous != taken[i-1].Hash {
				t.Fatalf("%+v", taken)
			}
		}
	})
}
