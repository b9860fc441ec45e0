package service_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

func watched(t rapid.TB, controls ...service.Control) service.Plan {
	x := service.Task{TaskID: "check", Title: "Check", Action: service.Inspect, Skill: "eyes", Controls: controls}
	return attached(t, x)
}

// minutes are readings a minute apart.
func minutes(from int64, values ...int64) (rs []service.ConditionReading) {
	for i, v := range values {
		rs = append(rs, service.ConditionReading{At: measure.Time(t0).Add((from + int64(i)) * 60_000), Value: v})
	}
	return rs
}

func TestControlRules(t *testing.T) {
	const m = "temperature"
	for name, c := range map[string]struct {
		control service.Control
		values  []int64
		hit     int // number of the reading that breaks it; -1: none does
		value   int64
	}{
		"on the limit is within":           {service.Control{RuleID: "service.condition.above", Limit: 40_000}, []int64{40_000}, -1, 0},
		"above it is not":                  {service.Control{RuleID: "service.condition.above", Limit: 40_000}, []int64{39_000, 40_001, 50_000}, 1, 40_001},
		"below the least":                  {service.Control{RuleID: "service.condition.below", Limit: -5}, []int64{-5, -4, -6}, 2, -6},
		"a run is broken by one within":    {service.Control{RuleID: "service.condition.run-above", Limit: 10, Count: 3}, []int64{11, 11, 10, 11, 11, 12}, 5, 12},
		"a run below":                      {service.Control{RuleID: "service.condition.run-below", Limit: 10, Count: 2}, []int64{9, 10, 9, 8}, 3, 8},
		"two of the last three":            {service.Control{RuleID: "service.condition.most-above", Limit: 10, Count: 2, Of: 3}, []int64{11, 1, 1, 11, 1, 11}, 5, 11},
		"what was long ago is forgotten":   {service.Control{RuleID: "service.condition.most-above", Limit: 10, Count: 2, Of: 2}, []int64{11, 1, 11, 1, 11}, -1, 0},
		"most below":                       {service.Control{RuleID: "service.condition.most-below", Limit: 10, Count: 2, Of: 4}, []int64{9, 11, 11, 9}, 3, 9},
		"thirty-two at most are looked at": {service.Control{RuleID: "service.condition.most-above", Limit: 10, Count: 2, Of: 32}, append(append([]int64{11}, make([]int64, 31)...), 11), -1, 0},
		"a rise of the limit is within":    {service.Control{RuleID: "service.condition.rise", Limit: 500, WindowSeconds: 60}, []int64{0, 500, 1000, 1501}, 3, 501},
		"over two minutes, not one":        {service.Control{RuleID: "service.condition.rise", Limit: 500, WindowSeconds: 120}, []int64{0, 900, 1000, 1900, 2003}, 4, 501},
		"a rise is no fall":                {service.Control{RuleID: "service.condition.fall", Limit: 500, WindowSeconds: 60}, []int64{0, 9000, 8400}, 2, 600},
		"drift adds up":                    {service.Control{RuleID: "service.condition.drift-up", Limit: 50, Target: 100, Slack: 10}, []int64{130, 130, 130}, 2, 60},
		"and is taken away again":          {service.Control{RuleID: "service.condition.drift-up", Limit: 50, Target: 100, Slack: 10}, []int64{130, 130, 70, 130, 130}, -1, 0},
		"never below nothing":              {service.Control{RuleID: "service.condition.drift-up", Limit: 50, Target: 100, Slack: 10}, []int64{-9000, 161}, 1, 51},
		"drift downwards":                  {service.Control{RuleID: "service.condition.drift-down", Limit: 50, Target: 100, Slack: 10}, []int64{70, 70, 60}, 2, 70},
	} {
		t.Run(name, func(t *testing.T) {
			c.control.Measure = m
			p := watched(t, c.control)
			_, hits, err := service.NewCondition("c", m).Judge(p, service.ConditionReport{Measure: m, Readings: minutes(0, c.values...)}, after(1))
			if err != nil {
				t.Fatal(err)
			}
			if c.hit < 0 {
				if len(hits) != 0 {
					t.Errorf("hit: %+v", hits)
				}
				return
			}
			want := []service.Hit{{TaskID: "check", Trigger: service.Trigger{Measure: m, RuleID: c.control.RuleID, Limit: c.control.Limit, Value: c.value, At: minutes(int64(c.hit), 0)[0].At}}}
			if diff := cmp.Diff(want, hits); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARateIsNotTakenOverADayOfSilence(t *testing.T) {
	p := watched(t, service.Control{Measure: "t", RuleID: "service.condition.rise", Limit: 1, WindowSeconds: 60})
	rs := []service.ConditionReading{{At: after(0), Value: 0}, {At: after(2), Value: 10_000_000_000}, {At: after(2).Add(60_000), Value: 10_000_000_000}}
	_, hits, err := service.NewCondition("c", "t").Judge(p, service.ConditionReport{Measure: "t", Readings: rs}, after(3))
	if err != nil || len(hits) != 0 {
		t.Error(hits, err)
	}
}

func TestReportsGoOnWhereTheLastOneEnded(t *testing.T) {
	p := watched(t, service.Control{Measure: "t", RuleID: "service.condition.above", Limit: 10})
	c, _, err := service.NewCondition("c", "t").Judge(p, service.ConditionReport{Measure: "t", Readings: minutes(0, 1, 2, 3)}, after(1))
	if err != nil || c.Readings != 3 || c.LastValue != 3 || c.LastAt != minutes(2, 0)[0].At {
		t.Fatal(c, err)
	}
	odd := minutes(3, 4)
	odd[0].At = "2026-03-01T12:03:00Z"
	for name, x := range map[string]struct {
		report service.ConditionReport
		code   fault.Code
	}{
		"the next minute":           {service.ConditionReport{Measure: "t", Readings: minutes(3, 4)}, ""},
		"the last reading again":    {service.ConditionReport{Measure: "t", Readings: minutes(2, 3)}, fault.CodeConditionOrder},
		"two in the wrong order":    {service.ConditionReport{Measure: "t", Readings: append(minutes(4, 1), minutes(3, 1)...)}, fault.CodeConditionOrder},
		"tomorrow's":                {service.ConditionReport{Measure: "t", Readings: []service.ConditionReading{{At: after(2), Value: 1}}}, fault.CodeConditionOrder},
		"none":                      {service.ConditionReport{Measure: "t"}, fault.CodeInvalid},
		"too many":                  {service.ConditionReport{Measure: "t", Readings: minutes(3, make([]int64, 501)...)}, fault.CodeInvalid},
		"of another measure":        {service.ConditionReport{Measure: "u", Readings: minutes(3, 4)}, fault.CodeInvalid},
		"of no measure":             {service.ConditionReport{Readings: minutes(3, 4)}, fault.CodeIDInvalid},
		"a time in another form":    {service.ConditionReport{Measure: "t", Readings: odd}, fault.CodeTimeInvalid},
		"a time that is none":       {service.ConditionReport{Measure: "t", Readings: []service.ConditionReading{{At: "now", Value: 1}}}, fault.CodeTimeInvalid},
		"a value beyond any":        {service.ConditionReport{Measure: "t", Readings: minutes(3, 10_000_000_001)}, fault.CodeInvalid},
		"a value beyond any, below": {service.ConditionReport{Measure: "t", Readings: minutes(3, -10_000_000_001)}, fault.CodeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := c.Judge(p, x.report, after(1))
			wantFault(t, err, x.code)
		})
	}
}

// While the task's request is open it is not judged; afterwards its controls begin
// anew, and so they do when the plan changes.
func TestControlsBeginAnew(t *testing.T) {
	run := service.Control{Measure: "t", RuleID: "service.condition.run-above", Limit: 10, Count: 3}
	p := watched(t, run)
	c, hits, err := service.NewCondition("c", "t").Judge(p, service.ConditionReport{Measure: "t", Readings: minutes(0, 11, 11, 11, 11)}, after(1))
	if err != nil || len(hits) != 1 || c.Hits != 1 {
		t.Fatal(hits, err)
	}
	p, r, _, err := p.Raise("check", service.Occasion{Cause: service.ByCondition, Trigger: &hits[0].Trigger, DueAt: after(1)}, at("x", 1))
	if err != nil {
		t.Fatal(err)
	}
	c, hits, err = c.Judge(p, service.ConditionReport{Measure: "t", Readings: minutes(4, 11, 11, 11, 11)}, after(1))
	if err != nil || len(hits) != 0 || len(c.States) != 0 {
		t.Fatal(hits, c.States, err)
	}
	p = p.Done(r, counted(0), at("x", 1))
	c, hits, err = c.Judge(p, service.ConditionReport{Measure: "t", Readings: minutes(8, 11, 11)}, after(1))
	if err != nil || len(hits) != 0 || c.States[0].Run != 2 {
		t.Fatal(hits, c.States, err)
	}
	changed, err := p.Change([]service.Task{p.Tasks[0].Task}, maker, counted(0), at("Maker", 1))
	if err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		plan service.Plan
		hits int
	}{"as it was": {p, 1}, "after a change": {changed, 0}} {
		if _, hits, err := c.Judge(x.plan, service.ConditionReport{Measure: "t", Readings: minutes(10, 11)}, after(1)); err != nil || len(hits) != x.hits {
			t.Errorf("%s: %v, %v", name, hits, err)
		}
	}
}

func drawControl(t *rapid.T) service.Control {
	r := rapid.SampledFrom(service.ControlRules()).Draw(t, "rule")
	c := service.Control{Measure: "t", RuleID: r.ID, Limit: rapid.Int64Range(0, 100).Draw(t, "limit")}
	if r.Counts {
		c.Count = rapid.Int64Range(1, 4).Draw(t, "count")
	}
	if r.Proportion {
		c.Of = rapid.Int64Range(max(c.Count, 2), 6).Draw(t, "of")
	}
	if r.Rate {
		c.WindowSeconds = rapid.Int64Range(1, 200).Draw(t, "window")
	}
	if r.Sums {
		c.Target, c.Slack = rapid.Int64Range(-20, 20).Draw(t, "target"), rapid.Int64Range(0, 10).Draw(t, "slack")
	}
	return c
}

// Any cut into reports gives the same requests at the same readings.
func TestTheCutDoesNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := watched(t, drawControl(t), drawControl(t))
		readings := minutes(0, rapid.SliceOfN(rapid.Int64Range(-120, 120), 1, 80).Draw(t, "values")...)
		judge := func(cut func() int) (all []service.Hit, last service.MonitoredCondition) {
			c, plan := service.NewCondition("c", "t"), p
			for rest := readings; len(rest) > 0; {
				n := min(cut(), len(rest))
				next, hits, err := c.Judge(plan, service.ConditionReport{Measure: "t", Readings: rest[:n]}, after(1))
				if err != nil {
					t.Fatal(err)
				}
				for _, h := range hits {
					if plan, _, _, err = plan.Raise(h.TaskID, service.Occasion{DueAt: after(1)}, at("x", 1)); err != nil {
						t.Fatal(err)
					}
				}
				all, c, rest = append(all, hits...), next, rest[n:]
			}
			return all, c
		}
		whole, once := judge(func() int { return len(readings) })
		parts, cut := judge(func() int { return rapid.IntRange(1, 9).Draw(t, "cut") })
		if diff := cmp.Diff(whole, parts); diff != "" {
			t.Fatal(diff)
		}
		if once.Readings != cut.Readings || once.LastAt != cut.LastAt || len(whole) == 0 && !slices.Equal(once.States, cut.States) {
			t.Fatalf("%+v\n%+v", once, cut)
		}
	})
}

// Each rule against its definition, reckoned from all readings at once.
func TestControlsAgainstTheirDefinitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawControl(t)
		p := watched(t, c)
		readings := minutes(0, rapid.SliceOfN(rapid.Int64Range(-120, 120), 1, 60).Draw(t, "values")...)
		want := -1
		for n := 1; n <= len(readings) && want < 0; n++ {
			if brokenAt(c, readings[:n]) {
				want = n - 1
			}
		}
		_, hits, err := service.NewCondition("c", "t").Judge(p, service.ConditionReport{Measure: "t", Readings: readings}, after(1))
		if err != nil {
			t.Fatal(err)
		}
		got := -1
		if len(hits) == 1 {
			got = slices.IndexFunc(readings, func(r service.ConditionReading) bool { return r.At == hits[0].Trigger.At })
		}
		if got != want {
			t.Fatalf("%+v breaks at %d, by its definition at %d", c, got, want)
		}
	})
}

// brokenAt says whether the last of the readings breaks the control, by definition.
func brokenAt(c service.Control, rs []service.ConditionReading) bool {
	beyond := func(r service.ConditionReading, high bool) int64 {
		if high && r.Value > c.Limit || !high && r.Value < c.Limit {
			return 1
		}
		return 0
	}
	count := func(last int64, high bool) (n int64) {
		for _, r := range rs[max(0, len(rs)-int(last)):] {
			n += beyond(r, high)
		}
		return n
	}
	sum := func(sign int64) int64 { // the greatest sum of a tail, which CUSUM is
		var best, tail int64
		for i := len(rs) - 1; i >= 0; i-- {
			tail += sign*(rs[i].Value-c.Target) - c.Slack
			best = max(best, tail)
		}
		return best
	}
	rate := func(sign int64) bool {
		mark, broken := 0, false
		for i := 1; i < len(rs); i++ {
			if ms := rs[i].At.UnixMs() - rs[mark].At.UnixMs(); ms >= c.WindowSeconds*1000 {
				broken = sign*(rs[i].Value-rs[mark].Value)*60_000 > c.Limit*ms
				mark = i
			} else {
				broken = false
			}
		}
		return broken
	}
	switch c.RuleID {
	case "service.condition.above":
		return count(1, true) == 1
	case "service.condition.below":
		return count(1, false) == 1
	case "service.condition.run-above":
		return count(c.Count, true) == c.Count
	case "service.condition.run-below":
		return count(c.Count, false) == c.Count
	case "service.condition.most-above":
		return count(c.Of, true) >= c.Count
	case "service.condition.most-below":
		return count(c.Of, false) >= c.Count
	case "service.condition.rise":
		return rate(1)
	case "service.condition.fall":
		return rate(-1)
	case "service.condition.drift-up":
		return sum(1) > c.Limit
	case "service.condition.drift-down":
		return sum(-1) > c.Limit
	}
	panic(c.RuleID)
}

// The figures of a control and the values, whatever they are, never make judging
// fail in a way that it does not say.
func FuzzJudge(f *testing.F) {
	f.Add("service.condition.rise", int64(10_000_000_000), int64(0), int64(0), int64(86_400), int64(0), int64(0), int64(10_000_000_000), int64(-10_000_000_000))
	f.Add("service.condition.drift-up", int64(1), int64(0), int64(0), int64(0), int64(-10_000_000_000), int64(0), int64(10_000_000_000), int64(5))
	f.Add("service.condition.most-below", int64(-7), int64(3), int64(32), int64(0), int64(0), int64(0), int64(1), int64(-8))
	f.Fuzz(func(t *testing.T, rule string, limit, count, of, window, target, slack, one, two int64) {
		x := service.Task{TaskID: "check", Title: "Check", Action: service.Inspect, Skill: "eyes", Controls: []service.Control{{Measure: "t", RuleID: service.RuleID(rule), Limit: limit, Count: count, Of: of, WindowSeconds: window, Target: target, Slack: slack}}}
		p, err := service.Attach("c", []service.Task{x}, "", maker, counted(0), at("Maker", 0))
		if err != nil {
			return
		}
		c, hits, err := service.NewCondition("c", "t").Judge(p, service.ConditionReport{Measure: "t", Readings: minutes(0, one, two, one, two, two)}, after(1))
		if err == nil && (len(hits) > 1 || c.Readings != 5 || len(hits) == 1 && hits[0].Trigger.Limit != limit) {
			t.Errorf("%+v, %+v", c, hits)
		}
	})
}
