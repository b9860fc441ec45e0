package fabricbin

import (
	"context"
	"debug/elf"
	"fmt"
	"path/filepath"
	"strings"
)

// Static compiles a package of the product for an image: one file that needs nothing
// else, the same bytes from the same sources wherever they lie. The tag leaves out a
// coding of Gin's that nobody here speaks, and a seventh of the gateway's size with it.
func Static(ctx context.Context, root, source, out string, progress Progress) error {
	defer keepAlive("compiling "+source, progress)()
	args := append([]string{"build"}, StaticFlags(Version(root))...)
	args = append(args, "-o", out, source)
	if err := run(ctx, root, []string{"CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64"}, "go", args...); err != nil {
		return fmt.Errorf("building %s failed: %w", source, err)
	}
	return nil
}

// StaticFlags are those of the compiler; the Dockerfile has the same.
func StaticFlags(version string) []string {
	return []string{"-trimpath", "-buildvcs=false", "-tags", "nomsgpack", "-ldflags", "-s -w -buildid= -X main.release=" + version}
}

// Busybox finds the statically linked busybox of the system, which gives the Fabric
// images the shell that a test-network's commands ask for.
func Busybox() (string, error) {
	for _, path := range []string{"/bin/busybox", "/usr/bin/busybox"} {
		if file, err := filepath.EvalSymlinks(path); err == nil && static(file) {
			return file, nil
		}
	}
	return "", fmt.Errorf("a statically linked busybox is missing: run `apt install busybox-static`")
}

// applets are the commands that the images link to busybox.
var applets = strings.Fields("sh cat ls rm cp mv mkdir chmod env sleep ps grep sed awk tar wget nc true false test id kill")

// Applets names what busybox is called as.
func Applets() []string { return applets }

// static says whether an ELF file asks for no interpreter and so no shared library.
func static(file string) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			return false
		}
	}
	return true
}
