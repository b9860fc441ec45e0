package query

import (
	"context"
	"database/sql"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
)

// Bounds of what is included.
const (
	maxWithIncludes = 200 // rows of a page that includes others
	maxIncluded     = 20  // rows of one relation for one row
	batch           = 100 // rows whose relations one statement follows
)

// include puts what relations lead to with the rows. It asks once for each
// relation and batch of rows, and not for each row.
func (s *Service) include(ctx context.Context, tx *sql.Tx, p *plan, c filter.Checked, found []foundRow, rows []Row) error {
	for _, name := range firsts(c.Include) {
		r, to, _ := filter.Related(c.On, name)
		var further []string
		for _, path := range c.Include {
			if rest, ok := strings.CutPrefix(path, name+"."); ok {
				further = append(further, rest)
			}
		}
		next := filter.Checked{Question: filter.Question{Include: further}, On: to}
		for _, f := range to.Fields {
			next.Fields = append(next.Fields, f.Name)
		}
		for part := range slices.Chunk(indexes(len(rows)), batch) {
			if err := s.follow(ctx, tx, p, r, next, part, found, rows); err != nil {
				return err
			}
		}
	}
	return nil
}

// firsts are the first relations of paths, each once.
func firsts(paths []string) (all []string) {
	for _, path := range paths {
		first, _, _ := strings.Cut(path, ".")
		if !slices.Contains(all, first) {
			all = append(all, first)
		}
	}
	return all
}

func indexes(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// follow puts what one relation leads to with those of the rows.
func (s *Service) follow(ctx context.Context, tx *sql.Tx, p *plan, r catalogue.Relation, c filter.Checked, of []int, found []foundRow, rows []Row) error {
	q := newPlan(s.dialect, c)
	for _, pair := range r.On {
		q.read(field(c.On, pair.Of))
	}
	keys := make(map[string][]any) // what rows have on our side of the relation
	for _, i := range of {
		if key, values, ok := p.key(r, found[i]); ok {
			keys[key] = values
		}
	}
	led := make(map[string][]foundRow)
	if len(keys) > 0 {
		text, args := q.related(r, keys)
		err := q.scan(ctx, tx, text, args, func(f foundRow) error {
			key := q.otherKey(r, f)
			led[key] = append(led[key], f)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, i := range of {
		key, _, _ := p.key(r, found[i])
		there := led[key]
		limit := 1
		if r.Many {
			limit = maxIncluded
		}
		in := Include{Relation: r.Name, Many: r.Many, More: r.Many && len(there) > limit}
		there = there[:min(len(there), limit)]
		for _, f := range there {
			in.Items = append(in.Items, q.row(f))
		}
		if err := s.include(ctx, tx, q, c, there, in.Items); err != nil {
			return err
		}
		rows[i].Included = append(rows[i].Included, in)
	}
	return nil
}

// key is what a row has on its side of a relation, and false where it lacks some of it.
func (p *plan) key(r catalogue.Relation, f foundRow) (string, []any, bool) {
	values := make([]any, len(r.On))
	for i, pair := range r.On {
		if values[i] = f.values[p.index(pair.Field)]; values[i] == nil {
			return "", nil, false
		}
	}
	return keyOf(values), values, true
}

func (p *plan) otherKey(r catalogue.Relation, f foundRow) string {
	values := make([]any, len(r.On))
	for i, pair := range r.On {
		values[i] = f.values[p.index(pair.Of)]
	}
	return keyOf(values)
}

// keyOf is the same text for the same values only.
func keyOf(values []any) string {
	var b strings.Builder
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b.WriteString(strconv.Quote(v))
		case int64:
			b.WriteString(strconv.FormatInt(v, 10))
		case bool:
			b.WriteString(strconv.FormatBool(v))
		}
		b.WriteByte(',')
	}
	return b.String()
}

// related reads the rows that a relation leads to from any of the keys, of each
// one more than are included.
func (p *plan) related(r catalogue.Relation, keys map[string][]any) (string, []any) {
	b := &builder{dialect: p.dialect}
	there := b.scope(p.checked.On)
	var on []string
	for _, pair := range r.On {
		on = append(on, there.column(field(p.checked.On, pair.Of)))
	}
	var columns, outer []string
	for i, f := range p.columns {
		name := "c" + strconv.Itoa(i)
		columns, outer = append(columns, there.column(f)+" AS "+name), append(outer, name)
	}
	b.write("SELECT name, ", strings.Join(outer, ", "), " FROM (SELECT ", there.row(), " AS name, ", strings.Join(columns, ", "),
		", row_number() OVER (PARTITION BY ", strings.Join(on, ", "), " ORDER BY ", there.row(), ") AS n FROM ", there.from(), " WHERE ")
	b.oneOf(on, keys)
	b.write(") AS numbered WHERE n <= ")
	b.value(maxIncluded + 1)
	b.write(" ORDER BY name")
	return b.text.String(), b.args
}

// oneOf writes that the columns have the values of one of the keys.
func (b *builder) oneOf(columns []string, keys map[string][]any) {
	if len(columns) == 1 {
		b.write(columns[0], " IN (")
	}
	for n, key := range slices.Sorted(maps.Keys(keys)) {
		values := keys[key]
		if len(columns) == 1 {
			if n > 0 {
				b.write(", ")
			}
			b.value(values[0])
			continue
		}
		b.write(map[bool]string{true: "(", false: " OR ("}[n == 0])
		for i, v := range values {
			if i > 0 {
				b.write(" AND ")
			}
			b.write(columns[i], " = ")
			b.value(v)
		}
		b.write(")")
	}
	if len(columns) == 1 {
		b.write(")")
	}
}
