package service

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of the work on one request.
const (
	MaxSteps        = 64
	MaxMeasurements = 16
	MaxParts        = 16
)

// NoSteps is the hash of a request on which nothing has been done.
const NoSteps = "0000000000000000000000000000000000000000000000000000000000000000"

// ServiceStep is one completed step of the work, as it was recorded (SV14).
type ServiceStep struct {
	RequestID    string         `json:"requestId"`
	Number       uint64         `json:"number"`
	Step         string         `json:"step"` // its name, which has the price
	Activity     Activity       `json:"activity"`
	Measurements []Measurement  `json:"measurements,omitempty" metadata:",optional"`
	Parts        []ConsumedPart `json:"parts,omitempty" metadata:",optional"`
	BeforeHash   string         `json:"beforeHash,omitempty" metadata:",optional"` // hex SHA-256 of what shows the state before
	AfterHash    string         `json:"afterHash,omitempty" metadata:",optional"`
	// Within says that every measurement is within its limits.
	Within        bool         `json:"within"`
	PriceMinor    money.Minor  `json:"priceMinor"` // as agreed
	StepsHash     string       `json:"stepsHash"`  // of this and all steps before it
	At            measure.Time `json:"at"`
	Actor         string       `json:"actor"`
	TransactionID string       `json:"transactionId"`
}

// Measurement is one measured value, and with what it was measured. Values are
// thousandths of the unit.
type Measurement struct {
	Quantity   string `json:"quantity"`
	ValueMilli int64  `json:"valueMilli"`
	Unit       string `json:"unit"`                                // UN/CEFACT Recommendation 20
	Low        *Bound `json:"low,omitempty" metadata:",optional"`  // none: no value is too low
	High       *Bound `json:"high,omitempty" metadata:",optional"` // none: no value is too high
	Instrument string `json:"instrument"`
	// CalibrationHash is the hex SHA-256 of the instrument's calibration certificate.
	CalibrationHash string       `json:"calibrationHash"`
	CalibratedUntil measure.Time `json:"calibratedUntil"`
}

// Bound is a limit of a measured value, in thousandths of its unit.
type Bound struct {
	Milli int64 `json:"milli"`
}

// ConsumedPart is what was put in that has no serial number of its own.
type ConsumedPart struct {
	PartNumber string `json:"partNumber"`
	Lot        string `json:"lot,omitempty" metadata:",optional"`
	Quantity   int64  `json:"quantity"`
}

// Within says whether the value is within its limits; on a limit is within.
func (m Measurement) Within() bool {
	return (m.Low == nil || m.ValueMilli >= m.Low.Milli) && (m.High == nil || m.ValueMilli <= m.High.Milli)
}

// Record puts one step on record, while everything belongs to who asked for it. The
// agreement's price for it is a promise from now on.
func (r ServiceRequest) Record(s ServiceStep, price money.Minor, x Remains, w When) (ServiceRequest, ServiceStep, error) {
	if err := r.by(r.Provider, "provider", w); err != nil {
		return r, s, err
	}
	if err := r.in(Started); err != nil {
		return r, s, err
	}
	if err := r.going(x); err != nil {
		return r, s, err
	}
	if r.Steps >= MaxSteps {
		return r, s, fault.New(fault.CodeStepInvalid, "request %s has %d steps", r.RequestID, MaxSteps)
	}
	s, err := s.checked(r, w)
	if err != nil {
		return r, s, err
	}
	s.RequestID, s.Number, s.PriceMinor = r.RequestID, r.Steps, price
	s.At, s.Actor, s.TransactionID = w.Now, w.Actor, w.TransactionID
	s.StepsHash = s.chain(r.StepsHash)
	r.Steps, r.StepsHash = r.Steps+1, s.StepsHash
	r.Failing = slices.DeleteFunc(slices.Clone(r.Failing), func(name string) bool { return name == s.Step })
	if !s.Within {
		r.Failing = append(r.Failing, s.Step)
	}
	r.ChangedAt = w.Now
	return r, s, nil
}

func (s ServiceStep) checked(r ServiceRequest, w When) (ServiceStep, error) {
	if err := party.CheckID("step", s.Step); err != nil {
		return s, err
	}
	if err := s.Activity.check(); err != nil {
		return s, err
	}
	for _, h := range []struct{ field, hash string }{{"beforeHash", s.BeforeHash}, {"afterHash", s.AfterHash}} {
		if h.hash != "" && !party.IsHash(h.hash) {
			return s, invalid(h.field, "must be a SHA-256 in 64 lower-case hex digits")
		}
	}
	if len(s.Measurements) > MaxMeasurements || len(s.Parts) > MaxParts {
		return s, fault.New(fault.CodeStepInvalid, "a step has at most %d measurements and %d parts", MaxMeasurements, MaxParts)
	}
	s.Within = true
	s.Measurements = slices.Clone(s.Measurements)
	for i, m := range s.Measurements {
		m, err := m.checked(w.Now)
		if err != nil {
			return s, err
		}
		s.Measurements[i] = m
		s.Within = s.Within && m.Within()
	}
	for _, p := range s.Parts {
		if err := p.check(r); err != nil {
			return s, err
		}
	}
	return s, nil
}

// checked refuses what was measured with an instrument that nobody vouches for.
func (m Measurement) checked(now measure.Time) (Measurement, error) {
	for _, id := range []struct{ field, value string }{{"quantity", m.Quantity}, {"unit", m.Unit}, {"instrument", m.Instrument}} {
		if err := party.CheckID(id.field, id.value); err != nil {
			return m, err
		}
	}
	if !plausible(m.ValueMilli) || m.Low != nil && !plausible(m.Low.Milli) || m.High != nil && !plausible(m.High.Milli) {
		return m, invalid("valueMilli", "values are between %d and %d", -MaxAmount, int64(MaxAmount))
	}
	if m.Low != nil && m.High != nil && m.Low.Milli > m.High.Milli {
		return m, invalid("low", "is above high")
	}
	if !party.IsHash(m.CalibrationHash) {
		return m, invalid("calibrationHash", "must be a SHA-256 in 64 lower-case hex digits")
	}
	until, err := measure.ParseTime("calibratedUntil", string(m.CalibratedUntil))
	if err != nil {
		return m, err
	}
	if m.CalibratedUntil = until; until <= now {
		return m, fault.New(fault.CodeCalibrationExpired, "the calibration of %s ended at %s", m.Instrument, until).With("instrument", m.Instrument)
	}
	return m, nil
}

func plausible(v int64) bool { return v >= -MaxAmount && v <= MaxAmount }

func (p ConsumedPart) check(r ServiceRequest) error {
	if err := party.CheckID("partNumber", p.PartNumber); err != nil {
		return err
	}
	if p.Lot != "" {
		if err := party.CheckID("lot", p.Lot); err != nil {
			return err
		}
	}
	if p.Quantity < 1 || p.Quantity > 1_000_000 {
		return invalid("quantity", "must be 1 to 1000000")
	}
	return approves(r.ApprovedParts, p.PartNumber, r.PartNumber)
}

// chain is the SHA-256 of the hash before and of every member of the step, each as
// its length in decimal, a colon, its bytes and a comma (a netstring): an engineer's
// tablet computes the same, and signs it.
func (s ServiceStep) chain(before string) string {
	var b strings.Builder
	put := func(texts ...string) {
		for _, t := range texts {
			b.WriteString(strconv.Itoa(len(t)) + ":" + t + ",")
		}
	}
	number := func(v int64) string { return strconv.FormatInt(v, 10) }
	limit := func(v *Bound) string {
		if v == nil {
			return ""
		}
		return number(v.Milli)
	}
	put(before, s.RequestID, strconv.FormatUint(s.Number, 10), s.Step, string(s.Activity), s.BeforeHash, s.AfterHash, strconv.Itoa(len(s.Measurements)))
	for _, m := range s.Measurements {
		put(m.Quantity, number(m.ValueMilli), m.Unit, limit(m.Low), limit(m.High), m.Instrument, m.CalibrationHash, string(m.CalibratedUntil))
	}
	put(strconv.Itoa(len(s.Parts)))
	for _, p := range s.Parts {
		put(p.PartNumber, p.Lot, number(p.Quantity))
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}
