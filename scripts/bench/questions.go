package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// different is how many records the questions are about.
const different = 256

// asker is one of the clients that are compared in the evaluate benchmark.
type asker struct {
	name  string
	calls func(context.Context, int) (int, error)
	rates []float64
	spent map[string]float64 // CPU of all rounds by process, in seconds
	asked float64
}

// benchEvaluate divides the questions that the REST gateway answers in a second by
// those of the minimal client, the same questions with as many in flight: asked of
// the peer every time, and answered with what was kept since the last block. They
// are about many records; what a herd costs that wants one and the same is a row of its own.
func benchEvaluate(ctx context.Context, r *rig, o options) ([]string, error) {
	ids, err := r.components(ctx, o.workers)
	if err != nil {
		return nil, err
	}
	raw := &asker{name: "minimal client", calls: r.askRaw(ids)}
	rows := []*asker{{name: "asking the peer"}, {name: "kept since the last block"}, {name: "all ask for one record of the peer"}}
	for i, a := range rows {
		about, cache := ids, ""
		if i != 1 {
			cache = "no-cache"
		}
		if i == 2 {
			about = ids[:1]
		}
		if a.calls, err = r.askREST(about, cache, o.workers); err != nil {
			return nil, err
		}
	}
	for i := range o.pairs + 1 {
		for _, a := range append([]*asker{raw}, rows...) {
			if err := a.round(ctx, r, o, i > 0); err != nil {
				return nil, fmt.Errorf("%s: %w", a.name, err)
			}
		}
	}
	return judged(raw, rows), nil
}

// judged makes the table's rows and prints where the CPU of an answer went.
func judged(raw *asker, rows []*asker) (lines []string) {
	goals := []float64{0.95, 10, 0}
	for i, a := range rows {
		out := &ratio{name: "(evaluate) REST gateway, " + a.name + " ÷ minimal client", goal: "–", unit: "answers/s", ok: func(s spread) bool { return s.mid >= goals[i] }}
		if goals[i] > 0 {
			out.goal = fmt.Sprintf("≥ %g", goals[i])
		}
		for k := range a.rates {
			out.add(a.rates[k], raw.rates[k])
		}
		lines = append(lines, out.row())
	}
	for _, a := range append([]*asker{raw}, rows...) {
		a.report()
	}
	return lines
}

// round is one load. A warm-up is not counted.
func (a *asker) round(ctx context.Context, r *rig, o options, counts bool) error {
	before, err := cpu(ctx, r)
	if err != nil {
		return err
	}
	rate, err := load(ctx, o.workers, o.slice, a.calls)
	if err != nil {
		return err
	}
	after, err := cpu(ctx, r)
	if err != nil {
		return err
	}
	progress("evaluate: %s: %.0f answers/s", a.name, rate)
	if !counts {
		return nil
	}
	if a.spent == nil {
		a.spent = make(map[string]float64)
	}
	for i := range after {
		a.spent[after[i].name] += after[i].seconds - before[i].seconds
	}
	a.rates = append(a.rates, rate)
	a.asked += rate * o.slice.Seconds()
	return nil
}

// report says what CPU an answer cost each process that a question passes through.
func (a *asker) report() {
	fmt.Printf("CPU of each answer, %s:", a.name)
	for _, name := range []string{"the load itself", "gateway.manufacturer", "peer.manufacturer", "chaincode.manufacturer"} {
		fmt.Printf(" %s %.3f ms;", name, a.spent[name]/a.asked*1000)
	}
	fmt.Println()
}

// components registers what the questions are about.
func (r *rig) components(ctx context.Context, at int) ([]string, error) {
	public, err := newPublicKey()
	if err != nil {
		return nil, err
	}
	ids := make([]string, different)
	work := make(chan int, different)
	for i := range ids {
		work <- i
	}
	close(work)
	failed := make(chan error, at)
	for range at {
		go func() {
			for i := range work {
				body := component(public)
				var made api.ComponentRef
				if err := json.Unmarshal(body, &made); err != nil {
					failed <- err
					return
				}
				if err := r.post(ctx, "/components", body, nil); err != nil {
					failed <- err
					return
				}
				ids[i] = made.ComponentID
			}
			failed <- nil
		}()
	}
	for range at {
		if e := <-failed; e != nil {
			err = e
		}
	}
	return ids, err
}

func (r *rig) askRaw(ids []string) func(context.Context, int) (int, error) {
	return func(ctx context.Context, _ int) (int, error) {
		question := fmt.Sprintf(`{"componentId":%q}`, ids[rand.IntN(len(ids))])
		_, err := r.raw.EvaluateWithContext(ctx, string(api.GetComponentTx), client.WithArguments(question))
		return 1, err
	}
}

// askREST gives each worker a connection of its own.
func (r *rig) askREST(ids []string, cache string, workers int) (func(context.Context, int) (int, error), error) {
	questions := make([][]byte, len(ids))
	for i, id := range ids {
		var err error
		if questions[i], err = r.question("/components/"+id, cache); err != nil {
			return nil, err
		}
	}
	wires := make([]*wire, workers)
	return func(ctx context.Context, worker int) (int, error) {
		if wires[worker] == nil { // the gateway soon closes a connection that asks nothing
			var err error
			if wires[worker], err = dialWire(ctx, r.base); err != nil {
				return 0, err
			}
		}
		return 1, wires[worker].ask(questions[rand.IntN(len(questions))])
	}, nil
}
