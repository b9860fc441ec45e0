package projection

import (
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/catalogue"
)

// arm is what one table gives to a view. The table is named t; values are SQL by
// field, and a field that is not among them is lacking.
type arm struct {
	name   string // of the arm, if the table gives more than one
	from   string // what follows FROM: the table AS t, and what is joined
	where  string // "": all rows
	key    string // SQL, "": a row of t gives one row; else what tells its rows apart
	values map[string]string
}

// end names an arm whose rows are about the transaction that ended the table's.
const end = "end"

// views are the arms of the catalogue's views.
var views = map[string][]arm{
	"timeline": {
		{from: `component_events AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.at`, "about": `'component-events'`, "subject": `t.machine_id`, "number": `t.number`,
			"step": `t.step`, "actor": `t.actor`, "detail": `t.reason`, "transactionId": `t.transaction_id`,
		}},
		{from: `assembly_events AS t`, values: map[string]string{
			"componentId": `t.machine_id`, "at": `t.at`, "about": `'assembly-events'`, "subject": `coalesce(t.request_id, t.machine_id)`, "number": `t.number`,
			"step": `t.step`, "actor": `t.actor`, "detail": `t.reason`, "transactionId": `t.transaction_id`,
		}},
		serviceEvents("", `r.component_id`, ""),
		serviceEvents("machine", `r.machine_id`, `r.machine_id <> r.component_id`),
		{from: `release_certificates AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.recorded_at`, "about": `'release-certificates'`, "subject": `t.request_id`, "number": `0`,
			"step": `'released'`, "actor": `t.credential_id`, "detail": `t.tracking_number`, "transactionId": `t.transaction_id`,
		}},
		{from: `shipment_events AS t JOIN shipment_goods AS g ON g.shipment_id = t.shipment_id`, key: `g.component_id`, values: map[string]string{
			"componentId": `g.component_id`, "at": `t.at`, "about": `'shipment-events'`, "subject": `t.shipment_id`, "number": `t.number`,
			"step": `t.step`, "actor": `t.actor`, "detail": `t.reason`, "transactionId": `t.transaction_id`,
		}},
		{from: `excursions AS t JOIN shipment_goods AS g ON g.shipment_id = t.shipment_id`, key: `g.component_id`, values: map[string]string{
			"componentId": `g.component_id`, "at": `t.opened_at`, "about": `'excursions'`, "subject": `t.shipment_id`, "number": `t.opened_sequence`,
			"step": `'excursion'`, "actor": `t.custodian`, "detail": `t.rule`,
		}},
		{from: `tag_scans AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.at`, "about": `'tag-scans'`, "subject": `t.place`, "number": `t.number`,
			"step": `'scanned'`, "actor": `t.scanned_by`, "detail": `t.purpose`, "transactionId": `t.transaction_id`,
		}},
		{from: `findings AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.at`, "about": `'findings'`, "subject": `t.other_id`, "number": `t.number`,
			"step": `t.type`, "actor": `t."by"`, "detail": `t.detail`,
		}},
		{name: "closing", from: `findings AS t`, where: `t.closed_at IS NOT NULL`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.closed_at`, "about": `'findings'`, "subject": `t.other_id`, "number": `t.number`,
			"step": `'finding-closed'`, "actor": `t.closed_by`, "detail": `t.closed_for`, "transactionId": `t.transaction_id`,
		}},
		{from: `hold_periods AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t."from"`, "about": `'hold-periods'`, "subject": `t.holder`, "number": `t.number`,
			"step": `'held'`, "actor": `t."by"`, "detail": `t.reason`,
		}},
		{name: end, from: `hold_periods AS t`, where: `t.until IS NOT NULL`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.until`, "about": `'hold-periods'`, "subject": `t.holder`, "number": `t.number`, "step": `'hold-released'`,
			"actor": `t.released_by`, "detail": `t.release_reason`,
		}},
		{from: `delegation_periods AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t."from"`, "about": `'delegation-periods'`, "subject": `t.delegation_id`, "number": `t.number`,
			"step": `'delegation-' || t.status`, "actor": `t."by"`, "detail": `t.reason`,
		}},
		recallOf("", `'recalled'`, `t."from"`, `t.reason`, ""),
		recallOf(end, `'recall-released'`, `t.until`, `t.release_reason`, `t.until IS NOT NULL`),
		{from: `cleared_recalls AS t`, values: map[string]string{
			"componentId": `t.component_id`, "at": `t.at`, "about": `'cleared-recalls'`, "number": `t.number`,
			"step": `'recall-cleared'`, "actor": `(SELECT c.manufacturer FROM components AS c WHERE c.component_id = t.component_id)`, "detail": `t.reason`,
		}},
		{from: `signed_statements AS t`, values: map[string]string{
			"componentId": `t.subject`, "at": `t.at`, "about": `'signed-statements'`, "number": `t.sequence`,
			"step": `t.kind`, "actor": `t.signer`, "detail": `t.hash`, "transactionId": `t.transaction_id`,
		}},
	},
	"dues": {
		{from: `planned_tasks AS t`, where: `t.request_id IS NULL AND t.due_at IS NOT NULL`, values: map[string]string{
			"componentId": `t.component_id`, "machineId": outermost, "owner": ownerOfOutermost, "dueAt": `t.due_at`, "state": `'planned'`, "taskId": `t.task_id`,
			"title": `t.title`, "action": `t.action`, "skill": `t.skill`,
		}},
		{from: `service_requests AS t`, where: `t.status IN ('raised', 'accepted', 'scheduled', 'started', 'rejected')`, values: map[string]string{
			"componentId": `t.component_id`, "machineId": outermost, "owner": ownerOfOutermost, "dueAt": `t.due_at`, "state": `t.status`, "taskId": `t.task_id`,
			"requestId": `t.request_id`, "title": `t.title`, "action": `t.action`, "skill": `t.skill`, "provider": `t.provider`,
		}},
	},
}

// serviceEvents are those of requests about a component, or about parts of a machine.
func serviceEvents(name, component, where string) arm {
	return arm{name: name, from: `service_request_events AS t JOIN service_requests AS r ON r.request_id = t.request_id`, where: where, values: map[string]string{
		"componentId": component, "at": `t.at`, "about": `'service-request-events'`, "subject": `t.request_id`, "number": `t.number`,
		"step": `t.step`, "actor": `t.actor`, "detail": `coalesce(t.detail, r.title)`, "transactionId": `t.transaction_id`,
	}}
}

// recallOf is a recall's beginning or end, for each component that it is about.
func recallOf(name, step, at, why, where string) arm {
	const from = `recall_periods AS t JOIN components AS c ON c.manufacturer = t.manufacturer AND c.part_number = t.part_number AND (t.lot = '*' OR t.lot = c.lot)`
	return arm{name: name, from: from, where: where, key: `c.component_id`, values: map[string]string{
		"componentId": `c.component_id`, "at": at, "about": `'recall-periods'`, "number": `t.number`, "step": step, "actor": `t.manufacturer`, "detail": why,
	}}
}

// outermost is the machine in which t's component is now, through all between. Its
// owner is the owner of all that is in it.
const (
	outermost = `(WITH RECURSIVE up (id, depth) AS (SELECT t.component_id, 0 UNION ALL
		SELECT p.machine_id, up.depth + 1 FROM up JOIN placements AS p ON p.component_id = up.id WHERE p.machine_id IS NOT NULL AND up.depth < 8)
		SELECT id FROM up ORDER BY depth DESC LIMIT 1)`
	ownerOfOutermost = `(SELECT c.owner FROM components AS c WHERE c.component_id = ` + outermost + `)`
)

// createViews are the statements that make the views; dropViews those that take
// them away, before the tables that they are of.
func createViews(d Dialect) (all []string) {
	for _, e := range catalogue.Views() {
		var arms []string
		for _, a := range views[e.Name] {
			arms = append(arms, a.sql(d, e))
		}
		all = append(all, `CREATE VIEW `+Quote(e.Table())+` AS `+strings.Join(arms, ` UNION ALL `))
	}
	return all
}

func dropViews() (all []string) {
	for _, e := range catalogue.Views() {
		all = append(all, `DROP VIEW IF EXISTS `+Quote(e.Table()))
	}
	return all
}

// sql is the arm with the columns of the entity, in their order. A text that
// stands in it is compared by its bytes, as those of the tables are.
func (a arm) sql(d Dialect, e catalogue.Entity) string {
	table, _, _ := strings.Cut(a.from, " ")
	id := `'` + table + `/' || `
	if a.name != "" {
		id = `'` + table + `/` + a.name + `/' || `
	}
	id += `t.` + rowColumn
	if a.key != "" {
		id += ` || '/' || ` + a.key
	}
	columns := []string{bytewise(d, id) + ` AS ` + rowColumn}
	from := a.from
	if a.name == end {
		from += ` JOIN ledger_transactions AS x ON x.id = t.end_transaction_id`
	}
	for _, f := range catalogue.Provenance() {
		value := `t.` + Quote(f.Column())
		if of := ofTransaction[f.Name]; a.name == end && of != "" {
			value = of
		}
		columns = append(columns, value+` AS `+Quote(f.Column()))
	}
	for _, f := range e.Fields {
		value, ok := a.values[f.Name]
		switch {
		case !ok && f.Type == catalogue.Integer:
			value = `CAST(NULL AS BIGINT)`
		case !ok:
			value = `CAST(NULL AS TEXT)`
		}
		if f.Type != catalogue.Integer {
			value = bytewise(d, value)
		}
		columns = append(columns, value+` AS `+Quote(f.Column()))
	}
	text := `SELECT ` + strings.Join(columns, `, `) + ` FROM ` + from
	if a.where != "" {
		text += ` WHERE ` + a.where
	}
	return text
}

// ofTransaction is where a row comes from that is about a transaction and not about
// the record as it is.
var ofTransaction = map[string]string{
	"ledgerBlock": `x.block`, "ledgerTransaction": `x.id`, "ledgerTime": `x.time`, "ledgerSubmitter": `x.submitter`,
}

func bytewise(d Dialect, value string) string {
	if d == Postgres {
		return `(` + value + `) COLLATE "C"`
	}
	return value
}
