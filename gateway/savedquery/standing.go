package savedquery

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// share is the part of the time that is spent on what stands: a quarter at most.
const share = 4

// Run looks at what stands whenever there are blocks, or a question is saved, until ctx ends. Followers end with it.
func (s *Store) Run(ctx context.Context, q Questions, m Model) error {
	defer close(s.ended)
	for {
		_, moved := m.Changed()
		began := time.Now()
		if err := s.Look(ctx, q); err != nil && ctx.Err() == nil {
			s.config.Log.Error("standing questions", "error", err)
		}
		if !pause(ctx, max(s.config.Pause, (share-1)*time.Since(began))) {
			return nil
		}
		timer := time.NewTimer(s.config.Every)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-moved:
		case <-s.saved:
		case <-timer.C:
		}
		timer.Stop()
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// Look answers everything that stands once, and writes down what is new.
func (s *Store) Look(ctx context.Context, q Questions) error {
	all, err := s.list(ctx, true)
	if err != nil {
		return err
	}
	for _, k := range all {
		if err := s.look(ctx, k, q); err != nil {
			return err
		}
	}
	return nil
}

// look answers one question. That it cannot be answered is noted with it, and is no failure.
func (s *Store) look(ctx context.Context, k kept, questions Questions) error {
	q, err := k.Question.Question(k.Entity)
	if err != nil {
		return s.note(ctx, k, fault.From(err).Code)
	}
	q = filter.Question{Entity: q.Entity, Filter: q.Filter, Fields: q.Fields}
	page, err := questions.All(ctx, q, MaxMatches)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.config.Log.Warn("a standing question cannot be answered", "name", k.Name, "error", err)
		return s.note(ctx, k, fault.From(err).Code)
	}
	grew, err := s.settle(ctx, k, page)
	if grew {
		s.mu.Lock()
		close(s.appended)
		s.appended = make(chan struct{})
		s.mu.Unlock()
	}
	return err
}

func (s *Store) note(ctx context.Context, k kept, code fault.Code) error {
	_, err := s.db.ExecContext(ctx, s.bind(`UPDATE saved_queries SET problem = ? WHERE organisation = ? AND name = ? AND revision = ?`), string(code), s.config.Organisation, k.Name, k.revision)
	return err
}

// settle writes down, in one SQL transaction, what meets the question now and did
// not before, and forgets what no longer does, so that it can be new again. What
// meets it at the first look is not new.
func (s *Store) settle(ctx context.Context, k kept, page query.Page) (grew bool, err error) {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback() }()
	now, err := s.lock(ctx, tx, k.Name)
	if fault.Is(err, fault.CodeSavedQueryUnknown) {
		return false, nil // it was deleted meanwhile
	}
	if err != nil || now.revision != k.revision || now.Height > page.Height {
		return false, err // it was changed meanwhile, or another gateway has seen more
	}
	met, err := s.met(ctx, tx, k.Name)
	if err != nil {
		return false, err
	}
	number := now.LastMatch
	for _, row := range page.Items {
		if met[row.ID] {
			delete(met, row.ID)
			continue
		}
		if now.looked {
			number++
		}
		if err := s.begin(ctx, tx, now, row, number, page.Height); err != nil {
			return false, err
		}
	}
	return number > now.LastMatch, s.finish(ctx, tx, k.Name, met, number, page.Height)
}

// lock reads a question and keeps others from it; in SQLite the transaction does.
func (s *Store) lock(ctx context.Context, tx *sql.Tx, name string) (kept, error) {
	text := `SELECT ` + columns + ` FROM saved_queries WHERE organisation = ? AND name = ?`
	if s.dialect == projection.Postgres {
		text += ` FOR UPDATE`
	}
	return scan(tx.QueryRowContext(ctx, s.bind(text), s.config.Organisation, name))
}

// met are the rows that have met a question.
func (s *Store) met(ctx context.Context, tx *sql.Tx, name string) (map[string]bool, error) {
	rows, err := tx.QueryContext(ctx, s.bind(`SELECT row_id FROM saved_met WHERE organisation = ? AND name = ?`), s.config.Organisation, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	met := make(map[string]bool)
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		met[id] = true
	}
	return met, rows.Err()
}

// begin writes down that a row meets a question from now on.
func (s *Store) begin(ctx context.Context, tx *sql.Tx, k kept, row query.Row, number, height uint64) error {
	o := s.config.Organisation
	if _, err := tx.ExecContext(ctx, s.bind(`INSERT INTO saved_met (organisation, name, row_id) VALUES (?, ?, ?)`), o, k.Name, row.ID); err != nil || !k.looked {
		return err
	}
	answer, err := json.Marshal(row)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, s.bind(`INSERT INTO saved_matches (organisation, name, number, height, at, answer) VALUES (?, ?, ?, ?, ?, ?)`),
		o, k.Name, int64(number), int64(height), string(measure.TimeOf(s.config.Now())), string(answer))
	return err
}

// finish forgets the rows that no longer meet the question, and matches that are too old to be kept.
func (s *Store) finish(ctx context.Context, tx *sql.Tx, name string, gone map[string]bool, number, height uint64) error {
	o := s.config.Organisation
	for id := range gone {
		if _, err := tx.ExecContext(ctx, s.bind(`DELETE FROM saved_met WHERE organisation = ? AND name = ? AND row_id = ?`), o, name, id); err != nil {
			return err
		}
	}
	if _, err := tx.ExecContext(ctx, s.bind(`DELETE FROM saved_matches WHERE organisation = ? AND name = ? AND number <= ?`), o, name, int64(number)-MaxKept); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, s.bind(`UPDATE saved_queries SET looked = TRUE, problem = '', height = ?, last_match = ? WHERE organisation = ? AND name = ?`), int64(height), int64(number), o, name)
	if err != nil {
		return err
	}
	return tx.Commit()
}
