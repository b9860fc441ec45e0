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
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// Peer is the organisation's own peer.
type Peer interface {
	// Evaluate asks for what a read-only transaction answers.
	Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error)
	// ChainHeight is how many blocks it has.
	ChainHeight(ctx context.Context) (uint64, error)
}

// LedgerPage is an answer of the ledger itself. Its rows name their keys only: a document
// does not say which transaction wrote it.
type LedgerPage struct {
	Height   uint64   `json:"height"` // blocks that it knows at least
	Source   string   `json:"source"` // "ledger"
	Items    []Row    `json:"items"`
	Next     string   `json:"next"`
	Index    string   `json:"index"`    // that bounded what the database read
	Warnings []string `json:"warnings"` // what made it read more
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
	height, err := reached(ctx, peer, a.MinHeight)
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
	page := LedgerPage{Height: height, Source: "ledger", Items: []Row{}, Next: found.Next, Index: found.Index, Warnings: found.Warnings}
	for _, r := range found.Records {
		row, err := ledgerRow(c, fields, r)
		if err != nil {
			return LedgerPage{}, err
		}
		page.Items = append(page.Items, row)
	}
	return page, nil
}

// patience is how long a question waits for a height, and glance how often it looks.
const (
	patience = 5 * time.Second
	glance   = 25 * time.Millisecond
)

// reached waits until the peer has that many blocks, and says how many it has.
func reached(ctx context.Context, peer Peer, least uint64) (uint64, error) {
	for until := time.Now().Add(patience); ; {
		height, err := peer.ChainHeight(ctx)
		if err != nil || height >= least {
			return height, err
		}
		if time.Now().After(until) {
			return 0, fmt.Errorf("%w: the peer has %d blocks, not %d", projection.ErrBehind, height, least)
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(glance):
		}
	}
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
