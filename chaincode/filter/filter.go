// Package filter owns the language in which rows are asked for: its tree, its two
// written forms (JSON, and one line of text), what a question may cost, and what
// it means. It stores nothing, and knows no database: gateway/query makes SQL of
// a checked question, and the contracts make a CouchDB selector of it.
// Invariant: what a client writes reaches a database as a name from the catalogue
// or as a bound value, never as text; and every backend answers as [Match] does.
//
// A test about a field that the row lacks is not met, whichever it is, "ne" among
// them; "exists" asks for it, and "not" is plain: whatever is not met, its
// opposite is. So "not status eq "open"" finds rows without a status, and "status
// ne "open"" does not.
package filter

//go:generate go test -run TestGrammarDocument -update .

// Expr is a node of a filter: [And], [Or], [Not], [Any], [Test] or [Search].
type Expr interface{ expr() }

// And is met when all of its parts are; it has two or more.
type And struct{ Of []Expr }

// Or is met when one of its parts is; it has two or more.
type Or struct{ Of []Expr }

// Not is met when its part is not.
type Not struct{ Of Expr }

// Any is met when a row at the other end of the relation meets Where, or, where
// that is nil, when there is any.
type Any struct {
	Relation string
	Where    Expr
}

// Search is met when each of the words is somewhere in the fields that can be searched.
type Search struct{ Words string }

// Test is one field held against values.
type Test struct {
	Field  string
	Op     Op
	Values []Operand
}

func (And) expr()    {}
func (Or) expr()     {}
func (Not) expr()    {}
func (Any) expr()    {}
func (Search) expr() {}
func (Test) expr()   {}

// Op is what a test asks.
type Op string

// The operations. [Check] writes Between and During in terms of the others.
const (
	Eq       Op = "eq"
	Ne       Op = "ne"
	Lt       Op = "lt"
	Le       Op = "le"
	Gt       Op = "gt"
	Ge       Op = "ge"
	In       Op = "in"       // one of the values
	Prefix   Op = "prefix"   // begins so
	Contains Op = "contains" // has it in it, ASCII letters large or small
	Has      Op = "has"      // of a list: has the text in it
	Between  Op = "between"  // from the first to the second, both included
	During   Op = "during"   // a day, a month, a quarter or a year, in UTC
	Exists   Op = "exists"
)

// Ops lists all, as they are documented.
func Ops() []Op {
	return []Op{Eq, Ne, Lt, Le, Gt, Ge, In, Between, During, Prefix, Contains, Has, Exists}
}

// Operand is a value, or, where Value is nil, a field to compare with.
type Operand struct {
	Value any    // string, int64 or bool
	Field string // of the row that is tested, or [Now]
	Up    int    // how many relations back the row is that has the field
	Plus  string // what is added: "30d" or "-12h" to a time, "500" to an integer
}

// Now stands for the time at which the question is asked.
const Now = "now"

// Bounds of a question. What is beyond them is refused before anything is looked up.
const (
	MaxText      = 8 << 10  // bytes of the one-line form
	MaxJSON      = 64 << 10 // bytes of the JSON form
	MaxDepth     = 16       // parts in parts
	MaxParts     = 128      // tests, and what joins them
	MaxValues    = 200      // of one "in"
	MaxValue     = 256      // bytes of one text
	MaxRelations = 4        // steps along relations, one in the other
	MaxCost      = 2000     // see [Check]
	MaxFields    = 64       // selected, sorted by, grouped by
	MaxLimit     = 1000     // rows of one page
	DefaultLimit = 100
)

// Shape of names; anything else is not even looked up.
func isName(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9') {
			return false
		}
	}
	return true
}

// along wraps a part in the relations of a path.
func along(relations []string, e Expr) Expr {
	for i := len(relations) - 1; i >= 0; i-- {
		e = Any{relations[i], e}
	}
	return e
}

// all is And of any number; nil for none.
func all(of []Expr) Expr {
	switch len(of) {
	case 0:
		return nil
	case 1:
		return of[0]
	}
	return And{of}
}

func some(of []Expr) Expr {
	switch len(of) {
	case 0:
		return nil
	case 1:
		return of[0]
	}
	return Or{of}
}
