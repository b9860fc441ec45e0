package projection

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What is remembered is written as encoding/json writes it, and read again.
func TestAStateIsWrittenAsJSONHasIt(t *testing.T) {
	texts := []string{"", "ManufacturerMSP", "component/c-1", "a \"b\" \\ c", "<&>", "tab\t", "Gerät", "\u2028", "\x7f"}
	var as stateText
	for seed := range uint64(2000) {
		random := rand.New(rand.NewPCG(seed, 3))
		text := func() string { return texts[random.IntN(len(texts))] }
		s := state{
			Stamp: &stamp{Block: random.Uint64N(9), Number: random.Uint64N(9), Transaction: text(), Time: text(), Submitter: text()},
			ID:    text(), Value: text(), From: text(), Number: random.Int64N(3),
		}
		for range random.IntN(4) {
			if s.Fields == nil {
				s.Fields = make(map[string]any)
			}
			s.Fields["field"+string(rune('a'+random.IntN(5)))] = []any{text(), int64(random.IntN(9)), float64(random.IntN(9)), random.IntN(2) == 0, nil}[random.IntN(5)]
		}
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		got, err := as.of(&s)
		if err != nil || got != string(want) {
			t.Fatalf("%s, not %s: %v", got, want, err)
		}
		var again state
		if err := json.Unmarshal([]byte(got), &again); err != nil || again.Number != s.Number {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s.Stamp, again.Stamp, cmp.AllowUnexported(stamp{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
}
