package audit_test

import (
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"

	"github.com/lifeledger/lifeledger/chaincode/contract/audit"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
)

// put is a write of a record; the document is given without its docType.
func put(document, kind string, attrs ...string) *kvrwset.KVWrite {
	return &kvrwset.KVWrite{Key: ledgertest.Key(kind, attrs...), Value: []byte(strings.Replace(document, "{", `{"docType":"`+kind+`",`, 1))}
}

func balance(org, minor, issued string) *kvrwset.KVWrite {
	return put(`{"organisation":"`+org+`","currency":"USD","balanceMinor":`+minor+`,"issuedMinor":`+issued+`}`, "account", org, "USD", "00")
}

func posting(org, number, credit, debit, reason string) *kvrwset.KVWrite {
	return put(`{"creditMinor":`+credit+`,"debitMinor":`+debit+`,"balanceMinor":0,"reason":"`+reason+`","reference":"s"}`, "account.posting", org, "USD", "00", number)
}

func credit(org, id, number, amount, collected string) *kvrwset.KVWrite {
	return put(`{"creditId":"`+id+`","organisation":"`+org+`","currency":"USD","amountMinor":`+amount+`,"reason":"settlement","reference":"s","number":`+number+`,"collectedBy":"`+collected+`"}`, "account.credit", org, "USD", id)
}

func escrow(held string) *kvrwset.KVWrite {
	return put(`{"shipmentId":"s","currency":"USD","heldMinor":`+held+`}`, "escrow", "s")
}

func redemption(status, amount string) *kvrwset.KVWrite {
	return put(`{"redemptionId":"r","currency":"USD","amountMinor":`+amount+`,"status":"`+status+`"}`, "redemption", "r")
}

func statement(final, paid, refund string) *kvrwset.KVWrite {
	return put(`{"shipmentId":"s","final":`+final+`,"feesMinor":60,"paidMinor":`+paid+`,"refundMinor":`+refund+`,"lines":[{"feeMinor":60,"penaltyMinor":10,"payableMinor":50,"uncoveredMinor":0}]}`, "shipment.settlement", "s")
}

func bill(payments, paid string) *kvrwset.KVWrite {
	return put(`{"billId":"b","payments":`+payments+`,"steps":0,"paidMinor":`+paid+`}`, "service.bill", "b")
}

func paidService(amount, one, two string) *kvrwset.KVWrite {
	return put(`{"billId":"b","amountMinor":`+amount+`,"lines":[{"amountMinor":`+one+`},{"amountMinor":`+two+`}]}`, "service.payment", "b", "0")
}

func head(status string) *kvrwset.KVWrite { return put(`{"status":"`+status+`"}`, "shipment", "s") }

func excursion(sequence, open, penalty string) *kvrwset.KVWrite {
	return put(`{"shipmentId":"s","deviceId":"d","limitId":"l","openedSequence":`+sequence+`,"open":`+open+`,"penaltyMinor":`+penalty+`}`, "shipment.excursion", "s", "d", sequence, "l")
}

func step(number, price string) *kvrwset.KVWrite {
	return put(`{"requestId":"b","priceMinor":`+price+`}`, "service.step", "b", "0000000000000000000"+number)
}

func page(machine, one, two string) *kvrwset.KVWrite {
	return put(`{"machineId":"`+machine+`","positions":[{"slotId":"one","componentId":"`+one+`"},{"slotId":"two","componentId":"`+two+`"}]}`, "assembly.page", machine, "0")
}

func placed(machine, slot, moves string) *kvrwset.KVWrite {
	return put(`{"componentId":"p","machineId":"`+machine+`","slotId":"`+slot+`","moves":`+moves+`}`, "placement", "p")
}

func owned(by, events string) *kvrwset.KVWrite {
	return put(`{"componentId":"p","owner":"`+by+`","events":`+events+`}`, "component", "p")
}

func life(number, owner, at string) *kvrwset.KVWrite {
	return put(`{"componentId":"p","number":`+number+`,"owner":"`+owner+`","at":"`+at+`"}`, "component.event", "p", number)
}

func custody(intervals string) *kvrwset.KVWrite {
	return put(`{"status":"in-transit","custody":[`+intervals+`]}`, "shipment", "s")
}

func counted(number, reading, base string) *kvrwset.KVWrite {
	return put(`{"componentId":"p","base":[{"measure":"hours","value":`+base+`}],"meters":[{"measure":"hours","number":`+number+`,"reading":`+reading+`}]}`, "usage", "p")
}

func engineer(status, skill, partNumber string) *kvrwset.KVWrite {
	return put(`{"credentialId":"ann","issuer":"S","status":"`+status+`","grant":{"skills":["`+skill+`"],"partNumbers":["`+partNumber+`"],"validFrom":"1","validUntil":"5"}}`, "credential", "ann")
}

func heldWork(status string) *kvrwset.KVWrite {
	return put(`{"hash":"h","status":"`+status+`"}`, "statement.quarantine", "S", "h")
}

// work is a request about the task t of p; it is done at a time, by ann.
func work(id, status, done string) *kvrwset.KVWrite {
	result := ""
	if done != "" {
		result = `,"doneAt":"` + done + `","result":{"engineerId":"ann","statementHash":"h"}`
	}
	return put(`{"requestId":"`+id+`","componentId":"p","partNumber":"PUMP","taskId":"t","skill":"pumps","provider":"S","status":"`+status+`"`+result+`}`, "service.request", id)
}

// TestAnAuditFindsWhatIsWrong: each history is proper up to its last transaction.
func TestAnAuditFindsWhatIsWrong(t *testing.T) {
	type tx = []*kvrwset.KVWrite
	issued := tx{balance("M", "100", "100"), posting("M", "0", "100", "0", "issue")}
	funded := tx{balance("M", "40", "100"), posting("M", "1", "0", "60", "escrow"), escrow("60"), statement("false", "60", "0")}
	settled := tx{
		escrow("0"), credit("S", "tx", "0", "50", ""), credit("M", "tx", "0", "10", ""), statement("true", "50", "10"), head("settled"),
	}
	interim := func(paid, held, refunded, final string) *kvrwset.KVWrite {
		back := map[string]string{"30": "10", "50": "10"}[paid]
		return put(`{"shipmentId":"s","final":`+final+`,"interim":`+map[string]string{"true": "false", "false": "true"}[final]+`,"feesMinor":60,"paidMinor":`+paid+`,"refundMinor":`+back+`,"refundedMinor":`+refunded+`,"heldMinor":`+held+
			`,"lines":[{"feeMinor":60,"penaltyMinor":10,"payableMinor":`+paid+`,"uncoveredMinor":0,"heldMinor":`+held+`}]}`, "shipment.settlement", "s")
	}
	partly := tx{
		escrow("20"), credit("S", "tx", "0", "30", ""), credit("M", "tx", "0", "10", ""), interim("30", "20", "0", "false"), head("in-dispute"),
	}
	collected := tx{balance("S", "50", "0"), posting("S", "0", "50", "0", "collect"), credit("S", "tx", "0", "50", "tx2")}
	asked := tx{balance("M", "40", "100"), posting("M", "1", "0", "60", "redemption"), redemption("requested", "60")}
	paid := tx{balance("M", "40", "40"), redemption("confirmed", "60")}
	for name, c := range map[string]struct {
		want    string // "" when nothing is wrong
		history []tx
	}{
		"a proper history":                      {"", []tx{issued, funded, {head("delivered")}, settled, collected}},
		"a redemption that is paid out":         {"", []tx{issued, asked, paid}},
		"a redemption that is given back":       {"", []tx{issued, asked, {redemption("declined", "60"), credit("M", "tx", "0", "60", "")}}},
		"a redemption paid and given back":      {"a redemption changed", []tx{issued, asked, paid, {redemption("withdrawn", "60"), credit("M", "tx", "0", "60", "")}}},
		"a redemption that nobody answers for":  {"100 are issued and not redeemed, and 40 are there", []tx{issued, asked, {redemption("confirmed", "60")}}},
		"a redemption that grows":               {"a redemption changed", []tx{issued, asked, {redemption("requested", "61")}}},
		"a redemption of nothing":               {"a redemption of nothing", []tx{issued, {redemption("requested", "0")}}},
		"a credit collected twice":              {"101 are there", []tx{issued, {balance("M", "50", "100"), posting("M", "1", "0", "50", "escrow"), credit("S", "tx", "0", "50", "")}, collected, {balance("S", "51", "0"), posting("S", "1", "1", "0", "collect")}}},
		"a collected credit that is one again":  {"a credit changed", []tx{issued, funded, settled, collected, {credit("S", "tx", "0", "50", "")}}},
		"a credit that grows":                   {"a credit changed", []tx{issued, funded, settled, {credit("S", "tx", "0", "51", "")}}},
		"tokens out of nothing":                 {"100 are issued and not redeemed, and 101 are there", []tx{issued, {balance("M", "101", "100"), posting("M", "1", "1", "0", "refund")}}},
		"tokens that vanish":                    {"100 are issued and not redeemed, and 40 are there", []tx{issued, {balance("M", "40", "100"), posting("M", "1", "0", "60", "escrow")}}},
		"a balance below zero":                  {"overdrawn", []tx{issued, {balance("M", "-1", "100"), posting("M", "1", "0", "101", "escrow"), escrow("101")}}},
		"a balance that no posting explains":    {"its postings say 0", []tx{issued, {balance("M", "40", "100"), escrow("60")}}},
		"a posting written again":               {"was written again", []tx{issued, {posting("M", "0", "99", "0", "issue")}}},
		"a shipment paid out twice":             {"is paid out a second time", []tx{issued, funded, settled, {credit("S", "tx9", "0", "50", "")}}},
		"a part held back, and paid later":      {"", []tx{issued, funded, partly, {escrow("0"), credit("S", "tx3", "1", "20", ""), interim("50", "0", "10", "true"), head("settled")}}},
		"what was held back paid to nobody":     {"100 are issued and not redeemed, and 80 are there", []tx{issued, funded, partly, {escrow("0"), interim("50", "0", "10", "true")}}},
		"what was given back taken again":       {"what was paid is taken back", []tx{issued, funded, partly, {interim("50", "0", "0", "true")}}},
		"a statement changed after settlement":  {"a final statement changed", []tx{issued, funded, settled, {statement("true", "60", "0")}}},
		"a statement that does not add up":      {"are not the 60 that were held", []tx{{statement("true", "50", "11")}}},
		"a shipment settled, undone":            {"a settled shipment became delivered", []tx{{head("settled")}, {head("delivered")}}},
		"a shipment settled twice":              {"settled a second time", []tx{{head("settled")}, {head("delivered")}, {head("settled")}}},
		"excursions one after the other":        {"", []tx{{excursion("3", "true", "0")}, {excursion("3", "false", "5")}, {excursion("9", "false", "5")}}},
		"a second penalty for the same window":  {"after one from 9", []tx{{excursion("9", "false", "5")}, {excursion("3", "false", "5")}}},
		"a penalty changed after the excursion": {"changed after its end", []tx{{excursion("3", "false", "5")}, {excursion("3", "false", "6")}}},
		"a payment for service":                 {"", []tx{{bill("1", "50"), paidService("50", "20", "30")}}},
		"a payment that does not add up":        {"a payment does not add up", []tx{{bill("1", "50"), paidService("50", "20", "31")}}},
		"a bill that forgets a payment":         {"a bill was cut", []tx{{bill("1", "50")}, {bill("0", "0")}}},
		"a bill that grows by no payment":       {"payments of", []tx{{bill("1", "50")}, {bill("1", "60")}}},
		"a payment for no step":                 {"was never recorded", []tx{{bill("1", "50"), put(`{"billId":"b","payments":1,"steps":1,"paidMinor":50}`, "service.bill", "b")}}},
		"steps paid at another price":           {"which cost 40", []tx{{step("0", "40")}, {put(`{"billId":"b","payments":0,"steps":0,"paidMinor":0}`, "service.bill", "b")}, {put(`{"billId":"b","payments":1,"steps":1,"paidMinor":50}`, "service.bill", "b")}}},
		"a part that goes from slot to slot":    {"", []tx{{page("m", "p", ""), placed("m", "one", "1")}, {page("m", "", "p"), placed("m", "two", "2")}, {page("m", "", ""), placed("", "", "3")}}},
		"a part in two slots":                   {`in ["m one" "m two"]`, []tx{{page("m", "p", ""), placed("m", "one", "1")}, {page("m", "p", "p"), placed("m", "two", "2")}}},
		"a part in two machines":                {`in ["m one" "n one"]`, []tx{{page("m", "p", ""), placed("m", "one", "1")}, {page("n", "p", ""), placed("n", "one", "2")}}},
		"a part that nobody put there":          {`its placement says ""`, []tx{{page("m", "p", "")}}},
		"a move that is not counted":            {"moves go from 1 to 3", []tx{{page("m", "p", ""), placed("m", "one", "1")}, {page("m", "", ""), placed("", "", "3")}}},
		"a life of two owners":                  {"", []tx{{owned("M", "1"), life("0", "M", "1")}, {owned("S", "2"), life("1", "S", "2")}}},
		"an owner whom no event names":          {"and is", []tx{{owned("M", "1"), life("0", "M", "1")}, {owned("S", "2"), life("1", "M", "2")}}},
		"an ownership with a gap before it":     {"follows on 1 events", []tx{{owned("M", "1"), life("0", "M", "1")}, {owned("S", "3"), life("2", "S", "2")}}},
		"an ownership that begins too early":    {"an event before the last one", []tx{{owned("M", "1"), life("0", "M", "2")}, {owned("S", "2"), life("1", "S", "1")}}},
		"a decommissioned part that moves":      {"a decommissioned component changed", []tx{{put(`{"status":"decommissioned"}`, "component", "p")}, {put(`{"status":"active"}`, "component", "p")}}},
		"custody from one to the next":          {"", []tx{{custody(`{"custodian":"A","from":"1"}`)}, {custody(`{"custodian":"A","from":"1"},{"custodian":"B","from":"2"}`)}}},
		"custody that overlaps":                 {"custody does not go from one to the next", []tx{{custody(`{"custodian":"A","from":"2"}`)}, {custody(`{"custodian":"A","from":"2"},{"custodian":"B","from":"1"}`)}}},
		"custody that is forgotten":             {"custody that was given is changed", []tx{{custody(`{"custodian":"A","from":"1"}`)}, {custody(``)}}},
		"custody that goes to someone else":     {"custody that was given is changed", []tx{{custody(`{"custodian":"A","from":"1"}`)}, {custody(`{"custodian":"B","from":"1"}`)}}},
		"a meter that is read":                  {"", []tx{{counted("1", "7", "3")}, {counted("1", "8", "4")}, {counted("2", "0", "4")}}},
		"a meter that runs backwards":           {"a meter ran backwards", []tx{{counted("1", "7", "3")}, {counted("1", "6", "3")}}},
		"use that is forgotten":                 {"what was counted is not any more", []tx{{counted("1", "7", "3")}, {counted("1", "8", "2")}}},
		"work of a certified engineer":          {"", []tx{{engineer("active", "pumps", "*")}, {work("r", "started", "")}, {work("r", "done", "2")}, {work("r", "confirmed", "2")}}},
		"work of a revoked engineer":            {"whose credential was revoked", []tx{{engineer("revoked", "pumps", "*")}, {work("r", "done", "2")}}},
		"work after a credential's end":         {"whose credential was active", []tx{{engineer("active", "pumps", "*")}, {work("r", "done", "9")}}},
		"work of somebody without the skill":    {"who is not certified for it", []tx{{engineer("active", "paint", "*")}, {work("r", "done", "2")}}},
		"work on another type of part":          {"who is not certified for it", []tx{{engineer("active", "pumps", "VALVE")}, {work("r", "done", "2")}}},
		"work of nobody":                        {"who is not of S", []tx{{work("r", "done", "2")}}},
		"late work that its issuer released":    {"", []tx{{engineer("revoked", "pumps", "*"), heldWork("released")}, {work("r", "done", "2")}}},
		"late work that its issuer rejected":    {"on a statement in quarantine", []tx{{engineer("active", "pumps", "*"), heldWork("rejected")}, {work("r", "done", "2")}}},
		"a request that rises again":            {"a request that was over goes on", []tx{{work("r", "cancelled", "")}, {work("r", "raised", "")}}},
		"two requests for one task":             {"more than one open request", []tx{{work("r", "raised", "")}, {work("q", "raised", "")}}},
		"one request for a task after another":  {"", []tx{{work("r", "raised", "")}, {work("r", "cancelled", ""), work("q", "raised", "")}}},
		"a way of keeping money nobody knows":   {`no row of chaincode/contract/audit/kinds.go says what ["purse"] hold`, []tx{issued, {balance("M", "95", "100"), posting("M", "1", "0", "5", "purse"), put(`{"heldMinor":5}`, "purse", "x")}}},
		"a key of another form":                 {"no key of the contracts", []tx{{{Key: "x", Value: []byte("{}")}}}},
		"a document of another kind":            {`is a "account"`, []tx{{{Key: ledgertest.Key("escrow", "s"), Value: []byte(`{"docType":"account"}`)}}}},
	} {
		t.Run(name, func(t *testing.T) {
			a := audit.New()
			var err error
			for i, writes := range c.history {
				if err != nil && i < len(c.history) && c.want != "settled a second time" {
					t.Fatalf("wrong before its end: %v", err)
				}
				err = a.Apply("tx"+string(rune('0'+i)), writes)
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
