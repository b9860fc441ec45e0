package projection

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/lifeledger/lifeledger/gateway/durable"
)

// A first replay does not wait until its file is on the disk: a note beside the file
// says so long, since which start of the machine, that it may not be. A process that
// is killed changes nothing about what the machine goes on to write; but after another
// start of it nobody can tell whether the file is whole, and it is made anew.
const unsettled = ".unsettled"

var errUnsettled = errors.New("the machine stopped before the read model's file was surely on the disk")

// thisStart names the time since the machine was started; "": it does not tell.
func thisStart() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// unsettle makes the note, before the file is changed.
func unsettle(file string) error { return note(file, thisStart()) }

// note writes a note; an empty one is of no start at all. Whoever looks finds a whole one, or none.
func note(file, start string) error { return durable.Write(file+unsettled, []byte(start), 0o644) }

// settle waits for the disk and takes the note away. The file stays open: whoever
// closes one file of a process takes away the locks that SQLite has on it in that process.
func settle(file string) (open *os.File, err error) {
	if open, err = os.Open(file); err != nil {
		return nil, err
	}
	if err := errors.Join(open.Sync(), durable.Sync(filepath.Dir(file))); err != nil {
		return open, errors.Join(err, note(file, "")) // the machine says this only once
	}
	return open, gone(file + unsettled)
}

// believe looks at the note of a file that is to be opened, if it has one; owner: by
// the one process that writes it.
func believe(path string, owner bool) error {
	file := target(path)
	start, err := os.ReadFile(file + unsettled)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	_, err = os.Stat(file)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case err != nil && !missing:
		return err
	case !missing && (len(start) == 0 || string(start) != thisStart()):
		return errUnsettled
	case !owner:
		return nil
	case missing:
		return errors.Join(remain(file), gone(file+unsettled))
	}
	open, err := settle(file)
	if open != nil {
		err = errors.Join(err, open.Close()) // nothing of this process has it open yet
	}
	return err
}

// remain lets those read a file who could, where a process was killed when it had taken
// the empty one away and not yet put the whole one in its place.
func remain(file string) error {
	left, err := filepath.Glob(globbed.Replace(file) + ".new-*" + emptied)
	if err != nil || len(left) == 0 {
		return err
	}
	info, err := os.Stat(left[0])
	if err != nil {
		return err
	}
	anew, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(anew.Chmod(info.Mode().Perm()), anew.Close())
}

// target is the file that a link leads to, whether or not that is there.
func target(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	to, err := os.Readlink(path)
	switch {
	case err != nil:
		return path
	case filepath.IsAbs(to):
		return to
	}
	return filepath.Join(filepath.Dir(path), to)
}

// gone removes a file, unless somebody else has.
func gone(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
