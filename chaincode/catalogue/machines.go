package catalogue

var machines = []Entity{
	{
		Name: "machines", Kind: "assembly", Says: "a component with slots: the head of its configuration",
		Fields: []Field{
			text("machineId", "the component that has the slots").indexed().few().searchable(),
			text("keeper", "who says which parts the slots allow, MSP id").indexed(),
			integer("slots", "number of its own slots"),
			integer("filled", "number of its own slots that hold a part").indexed(),
			integer("open", "number of slots that have to be filled and are not").indexed(),
			integer("levels", "how deep the tree of machines in it goes, from 1"),
			integer("events", "number of events of its configuration"),
			time("changedAt", "its last change").indexed(),
			integer("scans", "number of scans of it").at("scan.number").optional(),
			text("scanStatement", "hexadecimal SHA-256 of the newest scan").at("scan.statement").optional().indexed(),
			time("scannedAt", "when the newest scan was recorded").at("scan.recordedAt").optional().indexed(),
			boolean("scanAgrees", "that scan found no difference").at("scan.agrees").optional().indexed(),
			text("scanDisposition", "CBV disposition of that scan, such as completeness_verified").at("scan.disposition").optional().indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "machineId", "componentId"),
			organisation("keeper", "who keeps its configuration"),
			many("slots", "its slots, as maintained", "machine-slots", "machineId", "machineId"),
			many("baselines", "its configurations on record", "baselines", "machineId", "machineId"),
			many("history", "what happened to its configuration", "assembly-events", "machineId", "machineId"),
			many("installations", "what was installed in it from when until when", "installations", "machineId", "machineId"),
			one("placement", "where it is installed itself", "placements", "machineId", "componentId"),
		},
	},
	{
		Name: "baselines", Kind: "assembly", Each: "baselines", Says: "a configuration that was put on record, as built or at a hand-over",
		Fields: []Field{
			text("machineId", "the machine").at("^machineId").indexed(),
			integer("number", "from 1"),
			text("kind", "as-built or hand-over").indexed(),
			integer("slots", "number of slots then"),
			integer("filled", "number of slots with a part then"),
			text("keeper", "who kept the configuration from then on, MSP id"),
			integer("event", "number of the machine's event that made it"),
			text("scan", "hexadecimal SHA-256 of the newest scan then").optional(),
			boolean("agrees", "that scan found no difference").orZero(),
			time("at", "when").indexed(),
			text("actor", "who put it on record, MSP id"),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("machine", "which machine", "machines", "machineId", "machineId"),
		},
	},
	{
		Name: "machine-slots", Kind: "assembly.page", Each: "positions", Says: "a slot of a machine, and the part in it, as maintained",
		Fields: append(slotFields("^machineId"), integer("page", "the page that it is kept in").at("^page"), integer("kept", "newest baseline as of which that page was put aside").at("^kept").orZero()),
		Relations: []Relation{
			one("machine", "which machine", "machines", "machineId", "machineId"),
			one("part", "the part in it", "components", "componentId", "componentId"),
			one("usage", "how much the part has been used", "usage-counters", "componentId", "componentId"),
		},
	},
	{
		Name: "kept-slots", Kind: "assembly.page.aside", Each: "page.positions", Says: "a slot as it was in a baseline, put aside before its page changed",
		Fields: append(slotFields("^page.machineId"), integer("baseline", "the newest baseline in which it was so").at("^baseline").indexed()),
		Relations: []Relation{
			one("machine", "which machine", "machines", "machineId", "machineId"),
			one("part", "the part in it", "components", "componentId", "componentId"),
		},
	},
	{
		Name: "assembly-events", Kind: "assembly.event", Says: "one event of a machine's configuration",
		Fields: append([]Field{
			text("machineId", "the machine").indexed(),
			integer("number", "from 0, without gaps"),
			text("step", "what happened, such as replacing").indexed(),
		}, eventFields("")...),
		Relations: []Relation{
			one("machine", "which machine", "machines", "machineId", "machineId"),
			organisation("actor", "who did it"),
		},
	},
	{
		Name: "slot-changes", Kind: "assembly.event", Each: "changes", Says: "what became of one slot in one event",
		Fields: append([]Field{
			text("machineId", "the machine").at("^machineId").indexed(),
			integer("number", "of the machine's event").at("^number"),
			text("step", "what happened, such as replacing").at("^step").indexed(),
			text("slotId", "the slot").indexed(),
			text("removed", "the part that was taken out").optional().indexed(),
			text("installed", "the part that was put in").optional().indexed(),
		}, eventFields("^")...),
		Relations: []Relation{
			one("machine", "which machine", "machines", "machineId", "machineId"),
			one("removedPart", "what was taken out", "components", "removed", "componentId"),
			one("installedPart", "what was put in", "components", "installed", "componentId"),
			one("request", "the service request under which it was done", "service-requests", "requestId", "requestId"),
		},
	},
	{
		Name: "placements", Kind: "placement", Says: "where a part is: in a slot of a machine, or in none any more",
		Fields: []Field{
			text("componentId", "the part").indexed().few(),
			text("machineId", "the machine that it is installed in").optional().indexed(),
			text("slotId", "the slot").optional().indexed(),
			time("since", "when it was installed or removed last").indexed(),
			integer("moves", "how often it was installed or removed"),
		},
		Relations: []Relation{
			one("part", "which part", "components", "componentId", "componentId"),
			one("machine", "which machine", "machines", "machineId", "machineId"),
		},
		Omits: []string{"page"},
	},
	{
		Name: "usage-counters", Kind: "usage", Says: "how a component's usage is counted; its totals follow from its machine's (component:GetUsage)",
		Fields: []Field{
			text("componentId", "the component").indexed().few(),
			text("through", "the machine through which it counts what it has no meter for").optional().indexed(),
			time("installedAt", "when it was installed there").optional(),
			time("overhauledAt", "its last overhaul").optional().indexed(),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			many("meters", "its own meters", "meters", "componentId", "componentId"),
			many("thresholds", "at which totals something falls due", "thresholds", "componentId", "componentId"),
		},
	},
	{
		Name: "meters", Kind: "usage", Each: "meters", Says: "a component's own meter of one measure",
		Fields: []Field{
			text("componentId", "the component").at("^componentId").indexed(),
			text("measure", "what it counts").indexed(),
			integer("number", "of the meters of this measure, from 1"),
			integer("reading", "what it showed last"),
		},
		Relations: []Relation{one("component", "whose", "components", "componentId", "componentId")},
	},
	{
		Name: "thresholds", Kind: "usage", Each: "thresholds", Says: "the total of a measure at which a task falls due",
		Fields: []Field{
			text("componentId", "the component").at("^componentId").indexed(),
			text("taskId", "the task that falls due").indexed(),
			text("measure", "what is counted").indexed(),
			integer("at", "the component's total since new"),
			boolean("raised", "it has been reached, and said").orZero().indexed(),
		},
		Relations: []Relation{one("component", "of which component", "components", "componentId", "componentId")},
	},
}

// slotFields are those of a slot in a page; machine is where the page has its machine.
func slotFields(machine string) []Field {
	return []Field{
		text("machineId", "the machine").at(machine).indexed(),
		text("slotId", "the slot").indexed().searchable(),
		texts("partNumbers", "part numbers that it allows, the design's first").indexed(),
		boolean("optional", "it may be empty").orZero(),
		text("componentId", "the part in it").optional().indexed(),
		text("partNumber", "the part's type").optional().indexed(),
		text("manufacturer", "who made the part, MSP id").optional().indexed(),
		text("lot", "the part's lot").optional().indexed(),
		time("installedAt", "when the part was installed").optional().indexed(),
		integer("levels", "how deep the part's own tree goes, if it is a machine").orZero(),
	}
}

// eventFields are those of an event of a machine's configuration.
func eventFields(at string) []Field {
	fields := []Field{
		time("at", "when").indexed(),
		text("actor", "who did it, MSP id").indexed(),
		text("requestId", "the service request under which it was done").optional().indexed(),
		text("statement", "hexadecimal SHA-256 of the signed statement that it rests on").optional(),
		text("reason", "why, as said").optional().searchable(),
		text("transactionId", "the transaction that did it"),
	}
	for i := range fields {
		fields[i] = fields[i].at(at + fields[i].Name)
	}
	return fields
}
