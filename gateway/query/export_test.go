package query

import (
	"context"
	"database/sql"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// Selective sets how many rows a condition may have for which its index is used.
func (s *Service) Selective(n int) { s.selective = n }

// Explain is how SQLite finds the first page of an answer.
func (s *Service) Explain(ctx context.Context, q filter.Question) (how string, err error) {
	c, err := q.Check(s.now())
	if err != nil {
		return "", err
	}
	return how, s.config.Model.View(ctx, func(tx *sql.Tx, _ projection.At) error {
		p := newPlan(s.dialect, c)
		if err := s.choose(ctx, tx, p); err != nil {
			return err
		}
		for _, part := range p.parts(position{}) {
			text, args := p.statement(part, c.Limit)
			rows, err := tx.QueryContext(ctx, "EXPLAIN QUERY PLAN "+text, args...)
			if err != nil {
				return err
			}
			for rows.Next() {
				var a, b, c int
				var line string
				if err := rows.Scan(&a, &b, &c, &line); err != nil {
					return err
				}
				how = strings.TrimSpace(how + "\n" + line)
			}
			if err := rows.Err(); err != nil {
				return err
			}
		}
		return nil
	})
}
