package document

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Memory is all that the ledger says about one component, and the hash of the
// bytes in which it says so.
type Memory struct {
	api.ProductMemory
	Hash  string // hex SHA-256
	Proof *Proof // nil: of a memory that was not notarised
}

// MaxTag is how many bytes the form for tags has at most: what an ordinary NFC tag holds.
const MaxTag = 888

// Tag is the memory for a tag: which component on which ledger, by whom made, how
// many events it had, and the hash of the whole. None of these has a space.
func (m Memory) Tag() string {
	c := m.Component
	return strings.Join([]string{"M1", m.Ledger, c.ComponentID, c.PartNumber, c.Manufacturer, strconv.FormatUint(c.Events, 10), m.Hash}, " ")
}

// Markdown is the memory as CommonMark with tables.
func (m Memory) Markdown() []byte { return markdown(m.sections()) }

// HTML is the memory as one page.
func (m Memory) HTML() ([]byte, error) { return html(m.sections()) }

func (m Memory) sections() []section {
	all := []section{m.about(), m.route()}
	for _, s := range []section{m.papers(), m.evidence(), m.rights(), m.use(), m.parts(), m.services(), m.steps(), m.against(), m.seen()} {
		if len(s.rows) > 0 {
			all = append(all, s)
		}
	}
	if m.Proof != nil {
		all = slices.Insert(all, 1, m.Proof.signed())
		if len(m.Proof.Blocks) > 0 {
			all = append(all, m.Proof.places())
		}
	}
	return append(all, section{title: "How to check this", says: []string{
		"Every transaction named here is on the ledger " + m.Ledger + ", in a block that names the one before it, signed by who sent it and by the peers that endorsed it. A member of the network reads it by its id and compares what it wrote with what stands here.",
		"This page is made from a document of " + m.Ledger + " with the SHA-256 " + m.Hash + ". Every peer gives the same bytes for as long as nothing more happens to the component.",
		"Papers and statements stand here by their SHA-256: who has one computes it and compares. A signed statement is in the transaction that is named with it; its signature is checked with the key of its signer, which the ledger has with the time from when on and until when it was valid.",
		"Times are UTC.",
	}})
}

func (m Memory) about() section {
	c := m.Component
	s := section{title: "Component " + c.ComponentID, head: []string{"what", "value"}, rows: [][]string{
		{"ledger", m.Ledger}, {"part number", c.PartNumber}, {"lot", c.Lot}, {"made by", c.Manufacturer}, {"owner", m.Owner}, {"status", state(string(c.Status))},
		{"location", c.Location}, {"installed in", c.InstalledIn}, {"carried in shipment", m.CarriedIn}, {"specification, SHA-256", c.SpecificationHash},
		{"specification met now, SHA-256", c.PresentSpecification}, {"own key", c.KeyID}, {"warranty until", string(c.WarrantyUntil)},
		{"pledged to", c.PledgedTo}, {"events", strconv.FormatUint(c.Events, 10)}, {"last changed", string(c.ChangedAt)},
	}}
	if e := m.End; e != nil {
		s.rows = append(s.rows, []string{"end of life", fmt.Sprintf("%s, transaction %s", e.Status, e.TransactionID)})
	}
	if m.Truncated {
		s.says = []string{"This document is not complete: the ledger holds more than is listed here."}
	}
	return s
}

func state(status string) string {
	if status == "" {
		return "active"
	}
	return status
}

func (m Memory) route() section {
	s := section{title: "What happened to it", head: []string{"no.", "recorded", "step", "by", "for", "with", "owner after it", "location", "machine, slot", "reference", "reason", "transaction"}}
	for _, e := range m.Events {
		s.rows = append(s.rows, []string{strconv.FormatUint(e.Number, 10), string(e.At), string(e.Step), e.Actor, e.OnBehalfOf, e.Counterparty, e.Owner, e.Location,
			strings.TrimSpace(e.MachineID + " " + e.SlotID), e.Reference, e.Reason, e.TransactionID})
	}
	return s
}

func (m Memory) papers() section {
	s := section{title: "Papers", head: []string{"no.", "kind", "SHA-256", "where", "by", "at", "transaction"}}
	for _, d := range m.Documents {
		s.rows = append(s.rows, []string{strconv.FormatUint(d.Number, 10), d.Kind, d.Hash, d.URI, d.By, string(d.At), d.TransactionID})
	}
	return s
}

func (m Memory) evidence() section {
	s := section{title: "Tests, concessions, processes and validations", head: []string{"what", "by", "at", "result", "says", "SHA-256", "transaction"}}
	for _, t := range m.Tests {
		result := "failed"
		if t.Passed {
			result = "passed"
		}
		s.rows = append(s.rows, []string{"test " + strconv.FormatUint(t.Number, 10), t.Tester, string(t.At), result, t.Method, t.ReportHash, t.TransactionID})
	}
	for _, k := range m.Concessions {
		s.rows = append(s.rows, []string{"concession " + strconv.FormatUint(k.Number, 10), k.AskedBy, string(k.AskedAt), string(k.Status), k.Characteristic + ": " + k.Required + ", found " + k.Found, k.DocumentHash, k.TransactionID})
	}
	for _, p := range m.Processes {
		s.rows = append(s.rows, []string{string(p.Process), p.By, string(p.ProposedAt), string(p.Status), strings.Join(p.Faults, ", "), p.ReportHash, p.TransactionID})
	}
	for _, v := range m.Validations {
		s.rows = append(s.rows, []string{"validation, signed by " + v.Signer, v.Organisation, string(v.At), string(v.Body.Conclusion), v.Body.Skill, v.Hash, v.TransactionID})
	}
	return s
}

func (m Memory) rights() section {
	s := section{title: "Rights of others", head: []string{"what", "of", "status", "may", "from", "until", "transaction"}}
	for _, d := range m.Delegations {
		s.rows = append(s.rows, []string{"delegation by " + d.Owner, d.DelegationID, string(d.Status), strings.Join(d.Actions, ", "), string(d.From), string(d.Till), d.TransactionID})
	}
	for _, k := range m.Mandates {
		s.rows = append(s.rows, []string{"mandate of " + k.Owner, strings.Join(k.Members, ", "), "", k.Action, string(k.ChangedAt), "", k.TransactionID})
	}
	for _, p := range m.Pledges {
		s.rows = append(s.rows, []string{"pledge by " + p.Owner, p.Lender, string(p.Status), minor(p.AmountMinor, p.Currency), string(p.OfferedAt), string(p.Till), p.TransactionID})
	}
	return s
}

func (m Memory) use() section {
	s := section{title: "Use", head: []string{"measure", "since new", "since overhaul", "since installation"}}
	for _, u := range m.Usage.Usage {
		s.rows = append(s.rows, []string{u.Measure, number(u.SinceNew), number(u.SinceOverhaul), number(u.SinceInstall)})
	}
	return s
}

func (m Memory) parts() section {
	s := section{title: "Parts put in and taken out", head: []string{"at", "step", "by", "slot", "out", "in", "request", "statement, SHA-256", "transaction"}}
	for _, e := range m.Parts {
		for _, c := range e.Changes {
			s.rows = append(s.rows, []string{string(e.At), string(e.Step), e.Actor, c.SlotID, c.Removed, c.Installed, e.RequestID, e.Statement, e.TransactionID})
		}
	}
	return s
}

func (m Memory) services() section {
	s := section{title: "Services", head: []string{"request", "title", "action", "status", "raised", "operator", "provider", "outcome", "engineer", "statement, SHA-256", "done"}}
	for _, r := range m.Services {
		row := []string{r.RequestID, r.Title, string(r.Action), string(r.Status), string(r.RaisedAt), r.Operator, r.Provider, "", "", "", string(r.DoneAt)}
		if w := r.Result; w != nil {
			row[7], row[8], row[9] = string(w.Outcome), w.EngineerID, w.StatementHash
		}
		s.rows = append(s.rows, row)
	}
	return s
}

func (m Memory) steps() section {
	s := section{title: "Steps of the services", head: []string{"request", "step", "by", "at", "measured", "within limits", "transaction"}}
	for _, t := range m.Steps {
		var measured []string
		for _, x := range t.Measurements {
			measured = append(measured, strings.TrimSpace(x.Quantity+" "+measure.FormatMilli(x.ValueMilli)+" "+x.Unit))
		}
		s.rows = append(s.rows, []string{t.RequestID, t.Step, t.Actor, string(t.At), strings.Join(measured, ", "), strconv.FormatBool(t.Within), t.TransactionID})
	}
	return s
}

func (m Memory) against() section {
	s := section{title: "Holds and findings", head: []string{"what", "by", "at", "says", "ended", "transaction"}}
	for _, h := range m.Holds {
		s.rows = append(s.rows, []string{"hold by the " + string(h.Holder), h.By, string(h.PlacedAt), h.Reason, strings.TrimSpace(string(h.ReleasedAt) + " " + h.ReleaseReason), h.TransactionID})
	}
	for _, f := range m.Findings {
		s.rows = append(s.rows, []string{string(f.Type), f.By, string(f.At), f.Detail, strings.TrimSpace(string(f.ClosedAt) + " " + f.ClosedFor), f.TransactionID})
	}
	return s
}

func (m Memory) seen() section {
	s := section{title: "Where its tag was read", head: []string{"at", "place", "by", "purpose", "proven by its key", "transaction"}}
	for _, t := range m.Scans {
		s.rows = append(s.rows, []string{string(t.OccurredAt), t.Place, t.ScannedBy, string(t.Purpose), strconv.FormatBool(t.Proven), t.TransactionID})
	}
	return s
}
