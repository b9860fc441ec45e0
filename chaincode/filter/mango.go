package filter

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

//go:generate go test . -run ^TestIndexFilesAreUpToDate$ -update

// Mango is a question as CouchDB takes it, made for one access path: the index that
// bounds what the database reads and gives the order.
type Mango struct {
	Query    string   // selector, sort and use_index
	Index    string   // see [Indexes]
	Warnings []string // what makes the question slow
}

// docType is the member of a document that says its kind.
const docType = "docType"

// designDocument holds all indexes, so that CouchDB brings them up to date in one go.
const designDocument = "lifeledger"

// maxExact is the greatest integer that a peer on CouchDB keeps exactly: it goes through
// a floating-point number on the way into the database.
const maxExact = 1 << 53

// Mango writes the part of the language that CouchDB answers as [Match] does. What it
// would answer otherwise, or not at all, is refused, with the reason: relations, groups,
// comparisons of two fields, the order of texts, rows that are parts of records, and what
// the ledger does not say in the document itself.
//
// Every condition is written so that it is met by documents that have the field, or with
// a part of its own for those that lack it: what CouchDB's negations say about a lacking
// field is not relied upon.
func (c Checked) Mango() (Mango, error) {
	if err := c.onLedger(); err != nil {
		return Mango{}, err
	}
	m := mango{c.On}
	filter := Normal(c.Filter)
	parts := []any{object{docType: object{"$eq": c.On.Kind}}}
	for _, e := range conjuncts(filter) {
		part, err := m.expr(e)
		if err != nil {
			return Mango{}, err
		}
		parts = append(parts, part)
	}
	index, direction, warnings, err := m.path(c.Sort, filter)
	if err != nil {
		return Mango{}, err
	}
	sort := []any{object{docType: direction}}
	if index != docType {
		sort = append(sort, object{index: direction})
		parts = append(parts, object{index: object{"$exists": true}})
	}
	query, err := json.Marshal(object{
		"selector":  object{"$and": parts},
		"sort":      sort,
		"use_index": []string{designDocument, index},
	})
	if err != nil {
		return Mango{}, fault.Wrap(err, "write selector")
	}
	return Mango{Query: string(query), Index: index, Warnings: warnings}, nil
}

type object = map[string]any

func notOnLedger(format string, args ...any) error {
	return fault.New(fault.CodeQueryLedger, format+"; ask the read model (without source=ledger)", args...)
}

// onLedger refuses what is not about records alone.
func (c Checked) onLedger() error {
	switch {
	case c.On.Kind == "":
		return notOnLedger("%s are worked out from several records", c.On.Name)
	case c.On.Each != "":
		return notOnLedger("%s are parts of records of kind %s", c.On.Name, c.On.Kind)
	case len(c.Aggregates) > 0 || len(c.GroupBy) > 0:
		return notOnLedger("the ledger does not group")
	case len(c.Include) > 0:
		return notOnLedger("the ledger does not follow relations")
	}
	for _, name := range c.Fields {
		if f, _ := c.On.Field(name); f.IsProvenance() && name != "ledgerKey" {
			return notOnLedger("the ledger does not say %s of a record", name)
		}
	}
	return nil
}

// conjuncts are the parts that have to be met together.
func conjuncts(e Expr) []Expr {
	switch e := e.(type) {
	case nil:
		return nil
	case And:
		var all []Expr
		for _, part := range e.Of {
			all = append(all, conjuncts(part)...)
		}
		return all
	}
	return []Expr{e}
}

// mango writes the parts of a filter about one entity.
type mango struct{ on catalogue.Entity }

// path chooses the index: the one of the field that is sorted by, else that of the first
// field that the filter holds to a value, else that of the kind alone.
func (m mango) path(sort []Order, filter Expr) (index, direction string, warnings []string, err error) {
	parts := conjuncts(filter)
	if len(sort) > 0 {
		f, err := m.sortable(sort)
		if err != nil {
			return "", "", nil, err
		}
		if len(parts) > 0 && !slices.ContainsFunc(parts, func(e Expr) bool { return bounds(e, f.Name) }) {
			warnings = append(warnings, fmt.Sprintf("the index on %s gives the order, but does not narrow down what is asked for: CouchDB reads %s in this order until the page is full", f.Name, m.on.Name))
		}
		direction = "asc"
		if sort[0].Descending {
			direction = "desc"
		}
		return f.Path, direction, warnings, nil
	}
	for _, f := range m.on.Fields {
		if indexable(f) && slices.ContainsFunc(parts, func(e Expr) bool { return equals(e, f) }) {
			return f.Path, "asc", nil, nil
		}
	}
	if len(parts) > 0 {
		warnings = append(warnings, fmt.Sprintf("no index serves this filter: CouchDB reads all %s until the page is full; hold a field that is kept in order to a value, or sort by one that is bounded", m.on.Name))
	}
	return docType, "asc", warnings, nil
}

// indexable says that an index holds the field. Lists are not indexed, and what is not in
// the document cannot be.
func indexable(f catalogue.Field) bool {
	return f.Indexed && f.Type != catalogue.Texts && inDocument(f)
}

func inDocument(f catalogue.Field) bool { return f.Path != "" && !strings.ContainsAny(f.Path, "@^#") }

// Sortable says whether the ledger gives rows in the order of the field: every document
// has it, and CouchDB orders its values as the language does, which it does not do with texts.
func Sortable(f catalogue.Field) bool {
	return indexable(f) && !f.Optional && !f.Zero && (f.Type == catalogue.Integer || f.Type == catalogue.Time)
}

func (m mango) sortable(sort []Order) (catalogue.Field, error) {
	if len(sort) > 1 {
		return catalogue.Field{}, notOnLedger("the ledger sorts by one field")
	}
	f, err := Lookup(m.on, sort[0].By)
	if err == nil && !Sortable(f) {
		err = notOnLedger("the ledger does not sort %s by %s: it sorts by integers and times that are kept in order and that every record has", m.on.Name, f.Name)
	}
	return f, err
}

// bounds says that a part narrows a field down to a stretch of its index.
func bounds(e Expr, field string) bool {
	t, ok := e.(Test)
	return ok && t.Field == field && slices.Contains([]Op{Eq, Lt, Le, Gt, Ge}, t.Op)
}

// equals says that a part holds a field to one value, so that every match has it. Nought
// may be a member that is left out.
func equals(e Expr, f catalogue.Field) bool {
	t, ok := e.(Test)
	return ok && t.Field == f.Name && t.Op == Eq && t.Values[0].Value != nil && !(f.Zero && zero(t.Values[0].Value))
}

func zero(v any) bool { return v == int64(0) || v == false }

func (m mango) expr(e Expr) (any, error) {
	switch e := e.(type) {
	case And:
		return m.joined("$and", e.Of)
	case Or:
		return m.joined("$or", e.Of)
	case Not:
		t, ok := e.Of.(Test)
		if !ok {
			return nil, notOnLedger("the ledger does not follow relations")
		}
		return m.negated(t)
	case Test:
		return m.test(e)
	}
	return nil, notOnLedger("the ledger does not follow relations")
}

func (m mango) joined(op string, of []Expr) (any, error) {
	parts := make([]any, len(of))
	for i, e := range of {
		var err error
		if parts[i], err = m.expr(e); err != nil {
			return nil, err
		}
	}
	return object{op: parts}, nil
}

// field is what a test is about, if the document has it.
func (m mango) field(t Test) (catalogue.Field, error) {
	f, err := Lookup(m.on, t.Field)
	switch {
	case err != nil:
		return f, err
	case f.IsProvenance() || !inDocument(f):
		return f, notOnLedger("%s of %s is not in the document", f.Name, m.on.Name)
	case len(t.Values) > 0 && t.Values[0].Value == nil:
		return f, notOnLedger("the ledger does not compare two fields")
	}
	for _, v := range t.Values {
		if n, ok := v.Value.(int64); ok && (n > maxExact || n < -maxExact) {
			return f, notOnLedger("integers beyond 2^53 are not kept exactly by CouchDB")
		}
	}
	return f, nil
}

// always and never are selectors that are met by every document of the kind, and by none.
func (m mango) always() any { return object{docType: object{"$eq": m.on.Kind}} }
func (m mango) never() any  { return object{docType: object{"$ne": m.on.Kind}} }

// nothing is what sorts directly before every value of a type: null, the empty text and
// the empty list count as lacking.
func nothing(t catalogue.Type) any {
	switch t {
	case catalogue.Text, catalogue.Time:
		return ""
	case catalogue.Texts:
		return []any{}
	}
	return nil
}

// there is met by documents that have the field, lacking by the others.
func (m mango) there(f catalogue.Field) any {
	if !f.Optional {
		return m.always()
	}
	return object{f.Path: object{"$gt": nothing(f.Type)}}
}

func (m mango) lacking(f catalogue.Field) any {
	if !f.Optional {
		return m.never()
	}
	return object{"$or": []any{object{f.Path: object{"$exists": false}}, object{f.Path: object{"$lte": nothing(f.Type)}}}}
}

// negated is the opposite of a test, for the few that [Normal] leaves behind a not.
func (m mango) negated(t Test) (any, error) {
	f, err := m.field(t)
	if err != nil {
		return nil, err
	}
	if t.Op == Exists {
		return m.lacking(f), nil
	}
	condition, err := m.condition(f, t)
	if err != nil {
		return nil, err
	}
	return object{"$or": []any{object{f.Path: object{"$exists": false}}, object{f.Path: object{"$not": condition}}}}, nil
}

func (m mango) test(t Test) (any, error) {
	f, err := m.field(t)
	if err != nil {
		return nil, err
	}
	if t.Op == Exists {
		return m.there(f), nil
	}
	condition, err := m.condition(f, t)
	if err != nil {
		return nil, err
	}
	is := object{f.Path: condition}
	switch {
	case f.Zero && meetsZero(f, t): // the record may leave the member out
		return object{"$or": []any{object{f.Path: object{"$exists": false}}, is}}, nil
	case f.Optional && slices.Contains([]Op{Ne, Lt, Le}, t.Op): // null and the empty text would meet these
		return object{"$and": []any{is, m.there(f)}}, nil
	}
	return is, nil
}

// meetsZero says whether a test is met by what the record leaves out.
func meetsZero(f catalogue.Field, t Test) bool {
	var none any = int64(0)
	if f.Type == catalogue.Bool {
		none = false
	}
	if t.Op == In {
		return slices.ContainsFunc(t.Values, func(o Operand) bool { return o.Value == none })
	}
	return holds(t.Op, compare(none, t.Values[0].Value))
}

var mangoOps = map[Op]string{Eq: "$eq", Ne: "$ne", Lt: "$lt", Le: "$lte", Gt: "$gt", Ge: "$gte"}

// condition is what a value of the field is held against.
func (m mango) condition(f catalogue.Field, t Test) (any, error) {
	value := t.Values[0].Value
	switch t.Op {
	case In:
		values := make([]any, len(t.Values))
		for i, v := range t.Values {
			values[i] = v.Value
		}
		return object{"$in": values}, nil
	case Has:
		return object{"$elemMatch": object{"$eq": value}}, nil
	case Prefix:
		return object{"$regex": "^" + pattern(value.(string), false)}, nil
	case Contains:
		return object{"$regex": pattern(value.(string), true)}, nil
	case Eq, Ne:
		return object{mangoOps[t.Op]: value}, nil
	}
	if f.Type == catalogue.Text {
		return nil, notOnLedger("CouchDB orders texts by the rules of a language: %s cannot be held against %s", f.Name, t.Op)
	}
	return object{mangoOps[t.Op]: value}, nil
}

// pattern is a text as a regular expression that finds just it, without flags, and means
// the same to Go and to Erlang. Folded, ASCII letters are found in either size.
func pattern(s string, folded bool) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'; {
		case letter && folded:
			b.WriteString("[" + strings.ToLower(string(c)) + strings.ToUpper(string(c)) + "]")
		case letter || c >= '0' && c <= '9' || c >= 0x80:
			b.WriteByte(c)
		case c < ' ' || c == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Index is one index of the state database, as a chaincode's package carries it.
type Index struct {
	Name       string // docType, or the path of the field that follows it
	Definition []byte // as CouchDB and Fabric take it
}

// Indexes lists all, by name: for each kind of record its documents by key, and by each
// field that the catalogue says is kept in order. Kinds that have a field of the same
// name share its index, since docType comes first in it.
func Indexes() ([]Index, error) {
	names := []string{docType}
	for _, e := range catalogue.Entities() {
		if e.Kind == "" || e.Each != "" {
			continue
		}
		for _, f := range e.Fields {
			if indexable(f) && !slices.Contains(names, f.Path) {
				names = append(names, f.Path)
			}
		}
	}
	slices.Sort(names)
	all := make([]Index, len(names))
	for i, name := range names {
		fields := []string{docType}
		if name != docType {
			fields = append(fields, name)
		}
		definition, err := json.MarshalIndent(object{
			"index": object{"fields": fields}, "ddoc": designDocument, "name": name, "type": "json",
		}, "", "  ")
		if err != nil {
			return nil, err
		}
		all[i] = Index{name, append(definition, '\n')}
	}
	return all, nil
}
