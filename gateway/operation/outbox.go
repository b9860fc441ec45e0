package operation

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// schema: finished is 0 while an operation is pending; that, and not state, is
// what indexes and recovery go by. ledger_key is NULL once the key may be used
// again, because nothing of the request can ever take effect.
const schema = `
CREATE TABLE IF NOT EXISTS operation (
	n           INTEGER PRIMARY KEY,
	id          TEXT NOT NULL UNIQUE,
	ledger_key  TEXT UNIQUE,
	principal   TEXT NOT NULL,
	key         TEXT NOT NULL,
	fingerprint BLOB NOT NULL,
	tx          TEXT NOT NULL,
	argument    BLOB,
	entities    TEXT NOT NULL,
	txid        TEXT NOT NULL DEFAULT '',
	envelope    BLOB,
	result      BLOB,
	attempts    INTEGER NOT NULL DEFAULT 0,
	state       TEXT NOT NULL,
	block       INTEGER NOT NULL DEFAULT 0,
	failure     BLOB,
	replayed    INTEGER NOT NULL DEFAULT 0,
	created     INTEGER NOT NULL,
	finished    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS operation_pending ON operation(n) WHERE finished = 0;
`

const (
	insert = `INSERT INTO operation
		(id, ledger_key, principal, key, fingerprint, tx, argument, entities, txid, envelope, result, attempts, state, block, failure, replayed, created, finished)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT(id) DO `
	// reserveSQL takes an operation on that is to be answered "pending".
	reserveSQL = insert + `NOTHING`
	// sealSQL keeps the signed bytes of the present try.
	sealSQL = insert + `UPDATE SET txid = excluded.txid, envelope = excluded.envelope, result = excluded.result, attempts = excluded.attempts`
	// finishSQL keeps the outcome and drops what is needed no more.
	finishSQL = insert + `UPDATE SET txid = excluded.txid, envelope = NULL, argument = NULL, result = excluded.result,
		attempts = excluded.attempts, state = excluded.state, block = excluded.block, failure = excluded.failure,
		replayed = excluded.replayed, finished = excluded.finished, ledger_key = excluded.ledger_key`
	columns = `id, coalesce(ledger_key, ''), principal, key, fingerprint, tx, argument, entities, txid, envelope, result,
		attempts, state, block, failure, replayed, created, finished`
)

// row is one operation in the outbox.
type row struct {
	Operation
	ledgerKey   string // "" : free
	fingerprint []byte
	argument    []byte
	entities    []string
	envelope    []byte
}

// outbox is the durable memory of the service: one SQLite file. Reads come from
// any goroutine through reader; every write goes through the one goroutine of
// writer.go, which owns conn.
type outbox struct {
	db     *sql.DB
	conn   *sql.Conn
	reader *sql.DB
	keys   *sql.Stmt // on reader: by ledger key
	ids    *sql.Stmt // on reader: by id
	writer *writer
}

func openOutbox(path string, watch Observer) (*outbox, error) {
	// FULL: a commit returns when the data are on the disk. Write-ahead logging
	// makes that one fsync and lets readers go on meanwhile.
	pragmas := "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(10000)" +
		"&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)"
	name := "file:" + (&url.URL{Path: path}).EscapedPath() + pragmas
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if _, err := conn.ExecContext(ctx, schema); err != nil {
		return nil, errors.Join(err, conn.Close(), db.Close())
	}
	o := &outbox{db: db, conn: conn}
	if err := o.openReader(name); err != nil {
		return nil, errors.Join(err, o.closeFiles())
	}
	if o.writer, err = newWriter(conn, watch); err != nil {
		return nil, errors.Join(err, o.closeFiles())
	}
	return o, nil
}

func (o *outbox) openReader(name string) (err error) {
	if o.reader, err = sql.Open("sqlite", name+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	o.reader.SetMaxOpenConns(4)
	o.reader.SetMaxIdleConns(4)
	if o.keys, err = o.reader.Prepare(`SELECT ` + columns + ` FROM operation WHERE ledger_key = ?`); err != nil {
		return err
	}
	o.ids, err = o.reader.Prepare(`SELECT ` + columns + ` FROM operation WHERE id = ?`)
	return err
}

// close writes what is queued and closes the file.
func (o *outbox) close(flush bool) error {
	o.writer.close(flush)
	return o.closeFiles()
}

func (o *outbox) closeFiles() error {
	var err error
	if o.reader != nil {
		err = o.reader.Close()
	}
	return errors.Join(err, o.conn.Close(), o.db.Close())
}

// byKey finds the operation that holds a ledger key.
func (o *outbox) byKey(ctx context.Context, key string) (*row, error) {
	return one(o.keys.QueryContext(ctx, key))
}

// byID finds an operation; nil means that there is none.
func (o *outbox) byID(ctx context.Context, id string) (*row, error) {
	return one(o.ids.QueryContext(ctx, id))
}

// pending lists what was not finished, in the order in which it was taken on.
func (o *outbox) pending(ctx context.Context) ([]*row, error) {
	return all(o.reader.QueryContext(ctx, `SELECT `+columns+` FROM operation WHERE finished = 0 ORDER BY n`))
}

// pruneBatch bounds one DELETE, so that submits do not wait long behind it.
const pruneBatch = 500

// prune forgets operations that finished before a time and reports whether there
// may be more. It looks at the oldest rows only: rows are numbered in the order of
// their creation, so that no index is needed for it.
func (o *outbox) prune(ctx context.Context, before time.Time) (more bool, err error) {
	var deleted int64
	// Not given up half-way: the writer would go on and set deleted.
	err = o.writer.await(context.WithoutCancel(ctx), func(ctx context.Context, s *statements) error {
		res, err := s.prune.ExecContext(ctx, pruneBatch, before.UnixMilli())
		if err != nil {
			return err
		}
		deleted, err = res.RowsAffected()
		return err
	})
	return deleted == pruneBatch, err
}

func one(rows *sql.Rows, err error) (*row, error) {
	list, err := all(rows, err)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func all(rows *sql.Rows, err error) ([]*row, error) {
	if err != nil {
		return nil, fmt.Errorf("outbox: %w", err)
	}
	defer rows.Close()
	var list []*row
	for rows.Next() {
		r, err := scan(rows)
		if err != nil {
			return nil, fmt.Errorf("outbox: %w", err)
		}
		list = append(list, r)
	}
	return list, rows.Err()
}

func scan(rows *sql.Rows) (*row, error) {
	var (
		r                 row
		tx, entities      string
		result, failed    []byte
		created, finished int64
	)
	err := rows.Scan(&r.ID, &r.ledgerKey, &r.Principal, &r.Key, &r.fingerprint, &tx, &r.argument, &entities,
		&r.TransactionID, &r.envelope, &result, &r.Attempts, &r.State, &r.Block, &failed, &r.Replayed, &created, &finished)
	if err != nil {
		return nil, err
	}
	r.Transaction, r.Result = api.Transaction(tx), result
	r.Created = time.UnixMilli(created).UTC()
	if finished > 0 {
		r.Finished = time.UnixMilli(finished).UTC()
	}
	if r.Err, err = decodeFailure(failed); err != nil {
		return nil, err
	}
	return &r, json.Unmarshal([]byte(entities), &r.entities)
}

// values are the row's columns in the order of the statement insert.
func (r *row) values() ([]any, error) {
	entities, err := json.Marshal(r.entities)
	if err != nil {
		return nil, err
	}
	failed, err := encodeFailure(r.Err)
	if err != nil {
		return nil, err
	}
	var key any // NULL
	if r.ledgerKey != "" {
		key = r.ledgerKey
	}
	var finished int64
	if !r.Finished.IsZero() {
		finished = r.Finished.UnixMilli()
	}
	return []any{
		r.ID, key, r.Principal, r.Key, r.fingerprint, string(r.Transaction), r.argument, string(entities),
		r.TransactionID, r.envelope, []byte(r.Result), r.Attempts, string(r.State), int64(r.Block), failed, r.Replayed,
		r.Created.UnixMilli(), finished,
	}, nil
}
