package main

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func temperatures(t *testing.T) (string, *recording) {
	t.Helper()
	path := filepath.Join(data(t, "condition"), "machine-temperature.csv")
	rec, err := readRecording(path)
	if err != nil {
		t.Fatal(err)
	}
	if len(rec.readings)+rec.dropped != 22_695 || rec.dropped != 12 {
		t.Fatalf("%d readings, %d of them dropped", len(rec.readings)+rec.dropped, rec.dropped)
	}
	return path, rec
}

// TestWhatTheTemperatureSays holds the rules to a calculation of its own, the ledger
// to the rules, and the document to all of them.
func TestWhatTheTemperatureSays(t *testing.T) {
	path, rec := temperatures(t)
	want := alarms(t, path)
	m := newMemory(t, rec.at[0])
	r, err := newReplay(m, &fleet{}, "watched", "USD", 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.found(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.until(rec.at[0])
	onLedger, err := r.monitor(t.Context(), rec)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range watchings(rec.readings[:rec.first()]) {
		hits, err := judge(rec, w)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[w.name], hits); diff != "" {
			t.Errorf("%s, by calculation (-) and by the rules (+):\n%s", w.name, diff)
		}
		if diff := cmp.Diff(hits, onLedger[w.name]); diff != "" {
			t.Errorf("%s, by the rules (-) and on the ledger (+):\n%s", w.name, diff)
		}
		documented(t, weigh(hits).row(w.name, len(hits)))
	}
	documented(t, heading())
	t.Logf("%d transactions", m.calls)
}

// documented holds a line of the document's tables to what has been found.
func documented(t *testing.T, line string) {
	t.Helper()
	doc, err := os.ReadFile("../../docs/recordings.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), line+"\n") {
		t.Errorf("docs/recordings.md does not have the line\n%s", line)
	}
}

// series is the text of the file as numbers, and what its first week says.
type series struct {
	at                      []time.Time
	value                   []float64
	week                    int // readings in it
	mean, spread, low, high float64
	fastest                 float64 // change in a minute, over an hour
}

func readSeries(t *testing.T, path string) *series {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := &series{low: math.Inf(1), high: math.Inf(-1)}
	for _, r := range rows[1:] {
		when, err := time.Parse("2006-01-02 15:04:05", r[0])
		if err != nil {
			t.Fatal(err)
		}
		v, err := strconv.ParseFloat(r[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(s.at); n == 0 || when.After(s.at[n-1]) {
			s.at, s.value = append(s.at, when), append(s.value, v)
		}
	}
	for ; s.at[s.week].Sub(s.at[0]).Hours() < 7*24; s.week++ {
		v := s.value[s.week]
		s.low, s.high, s.mean = math.Min(s.low, v), math.Max(s.high, v), s.mean+v
		if s.week >= 12 {
			s.fastest = math.Max(s.fastest, math.Abs(v-s.value[s.week-12])/60)
		}
	}
	s.mean /= float64(s.week)
	for _, v := range s.value[:s.week] {
		s.spread += (v - s.mean) * (v - s.mean)
	}
	s.spread = math.Sqrt(s.spread / float64(s.week))
	return s
}

// alarms finds what each way of watching has to find, in floating point, from the
// text of the file. It shares no code with the product, nor with the replay. The sums
// and rates take the plan's figures in whole thousandths, as they are written there.
func alarms(t *testing.T, path string) map[string][]time.Time {
	t.Helper()
	s := readSeries(t, path)
	beyond := func(v float64) (bool, bool) { return v < s.low-s.spread, v > s.high+s.spread }
	whole := func(v float64) float64 { return math.Trunc(v*1000) / 1000 }
	target, slack, most := math.Round(s.mean*1000)/1000, whole(math.Round(s.spread*1000)/2000), 5*math.Round(s.spread*1000)/1000
	return map[string][]time.Time{
		"one-reading": s.find(func(begin, i int) bool { low, high := beyond(s.value[i]); return low || high }),
		"half-an-hour": s.find(func(begin, i int) bool {
			low, high := 0, 0
			for k := i; k > i-6 && k >= begin; k-- {
				l, h := beyond(s.value[k])
				low, high = low+count(l), high+count(h)
			}
			return low == 6 || high == 6
		}),
		"nine-of-twelve": s.find(func(begin, i int) bool {
			low, high := 0, 0
			for k := i; k > i-12 && k >= begin; k-- {
				low, high = low+count(s.value[k] < s.mean-3*s.spread), high+count(s.value[k] > s.mean+3*s.spread)
			}
			return low >= 9 || high >= 9
		}),
		"change": s.find(func(begin, i int) bool {
			last := begin // where the last rate ended
			for k := begin + 1; k <= i; k++ {
				minutes := s.at[k].Sub(s.at[last]).Minutes()
				if minutes < 60 {
					continue
				}
				if k == i && minutes <= 24*60 {
					return math.Abs(s.value[k]-s.value[last])/minutes > 2*whole(s.fastest)
				}
				last = k
			}
			return false
		}),
		"cusum": s.find(func(begin, i int) bool {
			down, up := 0.0, 0.0
			for k := begin; k <= i; k++ {
				down = math.Max(0, down+target-s.value[k]-slack)
				up = math.Max(0, up+s.value[k]-target-slack)
			}
			return down > most || up > most
		}),
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// find goes through the readings after the first week. After an alarm nothing is
// judged until the first report that is a day later; reports are of twelve readings.
func (s *series) find(alarm func(begin, i int) bool) []time.Time {
	var out []time.Time
	begin, busy := s.week, false
	for i := s.week; i < len(s.value); i++ {
		if busy && (i-s.week)%12 == 0 && s.at[i].Sub(out[len(out)-1]).Hours() >= 24 {
			begin, busy = i, false
		}
		if !busy && alarm(begin, i) {
			out, busy = append(out, s.at[i]), true
		}
	}
	return out
}
