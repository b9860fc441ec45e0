package projection

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// After a first replay the file is on the disk when its model is closed, and nothing says otherwise.
func TestAFirstReplaySettles(t *testing.T) {
	c := coldConfig(t)
	m, built := seeded(t, c, coldBlocks)
	if err := m.Close(); err != nil || !built {
		t.Fatal(built, err)
	}
	if _, err := os.Stat(c.SQLite + unsettled); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a note: %v", err)
	}
}

// A file is believed unless the machine may have stopped before it was on the disk;
// then it is put aside, and the next replay gives the same as the first.
func TestAFileThatMayNotHaveReachedTheDisk(t *testing.T) {
	for _, c := range []struct {
		name, note   string
		tool         bool // it is opened by somebody who only asks
		height       uint64
		left, refuse bool // the note; the file
	}{
		{"its process was killed", thisStart(), false, coldBlocks, false, false},
		{"somebody asks meanwhile", thisStart(), true, coldBlocks, true, false},
		{"the machine was started again", "another start", false, 0, false, false},
		{"the machine was started again, and somebody asks", "another start", true, 0, true, true},
		{"the machine does not tell", "", false, 0, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			conf := coldConfig(t)
			m, _ := seeded(t, conf, coldBlocks)
			want := sums(t, m, coldBlocks)
			if err := errors.Join(m.Close(), os.WriteFile(conf.SQLite+unsettled, []byte(c.note), 0o600)); err != nil {
				t.Fatal(err)
			}
			conf.Made = c.tool
			again, err := Open(t.Context(), conf)
			if c.refuse != errors.Is(err, errUnsettled) || !c.refuse && err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(conf.SQLite + unsettled); c.left != (err == nil) {
				t.Errorf("the note: %v", err)
			}
			if c.refuse {
				return
			}
			t.Cleanup(func() { _ = again.Close() })
			if h := again.Height(); h != c.height {
				t.Fatalf("it has %d blocks", h)
			}
			if c.tool {
				return
			}
			running(t, again, newPeer(story(t)[:coldBlocks]...))
			await(t, again, coldBlocks)
			if diff := cmp.Diff(want, sums(t, again, coldBlocks)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A note whose file is gone says nothing about the next file.
func TestANoteOfAFileThatIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gone.db")
	if err := os.WriteFile(path+unsettled, []byte("another start"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := open(t, Config{SQLite: path, Log: slog.New(slog.DiscardHandler)}).Close(); err != nil {
			t.Fatal(err)
		}
	}
	if found, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); err != nil || len(found) != 1 {
		t.Errorf("%v %v", found, err)
	}
}
