package passport

import (
	"context"
	"reflect"
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// Changes is what is another in a component's passport between two moments.
type Changes struct {
	ComponentID string       `json:"componentId"`
	From        measure.Time `json:"from"`
	Until       measure.Time `json:"until,omitempty"` // "": now
	Height      uint64       `json:"height"`
	Time        string       `json:"time"` // of the newest transaction
	Owner       Turned       `json:"owner"`
	Outermost   Turned       `json:"outermost"`
	Slots       []SlotChange `json:"slots"` // in the order of machines and slots
	// More: a tree or a section had more than is compared.
	More     bool             `json:"more"`
	Sections []SectionChanges `json:"sections"` // those alone in which something is another
}

// Turned is one value at both moments.
type Turned struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// SlotChange is a slot of the tree that had another part; "" is none.
type SlotChange struct {
	MachineID string `json:"machineId"`
	SlotID    string `json:"slotId"`
	Turned
}

// SectionChanges are the rows of a section that came, went or are not the same.
type SectionChanges struct {
	Name    string       `json:"name"`
	Entity  string       `json:"entity"`
	Added   []query.Row  `json:"added"`
	Removed []query.Row  `json:"removed"`
	Changed []RowChanged `json:"changed"`
}

// RowChanged is a row at both moments, and the fields that are not the same.
type RowChanged struct {
	Before query.Row `json:"before"`
	After  query.Row `json:"after"`
	Fields []string  `json:"fields"`
}

// Changes compares a component's passports as of two moments, the second "" for
// now, in one state of the ledger that has so many blocks at least.
func (s *Service) Changes(ctx context.Context, componentID string, from, until measure.Time, minHeight uint64) (c Changes, err error) {
	if from == "" || until != "" && until < from {
		return c, fault.New(fault.CodeTimeInvalid, "a difference is between a moment and a later one").With("field", "until")
	}
	err = s.query.Read(ctx, minHeight, func(ctx context.Context, r *query.Reading) error {
		before, err := s.read(ctx, r, componentID, from, filter.MaxLimit)
		if err != nil {
			return err
		}
		after, err := s.read(ctx, r, componentID, until, filter.MaxLimit)
		if err != nil {
			return err
		}
		c = difference(before, after)
		return nil
	})
	return c, err
}

func difference(before, after Passport) Changes {
	c := Changes{
		ComponentID: after.ComponentID, From: before.At, Until: after.At, Height: after.Height, Time: after.Time,
		Owner: Turned{before.Owner, after.Owner}, Outermost: Turned{before.Outermost, after.Outermost},
		Slots: slots(before.Tree, after.Tree), More: before.TreeMore || after.TreeMore, Sections: []SectionChanges{},
	}
	for i, b := range before.Sections {
		a := after.Sections[i]
		c.More = c.More || a.More || b.More
		if d := rows(b, a); len(d.Added)+len(d.Removed)+len(d.Changed) > 0 {
			c.Sections = append(c.Sections, d)
		}
	}
	return c
}

// slots are those that hold another part, by machine and slot.
func slots(before, after []projection.Installed) []SlotChange {
	parts := make(map[[2]string]Turned)
	for _, p := range before {
		parts[[2]string{p.MachineID, p.SlotID}] = Turned{Before: p.ComponentID}
	}
	for _, p := range after {
		at := [2]string{p.MachineID, p.SlotID}
		parts[at] = Turned{parts[at].Before, p.ComponentID}
	}
	all := []SlotChange{}
	for at, turned := range parts {
		if turned.Before != turned.After {
			all = append(all, SlotChange{at[0], at[1], turned})
		}
	}
	slices.SortFunc(all, func(a, b SlotChange) int {
		return slices.Compare([]string{a.MachineID, a.SlotID}, []string{b.MachineID, b.SlotID})
	})
	return all
}

func rows(before, after Section) SectionChanges {
	d := SectionChanges{Name: after.Name, Entity: after.Entity, Added: []query.Row{}, Removed: []query.Row{}, Changed: []RowChanged{}}
	old := make(map[string]query.Row, len(before.Items))
	for _, row := range before.Items {
		old[row.ID] = row
	}
	for _, row := range after.Items {
		was, there := old[row.ID]
		delete(old, row.ID)
		if !there {
			d.Added = append(d.Added, row)
		} else if fields := differing(after.Entity, was, row); len(fields) > 0 {
			d.Changed = append(d.Changed, RowChanged{was, row, fields})
		}
	}
	for _, row := range before.Items {
		if _, gone := old[row.ID]; gone {
			d.Removed = append(d.Removed, row)
		}
	}
	return d
}

// differing are the fields of an entity in which two rows are not the same.
func differing(entity string, a, b query.Row) (fields []string) {
	e, _ := catalogue.Find(entity)
	for _, f := range e.Fields {
		if !reflect.DeepEqual(a.Record.Get(f.Name), b.Record.Get(f.Name)) {
			fields = append(fields, f.Name)
		}
	}
	return fields
}
