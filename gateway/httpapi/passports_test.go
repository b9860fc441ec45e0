package httpapi

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

const shaft = "urn:epc:id:sgtin:0614141.107346.2018"

// Passport answers with one section of one row.
func (f *fakeQuestions) Passport(_ context.Context, componentID string, at measure.Time, minHeight uint64) (Answer, error) {
	f.passports = append(f.passports, passportAsked{componentID, at, minHeight})
	row := `{"record":{"componentId":"` + componentID + `"},"ledger":{"key":"component/x","block":42,"transactionId":"tx","time":"2026-03-01T08:30:00.000Z","submitter":"MakerMSP"}}`
	return Answer{43, json.RawMessage(`{"componentId":"` + componentID + `","height":43,"time":"2026-03-01T08:30:00.000Z","owner":"MakerMSP","outermost":"` + componentID + `",
		"tree":[{"componentId":"` + componentID + `","machineId":"` + componentID + `","slotId":"left","depth":1,"since":"2026-03-01T08:30:00.000Z"}],"more":false,
		"sections":[{"name":"identity","entity":"components","filter":"componentId eq \"x\"","items":[` + row + `],"more":false}]}`)}, f.err
}

// Changes answers with one of each kind.
func (f *fakeQuestions) Changes(_ context.Context, componentID string, from, until measure.Time, minHeight uint64) (Answer, error) {
	f.passports = append(f.passports, passportAsked{componentID, from, minHeight}, passportAsked{componentID, until, minHeight})
	row := `{"record":{"componentId":"` + componentID + `"},"ledger":{"key":"component/x","block":42,"transactionId":"tx","time":"2026-03-01T08:30:00.000Z","submitter":"MakerMSP"}}`
	return Answer{43, json.RawMessage(`{"componentId":"` + componentID + `","from":"` + string(from) + `","height":43,"time":"2026-03-01T08:30:00.000Z",
		"owner":{"before":"MakerMSP","after":"OperatorMSP"},"outermost":{"before":"a","after":"a"},"slots":[{"machineId":"` + componentID + `","slotId":"left","before":"","after":"b"}],
		"more":false,"sections":[{"name":"identity","entity":"components","added":[],"removed":[` + row + `],"changed":[{"before":` + row + `,"after":` + row + `,"fields":["owner"]}]}]}`)}, f.err
}

func (f *fakeQuestions) PassportForReader(ctx context.Context, componentID string, at measure.Time) (Answer, error) {
	f.readers++
	if f.during != nil {
		f.during()
	}
	return f.Passport(ctx, componentID, at, 0)
}

func (f *fakeQuestions) TimelineForReader(ctx context.Context, componentID string, limit int, cursor string) (Answer, error) {
	f.readers++
	w, err := narrowed(filter.Test{Field: "componentId", Op: filter.Eq, Values: []filter.Operand{{Value: componentID}}}, "-at", "", "", "", "", limit)
	if err != nil {
		return Answer{}, err
	}
	return f.Ask(ctx, Asked{Entity: "timeline", Question: w, Cursor: cursor})
}

type passportAsked struct {
	componentID string
	at          measure.Time
	minHeight   uint64
}

func TestPassports(t *testing.T) {
	w := newWorld(t)
	res := w.send(t, "GET", "/v1/components/"+shaft+"/passport?at=2026-03-01T08:30:00.000Z&minHeight=42", "")
	if res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
		t.Fatalf("%d %v %s", res.StatusCode, res.Header, text(t, res))
	}
	if res := w.send(t, "GET", "/v1/components/"+shaft+"/passport", "", "Authorization", "Bearer auditor"); res.StatusCode != 200 {
		t.Errorf("an auditor: %d", res.StatusCode)
	}
	want := []passportAsked{{shaft, "2026-03-01T08:30:00.000Z", 42}, {shaft, "", 0}}
	if got := w.questions.passports; len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("asked for %v", got)
	}
	w.questions.passports = nil
	if res := w.send(t, "GET", "/v1/components/"+shaft+"/changes?from=2026-03-01T08:30:00.000Z&minHeight=7", ""); res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
		t.Errorf("%d %s", res.StatusCode, text(t, res))
	}
	if got := w.questions.passports; len(got) != 2 || got[0] != (passportAsked{shaft, "2026-03-01T08:30:00.000Z", 7}) || got[1] != (passportAsked{shaft, "", 7}) {
		t.Errorf("compared %v", got)
	}
	for target, status := range map[string]int{
		"/v1/components/" + shaft + "/changes":                  400,
		"/v1/components/" + shaft + "/passport?at=yesterday":    400,
		"/v1/components/" + shaft + "/passport?at=2026-03-01":   400,
		"/v1/components/" + shaft + "/passport?height=1":        400,
		"/v1/components/nothing%20at%20all/passport":            400,
		"/v1/components/" + shaft + "/timeline?filter=step%20=": 400,
		"/v1/components/" + shaft + "/timeline?groupBy=step":    400,
		"/v1/dues?days=-1":   400,
		"/v1/dues?days=4000": 400,
		"/v1/dues?filter=" + url.QueryEscape(`owner eq "A" or`):       400,
		"/v1/dues?filter=" + url.QueryEscape(strings.Repeat("(", 99)): 422,
	} {
		if res := w.send(t, "GET", target, ""); res.StatusCode != status {
			t.Errorf("%s: %d %s", target, res.StatusCode, text(t, res))
		}
	}
	if res := w.send(t, "GET", "/v1/dues", "", "Authorization", "Bearer device"); res.StatusCode != 403 {
		t.Errorf("a device asks: %d", res.StatusCode)
	}
	w.questions.err = fault.New(fault.CodeComponentUnknown, "none")
	if res := w.send(t, "GET", "/v1/components/"+shaft+"/passport", ""); res.StatusCode != 404 {
		t.Errorf("of nothing: %d", res.StatusCode)
	}
}

// What a client asks only narrows what the path is about.
func TestTimelinesAndDuesAreQuestions(t *testing.T) {
	w := newWorld(t)
	either := url.QueryEscape(`step eq "recalled" or step eq "held"`)
	for i, c := range []struct {
		target, entity, filter, sort string
	}{
		{"/v1/components/" + shaft + "/timeline", "timeline", `{"field":"componentId","eq":"` + shaft + `"}`, "-at"},
		{"/v1/components/" + shaft + "/timeline?sort=at&limit=7&cursor=abc&minHeight=4&filter=" + either, "timeline",
			`{"and":[{"field":"componentId","eq":"` + shaft + `"},{"or":[{"field":"step","eq":"recalled"},{"field":"step","eq":"held"}]}]}`, "at"},
		{"/v1/dues", "dues", `{"field":"dueAt","le":{"field":"now","plus":"30d"}}`, "dueAt"},
		{"/v1/dues?days=0", "dues", `{"field":"dueAt","le":{"field":"now","plus":"0d"}}`, "dueAt"},
		{"/v1/dues?days=90&filter=" + url.QueryEscape(`component.partNumber eq "P"`), "dues",
			`{"and":[{"field":"dueAt","le":{"field":"now","plus":"90d"}},{"any":"component","where":{"field":"partNumber","eq":"P"}}]}`, "dueAt"},
	} {
		if res := w.send(t, "GET", c.target, ""); res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
			t.Fatalf("%s: %d %s", c.target, res.StatusCode, text(t, res))
		}
		a := w.questions.asked[i]
		if a.Entity != c.entity || string(a.Question.Filter) != c.filter || len(a.Question.Sort) != 1 || a.Question.Sort[0] != c.sort {
			t.Errorf("%s: %s %s %v", c.target, a.Entity, a.Question.Filter, a.Question.Sort)
		}
		if i == 1 && (a.Cursor != "abc" || a.MinHeight != 4 || a.Question.Limit != 7) {
			t.Errorf("%+v", a)
		}
	}
}
