package keeper

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Duty is one kind of thing that falls due with time.
type Duty struct {
	Name string
	// Concerns names the subjects of an event that the duty may be about.
	Concerns func(event string, about About) []string
	// Due asks the ledger when the subject falls due; "" when it does not, or is
	// another organisation's to see to.
	Due func(ctx context.Context, ask Ask, id string) (at string, err error)
	// Do asks for what is due, once for each key.
	Do func(ctx context.Context, id, key string) error
}

// Ask evaluates a question and decodes the answer.
type Ask func(ctx context.Context, tx api.Transaction, argument []byte, into any) error

// Submit has a transaction carried out that changes an entity, once for each key.
type Submit func(ctx context.Context, tx api.Transaction, argument []byte, entity, key string) error

// About is what an event names.
type About struct {
	Subject string
	Facts   []Fact
}

// Fact is one of the things that became true.
type Fact struct {
	Type    string
	Subject string
}

func aboutOf(e Event) About {
	var a About
	if json.Unmarshal(e.Payload, &a) != nil {
		return About{} // not one of ours
	}
	return a
}

// settlement is the name of the first duty there was.
const settlement = "settlement"

// Settlements sees to the settlement of the organisation's shipments.
func Settlements(organisation string, submit Submit) Duty {
	return Duty{
		Name: settlement,
		Concerns: func(event string, about About) []string {
			if !strings.HasPrefix(event, api.Shipment+".") || about.Subject == "" {
				return nil
			}
			return []string{about.Subject}
		},
		Due: func(ctx context.Context, ask Ask, id string) (string, error) {
			var terms shipment.Terms
			if err := question(ctx, ask, api.GetTermsTx, api.ShipmentRef{ShipmentID: id}, &terms); err != nil {
				return "", err
			}
			if !slices.Contains(terms.Parties(), organisation) {
				return "", nil
			}
			var due shipment.Due
			err := question(ctx, ask, api.GetDueTx, api.ShipmentRef{ShipmentID: id}, &due)
			return string(due.SettleAt), err
		},
		Do: func(ctx context.Context, id, key string) error {
			return order(ctx, submit, api.SettleTx, api.ShipmentRef{ShipmentID: id}, "shipment/"+id, key)
		},
	}
}

// Maintenance sees to it that the calendar raises the service requests of what the
// organisation owns (SV2).
func Maintenance(organisation string, submit Submit) Duty {
	return Duty{
		Name: "maintenance",
		// A plan begins, changes, goes on when a request ends; the owner of the component may be another by then.
		Concerns: func(event string, about About) []string {
			switch {
			case event == api.PlanChangedEvent || event == api.RequestsRaisedEvent || event == api.OwnershipChangedEvent:
				return []string{about.Subject}
			case event == api.RequestChangedEvent:
				return componentOf(about.Subject)
			case slices.ContainsFunc(about.Facts, func(f Fact) bool { return f.Type == "plan-attached" }):
				return []string{about.Subject} // announced with its plan
			}
			return nil
		},
		Due: func(ctx context.Context, ask Ask, id string) (string, error) {
			var due service.PlanDue
			if err := question(ctx, ask, api.GetPlanDueTx, api.ComponentRef{ComponentID: id}, &due); err != nil {
				return "", err
			}
			if due.Operator != organisation {
				return "", nil
			}
			return string(due.RaiseAt), nil
		},
		Do: func(ctx context.Context, id, key string) error {
			return order(ctx, submit, api.RaiseDueTx, api.ComponentRef{ComponentID: id}, "component/"+id, key)
		},
	}
}

// Overdue sees to it that requests of the organisation that are not done in time
// are found to be so.
func Overdue(organisation string, submit Submit) Duty {
	return ofRequests("overdue", api.MarkOverdueTx, submit, func(r service.ServiceRequest) string {
		open := slices.Contains([]service.RequestStatus{service.Raised, service.Accepted, service.Scheduled, service.Started, service.Rejected}, r.Status)
		if !open || r.OverdueSince != "" || r.Operator != organisation && r.Provider != organisation {
			return ""
		}
		return string(r.OverdueAt.Add(1)) // overdue is after the tolerance
	})
}

// Silence sees to it that work which the organisation has done is confirmed when
// its owner has had the days that were agreed.
func Silence(organisation string, submit Submit) Duty {
	return ofRequests("silence", api.ConfirmWorkTx, submit, func(r service.ServiceRequest) string {
		if r.Status != service.Done || r.Provider != organisation {
			return ""
		}
		return string(r.SilenceEnds())
	})
}

// ofRequests is a duty about service requests: when it is due follows from the request.
func ofRequests(name string, tx api.Transaction, submit Submit, due func(service.ServiceRequest) string) Duty {
	return Duty{
		Name: name,
		Concerns: func(event string, about About) []string {
			if event == api.RequestChangedEvent {
				return append(raisedBy(about), about.Subject)
			}
			return raisedBy(about)
		},
		Due: func(ctx context.Context, ask Ask, id string) (string, error) {
			var r service.ServiceRequest
			if err := question(ctx, ask, api.GetRequestTx, api.RequestRef{RequestID: id}, &r); err != nil {
				return "", err
			}
			return due(r), nil
		},
		Do: func(ctx context.Context, id, key string) error {
			return order(ctx, submit, tx, api.RequestRef{RequestID: id}, "service-request/"+id, key)
		},
	}
}

// raisedBy are the requests that a transaction has raised, whatever it was about:
// a usage report does, and so does a failed inspection.
func raisedBy(about About) []string {
	var ids []string
	for _, f := range about.Facts {
		if f.Type == "request-raised" {
			ids = append(ids, f.Subject)
		}
	}
	return ids
}

// componentOf is the component of a planned request, whose id begins with it. The
// last two parts are the task and the occurrence; a fault's request has no colon.
func componentOf(requestID string) []string {
	id := requestID
	for range 2 {
		i := strings.LastIndexByte(id, ':')
		if i < 0 {
			return nil
		}
		id = id[:i]
	}
	return []string{id}
}

func question(ctx context.Context, ask Ask, tx api.Transaction, in, into any) error {
	argument, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return ask(ctx, tx, argument, into)
}

func order(ctx context.Context, submit Submit, tx api.Transaction, in any, entity, key string) error {
	argument, err := json.Marshal(in)
	if err != nil {
		return err
	}
	return submit(ctx, tx, argument, entity, key)
}
