package catalogue

// intervals are what no record says by itself: from when until when something was
// so. The read model derives them from every version of the records in From.
var intervals = []Entity{
	{
		Name: "installations", From: []string{"placement"}, Says: "that a part was in a slot of a machine from a moment until another: the tree of a machine as of any date",
		Fields: []Field{
			text("componentId", "the part").at("").indexed().few(),
			text("machineId", "the machine").at("").indexed(),
			text("slotId", "the slot").at("").indexed(),
			integer("number", "from 0, of installations of this part").at(""),
			time("from", "when it was installed").at("").indexed(),
			time("until", "when it was removed; lacking while it is installed").at("").optional().indexed(),
		},
		Relations: []Relation{
			one("part", "which part", "components", "componentId", "componentId"),
			one("machine", "which machine", "machines", "machineId", "machineId"),
			many("machineOwnerships", "who owned the machine from when until when", "ownerships", "machineId", "componentId"),
		},
	},
	{
		Name: "hold-periods", From: []string{"component.hold"}, Says: "that a component was held in one capacity from a moment until another",
		Fields: []Field{
			text("componentId", "the component").at("").indexed(),
			text("holder", "manufacturer, owner or regulator").at("").indexed(),
			integer("number", "from 0, of holds of this component in this capacity").at(""),
			text("kind", "of what kind it is").at("").indexed(),
			text("reason", "why").at("").searchable(),
			text("by", "who placed it, MSP id").at("").indexed(),
			time("from", "when it was placed").at("").indexed(),
			time("until", "when it was lifted; lacking while it lasts").at("").optional().indexed(),
			text("releasedBy", "who lifted it, MSP id").at("").optional(),
			text("releaseReason", "why it was lifted").at("").optional().searchable(),
			text("endTransactionId", "the transaction that lifted it; the row's own is the one that placed it").at("").optional(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			organisation("by", "who placed it"),
			organisation("releasedBy", "who lifted it"),
		},
	},
	{
		Name: "delegation-periods", From: []string{"component.delegation"}, Says: "that a delegation, or what a reader is let read, stood granted or revoked from a moment until another",
		Fields: []Field{
			text("componentId", "the component").at("").indexed(),
			text("delegationId", "'organisation:' and an MSP id, 'key:' and a name, or 'reader:' and a name").at("").indexed(),
			integer("number", "from 0, of what this delegation has been").at(""),
			text("status", "granted or revoked; one that is granted ends by itself").at("").indexed(),
			integer("tenure", "how often the component had changed hands by then").at(""),
			integer("grant", "of the owner's grants under this id, from 1").at(""),
			text("by", "who granted or revoked it, MSP id").at("").indexed(),
			time("till", "when what is granted ends").at("").indexed(),
			text("reason", "why it was revoked").at("").optional().searchable(),
			time("from", "when it was granted or revoked").at("").indexed(),
			time("until", "when it was granted anew, or revoked; lacking while it stands").at("").optional().indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			one("delegation", "the delegation as it is now", "component-delegations", "componentId", "componentId", "delegationId", "delegationId", "tenure", "tenure"),
			organisation("by", "who granted or revoked it"),
		},
	},
	{
		Name: "recall-periods", From: []string{"component.recall"}, Says: "that a part number, or one lot of it, was recalled from a moment until another",
		Fields: []Field{
			text("manufacturer", "MSP id").at("").indexed(),
			text("partNumber", "the part number").at("").indexed(),
			text("lot", "'*': all lots").at("").indexed(),
			integer("number", "from 0, of recalls of this lot").at(""),
			text("reason", "why").at("").searchable(),
			time("from", "when it was issued").at("").indexed(),
			time("until", "when it was lifted; lacking while it lasts").at("").optional().indexed(),
			text("releaseReason", "why it was lifted").at("").optional().searchable(),
			text("endTransactionId", "the transaction that ended it; the row's own is the one that issued it").at("").optional(),
		},
		Relations: []Relation{
			organisation("manufacturer", "who recalled it"),
			many("components", "those of the part number", "components", "partNumber", "partNumber", "manufacturer", "manufacturer"),
		},
	},
}
