package catalogue

var participants = []Entity{
	{
		Name: "organisations", Kind: "organisation", Says: "a member of the consortium",
		Fields: []Field{
			text("mspId", "MSP id, which names the organisation everywhere").indexed().searchable(),
			text("name", "its name").searchable(),
			texts("roles", "what it may do: manufacturer, service, shipper, ..."),
			text("announcedBy", "the member that announced it, MSP id"),
			time("announcedAt", "when"),
		},
		Relations: []Relation{
			many("devices", "devices that it registered", "devices", "mspId", "organisation"),
			many("credentials", "engineers that it has certified", "credentials", "mspId", "issuer"),
			many("quarantine", "late statements that it decides about", "quarantined-statements", "mspId", "issuer"),
			many("components", "components that it owns", "components", "mspId", "owner"),
			many("accounts", "its accounts, by shard", "account-shards", "mspId", "organisation"),
			many("excursions", "excursions in its custody", "excursions", "mspId", "custodian"),
			many("outcomes", "how it did as a carrier", "outcomes", "mspId", "carrier"),
			one("encryptionKey", "the key to which readings are sealed for it", "encryption-keys", "mspId", "organisation"),
		},
	},
	{
		Name: "encryption-keys", Kind: "organisation.encryption", Says: "the key to which readings are sealed for an organisation",
		Fields: []Field{
			text("organisation", "MSP id").indexed(),
			integer("number", "how many keys it has announced, this one counted"),
			text("keyId", "hexadecimal SHA-256 of the key").indexed(),
			time("since", "from when on"),
		},
		Relations: []Relation{organisation("organisation", "whose key it is")},
		Omits:     []string{"publicKey"},
	},
	{
		Name: "devices", Kind: "device", Says: "a recording device as it is now",
		Fields: []Field{
			text("deviceId", "the device").indexed().few().searchable(),
			text("organisation", "who registered it and answers for it, MSP id").indexed(),
			text("status", "active or revoked").indexed(),
			integer("keyNumber", "number of its present key").at("key.number"),
			text("keyId", "hexadecimal SHA-256 of the present key").at("key.keyId").indexed().few(),
			text("algorithm", "of the present key").at("key.algorithm"),
			time("keySince", "from when on it signs with the present key").at("key.since"),
			time("registeredAt", "when it was registered"),
			time("changedAt", "its last change").indexed(),
			text("revokedFor", "why it was revoked").optional().searchable(),
		},
		Relations: []Relation{
			organisation("organisation", "who answers for it"),
			many("keys", "its keys, announced and revoked", "device-keys", "deviceId", "deviceId"),
			many("streams", "what it recorded, by shipment", "streams", "deviceId", "deviceId"),
			one("suspicion", "that it has signed two histories", "device-suspicions", "deviceId", "deviceId"),
		},
	},
	{
		Name: "device-keys", Kind: "device.key", Says: "that a device's key was announced or ended",
		Fields: []Field{
			text("deviceId", "the device").indexed().few(),
			integer("number", "number of the key, from 1"),
			text("status", "active when it was announced, revoked when it ended"),
			text("keyId", "hexadecimal SHA-256 of the key").indexed().few(),
			text("algorithm", "of the key"),
			text("reason", "why it ended").optional().searchable(),
			time("at", "when").indexed(),
			text("actor", "who did it, MSP id"),
			text("transactionId", "the transaction that did it"),
		},
		Relations: []Relation{one("device", "whose key it is", "devices", "deviceId", "deviceId")},
		Omits:     []string{"publicKey"},
	},
	{
		Name: "device-suspicions", Kind: "device.suspicion", Says: "that a device's key has signed two histories",
		Fields: []Field{
			text("deviceId", "the device").indexed(),
			integer("keyNumber", "of the key that signed, or that vouched for the session's key that did"),
			text("shipmentId", "where it was noted last").indexed(),
			integer("forks", "contradictions of this key, in all shipments"),
			time("since", "when it was noted first"),
			time("changedAt", "when it was noted last").indexed(),
		},
		Relations: []Relation{
			one("device", "which device", "devices", "deviceId", "deviceId"),
			one("shipment", "where it was noted last", "shipments", "shipmentId", "shipmentId"),
		},
	},
}
