// Package audit owns the recount of a ledger. It takes what valid transactions
// wrote, one after the other, and after each holds all records together to what
// must always be so: no money made or lost but by issue and redemption, nothing
// overdrawn, nothing paid or charged twice. It reads records by the members of
// their JSON and shares no code with the contracts that wrote them. It supports
// tests, of the in-memory ledger and of real blocks, and nothing else imports it.
package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
)

// Auditor has seen a ledger up to some transaction. It is for one goroutine.
type Auditor struct {
	records map[string]record
	totals  map[string]total  // by currency
	paid    map[string]string // shipment → the transaction that paid it out
	interim map[string]bool   // shipment, transaction → that paid out only what was not in dispute
	settled map[string]string // shipment → the transaction in which its head became settled
	opened  map[string]uint64 // shipment, device, limit → sequence of the newest excursion
	unknown map[string]bool   // kinds of record without a row
	upkeep
	Counts Counts
}

// Counts says how much there was to audit, so that a test can refuse an audit of nothing.
type Counts struct{ Transactions, Writes, Postings, Settlements, Excursions, Works int }

// total is a currency's money: what its issuers answer for, and where it is.
type total struct{ issued, held int64 }

// record is one stored document.
type record struct {
	kind    string
	attrs   []string
	members map[string]json.RawMessage
	raw     []byte
}

// New is an auditor of a ledger on which nothing has been written yet.
func New() *Auditor {
	return &Auditor{
		records: map[string]record{}, totals: map[string]total{},
		paid: map[string]string{}, interim: map[string]bool{}, settled: map[string]string{}, opened: map[string]uint64{}, unknown: map[string]bool{}, upkeep: newUpkeep(),
	}
}

// Apply takes the writes of one valid transaction and says everything that is
// wrong after it.
func (a *Auditor) Apply(txid string, writes []*kvrwset.KVWrite) error {
	a.Counts.Transactions++
	var wrong []error
	complain := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	moved := map[string]int64{} // account → by how much its money changed
	posted := map[string]int64{}
	for _, w := range writes {
		a.Counts.Writes++
		before, existed := a.records[w.GetKey()]
		after, err := parse(w)
		if err != nil {
			complain("%w", err)
			continue
		}
		if w.GetIsDelete() {
			delete(a.records, w.GetKey())
		} else {
			a.records[w.GetKey()] = after
		}
		kind := after.kind
		if kind == "" {
			kind = before.kind
		}
		if n, ok := inexact(after.raw); ok {
			complain("%s holds the number %s, which a peer on CouchDB would not keep exactly", name(w.GetKey()), n)
		}
		k, known := kinds[kind]
		if !known {
			a.unknown[kind] = true
			continue
		}
		if existed && k.once && (w.GetIsDelete() || !bytes.Equal(before.raw, after.raw)) {
			complain("%s was written again: %s, then %s", name(w.GetKey()), before.raw, w.GetValue())
		}
		if k.holds != nil {
			a.move(before, k, -1, moved)
			a.move(after, k, +1, moved)
		}
		if k.check != nil {
			k.check(a, txid, before, after, posted, complain)
		}
	}
	a.settleUpkeep(complain)
	for _, c := range slices.Sorted(maps.Keys(a.totals)) {
		if t := a.totals[c]; t.issued != t.held {
			complain("of %s, %d are issued and not redeemed, and %d are there; no row of chaincode/contract/audit/kinds.go says what %q hold",
				c, t.issued, t.held, slices.Sorted(maps.Keys(a.unknown)))
		}
	}
	for _, account := range slices.Sorted(maps.Keys(moved)) {
		if moved[account] != posted[account] {
			complain("the account %s changed by %d, its postings say %d", account, moved[account], posted[account])
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fmt.Errorf("transaction %s: %w", txid, errors.Join(wrong...))
}

// move adds what a record holds to its currency's total, or takes it away.
func (a *Auditor) move(r record, k kind, sign int64, moved map[string]int64) {
	if r.members == nil {
		return
	}
	currency, issued, held := k.holds(a, r)
	t := a.totals[currency]
	t.issued += sign * issued
	t.held += sign * held
	a.totals[currency] = t
	if r.kind == account {
		moved[strings.Join(r.attrs, " ")] += sign * held
	}
}

// Held is what is there of a currency, wherever it is.
func (a *Auditor) Held(currency string) int64 { return a.totals[currency].held }

// parse takes a composite key and a document apart. What has another form is no record of ours.
func parse(w *kvrwset.KVWrite) (record, error) {
	parts := strings.Split(w.GetKey(), "\x00")
	if len(parts) < 3 || parts[0] != "" || parts[len(parts)-1] != "" {
		return record{}, fmt.Errorf("%q is no key of the contracts", w.GetKey())
	}
	r := record{kind: parts[1], attrs: parts[2 : len(parts)-1], raw: w.GetValue()}
	if w.GetIsDelete() {
		return r, nil
	}
	if err := json.Unmarshal(w.GetValue(), &r.members); err != nil {
		return record{}, fmt.Errorf("%s: %w", name(w.GetKey()), err)
	}
	if docType := r.text("docType"); docType != r.kind {
		return record{}, fmt.Errorf("%s is a %q", name(w.GetKey()), docType)
	}
	return r, nil
}

// name is a key for a person.
func name(key string) string { return strings.Trim(strings.ReplaceAll(key, "\x00", " "), " ") }

// text, number and truth read a member; one that is absent has its zero value.
func (r record) text(member string) (v string) {
	_ = json.Unmarshal(r.members[member], &v)
	return v
}

func (r record) number(member string) (v int64) {
	_ = json.Unmarshal(r.members[member], &v)
	return v
}

func (r record) truth(member string) (v bool) {
	_ = json.Unmarshal(r.members[member], &v)
	return v
}
