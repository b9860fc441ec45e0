package passport

// section is one question of a passport. About and Now are filters in the grammar
// of all questions; %s in them stands for a text. They use no relations, so that
// they can be put to a record as it was.
type section struct {
	name, entity string
	about        string   // which rows are the component's, now and always
	now          string   // which of them count; "": all
	lasting      bool     // rows say from when until when something was so, and those count that last
	sort         []string // what comes first where there is more than a page
	// from names what is asked before, and gives the values of about; nil: the component's id.
	from func(p *Passport) [][]string
}

const (
	byComponent = `componentId eq %s`
	byMachine   = `machineId eq %s`
)

// sections are in the order in which a reader asks: what is it, may it be used,
// what is to be done, who has done what.
var sections = []section{
	{name: "identity", entity: "components", about: byComponent},
	{name: "machine", entity: "machines", about: byMachine},
	{name: "baselines", entity: "baselines", about: byMachine, sort: []string{"-number"}},
	{name: "emptySlots", entity: "machine-slots", about: byMachine, now: `not exists componentId`, sort: []string{"slotId"}},
	{name: "ownership", entity: "ownerships", about: byComponent, lasting: true},
	{name: "verifiedBy", entity: "organisation-registrars", about: `mspId in (%s)`, from: makerAndOwner, sort: []string{"mspId", "registrar"}},
	{name: "installation", entity: "installations", about: byComponent, lasting: true},
	{name: "shipment", entity: "goods", about: byComponent, now: `exists shipmentId`},

	{name: "holds", entity: "hold-periods", about: byComponent, lasting: true, sort: []string{"holder"}},
	{name: "recalls", entity: "recall-periods", about: `manufacturer eq %s and partNumber eq %s and lot in (%s, "*")`, lasting: true, from: recalled},
	{name: "clearedRecalls", entity: "cleared-recalls", about: byComponent, sort: []string{"number"}},
	{name: "findings", entity: "findings", about: byComponent, now: `open eq true`, sort: []string{"-number"}},
	{name: "pledges", entity: "component-pledges", about: byComponent, now: `not exists endedAt`, sort: []string{"-number"}},
	{name: "concessions", entity: "concessions", about: byComponent, sort: []string{"-number"}},
	{name: "retirement", entity: "retirements", about: byComponent},

	{name: "counters", entity: "usage-counters", about: byComponent},
	{name: "meters", entity: "meters", about: byComponent, sort: []string{"measure"}},
	{name: "thresholds", entity: "thresholds", about: byComponent, sort: []string{"taskId", "measure"}},
	{name: "conditions", entity: "conditions", about: byComponent, sort: []string{"measure"}},
	{name: "tasks", entity: "planned-tasks", about: byComponent, sort: []string{"taskId"}},
	{name: "openRequests", entity: "service-requests", about: `(componentId eq %s or machineId eq %s)`, from: twice,
		now: `status in ("raised", "accepted", "scheduled", "started", "rejected", "done")`, sort: []string{"dueAt"}},
	{name: "cares", entity: "service-cares", about: byComponent},
	{name: "agreement", entity: "service-agreements", about: `agreementId in (%s)`, from: values("cares", "agreementId", "")},

	{name: "work", entity: "service-requests", about: byComponent, now: `exists doneAt`, sort: []string{"-doneAt"}},
	{name: "certificates", entity: "release-certificates", about: byComponent, sort: []string{"-recordedAt"}},
	{name: "tests", entity: "component-tests", about: byComponent, sort: []string{"-number"}},
	{name: "processes", entity: "component-processes", about: byComponent, sort: []string{"-number"}},
	{name: "documents", entity: "component-documents", about: byComponent, sort: []string{"-number"}},
	{name: "validations", entity: "validations", about: byComponent, sort: []string{"-at"}},
	{name: "statements", entity: "signed-statements", about: `subject eq %s`, sort: []string{"-at"}},
	{name: "engineers", entity: "credentials", about: `credentialId in (%s)`, from: engineers, sort: []string{"credentialId"}},
	{name: "scans", entity: "tag-scans", about: byComponent, sort: []string{"-number"}},
}

func twice(p *Passport) [][]string { return [][]string{{p.ComponentID}, {p.ComponentID}} }

// values are those of one field in a section before, and without what stands before them.
func values(section, field, prefix string) func(*Passport) [][]string {
	return func(p *Passport) [][]string { return [][]string{p.values(section, field, prefix)} }
}

// makerAndOwner are those whose word the passport is for the most part. Until when a
// registrar vouches for them is in the rows: a passport looks at no clock.
func makerAndOwner(p *Passport) [][]string {
	all := p.values("identity", "manufacturer", "")
	if p.Owner != "" {
		all = append(all, p.Owner)
	}
	return [][]string{unique(all)}
}

// recalled are the maker, the part number and the lot.
func recalled(p *Passport) [][]string {
	lot := p.values("identity", "lot", "")
	if len(lot) == 0 {
		lot = []string{"*"}
	}
	return [][]string{p.values("identity", "manufacturer", ""), p.values("identity", "partNumber", ""), lot}
}

// engineers are the credentials that signed work on the component, or words about it.
func engineers(p *Passport) [][]string {
	all := p.values("work", "doneBy", "")
	all = append(all, p.values("statements", "signer", "credential:")...)
	all = append(all, p.values("certificates", "credentialId", "")...)
	return [][]string{unique(all)}
}
