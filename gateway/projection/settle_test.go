package projection

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
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

// A file that cannot be put aside is not believed the next time either.
func TestAFileThatCannotBePutAside(t *testing.T) {
	c := coldConfig(t)
	m, _ := seeded(t, c, coldBlocks)
	aside := strings.TrimSuffix(c.SQLite, ".db") + ".damaged"
	if err := errors.Join(m.Close(), os.WriteFile(c.SQLite+unsettled, []byte("another start"), 0o600), os.MkdirAll(filepath.Join(aside, "full"), 0o700)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if m, err := Open(t.Context(), c); err == nil {
			t.Fatal("it was opened", m.Close())
		}
	}
	if err := os.RemoveAll(aside); err != nil {
		t.Fatal(err)
	}
	if h := open(t, c).Height(); h != 0 {
		t.Errorf("it has %d blocks", h)
	}
}

// What a link leads to is put aside, and made anew where it was.
func TestALinkStaysWhenItsFileIsPutAside(t *testing.T) {
	c := coldConfig(t)
	real := filepath.Join(t.TempDir(), "real.db")
	if err := os.Symlink(real, c.SQLite); err != nil {
		t.Fatal(err)
	}
	m, _ := seeded(t, c, coldBlocks)
	if err := errors.Join(m.Close(), os.WriteFile(real+unsettled, []byte("another start"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if h := open(t, c).Height(); h != 0 {
		t.Errorf("it has %d blocks", h)
	}
	for path, want := range map[string]fs.FileMode{c.SQLite: fs.ModeSymlink, real: 0, strings.TrimSuffix(real, ".db") + ".damaged": 0} {
		if info, err := os.Lstat(path); err != nil || info.Mode().Type() != want {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(real + unsettled); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a note: %v", err)
	}
}

// SQLite's locks are those of the process: they outlive what settles the file.
func TestSettlingKeepsSQLitesLocks(t *testing.T) {
	c := coldConfig(t)
	m, built := seeded(t, c, coldBlocks)
	m.store.settling.Wait()
	if !built || len(m.store.held) != 1 {
		t.Fatal(built, m.store.held)
	}
	locked := func() bool {
		var h int
		if err := m.DB().QueryRowContext(t.Context(), `SELECT height FROM read_model`).Scan(&h); err != nil { // so that somebody has it open
			t.Fatal(err)
		}
		info, err := os.Stat(c.SQLite)
		if err != nil {
			t.Fatal(err)
		}
		all, err := os.ReadFile("/proc/locks")
		if err != nil {
			t.Skip("the machine does not tell of locks: ", err)
		}
		return regexp.MustCompile(fmt.Sprintf(`POSIX +ADVISORY +READ +%d [^ ]*:%d `, os.Getpid(), info.Sys().(*syscall.Stat_t).Ino)).Match(all)
	}
	if !locked() {
		t.Fatal("there is no lock")
	}
	open, err := settle(c.SQLite)
	if err != nil || !locked() {
		t.Errorf("locked %v, %v", locked(), err)
	}
	if err := open.Close(); err != nil || locked() {
		t.Errorf("locked %v after the file was closed, %v: this test proves nothing", locked(), err)
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

// Where a process was killed between taking the empty file away and putting the whole
// one in its place, those who could not read it still cannot.
func TestAFileThatWasTakenAwayRemains(t *testing.T) {
	c := coldConfig(t)
	if err := open(t, c).Close(); err != nil {
		t.Fatal(err)
	}
	err := errors.Join(os.Chmod(c.SQLite, 0o600), unsettle(c.SQLite), os.Rename(c.SQLite, c.SQLite+".new-X"+emptied), os.WriteFile(c.SQLite+".new-X", []byte("whole"), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	m, built := seeded(t, c, len(story(t)))
	info, err := os.Stat(c.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	if !built || info.Mode().Perm() != 0o600 {
		t.Errorf("built beside: %v; permissions %v", built, info.Mode().Perm())
	}
	sound(t, m)
	if left, err := filepath.Glob(c.SQLite + ".new-*"); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}
