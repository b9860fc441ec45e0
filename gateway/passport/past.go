package passport

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// pastMost bounds how many records of one section are looked at as they were.
const pastMost = filter.MaxLimit

// past answers a section as of a moment: which records are the component's does
// not change, so those that are now are looked at as they were, and asked then.
func (s section) past(ctx context.Context, r *query.Reading, then projection.AsOf, at measure.Time, about string, q filter.Question) ([]query.Row, bool, error) {
	e, _ := catalogue.Find(s.entity)
	keys, err := keysOf(r, holder(e), about)
	if err != nil {
		return nil, false, err
	}
	records, err := then.Records(ctx, keys, at)
	if err != nil {
		return nil, false, err
	}
	checked, err := q.Check(at)
	if err != nil {
		return nil, false, err
	}
	var rows []query.Row
	for _, record := range records {
		read, err := catalogue.Read(record.Record)
		if err != nil {
			return nil, false, err
		}
		for _, row := range read[e.Name] {
			fields := fieldsOf(e, row)
			if filter.Match(checked.Filter, e, fields, nil) {
				rows = append(rows, shown(e, row, record))
			}
		}
	}
	slices.SortFunc(rows, func(a, b query.Row) int { return order(q.Sort, a, b) })
	more := len(rows) > q.Limit
	return append([]query.Row{}, rows[:min(len(rows), q.Limit)]...), more, nil
}

// keysOf are the keys of the records that have to do with the component.
func keysOf(r *query.Reading, e catalogue.Entity, about string) ([]string, error) {
	q, err := ask(e.Name, about, nil, pastMost)
	if err != nil {
		return nil, err
	}
	q.Fields = []string{"ledgerKey"}
	rows, more, err := r.Rows(q)
	if err != nil {
		return nil, err
	}
	if more {
		return nil, fault.New(fault.CodeQueryTooCostly, "of %s there are more than %d, which is too many to look at as they were", e.Name, pastMost)
	}
	var keys []string
	for _, row := range rows {
		keys = append(keys, row.Ledger.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys), nil
}

func fieldsOf(e catalogue.Entity, row catalogue.Row) filter.Fields {
	fields := make(filter.Fields)
	for i, f := range e.Fields {
		fields[f.Name] = row.Values[i]
	}
	return fields
}

// shown is a row as it is shown that is read from the read model's tables.
func shown(e catalogue.Entity, row catalogue.Row, from projection.Recorded) query.Row {
	v := from.Version
	out := query.Row{ID: row.ID, Record: query.Values{}, Ledger: query.Source{
		Key: from.Key, Block: int64(v.Block), TransactionID: v.Transaction, Time: v.Time, Submitter: v.Submitter,
	}}
	for i, f := range e.Fields {
		if row.Values[i] != nil {
			out.Record = append(out.Record, query.Value{Name: f.Name, Value: row.Values[i]})
		}
	}
	return out
}

// order is that of the read model: by the fields, what is lacking behind all, and
// then by the row's own name.
func order(sort []filter.Order, a, b query.Row) int {
	sign := 1
	for _, o := range sort {
		sign = 1
		if o.Descending {
			sign = -1
		}
		if c := sign * compare(a.Record.Get(o.By), b.Record.Get(o.By)); c != 0 {
			return c
		}
	}
	return sign * strings.Compare(a.ID, b.ID)
}

func compare(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(lacking(a), lacking(b))
	}
	switch a := a.(type) {
	case int64:
		return cmp.Compare(a, b.(int64))
	case string:
		return strings.Compare(a, b.(string))
	}
	return 0
}

func lacking(v any) int {
	if v == nil {
		return 1
	}
	return 0
}
