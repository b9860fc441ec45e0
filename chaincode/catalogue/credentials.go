package catalogue

var credentials = []Entity{
	{
		Name: "credentials", Kind: "credential", Says: "what a company certifies of an engineer, as it is now",
		Fields: append([]Field{
			text("credentialId", "the engineer's personal number with the issuer").indexed().few().searchable(),
			text("issuer", "who certifies the engineer and answers for what is signed, MSP id").indexed(),
			text("status", "active or revoked; whether it has run out, validUntil says").indexed(),
		}, append(granted(),
			integer("events", "steps of its history"),
			time("issuedAt", "when it was issued"),
			time("changedAt", "its last change").indexed(),
			text("revokedFor", "why it was revoked").optional().searchable(),
		)...),
		Relations: []Relation{
			organisation("issuer", "who answers for the engineer"),
			many("history", "what happened to it", "credential-events", "credentialId", "credentialId"),
			many("tallies", "how much the engineer has signed, by kind", "tallies", "credentialId", "credentialId"),
			many("quarantine", "statements that came too late", "quarantined-statements", "credentialId", "credentialId"),
		},
	},
	{
		Name: "credential-events", Kind: "credential.event", Says: "a step in the history of a credential, with all that was granted from then on",
		Fields: append([]Field{
			text("credentialId", "which credential").indexed(),
			integer("number", "number of the step, from 0"),
			text("step", "issued, renewed, key-rotated or revoked").indexed(),
		}, append(granted(),
			text("reason", "why it was revoked").optional().searchable(),
			time("at", "when").indexed(),
			text("actor", "who did it, MSP id"),
			text("transactionId", "the transaction that did it"),
		)...),
		Relations: []Relation{one("credential", "which credential", "credentials", "credentialId", "credentialId")},
	},
	{
		Name: "tallies", Kind: "credential.tally", Says: "how many statements of one kind an engineer has signed",
		Fields: []Field{
			text("credentialId", "which engineer").indexed(),
			text("kind", "of statement, such as validation").indexed(),
			integer("statements", "how many took effect"),
			integer("released", "how many of them came too late and were released by the issuer"),
			time("changedAt", "when the last one did").indexed(),
		},
		Relations: []Relation{one("credential", "which engineer", "credentials", "credentialId", "credentialId")},
	},
	{
		Name: "signed-statements", Kind: "statement", Says: "a signed statement of an engineer, a machine or a device that took effect",
		Fields: []Field{
			text("subject", "what it is about: id of a component, a request, ...").indexed(),
			text("signer", "credential:, component: or device: and the id").indexed(),
			integer("sequence", "its number among the signer's statements about this subject"),
			text("kind", "what it says, such as validation").indexed(),
			text("organisation", "who answers for the signer, MSP id").indexed(),
			text("keyId", "hexadecimal SHA-256 of the key that signed").indexed(),
			text("hash", "of what was signed").indexed().few(),
			time("signedAt", "when, as the signer's clock says"),
			boolean("released", "it came too late, and the issuer of the credential released it").orZero(),
			time("at", "when it was recorded").indexed(),
			text("actor", "who carried it to the ledger, MSP id"),
			text("transactionId", "the transaction that recorded it; the envelope is there"),
		},
		Relations: []Relation{
			organisation("organisation", "who answers for the signer"),
			one("chain", "what else this signer said about this subject", "statement-chains", "subject", "subject", "signer", "signer"),
			one("component", "the component that it is about, if it is about one", "components", "subject", "componentId"),
		},
	},
	{
		Name: "statement-chains", Kind: "statement.chain", Says: "how far one signer's statements about one subject have come",
		Fields: []Field{
			text("subject", "what they are about").indexed(),
			text("signer", "credential:, component: or device: and the id").indexed(),
			integer("sequence", "number of the last one, and how many there are"),
			text("hash", "of the last one"),
			time("changedAt", "when it was recorded").indexed(),
		},
		Relations: []Relation{many("statements", "all of them", "signed-statements", "subject", "subject", "signer", "signer")},
	},
	{
		Name: "quarantined-statements", Kind: "statement.quarantine", Says: "a statement that came too late, and what its issuer decided",
		Fields: []Field{
			text("issuer", "who decides, MSP id").indexed(),
			text("hash", "of what was signed").indexed(),
			text("credentialId", "of the engineer who signed").indexed(),
			text("kind", "what it says, such as validation"),
			text("subject", "what it is about").indexed(),
			integer("sequence", "its number among the signer's statements about this subject"),
			text("keyId", "hexadecimal SHA-256 of the key that signed"),
			time("signedAt", "when, as the signer's clock says"),
			text("standing", "why it came too late: revoked, expired or key-superseded"),
			text("status", "held, released or rejected").indexed(),
			time("heldAt", "when it was recorded").indexed(),
			text("heldBy", "who carried it to the ledger, MSP id"),
			text("reason", "why it was released or rejected").optional().searchable(),
			time("changedAt", "its last change").indexed(),
		},
		Relations: []Relation{
			organisation("issuer", "who decides"),
			one("credential", "of the engineer who signed", "credentials", "credentialId", "credentialId"),
		},
	},
	{
		Name: "validations", Kind: "component.validation", Says: "an engineer's signed word about a component, or a machine's about itself",
		Fields: []Field{
			text("componentId", "which component").indexed(),
			text("signer", "credential: or component: and the id").indexed(),
			integer("sequence", "its number among the signer's statements about the component"),
			text("organisation", "who answers for the signer, MSP id").indexed(),
			text("skill", "as what it was signed").at("body.skill").indexed(),
			text("conclusion", "conformant or non_conformant").at("body.conclusion").indexed(),
			texts("evidence", "hexadecimal SHA-256 of documents").at("body.evidence"),
			text("remark", "what the signer says besides").at("body.remark").optional().searchable(),
			text("hash", "of what was signed"),
			time("signedAt", "when, as the signer's clock says"),
			time("at", "when it was recorded").indexed(),
			text("transactionId", "the transaction that recorded it"),
		},
		Relations: []Relation{
			one("component", "which component", "components", "componentId", "componentId"),
			organisation("organisation", "who answers for the signer"),
		},
	},
}

// granted are the key and the grant of a credential, as it is or as it was.
func granted() []Field {
	return []Field{
		integer("keyNumber", "number of the key").at("key.number"),
		text("keyId", "hexadecimal SHA-256 of the key").at("key.keyId").indexed(),
		text("algorithm", "of the key").at("key.algorithm"),
		time("keySince", "from when on it signs").at("key.since"),
		texts("skills", "what the engineer may do").at("grant.skills"),
		texts("partNumbers", "for which types of component; * for all").at("grant.partNumbers"),
		time("validFrom", "from when on it is valid").at("grant.validFrom"),
		time("validUntil", "from when on it is not valid any more").at("grant.validUntil").indexed(),
	}
}
