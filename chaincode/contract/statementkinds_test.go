package contract

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

// bodies are what each kind of statement says.
var bodies = map[string]any{
	component.ValidationKind:     component.ValidationBody{},
	component.TagResponseKind:    component.TagResponse{},
	service.WorkStatement:        service.Work{},
	service.InspectionStatement:  service.Inspection{},
	service.CertificateStatement: service.Certified{},
	service.ConditionStatement:   service.ConditionReport{},
	usageReport:                  api.UsageReport{},
	machineScan:                  api.MachineScan{},
	authority.AccessGrantKind:    authority.AccessGrant{},
	authority.AccessUseKind:      authority.AccessUse{},
	authority.ApprovalKind:       authority.ApprovalBody{},
}

// members are the JSON names of a body in their order; those that may be left out
// stand in brackets, and those of a list's rows follow the list.
func members(of reflect.Type) (all []string) {
	for f := range of.Fields() {
		name, optional := strings.CutSuffix(f.Tag.Get("json"), ",omitempty")
		name = "`" + name + "`"
		if optional {
			name = "[" + name + "]"
		}
		all = append(all, name)
		if t := f.Type; t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			all = append(all, members(t.Elem())...)
		}
	}
	return all
}

func TestTheDocumentHasEveryKindOfStatement(t *testing.T) {
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "statements.md"))
	if err != nil {
		t.Fatal(err)
	}
	for kind, body := range bodies {
		_, row, found := strings.Cut(string(page), "\n| `"+kind+"` |")
		row, _, _ = strings.Cut(row, "\n")
		if cells := strings.Split(row, "|"); !found || len(cells) != 5 {
			t.Errorf("docs/statements.md has no row about %s", kind)
			continue
		} else {
			row = cells[3]
		}
		at := 0
		for _, name := range members(reflect.TypeOf(body)) {
			next := strings.Index(row[at:], name)
			if next < 0 {
				t.Errorf("docs/statements.md does not give %s in its place in the body of %s", name, kind)
				break
			}
			at += next + len(name)
		}
	}
}

// TestEveryKindOfStatementIsAmongTheBodies looks where contracts open statements.
func TestEveryKindOfStatementIsAmongTheBodies(t *testing.T) {
	var listed, opened []string
	for body := range maps.Values(bodies) {
		listed = append(listed, fmt.Sprintf("%T", body))
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	calls := regexp.MustCompile(`open(?:Statement|Work)\[(\w+\.\w+)\]\(`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range calls.FindAllStringSubmatch(string(text), -1) {
			opened = append(opened, m[1])
		}
	}
	slices.Sort(listed)
	slices.Sort(opened)
	if diff := cmp.Diff(slices.Compact(opened), listed); diff != "" {
		t.Errorf("statements that are opened, and those that are listed (-, +):\n%s", diff)
	}
}
