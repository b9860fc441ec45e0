package shipment

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of what terms say about places and times.
const (
	MaxCheckpoints = 32
	MaxGeofences   = 8
	MinCorners     = 3
	MaxCorners     = 32
	// The globe in thousandths of a second of arc.
	MaxLatitudeMilli  = 90 * 3600 * 1000
	MaxLongitudeMilli = 180 * 3600 * 1000
)

// What a limit about lateness may name besides the checkpoints of the terms.
const (
	PickUp   = "pick-up"
	Delivery = "delivery"
)

// Latest is when the checkpoint, the pick-up or the delivery is due; "" when the
// terms do not say, or have no checkpoint of this name.
func (t Terms) Latest(checkpointID string) measure.Time {
	switch {
	case checkpointID == PickUp && t.Schedule != nil:
		return t.Schedule.PickUp.Latest
	case checkpointID == Delivery && t.Schedule != nil:
		return t.Schedule.Delivery.Latest
	}
	if i := t.checkpoint(checkpointID); i >= 0 {
		return t.Checkpoints[i].When.Latest
	}
	return ""
}

// checkDue refuses a limit about lateness that nothing could ever break.
func (t Terms) checkDue() error {
	for _, l := range t.Limits {
		if l.Rule == Late.ID && (t.Latest(l.CheckpointID) == "" || l.Milli < 0) {
			return invalid("limits", "limit %q is about lateness: it names a checkpoint, pick-up or delivery with a latest time, and a tolerance", l.LimitID)
		}
	}
	return nil
}

// checkpoint is the place of a checkpoint in the order of the terms; -1: there is none.
func (t Terms) checkpoint(id string) int {
	return slices.IndexFunc(t.Checkpoints, func(c Checkpoint) bool { return c.CheckpointID == id })
}

func (t Terms) checkSchedule() error {
	if s := t.Schedule; s != nil {
		if err := s.PickUp.check("schedule"); err != nil {
			return err
		}
		if err := s.Delivery.check("schedule"); err != nil {
			return err
		}
		if s.PickUp.Earliest != "" && s.Delivery.Latest != "" && s.PickUp.Earliest >= s.Delivery.Latest {
			return invalid("schedule", "the delivery must not be due before the pick-up may begin")
		}
		if s.LostAfterSeconds < 0 || s.LostAfterSeconds > MaxWaitS {
			return invalid("schedule", "lostAfterSeconds must be 0 to %d", MaxWaitS)
		}
	}
	return t.checkCheckpoints()
}

func (t Terms) checkCheckpoints() error {
	var ids []string
	var due measure.Time
	for _, c := range t.Checkpoints {
		if c.CheckpointID == PickUp || c.CheckpointID == Delivery {
			return invalid("checkpoints", "no checkpoint may be called %q: the schedule says when that is", c.CheckpointID)
		}
		if err := checkPlace("location", c.Location); err != nil {
			return err
		}
		if err := c.When.check("checkpoints"); err != nil {
			return err
		}
		if c.When.Latest != "" {
			if c.When.Latest < due {
				return invalid("checkpoints", "checkpoint %s is due before one that comes earlier", c.CheckpointID)
			}
			due = c.When.Latest
		}
		ids = append(ids, c.CheckpointID)
	}
	return checkIDs("checkpoints", ids, 0, MaxCheckpoints)
}

func (i Interval) check(field string) error {
	for _, at := range []measure.Time{i.Earliest, i.Latest} {
		if at == "" {
			continue
		}
		if canonical, err := measure.ParseTime(field, string(at)); err != nil {
			return err
		} else if canonical != at {
			return invalid(field, "times of terms are written like 2026-03-01T08:30:00.000Z, so that they have one hash")
		}
	}
	if i.Earliest != "" && i.Latest != "" && i.Earliest > i.Latest {
		return invalid(field, "earliest must not be after latest")
	}
	return nil
}

func (t Terms) checkGeofences() error {
	var ids []string
	for _, g := range t.Geofences {
		if err := g.check(); err != nil {
			return err
		}
		ids = append(ids, g.GeofenceID)
	}
	return checkIDs("geofences", ids, 0, MaxGeofences)
}

// check refuses what is no area. That it does not cross itself is not checked:
// the rule about areas counts crossings, and so has an answer for every shape.
func (g Geofence) check() error {
	n := len(g.Corners)
	if n < MinCorners || n > MaxCorners {
		return invalid("geofences", "a geofence has %d to %d corners", MinCorners, MaxCorners)
	}
	for i, c := range g.Corners {
		if c.LatitudeMilli < -MaxLatitudeMilli || c.LatitudeMilli > MaxLatitudeMilli || c.LongitudeMilli < -MaxLongitudeMilli || c.LongitudeMilli > MaxLongitudeMilli {
			return invalid("geofences", "a corner must lie on the globe")
		}
		if c == g.Corners[(i+1)%n] {
			return invalid("geofences", "two corners that follow one another must differ")
		}
	}
	return nil
}

// incoterms are the rules of Incoterms 2020, by their three letters.
var incoterms = []string{"EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF"}

func (c *Commercial) check() error {
	if c == nil {
		return nil
	}
	if c.Incoterm != "" && !slices.Contains(incoterms, c.Incoterm) {
		return invalid("incoterm", "incoterm must be one of Incoterms 2020")
	}
	if c.IncotermPlace != "" && c.Incoterm == "" {
		return invalid("incotermPlace", "a named place belongs to an incoterm")
	}
	for _, x := range []struct{ field, text string }{
		{"incotermPlace", c.IncotermPlace}, {"customerReference", c.CustomerReference}, {"senderReference", c.SenderReference},
		{"freightReference", c.FreightReference}, {"insuranceProvider", c.InsuranceProvider}, {"insurancePolicy", c.InsurancePolicy},
	} {
		if err := party.CheckText(x.field, x.text, 0, party.MaxID); err != nil {
			return err
		}
	}
	return nil
}
