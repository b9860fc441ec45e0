package contract_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	rulesservice "github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// settled brings a journey to its settlement; its carrier is paid 5000.
func settled(t testing.TB) *journey {
	t.Helper()
	j := newJourney(t, "s", "box")
	j.must(t, carrier, api.OfferHandoverTx, api.OfferHandover{ShipmentID: "s", To: service.MSPID, OccurredAt: string(measure.TimeOf(j.Now()))})
	j.must(t, service, api.AcceptHandoverTx, api.ShipmentRef{ShipmentID: "s"})
	j.must(t, maker, api.SettleTx, api.ShipmentRef{ShipmentID: "s"})
	return j
}

func (j *journey) credits(t testing.TB, org string) []money.Credit {
	t.Helper()
	b, err := j.Evaluate(maker, string(api.ListCreditsTx), argument(t, api.AccountListRequest{Organisation: org, Currency: "USD", Limit: 200}))
	if err != nil {
		t.Fatal(err)
	}
	var p api.CreditPage
	if err := json.Unmarshal(b, &p); err != nil {
		t.Fatal(err)
	}
	return p.Items
}

func (j *journey) account(t testing.TB, org string) money.Account {
	t.Helper()
	b, err := j.Evaluate(maker, string(api.GetAccountTx), argument(t, api.AccountRef{Organisation: org, Currency: "USD"}))
	if err != nil {
		t.Fatal(err)
	}
	var a money.Account
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

// forged is one record that no contract of ours would make.
type forged struct {
	kind   string
	attrs  []string
	record any
}

// forgeAll commits records as a majority with another chaincode can make them.
func forgeAll(t testing.TB, l *ledgertest.Ledger, records []forged, endorsers ...string) peer.TxValidationCode {
	t.Helper()
	set := &kvrwset.KVRWSet{}
	for _, r := range records {
		doc := `{"docType":"` + r.kind + `",` + argument(t, r.record)[1:]
		set.Writes = append(set.Writes, &kvrwset.KVWrite{Key: ledgertest.Key(r.kind, r.attrs...), Value: []byte(doc)})
	}
	return l.Commit(&ledgertest.Tx{ID: fmt.Sprint("forged-", l.Height()), RWSet: set, Endorsers: endorsers})[0].Code
}

// TestAForgedCreditIsNotCollected: a majority without the payee can write a new
// credit, and even the payout that it names, but not the escrow that counts the
// payouts. Nor can it take a credit away, or make it look collected.
func TestAForgedCreditIsNotCollected(t *testing.T) {
	const seq = "00000000000000000000"
	org, by := carrier.MSPID, []string{maker.MSPID, service.MSPID}
	at := measure.Time("2026-03-01T08:00:00.000Z")
	row := func(id, reason, reference string, number uint64, amount money.Minor) forged {
		return forged{"account.credit", []string{org, "USD", id}, money.Credit{CreditID: id, Organisation: org, Currency: "USD", AmountMinor: amount, Reason: reason, Reference: reference, Number: number, At: at}}
	}
	payout := func(number string, n uint64, id string, amount money.Minor) forged {
		return forged{"escrow.payout", []string{"s", number}, money.Payout{Source: "s", Number: n, Currency: "USD", Payees: []money.Payee{{Organisation: org, AmountMinor: amount}}, At: at, TransactionID: id}}
	}
	j := settled(t)
	genuine := j.credits(t, org)
	if len(genuine) != 1 || genuine[0].AmountMinor != 5000 {
		t.Fatalf("the carrier was paid %+v", genuine)
	}
	for name, records := range map[string][]forged{
		"out of nothing":                      {row("f1", "settlement", "none", 0, 7)},
		"once more from a payout that exists": {row("f2", "settlement", "s", 0, 5000)},
		"a reason of which we know nothing":   {row("f3", "gift", "s", 0, 7)},
		"out of a redemption that was not":    {row("f8", "redemption", "none", 0, 7)},
		"for service that was not":            {row("f9", "service", "none", 0, 7)},
		"with a payment that no bill has counted": {row("f10", "service", "r", 0, 7), {"service.payment", []string{"r", seq}, rulesservice.ServicePayment{
			BillID: "r", Operator: "ManufacturerMSP", Provider: org, Currency: "USD", AmountMinor: 7, Lines: []rulesservice.PaymentLine{}, At: at, TransactionID: "f10"}}},
		"an issue is no payment":                        {row("f4", "issue", "s", 0, 7)},
		"with a payout beyond those that were made":     {row("f5", "settlement", "s", 1, 7), payout(seq[1:]+"1", 1, "f5", 7)},
		"with a payout and the list of those that wait": {row("f6", "refund", "s", 2, 7), payout(seq[1:]+"2", 2, "f6", 7), {"account.waiting", []string{org, "USD", "f6"}, money.Waiting{CreditID: "f6"}}},
		"under the id of another":                       {{"account.credit", []string{org, "USD", "f7"}, genuine[0]}},
	} {
		t.Run(name, func(t *testing.T) {
			if code := forgeAll(t, j.Ledger, records, by...); code != peer.TxValidationCode_VALID {
				t.Fatalf("a new record: %v", code)
			}
			_, err := j.Submit(carrier, string(api.CollectCreditsTx), argument(t, api.CollectCredits{Organisation: org, Currency: "USD", Credits: []string{records[0].attrs[2]}}))
			wantFault(t, err, fault.CodeCreditUnproven)
			if got := j.credits(t, org); len(got) != 1 {
				t.Errorf("waiting are %+v", got)
			}
		})
	}
	collected := genuine[0]
	collected.CollectedBy = "x"
	for name, f := range map[string]forged{
		"the payout's number":  payout(seq, 0, "f2", 5000),
		"the credit's mark":    {"account.credit", []string{org, "USD", collected.CreditID}, collected},
		"the count of payouts": {"escrow", []string{"s"}, map[string]any{"payouts": 9}},
	} {
		t.Run(name, func(t *testing.T) {
			if code := forgeAll(t, j.Ledger, []forged{f}, by...); code != peer.TxValidationCode_ENDORSEMENT_POLICY_FAILURE {
				t.Errorf("what the payee protects was changed without it: %v", code)
			}
		})
	}
	j.must(t, carrier, api.CollectCreditsTx, api.CollectCredits{Organisation: org, Currency: "USD", Credits: []string{genuine[0].CreditID}})
	if a := j.account(t, org); a.BalanceMinor != 5000 || a.TotalMinor != 5000 {
		t.Errorf("the carrier has %+v", a)
	}
}

// TestACreditIsCollectedOnce, however many try at the same time.
func TestACreditIsCollectedOnce(t *testing.T) {
	j := settled(t)
	id := j.credits(t, carrier.MSPID)[0].CreditID
	in := argument(t, api.CollectCredits{Organisation: carrier.MSPID, Currency: "USD", Credits: []string{id}})
	var txs []*ledgertest.Tx
	for range 8 {
		tx, err := j.Endorse(carrier, string(api.CollectCreditsTx), []string{in})
		if err != nil || tx.Err() != nil {
			t.Fatal(err, tx.Err())
		}
		txs = append(txs, tx)
	}
	valid := 0
	for _, r := range j.Commit(txs...) {
		if r.Valid() {
			valid++
		}
	}
	if a := j.account(t, carrier.MSPID); valid != 1 || a.BalanceMinor != 5000 || a.PendingCredits != 0 {
		t.Errorf("%d valid, the carrier has %+v", valid, a)
	}
	_, err := j.Submit(carrier, string(api.CollectCreditsTx), in)
	wantFault(t, err, fault.CodeCreditCollected)
}

// TestDebitsOnShardsNeverOverspend: debits that were endorsed on the same state
// take at most what was there, whichever shards they chose; those on different
// shards do not stand in each other's way.
func TestDebitsOnShardsNeverOverspend(t *testing.T) {
	l := founded(t)
	j := &journey{Ledger: l}
	const held, each, offers = 100, 20, 32
	j.must(t, service, api.IssueTokensTx, api.IssueTokens{Currency: "USD", AmountMinor: held, Reserve: "Bank"})
	j.must(t, service, api.SpreadAccountTx, api.SpreadAccount{Organisation: service.MSPID, Currency: "USD", Shards: 4}) // 25 in each
	key, err := scenario.NewKey(dsse.Ed25519, "part")
	if err != nil {
		t.Fatal(err)
	}
	spent, most := money.Minor(0), 0
	for range 4 {
		var txs []*ledgertest.Tx
		for i := range offers {
			id := fmt.Sprint("c-", l.Height(), "-", i)
			j.must(t, maker, api.RegisterComponentTx, api.RegisterComponent{ComponentID: id, PartNumber: "P", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Location: "DEHAM"})
			j.must(t, maker, api.OfferOwnershipTx, api.OfferOwnership{ComponentID: id, To: service.MSPID, PriceMinor: each, Currency: "USD"})
			tx, err := j.Endorse(service, string(api.AcceptOwnershipTx), []string{argument(t, api.AcceptOwnership{ComponentID: id, PriceMinor: each, Currency: "USD"})})
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.Err(); err == nil {
				txs = append(txs, tx)
			} else {
				wantFault(t, err, fault.CodeInsufficientFunds)
			}
		}
		valid := 0
		for _, r := range l.Commit(txs...) {
			if r.Valid() {
				valid++
				spent += each
			}
		}
		most = max(most, valid)
	}
	a := j.account(t, service.MSPID)
	if a.BalanceMinor != held-spent || spent > held || spent != held {
		t.Errorf("spent %d of %d, %d are left", spent, held, a.BalanceMinor)
	}
	if most < 2 {
		t.Errorf("at most %d payments in one block: shards stand in each other's way", most)
	}
	if paid := j.account(t, maker.MSPID); paid.PendingMinor != spent || paid.BalanceMinor != 0 {
		t.Errorf("paid were %d, and %+v is there", spent, paid)
	}
}
