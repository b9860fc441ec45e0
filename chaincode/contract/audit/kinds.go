package audit

import (
	"encoding/json"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/ledger"
)

const account = ledger.KeyAccount

// kind is what the audit knows about one kind of record.
type kind struct {
	// holds is the money in it: its currency, what was issued there and not redeemed, and what is there.
	holds func(a *Auditor, r record) (currency string, issued, held int64)
	// once: it is never written a second time.
	once bool
	// check looks at the change of one record; before or after has no members
	// where it did not exist. posted collects what postings say of each account.
	check func(a *Auditor, txid string, before, after record, posted map[string]int64, complain func(string, ...any))
}

// kinds has a row for every kind of record that holds money, and for those whose
// changes are looked at. Money that goes where no row is, is missed at once.
var kinds = map[string]kind{
	account: {
		holds: func(_ *Auditor, r record) (string, int64, int64) {
			return r.text("currency"), r.number("issuedMinor"), r.number("balanceMinor")
		},
		check: func(_ *Auditor, _ string, _, after record, _ map[string]int64, complain func(string, ...any)) {
			if after.number("balanceMinor") < 0 || after.number("issuedMinor") < 0 {
				complain("overdrawn: %s", after.raw)
			}
		},
	},
	ledger.KeyPosting: {once: true, check: checkPosting},
	ledger.KeyCredit: {
		holds: func(_ *Auditor, r record) (string, int64, int64) {
			if r.text("collectedBy") != "" {
				return r.text("currency"), 0, 0
			}
			return r.text("currency"), 0, r.number("amountMinor")
		},
		check: checkCredit,
	},
	ledger.KeyPayout: {once: true}, ledger.KeySale: {once: true}, ledger.KeyWaiting: {}, ledger.KeySpread: {},
	ledger.KeyEscrow: {
		holds: func(_ *Auditor, r record) (string, int64, int64) { return r.text("currency"), 0, r.number("heldMinor") },
		check: func(_ *Auditor, _ string, _, after record, _ map[string]int64, complain func(string, ...any)) {
			if after.number("heldMinor") < 0 {
				complain("the escrow is overdrawn: %s", after.raw)
			}
		},
	},
	ledger.KeyRedemption: {
		holds: func(_ *Auditor, r record) (string, int64, int64) {
			if r.text("status") != "requested" {
				return r.text("currency"), 0, 0
			}
			return r.text("currency"), 0, r.number("amountMinor")
		},
		check: checkRedemption,
	},
	ledger.KeySettlement: {check: checkStatement},
	ledger.KeyShipment:   {check: checkShipment},
	ledger.KeyExcursion:  {check: checkExcursion},
	ledger.KeyPayChannel: {
		holds: func(_ *Auditor, r record) (string, int64, int64) {
			in, _ := channelMoney(r)
			if isOver(r) {
				in = 0
			}
			return r.text("currency"), 0, in
		},
		check: checkPayChannel,
	},
	ledger.KeyPayChannelEvent: {once: true}, ledger.KeyPayChannelProof: {once: true}, ledger.KeyPayChannelItems: {once: true}, ledger.KeyShipmentPayment: {once: true},
	ledger.KeyBill: {check: checkBill}, ledger.KeyServicePayment: {once: true, check: checkServicePayment},
	ledger.KeyRequest: {check: checkRequest}, ledger.KeySlotPage: {check: checkPage}, ledger.KeyPlacement: {check: checkPlacement},
	ledger.KeyComponent: {check: checkComponent}, ledger.KeyCounters: {check: checkCounters},
	ledger.KeyRequestOf: {once: true}, ledger.KeyRequestEvent: {once: true}, ledger.KeyStep: {once: true}, ledger.KeyCertificate: {once: true},
	// These hold no money, and once written stay as they are.
	ledger.KeyDeviceKeyUse: {once: true}, ledger.KeyOpening: {once: true}, ledger.KeySession: {once: true}, ledger.KeyFork: {once: true},
	ledger.KeyCredentialEvent: {once: true}, ledger.KeyStatement: {once: true}, ledger.KeyHeldEnvelope: {once: true}, ledger.KeyValidation: {once: true},
	ledger.KeyEvidence: {once: true}, ledger.KeyInvoices: {once: true},
	ledger.KeyShipmentEvent: {once: true}, ledger.KeySegment: {once: true}, ledger.KeyComponentEvent: {once: true, check: checkComponentEvent}, ledger.KeySlotPageAside: {once: true}, ledger.KeySlot: {once: true}, ledger.KeyAssemblyEvent: {once: true}, ledger.KeyIdempotency: {once: true},
}

// checkPosting adds a posting up.
func checkPosting(a *Auditor, _ string, before, after record, posted map[string]int64, complain func(string, ...any)) {
	if before.members != nil {
		return
	}
	a.Counts.Postings++
	posted[strings.Join(after.attrs[:len(after.attrs)-1], " ")] += after.number("creditMinor") - after.number("debitMinor")
	if after.number("creditMinor") < 0 || after.number("debitMinor") < 0 || after.number("balanceMinor") < 0 {
		complain("a posting below zero: %s", after.raw)
	}
}

// checkCredit: a credit is made once, collected once, and else never changes. One
// shipment is paid out in one transaction, or in several where all before the last
// left something in dispute.
func checkCredit(a *Auditor, txid string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	if before.members != nil {
		same := after.members != nil
		for _, m := range []string{"creditId", "organisation", "currency", "amountMinor", "reason", "reference", "number", "at"} {
			same = same && string(before.members[m]) == string(after.members[m])
		}
		if !same || before.text("collectedBy") != "" && string(before.raw) != string(after.raw) {
			complain("a credit changed: %s, then %s", before.raw, after.raw)
		}
		return
	}
	if after.number("amountMinor") <= 0 || after.text("collectedBy") != "" {
		complain("a credit of nothing, or one that is collected from the start: %s", after.raw)
	}
	if after.text("reason") != "settlement" {
		return
	}
	id := after.text("reference")
	if earlier, ok := a.paid[id]; ok && earlier != txid && !a.interim[id+" "+earlier] {
		complain("%s is paid out a second time, first in %s", id, earlier)
	}
	a.paid[id] = txid
}

// checkStatement: what is final, or is paid out in part, adds up; what is final
// never changes, and what was paid is not taken back.
func checkStatement(a *Auditor, txid string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	if before.truth("final") {
		if string(before.raw) != string(after.raw) {
			complain("a final statement changed: %s, then %s", before.raw, after.raw)
		}
		return
	}
	if !after.truth("final") && !after.truth("interim") {
		return
	}
	if after.truth("final") {
		a.Counts.Settlements++
	} else {
		a.interim[after.attrs[0]+" "+txid] = true
	}
	if fees, paid, back, held := after.number("feesMinor")+after.number("depositsMinor"), after.number("paidMinor"), after.number("refundMinor"), after.number("heldMinor"); fees != paid+back+held || paid < 0 || back < 0 || held < 0 || held > 0 && after.truth("final") {
		complain("%d paid and %d given back are not the %d that were held: %s", paid, back, fees, after.raw)
	}
	if before.truth("interim") && (after.number("paidMinor") < before.number("paidMinor") || after.number("refundedMinor") != before.number("refundMinor")) {
		complain("what was paid is taken back: %s, then %s", before.raw, after.raw)
	}
	var lines []struct{ FeeMinor, DepositMinor, PenaltyMinor, PayableMinor, UncoveredMinor, AwardMinor, HeldMinor int64 }
	if err := json.Unmarshal(after.members["lines"], &lines); err != nil {
		complain("%w", err)
	}
	for _, l := range lines {
		if l.FeeMinor+l.DepositMinor-l.PenaltyMinor != l.PayableMinor+l.AwardMinor+l.HeldMinor-l.UncoveredMinor || l.AwardMinor < 0 || l.HeldMinor < 0 || l.PayableMinor < 0 || l.UncoveredMinor < 0 {
			complain("a line does not add up: %+v", l)
		}
	}
}

// checkShipment: a shipment is settled once, and for good, and in somebody's custody all the time.
func checkShipment(a *Auditor, txid string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	checkCustody(before, after, complain)
	was, is := before.text("status"), after.text("status")
	if was == "settled" && is != "settled" {
		complain("a settled shipment became %s", is)
	}
	if was != "settled" && is == "settled" {
		id := after.attrs[0]
		if earlier, ok := a.settled[id]; ok {
			complain("%s is settled a second time, first in %s", id, earlier)
		}
		a.settled[id] = txid
	}
}

// checkExcursion: one limit has one excursion at a time on one device, and one
// that has ended keeps its penalty for ever.
func checkExcursion(a *Auditor, _ string, before, after record, _ map[string]int64, complain func(string, ...any)) {
	if before.members != nil && !before.truth("open") && string(before.raw) != string(after.raw) {
		complain("an excursion changed after its end: %s, then %s", before.raw, after.raw)
	}
	if before.members != nil {
		return
	}
	a.Counts.Excursions++
	// A silence that went on over a hand-over is one for each custody, by a place of its own in the key.
	key := strings.Join([]string{after.text("shipmentId"), after.text("deviceId"), after.attrs[3]}, " ")
	opened := uint64(after.number("openedSequence"))
	if newest, known := a.opened[key]; known && opened <= newest {
		complain("%s has an excursion from reading %d, after one from %d", key, opened, newest)
	}
	a.opened[key] = opened
}
