package topology

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// AutoPorts gives every listener a port that is free now. The ports are below the
// range from which the kernel gives ports to outgoing connections, so that they stay free.
func (t *Topology) AutoPorts() error { return t.AutoPortsOf("") }

// AutoPortsOf does so for one organisation; an empty name is all of them.
func (t *Topology) AutoPortsOf(name string) error {
	var held []net.Listener
	defer func() {
		for _, l := range held {
			_ = l.Close()
		}
	}()
	const first, last = 12000, 32000
	for i := range t.Organisations {
		if name != "" && t.Organisations[i].Name != name {
			continue
		}
		for _, p := range t.Organisations[i].Listeners() {
			l, err := listenAnywhere(t.Host, first, last)
			if err != nil {
				return err
			}
			held = append(held, l)
			*p.Number = l.Addr().(*net.TCPAddr).Port
		}
	}
	return t.Validate()
}

func listenAnywhere(host string, first, last int) (net.Listener, error) {
	for range 500 {
		port := first + rand.IntN(last-first)
		if l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port))); err == nil {
			return l, nil
		}
	}
	return nil, errors.New("no free port found between 12000 and 32000")
}

// Taken lists the declared ports that something listens on now, with the name of each;
// gateways says whether the gateways' ports count.
func (t *Topology) Taken(gateways bool) map[int]string {
	taken := map[int]string{}
	for i := range t.Organisations {
		o := &t.Organisations[i]
		for _, p := range o.Listeners() {
			if p.Name == "gateway" && !gateways {
				continue
			}
			l, err := net.Listen("tcp", t.Address(*p.Number))
			if err != nil {
				taken[*p.Number] = o.Name + " " + p.Name
				continue
			}
			_ = l.Close()
		}
	}
	return taken
}
