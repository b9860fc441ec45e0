package catalogue

var components = []Entity{
	{
		Name: "components", Kind: "component", Says: "a serialised component as it is now",
		Fields: []Field{
			text("componentId", "SGTIN, CPID with serial, or GIAI").indexed().searchable(),
			text("partNumber", "its type").indexed().searchable(),
			text("keyId", "hexadecimal SHA-256 of its own key").indexed(),
			text("algorithm", "of its own key"),
			text("location", "GLN or UN/LOCODE").indexed().searchable(),
			text("manufacturer", "who announced it, MSP id").indexed(),
			text("owner", "MSP id").indexed(),
			text("offeredTo", "to whom ownership is offered, MSP id").optional().indexed(),
			integer("priceMinor", "what the pending offer asks for, in minor units").orZero(),
			text("currency", "of the price").optional(),
			integer("sales", "how often it was sold").orZero(),
			text("disposition", "CBV disposition, such as active").indexed(),
			integer("events", "number of events of its life"),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{
			organisation("owner", "who owns it"),
			organisation("manufacturer", "who made it"),
			many("history", "what happened to it", "component-events", "componentId", "componentId"),
			many("salesMade", "its sales", "sales", "componentId", "componentId"),
			many("ownerships", "who owned it from when until when", "ownerships", "componentId", "componentId"),
			one("goods", "the shipment in which it travels", "goods", "componentId", "componentId"),
		},
		Omits: []string{"publicKey"},
	},
	{
		Name: "component-events", Kind: "component.event", Says: "one event of a component's life",
		Fields: []Field{
			text("componentId", "the component").indexed(),
			integer("number", "from 0, without gaps"),
			text("step", "what happened, such as commissioning").indexed(),
			time("at", "when").indexed(),
			text("actor", "who did it, MSP id").indexed(),
			text("owner", "who owns it from then on, MSP id"),
			text("counterparty", "the other side, MSP id").optional(),
			text("location", "where it was").searchable(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			organisation("actor", "who did it"),
			organisation("owner", "who owned it then"),
		},
	},
	{
		Name: "sales", Kind: "component.sale", Says: "that a component was sold for money",
		Fields: []Field{
			text("componentId", "the component").indexed(),
			integer("number", "from 0, of this component"),
			text("seller", "MSP id").indexed(),
			text("buyer", "MSP id").indexed(),
			text("currency", "of the price"),
			integer("priceMinor", "the price in minor units").indexed(),
			time("at", "when").indexed(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("component", "what was sold", "components", "componentId", "componentId"),
			organisation("seller", "who sold it"),
			organisation("buyer", "who bought it"),
		},
	},
	{
		Name: "ownerships", From: []string{"component.event"}, Says: "that an organisation owned a component from a moment until another",
		Fields: []Field{
			text("componentId", "the component").at("").indexed(),
			integer("number", "from 0, of this component").at(""),
			text("owner", "MSP id").at("").indexed(),
			time("from", "when it began").at("").indexed(),
			time("until", "when the next one began; lacking while it lasts").at("").optional().indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			organisation("owner", "who owned it"),
		},
	},
}
