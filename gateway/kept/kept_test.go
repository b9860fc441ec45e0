package kept

import (
	"fmt"
	"testing"
)

func TestAnAnswerServesAtItsMomentAlone(t *testing.T) {
	one, other := new(int), new(string)
	now := Moment{Height: 7, Epoch: 1, Caller: one}
	a := New(10, 1000)
	if _, ok := a.Find(now, "q"); ok {
		t.Error("nothing was kept")
	}
	a.Keep(now, "q", []byte("x"))
	a.Keep(now, "q", []byte("later"))
	if got, ok := a.Find(now, "q"); !ok || string(got) != "x" {
		t.Errorf("%q %v", got, ok)
	}
	for name, m := range map[string]Moment{"a block later": {8, 1, one}, "another epoch": {7, 2, one}, "another caller": {7, 1, other}} {
		if _, ok := a.Find(m, "q"); ok {
			t.Errorf("%s: found", name)
		}
	}
}

func TestWhatIsOlderThanWhatIsKeptIsNotTaken(t *testing.T) {
	a := New(10, 1000)
	a.Keep(Moment{Height: 7, Epoch: 1}, "q", []byte("x"))
	for _, m := range []Moment{{Height: 6, Epoch: 1}, {Height: 9, Epoch: 0}} {
		a.Keep(m, "q", []byte("old"))
		if _, ok := a.Find(m, "q"); ok {
			t.Errorf("%v was kept", m)
		}
	}
	began := Moment{Height: 3, Epoch: 2} // the ledger began anew
	a.Keep(began, "q", []byte("new"))
	if _, ok := a.Find(began, "q"); !ok {
		t.Error("a newer epoch was not kept")
	}
	if _, ok := a.Find(Moment{Height: 7, Epoch: 1}, "q"); ok {
		t.Error("what was before is there still")
	}
}

func TestNoMoreIsKeptThanThereIsRoom(t *testing.T) {
	for name, c := range map[string]struct{ most, bytes, want int }{"by number": {3, 1000, 3}, "by bytes": {100, 10, 2}} {
		a, at := New(c.most, c.bytes), Moment{Height: 1}
		for i := range 20 {
			a.Keep(at, fmt.Sprintf("%02d", i), []byte("abc"))
		}
		found := 0
		for i := range 20 {
			if _, ok := a.Find(at, fmt.Sprintf("%02d", i)); ok {
				found++
			}
		}
		if found != c.want {
			t.Errorf("%s: %d, expected %d", name, found, c.want)
		}
	}
}
