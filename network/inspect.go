package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lifeledger/lifeledger/network/doctor"
	"github.com/lifeledger/lifeledger/network/launch"
)

type statusCmd struct {
	JSON bool `help:"Print JSON."`
}

// Run fails when the network does not run or a process is unwell, so that scripts can ask.
func (s *statusCmd) Run(ctx context.Context, c *cli) error {
	n, err := launch.Open(c.Dir)
	if err != nil {
		return err
	}
	report, err := n.Status(ctx)
	if err != nil {
		return err
	}
	if s.JSON {
		err = printJSON(report)
	} else {
		printStatus(os.Stdout, report)
		printAddresses(os.Stdout, n)
	}
	if err != nil {
		return err
	}
	well := report.Running
	for _, p := range report.Processes {
		well = well && p.Health == "ok"
	}
	if !well {
		return errReported
	}
	return nil
}

func printStatus(w io.Writer, r *launch.Report) {
	if !r.Running {
		fmt.Fprintln(w, "the network is not running; start it with `make up`")
		return
	}
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, "PROCESS\tPID\tUPTIME\tRESTARTS\tHEALTH")
	for _, p := range r.Processes {
		uptime := time.Duration(p.Uptime * float64(time.Second)).Round(time.Second)
		fmt.Fprintf(tw, "%s\t%d\t%s\t%d\t%s\n", p.Name, p.PID, uptime, p.Restarts, p.Health)
	}
	tw.Flush()
	fmt.Fprintln(tw, "\nPEER\tHEIGHT\tSTATE")
	for _, p := range r.Peers {
		height := fmt.Sprint(p.Height)
		if p.Error != "" {
			height = p.Error
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\n", p.Org, height, p.StateDatabase)
	}
	tw.Flush()
}

// printAddresses says where clients find the network.
func printAddresses(w io.Writer, n *launch.Network) {
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(tw, "\nORGANISATION\tGATEWAY\tPEER\tORDERER")
	for _, o := range n.Orgs() {
		gateway := "none"
		if n.Gateways {
			gateway = o.GatewayURL
		}
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\n", o.MSPID, gateway, o.PeerAddress, o.OrdererAddress)
	}
	tw.Flush()
}

func printJSON(v any) error {
	e := json.NewEncoder(os.Stdout)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type doctorCmd struct {
	JSON bool `help:"Print JSON."`
}

func (d *doctorCmd) Run(ctx context.Context, c *cli) error {
	n, err := launch.Open(c.Dir)
	if err != nil {
		return err
	}
	facts, err := doctor.Gather(ctx, n)
	if err != nil {
		return err
	}
	results, healthy := doctor.Examine(facts)
	if d.JSON {
		if err := printJSON(results); err != nil {
			return err
		}
	} else {
		tw := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, r := range results {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", r.Verdict, r.Check, r.Says)
			if r.Remedy != "" {
				fmt.Fprintf(tw, "\t\t-> %s\n", r.Remedy)
			}
		}
		tw.Flush()
	}
	if !healthy {
		return errReported
	}
	return nil
}

type logsCmd struct {
	Name   string `arg:"" optional:"" help:"Process, such as peer.manufacturer, or supervisor. Without it the logs are listed."`
	Follow bool   `short:"f" help:"Go on showing what is added."`
	Lines  int    `short:"n" default:"200" help:"How many of the last lines to show."`
}

func (l *logsCmd) Run(ctx context.Context, c *cli) error {
	n, err := launch.Open(c.Dir)
	if err != nil {
		return err
	}
	if l.Name == "" {
		return listLogs(n)
	}
	path := n.LogFile(filepath.Base(l.Name))
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("no log is called %s; `make logs` lists them", l.Name)
	}
	lines := strings.SplitAfter(string(b), "\n")
	fmt.Print(strings.Join(lines[max(0, len(lines)-1-l.Lines):], ""))
	if !l.Follow {
		return nil
	}
	return follow(ctx, path, int64(len(b)))
}

func listLogs(n *launch.Network) error {
	logs, err := filepath.Glob(filepath.Join(n.LogDir(), "*.log"))
	if err != nil {
		return err
	}
	tw := tabwriter.NewWriter(os.Stdout, 0, 0, 3, ' ', 0)
	for _, path := range logs {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		fmt.Fprintf(tw, "%s\t%d kB\t%s\n", strings.TrimSuffix(filepath.Base(path), ".log"), (info.Size()+1023)/1024, path)
	}
	return tw.Flush()
}

// follow prints what is added to a file, and starts over when the file is put aside.
func follow(ctx context.Context, path string, offset int64) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(250 * time.Millisecond):
		}
		f, err := os.Open(path)
		if err != nil {
			continue // between two files
		}
		if info, err := f.Stat(); err == nil && info.Size() < offset {
			offset = 0
		}
		n, err := io.Copy(os.Stdout, io.NewSectionReader(f, offset, 1<<62))
		offset += n
		f.Close()
		if err != nil {
			return err
		}
	}
}
