// Bill writes the bill of materials of a Go program, for a build that has no other way
// to one, such as a Dockerfile's: go run ./network/image/bill PROGRAM FILE.
package main

import (
	"fmt"
	"os"

	"github.com/lifeledger/lifeledger/network/image"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "bill: want a program and the file to write")
		os.Exit(2)
	}
	if err := write(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "bill:", err)
		os.Exit(1)
	}
}

func write(program, to string) error {
	text, err := image.SBOM(program)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}
