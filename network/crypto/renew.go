package crypto

import (
	"errors"
	"io/fs"
	"os"
)

// Replace writes a directory of one identity anew and puts it in the place of the old
// one, so that nobody sees a certificate beside another one's key. What was there before
// is kept beside it, with the ending .old, until the next time.
func Replace(dir string, write func(dir string) error) error {
	if err := Recover(dir); err != nil {
		return err
	}
	fresh, old := dir+".new", dir+".old"
	if err := errors.Join(os.RemoveAll(fresh), os.RemoveAll(old)); err != nil {
		return err
	}
	if err := write(fresh); err != nil {
		return errors.Join(err, os.RemoveAll(fresh))
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	return os.Rename(fresh, dir)
}

// Recover undoes a replacement that was cut off between its two steps.
func Recover(dir string) error {
	_, err := os.Stat(dir)
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(dir+".old", dir); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
