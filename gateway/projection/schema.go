package projection

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// form is moved on when the meaning of the tables changes in a way that the
// catalogue does not show; the read model is then made anew.
const form = "4"

// The tables that every read model has beside those of the catalogue's entities.
const (
	blocksTable       = "ledger_blocks"       // hash, hash of the block before, and commit hash of each block
	transactionsTable = "ledger_transactions" // every valid transaction of the chaincode
	recordsTable      = "ledger_records"      // every record as it is, byte for byte
	versionsTable     = "ledger_versions"     // what records were before, and that they were removed
	parkedTable       = "ledger_parked"       // what could not be turned into rows
	unknownTable      = "ledger_unknown"      // kinds of record that the catalogue does not have
	stateTable        = "derived_state"       // what the derivation of intervals remembers of each subject
)

// table is one table as it is created and checked. key are the first columns.
type table struct {
	name    string
	columns []column
	key     []string
	indexes []index // beside the key; made when the first replay is over, unless always
	always  []index
	local   []string // columns that are not a consequence of the blocks
}

type column struct{ name, kind string }

// index is kept of columns in their order. A sparse one leaves out the rows that
// lack the first of them: no condition by a value looks for those.
type index struct {
	columns []string
	sparse  bool
}

// tables lists all tables, the catalogue's first.
func tables(d Dialect) []table {
	var all []table
	for _, e := range catalogue.Entities() {
		all = append(all, entityTable(d, e))
	}
	text, bytes := d.text(), d.bytes()
	return append(all,
		table{name: blocksTable, key: []string{"number"}, columns: []column{
			{"number", "BIGINT"}, {"hash", bytes}, {"previous", bytes}, {"commit_hash", bytes}, {"transactions", "BIGINT"}}},
		table{name: transactionsTable, key: []string{"block", "number"}, indexes: []index{{columns: []string{"id"}}}, columns: []column{
			{"block", "BIGINT"}, {"number", "BIGINT"}, {"id", text}, {"time", text}, {"submitter", text}, {"function", text}}},
		table{name: recordsTable, key: []string{"key"}, columns: []column{
			{"key", text}, {"kind", text}, {"block", "BIGINT"}, {"number", "BIGINT"}, {"document", bytes}}},
		table{name: versionsTable, key: []string{"key", "block", "number"}, columns: []column{
			{"key", text}, {"block", "BIGINT"}, {"number", "BIGINT"}, {"kind", text}, {"document", bytes}}},
		table{name: parkedTable, key: []string{"id"}, local: []string{"accepted_by", "accepted_at"}, columns: []column{
			{"id", text}, {"kind", text}, {"block", "BIGINT"}, {"number", "BIGINT"}, {"reason", text}, {"accepted_by", text}, {"accepted_at", text}}},
		table{name: unknownTable, key: []string{"kind"}, columns: []column{
			{"kind", text}, {"writes", "BIGINT"}, {"block", "BIGINT"}}},
		table{name: stateTable, key: []string{"entity", "subject"}, columns: []column{
			{"entity", text}, {"subject", text}, {"state", text}}},
	)
}

func entityTable(d Dialect, e catalogue.Entity) table {
	t := table{name: e.Table(), key: []string{catalogue.RowColumn}, columns: []column{{catalogue.RowColumn, d.text()}}}
	for _, f := range append(append([]catalogue.Field{}, catalogue.Provenance()...), e.Fields...) {
		t.columns = append(t.columns, column{f.Column(), d.column(f.Type)})
		if f.Indexed && f.Type != catalogue.Texts {
			t.indexes = append(t.indexes, index{columns: []string{f.Column(), catalogue.RowColumn}})
		}
		if e.InOrder(f) { // a page of the latest must not cost a sort of all
			t.indexes = append(t.indexes, together(e, f.Name, e.Latest()))
		}
	}
	for _, pair := range e.Together {
		t.indexes = append(t.indexes, together(e, pair[0], pair[1]))
	}
	if e.Each != "" || ofParts[e.Name] { // rows of one record are replaced together
		t.always = append(t.always, index{columns: []string{"ledger_key"}})
	}
	return t
}

// together is an index for questions by a value of the first field.
func together(e catalogue.Entity, first, second string) index {
	a, _ := e.Field(first)
	b, _ := e.Field(second)
	return index{columns: []string{a.Column(), b.Column(), catalogue.RowColumn}, sparse: a.Optional}
}

// version names the form of all tables and of what stands in them. A database of
// another version is emptied and filled anew.
func version(d Dialect) string {
	text, err := json.Marshal(struct {
		Form     string
		Dialect  Dialect
		Entities []catalogue.Entity
		LeftOut  map[string]string
		Views    []string
	}{form, d, catalogue.Entities(), catalogue.LeftOut, createViews(d)})
	if err != nil {
		panic(err) // the catalogue is made of texts
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (t table) create(d Dialect) []string {
	var columns []string
	for _, c := range t.columns {
		columns = append(columns, Quote(c.name)+" "+c.kind)
	}
	columns = append(columns, "PRIMARY KEY ("+quoted(t.key)+")")
	all := []string{"CREATE TABLE " + Quote(t.name) + " (" + strings.Join(columns, ", ") + ")" + d.tail()}
	return append(all, t.createIndexes(t.always)...)
}

func (t table) indexName(i index) string {
	return t.name + "__" + strings.Join(i.columns[:max(1, len(i.columns)-1)], "__")
}

func (t table) createIndexes(indexes []index) (all []string) {
	for _, i := range indexes {
		text := "CREATE INDEX IF NOT EXISTS " + Quote(t.indexName(i)) + " ON " + Quote(t.name) + " (" + quoted(i.columns) + ")"
		if i.sparse {
			text += " WHERE " + Quote(i.columns[0]) + " IS NOT NULL"
		}
		all = append(all, text)
	}
	return all
}

func quoted(names []string) string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = Quote(n)
	}
	return strings.Join(all, ", ")
}

// prepare makes the tables, unless they are there and of this version; made says
// that they are to be.
func (s *store) prepare(ctx context.Context, made bool) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if s.dialect == Postgres {
		if err := s.alone(ctx, tx); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+Quote(s.schema)); err != nil {
			return err
		}
	}
	head := `CREATE TABLE IF NOT EXISTS read_model (one BIGINT PRIMARY KEY, version TEXT, tables TEXT, height BIGINT, hash ` + s.dialect.bytes() + `, time TEXT, indexed BOOLEAN)`
	if _, err := tx.ExecContext(ctx, head); err != nil {
		return err
	}
	var found, names string
	err = tx.QueryRowContext(ctx, `SELECT version, tables FROM read_model`).Scan(&found, &names)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if found == s.version {
		return tx.Commit()
	}
	if made {
		return ErrOther
	}
	if found != "" {
		s.log.Warn("the read model has another form and is made anew")
	}
	if err := s.recreate(ctx, tx, names); err != nil {
		return err
	}
	return tx.Commit()
}

// alone keeps other processes from making tables and indexes until a transaction
// ends: "if not exists" does not hold between two that create the same.
func (s *store) alone(ctx context.Context, tx *sql.Tx) error {
	if s.dialect != Postgres {
		return nil
	}
	_, err := tx.ExecContext(ctx, `SELECT pg_advisory_xact_lock(hashtext($1))`, "lifeledger/"+s.schema)
	return err
}

// reset empties the read model.
func (s *store) reset(ctx context.Context) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var names string
	var used bool
	text := `SELECT tables, height > 0 OR indexed FROM read_model`
	if s.dialect == Postgres {
		text += " FOR UPDATE" // first what another gateway locks first, too
	}
	if err := tx.QueryRowContext(ctx, text).Scan(&names, &used); err != nil || !used {
		return err
	}
	if err := s.recreate(ctx, tx, names); err != nil {
		return err
	}
	return tx.Commit()
}

// recreate removes the tables of that list, and makes all tables, empty.
func (s *store) recreate(ctx context.Context, tx *sql.Tx, list string) error {
	var old, now []string
	if list != "" {
		if err := json.Unmarshal([]byte(list), &old); err != nil {
			return fmt.Errorf("list of tables: %w", err)
		}
	}
	statements := dropViews()
	for _, name := range old {
		statements = append(statements, "DROP TABLE IF EXISTS "+Quote(name))
	}
	for _, t := range s.tables {
		now = append(now, t.name)
		statements = append(statements, t.create(s.dialect)...)
	}
	statements = append(statements, createViews(s.dialect)...)
	for _, text := range append(statements, `DELETE FROM read_model`) {
		if _, err := tx.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("%.60s: %w", text, err)
		}
	}
	text, err := json.Marshal(now)
	if err != nil {
		return err
	}
	p := s.dialect.Placeholder
	_, err = tx.ExecContext(ctx, `INSERT INTO read_model (one, version, tables, height, indexed) VALUES (1, `+p(1)+`, `+p(2)+`, 0, FALSE)`, s.version, string(text))
	return err
}

// index makes the indexes that the first replay does without. A table that is
// empty needs none until its first rows come; see [store.indexFilled].
func (s *store) index(ctx context.Context) error {
	var indexed bool
	if err := s.writer.QueryRowContext(ctx, `SELECT indexed FROM read_model`).Scan(&indexed); err != nil || indexed {
		return err
	}
	for i := range s.tables {
		if err := s.write(ctx, func(ctx context.Context) error { return s.indexTable(ctx, &s.tables[i]) }); err != nil {
			return err
		}
	}
	if _, err := s.writer.ExecContext(ctx, `UPDATE read_model SET indexed = TRUE`); err != nil {
		return err
	}
	_, err := s.writer.ExecContext(ctx, `ANALYZE`)
	return err
}

// indexTable makes the indexes of a table that has rows, where they are not there
// yet. The head is locked first, so that nobody else makes the same at the same
// time: "if not exists" does not hold between two.
func (s *store) indexTable(ctx context.Context, t *table) error {
	if _, err := s.lock(ctx); err != nil {
		return err
	}
	filled := false
	err := s.query(ctx, "SELECT EXISTS (SELECT 1 FROM "+Quote(t.name)+")", nil, func(scan func(...any) error) error { return scan(&filled) })
	if err != nil || !filled {
		return err
	}
	for _, text := range t.createIndexes(t.indexes) {
		if _, err := s.conn.ExecContext(ctx, text); err != nil {
			return fmt.Errorf("index of %s: %w", t.name, err)
		}
	}
	return nil
}

// indexFilled makes the indexes of tables into which a transaction has put rows,
// if it may be the first that did.
func (s *store) indexFilled(ctx context.Context) error {
	for name := range s.filled {
		if s.indexed[name] {
			continue
		}
		if err := s.indexTable(ctx, s.table(name)); err != nil {
			return err
		}
		s.indexed[name] = true
	}
	return nil
}
