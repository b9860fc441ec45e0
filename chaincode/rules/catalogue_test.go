package rules_test

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

var update = flag.Bool("update", false, "write the catalogues instead of comparing them")

const generated = "<!-- Generated from the rules by `go generate ./chaincode/rules`; edit the rules instead. -->\n"

// declaredAt finds where each rule id and each fault code is declared: the line
// of the declaration that holds the text.
func declaredAt(t *testing.T, file string) map[string]int {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, filepath.FromSlash(file), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	lines := map[string]int{}
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR && g.Tok != token.CONST {
			continue
		}
		for _, spec := range g.Specs {
			ast.Inspect(spec, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						lines[text] = fset.Position(spec.Pos()).Line
					}
				}
				return true
			})
		}
	}
	return lines
}

// units are the names of the units that rules use, by their code of UN/CEFACT
// Recommendation 20.
var units = map[string]string{"CEL": "°C", "P1": "%", "LUX": "lux", "K40": "g", "A97": "hPa", "B64": "lux·s", "DD": "°", "F11": "K/min", "C62": "occurrence", "SEC": "s"}

// methods say how a rule comes to its value, and what is special about it.
var methods = map[shipment.Method]string{
	"": "each reading, or their total time", shipment.ByRate: "two readings", shipment.ByDose: "sum over a window", shipment.ByMean: "mean over a window",
	shipment.BySilence: "no reading", shipment.ByJourney: "the journey; not measured",
}

func catalogue(t *testing.T, toRules string) string {
	var b strings.Builder
	violations := declaredAt(t, "shipment/violation.go")
	fmt.Fprintf(&b, "## What counts as a violation\n\nRule set `%s`. A value equal to the agreed bound is within it. The bounds, the tolerance and the price are in\nthe terms of each shipment; limits and peaks are thousandths of the unit (40 °C is 40000).\n\n", shipment.RuleSet)
	b.WriteString("| rule | a violation is when … | judged by | unit | declared at |\n|---|---|---|---|---|\n")
	for _, r := range shipment.Rules() {
		line, unit := violations[string(r.ID)], units[r.Unit]
		if line == 0 || unit == "" {
			t.Errorf("rule %s: line %d of violation.go, unit %q", r.ID, line, unit)
		}
		by := methods[r.Method]
		if by == "" {
			t.Errorf("rule %s: method %q", r.ID, r.Method)
		}
		if r.YesNo {
			by += "; yes or no, the bound is 0"
		}
		if r.Finding {
			by += "; a finding, never a penalty"
		}
		fmt.Fprintf(&b, "| <a id=\"%[1]s\"></a>`%[1]s` | %s | %s | %s (%s) | [shipment/violation.go:%[6]d](%[7]sshipment/violation.go#L%[6]d) |\n", r.ID, r.Says, by, unit, r.Unit, line, toRules)
	}
	controls := declaredAt(t, "service/control.go")
	b.WriteString("\n## What makes a condition due\n\nA control of a maintenance plan names one of these rules, a measure and its figures, in thousandths of the measure's unit.\n\n| rule | a task is due when … | declared at |\n|---|---|---|\n")
	for _, r := range service.ControlRules() {
		line := controls[string(r.ID)]
		if line == 0 {
			t.Errorf("rule %s is not declared in control.go", r.ID)
		}
		fmt.Fprintf(&b, "| <a id=\"%[1]s\"></a>`%[1]s` | %[2]s | [service/control.go:%[3]d](%[4]sservice/control.go#L%[3]d) |\n", r.ID, r.Says, line, toRules)
	}
	b.WriteString("\n## Who may do what\n\nDeclared in [party/permit.go](" + toRules + "party/permit.go). What needs a relation to the record instead (its owner, its custodian) is\ndecided by that record's rules, below.\n\n| action | roles | in words |\n|---|---|---|\n")
	for _, p := range party.Permissions() {
		var roles []string
		for _, r := range p.Roles {
			roles = append(roles, string(r))
		}
		who := strings.Join(roles, ", ")
		if len(roles) == len(party.Roles()) {
			who = "every role"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Action, who, p.Says)
	}
	codes := declaredAt(t, "fault/codes.go")
	b.WriteString("\n## Why something was refused\n\nThe code is the same in an error of the API, in a metric and here. `malformed`: the request cannot be read as what\nit claims to be. `forbidden`: the caller may not do this. `not-found`: the thing named does not exist. `conflict`: it\nexists already, or is in a state that forbids this. `refused`: a rule says no. `internal`: our mistake.\n\n| code | kind | what it says | declared at |\n|---|---|---|---|\n")
	for _, e := range fault.Catalogue() {
		line := codes[string(e.Code)]
		if line == 0 {
			t.Errorf("code %s is not declared in codes.go", e.Code)
		}
		fmt.Fprintf(&b, "| <a id=\"%[1]s\"></a>`%[1]s` | %s | %s | [fault/codes.go:%[4]d](%[5]sfault/codes.go#L%[4]d) |\n", e.Code, e.Kind, e.Says, line, toRules)
	}
	return b.String()
}

func TestTheCataloguesAreUpToDate(t *testing.T) {
	for file, text := range map[string]string{
		"README.md": generated + `
# Rules

Every business rule of lifeledger, in plain Go that a compliance officer's lawyer could be walked through. What a rule
is and what it may import is in [doc.go](doc.go).

| question | answered in |
|---|---|
| What counts as a shipment violation? | [shipment/violation.go](shipment/violation.go) |
| When does an excursion open and close, and who answers for it? | [shipment/judge.go](shipment/judge.go), [shipment/excursion.go](shipment/excursion.go) |
| What can parties agree? | [shipment/terms.go](shipment/terms.go) |
| Who has custody, and from when? | [shipment/custody.go](shipment/custody.go) |
| How are totals and means taken, and silence judged? | [shipment/window.go](shipment/window.go), [shipment/silence.go](shipment/silence.go), [shipment/conclude.go](shipment/conclude.go) |
| How is a penalty counted? | [shipment/penalty.go](shipment/penalty.go) |
| Which readings count? | [shipment/stream.go](shipment/stream.go) |
| Who pays what? | [shipment/settlement.go](shipment/settlement.go), [money/account.go](money/account.go) |
| Who may open a dispute, and how does it end? | [shipment/dispute.go](shipment/dispute.go), [shipment/acceptance.go](shipment/acceptance.go) |
| What is on an invoice? | [shipment/invoice.go](shipment/invoice.go) |
| How has a carrier done so far? | [shipment/rating.go](shipment/rating.go) |
| What is a payment channel, and who gets what out of it? | [paychannel/channel.go](paychannel/channel.go) |
| What can be shown without a name? | [disclosure](disclosure) |
| When is something due, and who is asked? | [service/due.go](service/due.go), [service/plan.go](service/plan.go) |
| What closes a service request, and who may? | [service/work.go](service/work.go), [service/request.go](service/request.go) |
| What does service cost, and use? | [service/bill.go](service/bill.go), [service/agreement.go](service/agreement.go) |
| Which condition makes a task due? | [service/control.go](service/control.go) |
| Who owns a component? | [component/component.go](component/component.go) |
| Who may do what? | [party/permit.go](party/permit.go) |
| What does an error code mean? | [fault/codes.go](fault/codes.go) |

` + catalogue(t, ""),
		"../../docs/rules/README.md": generated + `
# The catalogue of rules

What the product decides, in one sentence for each rule, and where the code is that decides it. Ids and codes never
change their meaning.

` + catalogue(t, "../../chaincode/rules/"),
	} {
		path := filepath.FromSlash(file)
		if *update {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if diff := cmp.Diff(text, string(got)); diff != "" {
			t.Errorf("%s is not what the rules say; run: go generate ./chaincode/rules\n%s", file, diff)
		}
	}
}
