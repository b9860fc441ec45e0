package passport_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/passport"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// TestADifferenceLeadsFromOnePassportToTheOther: what is taken away, put in and
// changed makes the rows and slots of the first passport those of the second.
func TestADifferenceLeadsFromOnePassportToTheOther(t *testing.T) {
	blocks := played(t, "service-exchange")
	r := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")}, blocks)
	added, removed, changed, turned := 0, 0, 0, 0
	for _, n := range []int{2, 3} {
		from := lastTime(blocks[:len(blocks)-len(blocks)/n])
		for _, id := range r.components(t) {
			before, err := r.Get(t.Context(), id, from, 0)
			if fault.Is(err, fault.CodeComponentUnknown) {
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			after, err := r.Get(t.Context(), id, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			c, err := r.Changes(t.Context(), id, from, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			if c.Owner != (passport.Turned{Before: before.Owner, After: after.Owner}) || c.More {
				t.Errorf("%s: %+v", id, c)
			}
			tree := inSlots(before)
			for _, s := range c.Slots {
				turned++
				at := s.MachineID + " " + s.SlotID
				if tree[at] != s.Before {
					t.Errorf("%s had %q, not %q", at, tree[at], s.Before)
				}
				if tree[at] = s.After; s.After == "" {
					delete(tree, at)
				}
			}
			if diff := cmp.Diff(inSlots(after), tree); diff != "" {
				t.Errorf("%s: %s", id, diff)
			}
			for i, s := range before.Sections {
				led := records(s.Items)
				j := slices.IndexFunc(c.Sections, func(d passport.SectionChanges) bool { return d.Name == s.Name })
				if j >= 0 {
					d := c.Sections[j]
					for _, row := range d.Removed {
						removed++
						delete(led, row.ID)
					}
					for _, row := range d.Added {
						added++
						led[row.ID] = values(row)
					}
					for _, row := range d.Changed {
						changed++
						for _, f := range row.Fields {
							if led[row.After.ID][f] = row.After.Record.Get(f); led[row.After.ID][f] == nil {
								delete(led[row.After.ID], f)
							}
						}
					}
				}
				if diff := cmp.Diff(records(after.Sections[i].Items), led); diff != "" {
					t.Errorf("%s of %s: %s", s.Name, id, diff)
				}
			}
		}
	}
	if added == 0 || removed == 0 || changed == 0 || turned == 0 {
		t.Errorf("%d rows came, %d went, %d changed, %d slots", added, removed, changed, turned)
	}
}

func inSlots(p passport.Passport) map[string]string {
	all := make(map[string]string)
	for _, part := range p.Tree {
		all[part.MachineID+" "+part.SlotID] = part.ComponentID
	}
	return all
}

func records(rows []query.Row) map[string]map[string]any {
	all := make(map[string]map[string]any)
	for _, row := range rows {
		all[row.ID] = values(row)
	}
	return all
}

func values(row query.Row) map[string]any {
	all := make(map[string]any)
	for _, v := range row.Record {
		all[v.Name] = v.Value
	}
	return all
}

func TestADifferenceIsBetweenAMomentAndALaterOne(t *testing.T) {
	blocks := played(t, "machines")
	r := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")}, blocks)
	id, last := r.components(t)[0], lastTime(blocks)
	for _, c := range [][2]measure.Time{{"", last}, {last, last.Add(-1)}} {
		if _, err := r.Changes(t.Context(), id, c[0], c[1], 0); !fault.Is(err, fault.CodeTimeInvalid) {
			t.Errorf("%v: %v", c, err)
		}
	}
	none, err := r.Changes(t.Context(), id, last, last, 0)
	if err != nil || len(none.Sections)+len(none.Slots) > 0 {
		t.Errorf("nothing happened: %+v, %v", none, err)
	}
}
