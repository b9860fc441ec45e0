package shipment

import (
	"fmt"

	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
)

// Ending is why an excursion ended.
type Ending string

// The endings.
const (
	WithinLimit    Ending = "within-limit"    // readings were within the limit again
	CustodyChanged Ending = "custody-changed" // the goods were handed over; the next custodian has an excursion of its own
	Delivered      Ending = "delivered"       // the consignee has the goods
	RecordingEnded Ending = "recording-ended" // the device declared that it records no more
)

// Excursion is one stay outside one limit in one custody: one record that
// opens and closes, however many readings it spans (SH6, SH7).
type Excursion struct {
	ShipmentID  string `json:"shipmentId"`
	ExcursionID string `json:"excursionId"` // device.limit.sequence of the first reading beyond
	DeviceID    string `json:"deviceId"`
	LimitID     string `json:"limitId"`
	Rule        RuleID `json:"rule"`
	LimitMilli  int64  `json:"limitMilli"`
	Custodian   string `json:"custodian"` // who had custody at the time of the readings
	Open        bool   `json:"open"`

	OpenedAt       measure.Time `json:"openedAt"` // time of the first reading beyond the limit in this custody
	OpenedSequence uint64       `json:"openedSequence"`
	PeakMilli      int64        `json:"peakMilli"` // the furthest value, and its first reading
	PeakAt         measure.Time `json:"peakAt"`
	PeakSequence   uint64       `json:"peakSequence"`
	ReadingsBeyond int64        `json:"readingsBeyond"`

	// ClosedAt is when it ended: at the first reading within the limit again, at the hand-over, or at the last reading.
	ClosedAt       measure.Time `json:"closedAt,omitempty" metadata:",optional"`
	ClosedSequence uint64       `json:"closedSequence,omitempty" metadata:",optional"` // the reading that showed it
	Ending         Ending       `json:"ending,omitempty" metadata:",optional"`
	DurationMs     int64        `json:"durationMs"` // openedAt to closedAt; so far, while it is open

	// BeyondSince is earlier than OpenedAt when the limit was passed before the hand-over to this custodian; tolerance counts from here.
	BeyondSince  measure.Time `json:"beyondSince"`
	PenaltyMinor money.Minor  `json:"penaltyMinor"`
}

// Watch follows one limit from reading to reading. It is the whole memory of
// the judgement, and its size does not depend on how much was judged.
type Watch struct {
	Limit int `json:"limit"` // index in the terms

	Beyond         bool   `json:"beyond"` // an episode beyond the limit runs
	Excursion      bool   `json:"excursion"`
	Custody        int    `json:"custody"` // index of the custody in which it runs
	SinceMs        int64  `json:"sinceMs"` // first reading beyond, in whatever custody
	OpenedMs       int64  `json:"openedMs"`
	OpenedSequence uint64 `json:"openedSequence"`
	PeakMilli      int64  `json:"peakMilli"`
	PeakMs         int64  `json:"peakMs"`
	PeakSequence   uint64 `json:"peakSequence"`
	ReadingsBeyond int64  `json:"readingsBeyond"`
	LastMs         int64  `json:"lastMs"` // last reading beyond
	WithinMs       int64  `json:"withinMs"`
	WithinSequence uint64 `json:"withinSequence"` // 0: the last reading was beyond
}

// excursion is the record of the watch's episode as it stands.
func (w Watch) excursion(s Stream, l Limit, custodian string) Excursion {
	return Excursion{
		ShipmentID: s.ShipmentID, ExcursionID: fmt.Sprintf("%s.%s.%d", s.DeviceID, l.LimitID, w.OpenedSequence),
		DeviceID: s.DeviceID, LimitID: l.LimitID, Rule: l.Rule, LimitMilli: l.Milli, Custodian: custodian, Open: true,
		OpenedAt: measure.At(w.OpenedMs), OpenedSequence: w.OpenedSequence,
		PeakMilli: w.PeakMilli, PeakAt: measure.At(w.PeakMs), PeakSequence: w.PeakSequence, ReadingsBeyond: w.ReadingsBeyond,
		DurationMs: w.LastMs - w.OpenedMs, BeyondSince: measure.At(w.SinceMs), PenaltyMinor: l.PenaltyMinor,
	}
}

func (e Excursion) close(atMs int64, sequence uint64, why Ending) Excursion {
	e.Open, e.ClosedAt, e.ClosedSequence, e.Ending = false, measure.At(atMs), sequence, why
	e.DurationMs = atMs - e.OpenedAt.UnixMs()
	return e
}
