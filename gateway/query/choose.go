package query

import (
	"context"
	"database/sql"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// choose decides for SQLite whether an answer in order is found along the index of
// the order, or by the index of a condition and sorted then. SQLite does not look
// at the limit, and takes the condition's index also where a tenth of the table
// meets it and a hundred rows are wanted. So the rows of each condition are counted,
// up to the number that is quickly sorted; where all have more, none of their
// indexes is used, but for one that has the condition's rows in the order of the
// answer. PostgreSQL decides that well by itself.
func (s *Service) choose(ctx context.Context, tx *sql.Tx, p *plan) error {
	if s.dialect != projection.SQLite || len(p.sort) == 0 || !p.sort[0].field.Indexed {
		return nil
	}
	many := make(map[string]bool)
	for _, t := range conditions(p.checked.Filter) {
		f := field(p.checked.On, t.Field)
		if !f.Indexed || f.Name == p.sort[0].field.Name {
			continue
		}
		if t.Op == filter.Eq && p.checked.On.InOrder(f) && p.sort[0].field.Name == p.checked.On.Latest() {
			continue // one index has the rows of this condition in the order that is wanted
		}
		b := &builder{dialect: s.dialect}
		main := b.scope(p.checked.On)
		b.write("SELECT count(*) FROM (SELECT 1 FROM ", main.from(), " WHERE ")
		b.condition(t, []scope{main})
		b.write(" LIMIT ")
		b.value(s.selective + 1)
		b.write(")")
		var n int
		if err := tx.QueryRowContext(ctx, b.text.String(), b.args...).Scan(&n); err != nil {
			return wrap(err, b.text.String())
		}
		if n <= s.selective {
			return nil
		}
		many[t.Field] = true
	}
	p.along = many
	return nil
}

// conditions are the comparisons that every row of the answer meets and an index could serve.
func conditions(e filter.Expr) []filter.Test {
	var all []filter.Test
	switch e := e.(type) {
	case filter.And:
		for _, part := range e.Of {
			all = append(all, conditions(part)...)
		}
	case filter.Test:
		switch e.Op {
		case filter.Eq, filter.In, filter.Lt, filter.Le, filter.Gt, filter.Ge, filter.Prefix:
			if e.Values[0].Value != nil {
				all = append(all, e)
			}
		}
	}
	return all
}
