package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/tablet"
)

// ledger is where the story is played: through the gateways of a network, or in
// memory. out is what the answer is decoded into; nil: nobody wants it.
type ledger interface {
	do(ctx context.Context, as side, tx api.Transaction, request, out any) error
	ask(ctx context.Context, as side, tx api.Transaction, request, out any) error
	// name is what signed material calls it.
	name() string
	now() time.Time
	// until lets it be so late, where the clock is ours; a network has its own.
	until(time.Time)
	organisation(side) string
}

// side is who acts: the fleet's owner, which made it, or the company that serves it.
type side int

const (
	owner side = iota
	provider
)

// What everybody agrees on. There is a visit every fifteen days, so a part may be
// exchanged when it is as old, or has run as long.
const (
	taskID    = "exchange"
	visitDays = 15
	skill     = "fleet"
	hours     = "hours"
	yearHours = 365 * 24

	exchangePrice money.Minor = 5_000
	repairPrice   money.Minor = 2_000
	reserve       money.Minor = 100_000_000
)

// connectedBelow is the age in years from which on a machine has no reader of its own.
const connectedBelow = 10

// replay plays a fleet's files on a ledger.
type replay struct {
	ledger    ledger
	fleet     *fleet
	run       string // begins every id, so that a ledger can see several replays
	currency  money.Currency
	engineers []*engineer
	machines  []*machine
}

// engineer has a key and a credential.
type engineer struct {
	id  string
	key *smartpackage.Key
}

// machine is a unit as the story knows it.
type machine struct {
	*unit
	id       string
	key      *smartpackage.Key
	engineer *engineer
	parts    map[string]string    // the id of what is in a position
	since    map[string]time.Time // position → when that was put in
	serial   map[string]int       // how many parts a position has had before
	open     map[string]string    // the planned request about a part that a report has raised
	said     uint64               // statements signed
	before   string               // hash of the last
	repaired []string             // requests
}

// newReplay gives every machine its engineer, in turn.
func newReplay(l ledger, f *fleet, run string, currency money.Currency, engineers int) (*replay, error) {
	r := &replay{ledger: l, fleet: f, run: run, currency: currency}
	for i := range engineers {
		key, err := smartpackage.GenerateKey(dsse.Ed25519)
		if err != nil {
			return nil, err
		}
		r.engineers = append(r.engineers, &engineer{fmt.Sprintf("%s-engineer-%02d", run, i+1), key})
	}
	for i, u := range f.machines {
		key, err := smartpackage.GenerateKey(dsse.Ed25519)
		if err != nil {
			return nil, err
		}
		r.machines = append(r.machines, &machine{
			unit: u, id: fmt.Sprintf("%s-m%02d", run, u.number), key: key, engineer: r.engineers[i%engineers], before: dsse.NoStatement,
			parts: make(map[string]string), since: make(map[string]time.Time), serial: make(map[string]int), open: make(map[string]string),
		})
	}
	return r, nil
}

// connected: it scans what is in it. The others have a key to report with, and the
// owner's word closes the work on them.
func (m *machine) connected() bool { return m.age < connectedBelow }

func (m *machine) partID(position string) string {
	return fmt.Sprintf("%s-%s-%03d", m.id, position, m.serial[position])
}

// hoursAt is what the machine's meter shows: it runs day and night, and has since it was new.
func (r *replay) hoursAt(m *machine, at time.Time) int64 {
	return m.age*yearHours + int64(at.Sub(r.fleet.from)/time.Hour)
}

// found issues the credentials and the agreement that all work rests on.
func (r *replay) found(ctx context.Context) error {
	l, now := r.ledger, measure.TimeOf(r.ledger.now())
	until := measure.TimeOf(r.ledger.now().AddDate(5, 0, 0))
	for _, e := range r.engineers {
		proof, err := tablet.AnnounceKey(dsse.CredentialKey{Ledger: l.name(), CredentialID: e.id, Issuer: l.organisation(provider), KeyNumber: 1}, e.key)
		if err != nil {
			return err
		}
		if err := l.do(ctx, provider, api.IssueCredentialTx, api.IssueCredential{
			CredentialID: e.id, Algorithm: e.key.Public().Algorithm(), PublicKey: e.key.Public().Base64(), Proof: *proof,
			Grant: credential.Grant{Skills: []string{skill}, PartNumbers: positions(), ValidFrom: now, ValidUntil: until},
		}, nil); err != nil {
			return err
		}
	}
	for _, step := range []struct {
		as      side
		tx      api.Transaction
		request any
	}{
		{owner, api.IssueTokensTx, api.IssueTokens{Currency: r.currency, AmountMinor: reserve, Reserve: "Bank"}},
		{owner, api.SpreadAccountTx, api.SpreadAccount{Organisation: l.organisation(owner), Currency: r.currency, Shards: 16}},
		{owner, api.ProposeAgreementTx, api.ProposeAgreement{
			AgreementID: r.run, Operator: l.organisation(owner), Provider: l.organisation(provider), Currency: r.currency,
			Prices: []service.StepPrice{{Step: "exchange", AmountMinor: exchangePrice}, {Step: "repair", AmountMinor: repairPrice}},
			Rates:  []service.UsageRate{}, ValidFrom: now, ValidUntil: until,
		}},
		{provider, api.AcceptAgreementTx, api.AgreementRef{AgreementID: r.run}},
	} {
		if err := l.do(ctx, step.as, step.tx, step.request, nil); err != nil {
			return err
		}
	}
	return nil
}

// build registers a machine and the four parts that were in it before the files
// begin, and puts it under the agreement.
func (r *replay) build(ctx context.Context, m *machine) error {
	class := component.ActiveTag
	if m.connected() {
		class = component.Connected
	}
	if err := r.ledger.do(ctx, owner, api.RegisterComponentTx, api.RegisterComponent{
		ComponentID: m.id, PartNumber: m.model, Algorithm: m.key.Public().Algorithm(), PublicKey: m.key.Public().Base64(), Location: "DEHAM", TagClass: class,
	}, nil); err != nil {
		return err
	}
	var slots []assembly.SlotDefinition
	var fills []assembly.Fill
	for _, p := range positions() {
		id, err := r.makePart(ctx, m, p, measure.TimeOf(r.fleet.from.AddDate(0, 0, -visitDays)))
		if err != nil {
			return err
		}
		m.parts[p], m.since[p] = id, r.fleet.from
		slots, fills = append(slots, assembly.SlotDefinition{SlotID: p, PartNumbers: []string{p}}), append(fills, assembly.Fill{SlotID: p, ComponentID: id})
	}
	for _, step := range []struct {
		tx      api.Transaction
		request any
	}{
		{api.DefineSlotsTx, api.DefineSlots{MachineID: m.id, Slots: slots}},
		{api.InstallPartsTx, api.InstallParts{MachineID: m.id, Parts: fills}},
		{api.CompleteAssemblyTx, api.MachineRef{MachineID: m.id}},
		{api.CoverComponentsTx, api.CoverComponents{AgreementID: r.run, Components: []string{m.id}}},
	} {
		if err := r.ledger.do(ctx, owner, step.tx, step.request, nil); err != nil {
			return err
		}
	}
	return r.report(ctx, m, r.fleet.from)
}

// makePart announces the next part for a position with its plan (SV1). since is from
// when on the calendar counts, which only a plan that comes by itself can say; "": from now.
func (r *replay) makePart(ctx context.Context, m *machine, position string, since measure.Time) (string, error) {
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return "", err
	}
	in := api.RegisterComponent{
		ComponentID: m.partID(position), PartNumber: position, Algorithm: key.Public().Algorithm(), PublicKey: key.Public().Base64(), Location: "DEHAM",
	}
	if since == "" {
		in.Tasks = tasks(visitDays)
	}
	if err := r.ledger.do(ctx, owner, api.RegisterComponentTx, in, nil); err != nil || since == "" {
		return in.ComponentID, err
	}
	return in.ComponentID, r.ledger.do(ctx, owner, api.AttachPlanTx, api.AttachPlan{ComponentID: in.ComponentID, Since: since, Tasks: tasks(visitDays)}, nil)
}

// tasks is the plan of a part: it may be exchanged after so many days, or as many
// days' hours, whichever come first.
func tasks(days int64) []service.Task {
	return []service.Task{{
		TaskID: taskID, Title: "Exchange at a visit", Action: service.Replace, IntervalDays: days, ToleranceDays: 365,
		Usage: []service.UsageLimit{{Measure: hours, Every: days * 24}}, Skill: skill,
	}}
}

// play does what the files have of one machine at one moment.
func (r *replay) play(ctx context.Context, m *machine, e event) error {
	if len(e.replaced)+len(e.failed) > 0 {
		if err := r.report(ctx, m, e.at); err != nil {
			return err
		}
	}
	for _, position := range positions() {
		if err := r.attend(ctx, m, e, position); err != nil {
			return fmt.Errorf("machine %d, %s, %s: %w", m.number, e.at.Format(time.DateTime), position, err)
		}
	}
	for _, code := range e.errors {
		body := service.ConditionReport{Measure: code, Readings: []service.ConditionReading{{At: measure.TimeOf(e.at), Value: 1000}}}
		said, err := state(r, m, service.ConditionStatement, e.at, body)
		if err != nil {
			return err
		}
		if err := r.ledger.do(ctx, owner, api.ReportConditionTx, api.ReportCondition{ComponentID: m.id, Statement: *said}, nil); err != nil {
			return err
		}
	}
	return nil
}

// report brings what the machine's meter shows; it may raise requests (SV2).
func (r *replay) report(ctx context.Context, m *machine, at time.Time) error {
	said, err := state(r, m, "usage-report", at, api.UsageReport{Readings: []usage.Count{{Measure: hours, Value: r.hoursAt(m, at)}}})
	if err != nil {
		return err
	}
	var out api.UsageReported
	if err := r.ledger.do(ctx, owner, api.ReportUsageTx, api.ReportUsage{ComponentID: m.id, Envelope: *said}, &out); err != nil {
		return err
	}
	for _, id := range out.Requests {
		part, _, _ := strings.Cut(id, ":")
		m.open[part] = id
	}
	return nil
}

// state is the machine's next statement about itself. at is what its clock says.
func state[B any](r *replay, m *machine, kind string, at time.Time, body B) (*dsse.Envelope, error) {
	s := dsse.Statement[B]{
		Ledger: r.ledger.name(), Kind: kind, Subject: m.id, Signer: "component:" + m.id,
		Sequence: m.said + 1, Previous: m.before, SignedAt: measure.TimeOf(at), Body: body,
	}
	payload, err := s.Encode()
	if err != nil {
		return nil, err
	}
	m.said, m.before = s.Sequence, dsse.StatementHash(payload)
	return smartpackage.Sign(dsse.StatementType, payload, m.key)
}

// refusal is the ledger's no.
type refusal struct {
	code fault.Code
	error
}

func (r *refusal) Unwrap() error { return r.error }

// refused says whether the ledger refused with this code.
func refused(err error, code fault.Code) bool {
	var r *refusal
	return errors.As(err, &r) && r.code == code
}
