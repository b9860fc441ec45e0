package usage_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

const now measure.Time = "2026-03-01T08:00:00.000Z"

type counts = []usage.Count

func wantFault(t *testing.T, err error, code fault.Code) {
	t.Helper()
	if code == "" && err != nil || code != "" && !fault.Is(err, code) {
		t.Fatalf("got %v, want %q", err, code)
	}
}

func read(t *testing.T, c usage.Counters, machine counts, readings ...usage.Count) usage.Counters {
	t.Helper()
	next, err := c.Read(readings, machine, now)
	wantFault(t, err, "")
	return next
}

// TestAPartCountsThroughItsMachine tells the story of a pump that goes from one
// machine to another, is overhauled, and gets a meter of its own.
func TestAPartCountsThroughItsMachine(t *testing.T) {
	pump, err := usage.New("pump").Join("m-1", counts{{"hours", 1000}}, now)
	wantFault(t, err, "")
	if got := pump.Total("hours", counts{{"hours", 1250}}); got != 250 {
		t.Errorf("250 hours in the machine are %d of the pump", got)
	}
	if got := pump.Total("cycles", counts{{"cycles", 9}}); got != 9 {
		t.Errorf("what the machine began to count later is %d of the pump", got)
	}
	pump = pump.Leave(counts{{"cycles", 9}, {"hours", 1250}}, now)
	if diff := cmp.Diff(counts{{"cycles", 9}, {"hours", 250}}, pump.Totals(nil)); diff != "" {
		t.Error(diff)
	}
	if pump, err = pump.Join("m-2", counts{{"hours", 40}}, now); err != nil {
		t.Fatal(err)
	}
	pump = pump.Overhaul(counts{{"hours", 60}}, now)
	want := []usage.Usage{
		{Measure: "cycles", SinceNew: 9, SinceOverhaul: 0, SinceInstall: 0},
		{Measure: "hours", SinceNew: 300, SinceOverhaul: 30, SinceInstall: 50},
	}
	if diff := cmp.Diff(want, pump.Usage(counts{{"hours", 90}})); diff != "" {
		t.Error(diff)
	}
	// From its own meter on, the machine's hours are not its own.
	pump = read(t, pump, counts{{"hours", 90}}, usage.Count{Measure: "hours", Value: 7})
	pump = read(t, pump, counts{{"hours", 500}}, usage.Count{Measure: "hours", Value: 12})
	if got := pump.Total("hours", counts{{"hours", 500}}); got != 305 {
		t.Errorf("5 hours more by its own meter make %d", got)
	}
	if pump = pump.Leave(counts{{"hours", 500}}, now); pump.Total("hours", nil) != 305 || pump.InstalledAt != "" {
		t.Errorf("%+v", pump)
	}
}

func TestAReportIsHeldToItsForm(t *testing.T) {
	c := read(t, usage.New("c"), nil, usage.Count{Measure: "hours", Value: 100})
	var nine counts
	for i := range 9 {
		nine = append(nine, usage.Count{Measure: fmt.Sprint("m", i), Value: 1})
	}
	for name, x := range map[string]struct {
		readings counts
		want     fault.Code
	}{
		"the same again is nothing new": {counts{{"hours", 100}}, ""},
		"a meter that runs backwards":   {counts{{"hours", 99}}, fault.CodeUsageBackwards},
		"a reading below zero":          {counts{{"hours", -1}}, fault.CodeInvalid},
		"a reading beyond all bounds":   {counts{{"hours", usage.MaxReading + 1}}, fault.CodeInvalid},
		"a measure without a name":      {counts{{"", 1}}, fault.CodeIDInvalid},
		"a measure that stands twice":   {counts{{"hours", 101}, {"hours", 102}}, fault.CodeInvalid},
		"no reading":                    {nil, fault.CodeInvalid},
		"nine readings":                 {nine, fault.CodeInvalid},
		"a ninth meter":                 {nine[:8], fault.CodeUsageMeasures},
	} {
		t.Run(name, func(t *testing.T) {
			next, err := c.Read(x.readings, nil, now)
			wantFault(t, err, x.want)
			if err != nil && !cmp.Equal(next, c) {
				t.Errorf("refused, but changed: %+v", next)
			}
		})
	}
}

func TestAnotherMeterGoesOnWithTheCount(t *testing.T) {
	c := read(t, usage.New("c"), nil, usage.Count{Measure: "hours", Value: 100})
	c, err := c.ReplaceMeter("hours", 110, 3, nil, now)
	wantFault(t, err, "")
	c = read(t, c, nil, usage.Count{Measure: "hours", Value: 5})
	if got := c.Total("hours", nil); got != 112 || c.Meters[0].Number != 2 {
		t.Errorf("%d by %+v", got, c.Meters)
	}
	_, err = c.ReplaceMeter("hours", 4, 0, nil, now)
	wantFault(t, err, fault.CodeUsageBackwards)
	_, err = c.ReplaceMeter("cycles", 4, 0, nil, now)
	wantFault(t, err, fault.CodeUsageNoMeter)
	_, err = c.ReplaceMeter("hours", 5, -1, nil, now)
	wantFault(t, err, fault.CodeInvalid)
	// Where there was none, what the new one shows was counted before the record began.
	c, err = c.ReplaceMeter("cycles", 0, 900, nil, now)
	wantFault(t, err, "")
	c = read(t, c, nil, usage.Count{Measure: "cycles", Value: 901})
	if got := c.Total("cycles", nil); got != 1 {
		t.Errorf("one cycle since is %d", got)
	}
}

func TestAPartCountsThroughOneMachine(t *testing.T) {
	c, err := usage.New("c").Join("m", nil, now)
	wantFault(t, err, "")
	_, err = c.Join("n", nil, now)
	wantFault(t, err, fault.CodePartInstalled)
	var many counts
	for i := range usage.MaxMeasures + 1 {
		many = usage.With(many, fmt.Sprintf("m%02d", i), 1)
	}
	_, err = usage.New("d").Join("m", many, now)
	wantFault(t, err, fault.CodeUsageMeasures)
}

func TestThresholdsAreRaisedOnceAndInOrder(t *testing.T) {
	c, err := usage.New("c").SetThresholds([]usage.Threshold{
		{TaskID: "oil", Measure: "hours", At: 100}, {TaskID: "belt", Measure: "hours", At: 50}, {TaskID: "oil", Measure: "cycles", At: 7},
	}, now)
	wantFault(t, err, "")
	if diff := cmp.Diff(counts{{"cycles", 7}, {"hours", 50}}, c.Dues(nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(counts{{"cycles", 5}, {"hours", 50}}, c.Dues(counts{{"cycles", 5}, {"hours", 60}})); diff != "" {
		t.Error(diff)
	}
	c, crossed := c.Cross("hours", 49, 9, now)
	if len(crossed) != 0 {
		t.Errorf("too early: %+v", crossed)
	}
	c, crossed = c.Cross("hours", 100, 1, now)
	if diff := cmp.Diff([]usage.Crossed{{ComponentID: "c", TaskID: "oil", Measure: "hours", At: 100, Total: 100}}, crossed); diff != "" {
		t.Error(diff)
	}
	c, crossed = c.Cross("hours", 100, 9, now)
	if len(crossed) != 1 || crossed[0].TaskID != "belt" {
		t.Errorf("%+v", crossed)
	}
	if c, crossed = c.Cross("hours", 1000, 9, now); len(crossed) != 0 || len(c.Dues(nil)) != 1 {
		t.Errorf("raised twice: %+v", crossed)
	}
	for name, ts := range map[string][]usage.Threshold{
		"a task with two":         {{TaskID: "oil", Measure: "hours", At: 1}, {TaskID: "oil", Measure: "hours", At: 2}},
		"one at nothing":          {{TaskID: "oil", Measure: "hours"}},
		"more than there may be":  make([]usage.Threshold, usage.MaxThresholds+1),
		"one beyond every meter ": {{TaskID: "oil", Measure: "hours", At: usage.MaxReading + 1}},
	} {
		_, err := c.SetThresholds(ts, now)
		if !fault.Is(err, fault.CodeInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err = c.SetThresholds([]usage.Threshold{{TaskID: "", Measure: "hours", At: 1}}, now)
	wantFault(t, err, fault.CodeIDInvalid)
}

// TestLiftedDuesAreReachedTogether: a due in the machine's totals is reached
// exactly when the part's own total reaches it, whatever the two had counted before.
func TestLiftedDuesAreReachedTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(label string) int64 { return rapid.Int64Range(0, 1000).Draw(t, label) }
		c := usage.New("c")
		c.Base = counts{{"hours", n("before")}}
		at := n("machine")
		c, err := c.Join("m", counts{{"hours", at}}, now)
		if err != nil {
			t.Fatal(err)
		}
		due := n("due")
		lifted := c.Lift(counts{{"hours", due}})
		machine := at + n("since")
		if own := c.Total("hours", counts{{"hours", machine}}); (machine >= lifted[0].Value) != (own >= due) {
			t.Fatalf("machine %d, lifted %d, own %d, due %d", machine, lifted[0].Value, own, due)
		}
		metered, err := c.Read(counts{{"hours", n("reading")}}, counts{{"hours", machine}}, now)
		if err != nil {
			t.Fatal(err)
		}
		if len(metered.Lift(counts{{"hours", due}})) != 0 {
			t.Fatal("what a part meters itself falls due through its machine")
		}
	})
}
