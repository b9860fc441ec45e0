package authority

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

//go:generate go test . -run ^TestTheTableIsWrittenDown$ -update

// Table is the table of permissions for people, in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("# Permissions\n\nMade from [chaincode/rules/authority](../chaincode/rules/authority/matrix.go) by `make generate`. Every transaction that writes: which of its\n" +
		"organisation's roles a caller needs, in which relation to the records it must be, and in which states of those. A dash asks for nothing:\n" +
		"any role, whoever it is, whatever the state. *F*: a role that the organisation had is enough, since it finishes\n" +
		"or keeps safe what it has ([roles that go](authority.md#roles-that-come-and-go)). *D*: the owner may [let another organisation do it](authority.md). *M*: the owner may make it\n" +
		"take the approval of several. Roles and relations are both needed where both are named; of several relations, one.\n\n" +
		"The guard refuses by the roles of this table before any contract's code runs; delegations and mandates read it too. Relations and states\n" +
		"are in the rules, each with its own fault code. `TestThePermissionsAreWhatTheLedgerDoes` asks the ledger, in the midst of every story,\n" +
		"what it would say to each caller in each role and to each state, and holds all of that against this table;\n" +
		"`TestThePermissionsThroughTheGateway` does so through the REST API, and `TestConformance` on a real network.\n")
	contract := ""
	for _, r := range Rows() {
		name, _, _ := strings.Cut(r.Transaction, ":")
		if name != contract {
			contract = name
			b.WriteString("\n## " + name + "\n\n| transaction | roles | relations | states | | besides |\n|---|---|---|---|---|---|\n")
		}
		b.WriteString("| `" + r.Transaction + "` | " + r.roles() + " | " + r.relations() + " | " + r.states() + " | " + r.letters() + " | " + r.Also + " |\n")
	}
	b.WriteString("\n## Where a relation is found\n\n| relation | record | members |\n|---|---|---|\n")
	for _, p := range Places() {
		b.WriteString("| " + string(p.Relation) + " | " + p.Kind + " | " + strings.Join(p.Members, ", ") + " |\n")
	}
	return b.String()
}

func (r Row) roles() string {
	for _, p := range party.Permissions() {
		if p.Action != r.Needs {
			continue
		}
		if len(p.Roles) == len(party.Roles()) {
			return "any member"
		}
		words := make([]string, len(p.Roles))
		for i, role := range p.Roles {
			words[i] = string(role)
		}
		return strings.Join(words, ", ")
	}
	return "–"
}

func (r Row) relations() string {
	if len(r.As) == 0 {
		return "–"
	}
	words := make([]string, len(r.As))
	for i, a := range r.As {
		words[i] = string(a)
	}
	return strings.Join(words, ", ")
}

func (r Row) states() string {
	if len(r.In) == 0 {
		return "–"
	}
	words := make([]string, len(r.In))
	for i, in := range r.In {
		words[i] = in.Record + ": " + strings.Join(in.States, ", ")
	}
	return strings.Join(words, "; ")
}

func (r Row) letters() string {
	s := ""
	if r.Finishes {
		s = "F"
	}
	if r.Delegable {
		s += "D"
	}
	if r.Mandatable {
		s += "M"
	}
	return s
}
