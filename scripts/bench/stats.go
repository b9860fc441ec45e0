package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// median of values; 0 of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

// spread is a median with its 95 % bootstrap confidence interval.
type spread struct{ low, mid, high float64 }

func (s spread) String() string {
	return fmt.Sprintf("%.3g (95 %%: %.3g to %.3g)", s.mid, s.low, s.high)
}

// bootstrap resamples the values, the same way every time.
func bootstrap(values []float64, of func([]float64) float64) spread {
	rnd := rand.New(rand.NewPCG(1, 2))
	const rounds = 2000
	results := make([]float64, rounds)
	sample := make([]float64, len(values))
	for i := range results {
		for k := range sample {
			sample[k] = values[rnd.IntN(len(values))]
		}
		results[i] = of(sample)
	}
	slices.Sort(results)
	return spread{results[rounds*25/1000], of(values), results[rounds*975/1000]}
}

// ratio is what a benchmark shows: A divided by B, measured in pairs, one after
// the other in the same run.
type ratio struct {
	name  string
	goal  string
	pairs []float64
	a, b  []float64
	unit  string
	ok    func(spread) bool
}

func (r *ratio) add(a, b float64) {
	r.a, r.b, r.pairs = append(r.a, a), append(r.b, b), append(r.pairs, a/b)
}

// row is the line of the table in docs/performance.md.
func (r *ratio) row() string {
	s := bootstrap(r.pairs, median)
	verdict := "missed"
	if r.ok(s) {
		verdict = "met"
	}
	return fmt.Sprintf("| %s | %.4g %s | %.4g %s | %s | %d | %s | %s |", r.name, median(r.a), r.unit, median(r.b), r.unit, s, len(r.pairs), r.goal, verdict)
}
