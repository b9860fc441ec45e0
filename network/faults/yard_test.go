package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// yardState is two machines with one slot each, and two parts that go from one to the
// other: a part is in one place at a time, and a slot holds one part.
type yardState struct {
	in     [2]int   // of each part: the machine that it is in, from 1; 0: none
	events [2]int64 // of each machine
}

// yards: what is installed and removed by two organisations. An answer says how many
// events a machine has, and how many of its slots are filled.
var yards = partitioned(yardState{events: [2]int64{1, 1}}, func(s yardState, in call, out seen) (bool, yardState) {
	next, proper := s, false
	next.events[in.machine]++
	switch in.verb {
	case "install":
		proper = s.in[in.part] == 0 && s.in[1-in.part] != in.machine+1
		next.in[in.part] = in.machine + 1
	case "remove":
		proper = s.in[in.part] == in.machine+1
		next.in[in.part] = 0
	}
	if !proper {
		return out.unknown, s
	}
	filled := int64(0)
	for _, m := range next.in {
		if m == in.machine+1 {
			filled++
		}
	}
	if !out.unknown && (out.events != next.events[in.machine] || out.filled != filled) {
		return false, s
	}
	return true, next
})

// yard makes two machines of the manufacturer's and their parts. The service company
// has an open request about each machine, so it installs and removes as well.
func (w *world) yard(ctx context.Context) error {
	c := w.party(manufacturer)
	for _, id := range []string{"yard-m0", "yard-m1", "yard-p0", "yard-p1"} {
		if _, err := c.write(ctx, "/components", "register-"+id, component(id, c.key)); err != nil {
			return err
		}
	}
	agreement := fmt.Sprintf(`{"agreementId":"yard","operator":"ManufacturerMSP","provider":"ServiceMSP","currency":"XYD","prices":[],"rates":[],"validFrom":%q}`, now(-time.Hour))
	if _, err := c.write(ctx, "/service-agreements", "yard", agreement); err != nil {
		return err
	}
	if _, err := w.party(service).step(ctx, "/service-agreements/yard/acceptance", "accept-yard", ""); err != nil {
		return err
	}
	if _, err := c.step(ctx, "/service-agreements/yard/components", "cover-yard", `{"components":["yard-m0","yard-m1"]}`); err != nil {
		return err
	}
	for _, id := range []string{"yard-m0", "yard-m1"} {
		if _, err := c.step(ctx, "/machines/"+id+"/slots", "slots-"+id, `{"slots":[{"slotId":"s","partNumbers":["PUMP-200"]}]}`); err != nil {
			return err
		}
		fault := fmt.Sprintf(`{"requestId":"r-%s","componentId":%q,"title":"Look","action":"repair","skill":"presses","report":{"description":"it leaks","priority":2},"dueAt":%q}`, id, id, now(time.Hour))
		if _, err := c.step(ctx, "/service-requests", "fault-"+id, fault); err != nil {
			return err
		}
	}
	return nil
}

// shunt puts parts into machines and takes them out, whatever is where.
func (w *world) shunt(ctx context.Context, t *testing.T, h *history, id int, c *client) {
	for k := 0; ctx.Err() == nil; k++ {
		in := call{object: "yard", verb: []string{"install", "remove"}[rand.IntN(2)], machine: rand.IntN(2), part: rand.IntN(2)}
		machine := fmt.Sprint("yard-m", in.machine)
		request := ""
		if c.org == service {
			request = fmt.Sprintf(`,"requestId":"r-%s"`, machine)
		}
		body := fmt.Sprintf(`{"parts":[{"slotId":"s","componentId":"yard-p%d"}]%s}`, in.part, request)
		path := map[string]string{"install": "/installations", "remove": "/removals"}[in.verb]
		h.ask(ctx, t, "yards", id, c, in, "/machines/"+machine+path, fmt.Sprintf("shunt-%d-%d", id, k), body)
		rest(ctx, time.Duration(rand.IntN(200))*time.Millisecond)
	}
}

// TestTheYardTellsRightFromWrong: what no single yard can have done is found.
func TestTheYardTellsRightFromWrong(t *testing.T) {
	type entry struct {
		verb                          string
		part, machine, events, filled int64
		began, ended                  int64
		lost                          bool
	}
	for name, c := range map[string]struct {
		legal   bool
		history []entry
	}{
		"a part that goes from one machine to the other": {true, []entry{{"install", 0, 0, 2, 1, 0, 1, false}, {"remove", 0, 0, 3, 0, 2, 3, false}, {"install", 0, 1, 2, 1, 4, 5, false}}},
		"a part in two machines":                         {false, []entry{{"install", 0, 0, 2, 1, 0, 1, false}, {"install", 0, 1, 2, 1, 2, 3, false}}},
		"a part in two machines at once":                 {false, []entry{{"install", 0, 0, 2, 1, 0, 2, false}, {"install", 0, 1, 2, 1, 0, 2, false}}},
		"two parts in one slot":                          {false, []entry{{"install", 0, 0, 2, 1, 0, 2, false}, {"install", 1, 0, 2, 1, 0, 2, false}}},
		"two parts in two machines at once":              {true, []entry{{"install", 0, 0, 2, 1, 0, 2, false}, {"install", 1, 1, 2, 1, 0, 2, false}}},
		"a part taken out twice":                         {false, []entry{{"install", 0, 0, 2, 1, 0, 1, false}, {"remove", 0, 0, 3, 0, 2, 4, false}, {"remove", 0, 0, 3, 0, 2, 4, false}}},
		"an installation that was forgotten":             {false, []entry{{"install", 0, 0, 2, 1, 0, 1, false}, {"install", 1, 0, 2, 1, 2, 3, false}}},
		"one lost that took effect":                      {true, []entry{{"install", 0, 0, 0, 0, 0, 1, true}, {"remove", 0, 0, 3, 0, 2, 3, false}}},
		"one lost that never did":                        {true, []entry{{"install", 0, 0, 0, 0, 0, 1, true}, {"install", 1, 0, 2, 1, 2, 3, false}}},
		"one lost that took effect, and then had not":    {false, []entry{{"install", 0, 0, 0, 0, 0, 1, true}, {"remove", 0, 0, 3, 0, 2, 3, false}, {"install", 0, 0, 2, 1, 4, 5, false}}},
	} {
		t.Run(name, func(t *testing.T) {
			var history []porcupine.Operation
			for i, e := range c.history {
				out := seen{unknown: e.lost, events: e.events, filled: e.filled}
				history = append(history, operation(i, call{object: "yard", verb: e.verb, part: int(e.part), machine: int(e.machine)}, out, e.began, e.ended))
			}
			if got := porcupine.CheckOperations(yards, history); got != c.legal {
				t.Errorf("judged %v", got)
			}
		})
	}
}
