package sqlitefile

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The order of rows is that of their values, whatever these begin with, and of their
// places where the values are the same.
func TestTheOrderIsThatOfTheValues(t *testing.T) {
	columns := map[string]func(*rand.Rand) any{
		"a few words":      func(r *rand.Rand) any { return []string{"owner", "carrier", "owners"}[r.IntN(3)] },
		"words or nothing": func(r *rand.Rand) any { return []any{nil, "", "a", "a\x00", "a\x00\x00"}[r.IntN(5)] },
		"what begins alike": func(r *rand.Rand) any {
			return "component.event/part-" + strings.Repeat("0", r.IntN(20)) + fmt.Sprint(r.IntN(9))
		},
		"what is long alike": func(r *rand.Rand) any { return strings.Repeat("ab", r.IntN(12)) },
		"times": func(r *rand.Rand) any {
			return fmt.Sprintf("2026-11-28T14:%02d:%02d.%03dZ", r.IntN(2), r.IntN(60), r.IntN(1000))
		},
		"any bytes": func(r *rand.Rand) any {
			return string([]byte{byte(r.IntN(256)), byte(r.IntN(3)), byte(r.IntN(256))}[:r.IntN(4)])
		},
		"numbers":              func(r *rand.Rand) any { return int64(r.IntN(9) - 4) },
		"numbers or nothing":   something,
		"the least of numbers": func(r *rand.Rand) any { return []any{nil, int64(math.MinInt64), int64(math.MaxInt64)}[r.IntN(3)] },
		"yes or no":            func(r *rand.Rand) any { return r.IntN(2) == 0 },
		"anything":             func(r *rand.Rand) any { return []any{nil, int64(r.IntN(3)), fmt.Sprint(r.IntN(3))}[r.IntN(3)] },
		"nothing":              func(*rand.Rand) any { return nil },
	}
	var names []string
	for name := range columns {
		names = append(names, name)
	}
	slices.Sort(names)
	for seed := range uint64(400) {
		random := rand.New(rand.NewPCG(seed, 5))
		first, second := names[int(seed)%len(names)], names[random.IntN(len(names))]
		rows := make([][]any, random.IntN(300))
		for i := range rows {
			rows[i] = []any{columns[first](random), columns[second](random)}
		}
		u, err := added(2, rows)
		if err != nil {
			t.Fatal(err)
		}
		r := u.keys(u.places(), 2) // as they came
		for _, by := range [][]int{{0}, {1}, {0, 1}, {1, 0}, nil} {
			sparse := len(by) > 0 && seed%2 == 0
			var want []int32
			for i, row := range rows {
				if !sparse || row[by[0]] != nil {
					want = append(want, int32(i))
				}
			}
			slices.SortStableFunc(want, func(a, b int32) int {
				for _, column := range by {
					if c := plainly(rows[a][column], rows[b][column]); c != 0 {
						return c
					}
				}
				return 0
			})
			got, counts := r.Order(by, sparse)
			if !slices.Equal(got, want) {
				t.Fatalf("%s and %s by %v: %v, not %v", first, second, by, got, want)
			}
			if different := distinct(rows, want, by); !slices.Equal(counts, different) {
				t.Fatalf("%s and %s by %v: %v different, not %v", first, second, by, counts, different)
			}
		}
	}
}

// distinct counts how many different values the first, the first two, … of columns have.
func distinct(rows [][]any, of []int32, columns []int) []int {
	counts := make([]int, len(columns))
	for k := range columns {
		seen := make(map[string]bool)
		for _, row := range of {
			var id strings.Builder
			for _, column := range columns[:k+1] {
				fmt.Fprintf(&id, "%T %q;", rows[row][column], fmt.Sprint(rows[row][column]))
			}
			seen[id.String()] = true
		}
		counts[k] = len(seen)
	}
	return counts
}

// plainly is the order of two values as SQLite's documents have it.
func plainly(a, b any) int {
	rank := func(v any) (int, int64, string) {
		switch v := v.(type) {
		case int64:
			return 1, v, ""
		case bool:
			return 1, map[bool]int64{true: 1}[v], ""
		case string:
			return 2, 0, v
		}
		return 0, 0, ""
	}
	x, n, s := rank(a)
	y, m, u := rank(b)
	return cmp.Or(cmp.Compare(x, y), cmp.Compare(n, m), bytes.Compare([]byte(s), []byte(u)))
}

// Rows with the same key are found.
func TestAKeyThatIsThereTwice(t *testing.T) {
	for _, c := range []struct {
		name string
		keys []any
		want bool
	}{
		{"none", nil, false}, {"each once", []any{"b", "a", "c"}, false}, {"one twice", []any{"b", "a", "b", "c"}, true},
	} {
		rows := make([][]any, len(c.keys))
		for i, k := range c.keys {
			rows[i] = []any{k, int64(i)}
		}
		u, err := added(2, rows)
		if err != nil {
			t.Fatal(err)
		}
		_, err = u.Sorted(1)
		if c.want != errors.Is(err, ErrTwice) || c.want && !strings.HasSuffix(err.Error(), `["b"]`) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// added are rows that were taken up, in two parts.
func added(columns int, rows [][]any) (*Unsorted, error) {
	a, b := NewUnsorted(columns), NewUnsorted(columns)
	for i, r := range rows {
		to := a
		if i >= len(rows)/3 {
			to = b
		}
		if err := to.Add(r); err != nil {
			return nil, err
		}
	}
	b.Join(a)
	return b, nil
}
