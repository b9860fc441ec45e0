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
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/scripts/rest"
)

func main() { rest.Program("demo", 10*time.Minute, flags(flag.CommandLine).play) }

// flags names what may be said; it stands in the setting once they are parsed.
func flags(f *flag.FlagSet) *setting {
	s := &setting{out: os.Stdout}
	f.StringVar(&s.recording, "recording", "", "CSV recording to replay; without one, a small invented journey")
	f.BoolVar(&s.json, "json", false, "print the outcome as one JSON document instead of the story")
	f.BoolVar(&s.fleet, "fleet", true, "play the story of the fleet, too, that docs/queries.md asks about")
	return s
}

// play plays the demo on a network that runs. It is bound before the flags are
// parsed, so it must not be of a copy.
func (s *setting) play(ctx context.Context, c *consortium.Consortium) error {
	if err := s.use(c); err != nil {
		return err
	}
	if err := s.manufacturer.Reachable(ctx); err != nil {
		return fmt.Errorf("the network is down; start it with `make up` (%w)", err)
	}
	return run(ctx, *s)
}

// setting is what the flags say, and where the gateways and their tokens are.
type setting struct {
	recording                      string
	consortium                     *consortium.Consortium
	manufacturer, service, shipper rest.Gateway
	json, fleet                    bool
	run                            string // ends the names of this run; "": a random one
	out                            io.Writer
}

// use takes the gateways of those who play the three parts.
func (s *setting) use(c *consortium.Consortium) error {
	parts, err := c.Parts()
	if err != nil {
		return err
	}
	s.consortium = c
	for _, p := range []struct {
		name   string
		member *consortium.Member
		at     *rest.Gateway
	}{{"manufacturer", parts.Manufacturer, &s.manufacturer}, {"service company", parts.Service, &s.service}, {"shipper", parts.Shipper, &s.shipper}} {
		if *p.at, err = rest.New(p.name, p.member, behind); err != nil {
			return err
		}
	}
	return nil
}

// behind: a part of the shipment is not as it will be once the gateway's peer has
// seen the last block.
func behind(code string) bool {
	return strings.HasPrefix(code, "shipment.") && !strings.HasSuffix(code, "-exists")
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
	if err := j.tell(ctx); err != nil || !s.fleet || s.json {
		return err
	}
	return j.fleet(ctx)
}
