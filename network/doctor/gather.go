package doctor

import (
	"context"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
	"github.com/lifeledger/lifeledger/network/topology"
)

// Gather looks at a network. What cannot be seen becomes a fact of its own, not an
// error, so that one broken part does not hide the others.
func Gather(ctx context.Context, n *launch.Network) (*Facts, error) {
	report, err := n.Status(ctx)
	if err != nil {
		return nil, err
	}
	f := &Facts{Now: time.Now(), Running: report.Running, Disk: diskOf(n.Dir)}
	pids := map[int]bool{}
	for _, p := range report.Processes {
		fact := Process{Name: p.Name}
		if p.Health != "ok" {
			fact.Problem = p.Health
		}
		f.Processes = append(f.Processes, fact)
		pids[p.PID] = true
		if p.Kind == launch.Gateway {
			f.Gateways = append(f.Gateways, Gateway{Org: p.Org, Problem: fact.Problem})
		}
	}
	f.Ports = portsOf(n, pids)
	if report.Running {
		f.Uptime, f.WallUptime = report.Supervisor.Uptime(), f.Now.Round(0).Sub(report.Started)
		f.Leaders, err = n.Leaders(ctx)
		if err != nil {
			f.LeadersError = err.Error()
		}
	}
	for i, p := range report.Peers {
		peer := Peer{Org: p.Org, Height: p.Height, Error: p.Error, LastBlock: p.LastBlock, Ping: p.Ping, StateDatabase: p.StateDatabase}
		if peer.Indexes, peer.Present, err = n.Indexes(ctx, n.Topology.Organisations[i]); err != nil {
			peer.IndexError = err.Error()
		}
		f.Peers = append(f.Peers, peer)
	}
	found, err := n.Certificates()
	if err != nil {
		f.CertificatesError = err.Error()
	}
	for _, c := range found {
		f.Certificates = append(f.Certificates, Certificate{File: c.File, NotBefore: c.Cert.NotBefore, NotAfter: c.Cert.NotAfter})
	}
	return f, nil
}

func portsOf(n *launch.Network, pids map[int]bool) []Port {
	taken := n.Topology.Taken(n.Gateways)
	var all []Port
	for _, number := range sortedPorts(n.Topology) {
		p := Port{Number: number.number, Name: number.name}
		if _, p.Taken = taken[p.Number]; p.Taken {
			pid, name := launch.Listener(p.Number)
			p.Ours = pids[pid]
			if pid != 0 {
				p.User = fmt.Sprintf("%s (process %d)", name, pid)
			}
		}
		all = append(all, p)
	}
	return all
}

type namedPort struct {
	number int
	name   string
}

func sortedPorts(t *topology.Topology) []namedPort {
	var all []namedPort
	for i := range t.Organisations {
		o := &t.Organisations[i]
		for _, p := range o.Listeners() {
			all = append(all, namedPort{*p.Number, o.Name + " " + p.Name})
		}
	}
	slices.SortFunc(all, func(a, b namedPort) int { return a.number - b.number })
	return all
}

func diskOf(dir string) Disk {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return Disk{Error: fmt.Sprintf("%s: %v", dir, err)}
	}
	size := uint64(s.Bsize)
	return Disk{Free: s.Bavail * size, Size: s.Blocks * size}
}
