package projection

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// Checksums gives the height, and for each table how many rows it has and a hash
// over all of them. Two read models of one chain and one height have the same,
// whatever database they are in and however they came to be.
func (m *Model) Checksums(ctx context.Context) (height uint64, sums map[string]string, err error) {
	sums = make(map[string]string)
	err = m.View(ctx, func(tx *sql.Tx, at At) error {
		height = at.Height
		for _, t := range m.store.tables {
			sum, err := t.checksum(ctx, tx)
			if err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
			sums[t.name] = sum
		}
		return nil
	})
	return height, sums, err
}

func (t table) checksum(ctx context.Context, tx *sql.Tx) (string, error) {
	var names []string
	lists := make(map[string]bool)
	for _, c := range t.columns {
		if !strings.Contains(" "+strings.Join(t.local, " ")+" ", " "+c.name+" ") {
			names = append(names, c.name)
		}
		lists[c.name] = c.kind == "JSONB"
	}
	rows, err := tx.QueryContext(ctx, "SELECT "+quoted(names)+" FROM "+Quote(t.name)+" ORDER BY "+quoted(t.key))
	if err != nil {
		return "", err
	}
	defer rows.Close()
	h, n := sha256.New(), 0
	values := make([]any, len(names))
	for rows.Next() {
		into := make([]any, len(names))
		for i := range values {
			values[i] = nil
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return "", err
		}
		for i, v := range values {
			fmt.Fprintf(h, "%q;", plain(v, lists[names[i]]))
		}
		n++
	}
	return fmt.Sprintf("%d:%s", n, hex.EncodeToString(h.Sum(nil)[:12])), rows.Err()
}

// plain is a value in the same form from both databases.
func plain(v any, list bool) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case []byte:
		if list {
			return plain(string(v), true)
		}
		return string(v)
	case string:
		var texts []string
		if list && json.Unmarshal([]byte(v), &texts) == nil {
			again, _ := json.Marshal(texts) // PostgreSQL writes blanks between elements
			return string(again)
		}
		return v
	case bool:
		if v {
			return "1"
		}
		return "0"
	default:
		return fmt.Sprint(v)
	}
}

// rowColumn is used by those who read rows by name.
var rowColumn = Quote(catalogue.RowColumn)
