package catalogue

// Views are entities whose rows the read model keeps nowhere: it puts them together
// from the rows of others when it is asked. They are asked as the others are, and
// the ledger itself cannot be.
func Views() []Entity { return views }

var views = []Entity{
	{
		Name: "timeline", Says: "one thing that happened to a component, or to the machine, service or shipment that it was part of",
		From: []string{
			"component.event", "assembly.event", "service.request.event", "service.certificate", "shipment.event", "shipment.excursion",
			"component.scan", "component.finding", "component.hold", "component.recall", "component.clearance", "component.delegation", "statement",
		},
		Fields: []Field{
			text("componentId", "to which component").at("").indexed(),
			time("at", "when").at("").indexed(),
			text("about", "the entity that tells more, such as shipment-events").at("").indexed(),
			text("subject", "the machine, request, shipment, delegation or place").at("").optional().indexed(),
			integer("number", "of the event, the scan, the finding, or of the signer's statement").at(""),
			text("step", "what happened").at("").indexed(),
			text("actor", "who did it: MSP id, or who signed").at("").optional().indexed(),
			text("detail", "such as the reason").at("").optional().searchable(),
			text("transactionId", "the transaction that did it").at("").optional(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			one("request", "of which service", "service-requests", "subject", "requestId"),
			one("shipment", "of which shipment", "shipments", "subject", "shipmentId"),
			one("machine", "of which machine", "machines", "subject", "machineId"),
		},
	},
	{
		Name: "dues", Says: "something that the calendar makes due, or that is to be done already",
		From: []string{"service.plan", "service.request", "placement", "component"},
		Fields: []Field{
			text("componentId", "what is to be served").at("").indexed(),
			text("machineId", "the outermost machine in which it is now, or itself").at("").indexed(),
			text("owner", "who owns that machine, MSP id").at("").indexed(),
			time("dueAt", "when it is due").at("").indexed(),
			text("state", "planned: nobody was asked yet; else the status of the request").at("").indexed(),
			text("taskId", "the task of the plan").at("").optional().indexed(),
			text("requestId", "the request").at("").optional().indexed(),
			text("title", "what is to be done").at("").searchable(),
			text("action", "inspect, replace, repair, overhaul or decommission").at("").indexed(),
			text("skill", "what the engineer must be certified for").at("").indexed(),
			text("provider", "who is to do it, MSP id").at("").optional().indexed(),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			one("machine", "the outermost machine as a component", "components", "machineId", "componentId"),
			one("request", "which request", "service-requests", "requestId", "requestId"),
			organisation("owner", "who owns the machine"),
			organisation("provider", "who is to do it"),
		},
	},
}
