// The demo plays one shipment from registration to settlement through the REST
// API of three gateways, with a recording that a smart package signs. It owns
// the story and its printing; everything it does, any client can do.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/lifeledger/lifeledger/network/launch"
)

func main() {
	s := setting{out: os.Stdout}
	flag.StringVar(&s.recording, "recording", "", "CSV recording to replay; without one, a small invented journey")
	dir := flag.String("dir", ".lifeledger", "run `directory` of the network")
	flag.BoolVar(&s.json, "json", false, "print the outcome as one JSON document instead of the story")
	timeout := flag.Duration("timeout", 10*time.Minute, "give up after this long")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	if err := play(ctx, s, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// play finds the network and plays the demo on it.
func play(ctx context.Context, s setting, dir string) error {
	n, err := launch.Open(dir)
	if err != nil {
		return err
	}
	status, err := n.Status(ctx)
	if err != nil {
		return err
	}
	if !status.Running {
		return fmt.Errorf("the network in %s is down; start it with `make up`", dir)
	}
	s.use(n)
	return run(ctx, s)
}

// setting is what the flags say, and where the gateways and their tokens are.
type setting struct {
	recording                      string
	manufacturer, service, shipper gateway
	json                           bool
	out                            io.Writer
}

// use takes the three gateways of a native network.
func (s *setting) use(n *launch.Network) {
	at := func(name, mspID string) gateway {
		o := n.Org(mspID)
		return newGateway(name, o.GatewayURL, o.TokenFile("operator"))
	}
	s.manufacturer, s.service, s.shipper = at("manufacturer", manufacturerMSP), at("service company", serviceMSP), at("shipper", shipperMSP)
}

func run(ctx context.Context, s setting) error {
	readings, source, err := load(s.recording)
	if err != nil {
		return err
	}
	j, err := newJourney(s, readings)
	if err != nil {
		return err
	}
	defer j.close()
	j.say("Recording: %s, %d readings over %s.\n", source, len(readings), j.length())
	for _, chapter := range []func(context.Context) error{
		j.introduce, j.draft, j.askBefore, j.agree, j.pickUp, j.firstLeg, j.look, j.handOver, j.secondLeg, j.deliver, j.settle, j.rate,
	} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return j.tell(ctx)
}
