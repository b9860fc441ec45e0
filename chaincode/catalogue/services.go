package catalogue

var services = []Entity{
	{
		Name: "service-agreements", Kind: "service.agreement", Says: "what an operator and a service company agreed",
		Fields: []Field{
			text("agreementId", "chosen by who proposed it").indexed().searchable(),
			text("operator", "who owns the components and pays, MSP id").indexed(),
			text("provider", "the service company, MSP id").indexed(),
			text("currency", "of all prices"),
			integer("acceptDays", "how many days the operator may look at finished work").orZero(),
			time("validFrom", "when it begins").indexed(),
			time("validUntil", "when it is over").optional().indexed(),
			text("termsHash", "hexadecimal SHA-256 of the document").optional(),
			text("status", "proposed, active, declined or ended").indexed(),
			text("proposedBy", "MSP id"),
			text("endedBy", "who declined or ended it, MSP id").optional(),
			time("changedAt", "its last change").indexed(),
			text("transactionId", "the transaction that made the status what it is"),
		},
		Relations: []Relation{
			organisation("operator", "who operates the components"),
			organisation("provider", "who serves them"),
			many("covers", "what is under it", "service-cares", "agreementId", "agreementId"),
		},
	},
	{
		Name: "service-cares", Kind: "service.care", Says: "who serves a component",
		Fields: []Field{
			text("componentId", "the component").indexed(),
			text("agreementId", "the agreement that it is under").optional().indexed(),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			one("agreement", "which agreement", "service-agreements", "agreementId", "agreementId"),
		},
	},
}
