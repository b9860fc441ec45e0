package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/launch"
)

// found is what is compared of an excursion: what any calculation must agree on.
type found struct {
	Limit, Custodian string
	Opened           int // the reading's number, from 1
	Readings         int
	Peak             string // three decimals
}

// TestTheDemoFindsWhatAnIndependentCalculationFinds plays recordings through
// the REST API of a real network and compares the excursions with those of a
// plain calculation over the file, which shares no code with the product.
func TestTheDemoFindsWhatAnIndependentCalculationFinds(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	n, err := launch.Start(ctx, launch.Options{Dir: t.TempDir(), AutoPorts: true, Gateways: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}()
	var s setting
	if err := s.use(n.Consortium()); err != nil {
		t.Fatal(err)
	}
	t.Run("the story is told for a person", func(t *testing.T) {
		var out bytes.Buffer
		told := s
		told.out, told.fleet, told.run = &out, true, "live"
		began := time.Now()
		if err := run(ctx, told); err != nil {
			t.Fatal(err)
		}
		t.Logf("the demo took %s", time.Since(began).Round(time.Second))
		for _, text := range []string{"Who takes part", "SH7", "10.00 tokens", "goes on after the hand-over", "Who pays what", "ShipperMSP", "asked beforehand", "template", "acknowledges", "is rated", "A fleet"} {
			if !strings.Contains(out.String(), text) {
				t.Errorf("the story does not say %q:\n%s", text, out.String())
			}
		}
	})
	t.Run("it leaves what the twenty questions ask", func(t *testing.T) {
		_, all := readQuestions(t)
		m, err := n.Consortium().Parts()
		if err != nil {
			t.Fatal(err)
		}
		overREST(t, m.Shipper, "live").check(t, all)
	})
	for _, path := range append([]string{invented(t)}, recordings(t)...) {
		t.Run(filepath.Base(path), func(t *testing.T) { compare(ctx, t, n.Consortium(), path) })
	}
}

// compare has the program play a recording, as somebody who calls it does.
func compare(ctx context.Context, t *testing.T, c *consortium.Consortium, path string) {
	var out bytes.Buffer
	f := flag.NewFlagSet("demo", flag.PanicOnError)
	s := flags(f)
	play := s.play
	if err := f.Parse([]string{"-json", "-recording", path}); err != nil {
		t.Fatal(err)
	}
	s.out = &out
	if err := play(ctx, c); err != nil {
		t.Fatal(err)
	}
	var got outcome
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	want := calculate(t, path)
	var have []found
	penalties := map[string]int64{}
	for _, e := range got.Excursions {
		have = append(have, found{e.LimitID, e.Custodian, int(e.OpenedSequence), int(e.ReadingsBeyond), fmt.Sprintf("%.3f", float64(e.PeakMilli)/1000)})
		penalties[e.Custodian] += int64(e.PenaltyMinor)
		if e.Open {
			t.Errorf("%s is still open", e.ExcursionID)
		}
	}
	order := func(a, b found) int {
		return strings.Compare(fmt.Sprintf("%s %9d", a.Limit, a.Opened), fmt.Sprintf("%s %9d", b.Limit, b.Opened))
	}
	slices.SortFunc(have, order)
	slices.SortFunc(want, order)
	if diff := cmp.Diff(want, have); diff != "" {
		t.Errorf("excursions, by calculation (-) and on the ledger (+):\n%s", diff)
	}
	checkMoney(t, got.Statement, penalties)
	checkForesight(t, got)
	checkRatings(t, got)
	if d := got.Tracked.Devices; len(d) != 1 || int(d[0].Readings) != got.Readings/2-got.Readings/2/10 || got.Tracked.Shipment.Status != shipment.InTransit {
		t.Errorf("seen on the way: %+v", got.Tracked)
	}
	t.Logf("%s: %d readings, %d excursions", filepath.Base(path), got.Readings, len(have))
	for _, f := range have {
		t.Logf("  %-7s from reading %5d, %3d readings beyond, peak %9s, %s", f.Limit, f.Opened, f.Readings, f.Peak, f.Custodian)
	}
}

// checkForesight holds what the ledger said beforehand to what happened.
func checkForesight(t *testing.T, got outcome) {
	t.Helper()
	if got.Simulated.Found != len(got.Excursions) {
		t.Errorf("%d excursions were foreseen, there are %d", got.Simulated.Found, len(got.Excursions))
	}
	if diff := cmp.Diff(got.Simulated.Statement.Lines, got.Statement.Lines); diff != "" {
		t.Errorf("lines of the statement, foreseen (-) and settled (+):\n%s", diff)
	}
	for _, e := range got.Simulated.Excursions {
		if i := slices.IndexFunc(got.Excursions, func(o shipment.Excursion) bool { return o.ExcursionID == e.ExcursionID }); i < 0 || cmp.Diff(e, got.Excursions[i]) != "" {
			t.Errorf("%s was foreseen otherwise", e.ExcursionID)
		}
	}
}

// checkRatings repeats the published formula, in floating point: the result may
// be off by what integers cut away.
func checkRatings(t *testing.T, got outcome) {
	t.Helper()
	if len(got.Ratings) != 2 {
		t.Fatalf("%d carriers are rated", len(got.Ratings))
	}
	for _, r := range got.Ratings {
		sum, weights, weight := 0.0, 0.0, 1.0
		for _, o := range r.Outcomes {
			score := 1000 - 500*float64(o.PenaltyBasisPoints)/10000 - 200*math.Min(1, float64(o.Late)/float64(o.Legs)) - 30*math.Min(5, float64(o.Excursions))
			if o.DisputesLost > 0 {
				score -= 150
			}
			sum, weights = sum+weight*score, weights+weight
			weight *= 15.0 / 16
		}
		if want := sum / weights; math.Abs(want-float64(r.PerMille)) > 3 {
			t.Errorf("%s is rated %d, by calculation %.1f", r.Organisation, r.PerMille, want)
		}
		if o := r.Outcomes[0]; o.ShipmentID != got.ShipmentID || o.Carrier != r.Organisation {
			t.Errorf("the latest outcome of %s is %+v", r.Organisation, o)
		}
	}
}

func checkMoney(t *testing.T, st shipment.Statement, penalties map[string]int64) {
	t.Helper()
	var paid int64
	for _, l := range st.Lines {
		if int64(l.PenaltyMinor) != penalties[l.Carrier] {
			t.Errorf("%s is charged %d, its excursions cost %d", l.Carrier, l.PenaltyMinor, penalties[l.Carrier])
		}
		if payable := max(int64(l.FeeMinor)-penalties[l.Carrier], 0); int64(l.PayableMinor) != payable {
			t.Errorf("%s gets %d, not %d", l.Carrier, l.PayableMinor, payable)
		}
		paid += int64(l.PayableMinor)
	}
	if paid+int64(st.RefundMinor) != int64(st.FeesMinor) {
		t.Errorf("%d paid and %d given back are not the %d in escrow", paid, st.RefundMinor, st.FeesMinor)
	}
}

// sample is a row of the file; NaN where the field is empty.
type sample struct {
	at                         time.Time
	temperature, humidity, lux float64
	x, y, z                    float64 // thousandths of g
}

func samples(t *testing.T, path string) []sample {
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
	number := func(text string) float64 {
		if text == "" {
			return math.NaN()
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var out []sample
	for _, r := range rows[1:] {
		at, err := time.Parse(time.RFC3339Nano, r[0])
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, sample{at, number(r[1]), number(r[2]), number(r[3]) / 1000, number(r[4]), number(r[5]), number(r[6])})
	}
	return out
}

// shock is the length of the acceleration; the product counts whole thousandths
// of g, rounded down.
func (s sample) shock() float64 { return math.Floor(s.length()) / 1000 }

func (s sample) length() float64 { return math.Sqrt(s.x*s.x + s.y*s.y + s.z*s.z) }

// tilt is the angle against the device's own axis, where there is gravity alone.
func (s sample) tilt() float64 {
	if g := s.length(); g >= 900 && g <= 1100 {
		return math.Acos(s.z/g) * 180 / math.Pi
	}
	return math.NaN()
}

// calculate applies the demo's limits to a whole file at once, with the formulas
// as they stand in books.
func calculate(t *testing.T, path string) []found {
	t.Helper()
	all := samples(t, path)
	for i := 1; i < len(all); i++ {
		if all[i].at.Sub(all[i-1].at) > time.Minute {
			t.Fatalf("silence before reading %d, whose parts this calculation does not know", i+1)
		}
	}
	var out []found
	out = append(out, groups(all, "SH7", 40, 0, 0, func(i int) float64 { return all[i].temperature })...)
	out = append(out, groups(all, "shock", 1.5, 0, 2*time.Second, func(i int) float64 { return all[i].shock() })...)
	out = append(out, groups(all, "opened", 100, 0, 5*time.Second, func(i int) float64 { return all[i].lux })...)
	out = append(out, groups(all, "damp", 80, time.Minute, 0, func(i int) float64 { return all[i].humidity })...)
	out = append(out, groups(all, "tilt", 120, 2*time.Second, 5*time.Second, func(i int) float64 { return all[i].tilt() })...)
	rates := rates(all, time.Minute)
	out = append(out, groups(all, "rate", 5, 0, 0, func(i int) float64 { return rates[i] })...)
	return append(out, kinetic(all, "mean", 25)...)
}

// rates are the changes of temperature in a minute, at those readings that are a
// window after the one where the last rate ended; NaN at the others.
func rates(all []sample, window time.Duration) []float64 {
	out, from := make([]float64, len(all)), -1
	for i, s := range all {
		out[i] = math.NaN()
		switch {
		case math.IsNaN(s.temperature):
		case from < 0:
			from = i
		case s.at.Sub(all[from].at) >= window:
			changed := math.Round(math.Abs(s.temperature-all[from].temperature) * 1000)
			out[i] = math.Floor(changed*60_000/float64(s.at.Sub(all[from].at).Milliseconds())) / 1000
			from = i
		}
	}
	return out
}

// kinetic is the mean kinetic temperature of the whole journey, each value
// holding until the next: who has the goods at the end answers for it.
func kinetic(all []sample, limit string, bound float64) []found {
	sum, weight, n, last := 0.0, 0.0, 0, -1
	for i, s := range all {
		if math.IsNaN(s.temperature) {
			continue
		}
		if last >= 0 {
			d := float64(s.at.Sub(all[last].at).Milliseconds())
			sum, weight = sum+d*math.Exp(-10_000/(all[last].temperature+273.15)), weight+d
		}
		n, last = n+1, i
	}
	if mean := 10_000/-math.Log(sum/weight) - 273.15; mean > bound {
		return []found{{limit, "ServiceMSP", 1, n, fmt.Sprintf("%.3f", math.Floor(mean*1000)/1000)}}
	}
	return nil
}

// groups are the readings beyond a bound that no long enough quiet spell
// separates, cut at the hand-over. A group counts when it lasted longer than the
// tolerance; until then one reading within the bound ends it, and a hand-over
// does not begin it anew.
func groups(all []sample, limit string, bound float64, tolerance, quiet time.Duration, of func(int) float64) []found {
	var out []found
	var group []int
	var since time.Time
	beyond, within := false, -1
	counts := func() bool {
		return len(group) > 0 && (tolerance == 0 || all[group[len(group)-1]].at.Sub(since) > tolerance)
	}
	flush := func(custodian string) {
		if counts() {
			peak := math.Inf(-1)
			for _, i := range group {
				peak = max(peak, of(i))
			}
			out = append(out, found{limit, custodian, group[0] + 1, len(group), fmt.Sprintf("%.3f", peak)})
		}
		group, beyond, within = nil, false, -1
	}
	custodian := "ShipperMSP"
	for i := range all {
		if i == len(all)/2 {
			goesOn := beyond && within < 0
			flush(custodian)
			custodian, beyond = "ServiceMSP", goesOn
		}
		switch v := of(i); {
		case math.IsNaN(v):
		case v > bound:
			if !beyond {
				since = all[i].at
			}
			group, beyond, within = append(group, i), true, -1
		case beyond:
			if within < 0 {
				within = i
			}
			if !counts() || all[i].at.Sub(all[within].at) >= quiet {
				flush(custodian)
			}
		}
	}
	flush(custodian)
	return out
}

// invented writes the demo's own journey to a file.
func invented(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "invented.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	if err := smartpackage.WriteCSV(f, smartpackage.Synthetic(start, time.Second, smartpackage.SyntheticReadings)); err != nil {
		t.Fatal(err)
	}
	return path
}

// recordings are the real ones, where they lie beside the checkout.
func recordings(t *testing.T) []string {
	t.Helper()
	root, err := launch.FindRoot()
	if err != nil {
		t.Fatal(err)
	}
	paths, err := filepath.Glob(filepath.Join(root, "..", "shared", "data", "transport", "*.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Log("no real recordings here; the invented one is enough to run")
	}
	return paths
}
