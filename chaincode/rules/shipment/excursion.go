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
	RecordingEnded Ending = "recording-ended" // the device declared that it records no more, or nothing more came until the settlement
	WindowEnded    Ending = "window-ended"    // the window over which the limit takes its total or its mean is over
)

// Exception is what kind of finding an excursion is, as EPCIS 2.0 says it in a
// sensorReport.
type Exception string

// The exceptions.
const (
	Alarm         Exception = "ALARM_CONDITION" // the goods were out of their bounds
	FaultyRecords Exception = "ERROR_CONDITION" // the record itself cannot be relied on
)

// Excursion is one stay outside one limit in one custody: one record that
// opens and closes, however many readings it spans (SH6, SH7).
type Excursion struct {
	ShipmentID  string `json:"shipmentId"`
	ExcursionID string `json:"excursionId"` // device.limit.sequence of the first reading beyond; [Excursion.Place] for the limit
	DeviceID    string `json:"deviceId"`
	LimitID     string `json:"limitId"`
	Rule        RuleID `json:"rule"`
	LimitMilli  int64  `json:"limitMilli"`
	Custodian   string `json:"custodian"` // who had custody at the time of the readings
	Custody     int    `json:"custody"`   // index in the shipment's custody
	Open        bool   `json:"open"`

	Exception Exception `json:"exception"`

	// OpenedAt is the time of the first reading beyond the limit in this custody; of a total, when the limit was passed;
	// of a mean, when it begins; of a silence, when that begins.
	OpenedAt       measure.Time `json:"openedAt"`
	OpenedSequence uint64       `json:"openedSequence"` // the reading that opened it: the last one before a silence, 0 when there was none
	PeakMilli      int64        `json:"peakMilli"`      // the furthest value, and its first reading; of a dose, a mean or a silence all of it, and the last
	PeakAt         measure.Time `json:"peakAt"`
	PeakSequence   uint64       `json:"peakSequence"`
	ReadingsBeyond int64        `json:"readingsBeyond"`

	// ClosedAt is when it ended: at the first reading within the limit again, at the hand-over, or at the last reading.
	ClosedAt       measure.Time `json:"closedAt,omitempty" metadata:",optional"`
	ClosedSequence uint64       `json:"closedSequence,omitempty" metadata:",optional"` // the reading that showed it
	Ending         Ending       `json:"ending,omitempty" metadata:",optional"`
	DurationMs     int64        `json:"durationMs"` // openedAt to closedAt; so far, while it is open

	// BeyondSince is earlier than OpenedAt when the limit was passed before the hand-over to this custodian; tolerance counts from here.
	BeyondSince measure.Time `json:"beyondSince"`
	// WindowFrom is when the window began over which the total or the mean is taken.
	WindowFrom   measure.Time `json:"windowFrom,omitempty" metadata:",optional"`
	PenaltyMinor money.Minor  `json:"penaltyMinor"` // booked so far
	Reckoning    Reckoning    `json:"reckoning"`
}

// Place is the limit's part of the excursion's key and id. Where no reading
// opened it, but a custody did that began in silence, the custody belongs to it.
func (e Excursion) Place() string {
	if rule, _ := RuleByID(e.Rule); rule.Method == BySilence && e.BeyondSince != e.OpenedAt {
		return fmt.Sprintf("%s~%d", e.LimitID, e.Custody)
	}
	return e.LimitID
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

	// The last value, which holds until the next one.
	HeldMs       int64  `json:"heldMs,omitempty" metadata:",optional"` // how far its time is counted
	HeldMilli    int64  `json:"heldMilli,omitempty" metadata:",optional"`
	HeldSequence uint64 `json:"heldSequence,omitempty" metadata:",optional"` // 0: none
	// The reading with which a rate begins.
	FromMs    int64 `json:"fromMs,omitempty" metadata:",optional"`
	FromMilli int64 `json:"fromMilli,omitempty" metadata:",optional"`
	// The window: when it began, the time that it has values of, its total in two parts of 63 bits, and whether the limit was broken in it.
	WindowMs  int64 `json:"windowMs,omitempty" metadata:",optional"`
	WeightMs  int64 `json:"weightMs,omitempty" metadata:",optional"`
	TotalHigh int64 `json:"totalHigh,omitempty" metadata:",optional"`
	TotalLow  int64 `json:"totalLow,omitempty" metadata:",optional"`
	Spent     bool  `json:"spent,omitempty" metadata:",optional"`
	// What the excursion's penalty is counted by: milliseconds, or thousandths of the unit times milliseconds.
	MeasuredHigh int64 `json:"measuredHigh,omitempty" metadata:",optional"`
	MeasuredLow  int64 `json:"measuredLow,omitempty" metadata:",optional"`
	// What the excursion comes to, and what of it the cap left to be booked.
	AmountMinor money.Minor `json:"amountMinor,omitempty" metadata:",optional"`
	BookedMinor money.Minor `json:"bookedMinor,omitempty" metadata:",optional"`
}

// forget ends the episode; what belongs to a rate goes on.
func (w *Watch) forget() { *w = Watch{Limit: w.Limit, FromMs: w.FromMs, FromMilli: w.FromMilli} }

func (w *Watch) total() total        { return totalOf(w.TotalHigh, w.TotalLow) }
func (w *Watch) setTotal(t total)    { w.TotalHigh, w.TotalLow = t.parts() }
func (w *Watch) measured() total     { return totalOf(w.MeasuredHigh, w.MeasuredLow) }
func (w *Watch) addMeasured(t total) { w.MeasuredHigh, w.MeasuredLow = w.measured().add(t).parts() }

// excursion is the record of the watch's episode as it stands.
func (f *follower) excursion(s *Stream, w *Watch, c span) Excursion {
	l := f.limit
	e := Excursion{
		ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, LimitID: l.LimitID, Rule: l.Rule, LimitMilli: l.Milli, Custodian: c.custodian, Custody: w.Custody, Open: true,
		Exception: f.rule.exception(), OpenedAt: measure.At(w.OpenedMs), OpenedSequence: w.OpenedSequence,
		PeakMilli: w.PeakMilli, PeakAt: measure.At(w.PeakMs), PeakSequence: w.PeakSequence, ReadingsBeyond: w.ReadingsBeyond,
		DurationMs: w.LastMs - w.OpenedMs, BeyondSince: measure.At(w.SinceMs), PenaltyMinor: w.BookedMinor,
	}
	e.Reckoning = l.reckon(w.measured(), c.feeMinor)
	e.Reckoning.BookedMinor = w.BookedMinor
	if f.windowed {
		e.WindowFrom = measure.At(w.WindowMs)
	}
	e.ExcursionID = fmt.Sprintf("%s.%s.%d", s.DeviceID, e.Place(), w.OpenedSequence)
	return e
}

func (r *Rule) exception() Exception {
	if r.Error {
		return FaultyRecords
	}
	return Alarm
}

func (e Excursion) close(atMs int64, sequence uint64, why Ending) Excursion {
	e.Open, e.ClosedAt, e.ClosedSequence, e.Ending = false, measure.At(atMs), sequence, why
	e.DurationMs = atMs - e.OpenedAt.UnixMs()
	return e
}
