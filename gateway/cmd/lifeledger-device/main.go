// Command lifeledger-device behaves as a smart package does: it makes a key,
// registers it, signs a recording in segments and posts them to a gateway. It
// owns flags and progress; the protocol is in package smartpackage. Invariant:
// it can be stopped at any moment and started again with the same flags.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

const usage = `lifeledger-device plays a smart package: a device that signs what it measures.

Usage:
  lifeledger-device keygen   -state dir -device id [-algorithm Ed25519|ECDSA-P256|ML-DSA-65|Ed25519+ML-DSA-65|ECDSA-P256+ML-DSA-65]
  lifeledger-device register -state dir -device id -organisation MSP -ledger channel/chaincode -gateway url -token-file file
  lifeledger-device replay   -state dir -device id -organisation MSP -ledger channel/chaincode -gateway url -token-file file
                             -shipment id -recording file.csv [-segment n] [-start time] [-from time] [-until time] [-final] [-offline]
                             [-session] [-seal] [-envelopes dir]
  lifeledger-device open     -key file.pem -envelopes dir [-recording file.csv] [-shipment id -device id -gateway url -token-file file]
  lifeledger-device reset    -state dir -device id -shipment id -gateway url -token-file file
  lifeledger-device simulate -terms file.json -custody MSP=time,… -recording file.csv [-device id] [-shipment id] [-start time] [-from time] [-until time] [-json]
                             [-gateway url -token-file file]
  lifeledger-device generate [-recording file.csv] [-start time] [-step duration] [-readings n]

Run "lifeledger-device <command> -h" for the flags of a command.
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run is main without the process: it gives the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return 2
	}
	o := options{stdout: stdout, stderr: stderr}
	var command func(context.Context) error
	switch args[0] {
	case "keygen":
		command = o.keygen
	case "register":
		command = o.register
	case "replay":
		command = o.replay
	case "open":
		command = o.open
	case "reset":
		command = o.reset
	case "simulate":
		command = o.simulate
	case "generate":
		command = o.generate
	case "-h", "-help", "--help", "help":
		fmt.Fprint(stdout, usage)
		return 0
	default:
		fmt.Fprintf(stderr, "lifeledger-device: no command is called %q\n\n%s", args[0], usage)
		return 2
	}
	switch err := o.parse(args[0], args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil: // the flag package has said what is wrong
		return 2
	}
	if err := command(ctx); err != nil {
		fmt.Fprintf(stderr, "lifeledger-device %s: %s\n", args[0], told(err))
		return 1
	}
	return 0
}

// told is an error for people: of a fault the sentence and what stands beside it,
// not its form on the wire.
func told(err error) string {
	f, ok := errors.AsType[*fault.Fault](err)
	if !ok {
		return err.Error()
	}
	text := f.Detail + " (" + string(f.Code)
	for _, p := range f.Params {
		text += ", " + p.Name + " " + p.Value
	}
	return strings.Replace(err.Error(), f.Error(), text+")", 1)
}
