package projection

import (
	"context"
	"encoding/json"
	"hash/maphash"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// intervals leads the derivations on: their states are read, moved and put back.
func (s *store) intervals(ctx context.Context, b *batch) error {
	lists := s.atOnce()
	for i := range intervals {
		d := &intervals[i]
		e, ok := catalogue.Find(d.entity)
		if !ok {
			continue
		}
		var all errgroup.Group
		all.SetLimit(lists)
		for _, moves := range b.movesOf(d, lists) {
			all.Go(func() error {
				states, err := s.states(ctx, d.entity, moves)
				if err != nil {
					return err
				}
				return s.move(ctx, e, moves, states)
			})
		}
		if err := all.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// atOnce is how many things may be done at the same time: one with the database's connection.
func (s *store) atOnce() int {
	if s.collected == nil {
		return 1
	}
	return runtime.GOMAXPROCS(0)
}

// movesOf are those that a derivation follows, in so many lists, none empty: a
// subject's are all in one, in order.
func (b *batch) movesOf(d *interval, lists int) [][]*move {
	all, seed := make([][]*move, lists), maphash.MakeSeed()
	for i := range b.moves {
		m := &b.moves[i]
		if parked := b.newest(m) && m.of.problem != ""; m.says && m.of.interval == d && !parked {
			at := maphash.String(seed, m.subject) % uint64(lists)
			all[at] = append(all[at], m)
		}
	}
	return slices.DeleteFunc(all, func(of []*move) bool { return len(of) == 0 })
}

// states reads what is remembered of the subjects of some moves.
func (s *store) states(ctx context.Context, entity string, moves []*move) (map[string]*state, error) {
	states := make(map[string]*state)
	var subjects []string
	for _, m := range moves {
		if states[m.subject] == nil {
			states[m.subject] = new(state)
			subjects = append(subjects, m.subject)
		}
	}
	text := `SELECT subject, state FROM derived_state WHERE entity = '` + entity + `' AND subject IN `
	return states, s.among(ctx, text, subjects, func(scan func(...any) error) error {
		var subject, encoded string
		if err := scan(&subject, &encoded); err != nil {
			return err
		}
		return json.Unmarshal([]byte(encoded), states[subject])
	})
}

// move leads the states of one entity's subjects on and writes rows and states.
func (s *store) move(ctx context.Context, e catalogue.Entity, moves []*move, states map[string]*state) error {
	rows, at := make([][]any, 0, len(moves)), make(map[string]int, len(moves)) // by the row's name
	for _, m := range moves {
		for _, r := range states[m.subject].move(e, *m) {
			row := rowOf(r.stamp, r.key, r.row)
			if before, ok := at[r.row.ID]; ok {
				rows[before] = row
				continue
			}
			at[r.row.ID], rows = len(rows), append(rows, row)
		}
	}
	if err := s.upsert(ctx, e.Table(), rows); err != nil {
		return err
	}
	return s.remember(ctx, e.Name, states)
}

func (s *store) remember(ctx context.Context, entity string, states map[string]*state) error {
	rows, as := make([][]any, 0, len(states)), stateText{}
	for subject, state := range states {
		if !state.moved {
			continue
		}
		text, err := as.of(state)
		if err != nil {
			return err
		}
		rows = append(rows, []any{entity, subject, text})
	}
	return s.upsert(ctx, stateTable, rows)
}
