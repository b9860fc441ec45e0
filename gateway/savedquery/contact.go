package savedquery

import (
	"context"
	"database/sql"
	"errors"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Contact is the organisation's own name for somebody or something on the ledger,
// so that nobody has to remember keys and numbers (ID13). One thing may have
// several names. It is nobody else's business, and never on the ledger.
type Contact struct {
	Name      string       `json:"name"`
	Kind      string       `json:"kind"` // organisation, credential, device, component or key
	ID        string       `json:"id"`
	Note      string       `json:"note,omitempty"`
	SavedBy   string       `json:"savedBy"`
	ChangedAt measure.Time `json:"changedAt"`
}

// Contacts gives the contacts with this id, or all of them if it is "", by name.
func (s *Store) Contacts(ctx context.Context, id string) ([]Contact, error) {
	rows, err := s.db.QueryContext(ctx, s.bind(`SELECT name, kind, id, note, saved_by, changed_at FROM contacts WHERE organisation = ? AND (CAST(? AS TEXT) = '' OR id = ?) ORDER BY name`),
		s.config.Organisation, id, id)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	all := []Contact{}
	for rows.Next() {
		var c Contact
		if err := rows.Scan(&c.Name, &c.Kind, &c.ID, &c.Note, &c.SavedBy, &c.ChangedAt); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, rows.Err()
}

// Contact gives what is meant by a name.
func (s *Store) Contact(ctx context.Context, name string) (c Contact, err error) {
	err = s.db.QueryRowContext(ctx, s.bind(`SELECT name, kind, id, note, saved_by, changed_at FROM contacts WHERE organisation = ? AND name = ?`), s.config.Organisation, name).
		Scan(&c.Name, &c.Kind, &c.ID, &c.Note, &c.SavedBy, &c.ChangedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return c, fault.New(fault.CodeContactUnknown, "the contact book has nothing under this name")
	}
	return c, err
}

// PutContact names something, in the place of what had the name before.
func (s *Store) PutContact(ctx context.Context, c Contact) (Contact, error) {
	c.ChangedAt = measure.TimeOf(s.config.Now())
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return c, err
	}
	defer func() { _ = tx.Rollback() }()
	var others int
	if err := tx.QueryRowContext(ctx, s.bind(`SELECT count(*) FROM contacts WHERE organisation = ? AND name <> ?`), s.config.Organisation, c.Name).Scan(&others); err != nil {
		return c, err
	}
	if others >= MaxContacts {
		return c, fault.New(fault.CodeContactsMany, "a contact book has %d entries at most", MaxContacts)
	}
	_, err = tx.ExecContext(ctx, s.bind(`INSERT INTO contacts (organisation, name, kind, id, note, saved_by, changed_at) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (organisation, name) DO UPDATE SET kind = excluded.kind, id = excluded.id, note = excluded.note, saved_by = excluded.saved_by, changed_at = excluded.changed_at`),
		s.config.Organisation, c.Name, c.Kind, c.ID, c.Note, c.SavedBy, string(c.ChangedAt))
	if err != nil {
		return c, err
	}
	return c, tx.Commit()
}

// DeleteContact forgets a name.
func (s *Store) DeleteContact(ctx context.Context, name string) error {
	r, err := s.db.ExecContext(ctx, s.bind(`DELETE FROM contacts WHERE organisation = ? AND name = ?`), s.config.Organisation, name)
	if err != nil {
		return err
	}
	if n, err := r.RowsAffected(); err != nil || n > 0 {
		return err
	}
	return fault.New(fault.CodeContactUnknown, "the contact book has nothing under this name")
}
