package main

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

const (
	temperature = "temperature"
	// commissioning is how long a machine is known to be well: its first days, from
	// which alone the figures of its plan are taken.
	commissioning = 7 * 24 * time.Hour
	// response is how long after its request the inspection ends. Until then nothing is judged.
	response = 24 * time.Hour
	hourly   = 12 // readings in a report
)

// recording is a machine's temperature, in thousandths of its unit.
type recording struct {
	readings []service.ConditionReading
	at       []time.Time
	dropped  int // readings that are not after the one before: a clock was set back
}

// readRecording reads a file of times and values.
func readRecording(path string) (*recording, error) {
	rows, err := table(filepath.Dir(path), filepath.Base(path), "timestamp", "value")
	if err != nil {
		return nil, err
	}
	r := &recording{}
	for _, row := range rows {
		at, err := time.Parse(time.DateTime, row[0])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		value, err := strconv.ParseFloat(row[1], 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if n := len(r.at); n > 0 && !at.After(r.at[n-1]) {
			r.dropped++
			continue
		}
		r.readings = append(r.readings, service.ConditionReading{At: measure.TimeOf(at), Value: int64(math.Round(value * 1000))})
		r.at = append(r.at, at)
	}
	return r, nil
}

// first is how many readings belong to the commissioning.
func (r *recording) first() int {
	n := 0
	for n < len(r.at) && r.at[n].Sub(r.at[0]) < commissioning {
		n++
	}
	return n
}

// watching is one way to watch a machine: controls with figures.
type watching struct {
	name, says string
	controls   []service.Control
}

// watchings are what books on process control offer, each with figures that follow
// from the first days by a rule of thumb: nothing here is chosen by what it finds.
// The plan has a task for each.
func watchings(first []service.ConditionReading) []watching {
	mean, deviation, least, most, change := figures(first)
	both := func(low, high service.Control) []service.Control {
		low.Measure, high.Measure = temperature, temperature
		return []service.Control{low, high}
	}
	return []watching{
		{"half-an-hour", "six readings in a row a standard deviation beyond whatever the first days saw", both(
			service.Control{RuleID: service.ConditionRunBelow.ID, Limit: least - deviation, Count: 6},
			service.Control{RuleID: service.ConditionRunAbove.ID, Limit: most + deviation, Count: 6})},
		{"one-reading", "a single reading beyond the same limits", both(
			service.Control{RuleID: service.ConditionBelow.ID, Limit: least - deviation},
			service.Control{RuleID: service.ConditionAbove.ID, Limit: most + deviation})},
		{"nine-of-twelve", "nine of twelve readings three standard deviations from the mean", both(
			service.Control{RuleID: service.ConditionMostBelow.ID, Limit: mean - 3*deviation, Count: 9, Of: 12},
			service.Control{RuleID: service.ConditionMostAbove.ID, Limit: mean + 3*deviation, Count: 9, Of: 12})},
		{"change", "twice the fastest change over an hour of the first days", both(
			service.Control{RuleID: service.ConditionFall.ID, Limit: 2 * change, WindowSeconds: 3600},
			service.Control{RuleID: service.ConditionRise.ID, Limit: 2 * change, WindowSeconds: 3600})},
		{"cusum", "the textbook's sum of deviations: slack half, limit five standard deviations", both(
			service.Control{RuleID: service.ConditionDriftDown.ID, Target: mean, Slack: deviation / 2, Limit: 5 * deviation},
			service.Control{RuleID: service.ConditionDriftUp.ID, Target: mean, Slack: deviation / 2, Limit: 5 * deviation})},
	}
}

// figures are the mean, the standard deviation, the bounds and the fastest change in
// a minute, taken over an hour, of readings every five minutes.
func figures(first []service.ConditionReading) (mean, deviation, least, most, change int64) {
	least, most = first[0].Value, first[0].Value
	var sum, squares float64
	for i, r := range first {
		sum += float64(r.Value)
		least, most = min(least, r.Value), max(most, r.Value)
		if i >= hourly {
			change = max(change, (r.Value-first[i-hourly].Value)/60, (first[i-hourly].Value-r.Value)/60)
		}
	}
	m := sum / float64(len(first))
	for _, r := range first {
		squares += (float64(r.Value) - m) * (float64(r.Value) - m)
	}
	return int64(math.Round(m)), int64(math.Round(math.Sqrt(squares / float64(len(first))))), least, most, change
}

func (w watching) task() service.Task {
	return service.Task{TaskID: w.name, Title: "Inspect the machine", Action: service.Inspect, Controls: w.controls, Skill: skill}
}

// judge lets the rules alone follow a recording: the readings whose controls were
// broken. It is what the ledger has to come to.
func judge(r *recording, w watching) ([]time.Time, error) {
	by := service.When{Actor: "o", Now: measure.TimeOf(r.at[len(r.at)-1].Add(time.Hour))}
	still := func(string) int64 { return 0 }
	p, err := service.Attach("m", []service.Task{w.task()}, "", service.Concerned{Manufacturer: "o", Owner: "o"}, still, by)
	if err != nil {
		return nil, err
	}
	c := service.NewCondition("m", temperature)
	var hits []time.Time
	var open service.ServiceRequest
	for from := r.first(); from < len(r.readings); from += hourly {
		if open.RequestID != "" && r.at[from].Sub(hits[len(hits)-1]) >= response {
			open.DoneAt = by.Now
			p, open = p.Done(open, still, by), service.ServiceRequest{}
		}
		part := r.readings[from:min(from+hourly, len(r.readings))]
		next, found, err := c.Judge(p, service.ConditionReport{Measure: temperature, Readings: part}, by.Now)
		if err != nil {
			return nil, err
		}
		c = next
		for _, h := range found {
			if p, open, _, err = p.Raise(h.TaskID, service.Occasion{Place: service.Place{ComponentID: "m", MachineID: "m"}, Cause: service.ByCondition, Trigger: &h.Trigger, DueAt: by.Now}, by); err != nil {
				return nil, err
			}
			hits = append(hits, time.UnixMilli(h.Trigger.At.UnixMs()).UTC())
		}
	}
	return hits, nil
}

// watch is the ledger's side of one way of watching.
type watch struct {
	job  *job // its request is "" while none is open
	hits []time.Time
}

// monitor plays a recording on the ledger: the machine itself reports each hour, and
// who serves it inspects it a day after each request. It gives the readings that
// raised requests, by task.
func (r *replay) monitor(ctx context.Context, rec *recording) (map[string][]time.Time, error) {
	m, err := r.monitored(ctx)
	if err != nil {
		return nil, err
	}
	ways := watchings(rec.readings[:rec.first()])
	open := make(map[string]*watch)
	var plan []service.Task
	for _, w := range ways {
		open[w.name], plan = &watch{job: &job{r: r, m: m, action: service.Inspect}}, append(plan, w.task())
	}
	for from, n := 0, 0; from < len(rec.readings); from += n {
		if n = min(hourly, len(rec.readings)-from); from < rec.first() {
			n = min(n, rec.first()-from)
		}
		if from == rec.first() {
			if err := r.ledger.do(ctx, owner, api.AttachPlanTx, api.AttachPlan{ComponentID: m.id, Tasks: plan}, nil); err != nil {
				return nil, err
			}
		}
		for _, w := range ways {
			if err := open[w.name].inspect(ctx, rec.at[from]); err != nil {
				return nil, err
			}
		}
		if err := r.reportHour(ctx, m, rec, from, n, open); err != nil {
			return nil, err
		}
	}
	hits := make(map[string][]time.Time)
	for _, w := range ways {
		hits[w.name] = open[w.name].hits
	}
	return hits, nil
}

// inspect answers a request when its time has come: nothing is wrong.
func (w *watch) inspect(ctx context.Context, now time.Time) error {
	if w.job.request == "" || now.Sub(w.hits[len(w.hits)-1]) < response {
		return nil
	}
	w.job.at = now
	err := w.job.do(ctx)
	w.job.request = ""
	return err
}

// reportHour brings some readings, and keeps what they raise.
func (r *replay) reportHour(ctx context.Context, m *machine, rec *recording, from, n int, open map[string]*watch) error {
	last := rec.at[from+n-1]
	r.ledger.until(last)
	said, err := state(r, m, service.ConditionStatement, last, service.ConditionReport{Measure: temperature, Readings: rec.readings[from : from+n]})
	if err != nil {
		return err
	}
	var out api.ConditionReported
	if err := r.ledger.do(ctx, owner, api.ReportConditionTx, api.ReportCondition{ComponentID: m.id, Statement: *said}, &out); err != nil {
		return err
	}
	for _, q := range out.Raised {
		w := open[q.TaskID]
		w.job.request = q.RequestID
		w.hits = append(w.hits, time.UnixMilli(q.Trigger.At.UnixMs()).UTC())
	}
	return nil
}

// monitored is a machine that watches itself, under the agreement.
func (r *replay) monitored(ctx context.Context) (*machine, error) {
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return nil, err
	}
	m := &machine{unit: &unit{age: connectedBelow}, id: r.run + "-watched", key: key, engineer: r.engineers[0], before: dsse.NoStatement}
	if err := r.ledger.do(ctx, owner, api.RegisterComponentTx, api.RegisterComponent{
		ComponentID: m.id, PartNumber: "comp1", Algorithm: key.Public().Algorithm(), PublicKey: key.Public().Base64(), Location: "DEHAM", TagClass: component.ActiveTag,
	}, nil); err != nil {
		return nil, err
	}
	return m, r.ledger.do(ctx, owner, api.CoverComponentsTx, api.CoverComponents{AgreementID: r.run, Components: []string{m.id}}, nil)
}

// window is a stretch of the recording that its publishers have labelled: something
// happened in its middle.
type window struct {
	name     string
	from, to time.Time
}

// labelled are those of the Numenta Anomaly Benchmark. Nothing is chosen by them.
func labelled() []window {
	at := func(text string) time.Time {
		t, err := time.Parse("2006-01-02 15:04", text)
		if err != nil {
			panic(err) // the texts are below
		}
		return t
	}
	return []window{
		{"first anomaly", at("2013-12-10 06:25"), at("2013-12-12 05:35")},
		{"planned shutdown", at("2013-12-15 17:50"), at("2013-12-17 17:00")},
		{"hard to detect", at("2014-01-27 14:20"), at("2014-01-29 13:30")},
		{"catastrophic failure", at("2014-02-07 14:55"), at("2014-02-09 14:05")},
	}
}

// middle is when, by the label, it happened.
func (w window) middle() time.Time { return w.from.Add(w.to.Sub(w.from) / 2).Truncate(5 * time.Minute) }

// verdict is what requests are worth against the labels.
type verdict struct {
	first map[string]time.Time // in each window, if any
	lone  int                  // outside all of them
}

func weigh(hits []time.Time) verdict {
	v := verdict{first: make(map[string]time.Time)}
	for _, at := range hits {
		inside := false
		for _, w := range labelled() {
			if at.Before(w.from) || at.After(w.to) {
				continue
			}
			inside = true
			if _, ok := v.first[w.name]; !ok {
				v.first[w.name] = at
			}
		}
		if !inside {
			v.lone++
		}
	}
	return v
}

// heading is what stands above the rows of verdicts.
func heading() string {
	cells := []string{"task"}
	for _, w := range labelled() {
		cells = append(cells, w.name)
	}
	return "| " + strings.Join(append(cells, "requests", "false alarms"), " | ") + " |"
}

// row is the verdict on one way of watching as a line of a table: for each window how
// long before its end, and how long before (-) or after (+) its middle.
func (v verdict) row(name string, requests int) string {
	cells := []string{name}
	for _, w := range labelled() {
		at, ok := v.first[w.name]
		if !ok {
			cells = append(cells, "missed")
			continue
		}
		cells = append(cells, fmt.Sprintf("%s (%s)", span(w.to.Sub(at)), signed(at.Sub(w.middle()))))
	}
	return "| " + strings.Join(append(cells, strconv.Itoa(requests), strconv.Itoa(v.lone)), " | ") + " |"
}

// span writes hours and minutes; signed does with a sign.
func span(d time.Duration) string { return fmt.Sprintf("%d:%02d", int(d.Hours()), int(d.Minutes())%60) }

func signed(d time.Duration) string {
	if d < 0 {
		return "-" + span(-d)
	}
	return "+" + span(d)
}

// tellCondition prints what came of a recording on the ledger.
func (r *replay) tellCondition(ctx context.Context, s setting) error {
	rec, err := readRecording(s.condition)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "%d readings of the machine %s-watched, in a report for each hour; this takes some minutes\n", len(rec.readings), r.run)
	hits, err := r.monitor(ctx, rec)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, heading())
	for _, w := range watchings(rec.readings[:rec.first()]) {
		fmt.Fprintln(s.out, weigh(hits[w.name]).row(w.name, len(hits[w.name])))
	}
	return nil
}
