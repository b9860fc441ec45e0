package keeper

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// answers is a ledger that says one thing.
func answers(v any) Ask {
	return func(_ context.Context, _ api.Transaction, _ []byte, into any) error {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		return json.Unmarshal(b, into)
	}
}

func TestWhatDutiesAreAbout(t *testing.T) {
	const planned = "urn:c:1:seal:3"
	raised := About{Subject: "m", Facts: []Fact{{"usage-reported", "m"}, {"request-raised", planned}, {"request-raised", "F-1"}}}
	for name, c := range map[string]struct {
		duty  Duty
		event string
		about About
		want  []string
	}{
		"a shipment that changed":              {Settlements("O", nil), "shipment.custody-changed.v1", About{Subject: "s"}, []string{"s"}},
		"settlements: a component":             {Settlements("O", nil), "component.registered.v1", About{Subject: "c"}, nil},
		"a plan that changed":                  {Maintenance("O", nil), api.PlanChangedEvent, About{Subject: "c"}, []string{"c"}},
		"a component that was sold":            {Maintenance("O", nil), api.OwnershipChangedEvent, About{Subject: "c"}, []string{"c"}},
		"a component announced with a plan":    {Maintenance("O", nil), api.ComponentRegisteredEvent, About{Subject: "c", Facts: []Fact{{"commissioning", "c"}, {"plan-attached", "c"}}}, []string{"c"}},
		"a component announced without one":    {Maintenance("O", nil), api.ComponentRegisteredEvent, About{Subject: "c", Facts: []Fact{{"commissioning", "c"}}}, nil},
		"maintenance: a planned request ended": {Maintenance("O", nil), api.RequestChangedEvent, About{Subject: planned}, []string{"urn:c:1"}},
		"maintenance: a fault's request ended": {Maintenance("O", nil), api.RequestChangedEvent, About{Subject: "F-1"}, nil},
		"maintenance: a shipment":              {Maintenance("O", nil), "shipment.ended.v1", About{Subject: "s"}, nil},
		"overdue: a request that changed":      {Overdue("O", nil), api.RequestChangedEvent, About{Subject: "F-1"}, []string{"F-1"}},
		"overdue: a report that raised two":    {Overdue("O", nil), "component.usage-reported.v1", raised, []string{planned, "F-1"}},
		"silence: a failed inspection":         {Silence("O", nil), api.RequestChangedEvent, About{Subject: "c:look:1", Facts: []Fact{{"request-raised", "c:look:2"}}}, []string{"c:look:2", "c:look:1"}},
		"silence: something else":              {Silence("O", nil), "component.registered.v1", About{Subject: "c"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.duty.Concerns(c.event, c.about); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestWhenDutiesAreDue(t *testing.T) {
	const at = measure.Time("2026-03-01T12:00:00.000Z")
	done := service.ServiceRequest{Operator: "O", Provider: "P", Status: service.Done, OverdueAt: at, DoneAt: at, AcceptDays: 2}
	open, marked, own := done, done, done
	open.Status, marked.Status, own.AcceptDays = service.Started, service.Raised, 0
	marked.OverdueSince = at
	for name, c := range map[string]struct {
		duty Duty
		says any
		want string
	}{
		"maintenance of one's own":                {Maintenance("O", nil), service.PlanDue{Operator: "O", RaiseAt: at}, string(at)},
		"maintenance that nothing asks for":       {Maintenance("O", nil), service.PlanDue{Operator: "O"}, ""},
		"maintenance of another's":                {Maintenance("P", nil), service.PlanDue{Operator: "O", RaiseAt: at}, ""},
		"the owner's request, after its time":     {Overdue("O", nil), open, "2026-03-01T12:00:00.001Z"},
		"the provider's too":                      {Overdue("P", nil), open, "2026-03-01T12:00:00.001Z"},
		"another's":                               {Overdue("X", nil), open, ""},
		"one that is done":                        {Overdue("O", nil), done, ""},
		"one that is marked":                      {Overdue("O", nil), marked, ""},
		"silence about work that one has done":    {Silence("P", nil), done, "2026-03-03T12:00:00.000Z"},
		"silence is not for the owner to break":   {Silence("O", nil), done, ""},
		"silence that was not agreed":             {Silence("P", nil), own, ""},
		"silence about work that is not done yet": {Silence("P", nil), open, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := c.duty.Due(t.Context(), answers(c.says), "x")
			if err != nil || got != c.want {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
			if _, err := c.duty.Due(t.Context(), func(context.Context, api.Transaction, []byte, any) error { return errors.New("down") }, "x"); err == nil {
				t.Error("a ledger that does not answer says that nothing is due")
			}
		})
	}
}

func TestWhatDutiesAskFor(t *testing.T) {
	for name, c := range map[string]struct {
		duty func(string, Submit) Duty
		want string
	}{
		"settlement":  {Settlements, `shipment:Settle {"shipmentId":"x"} shipment/x k`},
		"maintenance": {Maintenance, `service:RaiseDue {"componentId":"x"} component/x k`},
		"overdue":     {Overdue, `service:MarkOverdue {"requestId":"x"} service-request/x k`},
		"silence":     {Silence, `service:ConfirmWork {"requestId":"x"} service-request/x k`},
	} {
		var got string
		d := c.duty("O", func(_ context.Context, tx api.Transaction, argument []byte, entity, key string) error {
			got = fmt.Sprintf("%s %s %s %s", tx, argument, entity, key)
			return nil
		})
		if err := d.Do(t.Context(), "x", "k"); err != nil || got != c.want || d.Name != name {
			t.Errorf("%s: %q, %v", d.Name, got, err)
		}
	}
}

// A key is the same for the same thing and another for another, and fits.
func TestKeysFit(t *testing.T) {
	long := ""
	for range 150 {
		long += "x"
	}
	seen := map[string]bool{}
	for _, r := range []row{{subject: subject{"a", long}, at: "1"}, {subject: subject{"a", long}, at: "2"}, {subject: subject{"b", long}, at: "1"}, {subject: subject{"a", long + "x"}, at: "1"}} {
		k := keyOf(r)
		if seen[k] || len(k) > api.MaxIdempotencyKey || k != keyOf(r) {
			t.Errorf("key %q", k)
		}
		seen[k] = true
	}
}

// What a keeper remembered that knew settlements only is not forgotten, and a row
// of a duty that a keeper does not have goes.
func TestAnOlderMemoryIsTakenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keeper.db")
	db, err := sql.Open("sqlite", "file:"+path)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		`CREATE TABLE due (shipment TEXT PRIMARY KEY, at TEXT NOT NULL, next INTEGER NOT NULL, tries INTEGER NOT NULL, version INTEGER NOT NULL DEFAULT 0)`,
		`CREATE TABLE seen (one INTEGER PRIMARY KEY CHECK (one = 1), block INTEGER NOT NULL)`,
		`INSERT INTO due VALUES ('s', '', 0, 0, 4)`, `INSERT INTO seen VALUES (1, 9)`,
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	f := &fake{clock: began, due: began, parties: "ShipperMSP"}
	for range 2 {
		k := open(t, f, path)
		rows, err := k.memory.due(t.Context(), began, 9)
		if err != nil || len(rows) != 1 || rows[0].subject != (subject{settlement, "s"}) || rows[0].version != 4 {
			t.Fatal(rows, err)
		}
		if from, err := k.memory.seen(t.Context()); err != nil || from != 9 {
			t.Fatal(from, err)
		}
		if err := k.memory.close(); err != nil {
			t.Fatal(err)
		}
	}
	k, err := Open(Config{Path: path, Duties: []Duty{Maintenance("O", nil)}, Now: f.now}, f)
	if err != nil {
		t.Fatal(err)
	}
	if err := k.step(t); err != nil {
		t.Fatal(err)
	}
	if rows, err := k.memory.due(t.Context(), began, 9); err != nil || len(rows) != 0 {
		t.Error(rows, err)
	}
}
