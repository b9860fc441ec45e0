// Package durable owns what is on the disk for good once it is said to be. It does
// not own what is written, or when.
package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Partial ends the name of a file whose writing was cut short; it never counts.
const Partial = ".partial"

// Write makes the whole content visible at path, or nothing, and comes back only
// when it would survive a power cut.
func Write(path string, content []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path+Partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
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
	return Sync(filepath.Dir(path))
}

// Sync makes sure that a file or directory stays as it is if the machine fails.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
