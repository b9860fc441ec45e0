package savedquery

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// Match is one row that began to meet a standing question.
type Match struct {
	Number uint64          `json:"number"` // of this question, from 1
	Height uint64          `json:"height"` // of the ledger, when it was seen
	At     measure.Time    `json:"at"`
	Row    json.RawMessage `json:"row"`
}

// Follower is told what happens to a standing question, in order.
type Follower interface {
	// Begun is called first, once the question is found and stands.
	Begun() error
	// Matched is told of each match.
	Matched(m Match) error
	// Missed says that matches up to this number are no longer kept.
	Missed(upTo uint64) error
	// Quiet is called when nothing has happened for a while, so that a connection which is gone is noticed.
	Quiet() error
}

// What ends following beside the follower's own errors.
var (
	ErrChanged = errors.New("the question was changed or deleted")
	ErrEnding  = errors.New("the gateway is ending")
)

const (
	atOnce = 200              // matches that are read at once
	quiet  = 15 * time.Second // after which a follower is called nevertheless
	poll   = 5 * time.Second  // another gateway may have written something down
)

// Follow tells a follower of the matches behind a number, those that are kept and
// those to come; without one, of those to come. It ends with an error only.
func (s *Store) Follow(ctx context.Context, name string, after *uint64, f Follower) error {
	k, err := s.find(ctx, s.db, name)
	if err != nil {
		return err
	}
	if !k.Standing {
		return fault.New(fault.CodeSavedQueryStanding, "%s does not stand", name).With("name", name)
	}
	if err := f.Begun(); err != nil {
		return err
	}
	at := k.LastMatch
	if after != nil {
		if at = *after; at > k.LastMatch { // of a database that is lost
			at = 0
			if err := f.Missed(0); err != nil {
				return err
			}
		}
	}
	last := time.Now()
	for {
		appended := s.whenAppended()
		n, err := s.tell(ctx, k, &at, f)
		if err != nil {
			return err
		}
		switch {
		case n > 0:
			last = time.Now()
			continue
		case time.Since(last) >= quiet:
			last = time.Now()
			if err := f.Quiet(); err != nil {
				return err
			}
		}
		if err := s.await(ctx, appended); err != nil {
			return err
		}
	}
}

func (s *Store) whenAppended() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.appended
}

func (s *Store) await(ctx context.Context, appended <-chan struct{}) error {
	timer := time.NewTimer(poll)
	defer timer.Stop()
	select {
	case <-appended:
	case <-timer.C:
	case <-s.ended:
		return ErrEnding
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// tell gives the matches behind a number to the follower, and moves the number on.
func (s *Store) tell(ctx context.Context, k kept, at *uint64, f Follower) (n int, err error) {
	now, err := s.find(ctx, s.db, k.Name)
	if fault.Is(err, fault.CodeSavedQueryUnknown) || err == nil && now.revision != k.revision {
		return 0, ErrChanged
	}
	if err != nil {
		return 0, err
	}
	matches, err := s.matches(ctx, k.Name, *at)
	if err != nil {
		return 0, err
	}
	for _, m := range matches {
		if m.Number > *at+1 {
			if err := f.Missed(m.Number - 1); err != nil {
				return n, err
			}
		}
		if err := f.Matched(m); err != nil {
			return n, err
		}
		*at = m.Number
		n++
	}
	return n, nil
}

func (s *Store) matches(ctx context.Context, name string, after uint64) (all []Match, err error) {
	rows, err := s.db.QueryContext(ctx, s.bind(`SELECT number, height, at, answer FROM saved_matches WHERE organisation = ? AND name = ? AND number > ? ORDER BY number LIMIT ?`),
		s.config.Organisation, name, int64(min(after, 1<<62)), atOnce)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var m Match
		var number, height int64
		var answer string
		if err := rows.Scan(&number, &height, &m.At, &answer); err != nil {
			return nil, err
		}
		m.Number, m.Height, m.Row = uint64(number), uint64(height), json.RawMessage(answer)
		all = append(all, m)
	}
	return all, rows.Err()
}
