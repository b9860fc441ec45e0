package query

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Peer asks the organisation's own peer for what a read-only transaction answers.
type Peer interface {
	Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error)
}

// LedgerPage is an answer of the ledger itself. Its rows name their keys only: a document
// does not say which transaction wrote it.
type LedgerPage struct {
	Items    []Row
	Next     string
	Index    string   // that bounded what the database read
	Warnings []string // what made it read more
}

// AskLedger answers a question from the state database of a peer, if that is CouchDB,
// with the same rows as [Service.Ask] and by the same reading of the records. What the
// ledger cannot answer is refused, and says so.
func AskLedger(ctx context.Context, peer Peer, a Ask) (LedgerPage, error) {
	c, err := a.Question.Check(measure.TimeOf(time.Now()))
	if err != nil {
		return LedgerPage{}, err
	}
	fields := a.Fields
	if len(fields) == 0 {
		fields = c.Fields
	}
	if _, err := c.Mango(); err != nil { // the chaincode judges this again
		return LedgerPage{}, err
	}
	argument, err := json.Marshal(ledgerQuestion(a.Question, c.Limit, a.Cursor))
	if err != nil {
		return LedgerPage{}, err
	}
	answer, err := peer.Evaluate(ctx, api.FindRecordsTx, argument)
	if err != nil {
		return LedgerPage{}, err
	}
	var found api.FoundRecords
	if err := json.Unmarshal(answer, &found); err != nil {
		return LedgerPage{}, fmt.Errorf("query: answer of the ledger: %w", err)
	}
	page := LedgerPage{Items: []Row{}, Next: found.Next, Index: found.Index, Warnings: found.Warnings}
	for _, r := range found.Records {
		row, err := ledgerRow(c, fields, r)
		if err != nil {
			return LedgerPage{}, err
		}
		page.Items = append(page.Items, row)
	}
	return page, nil
}

// ledgerQuestion is the question as the transaction takes it.
func ledgerQuestion(q filter.Question, limit int, cursor string) api.FindRecords {
	in := api.FindRecords{Entity: q.Entity, Where: filter.String(q.Filter), Limit: min(limit, api.MaxPage), Cursor: cursor}
	for _, o := range q.Sort {
		by := o.By
		if o.Descending {
			by = "-" + by
		}
		in.Sort = append(in.Sort, by)
	}
	return in
}

// ledgerRow reads a record as the read model does.
func ledgerRow(c filter.Checked, fields []string, r api.StoredRecord) (Row, error) {
	kind, attributes, ok := catalogue.ParseKeyText(r.Key)
	if !ok || kind != c.On.Kind {
		return Row{}, fault.New(fault.CodeInternal, "the ledger answered with the key %q", r.Key)
	}
	rows, err := catalogue.Read(catalogue.Record{Kind: kind, Attributes: attributes, Document: []byte(r.Document)})
	if err != nil {
		return Row{}, err
	}
	values := rows[c.On.Name][0].Values
	out := Row{ID: r.Key, Record: Values{}, Ledger: Source{Key: r.Key}}
	for _, name := range fields {
		if name == "ledgerKey" {
			out.Record = append(out.Record, Value{name, r.Key})
			continue
		}
		for i, f := range c.On.Fields {
			if f.Name == name && values[i] != nil {
				out.Record = append(out.Record, Value{name, values[i]})
			}
		}
	}
	return out, nil
}
