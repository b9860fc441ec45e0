package catalogue

var channels = []Entity{
	{
		Name: "payment-channels", Kind: "paychannel", Says: "a payment channel between two organisations as it is now",
		Fields: []Field{
			text("channelId", "the channel").indexed().few().searchable(),
			text("status", "offered, open, closing, finished or withdrawn").indexed(),
			text("currency", "of the amounts"),
			integer("challengeSeconds", "how long a newer proof may be presented after the closing"),
			text("opener", "MSP id").at("opener.organisation").indexed(),
			integer("openerDepositMinor", "what the opener put in, in minor units").at("opener.depositMinor"),
			integer("openerPayoutMinor", "what the opener got at the end").at("opener.payoutMinor").orZero(),
			integer("openerShortMinor", "what the opener promised beyond its cover").at("opener.shortMinor").orZero(),
			boolean("openerContradicted", "the opener has signed two proofs that cannot both be true").at("opener.contradicted").orZero(),
			text("counterparty", "MSP id").at("counterparty.organisation").indexed(),
			integer("counterpartyDepositMinor", "what the counterparty put in, in minor units").at("counterparty.depositMinor"),
			integer("counterpartyPayoutMinor", "what the counterparty got at the end").at("counterparty.payoutMinor").orZero(),
			integer("counterpartyShortMinor", "what the counterparty promised beyond its cover").at("counterparty.shortMinor").orZero(),
			boolean("counterpartyContradicted", "the counterparty has signed two proofs that cannot both be true").at("counterparty.contradicted").orZero(),
			text("closedBy", "who closed it, MSP id").optional(),
			time("presentUntil", "until when proofs may be presented, of a closing channel").optional(),
			text("paidBy", "the transaction that paid it out").optional(),
			integer("events", "number of events"),
			time("openedAt", "when it was offered").indexed(),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{
			organisation("opener", "who opened it"),
			organisation("counterparty", "the other side"),
			many("history", "what happened to it", "payment-channel-events", "channelId", "channelId"),
			many("itemLists", "what the payments were for", "payment-channel-item-lists", "channelId", "channelId"),
			many("payments", "what was paid through it for shipments", "shipment-payments", "channelId", "channelId"),
		},
	},
	{
		Name: "payment-channel-events", Kind: "paychannel.event", Says: "one event of a payment channel",
		Fields: []Field{
			text("channelId", "the channel").indexed(),
			integer("number", "from 0, without gaps"),
			text("step", "what happened, such as proof-presented").indexed(),
			time("at", "when").indexed(),
			text("actor", "who did it, MSP id").indexed(),
			integer("amountMinor", "put in, or proved in sum, in minor units").orZero(),
			text("payer", "whose proof it is, MSP id").optional(),
			integer("sequence", "of the proof").orZero(),
			text("keyId", "of the key that signed").optional(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("channel", "which channel", "payment-channels", "channelId", "channelId"),
			organisation("actor", "who did it"),
		},
	},
	{
		Name: "payment-channel-proofs", Kind: "paychannel.proof", Says: "that signed proofs of payment were shown; the envelopes are on the ledger",
		Fields: []Field{
			text("channelId", "the channel").indexed(),
			integer("number", "of the event"),
			time("at", "when").indexed(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("channel", "which channel", "payment-channels", "channelId", "channelId"),
			one("event", "which event", "payment-channel-events", "channelId", "channelId", "number", "number"),
		},
	},
	{
		Name: "payment-channel-item-lists", Kind: "paychannel.items", Says: "what one side's payments through a finished channel were for",
		Fields: []Field{
			text("channelId", "the channel").indexed(),
			text("payer", "MSP id").indexed(),
			text("payee", "MSP id").indexed(),
			text("currency", "of the amounts"),
			integer("cumulativeMinor", "in sum, in minor units"),
			integer("shortMinor", "of that, not covered by the payer's deposit"),
			text("reference", "hexadecimal SHA-256 of the list").optional(),
			time("at", "when").indexed(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{one("channel", "which channel", "payment-channels", "channelId", "channelId")},
	},
	{
		Name: "shipment-payments", Kind: "shipment.payment", Says: "what was paid for a shipment through a payment channel",
		Fields: []Field{
			text("shipmentId", "the shipment").indexed(),
			text("channelId", "the channel").indexed(),
			text("payer", "MSP id").indexed(),
			text("payee", "MSP id").indexed(),
			text("currency", "of the amount"),
			integer("amountMinor", "in minor units").indexed(),
			time("at", "when").indexed(),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{
			one("shipment", "for which shipment", "shipments", "shipmentId", "shipmentId"),
			one("channel", "through which channel", "payment-channels", "channelId", "channelId"),
		},
	},
}

var disclosures = []Entity{
	{
		Name: "pseudonyms", Kind: "pseudonym", Says: "a name under which an organisation shows what it did without saying who it is",
		Fields: []Field{
			text("pseudonym", "the pseudonym").indexed(),
			integer("attestations", "number of attestations"),
			integer("shipments", "shipments in all of them together"),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{many("attested", "its attestations", "attestations", "pseudonym", "pseudonym")},
	},
	{
		Name: "attestations", Kind: "pseudonym.attestation", Says: "that whoever is behind a pseudonym took part in so many settled shipments",
		Fields: []Field{
			text("pseudonym", "the pseudonym").indexed(),
			integer("number", "from 0, under this pseudonym"),
			text("role", "party, carrier, consignor, consignee or payer").indexed(),
			integer("shipments", "in how many"),
			integer("withPenalty", "of those, with penalties"),
			text("fromMonth", "month of the first settlement, such as 2026-03"),
			text("untilMonth", "month of the last settlement"),
			texts("commitments", "one for each shipment, hexadecimal"),
			time("at", "when").indexed(),
		},
		Relations: []Relation{one("behind", "the pseudonym's record", "pseudonyms", "pseudonym", "pseudonym")},
	},
}
