//go:build unix

package projection

import (
	"os"
	"syscall"
	"testing"
)

// Whoever makes a model anew does not take its file from the gateway's user.
func TestAFileStaysWhoseItIs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can give a file away")
	}
	const gateway = 65532
	c := coldConfig(t)
	if err := open(t, c).Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(c.SQLite, gateway, gateway); err != nil {
		t.Fatal(err)
	}
	m, built := seeded(t, c, coldBlocks)
	info, err := os.Stat(c.SQLite)
	if err != nil {
		t.Fatal(err)
	}
	if is := info.Sys().(*syscall.Stat_t); !built || is.Uid != gateway || is.Gid != gateway {
		t.Errorf("built %v; it belongs to %d:%d", built, is.Uid, is.Gid)
	}
	sound(t, m)
}
