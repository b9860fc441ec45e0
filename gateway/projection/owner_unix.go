//go:build unix

package projection

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a file to whom another belongs: root may make anew what a gateway
// runs with as somebody else. It fails for those who may not.
func keepOwner(path string, of fs.FileInfo) error {
	mine, err := os.Stat(path)
	if err != nil {
		return err
	}
	is, known := mine.Sys().(*syscall.Stat_t)
	want, wanted := of.Sys().(*syscall.Stat_t)
	if !known || !wanted || is.Uid == want.Uid && is.Gid == want.Gid {
		return nil
	}
	return os.Chown(path, int(want.Uid), int(want.Gid))
}
