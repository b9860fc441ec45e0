//go:build unix

package smartpackage

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// lock makes sure that one process at a time continues a chain: two would sign
// two histories, which the ledger takes for a cloned device.
func lock(path string) (release func() error, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: another process is recording here: %w", path, err), f.Close())
	}
	return f.Close, nil
}
