package fault

// The codes of the product, by subject. A code is also the rule id, the metric
// label and the anchor in docs/rules/: it never changes its meaning.
const (
	CodeInternal Code = "internal"

	// What cannot be read.
	CodeTransactionUnknown Code = "request.transaction-unknown"
	CodeArgumentCount      Code = "request.argument-count"
	CodeTooLarge           Code = "request.too-large"
	CodeNotJSON            Code = "request.not-json"
	CodeDuplicateKey       Code = "request.duplicate-key"
	CodeSchema             Code = "request.schema"
	CodeInvalid            Code = "request.invalid"
	CodeIDInvalid          Code = "request.id-invalid"
	CodeTimeInvalid        Code = "request.time-invalid"
	CodeIdempotencyKey     Code = "request.idempotency-key-invalid"

	// The same request once more.
	CodeReplayed  Code = "request.already-done"
	CodeKeyReused Code = "request.idempotency-key-reused"

	// Questions.
	CodeQuerySyntax    Code = "query.syntax"
	CodeQueryEntity    Code = "query.entity-unknown"
	CodeQueryField     Code = "query.field-unknown"
	CodeQueryType      Code = "query.type"
	CodeQueryTooCostly Code = "query.too-costly"
	CodeQueryForm      Code = "query.form"
	CodeQueryCursor    Code = "query.cursor-invalid"
	CodeQueryLedger    Code = "query.not-on-ledger"
	CodeQueryState     Code = "query.ledger-without-couchdb"

	CodeSavedQueryUnknown  Code = "query.saved.unknown"
	CodeSavedQueryStanding Code = "query.saved.not-standing"
	CodeSavedQueriesMany   Code = "query.saved.too-many"

	CodeContactUnknown Code = "contact.unknown"
	CodeContactsMany   Code = "contact.too-many"

	// Who may do what.
	CodeCallerUnknown Code = "participant.caller-unknown"
	CodeNotPermitted  Code = "participant.not-permitted"
	CodeOrgExists     Code = "participant.organisation-exists"
	CodeOrgUnknown    Code = "participant.organisation-unknown"

	CodeRoleEntrusted       Code = "participant.role.entrusted"
	CodeRoleLast            Code = "participant.role.last"
	CodeRoleChangeExists    Code = "participant.role-change.exists"
	CodeRoleChangeUnknown   Code = "participant.role-change.unknown"
	CodeRoleChangeNotMember Code = "participant.role-change.not-member"
	CodeRoleChangeGiven     Code = "participant.role-change.given"
	CodeRoleChangeOver      Code = "participant.role-change.over"
	CodeRoleChangeOvertaken Code = "participant.role-change.overtaken"
	CodeVerificationUnknown Code = "participant.verification.unknown"
	CodeVerificationOver    Code = "participant.verification.over"
	CodeStandardExists      Code = "participant.standard.exists"
	CodeStandardUnknown     Code = "participant.standard.unknown"
	CodeStandardOver        Code = "participant.standard.over"
	CodeDeviceExists        Code = "participant.device-exists"
	CodeDeviceUnknown       Code = "participant.device-unknown"
	CodeDeviceRevoked       Code = "participant.device-revoked"
	CodeKeyInvalid          Code = "participant.key-invalid"
	CodeKeyInUse            Code = "participant.key-in-use"
	CodeKeyProofInvalid     Code = "participant.key-proof-invalid"

	// Engineers' credentials.
	CodeCredentialExists  Code = "credential.exists"
	CodeCredentialUnknown Code = "credential.unknown"
	CodeCredentialIssuer  Code = "credential.not-issuer"
	CodeCredentialRevoked Code = "credential.revoked"
	CodeCredentialEarly   Code = "credential.not-yet-valid"
	CodeCredentialCovers  Code = "credential.not-covered"

	// Signed statements.
	CodeStatementLedger   Code = "statement.wrong-ledger"
	CodeStatementWrong    Code = "statement.wrong-subject"
	CodeStatementSigner   Code = "statement.signer-not-allowed"
	CodeStatementTime     Code = "statement.time"
	CodeStatementReplayed Code = "statement.replayed"
	CodeStatementOrder    Code = "statement.out-of-order"
	CodeStatementForked   Code = "statement.forked"
	CodeStatementLate     Code = "statement.late"
	CodeStatementHeld     Code = "statement.in-quarantine"
	CodeStatementRejected Code = "statement.rejected"
	CodeQuarantineUnknown Code = "statement.quarantine.unknown"
	CodeQuarantineDecided Code = "statement.quarantine.decided"
	CodeQuarantineInTime  Code = "statement.quarantine.not-late"

	// Signed envelopes and reading segments.
	CodeEnvelopeMalformed Code = "envelope.malformed"
	CodeEnvelopeKey       Code = "envelope.key-unknown"
	CodeEnvelopeSignature Code = "envelope.signature-invalid"
	CodeSegmentMalformed  Code = "segment.malformed"

	// Components.
	CodeComponentExists   Code = "component.exists"
	CodeComponentUnknown  Code = "component.unknown"
	CodeOwnershipOffered  Code = "component.ownership.offer-pending"
	CodeOwnershipNoOffer  Code = "component.ownership.no-offer"
	CodeOwnershipNotOwner Code = "component.ownership.not-owner"
	CodeOwnershipPrice    Code = "component.ownership.price"

	// Servicing.
	CodeAgreementExists  Code = "service.agreement.exists"
	CodeAgreementUnknown Code = "service.agreement.unknown"
	CodeAgreementStatus  Code = "service.agreement.status"
	CodeServiceNotParty  Code = "service.not-party"
	CodeRequestsMany     Code = "service.request.too-many-open"
	// Whether a component may still be used.
	CodeComponentHeld           Code = "component.held"
	CodeComponentRecalled       Code = "component.recalled"
	CodeComponentInactive       Code = "component.not-activated"
	CodeComponentCore           Code = "component.core"
	CodeComponentPledged        Code = "component.pledged"
	CodeComponentEnding         Code = "component.decommissioning"
	CodeComponentDecommissioned Code = "component.decommissioned"
	CodeNotManufacturer         Code = "component.not-manufacturer"
	CodeHoldPlaced              Code = "component.hold.placed"
	CodeHoldNone                Code = "component.hold.none"
	CodeHoldNotParty            Code = "component.hold.not-party"
	CodeRecallIssued            Code = "component.recall.issued"
	CodeRecallNone              Code = "component.recall.none"
	CodePledgeUnknown           Code = "component.pledge.unknown"
	CodePledgeNotParty          Code = "component.pledge.not-party"
	CodePledgeOver              Code = "component.pledge.over"
	CodeRetirementNone          Code = "component.decommissioning.none"
	CodeRetirementEarly         Code = "component.decommissioning.early"
	CodeRetirementFilled        Code = "component.decommissioning.filled"

	// A component's tag, and what does not fit.
	CodeTagSilent           Code = "component.tag.silent"
	CodeTagChallenge        Code = "component.tag.challenge"
	CodeTagBroken           Code = "component.tag.broken"
	CodeTagKeyInUse         Code = "component.tag.key-in-use"
	CodeActivationDone      Code = "component.activation.done"
	CodeActivationNotParty  Code = "component.activation.not-party"
	CodeActivationContested Code = "component.activation.contested"
	CodeActivationCode      Code = "component.activation.code"
	CodeScanTime            Code = "component.scan.time"
	CodeFindingUnknown      Code = "component.finding.unknown"
	CodeFindingClosed       Code = "component.finding.closed"
	CodeFindingNotParty     Code = "component.finding.not-party"

	CodeDelegationUnknown Code = "component.delegation.unknown"
	CodeDelegationExists  Code = "component.delegation.exists"
	CodeDelegationOver    Code = "component.delegation.over"
	CodeDelegationAction  Code = "component.delegation.action"
	CodeDelegationSigner  Code = "component.delegation.signer"
	CodeReadingOver       Code = "component.reading.over"
	CodeReadingPart       Code = "component.reading.part"
	CodeMandateUnknown    Code = "component.mandate.unknown"
	CodeMandateAction     Code = "component.mandate.action"
	CodeMandateMember     Code = "component.mandate.not-member"
	CodeMandateMissing    Code = "component.mandate.approvals-missing"
	CodeApprovalUnknown   Code = "component.approval.unknown"
	CodeApprovalOpen      Code = "component.approval.open"
	CodeApprovalOver      Code = "component.approval.over"
	CodeApprovalGiven     Code = "component.approval.given"

	// Another life of a component, and what it rests on.
	CodeTestUnknown          Code = "component.test.unknown"
	CodeTestCalibration      Code = "component.test.calibration"
	CodeConcessionUnknown    Code = "component.concession.unknown"
	CodeConcessionDecided    Code = "component.concession.decided"
	CodeProcessUnknown       Code = "component.process.unknown"
	CodeProcessOver          Code = "component.process.over"
	CodeProcessSpecification Code = "component.process.specification"
	CodeProcessWarranty      Code = "component.process.warranty"
	CodeProcessTest          Code = "component.process.test"

	// Machines and the parts in them.
	CodeAssemblyUnknown    Code = "assembly.unknown"
	CodeAssemblyAuthority  Code = "assembly.not-authorised"
	CodeAssemblyTooLarge   Code = "assembly.too-large"
	CodeAssemblyTooDeep    Code = "assembly.too-deep"
	CodeAssemblyCycle      Code = "assembly.in-itself"
	CodeAssemblyComplete   Code = "assembly.completed"
	CodeAssemblyIncomplete Code = "assembly.incomplete"
	CodeBaselineUnknown    Code = "assembly.baseline-unknown"
	CodeSlotUnknown        Code = "assembly.slot.unknown"
	CodeSlotExists         Code = "assembly.slot.exists"
	CodeSlotFilled         Code = "assembly.slot.filled"
	CodeSlotEmpty          Code = "assembly.slot.empty"
	CodeSlotOther          Code = "assembly.slot.other-part"
	CodePartInstalled      Code = "assembly.part.installed"
	CodePartNotApproved    Code = "assembly.part.not-approved"
	CodePartOwner          Code = "assembly.part.owner"
	CodeScanSigner         Code = "assembly.scan.signer"
	CodeScanEarlier        Code = "assembly.scan.earlier"

	// Usage counters.
	CodeUsageBackwards     Code = "usage.backwards"
	CodeUsageMeasures      Code = "usage.too-many-measures"
	CodeUsageNoMeter       Code = "usage.no-meter"
	CodeUsageSigner        Code = "usage.signer"
	CodePlanExists         Code = "service.plan.exists"
	CodePlanUnknown        Code = "service.plan.unknown"
	CodeTaskUnknown        Code = "service.task.unknown"
	CodeTaskOpen           Code = "service.task.request-open"
	CodeRequestExists      Code = "service.request.exists"
	CodeRequestUnknown     Code = "service.request.unknown"
	CodeRequestStatus      Code = "service.request.status"
	CodeRequestSold        Code = "service.request.sold"
	CodeNotDue             Code = "service.request.not-due"
	CodeSafetyCritical     Code = "service.request.safety-critical"
	CodeServicePart        Code = "service.part.not-approved"
	CodeStepInvalid        Code = "service.step.invalid"
	CodeStepPaid           Code = "service.step.payment-order"
	CodeStepsUnpaid        Code = "service.step.unpaid"
	CodeCalibrationExpired Code = "service.step.calibration-expired"
	CodeEngineerForeign    Code = "service.work.not-the-providers"
	CodeWorkDiffers        Code = "service.work.differs"
	CodeFaultCoding        Code = "service.work.fault-coding"
	CodeMachineSilent      Code = "service.machine.no-scan"
	CodeMachineDisagrees   Code = "service.machine.disagrees"
	CodeConditionOrder     Code = "service.condition.order"
	CodeConditionUnknown   Code = "service.condition.unknown"
	CodeConditionSigner    Code = "service.condition.signer"
	CodeBillUnknown        Code = "service.bill.unknown"
	CodeChargeNone         Code = "service.charge.none"
	CodeChargeOutstanding  Code = "service.charge.outstanding"
	CodeOrderUnknown       Code = "service.order.unknown"
	CodeOrderOver          Code = "service.order.over"
	CodeOrderNotHanded     Code = "service.order.not-handed-over"
	CodeCertificateExists  Code = "service.certificate.exists"
	CodeCertificateUnknown Code = "service.certificate.unknown"
	CodeCertificateInvalid Code = "service.certificate.invalid"

	// Shipments.
	CodeShipmentExists       Code = "shipment.exists"
	CodeShipmentUnknown      Code = "shipment.unknown"
	CodeShipmentStatus       Code = "shipment.status"
	CodeTermsInvalid         Code = "shipment.terms.invalid"
	CodeTermsNotParty        Code = "shipment.terms.not-party"
	CodeTermsChanged         Code = "shipment.terms.changed"
	CodeTermsAccepted        Code = "shipment.terms.already-accepted"
	CodeGoodsNotOwned        Code = "shipment.goods.not-owned"
	CodeGoodsInShipment      Code = "shipment.goods.in-shipment"
	CodeHandoverPending      Code = "shipment.handover.offer-pending"
	CodeHandoverNoOffer      Code = "shipment.handover.no-offer"
	CodeHandoverNotParty     Code = "shipment.handover.not-party"
	CodeHandoverTime         Code = "shipment.handover.time"
	CodeSegmentWrongLedger   Code = "shipment.segment.wrong-ledger"
	CodeSegmentWrong         Code = "shipment.segment.wrong-shipment"
	CodeSegmentDevice        Code = "shipment.segment.device-not-agreed"
	CodeSegmentReplayed      Code = "shipment.segment.replayed"
	CodeSegmentOutOfOrder    Code = "shipment.segment.out-of-order"
	CodeSegmentForked        Code = "shipment.segment.forked"
	CodeSegmentClosed        Code = "shipment.segment.recording-closed"
	CodeEncryptionKeyUnknown Code = "participant.encryption-key-unknown"
	CodeSegmentSealing       Code = "shipment.segment.sealing"
	CodeOpeningOrder         Code = "shipment.opening.out-of-order"
	CodeOpeningCommitment    Code = "shipment.opening.not-as-sealed"
	CodeSessionNumber        Code = "shipment.session.number"
	CodeForkNone             Code = "shipment.fork.none"
	CodeForkReported         Code = "shipment.fork.reported"
	CodeForkEnough           Code = "shipment.fork.enough"
	CodeSegmentExcursions    Code = "shipment.segment.too-many-excursions"
	CodeReadingsEarly        Code = "shipment.readings.before-pick-up"
	CodeReadingsHandover     Code = "shipment.readings.hand-over-pending"
	CodeReadingsTime         Code = "shipment.readings.time"
	CodeSimulationCustody    Code = "shipment.simulation.custody"
	CodeExcursionUnknown     Code = "shipment.excursion.unknown"
	CodeAcknowledgementsMany Code = "shipment.excursion.too-many-comments"

	CodeSettleEarly Code = "shipment.settlement.readings-outstanding"

	// Negotiation.
	CodeTermsSame Code = "shipment.terms.unchanged"
	// After the delivery.
	CodeAcceptanceClosed       Code = "shipment.acceptance.closed"
	CodeAcceptanceInvalid      Code = "shipment.acceptance.invalid"
	CodeAcceptanceNotConsignee Code = "shipment.acceptance.not-consignee"
	CodeDisputeAmount          Code = "shipment.dispute.amount"
	CodeDisputeBounds          Code = "shipment.dispute.too-many"
	CodeDisputeClaim           Code = "shipment.dispute.claim"
	CodeDisputeClosed          Code = "shipment.dispute.closed"
	CodeDisputeEnded           Code = "shipment.dispute.ended"
	CodeDisputeNoOffer         Code = "shipment.dispute.no-offer"
	CodeDisputeNotSide         Code = "shipment.dispute.not-side"
	CodeDisputeUnknown         Code = "shipment.dispute.unknown"
	CodeSettleDisputed         Code = "shipment.settlement.in-dispute"
	CodeSettleNotAccepted      Code = "shipment.settlement.not-accepted"

	// Custody, checkpoints, parts, and shipments that end otherwise.
	CodeCustodyNot           Code = "shipment.custody.not-custodian"
	CodeConditionInvalid     Code = "shipment.condition.invalid"
	CodeHandoverSeals        Code = "shipment.handover.seals-differ"
	CodeCheckpointUnknown    Code = "shipment.checkpoint.unknown"
	CodeCheckpointOrder      Code = "shipment.checkpoint.out-of-order"
	CodeCheckpointTime       Code = "shipment.checkpoint.time"
	CodePartUnknown          Code = "shipment.part.unknown"
	CodePartExists           Code = "shipment.part.exists"
	CodePartInvalid          Code = "shipment.part.invalid"
	CodePartElsewhere        Code = "shipment.part.elsewhere"
	CodeConsolidated         Code = "shipment.consolidation.consolidated"
	CodeConsolidationExists  Code = "shipment.consolidation.exists"
	CodeConsolidationUnknown Code = "shipment.consolidation.unknown"
	CodeConsolidationInvalid Code = "shipment.consolidation.invalid"
	CodeConsolidationParts   Code = "shipment.consolidation.in-parts"
	CodeConsolidationOver    Code = "shipment.consolidation.taken-apart"
	CodeCancelConsented      Code = "shipment.cancellation.consented"
	CodeLostEarly            Code = "shipment.loss.early"
	CodeLostNotParty         Code = "shipment.loss.not-party"

	// Money.
	CodeAccountUnknown    Code = "settlement.account-unknown"
	CodeAmountInvalid     Code = "settlement.amount-invalid"
	CodeInsufficientFunds Code = "settlement.insufficient-funds"
	CodeCreditUnknown     Code = "settlement.credit-unknown"
	CodeCreditCollected   Code = "settlement.credit-collected"
	CodeCreditUnproven    Code = "settlement.credit-unproven"

	CodeRedemptionExists   Code = "settlement.redemption.exists"
	CodeRedemptionUnknown  Code = "settlement.redemption.unknown"
	CodeRedemptionNotParty Code = "settlement.redemption.not-party"
	CodeRedemptionOver     Code = "settlement.redemption.over"

	// Showing third parties what was done.
	CodeParticipationUnknown Code = "participation.unknown"
	CodeParticipationInvalid Code = "participation.invalid"
	CodeParticipationNone    Code = "participation.not-party"
	CodeParticipationOpen    Code = "participation.not-settled"
	CodeParticipationCounted Code = "participation.counted-before"
	CodeDisclosureWrong      Code = "participation.not-opened"

	// Payment channels.
	CodeChannelExists     Code = "paychannel.exists"
	CodeChannelUnknown    Code = "paychannel.unknown"
	CodeChannelStatus     Code = "paychannel.status"
	CodeChannelInvalid    Code = "paychannel.invalid"
	CodeChannelNotParty   Code = "paychannel.not-party"
	CodeChannelKeyPending Code = "paychannel.key.replacement-pending"
	CodeProofMalformed    Code = "paychannel.proof.malformed"
	CodeProofWrong        Code = "paychannel.proof.wrong-channel"
	CodeProofNotNewer     Code = "paychannel.proof.not-newer"
	CodeProofContradicts  Code = "paychannel.proof.contradicts"
	CodeContradictionNone Code = "paychannel.contradiction.none"
	CodeChallengeLate     Code = "paychannel.challenge.late"
	CodeChallengeRunning  Code = "paychannel.challenge.running"
	CodeFinalNotCovered   Code = "paychannel.final.not-covered"
	CodeItemsMismatch     Code = "paychannel.items.not-signed"
	CodeItemsRecorded     Code = "paychannel.items.recorded"
	CodeItemsNotParty     Code = "paychannel.items.not-party"
)

// Entry is one row of the catalogue: what kind of answer a code is, and the
// sentence that docs/rules/ prints for it.
type Entry struct {
	Code Code
	Kind Kind
	Says string
}

// Catalogue lists every code with its kind and its sentence.
func Catalogue() []Entry {
	return []Entry{
		{CodeInternal, Internal, "something went wrong on our side; nothing was changed"},
		{CodeTransactionUnknown, Malformed, "no transaction has exactly this name"},
		{CodeArgumentCount, Malformed, "a transaction takes one JSON argument and, when it writes, an optional idempotency key"},
		{CodeTooLarge, Malformed, "the request is larger than a transaction may be"},
		{CodeNotJSON, Malformed, "the argument is not one JSON object in valid UTF-8"},
		{CodeDuplicateKey, Malformed, "a JSON object names the same member twice"},
		{CodeSchema, Malformed, "a field is missing, unknown, or of the wrong type"},
		{CodeInvalid, Malformed, "a field has a value that it cannot have"},
		{CodeIDInvalid, Malformed, "an identifier has a form that identifiers cannot have"},
		{CodeTimeInvalid, Malformed, "a time is not RFC 3339 in UTC with at most milliseconds"},
		{CodeIdempotencyKey, Malformed, "an idempotency key is 1 to 64 visible ASCII characters"},
		{CodeReplayed, Conflict, "this idempotency key has been used for the same request, which was carried out"},
		{CodeKeyReused, Refused, "this idempotency key has been used for another request"},
		{CodeQuerySyntax, Malformed, "the filter cannot be read"},
		{CodeQueryEntity, NotFound, "there is no entity of this name to ask about"},
		{CodeQueryField, Malformed, "the entity has no field or relation of this name"},
		{CodeQueryType, Malformed, "an operation or a value does not fit the field's type"},
		{CodeQueryTooCostly, Refused, "the question costs more than a question may"},
		{CodeSavedQueryUnknown, NotFound, "no question is saved under this name"},
		{CodeSavedQueryStanding, Refused, "the saved question does not stand, so nothing is written down about it"},
		{CodeSavedQueriesMany, Refused, "as many questions are saved, or stand, as may be"},
		{CodeContactUnknown, NotFound, "the contact book has nothing under this name"},
		{CodeContactsMany, Refused, "the contact book has as many entries as it may"},
		{CodeQueryCursor, Malformed, "the cursor is not one that was given for this question"},
		{CodeQueryLedger, Refused, "the ledger itself cannot answer this part of the question, and the read model can"},
		{CodeQueryState, Refused, "the peer keeps its state in a database that answers no questions"},
		{CodeQueryForm, Malformed, "the parts of the question do not go together"},
		{CodeCallerUnknown, Forbidden, "the caller's organisation has not been announced"},
		{CodeNotPermitted, Forbidden, "the caller's organisation has no role that may do this"},
		{CodeOrgExists, Conflict, "the organisation has been announced before"},
		{CodeOrgUnknown, NotFound, "no organisation of this MSP id has been announced"},
		{CodeRoleEntrusted, Forbidden, "after the founding, no member alone makes another a registrar or a standards body"},
		{CodeRoleLast, Refused, "no member of the consortium would have a role, and nobody could announce anybody"},
		{CodeRoleChangeExists, Conflict, "a change of this organisation's roles under this id exists"},
		{CodeRoleChangeUnknown, NotFound, "no change of this organisation's roles under this id exists"},
		{CodeRoleChangeNotMember, Forbidden, "only the members of the consortium agree to a change of roles, and none to one of its own"},
		{CodeRoleChangeGiven, Conflict, "the member has agreed to the change"},
		{CodeRoleChangeOver, Conflict, "the change of roles is done, or its time is over"},
		{CodeRoleChangeOvertaken, Conflict, "another change of the organisation's roles was decided after this one was proposed"},
		{CodeVerificationUnknown, NotFound, "no such verification of the organisation exists"},
		{CodeVerificationOver, Conflict, "the verification has been withdrawn"},
		{CodeStandardExists, Conflict, "the publisher has published this version of the standard"},
		{CodeStandardUnknown, NotFound, "no such version of a standard has been published"},
		{CodeStandardOver, Conflict, "this version of the standard has been withdrawn or superseded"},
		{CodeDeviceExists, Conflict, "a device of this id is registered"},
		{CodeDeviceUnknown, NotFound, "no device of this id is registered"},
		{CodeDeviceRevoked, Refused, "the device was revoked before this was recorded"},
		{CodeKeyInvalid, Malformed, "the public key is not one that we accept"},
		{CodeKeyInUse, Conflict, "the key, or a half of it, is or was the key of a device or an engineer"},
		{CodeKeyProofInvalid, Refused, "the statement that announces a key is not signed by that key"},
		{CodeCredentialExists, Conflict, "a credential of this id was issued"},
		{CodeCredentialUnknown, NotFound, "no credential of this id was issued"},
		{CodeCredentialIssuer, Forbidden, "only the organisation that issued the credential may do this"},
		{CodeCredentialRevoked, Conflict, "the credential was revoked, and is not changed any more"},
		{CodeCredentialEarly, Refused, "the credential is not valid yet"},
		{CodeCredentialCovers, Refused, "the credential does not grant the skill, or not for components of this part number"},
		{CodeStatementLedger, Refused, "the statement was signed for another ledger"},
		{CodeStatementWrong, Refused, "the statement was signed about something else, or is of another kind"},
		{CodeStatementSigner, Refused, "who signed the statement cannot say such a thing"},
		{CodeStatementTime, Refused, "the statement says that it was signed in the future"},
		{CodeStatementReplayed, Conflict, "the statement is on record already"},
		{CodeStatementOrder, Conflict, "the statement does not follow the signer's last one about this subject; the next sequence number is in params"},
		{CodeStatementForked, Refused, "the statement follows another history than the one on record; the signer's key may have been copied"},
		{CodeStatementLate, Refused, "the credential was revoked, has run out, or has another key by now: the statement has no effect unless the issuer releases it from quarantine"},
		{CodeStatementHeld, Conflict, "the statement is in quarantine, and the issuer has not decided"},
		{CodeStatementRejected, Refused, "the issuer has rejected the statement in quarantine: it never has an effect"},
		{CodeQuarantineUnknown, NotFound, "no statement of this hash is in quarantine for this issuer"},
		{CodeQuarantineDecided, Conflict, "the statement is in quarantine already, or the issuer has decided about it"},
		{CodeQuarantineInTime, Refused, "the statement does not come too late, so that there is no need for quarantine"},
		{CodeEnvelopeMalformed, Malformed, "the envelope is not a DSSE envelope"},
		{CodeEnvelopeKey, Refused, "the envelope is not signed by a key of its signer"},
		{CodeEnvelopeSignature, Refused, "the envelope's signature does not verify"},
		{CodeSegmentMalformed, Malformed, "the payload is not a reading segment"},
		{CodeComponentExists, Conflict, "a component of this id is registered"},
		{CodeComponentUnknown, NotFound, "no component of this id is registered"},
		{CodeOwnershipOffered, Conflict, "an offer of ownership is pending"},
		{CodeOwnershipNoOffer, Conflict, "no offer of ownership to the caller is pending"},
		{CodeOwnershipNotOwner, Forbidden, "only the present owner may do this"},
		{CodeOwnershipPrice, Conflict, "the price that is named is not the one that is asked for; the latter is in params"},
		{CodeAgreementExists, Conflict, "a service agreement of this id exists"},
		{CodeAgreementUnknown, NotFound, "no service agreement of this id exists"},
		{CodeAgreementStatus, Conflict, "the agreement's status does not allow this"},
		{CodeServiceNotParty, Forbidden, "the caller's organisation is not the one whose word this needs"},
		{CodeRequestsMany, Refused, "the machine has as many open requests as one record lists"},
		{CodeComponentHeld, Refused, "the component is on hold; who holds it is in params"},
		{CodeComponentRecalled, Refused, "the component is recalled by its maker and has not been cleared"},
		{CodeComponentInactive, Refused, "the component was announced with a tag, and nobody has activated it"},
		{CodeComponentCore, Refused, "the component was given back as a core and has not been put in order since"},
		{CodeComponentPledged, Refused, "the component is pledged; it goes to nobody but the lender, and secures one debt at a time"},
		{CodeComponentEnding, Refused, "the decommissioning of the component has been asked for"},
		{CodeComponentDecommissioned, Refused, "the component was decommissioned: it can only be read about"},
		{CodeNotManufacturer, Forbidden, "only the component's manufacturer may do this"},
		{CodeHoldPlaced, Conflict, "the component is held in this capacity already"},
		{CodeHoldNone, Conflict, "the component is not held in this capacity"},
		{CodeHoldNotParty, Forbidden, "only its maker, its owner or a regulator holds a component, and only who placed a hold lifts it"},
		{CodeRecallIssued, Conflict, "the lot, or the part number, is recalled already"},
		{CodeRecallNone, Conflict, "the lot, the part number or the component is not recalled"},
		{CodePledgeUnknown, NotFound, "the component has no pledge of this number"},
		{CodePledgeNotParty, Forbidden, "only the lender takes and releases a pledge, and only the owner withdraws one that nobody has taken"},
		{CodePledgeOver, Conflict, "the pledge is not open to this: it is taken or over, or the component has another owner"},
		{CodeRetirementNone, Conflict, "nobody has asked for the decommissioning of the component"},
		{CodeRetirementFilled, Refused, "the machine still holds parts: take them out, or end their lives first"},
		{CodeRetirementEarly, Refused, "the maker may still witness the decommissioning; until when is in params"},
		{CodeTagSilent, Refused, "the component's tag has no key, or does not sign"},
		{CodeTagChallenge, Refused, "the tag's answer is missing, or is not to the challenge that is open"},
		{CodeTagBroken, Refused, "the tag says that its seal is broken"},
		{CodeTagKeyInUse, Conflict, "another component was activated with this tag's key: one of them is a copy"},
		{CodeActivationDone, Conflict, "the component is activated, or needs no activation; who did it is in params"},
		{CodeActivationNotParty, Forbidden, "only the receiver that the maker has named, or the first buyer, activates a component"},
		{CodeActivationContested, Refused, "another maker says that the component is its own; until that is settled nobody activates it"},
		{CodeActivationCode, Refused, "this is not the code under the seal"},
		{CodeScanTime, Refused, "a scan's time is in the future"},
		{CodeFindingUnknown, NotFound, "the component has no finding of this number"},
		{CodeFindingClosed, Conflict, "the finding is closed"},
		{CodeFindingNotParty, Forbidden, "only owner and maker close a finding; that another made it, who said so or a regulator"},
		{CodeDelegationUnknown, NotFound, "there is no such delegation"},
		{CodeDelegationExists, Conflict, "a delegation of this name has been granted for the component"},
		{CodeDelegationOver, Conflict, "the delegation is not in force: revoked, not begun, over, used up, or of a former owner"},
		{CodeDelegationAction, Forbidden, "the action cannot be delegated, or the delegation does not name it"},
		{CodeDelegationSigner, Forbidden, "a grant of access is signed by a device of the owner's, or by an engineer whom it has given the skill to"},
		{CodeReadingOver, Forbidden, "the reader is not let read: withdrawn, not begun, over, or of a former owner; detail and params say which, by whom, when and why"},
		{CodeReadingPart, Forbidden, "what is asked about is not installed in the component that the reader is let read"},
		{CodeMandateUnknown, NotFound, "no mandate for this action is in force"},
		{CodeMandateAction, Refused, "the action takes no mandate"},
		{CodeMandateMember, Forbidden, "only the members of a mandate approve under it"},
		{CodeMandateMissing, Forbidden, "the owner has put this action under a mandate, and this exact request lacks approvals"},
		{CodeApprovalUnknown, NotFound, "nobody has asked for the approval of this request"},
		{CodeApprovalOpen, Conflict, "the request waits for approval already"},
		{CodeApprovalOver, Conflict, "the request was carried out, its time is over, or the mandate has changed"},
		{CodeApprovalGiven, Conflict, "the member has approved the request"},
		{CodeTestUnknown, NotFound, "the component has no test of this number"},
		{CodeTestCalibration, Refused, "an instrument was not calibrated when the test was performed"},
		{CodeConcessionUnknown, NotFound, "the component has no concession of this number"},
		{CodeConcessionDecided, Conflict, "the maker has decided about the concession"},
		{CodeProcessUnknown, NotFound, "the component has no process of this number"},
		{CodeProcessOver, Conflict, "the process is decided, or another life of the unit has begun since"},
		{CodeProcessSpecification, Refused, "a remanufactured unit meets the specification that it was made to, or one that its maker has conceded"},
		{CodeProcessWarranty, Refused, "remanufactured units carry at least the warranty of new ones, reconditioned and repaired ones less"},
		{CodeProcessTest, Refused, "it takes a third party's test against the specification, passed, which has served no other process"},
		{CodeAssemblyUnknown, NotFound, "the component is no machine: it has no slots"},
		{CodeAssemblyAuthority, Forbidden, "only the machine's owner, or a service company with an open request for it, changes what is in it; only who keeps its configuration changes its slots"},
		{CodeAssemblyTooLarge, Refused, "a machine has at most 4,096 slots, and 64 baselines"},
		{CodeAssemblyTooDeep, Refused, "a part is at most eight machines deep"},
		{CodeAssemblyCycle, Refused, "a machine cannot be a part of itself"},
		{CodeAssemblyComplete, Conflict, "the assembly has been completed: its as-built configuration stays as it is"},
		{CodeAssemblyIncomplete, Refused, "a slot that must be filled is empty"},
		{CodeBaselineUnknown, NotFound, "the machine's configuration has no baseline of this number"},
		{CodeSlotUnknown, NotFound, "the machine has no slot of this id"},
		{CodeSlotExists, Conflict, "the machine has a slot of this id"},
		{CodeSlotFilled, Conflict, "a part is installed in the slot"},
		{CodeSlotEmpty, Conflict, "no part is installed in the slot"},
		{CodeSlotOther, Conflict, "another part than the one named is installed in the slot"},
		{CodePartInstalled, Conflict, "the part is installed in a machine: it moves, ships and is sold with that"},
		{CodePartNotApproved, Refused, "the part number is not one that the slot allows"},
		{CodePartOwner, Refused, "a part to be installed belongs to the machine's owner or to who installs it, and is not offered to anybody"},
		{CodeScanSigner, Forbidden, "a scan is signed by the machine, by a device of its owner or of a service company with an open request, or by an engineer of theirs"},
		{CodeScanEarlier, Refused, "the scan claims to be earlier than the one before it"},
		{CodeUsageBackwards, Refused, "a meter shows less than before: counters never run backwards, and a new meter is recorded as one"},
		{CodeUsageMeasures, Refused, "a component counts at most sixteen measures, eight of them with its own meters"},
		{CodeUsageNoMeter, Refused, "the component has had no meter of this measure, so there is no final reading of it"},
		{CodeUsageSigner, Forbidden, "usage is reported by the component itself, or by a device of its owner"},
		{CodePlanExists, Conflict, "the component has a maintenance plan"},
		{CodePlanUnknown, NotFound, "the component has no maintenance plan"},
		{CodeTaskUnknown, NotFound, "the plan has no task of this id"},
		{CodeTaskOpen, Conflict, "a request about this task is open"},
		{CodeRequestExists, Conflict, "a service request of this id exists"},
		{CodeRequestUnknown, NotFound, "no service request of this id exists"},
		{CodeRequestStatus, Conflict, "the request's status does not allow this"},
		{CodeRequestSold, Refused, "what the request is about, or its machine, belongs to another than who asked for it; the request can only be ended"},
		{CodeNotDue, Refused, "it is not due yet, or not overdue"},
		{CodeSafetyCritical, Refused, "safety-critical work is seen by a second engineer, and is not called off"},
		{CodeServicePart, Refused, "the part is not one of those that are approved for this"},
		{CodeStepInvalid, Malformed, "a step has too many measurements or parts, or a request too many steps"},
		{CodeStepPaid, Conflict, "steps are paid in their order, each once"},
		{CodeStepsUnpaid, Refused, "who stops work that has begun pays the steps that are on record first"},
		{CodeCalibrationExpired, Refused, "what was measured with an instrument whose calibration has ended does not count"},
		{CodeEngineerForeign, Forbidden, "the engineer is not one of the company that is to do the work"},
		{CodeWorkDiffers, Refused, "what the engineer signed, or who calls it off has seen, is not what is on record about the work, or not what was asked for"},
		{CodeFaultCoding, Malformed, "a failure is coded by its mode, mechanism and cause in the codes of ISO 14224"},
		{CodeMachineSilent, Refused, "the machine reports by itself, and has not since the work was done"},
		{CodeMachineDisagrees, Refused, "the machine's own scan does not agree with what is on record"},
		{CodeConditionOrder, Refused, "readings go on where the last report ended, and none is in the future"},
		{CodeConditionUnknown, NotFound, "nothing has been reported of this measure of the component"},
		{CodeConditionSigner, Forbidden, "the condition of a component is reported by itself, its machine, or a device of its owner or of who serves it"},
		{CodeBillUnknown, NotFound, "nothing is billed under this id"},
		{CodeChargeNone, Refused, "there is no use to be charged"},
		{CodeChargeOutstanding, Refused, "use under the component's agreement has to be charged first"},
		{CodeOrderUnknown, NotFound, "no part was ordered with this request"},
		{CodeOrderOver, Conflict, "the order has been delivered, declined or taken back"},
		{CodeOrderNotHanded, Refused, "the part that is named is neither the buyer's nor offered to it"},
		{CodeCertificateExists, Conflict, "a release certificate of this tracking number exists"},
		{CodeCertificateUnknown, NotFound, "no release certificate of this tracking number exists"},
		{CodeCertificateInvalid, Refused, "the certificate cannot be given as it is filled in"},
		{CodeShipmentExists, Conflict, "a shipment of this id exists"},
		{CodeShipmentUnknown, NotFound, "no shipment of this id exists"},
		{CodeShipmentStatus, Conflict, "the shipment's status does not allow this"},
		{CodeTermsInvalid, Malformed, "the terms cannot be judged or settled as they stand"},
		{CodeTermsNotParty, Forbidden, "the caller's organisation is not a party to the terms"},
		{CodeTermsChanged, Conflict, "the terms on the ledger are not the ones that were named"},
		{CodeTermsAccepted, Conflict, "the caller's organisation has accepted these terms"},
		{CodeTermsSame, Conflict, "a counter-offer is the same as the terms that it answers"},
		{CodeCustodyNot, Forbidden, "only who has the goods may do this"},
		{CodeConditionInvalid, Malformed, "what is said about the condition of the goods is not of its form, or names units that the terms do not"},
		{CodeHandoverSeals, Conflict, "the receiver names other seals than the giver; decline the hand-over instead"},
		{CodeCheckpointUnknown, NotFound, "the terms name no such checkpoint"},
		{CodeCheckpointOrder, Conflict, "the checkpoint is passed already, or comes before one that is"},
		{CodeCheckpointTime, Refused, "the checkpoint's time is not in the custodian's custody, before the last one, in the future, or too long ago"},
		{CodePartUnknown, NotFound, "no part of this id is on a way of its own"},
		{CodePartExists, Conflict, "a part of this id exists, or there are as many parts as there may be"},
		{CodePartInvalid, Malformed, "a part names what cannot be split off, nothing, or everything"},
		{CodePartElsewhere, Conflict, "the part and the rest are not on the same leg"},
		{CodeConsolidated, Conflict, "the shipment is moved in a consolidation and not by itself"},
		{CodeConsolidationExists, Conflict, "a consolidation of this SSCC exists"},
		{CodeConsolidationUnknown, NotFound, "no consolidation of this SSCC exists"},
		{CodeConsolidationInvalid, Malformed, "a consolidation has an SSCC and 2 to 16 shipments"},
		{CodeConsolidationParts, Refused, "a shipment that is in parts is not consolidated"},
		{CodeConsolidationOver, Conflict, "the consolidation has been taken apart"},
		{CodeCancelConsented, Conflict, "the caller's organisation has consented to the cancellation, and not all others have"},
		{CodeLostEarly, Refused, "goods are declared lost only when they are overdue for as long as the terms ask for"},
		{CodeLostNotParty, Forbidden, "only the payer, the consignor or the consignee declares goods lost"},
		{CodeGoodsNotOwned, Refused, "the consignor does not own a component that is to be shipped"},
		{CodeGoodsInShipment, Refused, "a component that is to be shipped is in another shipment, agreed and not yet delivered"},
		{CodeHandoverPending, Conflict, "a hand-over is offered and not yet answered"},
		{CodeHandoverNoOffer, Conflict, "no hand-over to the caller is offered"},
		{CodeHandoverNotParty, Forbidden, "only the present custodian offers, and only to the next party of the agreed route"},
		{CodeHandoverTime, Refused, "the hand-over's time is before the last one, in the future, or too long ago"},
		{CodeSegmentWrongLedger, Refused, "the segment was signed for another ledger"},
		{CodeSegmentWrong, Refused, "the segment was signed for another shipment or device"},
		{CodeSegmentDevice, Refused, "the terms do not name this device"},
		{CodeSegmentReplayed, Conflict, "the segment is on the ledger already"},
		{CodeSegmentOutOfOrder, Conflict, "the segment does not follow the last one; the next sequence number is in params"},
		{CodeSegmentForked, Refused, "the segment follows another history than the one on the ledger; the device may have been cloned"},
		{CodeSegmentClosed, Conflict, "the device has declared its recording ended"},
		{CodeEncryptionKeyUnknown, NotFound, "the organisation has announced no key for encryption"},
		{CodeSegmentSealing, Refused, "the terms ask for readings that are sealed to all parties, or for open ones, and these are not"},
		{CodeOpeningOrder, Conflict, "sealed segments are opened in their order; the next sequence number is in params"},
		{CodeOpeningCommitment, Refused, "what is revealed is not what the device has sealed"},
		{CodeSessionNumber, Conflict, "the statement is not for the next session; its number is in params"},
		{CodeForkNone, Refused, "the segment does not contradict the one on the ledger: it is that segment, or can stand before or after it"},
		{CodeForkReported, Conflict, "this contradiction is on record"},
		{CodeForkEnough, Refused, "as many contradictions of the device as are kept for one shipment are on record"},
		{CodeSegmentExcursions, Refused, "one transaction would open and close more excursions than a transaction may; send shorter segments"},
		{CodeReadingsEarly, Refused, "a reading is earlier than the packing or, without one, the pick-up"},
		{CodeReadingsHandover, Conflict, "a reading is later than a hand-over that is offered and not yet answered; send it again when it is"},
		{CodeReadingsTime, Refused, "a reading's time is in the future or not later than the one before it"},
		{CodeExcursionUnknown, NotFound, "the shipment has no excursion of this id"},
		{CodeAcknowledgementsMany, Refused, "the caller's organisation has commented on this excursion as often as one may"},
		{CodeSimulationCustody, Malformed, "the custody that is simulated does not follow the route of the terms, in order of time"},
		{CodeSettleEarly, Refused, "readings may still arrive: settle when every device has ended its recording and what it sealed is opened, or the agreed wait is over"},
		{CodeAcceptanceClosed, Conflict, "the delivery is accepted: by the consignee, or because the agreed time is over"},
		{CodeAcceptanceInvalid, Malformed, "who accepts a delivery in part names what of the terms it does not accept; who accepts all names nothing"},
		{CodeAcceptanceNotConsignee, Forbidden, "only the consignee accepts the delivery"},
		{CodeDisputeAmount, Refused, "a claim is more than the respondent can still lose, or an offer or an award more than the claim"},
		{CodeDisputeBounds, Refused, "the shipment has as many disputes, or the dispute as much evidence, as it may have"},
		{CodeDisputeClaim, Refused, "the claim is not against a carrier of the terms, or rests on excursions that are not the carrier's"},
		{CodeDisputeClosed, Conflict, "the agreed time for claims is over, or the terms know none"},
		{CodeDisputeEnded, Conflict, "the dispute has ended"},
		{CodeDisputeNoOffer, Conflict, "the other side does not offer this amount"},
		{CodeDisputeNotSide, Forbidden, "only the claimant and the respondent agree on an amount, only the claimant withdraws, and only the arbiter decides"},
		{CodeDisputeUnknown, NotFound, "the shipment has no dispute of this number"},
		{CodeSettleDisputed, Conflict, "all that remains in escrow is in dispute"},
		{CodeSettleNotAccepted, Refused, "the consignee may still accept the delivery, or the parties dispute it: settle after the acceptance or when the agreed time is over"},
		{CodeAccountUnknown, NotFound, "the organisation has no account in this currency"},
		{CodeAmountInvalid, Malformed, "an amount is negative, zero where it may not be, or too large, or its currency is not three capital letters"},
		{CodeInsufficientFunds, Refused, "the account does not cover the amount; credits that wait count once they are collected"},
		{CodeCreditUnknown, NotFound, "no such credit waits for the organisation in this currency"},
		{CodeCreditCollected, Conflict, "the credit has been collected"},
		{CodeCreditUnproven, Refused, "the record that a credit says it comes from does not say so: the credit may be forged"},
		{CodeRedemptionExists, Conflict, "a redemption of this id exists"},
		{CodeRedemptionUnknown, NotFound, "no redemption of this id exists"},
		{CodeRedemptionNotParty, Forbidden, "only the issuer that is asked confirms or declines a redemption, and only the holder withdraws it"},
		{CodeRedemptionOver, Conflict, "the redemption has been confirmed, declined or withdrawn"},
		{CodeParticipationUnknown, NotFound, "nothing has been attested under this pseudonym and number"},
		{CodeParticipationInvalid, Malformed, "a secret or salt is not 16 to 32 random bytes, or the list of shipments is not one"},
		{CodeParticipationNone, Refused, "the caller's organisation did not take part in the shipment in this role"},
		{CodeParticipationOpen, Conflict, "a shipment that is to be attested is not settled"},
		{CodeParticipationCounted, Conflict, "a shipment has been counted under this pseudonym before"},
		{CodeDisclosureWrong, Refused, "what was shown does not open the attestation"},
		{CodeChannelExists, Conflict, "a payment channel of this id exists"},
		{CodeChannelUnknown, NotFound, "no payment channel of this id exists"},
		{CodeChannelStatus, Conflict, "the payment channel's status does not allow this"},
		{CodeChannelInvalid, Malformed, "a payment channel cannot be as described, or a list of items is not one"},
		{CodeChannelNotParty, Forbidden, "the caller's organisation is not the side of the payment channel that may do this"},
		{CodeChannelKeyPending, Conflict, "the side's last key was replaced a short time ago, and proofs by it may still be presented"},
		{CodeProofMalformed, Malformed, "the payload is not a balance proof, key statement or final balance in its one form"},
		{CodeProofWrong, Refused, "the statement was signed for another ledger, payment channel or payer"},
		{CodeProofNotNewer, Conflict, "a proof that is as new or newer is on record; its sequence and sum are in params"},
		{CodeProofContradicts, Refused, "the payer has signed two proofs that cannot both be true; report both"},
		{CodeContradictionNone, Refused, "the two proofs can both be true"},
		{CodeChallengeLate, Refused, "the time to present a newer proof is over"},
		{CodeChallengeRunning, Refused, "the time to present a newer proof is not over"},
		{CodeFinalNotCovered, Refused, "the final balance takes more from a side than it has put in"},
		{CodeItemsMismatch, Refused, "the payer has not signed a list of this hash and sum"},
		{CodeItemsRecorded, Conflict, "what the payer's payments were for is on record"},
		{CodeItemsNotParty, Refused, "payer and payee are not both parties to a shipment of the list"},
	}
}

var entries = func() map[Code]Entry {
	m := make(map[Code]Entry)
	for _, e := range Catalogue() {
		m[e.Code] = e
	}
	return m
}()

// KindOf gives the kind of a code; an unknown code is an internal fault.
func KindOf(c Code) Kind {
	if e, ok := entries[c]; ok {
		return e.Kind
	}
	return Internal
}
