package projection

import (
	"context"
	"database/sql"
	"errors"
	"testing"
)

// TestTwoReleasesDoNotFillOneReadModel: once a program of another form has made the
// tables anew, this one neither writes its rows into them nor answers from them, and
// looking alone makes nothing anew.
func TestTwoReleasesDoNotFillOneReadModel(t *testing.T) {
	blocks := story(t)[:20]
	onBoth(t, func(t *testing.T, fresh func() Config) {
		c := fresh()
		m := open(t, c)
		if err := m.Apply(t.Context(), blocks[:10]...); err != nil {
			t.Fatal(err)
		}
		view := func() error {
			return m.View(t.Context(), func(*sql.Tx, At) error { return nil })
		}
		if err := view(); err != nil {
			t.Fatal(err)
		}
		if err := m.store.write(t.Context(), func(ctx context.Context) error {
			return m.store.exec(ctx, `UPDATE read_model SET version = 'another'`)
		}); err != nil {
			t.Fatal(err)
		}
		if err := m.Apply(t.Context(), blocks[10:]...); !errors.Is(err, ErrOther) {
			t.Errorf("it writes: %v", err)
		}
		if err := view(); !errors.Is(err, ErrOther) || !errors.Is(err, ErrAway) {
			t.Errorf("it answers: %v", err)
		}
		c.Made = true
		if _, err := Open(t.Context(), c); !errors.Is(err, ErrOther) {
			t.Errorf("it is looked at: %v", err)
		}
		var height int
		if err := m.DB().QueryRowContext(t.Context(), `SELECT height FROM read_model`).Scan(&height); err != nil || height != 10 {
			t.Errorf("height %d, %v", height, err)
		}
		if err := m.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := view(); err != nil {
			t.Errorf("it does not answer from what it has made itself: %v", err)
		}
	})
}
