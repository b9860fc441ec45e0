package assembly

import (
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// Totals are a component's totals since new, of every measure that it or a machine above it counts.
func (w *Workshop) Totals(componentID string) ([]usage.Count, error) {
	c, machine, err := w.counting(componentID)
	if err != nil {
		return nil, err
	}
	return c.Totals(machine), nil
}

// Usage is a component's use by measure.
func (w *Workshop) Usage(componentID string) ([]usage.Usage, error) {
	c, machine, err := w.counting(componentID)
	if err != nil {
		return nil, err
	}
	return c.Usage(machine), nil
}

// counting are a component's counters, and the totals of the machine through
// which it counts. It looks at the machines above the component and at nothing else.
func (w *Workshop) counting(componentID string) (usage.Counters, []usage.Count, error) {
	var chain []usage.Counters
	for id := componentID; id != ""; {
		c, err := w.Counters(id)
		if err != nil {
			return c, nil, err
		}
		if chain = append(chain, c); len(chain) > MaxDepth+1 {
			return c, nil, fault.New(fault.CodeInternal, "%s counts through more machines than a part is in", componentID)
		}
		id = c.Through
	}
	var totals []usage.Count
	for i := len(chain) - 1; i > 0; i-- {
		totals = chain[i].Totals(totals)
	}
	return chain[0], totals, nil
}

// Report takes readings of a component's own meters, and raises what has fallen
// due by them: of the component and of all that counts through it, and of that at
// most MaxCrossed. What is left is raised by the next report, or by [Workshop.Raise].
func (w *Workshop) Report(componentID string, readings []usage.Count, now measure.Time) ([]usage.Crossed, error) {
	return w.count(componentID, now, func(c usage.Counters, machine []usage.Count) (usage.Counters, error) {
		return c.Read(readings, machine, now)
	})
}

// ReplaceMeter puts another device in the place of a component's meter.
func (w *Workshop) ReplaceMeter(componentID, m string, final, start int64, now measure.Time) ([]usage.Crossed, error) {
	return w.count(componentID, now, func(c usage.Counters, machine []usage.Count) (usage.Counters, error) {
		return c.ReplaceMeter(m, final, start, machine, now)
	})
}

func (w *Workshop) count(componentID string, now measure.Time, step func(usage.Counters, []usage.Count) (usage.Counters, error)) ([]usage.Crossed, error) {
	c, machine, err := w.counting(componentID)
	if err != nil {
		return nil, err
	}
	if c, err = step(c, machine); err != nil {
		return nil, err
	}
	w.counters.put(componentID, c)
	if err := w.lift(componentID); err != nil {
		return nil, err
	}
	return w.Raise(componentID, now)
}

// Overhaul notes that a component is as after an overhaul.
func (w *Workshop) Overhaul(componentID string, now measure.Time) error {
	c, machine, err := w.counting(componentID)
	if err != nil {
		return err
	}
	w.counters.put(componentID, c.Overhaul(machine, now))
	return nil
}

// SetThresholds puts a component's thresholds in the place of those until now.
// One that is reached already is raised by the next report, or by [Workshop.Raise].
func (w *Workshop) SetThresholds(componentID string, thresholds []usage.Threshold, now measure.Time) error {
	c, err := w.Counters(componentID)
	if err != nil {
		return err
	}
	if c, err = c.SetThresholds(thresholds, now); err != nil {
		return err
	}
	w.counters.put(componentID, c)
	return w.lift(componentID)
}

// Raise raises what has fallen due of a component and of all that counts through
// it, at most MaxCrossed thresholds. It looks only where something has.
func (w *Workshop) Raise(componentID string, now measure.Time) ([]usage.Crossed, error) {
	totals, err := w.Totals(componentID)
	if err != nil {
		return nil, err
	}
	r := raising{Workshop: w, now: now}
	for _, t := range totals {
		if err := r.raise(componentID, t, true); err != nil {
			return nil, err
		}
	}
	return r.crossed, nil
}

type raising struct {
	*Workshop
	now     measure.Time
	crossed []usage.Crossed
}

// raise raises what a total of a component has reached, of its own and, where it
// is a machine, of what is in it.
func (r *raising) raise(componentID string, t usage.Count, machine bool) error {
	c, err := r.Counters(componentID)
	if err != nil {
		return err
	}
	next, crossed := c.Cross(t.Measure, t.Value, MaxCrossed-len(r.crossed), r.now)
	if len(crossed) > 0 {
		r.crossed = append(r.crossed, crossed...)
		r.counters.put(componentID, next)
	}
	if machine {
		if err := r.raiseIn(componentID, t); err != nil {
			return err
		}
	}
	return r.lift(componentID)
}

func (r *raising) raiseIn(machineID string, t usage.Count) error {
	a, err := r.Find(machineID)
	if err != nil || a == nil {
		return err
	}
	for _, m := range a.Marks {
		if !reached(m.Dues, t) {
			continue
		}
		p, err := r.Page(machineID, m.Page)
		if err != nil {
			return err
		}
		for _, x := range p.Positions {
			if !reached(x.Dues, t) || len(r.crossed) == MaxCrossed {
				continue
			}
			c, err := r.Counters(x.ComponentID)
			if err != nil {
				return err
			}
			total := c.Total(t.Measure, []usage.Count{t})
			if err := r.raise(x.ComponentID, usage.Count{Measure: t.Measure, Value: total}, x.Levels > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

func reached(dues []usage.Count, t usage.Count) bool {
	for _, d := range dues {
		if d.Measure == t.Measure {
			return d.Value <= t.Value
		}
	}
	return false
}
