// Package catalogue owns what can be asked about: the entities, their fields with
// types, and the relations between them. It is the one source for the filter
// grammar, the tables of the read model, the selectors of CouchDB, and the
// documentation of all three. It reads no ledger and answers no question.
// Invariant: every name that a client may use is in here, every kind of record
// on the ledger is either an entity or named as left out, and each field is a
// member that the record really has (a test reads the record's type).
package catalogue

import "strings"

// Type is the type of a field's values.
type Type string

// The types. There are no others: whoever stores or compares values knows all of them.
const (
	Text    Type = "text"    // UTF-8; its order is that of the bytes
	Integer Type = "integer" // 64 bits with sign; amounts in minor units, measures in thousandths
	Time    Type = "time"    // "2006-01-02T15:04:05.000Z", so the order of the texts is that of the moments
	Bool    Type = "bool"
	Texts   Type = "texts" // a list of texts, asked with "has"
)

// Entity is one kind of thing to ask about: the rows of one table.
type Entity struct {
	Name string // plural, such as "payment-channels": in paths, and the table's name
	Says string // one sentence; what one row is
	// Kind is the record's key prefix and docType. "": the read model derives the
	// rows from the kinds in From, and the ledger itself cannot be asked.
	Kind string
	From []string
	// Each names a list of objects in the record, each of which is a row; "": the record is.
	Each      string
	Fields    []Field
	Relations []Relation
	// Together are pairs of fields that are asked for by a value of each: the read
	// model keeps them in order together, since a row of many meets either alone.
	Together [][2]string
	// Omits are the plain members of the record that nobody can ask about.
	Omits []string
}

// Field is one column.
type Field struct {
	Name string
	// Path is where the record has it: "a.b" for a member of a member. In an entity
	// with Each it begins at the element, and "^a" at the record; "#" is the number
	// of the element, from 0. "@0" is the first attribute of the key. "" in what is derived.
	Path string
	Type Type
	Says string // with unit, where it has one
	// Optional: a row may lack it. An empty text and an empty list are lacking too.
	Optional bool
	// Zero: the record leaves the member out when it is 0 or false, so lacking means that.
	Zero       bool
	Searchable bool // the text search looks into it
	Indexed    bool // the stores keep it in order, so that a question by it, or sorted by it, is cheap
	// Few: no more than some rows have the same value, which are quickly sorted by anything.
	Few bool
}

// Relation is a way from the rows of one entity to those of another.
type Relation struct {
	Name string
	Says string
	To   string
	On   []Pair // all of them equal
	Many bool   // more than one row may be at the other end
}

// Pair is a field of the entity and the field of the other one that equals it.
type Pair struct{ Field, Of string }

// Find gives the entity of that name.
func Find(name string) (Entity, bool) {
	e, ok := byName[name]
	return e, ok
}

// OfKind gives the entities that are read from records of a kind.
func OfKind(kind string) []Entity { return byKind[kind] }

// Entities lists all, by subject.
func Entities() []Entity { return entities }

// Field gives the field of that name; those that every row has ([Provenance]) too.
func (e Entity) Field(name string) (Field, bool) {
	for _, f := range e.Fields {
		if f.Name == name {
			return f, true
		}
	}
	for _, f := range provenance {
		if f.Name == name {
			return f, true
		}
	}
	return Field{}, false
}

// Latest is the first time that the stores keep in order, or "": who asks for a
// page of many rows wants those with the latest.
func (e Entity) Latest() string {
	for _, f := range e.Fields {
		if f.Indexed && f.Type == Time {
			return f.Name
		}
	}
	return ""
}

// InOrder says that rows with one value of the field are kept in the order of [Entity.Latest].
func (e Entity) InOrder(f Field) bool {
	return e.Latest() != "" && f.Indexed && !f.Few && f.Type == Text
}

// Relation gives the relation of that name.
func (e Entity) Relation(name string) (Relation, bool) {
	for _, r := range e.Relations {
		if r.Name == name {
			return r, true
		}
	}
	return Relation{}, false
}

// Provenance are the fields of every row: where on the ledger it comes from. The
// read model has them; the stored document itself does not.
func Provenance() []Field { return provenance }

var provenance = []Field{
	text("ledgerKey", "key of the record, as [KeyText] writes it"),
	integer("ledgerBlock", "block that wrote the record as it is").indexed(),
	text("ledgerTransaction", "transaction that wrote it"),
	time("ledgerTime", "the transaction's time, as its client claims it"),
	text("ledgerSubmitter", "organisation whose identity submitted it, MSP id"),
}

// Table is the entity's table in a database: it needs quotes, as a name may be a word of SQL.
func (e Entity) Table() string { return strings.ReplaceAll(e.Name, "-", "_") }

// Column is the field's column: "ledgerBlock" is ledger_block. It needs quotes.
func (f Field) Column() string {
	var b strings.Builder
	for i := range len(f.Name) {
		c := f.Name[i]
		if c >= 'A' && c <= 'Z' {
			b.WriteByte('_')
			c += 'a' - 'A'
		}
		b.WriteByte(c)
	}
	return b.String()
}

// RowColumn is the column that every table has besides: the row's own name,
// unique in the table. It is [KeyText] for a row that is a record.
const RowColumn = "row_id"

// IsProvenance says that the field is one of those that every row has.
func (f Field) IsProvenance() bool { return strings.HasPrefix(f.Name, "ledger") }

// LeftOut names the kinds of record that are no entity, each with the reason.
var LeftOut = map[string]string{
	"consortium":                    "one record, whose members are rows of organisations",
	"device.key.use":                "an index that the contracts look up; the keys are rows of device-keys and credential-events",
	"statement.quarantine.envelope": "the bytes that were signed, for which participant:GetQuarantined asks; the statement is a row of quarantined-statements",
	"assembly.slot":                 "an index that the contracts look up; the slots are rows of machine-slots",
	"service.request.of":            "an index that the contracts list; the requests are rows of service-requests",
	"account.waiting":               "an index of credits; a credit that waits is a row of credits without collectedBy",
	"pseudonym.counted":             "a hash that must not be tied to anything",
	"idempotency":                   "answers to repeated requests; the transactions are what they are about",
}

var entities = func() (all []Entity) {
	for _, subject := range [][]Entity{participants, credentials, components, componentLife, componentAuthority, machines, services, shipments, readings, money, channels, disclosures, intervals} {
		all = append(all, subject...)
	}
	return all
}()

var byName, byKind = func() (map[string]Entity, map[string][]Entity) {
	names, kinds := make(map[string]Entity), make(map[string][]Entity)
	for _, e := range views {
		names[e.Name] = e
	}
	for _, e := range entities {
		names[e.Name] = e
		if e.Kind != "" {
			kinds[e.Kind] = append(kinds[e.Kind], e)
		}
	}
	return names, kinds
}()

// How the tables of this package are written: a field is its name, which is its
// path too unless "at" says another, and what it says.

func text(name, says string) Field { return Field{Name: name, Path: name, Type: Text, Says: says} }
func integer(name, says string) Field {
	return Field{Name: name, Path: name, Type: Integer, Says: says}
}
func time(name, says string) Field    { return Field{Name: name, Path: name, Type: Time, Says: says} }
func boolean(name, says string) Field { return Field{Name: name, Path: name, Type: Bool, Says: says} }

// texts is lacking where it is empty, so it is always optional.
func texts(name, says string) Field {
	return Field{Name: name, Path: name, Type: Texts, Says: says, Optional: true}
}

func (f Field) at(path string) Field { f.Path = path; return f }
func (f Field) optional() Field      { f.Optional = true; return f }
func (f Field) orZero() Field        { f.Zero = true; return f }
func (f Field) indexed() Field       { f.Indexed = true; return f }
func (f Field) few() Field           { f.Few = true; return f }
func (f Field) searchable() Field    { f.Searchable = true; return f }

// one is a relation to at most one row; the other side's fields follow, in pairs with ours.
func one(name, says, to string, pairs ...string) Relation {
	r := Relation{Name: name, Says: says, To: to}
	for i := 0; i+1 < len(pairs); i += 2 {
		r.On = append(r.On, Pair{pairs[i], pairs[i+1]})
	}
	return r
}

func many(name, says, to string, pairs ...string) Relation {
	r := one(name, says, to, pairs...)
	r.Many = true
	return r
}

// organisation is the relation of a field that holds an MSP id, under the field's own name.
func organisation(field, says string) Relation {
	return one(field, says, "organisations", field, "mspId")
}
