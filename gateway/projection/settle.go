package projection

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A first replay does not wait until its file is on the disk: a note beside the file
// says so long, since which start of the machine, that it may not be. A process that
// is killed changes nothing about what the machine goes on to write; but after another
// start of it nobody can tell whether the file is whole, and it is made anew.
const unsettled = ".unsettled"

var errUnsettled = errors.New("the machine stopped before the read model's file was surely on the disk")

// thisStart names the time since the machine was started; "": it does not tell.
var thisStart = func() string {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(id))
}

// unsettle makes the note, before the file is changed.
func unsettle(file string) error {
	if err := os.WriteFile(file+unsettled, []byte(thisStart()), 0o600); err != nil {
		return err
	}
	return errors.Join(synced(file+unsettled), synced(filepath.Dir(file)))
}

// settle waits for the disk and takes the note away.
func settle(file string) error {
	if err := errors.Join(synced(file), synced(filepath.Dir(file))); err != nil {
		return err
	}
	return gone(file + unsettled)
}

// gone removes a file, unless somebody else has.
func gone(path string) error {
	if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// believe looks at the note of a file that is to be opened, if it has one; owner: by
// the one process that writes it.
func believe(path string, owner bool) error {
	file, err := filepath.EvalSymlinks(path)
	if errors.Is(err, fs.ErrNotExist) {
		file = path
	} else if err != nil {
		return err
	}
	note, noErr := os.ReadFile(file + unsettled)
	switch {
	case errors.Is(noErr, fs.ErrNotExist):
		return nil
	case noErr != nil:
		return noErr
	case err == nil && (len(note) == 0 || string(note) != thisStart()):
		return errUnsettled
	case !owner:
		return nil
	case err != nil: // of a file that is no more
		return gone(file + unsettled)
	}
	return settle(file)
}

// synced makes sure that a file or directory stays as it is if the machine fails.
func synced(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
