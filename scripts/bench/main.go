// The benchmarks of the product on a real network of its own: each is a ratio
// of two things measured by turns in the same run, since absolute figures of a
// shared machine do not repeat. docs/performance.md says what each one means.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

// options are the flags.
type options struct {
	only     string
	slice    time.Duration
	pairs    int
	workers  int
	history  int
	writes   int
	credits  int
	chain    int
	rows     int
	postgres string
	dir      string
}

func main() {
	o := options{}
	flag.StringVar(&o.only, "only", "rest,evaluate,readings,history,judge,accounts,readmodel,pages,rows,profile", "which benchmarks to run, by commas; chain, by itself, replays the chain of a network that runs")
	flag.DurationVar(&o.slice, "slice", 8*time.Second, "how long one half of a pair of loads lasts")
	flag.IntVar(&o.pairs, "pairs", 10, "pairs of loads; the first one, or two, are not counted")
	flag.IntVar(&o.workers, "workers", 64, "requests in flight")
	flag.IntVar(&o.history, "history", 10_000, "segments behind the long shipment")
	flag.IntVar(&o.writes, "writes", 60, "pairs of single writes in the history benchmark")
	flag.IntVar(&o.credits, "credits", 400, "credits that one half of a pair of the accounts benchmark pays")
	flag.IntVar(&o.chain, "chain", 10_000, "announcements in the chain that the readmodel benchmark replays, at least")
	flag.IntVar(&o.rows, "rows", 1_000_000, "rows of the large read model in the rows benchmark")
	flag.StringVar(&o.postgres, "postgres", "", "`URL` of a PostgreSQL database for the rows, readmodel and chain benchmarks; empty: SQLite")
	flag.StringVar(&o.dir, "dir", ".lifeledger", "run `directory` of the network whose chain -only chain replays; it is read only")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, 6*time.Hour)
	defer cancel()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.only == "judge" { // needs no network
		result, err := benchJudge(ctx, o)
		if err == nil {
			table(result.row())
		}
		return err
	}
	if o.only == "chain" { // and this one that runs
		result, err := benchChain(ctx, o)
		if err == nil {
			table(result.row())
		}
		return err
	}
	if o.only == "rows" { // nor does this
		rows, err := benchRows(ctx, o)
		if err == nil {
			table(rows...)
		}
		return err
	}
	dir, err := os.MkdirTemp("", "lifeledger-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	t := topology.Default()
	t.Gateway.PerSecond = 100_000 // one client makes the load of many
	net, err := launch.Start(ctx, launch.Options{Dir: dir, Topology: t, AutoPorts: true, Gateways: true, Progress: progress})
	if err != nil {
		return err
	}
	defer func() { _ = net.Stop() }()
	r, err := newRig(ctx, net)
	if err != nil {
		return err
	}
	defer r.close()
	benchmarks := map[string]func(context.Context, *rig, options) (*ratio, error){"rest": benchREST, "readings": benchReadings, "history": benchHistory, "judge": func(ctx context.Context, _ *rig, o options) (*ratio, error) { return benchJudge(ctx, o) }, "accounts": benchAccounts}
	var rows []string
	for name := range strings.SplitSeq(o.only, ",") {
		if name == "profile" {
			if err := profile(ctx, r, o); err != nil {
				return err
			}
			continue
		}
		if many := several[name]; many != nil {
			found, err := many(ctx, r, o)
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			rows = append(rows, found...)
			continue
		}
		b, ok := benchmarks[name]
		if !ok {
			return fmt.Errorf("no benchmark is called %q", name)
		}
		result, err := b(ctx, r, o)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, result.row())
	}
	table(rows...)
	return nil
}

// several are the benchmarks that fill more than one line.
var several = map[string]func(context.Context, *rig, options) ([]string, error){
	"evaluate":  benchEvaluate,
	"readmodel": benchReadModel,
	"pages":     benchPages,
	"rows":      func(ctx context.Context, _ *rig, o options) ([]string, error) { return benchRows(ctx, o) },
}

func table(rows ...string) {
	fmt.Println("\n| what | A | B | A ÷ B, median of pairs | pairs | goal | |\n|---|---|---|---|---|---|---|")
	fmt.Println(strings.Join(rows, "\n"))
}

func progress(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
