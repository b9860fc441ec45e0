package projection

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// Ledger is asked what it has, to hold the read model against it;
// [*fabric.Network] is one.
type Ledger interface {
	Evaluate(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error)
	ChainHeight(ctx context.Context) (uint64, error)
}

// Verdict says whether a record of the read model is as the ledger has it.
type Verdict struct {
	Key    string
	Agrees bool
	// Differs says what is not the same. Changing: the record is being changed so
	// often that the two could not be compared; that is no difference.
	Differs  string
	Changing bool
	SHA256   string // hexadecimal, of the ledger's document as this peer gives it; "" if it has none
}

// What may differ.
const (
	otherDocument = "the ledger has another document"
	onlyLedger    = "only the ledger has the record"
	onlyModel     = "only the read model has the record"
	otherRows     = "the rows are not those of the document"
)

// MostKeys bounds how many records are held against the ledger at once.
const MostKeys = api.MaxRecords

// Verify reads records from the organisation's own peer and compares: the stored
// documents, and the rows that are made of them. Both sides may move meanwhile: a
// difference counts only if the read model knows of no write since the peer was asked.
func (m *Model) Verify(ctx context.Context, ledger Ledger, keys []string) ([]Verdict, error) {
	found := make(map[string]Verdict, len(keys))
	left := keys
	for tries := 0; len(left) > 0 && tries < 5; tries++ {
		some, err := m.compare(ctx, ledger, left)
		if err != nil {
			return nil, err
		}
		left = nil
		for _, v := range some {
			found[v.Key] = v
			if v.Changing {
				left = append(left, v.Key)
			}
		}
	}
	out := make([]Verdict, len(keys))
	for i, key := range keys {
		out[i] = found[key]
	}
	return out, nil
}

func (m *Model) compare(ctx context.Context, ledger Ledger, keys []string) ([]Verdict, error) {
	height, err := ledger.ChainHeight(ctx)
	if err != nil {
		return nil, err
	}
	stored, err := askStored(ctx, ledger, keys)
	if err != nil {
		return nil, err
	}
	if err := m.Wait(ctx, height); err != nil {
		return nil, err
	}
	verdicts := make([]Verdict, len(keys))
	err = m.View(ctx, func(tx *sql.Tx, _ At) error {
		for i, key := range keys {
			v := Verdict{Key: key, SHA256: stored[i].SHA256}
			written, differs, err := m.differs(ctx, tx, stored[i])
			if err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
			v.Agrees, v.Differs = differs == "", differs
			if differs != "" && written >= height {
				v.Differs, v.Changing = "", true
			}
			verdicts[i] = v
		}
		return nil
	})
	return verdicts, err
}

func askStored(ctx context.Context, ledger Ledger, keys []string) ([]api.StoredRecord, error) {
	argument, err := json.Marshal(api.GetRecords{Keys: keys})
	if err != nil {
		return nil, err
	}
	answer, err := ledger.Evaluate(ctx, api.GetRecordsTx, argument)
	if err != nil {
		return nil, err
	}
	var stored api.StoredRecords
	if err := json.Unmarshal(answer, &stored); err != nil {
		return nil, err
	}
	if len(stored.Records) != len(keys) {
		return nil, fmt.Errorf("asked for %d records, got %d", len(keys), len(stored.Records))
	}
	return stored.Records, nil
}

// differs compares one record; written is the block of the last write that the
// read model knows of.
func (m *Model) differs(ctx context.Context, tx *sql.Tx, stored api.StoredRecord) (written uint64, differs string, err error) {
	var document []byte
	var block int64
	err = tx.QueryRowContext(ctx, m.store.sql(`SELECT document, block FROM (SELECT document, block, number FROM ledger_records WHERE "key" = ?
		UNION ALL SELECT document, block, number FROM ledger_versions WHERE "key" = ? AND document IS NULL) w ORDER BY block DESC, number DESC LIMIT 1`), stored.Key, stored.Key).
		Scan(&document, &block)
	if errors.Is(err, sql.ErrNoRows) {
		document, err = nil, nil
	}
	switch {
	case err != nil:
		return 0, "", err
	case document == nil && stored.Found:
		return uint64(block), onlyLedger, nil
	case document == nil:
		return uint64(block), "", nil
	case !stored.Found:
		return uint64(block), onlyModel, nil
	case !sameDocument(document, []byte(stored.Document)):
		return uint64(block), otherDocument, nil
	}
	same, err := m.sameRows(ctx, tx, stored.Key, document)
	if err == nil && !same {
		differs = otherRows
	}
	return uint64(block), differs, err
}

// sameDocument: a peer whose state database is CouchDB gives the members of an
// object back in another order.
func sameDocument(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, errX := inOrder(a)
	y, errY := inOrder(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

func inOrder(document []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return json.Marshal(v)
}

// sameRows makes the rows anew and compares them with those of the tables.
func (m *Model) sameRows(ctx context.Context, tx *sql.Tx, key string, document []byte) (bool, error) {
	kind, attributes, ok := catalogue.ParseKeyText(key)
	if !ok {
		return false, nil
	}
	c := change{stamp: new(stamp), record: catalogue.Record{ID: key, Kind: kind, Attributes: attributes, Document: document}}
	c.read() // what is parked has no rows
	for _, made := range entitiesOf[kind] {
		e, _ := catalogue.Find(made.Name)
		want := sha256.New()
		for _, r := range c.rows[made.Name] {
			for i, v := range r {
				if i == 0 || i > 5 { // the row's name and its fields
					fmt.Fprintf(want, "%q;", plain(v, i > 5 && e.Fields[i-6].Type == catalogue.Texts))
				}
			}
		}
		got, err := m.rowsOf(ctx, tx, e, key)
		if err != nil || hex.EncodeToString(want.Sum(nil)) != got {
			return false, err
		}
	}
	return true, nil
}

func (m *Model) rowsOf(ctx context.Context, tx *sql.Tx, e catalogue.Entity, key string) (string, error) {
	names := []string{catalogue.RowColumn}
	for _, f := range e.Fields {
		names = append(names, f.Column())
	}
	rows, err := tx.QueryContext(ctx, m.store.sql(`SELECT `+quoted(names)+` FROM `+Quote(e.Table())+` WHERE `+keyColumn(e)+` = ? ORDER BY `+Quote(catalogue.RowColumn)), key)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h := sha256.New()
	values, into := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		for i, v := range values {
			fmt.Fprintf(h, "%q;", plain(v, i > 0 && e.Fields[i-1].Type == catalogue.Texts))
		}
	}
	return hex.EncodeToString(h.Sum(nil)), rows.Err()
}

// Sample holds a few records against the ledger at every interval, until ctx ends:
// it goes through all of them, and begins anew when it is through. A difference is
// logged and told to the observer; it is for a person to look at.
func (m *Model) Sample(ctx context.Context, ledger Ledger, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	after := m.somewhere()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		next, err := m.sample(ctx, ledger, after)
		if err != nil {
			if ctx.Err() == nil && !errors.Is(err, ErrBehind) { // which the height says already
				m.config.Log.Warn("the read model could not be held against the ledger", "error", err)
			}
			continue
		}
		after = next
	}
}

// somewhere is where sampling begins: a process that is started again and again
// must not look at the same records for ever.
func (m *Model) somewhere() string {
	all := catalogue.Entities()
	return all[rand.IntN(len(all))].Kind
}

func (m *Model) sample(ctx context.Context, ledger Ledger, after string) (next string, err error) {
	const some = 16
	rows, err := m.store.reader.QueryContext(ctx, m.store.sql(`SELECT "key" FROM ledger_records WHERE "key" > ? ORDER BY "key" LIMIT ?`), after, some)
	if err != nil {
		return after, err
	}
	defer rows.Close()
	var keys []string
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			return after, err
		}
		if kind, _, ok := catalogue.ParseKeyText(key); ok && len(catalogue.OfKind(kind)) > 0 {
			keys = append(keys, key)
		}
		next = key
	}
	if err := rows.Err(); err != nil {
		return after, err
	}
	if len(keys) == 0 {
		return next, nil
	}
	verdicts, err := m.Verify(ctx, ledger, keys)
	if err != nil {
		return after, err
	}
	m.judge(verdicts)
	return next, nil
}

func (m *Model) judge(verdicts []Verdict) {
	differ := 0
	for _, v := range verdicts {
		if v.Differs != "" {
			differ++
			m.config.Log.Error("the read model differs from the ledger", "key", v.Key, "what", v.Differs, "ledgerSha256", v.SHA256)
		}
	}
	if m.config.Observer.Sampled != nil {
		m.config.Observer.Sampled(len(verdicts), differ)
	}
}
