package query_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// peer answers as one whose state is in CouchDB, and keeps what it was asked.
type peer struct {
	asked  api.FindRecords
	answer api.FoundRecords
	err    error
	height uint64
}

func (p *peer) Evaluate(_ context.Context, tx api.Transaction, argument []byte) ([]byte, error) {
	if tx != api.FindRecordsTx {
		return nil, errors.New("another transaction: " + string(tx))
	}
	if err := json.Unmarshal(argument, &p.asked); err != nil {
		return nil, err
	}
	b, err := json.Marshal(p.answer)
	if err != nil {
		return nil, err
	}
	return b, p.err
}

// ChainHeight grows by one block with each look at it.
func (p *peer) ChainHeight(context.Context) (uint64, error) {
	p.height++
	return p.height, nil
}

const goods = `{"changedAt":"2026-01-01T00:00:00.000Z","componentId":"a/1","docType":"shipment.goods","shipmentId":""}`

func TestTheLedgerAnswersWithTheRowsOfTheReadModel(t *testing.T) {
	p := &peer{answer: api.FoundRecords{
		Records: []api.StoredRecord{{Key: "shipment.goods/a%2F1", Found: true, Document: goods}},
		Next:    "more", Index: "changedAt", Warnings: []string{"slow"},
	}}
	got, err := query.AskLedger(t.Context(), p, query.Ask{
		Question: filter.Question{
			Entity: "goods", Filter: where(t, `not exists shipmentId`), Limit: 500,
			Fields: []string{"ledgerKey", "componentId", "shipmentId"}, Sort: []filter.Order{{By: "changedAt", Descending: true}},
		}, Cursor: "here", MinHeight: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := query.LedgerPage{
		Height: 3, Source: "ledger",
		Items: []query.Row{{ID: "shipment.goods/a%2F1", Ledger: query.Source{Key: "shipment.goods/a%2F1"},
			Record: query.Values{{Name: "ledgerKey", Value: "shipment.goods/a%2F1"}, {Name: "componentId", Value: "a/1"}}}},
		Next: "more", Index: "changedAt", Warnings: []string{"slow"},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	asked := api.FindRecords{Entity: "goods", Where: `not exists shipmentId`, Sort: []string{"-changedAt"}, Limit: 200, Cursor: "here"}
	if diff := gocmp.Diff(asked, p.asked); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTheLedgerRefusesIsSaidBeforeAPeerIsAsked(t *testing.T) {
	p := &peer{err: errors.New("asked")}
	_, err := query.AskLedger(t.Context(), p, query.Ask{Question: filter.Question{Entity: "ownerships"}})
	wantFault(t, "a derived entity", err, fault.CodeQueryLedger)
	p.err = fault.New(fault.CodeQueryState, "LevelDB")
	_, err = query.AskLedger(t.Context(), p, query.Ask{Question: filter.Question{Entity: "goods"}})
	wantFault(t, "a peer on LevelDB", err, fault.CodeQueryState)
	p = &peer{answer: api.FoundRecords{Records: []api.StoredRecord{{Key: "component/x", Document: "{}"}}}}
	_, err = query.AskLedger(t.Context(), p, query.Ask{Question: filter.Question{Entity: "goods"}})
	wantFault(t, "another kind of record", err, fault.CodeInternal)
}
