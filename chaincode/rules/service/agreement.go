// Package service owns how components are kept: agreements between those who
// operate and those who serve them, maintenance plans and what they make due,
// requests and the work on them, and what that costs. It does not own who is
// certified (rules/credential), what is installed where (rules/assembly), or
// how much something was used (rules/usage). Invariant: a task has at most one
// open request, its occurrences are numbered without gaps, and a step is paid
// for once.
package service

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

// Bounds of an agreement.
const (
	MaxPrices = 64
	MaxRates  = 8
	MaxDays   = 36_500 // a hundred years
	MaxCover  = 50     // components in one transaction
)

// AgreementStatus is how far an agreement is.
type AgreementStatus string

// The statuses. Declined and ended are final.
const (
	AgreementProposed AgreementStatus = "proposed"
	AgreementActive   AgreementStatus = "active"
	AgreementDeclined AgreementStatus = "declined"
	AgreementEnded    AgreementStatus = "ended"
)

// Agreement is what an operator and a service company agreed: who serves, at
// which prices, from when until when (SV3, SV7, SV12). Once both have agreed
// only its end changes; other prices are another agreement.
type Agreement struct {
	AgreementID string         `json:"agreementId"`
	Operator    string         `json:"operator"` // MSP id; owns the components and pays
	Provider    string         `json:"provider"` // MSP id of the service company
	Currency    money.Currency `json:"currency"`
	Prices      []StepPrice    `json:"prices"`
	Rates       []UsageRate    `json:"rates"`
	// AcceptDays is how long the operator may look at finished work; after that it counts as confirmed. 0: until it does.
	AcceptDays int64           `json:"acceptDays,omitempty" metadata:",optional"`
	ValidFrom  measure.Time    `json:"validFrom"`
	ValidUntil measure.Time    `json:"validUntil,omitempty" metadata:",optional"` // none: until one of them ends it
	TermsHash  string          `json:"termsHash,omitempty" metadata:",optional"`  // hex SHA-256 of the document
	Status     AgreementStatus `json:"status"`
	ProposedBy string          `json:"proposedBy"`
	// EndedBy says who declined or ended it.
	EndedBy       string       `json:"endedBy,omitempty" metadata:",optional"`
	ChangedAt     measure.Time `json:"changedAt"`
	TransactionID string       `json:"transactionId"` // that made the status what it is
}

// StepPrice is what one completed step costs: of the task that it names, or of any.
type StepPrice struct {
	TaskID      string      `json:"taskId,omitempty" metadata:",optional"`
	Step        string      `json:"step"`
	AmountMinor money.Minor `json:"amountMinor"`
}

// UsageRate is what use costs: so much for every so many units of a measure.
type UsageRate struct {
	Measure     string      `json:"measure"`
	AmountMinor money.Minor `json:"amountMinor"`
	Per         int64       `json:"per"`
}

// When says by whom, when and in which transaction something is done.
type When struct {
	Actor         string
	Now           measure.Time
	TransactionID string
}

// Propose makes an agreement that the other side has not answered.
func Propose(a Agreement, w When) (Agreement, error) {
	if err := party.CheckID("agreementId", a.AgreementID); err != nil {
		return a, err
	}
	if w.Actor != a.Operator && w.Actor != a.Provider {
		return a, fault.New(fault.CodeServiceNotParty, "%s is neither the operator nor the provider", w.Actor)
	}
	if a.Operator == a.Provider {
		return a, invalid("provider", "the operator needs no agreement with itself")
	}
	if err := a.Currency.Check(); err != nil {
		return a, err
	}
	a, err := a.times()
	if err != nil {
		return a, err
	}
	if err := checkPrices(a.Prices); err != nil {
		return a, err
	}
	if err := checkRates(a.Rates); err != nil {
		return a, err
	}
	if a.TermsHash != "" && !party.IsHash(a.TermsHash) {
		return a, invalid("termsHash", "must be a SHA-256 in 64 lower-case hex digits")
	}
	a.Status, a.ProposedBy, a.EndedBy = AgreementProposed, w.Actor, ""
	a.ChangedAt, a.TransactionID = w.Now, w.TransactionID
	return a, nil
}

// times writes the times in our one form.
func (a Agreement) times() (Agreement, error) {
	from, err := measure.ParseTime("validFrom", string(a.ValidFrom))
	if err != nil {
		return a, err
	}
	a.ValidFrom = from
	if a.ValidUntil != "" {
		until, err := measure.ParseTime("validUntil", string(a.ValidUntil))
		if err != nil {
			return a, err
		}
		if a.ValidUntil = until; until <= from {
			return a, invalid("validUntil", "must be after validFrom")
		}
	}
	return a, checkDays("acceptDays", a.AcceptDays)
}

func checkPrices(prices []StepPrice) error {
	if len(prices) > MaxPrices {
		return invalid("prices", "has at most %d entries", MaxPrices)
	}
	for i, p := range prices {
		if p.TaskID != "" {
			if err := checkTaskID(p.TaskID); err != nil {
				return err
			}
		}
		if err := party.CheckID("step", p.Step); err != nil {
			return err
		}
		if err := p.AmountMinor.CheckPositive("amountMinor"); err != nil {
			return err
		}
		if slices.ContainsFunc(prices[:i], func(o StepPrice) bool { return o.TaskID == p.TaskID && o.Step == p.Step }) {
			return invalid("prices", "prices step %q of task %q twice", p.Step, p.TaskID)
		}
	}
	return nil
}

func checkRates(rates []UsageRate) error {
	if len(rates) > MaxRates {
		return invalid("rates", "has at most %d entries", MaxRates)
	}
	for i, r := range rates {
		if err := party.CheckID("measure", r.Measure); err != nil {
			return err
		}
		if err := r.AmountMinor.CheckPositive("amountMinor"); err != nil {
			return err
		}
		if r.Per < 1 || r.Per > MaxAmount {
			return invalid("per", "must be 1 to %d", int64(MaxAmount))
		}
		if slices.ContainsFunc(rates[:i], func(o UsageRate) bool { return o.Measure == r.Measure }) {
			return invalid("rates", "rates %q twice", r.Measure)
		}
	}
	return nil
}

// Accept is the other side's word.
func (a Agreement) Accept(w When) (Agreement, error) {
	if err := a.answerable(w); err != nil {
		return a, err
	}
	a.Status, a.ChangedAt, a.TransactionID = AgreementActive, w.Now, w.TransactionID
	return a, nil
}

// Decline refuses a proposal, or takes it back.
func (a Agreement) Decline(w When) (Agreement, error) {
	if err := a.party(w); err != nil {
		return a, err
	}
	if a.Status != AgreementProposed {
		return a, a.wrongStatus()
	}
	return a.end(AgreementDeclined, w), nil
}

// End ends an agreement for what is raised later; what was accepted under it is
// finished and paid under it.
func (a Agreement) End(w When) (Agreement, error) {
	if err := a.party(w); err != nil {
		return a, err
	}
	if a.Status != AgreementActive {
		return a, a.wrongStatus()
	}
	return a.end(AgreementEnded, w), nil
}

func (a Agreement) end(s AgreementStatus, w When) Agreement {
	a.Status, a.EndedBy, a.ChangedAt, a.TransactionID = s, w.Actor, w.Now, w.TransactionID
	return a
}

func (a Agreement) answerable(w When) error {
	if err := a.party(w); err != nil {
		return err
	}
	if a.Status != AgreementProposed {
		return a.wrongStatus()
	}
	if w.Actor == a.ProposedBy {
		return fault.New(fault.CodeServiceNotParty, "agreement %s waits for the other side's answer", a.AgreementID)
	}
	return nil
}

func (a Agreement) party(w When) error {
	if w.Actor == a.Operator || w.Actor == a.Provider {
		return nil
	}
	return fault.New(fault.CodeServiceNotParty, "%s is not a party to agreement %s", w.Actor, a.AgreementID)
}

func (a Agreement) wrongStatus() error {
	return fault.New(fault.CodeAgreementStatus, "agreement %s is %s", a.AgreementID, a.Status).With("status", string(a.Status))
}

// Serves reports whether the agreement holds for components of this owner now.
func (a Agreement) Serves(owner string, now measure.Time) bool {
	return a.Status == AgreementActive && a.Operator == owner && a.ValidFrom <= now && (a.ValidUntil == "" || now < a.ValidUntil)
}

// Cover refuses to let the agreement hold for something that it cannot hold for.
func (a Agreement) Cover(owner string, w When) error {
	if w.Actor != a.Operator {
		return fault.New(fault.CodeServiceNotParty, "only the operator, %s, says what agreement %s covers", a.Operator, a.AgreementID)
	}
	if owner != w.Actor {
		return fault.New(fault.CodeOwnershipNotOwner, "it is owned by %s", owner).With("owner", owner)
	}
	if a.Status != AgreementActive || a.ValidUntil != "" && w.Now >= a.ValidUntil {
		return a.wrongStatus()
	}
	return nil
}

// Price is what a step of a task costs: that of the task before that of any, and
// nothing where neither is agreed.
func (a Agreement) Price(taskID, step string) money.Minor {
	var any money.Minor
	for _, p := range a.Prices {
		switch {
		case p.Step != step:
		case p.TaskID == taskID && taskID != "":
			return p.AmountMinor
		case p.TaskID == "":
			any = p.AmountMinor
		}
	}
	return any
}

// MaxAmount bounds every quantity that is not money.
const MaxAmount = 1_000_000_000_000

func checkDays(field string, days int64) error {
	if days < 0 || days > MaxDays {
		return invalid(field, "must be 0 to %d", MaxDays)
	}
	return nil
}

func checkTaskID(id string) error {
	if err := party.CheckID("taskId", id); err != nil {
		return err
	}
	if len(id) > MaxTaskID || slices.Contains([]byte(id), ':') {
		return fault.New(fault.CodeIDInvalid, "taskId has at most %d characters and no colon", MaxTaskID).With("field", "taskId")
	}
	return nil
}

// MaxTaskID bounds the name of a task, which is part of its requests' ids.
const MaxTaskID = 32

func invalid(field, format string, args ...any) error {
	return fault.New(fault.CodeInvalid, field+": "+format, args...).With("field", field)
}
