package projection

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func coldConfig(t *testing.T) Config {
	return Config{SQLite: filepath.Join(t.TempDir(), "cold.db"), Log: slog.New(slog.DiscardHandler), Pause: time.Millisecond}
}

// seeded is a first replay of some blocks, and whether it was built beside.
func seeded(t *testing.T, c Config, blocks int) (m *Model, built bool) {
	t.Helper()
	var said strings.Builder
	c.Log = slog.New(slog.NewTextHandler(&said, nil))
	all := story(t)
	m = open(t, c)
	stop := running(t, m, newPeer(all[:blocks]...))
	await(t, m, uint64(blocks))
	stop()
	return m, !strings.Contains(said.String(), "slower way")
}

// A first replay that is built beside gives the tables and indexes that statements
// give, in a file to which SQLite has no objection, and blocks go on being applied to it.
func TestAFirstReplayIsBuiltBeside(t *testing.T) {
	blocks := story(t)
	if len(blocks) < 3*history {
		t.Fatalf("%d blocks are too few", len(blocks))
	}
	for _, first := range []int{len(blocks), len(blocks) - 100, coldBlocks} {
		t.Run(fmt.Sprint(first, " blocks"), func(t *testing.T) {
			m, built := seeded(t, coldConfig(t), first)
			if !built {
				t.Fatal("it was not built beside")
			}
			sound(t, m)
			tables := indexed(t, m)
			if err := m.Index(t.Context()); err != nil {
				t.Fatal(err)
			}
			if again := indexed(t, m); tables == 0 || again != tables {
				t.Errorf("%d tables had indexes, then %d", tables, again)
			}
			if first < len(blocks) {
				if err := m.Apply(t.Context(), blocks[first:]...); err != nil {
					t.Fatal(err)
				}
				sound(t, m)
			}
			if diff := cmp.Diff(replayed(t, coldConfig(t), blocks), sums(t, m, uint64(len(blocks)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a model held before it was made anew takes no room in its file, and neither its
// rows nor what has come since are lost when the whole file is the one that is there.
func TestAModelMadeAnewIsAsLargeAsANewOne(t *testing.T) {
	blocks := story(t)
	c := coldConfig(t)
	size := func() int64 {
		info, err := os.Stat(c.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	m, built := seeded(t, c, len(blocks))
	if !built {
		t.Fatal("it was not built beside")
	}
	first := size()
	for range 2 {
		if err := m.Rebuild(t.Context(), newPeer(blocks...), func(Progress) {}); err != nil {
			t.Fatal(err)
		}
		sound(t, m)
		if again := size(); again > first*11/10 {
			t.Errorf("the file has %d bytes, and %d when it was new", again, first)
		}
	}
	if diff := cmp.Diff(replayed(t, coldConfig(t), blocks), sums(t, m, uint64(len(blocks)))); diff != "" {
		t.Error(diff)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(replayed(t, coldConfig(t), blocks), sums(t, open(t, c), uint64(len(blocks)))); diff != "" {
		t.Error(diff)
	}
}

// While it is being built a file is nobody else's to read, whatever was there before.
func TestWhatIsBuiltBesideIsNobodyElsesToRead(t *testing.T) {
	m, _ := seeded(t, coldConfig(t), len(story(t)))
	for name, at := range map[string]*Model{"of a new model": open(t, coldConfig(t)), "of one that held something": m} {
		if err := at.Reset(t.Context()); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "beside")
		if err := at.store.copyTo(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 || info.Size() == 0 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// A file that is on another volume, by way of a link, stays there, for those who could read it.
func TestAFileStaysWhereItIsWhenItIsExchanged(t *testing.T) {
	c := coldConfig(t)
	target := filepath.Join(t.TempDir(), "real.db")
	if err := open(t, Config{SQLite: target, Log: c.Log}).Close(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(target, c.SQLite), os.Chmod(target, 0o600)); err != nil {
		t.Fatal(err)
	}
	m, built := seeded(t, c, coldBlocks)
	link, err := os.Lstat(c.SQLite)
	if err != nil || !built || link.Mode().Type() != fs.ModeSymlink {
		t.Fatalf("built %v, %v, %v", built, link.Mode(), err)
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(target); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if h := open(t, Config{SQLite: target, Log: c.Log}).Height(); h != coldBlocks {
		t.Errorf("it has %d blocks", h)
	}
}

// What the planner is told of the tables is what it would find out by itself.
func TestWhatIsBuiltBesideIsKnownToThePlanner(t *testing.T) {
	m, _ := seeded(t, coldConfig(t), len(story(t)))
	known := func() string {
		var all string
		if err := m.store.writer.QueryRow(`SELECT group_concat(tbl || ' ' || idx || ' ' || stat, char(10)) FROM (SELECT * FROM sqlite_stat1 ORDER BY 1, 2)`).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	told := known()
	if _, err := m.store.writer.Exec(`PRAGMA analysis_limit = 0; ANALYZE`); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(known(), "\n"), strings.Split(told, "\n")); diff != "" {
		t.Error(diff)
	}
}

// What memory has no room for is applied by statements, and gets its indexes then.
func TestAFirstReplayThatIsTooLargeForMemory(t *testing.T) {
	blocks := story(t)
	m := open(t, coldConfig(t))
	m.store.coldBytes = 100_000
	running(t, m, newPeer(blocks...))
	await(t, m, uint64(len(blocks)))
	deadline := time.Now().Add(time.Minute)
	for s, err := m.Status(t.Context()); !s.Indexed; s, err = m.Status(t.Context()) {
		if err != nil || time.Now().After(deadline) {
			t.Fatal("there are no indexes", err)
		}
		time.Sleep(time.Millisecond)
	}
	indexed(t, m)
	sound(t, m)
	if diff := cmp.Diff(replayed(t, coldConfig(t), blocks), sums(t, m, uint64(len(blocks)))); diff != "" {
		t.Error(diff)
	}
}

// Whoever reads while the file is exchanged sees nothing or everything; a file that
// another process has open is not exchanged, but filled by statements.
func TestAFileThatIsReadWhileItIsExchanged(t *testing.T) {
	blocks := story(t)
	want := replayed(t, coldConfig(t), blocks)
	t.Run("by many short questions", func(t *testing.T) {
		m := open(t, coldConfig(t))
		ctx, stop := context.WithCancel(t.Context())
		asked := make(chan error, 4)
		for range cap(asked) {
			go func() {
				for ctx.Err() == nil {
					err := m.View(context.WithoutCancel(ctx), func(tx *sql.Tx, at At) error {
						var n uint64
						if err := tx.QueryRow(`SELECT count(*) FROM ledger_blocks`).Scan(&n); err != nil || n != at.Height {
							return fmt.Errorf("%d blocks at height %d: %w", n, at.Height, errors.Join(err))
						}
						return nil
					})
					if err != nil {
						asked <- err
						return
					}
				}
				asked <- nil
			}()
		}
		running(t, m, newPeer(blocks...))
		await(t, m, uint64(len(blocks)))
		stop()
		for range cap(asked) {
			if err := <-asked; err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("by another process", func(t *testing.T) {
		c := coldConfig(t)
		if err := open(t, c).Close(); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite", c.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		var height int
		if err := tx.QueryRow(`SELECT height FROM read_model`).Scan(&height); err != nil {
			t.Fatal(err)
		}
		m, built := seeded(t, c, len(blocks))
		if built {
			t.Error("the file was exchanged")
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
		if err := db.QueryRow(`SELECT height FROM read_model`).Scan(&height); err != nil || height != len(blocks) {
			t.Errorf("the other process sees height %d: %v", height, err)
		}
	})
}

// A process that is killed while it builds leaves an empty model, or a whole one.
func TestAKilledBuildIsBegunAnew(t *testing.T) {
	blocks := story(t)
	chain := filepath.Join(t.TempDir(), "chain")
	writeChain(t, chain)
	c := coldConfig(t)
	random := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3))
	halves := 0
	for range kills {
		if err := os.Remove(c.SQLite); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		killedOnce(t, c, chain, len(blocks), random)
		if len(beside(t, c)) > 0 {
			halves++
		}
		m := open(t, c)
		if h := m.Height(); h > 0 {
			sound(t, m)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d were killed while they built", halves, kills)
	m := open(t, c)
	running(t, m, newPeer(blocks...))
	await(t, m, uint64(len(blocks)))
	sound(t, m)
	if diff := cmp.Diff(replayed(t, coldConfig(t), blocks), sums(t, m, uint64(len(blocks)))); diff != "" {
		t.Error(diff)
	}
	if left := beside(t, c); len(left) > 0 {
		t.Errorf("half a file is still there: %v", left)
	}
}

// killedOnce kills a process as soon as it builds, or a little later.
func killedOnce(t *testing.T, c Config, chain string, replay int, random *rand.Rand) {
	t.Helper()
	later := time.Duration(random.Int64N(int64(300 * time.Millisecond)))
	killedWhen(t, c, chain, replay, func() {
		for range 10_000 {
			if len(beside(t, c)) > 0 {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(later)
	})
}

func beside(t *testing.T, c Config) []string {
	t.Helper()
	files, err := filepath.Glob(c.SQLite + ".new-*")
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sound has SQLite check every page and every entry of every index.
func sound(t *testing.T, m *Model) {
	t.Helper()
	var answer string
	if err := m.DB().QueryRowContext(t.Context(), `PRAGMA integrity_check`).Scan(&answer); err != nil || answer != "ok" {
		t.Errorf("SQLite's check: %s %v", answer, err)
	}
}
