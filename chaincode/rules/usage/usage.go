// Package usage owns how much a component has been used: its counters, where
// they come from, and the thresholds at which something falls due. It refuses to
// own what falls due (rules/service) and which part is in which machine
// (rules/assembly). Invariant: no counter ever runs backwards, and moving a part
// changes none of them.
//
// A component counts a measure with a meter of its own, or through the machine
// that it is installed in: then its total is what it had, and what the machine
// has counted since. So a reading of a machine is one write, whatever is in it.
package usage

import (
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of one component's counters.
const (
	MaxReading    = 1_000_000_000_000_000 // of a meter, and of a total
	MaxMeters     = 8
	MaxMeasures   = 16 // that one component, or all that is in a machine, may count
	MaxThresholds = 32
)

// Count is an amount of one measure, in whole units that the measure's name says,
// such as "operating-hours" or "cycles". Lists of counts are sorted by measure.
type Count struct {
	Measure string `json:"measure"`
	Value   int64  `json:"value"`
}

// Meter is a component's own counter of a measure. The reading is the device's;
// it begins anew where the device is replaced, and the total goes on.
type Meter struct {
	Measure string `json:"measure"`
	Number  uint64 `json:"number"` // 1 for the first, then 2, 3, …
	Reading int64  `json:"reading"`
}

// Counters are one component's. They change when it is moved or overhauled, when
// its own meter is read, and when its thresholds do.
type Counters struct {
	ComponentID string `json:"componentId"`
	// Through is the machine through which it counts what it has no meter for.
	Through string `json:"through,omitempty" metadata:",optional"`
	// Base are its totals when that began, and of what it meters, now.
	Base []Count `json:"base,omitempty" metadata:",optional"`
	// Joined are the machine's totals when that began; none is zero.
	Joined []Count `json:"joined,omitempty" metadata:",optional"`
	Meters []Meter `json:"meters,omitempty" metadata:",optional"`
	// Installed are its own totals at its installation, for as long as it is installed.
	Installed   []Count      `json:"installed,omitempty" metadata:",optional"`
	InstalledAt measure.Time `json:"installedAt,omitempty" metadata:",optional"`
	// Overhauled are its own totals at its last overhaul.
	Overhauled   []Count      `json:"overhauled,omitempty" metadata:",optional"`
	OverhauledAt measure.Time `json:"overhauledAt,omitempty" metadata:",optional"`
	Thresholds   []Threshold  `json:"thresholds,omitempty" metadata:",optional"`
	ChangedAt    measure.Time `json:"changedAt"`
}

// Usage is a component's use of one measure: since new (TSN), since its last
// overhaul (TSO; without one, since new) and since its installation (TSI; 0 while
// it is not installed).
type Usage struct {
	Measure       string `json:"measure"`
	SinceNew      int64  `json:"sinceNew"`
	SinceOverhaul int64  `json:"sinceOverhaul"`
	SinceInstall  int64  `json:"sinceInstall"`
	Metered       bool   `json:"metered"` // by a meter of its own
}

// New are the counters of a component that has counted nothing.
func New(componentID string) Counters { return Counters{ComponentID: componentID} }

// Of is the count of a measure in a list; none is zero.
func Of(list []Count, m string) int64 {
	if i, ok := find(list, m); ok {
		return list[i].Value
	}
	return 0
}

// With is the list with the measure's count set.
func With(list []Count, m string, v int64) []Count {
	i, ok := find(list, m)
	list = slices.Clone(list)
	if ok {
		list[i].Value = v
		return list
	}
	return slices.Insert(list, i, Count{m, v})
}

func find(list []Count, m string) (int, bool) {
	return slices.BinarySearchFunc(list, m, func(c Count, m string) int { return strings.Compare(c.Measure, m) })
}

// Metered reports whether the component counts the measure with its own meter.
func (c Counters) Metered(m string) bool { return c.meter(m) >= 0 }

func (c Counters) meter(m string) int {
	return slices.IndexFunc(c.Meters, func(x Meter) bool { return x.Measure == m })
}

// Total is how much of a measure the component has counted since new; machine are
// the totals of the machine through which it counts.
func (c Counters) Total(m string, machine []Count) int64 {
	own := Of(c.Base, m)
	if c.Through == "" || c.Metered(m) {
		return own
	}
	return min(own+Of(machine, m)-Of(c.Joined, m), MaxReading)
}

// Totals are the component's totals of every measure that it or the machine counts.
func (c Counters) Totals(machine []Count) []Count {
	all := slices.Clone(c.Base)
	if c.Through == "" {
		return all
	}
	for _, x := range machine {
		all = With(all, x.Measure, c.Total(x.Measure, machine))
	}
	return all
}

// Join lets the component count through a machine from now on.
func (c Counters) Join(machineID string, machine []Count, now measure.Time) (Counters, error) {
	if c.Through != "" {
		return c, fault.New(fault.CodePartInstalled, "%s is installed in %s", c.ComponentID, c.Through).With("machineId", c.Through)
	}
	all := c.Base
	for _, x := range machine {
		all = With(all, x.Measure, 0)
	}
	if len(all) > MaxMeasures {
		return c, tooManyMeasures(c.ComponentID)
	}
	c.Through, c.Joined, c.Installed, c.InstalledAt, c.ChangedAt = machineID, slices.Clone(machine), slices.Clone(c.Base), now, now
	return c, nil
}

// Leave ends that: what it has counted until now is its own.
func (c Counters) Leave(machine []Count, now measure.Time) Counters {
	c.Base = c.Totals(machine)
	c.Through, c.Joined, c.Installed, c.InstalledAt, c.ChangedAt = "", nil, nil, "", now
	return c
}

// Read takes readings of the component's own meters. The first reading of a
// measure that nothing was counted of yet is the count since new; where something
// was, through a machine, the meter begins there and the total stays.
func (c Counters) Read(readings, machine []Count, now measure.Time) (Counters, error) {
	if len(readings) == 0 || len(readings) > MaxMeters {
		return c, fault.New(fault.CodeInvalid, "a report has 1 to %d readings", MaxMeters).With("field", "readings")
	}
	next := c
	next.Meters = slices.Clone(c.Meters)
	for i, r := range readings {
		if err := checkCount("readings", r); err != nil {
			return c, err
		}
		if slices.ContainsFunc(readings[:i], func(x Count) bool { return x.Measure == r.Measure }) {
			return c, fault.New(fault.CodeInvalid, "the measure %s stands twice in one report", r.Measure).With("field", "readings")
		}
		if err := next.read(r, machine); err != nil {
			return c, err
		}
	}
	next.ChangedAt = now
	return next, nil
}

func (c *Counters) read(r Count, machine []Count) error {
	i := c.meter(r.Measure)
	if i < 0 {
		total := c.Total(r.Measure, machine)
		if total == 0 {
			total = r.Value
		}
		return c.begin(r, total)
	}
	m := &c.Meters[i]
	if r.Value < m.Reading {
		return fault.New(fault.CodeUsageBackwards, "the meter of %s of %s showed %d, and now shows %d", r.Measure, c.ComponentID, m.Reading, r.Value).
			With("measure", r.Measure).With("reading", m.Reading)
	}
	total := Of(c.Base, r.Measure) + r.Value - m.Reading
	if total > MaxReading {
		return fault.New(fault.CodeInvalid, "a total is at most %d", int64(MaxReading)).With("field", "readings")
	}
	c.Base, m.Reading = With(c.Base, r.Measure, total), r.Value
	return nil
}

func (c *Counters) begin(r Count, total int64) error {
	base := With(c.Base, r.Measure, total)
	if len(c.Meters) == MaxMeters || len(base) > MaxMeasures {
		return tooManyMeasures(c.ComponentID)
	}
	c.Base, c.Meters = base, append(c.Meters, Meter{Measure: r.Measure, Number: 1, Reading: r.Value})
	return nil
}

// ReplaceMeter puts another device in the place of a meter: final is the last
// reading of the old one, start the first of the new one. Where there was none,
// final is zero, and the new one begins to count at start: what it shows was
// counted before the record began.
func (c Counters) ReplaceMeter(m string, final, start int64, machine []Count, now measure.Time) (Counters, error) {
	for _, r := range []Count{{m, final}, {m, start}} {
		if err := checkCount("reading", r); err != nil {
			return c, err
		}
	}
	next := c
	next.Meters = slices.Clone(c.Meters)
	next.ChangedAt = now
	i := c.meter(m)
	if i < 0 {
		if final != 0 {
			return c, fault.New(fault.CodeUsageNoMeter, "%s has had no meter of %s", c.ComponentID, m).With("measure", m)
		}
		return next, next.begin(Count{m, start}, c.Total(m, machine))
	}
	if err := next.read(Count{m, final}, machine); err != nil {
		return c, err
	}
	next.Meters[i].Number++
	next.Meters[i].Reading = start
	return next, nil
}

// Overhaul notes that the component is as after an overhaul.
func (c Counters) Overhaul(machine []Count, now measure.Time) Counters {
	c.Overhauled, c.OverhauledAt, c.ChangedAt = c.Totals(machine), now, now
	return c
}

// Usage is what the component has been used, by measure.
func (c Counters) Usage(machine []Count) []Usage {
	out := []Usage{}
	for _, t := range c.Totals(machine) {
		u := Usage{Measure: t.Measure, SinceNew: t.Value, SinceOverhaul: t.Value - Of(c.Overhauled, t.Measure), Metered: c.Metered(t.Measure)}
		if c.Through != "" {
			u.SinceInstall = t.Value - Of(c.Installed, t.Measure)
		}
		out = append(out, u)
	}
	return out
}

func checkCount(field string, r Count) error {
	if err := party.CheckID("measure", r.Measure); err != nil {
		return err
	}
	if r.Value < 0 || r.Value > MaxReading {
		return fault.New(fault.CodeInvalid, "a reading is between 0 and %d", int64(MaxReading)).With("field", field)
	}
	return nil
}

func tooManyMeasures(id string) error {
	return fault.New(fault.CodeUsageMeasures, "%s would count more than %d measures, or have more than %d meters", id, MaxMeasures, MaxMeters).With("componentId", id)
}
