package shipment

import "github.com/lifeledger/lifeledger/chaincode/rules/measure"

// Tracking is where a shipment is and how it does: in transit so far, afterwards
// how it ended (SH15).
type Tracking struct {
	Shipment Shipment        `json:"shipment"`
	Devices  []TrackedDevice `json:"devices"` // in the order of the terms
	// NextCheckpoint is the one after the last that was passed; none on arrival.
	NextCheckpoint *Checkpoint `json:"nextCheckpoint,omitempty" metadata:",optional"`
	// OpenExcursions are those that go on, by device.
	OpenExcursions []Excursion `json:"openExcursions"`
	Statement      Statement   `json:"statement"` // how things stand
}

// TrackedDevice is what is known of a device's recording.
type TrackedDevice struct {
	DeviceID      string       `json:"deviceId"`
	Readings      uint64       `json:"readings"`
	LastReadingAt measure.Time `json:"lastReadingAt,omitempty" metadata:",optional"`
	LastPosition  *Position    `json:"lastPosition,omitempty" metadata:",optional"`
	Ended         bool         `json:"ended"`
}

// Position is where a device was, in thousandths of a second of arc, WGS 84.
type Position struct {
	LatitudeMilli  int64        `json:"latitudeMilli"`
	LongitudeMilli int64        `json:"longitudeMilli"`
	At             measure.Time `json:"at"`
}

// lastPosition is the last one that the readings tell, or the one before them.
func lastPosition(before *Position, readings []measure.Reading) *Position {
	for i := len(readings) - 1; i >= 0; i-- {
		latitude, north := readings[i].Value(measure.Latitude)
		longitude, east := readings[i].Value(measure.Longitude)
		if north && east {
			return &Position{LatitudeMilli: latitude, LongitudeMilli: longitude, At: measure.At(readings[i].At)}
		}
	}
	return before
}

// Track says how a shipment stands. st is its statement so far.
func (s Shipment) Track(t Terms, streams []Stream, st Statement) Tracking {
	out := Tracking{Shipment: s, Devices: []TrackedDevice{}, OpenExcursions: []Excursion{}, Statement: st}
	out.NextCheckpoint = s.nextCheckpoint(t)
	for _, x := range streams {
		out.Devices = append(out.Devices, TrackedDevice{DeviceID: x.DeviceID, Readings: x.Readings, LastReadingAt: x.LastReadingAt, LastPosition: x.LastPosition, Ended: x.Ended})
		out.OpenExcursions = append(out.OpenExcursions, x.open(s, t)...)
	}
	return out
}

// nextCheckpoint is the one after the last that was passed, while there is a way to go.
func (s Shipment) nextCheckpoint(t Terms) *Checkpoint {
	next := 0
	if n := len(s.Passed); n > 0 {
		next = t.checkpoint(s.Passed[n-1].CheckpointID) + 1
	}
	if s.expect(Agreed, Packed, InTransit) != nil || next >= len(t.Checkpoints) {
		return nil
	}
	return &t.Checkpoints[next]
}

// open are the excursions that go on as far as the stream is judged. Its watches
// are all that is needed: no excursion is looked for among those that ended.
func (s Stream) open(sh Shipment, t Terms) (out []Excursion) {
	custody := sh.CustodyOf(s.DeviceID)
	if len(custody) == 0 {
		return nil
	}
	j := newJudge(&s, t, custody)
	for k := range j.follow {
		if f := &j.follow[k]; f.watch.Beyond && f.watch.Excursion {
			out = append(out, j.record(f, f.watch))
		}
	}
	return out
}
