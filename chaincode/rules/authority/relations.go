package authority

import "github.com/lifeledger/lifeledger/chaincode/rules/party"

// Relation is what an organisation is to a record. It is where the record has the
// organisation's MSP id.
type Relation string

// The relations.
const (
	Owner     Relation = "owner"
	Maker     Relation = "maker"
	Receiver  Relation = "receiver"
	Consignee Relation = "consignee"
	Regulator Relation = "regulator"
	Placer    Relation = "who placed the hold"
	Reporter  Relation = "who reported it"
	Recaller  Relation = "who issued the recall"
	Lender    Relation = "lender"
	Pledger   Relation = "who pledged it"
	Member    Relation = "member of the mandate"
	Carrying  Relation = "who carries an engineer's word"

	MachineOwner Relation = "owner of the machine"
	Keeper       Relation = "keeper of the configuration"
	Serving      Relation = "service company of the machine"
	ServingPart  Relation = "service company of the component"

	Itself           Relation = "the organisation itself"
	ConsortiumMember Relation = "member of the consortium"
	Verifier         Relation = "who has verified it"
	Publisher        Relation = "publisher"

	Registrar        Relation = "who registered the device"
	Issuer           Relation = "issuer"
	QuarantineIssuer Relation = "issuer of the credential"

	NamedOperator     Relation = "operator named in the request"
	NamedProvider     Relation = "provider named in the request"
	AgreementOperator Relation = "operator of the agreement"
	AgreementProvider Relation = "provider of the agreement"
	Operator          Relation = "operator"
	Provider          Relation = "provider"
	Served            Relation = "owner of what the request is about"
	ServedMachine     Relation = "owner of the machine that the request is about"
	Supplier          Relation = "supplier"
	Buyer             Relation = "buyer"

	NamedParty             Relation = "party named in the request"
	Party                  Relation = "party to the terms"
	Consignor              Relation = "consignor"
	Payer                  Relation = "payer"
	Arbiter                Relation = "arbiter"
	Custodian              Relation = "custodian"
	Offeree                Relation = "to whom the goods are offered"
	Offerer                Relation = "who offers the goods"
	ConsolidationCustodian Relation = "custodian of the consolidation"
	ConsolidationOfferee   Relation = "to whom the consolidation is offered"

	AccountHolder    Relation = "holder of the account"
	RedemptionHolder Relation = "holder of the tokens"
	RedemptionIssuer Relation = "issuer of the tokens"
	Opener           Relation = "opener of the channel"
	Counterparty     Relation = "other side of the channel"
)

// Record is a record that transactions are about: where it is, and its states.
type Record struct {
	Name   string
	Kind   string   // key prefix
	Key    []string // members of the request; "@caller" is the caller's MSP id, "@founder" the key of the consortium
	States []string // of its member "status"; the second one, where that is absent
}

// Records are the records that relations and states are of.
func Records() []Record { return records }

var records = []Record{
	{"component", "component", []string{"componentId"}, []string{"registered", "active", "decommissioning", "decommissioned"}},
	{"machine", "component", []string{"machineId"}, []string{"registered", "active", "decommissioning", "decommissioned"}},
	{"pledge", "component.pledge", []string{"componentId", "number"}, []string{"offered", "in-force", "released", "lapsed", "taken"}},
	{"concession", "component.concession", []string{"componentId", "number"}, []string{"asked", "granted", "refused"}},
	{"process", "component.process", []string{"componentId", "number"}, []string{"proposed", "confirmed", "declined"}},
	{"change of roles", "organisation.roles", []string{"mspId", "changeId"}, []string{"open", "done"}},
	{"verification", "organisation.verification", []string{"mspId", "number"}, []string{"given", "withdrawn"}},
	{"standard", "standard", []string{"publisher", "standardId", "version"}, []string{"published", "superseded", "withdrawn"}},
	{"device", "device", []string{"deviceId"}, []string{"active", "revoked"}},
	{"credential", "credential", []string{"credentialId"}, []string{"active", "revoked"}},
	{"quarantine", "statement.quarantine", []string{"issuer", "hash"}, []string{"held", "released", "rejected"}},
	{"agreement", "service.agreement", []string{"agreementId"}, []string{"proposed", "active", "declined", "ended"}},
	{"request", "service.request", []string{"requestId"}, []string{"raised", "accepted", "scheduled", "started", "done", "confirmed", "rejected", "cancelled"}},
	{"part order", "service.order", []string{"requestId"}, []string{"ordered", "promised", "delivered", "declined", "cancelled"}},
	{"shipment", "shipment", []string{"shipmentId"}, []string{"proposed", "agreed", "packed", "in-transit", "delivered", "in-dispute", "settled", "withdrawn", "cancelled", "lost"}},
	{"redemption", "redemption", []string{"redemptionId"}, []string{"requested", "confirmed", "declined", "withdrawn"}},
	{"payment channel", "paychannel", []string{"channelId"}, []string{"offered", "open", "closing", "finished", "withdrawn"}},
}

// Place is where a relation is found.
type Place struct {
	Relation Relation
	Kind     string   // key prefix of the record; "request": the request itself; "role": the organisation's
	Key      []string // as in [Record]
	Members  []string // where the MSP id is: "a.b" for a member of a member, in lists for any element
}

// Places says where each relation is found.
func Places() []Place { return places }

var terms = []string{"consignor", "consignee", "payer", "legs.carrier"}

var places = []Place{
	{Owner, "component", []string{"componentId"}, []string{"owner"}},
	{Maker, "component", []string{"componentId"}, []string{"manufacturer"}},
	{Receiver, "component", []string{"componentId"}, []string{"offeredTo"}},
	{Consignee, "component", []string{"componentId"}, []string{"consignee"}},
	{Regulator, "role", nil, []string{string(party.Regulator)}},
	{Placer, "component.hold", []string{"componentId", "holder"}, []string{"by"}},
	{Reporter, "component.finding", []string{"componentId", "number"}, []string{"by"}},
	{Recaller, "component.recall", []string{"@caller", "partNumber", "lot"}, []string{"manufacturer"}},
	{Lender, "component.pledge", []string{"componentId", "number"}, []string{"lender"}},
	{Pledger, "component.pledge", []string{"componentId", "number"}, []string{"owner"}},
	{Member, "component.mandate", []string{"componentId", "@mandate", "@tenure"}, []string{"members"}},
	{Carrying, "request", nil, []string{"envelope"}},

	{MachineOwner, "component", []string{"machineId"}, []string{"owner"}},
	{Keeper, "assembly", []string{"machineId"}, []string{"keeper"}},
	{Serving, "service.agreement", []string{"@serving"}, []string{"provider"}},
	{ServingPart, "service.agreement", []string{"@serving"}, []string{"provider"}},

	{Itself, "request", nil, []string{"mspId"}},
	{ConsortiumMember, "consortium", []string{"@founder"}, []string{"members"}},
	{Verifier, "organisation.verification", []string{"mspId", "number"}, []string{"registrar"}},
	{Publisher, "standard", []string{"publisher", "standardId", "version"}, []string{"publisher"}},

	{Registrar, "device", []string{"deviceId"}, []string{"organisation"}},
	{Issuer, "credential", []string{"credentialId"}, []string{"issuer"}},
	{QuarantineIssuer, "statement.quarantine", []string{"issuer", "hash"}, []string{"issuer"}},

	{NamedOperator, "request", nil, []string{"operator"}},
	{NamedProvider, "request", nil, []string{"provider"}},
	{AgreementOperator, "service.agreement", []string{"agreementId"}, []string{"operator"}},
	{AgreementProvider, "service.agreement", []string{"agreementId"}, []string{"provider"}},
	{Operator, "service.request", []string{"requestId"}, []string{"operator"}},
	{Provider, "service.request", []string{"requestId"}, []string{"provider"}},
	{Served, "component", []string{"@served"}, []string{"owner"}},
	{ServedMachine, "component", []string{"@servedMachine"}, []string{"owner"}},
	{Supplier, "service.order", []string{"requestId"}, []string{"supplier"}},
	{Buyer, "service.order", []string{"requestId"}, []string{"buyer"}},

	{NamedParty, "request", nil, []string{"terms.consignor", "terms.consignee", "terms.payer", "terms.legs.carrier"}},
	{Party, "shipment.terms", []string{"shipmentId"}, terms},
	{Consignor, "shipment.terms", []string{"shipmentId"}, []string{"consignor"}},
	{Consignee, "shipment.terms", []string{"shipmentId"}, []string{"consignee"}},
	{Payer, "shipment.terms", []string{"shipmentId"}, []string{"payer"}},
	{Arbiter, "shipment.terms", []string{"shipmentId"}, []string{"arbiter"}},
	{Custodian, "shipment", []string{"shipmentId"}, []string{"custody.custodian", "parts.custody.custodian"}},
	{Offeree, "shipment", []string{"shipmentId"}, []string{"offer.to", "parts.offer.to"}},
	{Offerer, "shipment", []string{"shipmentId"}, []string{"offer.by", "parts.offer.by"}},
	{ConsolidationCustodian, "consolidation", []string{"consolidationId"}, []string{"custodian"}},
	{ConsolidationOfferee, "consolidation", []string{"consolidationId"}, []string{"offer.to"}},

	{AccountHolder, "request", nil, []string{"organisation"}},
	{RedemptionHolder, "redemption", []string{"redemptionId"}, []string{"holder"}},
	{RedemptionIssuer, "redemption", []string{"redemptionId"}, []string{"issuer"}},
	{Opener, "paychannel", []string{"channelId"}, []string{"opener.organisation"}},
	{Counterparty, "paychannel", []string{"channelId"}, []string{"counterparty.organisation"}},
}
