package ledger

import (
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// Every key prefix of the product. A key is a composite key: the prefix, then
// the attributes named here. "Head" is one record per entity, overwritten by
// each transaction that changes the entity; "append-only" keys are numbered by
// a head's counter and never written twice; "once" is created and left alone.
const (
	// KeyConsortium: the word "founder". Head, changes as members become witnesses; no protection beyond the majority.
	KeyConsortium = "consortium"
	// KeyOrganisation: MSP id. Head; no protection beyond the majority.
	KeyOrganisation = "organisation"
	// KeyRoleChange: MSP id, change id. Head, changed as members agree; no protection beyond the majority, whose word it is.
	KeyRoleChange = "organisation.roles"
	// KeyVerification: MSP id, number. Numbered by the standing, which every change is written along with; no protection beyond the majority.
	KeyVerification = "organisation.verification"
	// KeyStanding: MSP id. Head, written by registrars as they verify, so that they touch no record that others' writes read; no protection beyond the majority.
	KeyStanding = "organisation.standing"
	// KeyStandard: MSP id of the publisher, standard id, version. Head, changed as it is superseded and withdrawn; no protection beyond the majority.
	KeyStandard = "standard"
	// KeyDevice: device id. Head; the registering organisation protects it.
	KeyDevice = "device"
	// KeyDeviceKey: device id, key number, status. Append-only, numbered by the device; no protection of its own.
	KeyDeviceKey = "device.key"
	// KeyDeviceKeyUse: key id. Once; no protection beyond the majority.
	KeyDeviceKeyUse = "device.key.use"
	// KeyDeviceSuspicion: device id. Head; no protection beyond the majority, since the device's owner must not be able to prevent it.
	KeyDeviceSuspicion = "device.suspicion"
	// KeyCredential: credential id. Head; the issuer protects it.
	KeyCredential = "credential"
	// KeyCredentialEvent: credential id, sequence. Append-only, numbered by the credential; no protection of its own.
	KeyCredentialEvent = "credential.event"
	// KeyTally: credential id, kind of statement. Head; no protection beyond the majority.
	KeyTally = "credential.tally"
	// KeyStatementChain: subject, signer. Head of what one signer said about one subject; no protection beyond the majority.
	KeyStatementChain = "statement.chain"
	// KeyStatement: subject, signer, sequence. Append-only, numbered by the chain; no protection of its own, the envelope is signed.
	KeyStatement = "statement"
	// KeyQuarantine: MSP id of the issuer, hash of the statement. Head, changed once, as the issuer decides; the issuer protects it.
	KeyQuarantine = "statement.quarantine"
	// KeyHeldEnvelope: MSP id of the issuer, hash of the statement. Once, with the quarantine; no protection of its own, the envelope is signed.
	KeyHeldEnvelope = "statement.quarantine.envelope"
	// KeyEncryptionKey: MSP id. Head; the organisation protects it.
	KeyEncryptionKey = "organisation.encryption"
	// KeyOpening: shipment id, device id, first sequence. Append-only, written along with the stream, which counts the openings; no protection of its own.
	KeyOpening = "shipment.opening"
	// KeySession: shipment id, device id, session number. Append-only, numbered by the stream; no protection of its own.
	KeySession = "shipment.session"
	// KeyFork: shipment id, device id, hash of the segment. Once; no protection of its own.
	KeyFork = "shipment.fork"
	// KeyComponent: component id. Head; the present owner protects it, and with it the lender of one that is pledged.
	KeyComponent = "component"
	// KeySale: component id, sequence. Append-only, numbered by the component; seller and buyer protect it.
	KeySale = "component.sale"
	// KeyComponentEvent: component id, sequence. Append-only, numbered by the component; no protection of its own.
	KeyComponentEvent = "component.event"
	// KeyValidation: component id, signer, sequence. Append-only, numbered by the statement's chain; no protection of its own, the envelope is signed.
	KeyValidation = "component.validation"
	// KeyComponentHold: component id, holder (manufacturer, owner, regulator). Head; while it is in force who holds the component protects it, so that no majority of others lifts it.
	KeyComponentHold = "component.hold"
	// KeyRecall: maker's MSP id, part number, lot or "*". Head; the maker protects it.
	KeyRecall = "component.recall"
	// KeyClearance: component id. Head; the maker protects it.
	KeyClearance = "component.clearance"
	// KeyPledge: component id, number. Numbered by the component, which every change is written along with; owner and lender protect it.
	KeyPledge = "component.pledge"
	// KeyRetirement: component id. Head; the owner protects it, until it withdraws it.
	KeyRetirement = "component.retirement"
	// KeyDocument: component id, number. Append-only, numbered by the component; who attached it protects it.
	KeyDocument = "component.document"
	// KeyTest: component id, number. Append-only, numbered by the component; the tester protects it.
	KeyTest = "component.test"
	// KeyConcession: component id, number. Numbered by the component, which every change is written along with; who asked protects it, then the maker.
	KeyConcession = "component.concession"
	// KeyProcess: component id, number. Numbered by the component, which every change is written along with; who did it protects it.
	KeyProcess = "component.process"
	// KeyDelegation: component id, delegation id ("organisation:<MSP id>", "key:<name>" or "reader:<name>"), tenure counted down; of a reader, the owner. Head; the owner who granted it protects it, and the next owner writes another.
	KeyDelegation = "component.delegation"
	// KeyAccess: component id, delegation id, number. Append-only, numbered by the chain of the holder's statements; no protection of its own, the envelope is signed.
	KeyAccess = "component.access"
	// KeyMandate: component id, transaction, tenure counted down. Head; the owner who set it protects it, and the next owner writes another.
	KeyMandate = "component.mandate"
	// KeyApproval: component id, hash of the request, of which the tenure is part. Head; the owner whose mandate it is under protects it.
	KeyApproval = "component.approval"
	// KeyChallenge: component id. Head; what the tag is to sign next, no protection beyond the majority.
	KeyChallenge = "component.challenge"
	// KeyTagKey: key id. Once, with the activation; no protection beyond the majority.
	KeyTagKey = "component.tag.key"
	// KeyTrail: component id. Head of the scans of its tag, so that a scan needs no consent of the owner's; no protection beyond the majority.
	KeyTrail = "component.trail"
	// KeyScan: component id, sequence. Append-only, numbered by the trail; no protection of its own.
	KeyScan = "component.scan"
	// KeyFindingLog: component id. Head of what does not fit with it; no protection beyond the majority, since its owner must not be able to prevent it.
	KeyFindingLog = "component.findings"
	// KeyFinding: component id, sequence. Numbered by the log, which every change is written along with; no protection of its own.
	KeyFinding = "component.finding"
	// KeyAssembly: machine id. Head of a machine's configuration; no protection beyond the majority, since it changes hands with the outermost machine.
	KeyAssembly = "assembly"
	// KeySlotPage: machine id, page. Head of up to 32 slots; no protection beyond the majority.
	KeySlotPage = "assembly.page"
	// KeySlotPageAside: machine id, page, baseline. Append-only, written along with the page, which counts the baselines; no protection of its own.
	KeySlotPageAside = "assembly.page.aside"
	// KeySlot: machine id, slot id. Once; no protection beyond the majority.
	KeySlot = "assembly.slot"
	// KeyAssemblyEvent: machine id, sequence. Append-only, numbered by the machine's head; no protection of its own.
	KeyAssemblyEvent = "assembly.event"
	// KeyPlacement: component id. Head; says in which slot of which machine a part is, no protection beyond the majority.
	KeyPlacement = "placement"
	// KeyCounters: component id. Head of a component's usage counters; no protection beyond the majority, the readings are signed.
	KeyCounters = "usage"
	// KeyAgreement: agreement id. Head, changed as it is answered and ended; operator and provider protect it.
	KeyAgreement = "service.agreement"
	// KeyCare: component id. Head; says who serves a component and what is being done to it. No protection beyond the majority, since its parts' dues change it.
	KeyCare = "service.care"
	// KeyPlan: component id. Head; says what has to be done to a component and how far that is. No protection beyond the majority, since what falls due changes it.
	KeyPlan = "service.plan"
	// KeyRequest: request id. Head; no protection beyond the majority, the work in it is signed and its payment has a record of its own.
	KeyRequest = "service.request"
	// KeyRequestOf: component id, request id. Written once with the request, so that all that was done to a component can be listed; no protection of its own.
	KeyRequestOf = "service.request.of"
	// KeyRequestEvent: request id, sequence. Append-only, numbered by the request; no protection of its own.
	KeyRequestEvent = "service.request.event"
	// KeyStep: request id, sequence. Append-only, numbered by the request; no protection of its own, the engineer signs over them.
	KeyStep = "service.step"
	// KeyBill: request id, or agreement id and component id. Head of what is paid; operator and provider protect it.
	KeyBill = "service.bill"
	// KeyServicePayment: bill id, sequence. Append-only, numbered by the bill; operator and provider protect each.
	KeyServicePayment = "service.payment"
	// KeyCondition: component id, measure. Head; the memory of the controls that follow the measure. No protection beyond the majority, the reports are signed.
	KeyCondition = "service.condition"
	// KeyPartOrder: request id. Head, made along with the request; no protection beyond the majority.
	KeyPartOrder = "service.order"
	// KeyCertificate: tracking number. Once; no protection beyond the majority, certifying staff signed it.
	KeyCertificate = "service.certificate"
	// KeyPseudonym: pseudonym. Head; no protection beyond the majority, since a policy would name the organisation.
	KeyPseudonym = "pseudonym"
	// KeyAttestation: pseudonym, sequence. Append-only, numbered by the pseudonym; no protection of its own.
	KeyAttestation = "pseudonym.attestation"
	// KeyCounted: pseudonym, a hash of the shipment id and a secret. Once; no protection beyond the majority.
	KeyCounted = "pseudonym.counted"
	// KeyPayChannel: channel id. Head; both sides protect it.
	KeyPayChannel = "paychannel"
	// KeyPayChannelEvent: channel id, sequence. Append-only, numbered by the channel; no protection of its own.
	KeyPayChannelEvent = "paychannel.event"
	// KeyPayChannelProof: channel id, sequence of the event. Append-only, numbered by the channel; no protection of its own, the envelopes are signed.
	KeyPayChannelProof = "paychannel.proof"
	// KeyPayChannelItems: channel id, payer's MSP id. Once, written with the channel, which says whether it is; no protection of its own, the payer signed its hash.
	KeyPayChannelItems = "paychannel.items"
	// KeyShipmentPayment: shipment id, channel id, payer's MSP id. Once, written with the list that it is an item of; no protection of its own.
	KeyShipmentPayment = "shipment.payment"
	// KeyShipment: shipment id. Head; changes with every hand-over, no protection beyond the majority.
	KeyShipment = "shipment"
	// KeyTerms: shipment id. Head until accepted by all; every party of the terms protects it.
	KeyTerms = "shipment.terms"
	// KeyReplacedTerms: shipment id, sequence of the event that replaced them. Append-only, numbered by the shipment; no protection of its own.
	KeyReplacedTerms = "shipment.terms.replaced"
	// KeyShipmentEvent: shipment id, sequence. Append-only, numbered by the shipment; no protection of its own.
	KeyShipmentEvent = "shipment.event"
	// KeyStream: shipment id, device id. Head of one device's readings, so that devices do not contend; no protection beyond the majority.
	KeyStream = "shipment.stream"
	// KeySegment: shipment id, device id, sequence. Append-only, numbered by the stream; no protection of its own.
	KeySegment = "shipment.segment"
	// KeyExcursion: shipment id, device id, opening sequence, limit id. Written only along with its stream or, without a device, the shipment's head, whose version orders the writes; again while it is open. No protection of its own.
	KeyExcursion = "shipment.excursion"
	// KeyAcknowledgement: shipment id, excursion id, MSP id, number. Append-only, at most eight for each organisation, which protects each.
	KeyAcknowledgement = "shipment.acknowledgement"
	// KeyOutcome: MSP id of a carrier, settlement time counted down, shipment id. Once, with the settlement; every party of the terms protects it.
	KeyOutcome = "shipment.outcome"
	// KeyConsolidation: SSCC. Head; changes with every hand-over of it, no protection beyond the majority.
	KeyConsolidation = "consolidation"
	// KeyGoods: component id. Head; says in which shipment a component travels, no protection beyond the majority.
	KeyGoods = "shipment.goods"
	// KeySettlement: shipment id. Head of the statement of account; every party of the terms protects it.
	KeySettlement = "shipment.settlement"
	// KeyReview: shipment id. Head of acceptance and disputes; exists from the agreement on where the terms leave time for them. Every party of the terms protects it.
	KeyReview = "shipment.review"
	// KeyEvidence: shipment id, dispute, number. Append-only, numbered by the review; every party of the terms protects each.
	KeyEvidence = "shipment.evidence"
	// KeyInvoices: shipment id. Once, with the final settlement; every party of the terms protects it.
	KeyInvoices = "shipment.invoices"
	// KeyAccount: MSP id, currency, shard. Head of one shard of a balance; the account's organisation protects it.
	KeyAccount = "account"
	// KeySpread: MSP id, currency. Head; says how many shards there are, the account's organisation protects it.
	KeySpread = "account.spread"
	// KeyPosting: MSP id, currency, shard, sequence. Append-only, numbered by the shard; no protection of its own.
	KeyPosting = "account.posting"
	// KeyCredit: MSP id, currency, transaction id. Made without reading anything shared, overwritten once as it is collected; the account's organisation protects it.
	KeyCredit = "account.credit"
	// KeyWaiting: MSP id, currency, transaction id. Made with the credit and removed as that is collected; no protection, it is only looked up.
	KeyWaiting = "account.waiting"
	// KeyRedemption: redemption id. Head, changed once, as it is answered or withdrawn; holder and issuer protect it.
	KeyRedemption = "redemption"
	// KeyEscrow: shipment id. Head; every party of the terms protects it.
	KeyEscrow = "escrow"
	// KeyPayout: shipment id, sequence. Append-only, numbered by the escrow; every party of the terms protects it.
	KeyPayout = "escrow.payout"
	// KeyIdempotency: MSP id, idempotency key. Once; no protection beyond the majority.
	KeyIdempotency = "idempotency"
)

// Keys lists every declared prefix. A [Kind] of any other name is refused, so a
// prefix cannot come into use without a line in this file.
func Keys() []string {
	return []string{
		KeyConsortium, KeyOrganisation, KeyRoleChange, KeyVerification, KeyStanding, KeyStandard, KeyDevice, KeyDeviceKey, KeyDeviceKeyUse, KeyDeviceSuspicion,
		KeyCredential, KeyCredentialEvent, KeyTally, KeyStatementChain, KeyStatement, KeyQuarantine, KeyHeldEnvelope,
		KeyEncryptionKey, KeyOpening, KeySession, KeyFork,
		KeyComponent, KeySale, KeyComponentEvent, KeyValidation,
		KeyComponentHold, KeyRecall, KeyClearance, KeyPledge, KeyRetirement, KeyDocument, KeyTest, KeyConcession, KeyProcess,
		KeyDelegation, KeyAccess, KeyMandate, KeyApproval,
		KeyChallenge, KeyTagKey, KeyTrail, KeyScan, KeyFindingLog, KeyFinding,
		KeyAssembly, KeySlotPage, KeySlotPageAside, KeySlot, KeyAssemblyEvent, KeyPlacement, KeyCounters,
		KeyAgreement, KeyCare, KeyPlan, KeyRequest, KeyRequestOf, KeyRequestEvent, KeyStep, KeyBill, KeyServicePayment, KeyCondition, KeyPartOrder, KeyCertificate,
		KeyPseudonym, KeyAttestation, KeyCounted, KeyPayChannel, KeyPayChannelEvent,
		KeyPayChannelProof, KeyPayChannelItems, KeyShipmentPayment, KeyShipment, KeyTerms, KeyReplacedTerms, KeyShipmentEvent, KeyStream,
		KeySegment, KeyExcursion, KeyAcknowledgement, KeyOutcome, KeyConsolidation, KeyGoods, KeySettlement, KeyReview,
		KeyEvidence, KeyInvoices, KeyAccount, KeySpread, KeyPosting, KeyCredit, KeyWaiting, KeyRedemption, KeyEscrow,
		KeyPayout, KeyIdempotency,
	}
}

// Kind is one kind of record: its key prefix, which is also the docType of the
// stored document, and the code that says a record of this kind does not exist.
type Kind[T any] struct {
	Name    string
	Unknown fault.Code
}

// The delimiters of composite keys: the first is put between attributes, the
// second ends the range of a prefix, so neither may occur inside an attribute.
const (
	minRune = "\x00"
	maxRune = string(utf8.MaxRune)
)

// maxAttribute bounds one attribute, so that a key cannot be used to store data.
const maxAttribute = 256

// Seq is a number as a key attribute: fixed width, so that key order is numeric order.
func Seq(n uint64) string {
	const digits = "00000000000000000000"
	s := []byte(digits)
	for i := len(s) - 1; n > 0; i-- {
		s[i] = byte('0' + n%10)
		n /= 10
	}
	return string(s)
}

// Millis is a time as a key attribute: milliseconds since 1970 in UTC, fixed
// width, so that key order is time order. It is for times between 1970 and
// 9999, as [Tx.Now] always is; an earlier time counts as 1970.
func Millis(t time.Time) string {
	return Seq(uint64(max(t.UnixMilli(), 0)))[5:]
}

// NewestFirst is a time as a key attribute that counts down, so that a listing
// begins with the latest.
func NewestFirst(t time.Time) string {
	const end = 253_402_300_799_999 // of the year 9999
	return Seq(uint64(end - min(max(t.UnixMilli(), 0), end)))[5:]
}

// HighestFirst is a number as a key attribute that counts down, so that a listing
// begins with the highest.
func HighestFirst(n uint64) string { return Seq(math.MaxUint64 - n) }

// compose builds the composite key of one record. An attribute that cannot be
// part of a key is the caller's mistake, since attributes come from requests.
func (t *Tx) compose(name string, attrs []string) (string, error) {
	if !slices.Contains(Keys(), name) {
		return "", fault.New(fault.CodeInternal, "key prefix %q is not declared in keys.go", name)
	}
	for _, a := range attrs {
		if !attributeOK(a) {
			return "", fault.New(fault.CodeIDInvalid, "an identifier is empty, too long, or not plain UTF-8")
		}
	}
	key, err := t.stub.CreateCompositeKey(name, attrs)
	if err != nil {
		return "", fault.New(fault.CodeIDInvalid, "an identifier cannot be part of a key").Because(err)
	}
	return key, nil
}

func attributeOK(a string) bool {
	return a != "" && len(a) <= maxAttribute && utf8.ValidString(a) &&
		!strings.Contains(a, minRune) && !strings.Contains(a, maxRune)
}
