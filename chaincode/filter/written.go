package filter

import (
	"encoding/json"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Written is a question as it is sent and kept; of the entity, its path or its
// keeper speaks.
type Written struct {
	// Filter is an object in the JSON form, or a text in the one-line form.
	Filter     json.RawMessage `json:"filter,omitempty"`
	Fields     []string        `json:"fields,omitempty"`
	Sort       []string        `json:"sort,omitempty"`
	Limit      int             `json:"limit,omitempty"`
	Include    []string        `json:"include,omitempty"`
	GroupBy    []string        `json:"groupBy,omitempty"`
	Aggregates []string        `json:"aggregates,omitempty"`
}

// Question reads what is written.
func (w Written) Question(entity string) (Question, error) {
	q := Question{Entity: entity, Fields: w.Fields, Limit: w.Limit, Include: w.Include}
	var err error
	if len(w.Filter) > 0 {
		if q.Filter, err = ParseJSON(w.Filter); err != nil {
			return q, err
		}
	}
	if q.Sort, err = read(w.Sort, ParseOrder); err != nil {
		return q, err
	}
	if q.GroupBy, err = read(w.GroupBy, ParseGroup); err != nil {
		return q, err
	}
	q.Aggregates, err = read(w.Aggregates, ParseAggregate)
	return q, err
}

func read[T any](texts []string, one func(string) (T, error)) ([]T, error) {
	if len(texts) > MaxFields {
		return nil, fault.New(fault.CodeQueryForm, "a list of the question is longer than %d", MaxFields)
	}
	var all []T
	for _, s := range texts {
		v, err := one(s)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// Write is the way back, in one form: the same question is always written the same.
func (q Question) Write() Written {
	w := Written{Fields: q.Fields, Limit: q.Limit, Include: q.Include}
	if q.Filter != nil {
		w.Filter = JSON(q.Filter)
	}
	for _, o := range q.Sort {
		w.Sort = append(w.Sort, o.String())
	}
	for _, g := range q.GroupBy {
		w.GroupBy = append(w.GroupBy, g.String())
	}
	for _, a := range q.Aggregates {
		w.Aggregates = append(w.Aggregates, a.String())
	}
	return w
}
