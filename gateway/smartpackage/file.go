package smartpackage

import (
	"errors"
	"os"
	"path/filepath"
)

// partial marks a file whose writing was cut short; it never counts.
const partial = ".partial"

// writeDurably makes the whole content visible at path, or nothing, and comes
// back only when it would survive a power cut. Only the owner may read it.
func writeDurably(path string, content []byte) error {
	f, err := os.OpenFile(path+partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDirectory(filepath.Dir(path))
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
