package recent_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/gateway/recent"
)

func TestTheOneThatWasAwayTheLongestGoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(t, "most")
		var m recent.Map[int, int]
		var order []int // the latest last
		values := map[int]int{}
		without := func(key int) {
			for i, k := range order {
				if k == key {
					order = append(order[:i:i], order[i+1:]...)
					break
				}
			}
			delete(values, key)
		}
		for range rapid.IntRange(0, 40).Draw(t, "steps") {
			key, value := rapid.IntRange(0, 8).Draw(t, "key"), rapid.Int().Draw(t, "value")
			if rapid.IntRange(0, 4).Draw(t, "step") == 0 {
				m.Delete(key)
				without(key)
			} else {
				m.Put(key, value, most)
				without(key)
				if len(order) == most {
					without(order[0])
				}
				order, values[key] = append(order, key), value
			}
			if m.Len() != len(order) {
				t.Fatalf("%d are there, not %v", m.Len(), order)
			}
			for k := range 9 {
				want, known := values[k]
				if got, ok := m.Get(k); ok != known || got != want {
					t.Fatalf("%d: %d %v, not %d %v", k, got, ok, want, known)
				}
			}
		}
	})
}
