package rest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
)

// Program is a script's main function: it reads the flags, -dir and -timeout among
// them, finds the network and has the script play on it until it ends, the time is
// up or somebody interrupts it. What goes wrong ends the process with 1.
func Program(name string, timeout time.Duration, play func(context.Context, *consortium.Consortium) error) {
	dir := flag.String("dir", ".lifeledger", "run `directory` of the network, or the file that describes it")
	flag.DurationVar(&timeout, "timeout", timeout, "give up after this long")
	flag.Parse()
	if err := within(timeout, *dir, play); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func within(timeout time.Duration, dir string, play func(context.Context, *consortium.Consortium) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c, err := consortium.Load(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no network in %s; start one with `make up`", dir)
	}
	if err != nil {
		return err
	}
	return play(ctx, c)
}
