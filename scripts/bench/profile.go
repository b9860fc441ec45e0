package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// profile shows where one transaction's time and CPU go: the stages of a single
// one, and the CPU of every process for each of many.
func profile(ctx context.Context, r *rig, o options) error {
	if err := stages(ctx, r); err != nil {
		return err
	}
	return cpuPerTransaction(ctx, r, o)
}

// stages times single transactions of the minimal client stage by stage, and of
// the gateway as a whole.
func stages(ctx context.Context, r *rig) error {
	public, err := newPublicKey()
	if err != nil {
		return err
	}
	ms := map[string][]float64{}
	lap := func(name string, from time.Time) time.Time {
		ms[name] = append(ms[name], float64(time.Since(from).Microseconds())/1000)
		return time.Now()
	}
	const rounds = 40
	for range rounds {
		start := time.Now()
		p, err := r.raw.NewProposal(string(api.RegisterComponentTx), client.WithArguments(minimal(component(public))...))
		if err != nil {
			return err
		}
		tx, err := p.EndorseWithContext(ctx)
		if err != nil {
			return err
		}
		at := lap("endorse", start)
		commit, err := tx.SubmitWithContext(ctx)
		if err != nil {
			return err
		}
		at = lap("submit", at)
		if _, err := commit.StatusWithContext(ctx); err != nil {
			return err
		}
		lap("order and commit", at)
		lap("minimal client, all", start)
		start = time.Now()
		if err := r.post(ctx, "/components", component(public), nil); err != nil {
			return err
		}
		lap("REST gateway, all", start)
	}
	fmt.Printf("\nOne transaction at a time, medians of %d:\n", rounds)
	for _, name := range []string{"endorse", "submit", "order and commit", "minimal client, all", "REST gateway, all"} {
		fmt.Printf("  %-22s %7.1f ms\n", name, median(ms[name]))
	}
	return nil
}

func minimal(component []byte) []string { return []string{string(component), rand.Text()} }

// cpuPerTransaction loads the gateway and divides what each process used by the
// transactions that were committed.
func cpuPerTransaction(ctx context.Context, r *rig, o options) error {
	public, err := newPublicKey()
	if err != nil {
		return err
	}
	before, err := cpu(ctx, r)
	if err != nil {
		return err
	}
	d := 2 * o.slice
	rate, err := load(ctx, o.workers, d, func(ctx context.Context, _ int) (int, error) {
		return 1, r.post(ctx, "/components", component(public), nil)
	})
	if err != nil {
		return err
	}
	after, err := cpu(ctx, r)
	if err != nil {
		return err
	}
	n := rate * d.Seconds()
	fmt.Printf("\nCPU of each committed transaction, REST gateway with %d in flight (%.0f transactions):\n", o.workers, n)
	var sum float64
	for i := range after {
		each := (after[i].seconds - before[i].seconds) / n * 1000
		if i < len(after)-1 {
			sum += each
		}
		fmt.Printf("  %-26s %6.2f ms\n", after[i].name, each)
	}
	fmt.Printf("  %-26s %6.2f ms\n", "all but the load", sum)
	return nil
}

type usage struct {
	name    string
	seconds float64
}

// cpu is what every process of the network, and last this one, has used so far.
func cpu(ctx context.Context, r *rig) ([]usage, error) {
	st, err := r.net.State(ctx)
	if err != nil {
		return nil, err
	}
	var out []usage
	for _, c := range st.Children {
		s, err := processCPU(c.Process.PID)
		if err != nil {
			return nil, err
		}
		out = append(out, usage{c.Name, s})
	}
	own, err := processCPU(os.Getpid())
	return append(out, usage{"the load itself", own}), err
}

// processCPU reads user and system time of /proc/PID/stat, in ticks of 10 ms.
func processCPU(pid int) (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	s := string(b)
	fields := strings.Fields(s[strings.LastIndex(s, ")")+2:])
	user, err := strconv.ParseFloat(fields[11], 64)
	if err != nil {
		return 0, err
	}
	system, err := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100, err
}
