package projection

import (
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// Dialect is the kind of database. The tables have the same names, columns and
// contents in both; texts are compared by their bytes.
type Dialect string

// The dialects.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Placeholder is the n-th parameter of a statement, from 1 on.
func (d Dialect) Placeholder(n int) string {
	if d == Postgres {
		return "$" + strconv.Itoa(n)
	}
	return "?"
}

// Quote makes an identifier of a name, which may be a word of SQL.
func Quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

// column is the type of a field's column. A list of texts is a JSON array.
func (d Dialect) column(t catalogue.Type) string {
	switch {
	case t == catalogue.Integer:
		return "BIGINT"
	case t == catalogue.Bool:
		return "BOOLEAN"
	case t == catalogue.Texts && d == Postgres:
		return "JSONB"
	}
	return d.text()
}

func (d Dialect) text() string {
	if d == Postgres {
		return `TEXT COLLATE "C"`
	}
	return "TEXT"
}

func (d Dialect) bytes() string {
	if d == Postgres {
		return "BYTEA"
	}
	return "BLOB"
}

// tail is what stands behind a table whose rows lie in the order of its key.
func (d Dialect) tail() string {
	if d == SQLite {
		return " WITHOUT ROWID"
	}
	return ""
}

// writers are two connections: the one that applies blocks keeps its own.
const writers = 2

// pools opens two: one for the only writer, one for those who ask. It does not wait for a server.
func (c Config) pools(g *gate) (d Dialect, writer, reader *sql.DB, err error) {
	if c.Postgres != "" {
		writer, reader, err = c.poolsPostgres()
		return Postgres, writer, reader, err
	}
	writer, reader, err = c.poolsSQLite(g)
	return SQLite, writer, reader, err
}

func fileName(path string) string { return "file:" + (&url.URL{Path: path}).EscapedPath() }

// poolsSQLite: synchronous NORMAL may lose the last blocks when the machine
// fails, never the consistency of what is there, and the ledger has the blocks.
func (c Config) poolsSQLite(g *gate) (writer, reader *sql.DB, err error) {
	name := fileName(c.SQLite) + "?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=busy_timeout(10000)" +
		"&_pragma=wal_autocheckpoint(16000)&_pragma=journal_size_limit(67108864)&_pragma=temp_store(MEMORY)&_pragma=analysis_limit(1000)"
	if writer, err = openGated(name+"&_pragma=cache_size(-65536)&_txlock=immediate", g); err != nil {
		return nil, nil, err
	}
	if reader, err = openGated(name+"&_pragma=cache_size(-16384)&_pragma=query_only(1)", g); err != nil {
		return nil, nil, errors.Join(err, writer.Close())
	}
	writer.SetMaxOpenConns(writers)
	reader.SetMaxOpenConns(c.Readers)
	reader.SetMaxIdleConns(c.Readers)
	return writer, reader, nil
}

// poolsPostgres keep everything in a schema of its own. Commits need not wait for
// the disk, for the reason that stands at poolsSQLite.
func (c Config) poolsPostgres() (writer, reader *sql.DB, err error) {
	conf, err := pgx.ParseConfig(c.Postgres)
	if err != nil {
		return nil, nil, errors.New("the PostgreSQL URL cannot be read") // its text may hold a password
	}
	conf.RuntimeParams["search_path"] = c.Schema
	conf.RuntimeParams["synchronous_commit"] = "off"
	conf.RuntimeParams["application_name"] = "lifeledger-gateway"
	asking := conf.Copy()
	asking.RuntimeParams["default_transaction_read_only"] = "on"
	writer, reader = stdlib.OpenDB(*conf), stdlib.OpenDB(*asking)
	writer.SetMaxOpenConns(writers)
	reader.SetMaxOpenConns(c.Readers)
	reader.SetMaxIdleConns(c.Readers)
	return writer, reader, nil
}
