package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/disclosure"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
)

// The kinds of record, each bound to its key prefix and to the fault that says
// there is none.
var (
	consortiums   = ledger.Kind[party.Consortium]{Name: ledger.KeyConsortium, Unknown: fault.CodeCallerUnknown}
	organisations = ledger.Kind[party.Organisation]{Name: ledger.KeyOrganisation, Unknown: fault.CodeOrgUnknown}
	roleChanges   = ledger.Kind[party.RoleChange]{Name: ledger.KeyRoleChange, Unknown: fault.CodeRoleChangeUnknown}
	verifications = ledger.Kind[party.Verification]{Name: ledger.KeyVerification, Unknown: fault.CodeVerificationUnknown}
	standings     = ledger.Kind[party.Standing]{Name: ledger.KeyStanding, Unknown: fault.CodeOrgUnknown}
	standards     = ledger.Kind[party.Standard]{Name: ledger.KeyStandard, Unknown: fault.CodeStandardUnknown}
	devices       = ledger.Kind[party.Device]{Name: ledger.KeyDevice, Unknown: fault.CodeDeviceUnknown}
	deviceKeys    = ledger.Kind[party.KeyEvent]{Name: ledger.KeyDeviceKey, Unknown: fault.CodeDeviceUnknown}
	suspicions    = ledger.Kind[party.Suspicion]{Name: ledger.KeyDeviceSuspicion, Unknown: fault.CodeDeviceUnknown}
	keyUses       = ledger.Kind[party.KeyUse]{Name: ledger.KeyDeviceKeyUse, Unknown: fault.CodeEnvelopeKey}

	credentials      = ledger.Kind[credential.Credential]{Name: ledger.KeyCredential, Unknown: fault.CodeCredentialUnknown}
	credentialEvents = ledger.Kind[credential.CredentialEvent]{Name: ledger.KeyCredentialEvent, Unknown: fault.CodeCredentialUnknown}
	tallies          = ledger.Kind[statement.Tally]{Name: ledger.KeyTally, Unknown: fault.CodeCredentialUnknown}

	statementChains = ledger.Kind[statement.StatementChain]{Name: ledger.KeyStatementChain, Unknown: fault.CodeQuarantineUnknown}
	signedRecords   = ledger.Kind[statement.StatementRecord]{Name: ledger.KeyStatement, Unknown: fault.CodeInternal}
	quarantine      = ledger.Kind[statement.QuarantinedStatement]{Name: ledger.KeyQuarantine, Unknown: fault.CodeQuarantineUnknown}
	heldEnvelopes   = ledger.Kind[api.HeldEnvelope]{Name: ledger.KeyHeldEnvelope, Unknown: fault.CodeQuarantineUnknown}

	components      = ledger.Kind[component.Component]{Name: ledger.KeyComponent, Unknown: fault.CodeComponentUnknown}
	sales           = ledger.Kind[component.Sale]{Name: ledger.KeySale, Unknown: fault.CodeComponentUnknown}
	validations     = ledger.Kind[component.Validation]{Name: ledger.KeyValidation, Unknown: fault.CodeComponentUnknown}
	componentEvents = ledger.Kind[component.LifeEvent]{Name: ledger.KeyComponentEvent, Unknown: fault.CodeComponentUnknown}
	holds           = ledger.Kind[component.Hold]{Name: ledger.KeyComponentHold, Unknown: fault.CodeHoldNone}
	recalls         = ledger.Kind[component.Recall]{Name: ledger.KeyRecall, Unknown: fault.CodeRecallNone}
	pledges         = ledger.Kind[component.PledgeRecord]{Name: ledger.KeyPledge, Unknown: fault.CodePledgeUnknown}
	retirements     = ledger.Kind[component.Retirement]{Name: ledger.KeyRetirement, Unknown: fault.CodeRetirementNone}
	documents       = ledger.Kind[component.AttachedDocument]{Name: ledger.KeyDocument, Unknown: fault.CodeComponentUnknown}
	tests           = ledger.Kind[component.TestReport]{Name: ledger.KeyTest, Unknown: fault.CodeTestUnknown}
	concessions     = ledger.Kind[component.ConcessionRecord]{Name: ledger.KeyConcession, Unknown: fault.CodeConcessionUnknown}
	processes       = ledger.Kind[component.ProcessRecord]{Name: ledger.KeyProcess, Unknown: fault.CodeProcessUnknown}
	challenges      = ledger.Kind[component.TagChallenge]{Name: ledger.KeyChallenge, Unknown: fault.CodeTagChallenge}
	tagKeys         = ledger.Kind[component.TagKey]{Name: ledger.KeyTagKey, Unknown: fault.CodeComponentUnknown}
	trails          = ledger.Kind[component.ScanTrail]{Name: ledger.KeyTrail, Unknown: fault.CodeComponentUnknown}
	scans           = ledger.Kind[component.TagScan]{Name: ledger.KeyScan, Unknown: fault.CodeComponentUnknown}
	findingLogs     = ledger.Kind[component.FindingLog]{Name: ledger.KeyFindingLog, Unknown: fault.CodeComponentUnknown}
	findings        = ledger.Kind[component.Finding]{Name: ledger.KeyFinding, Unknown: fault.CodeFindingUnknown}
	delegations     = ledger.Kind[authority.Delegation]{Name: ledger.KeyDelegation, Unknown: fault.CodeDelegationUnknown}
	accesses        = ledger.Kind[authority.AccessRecord]{Name: ledger.KeyAccess, Unknown: fault.CodeDelegationUnknown}
	mandates        = ledger.Kind[authority.Mandate]{Name: ledger.KeyMandate, Unknown: fault.CodeMandateUnknown}
	approvals       = ledger.Kind[authority.Approval]{Name: ledger.KeyApproval, Unknown: fault.CodeApprovalUnknown}
	clearances      = ledger.Kind[component.Clearance]{Name: ledger.KeyClearance, Unknown: fault.CodeRecallNone}

	assemblies     = ledger.Kind[assembly.Assembly]{Name: ledger.KeyAssembly, Unknown: fault.CodeAssemblyUnknown}
	slotPages      = ledger.Kind[assembly.SlotPage]{Name: ledger.KeySlotPage, Unknown: fault.CodeAssemblyUnknown}
	slotAsides     = ledger.Kind[assembly.Aside]{Name: ledger.KeySlotPageAside, Unknown: fault.CodeBaselineUnknown}
	slotIndex      = ledger.Kind[assembly.SlotIndex]{Name: ledger.KeySlot, Unknown: fault.CodeSlotUnknown}
	assemblyEvents = ledger.Kind[assembly.AssemblyEvent]{Name: ledger.KeyAssemblyEvent, Unknown: fault.CodeAssemblyUnknown}
	placements     = ledger.Kind[assembly.Placement]{Name: ledger.KeyPlacement, Unknown: fault.CodeComponentUnknown}
	counters       = ledger.Kind[usage.Counters]{Name: ledger.KeyCounters, Unknown: fault.CodeComponentUnknown}

	shipments        = ledger.Kind[shipment.Shipment]{Name: ledger.KeyShipment, Unknown: fault.CodeShipmentUnknown}
	terms            = ledger.Kind[shipment.Terms]{Name: ledger.KeyTerms, Unknown: fault.CodeShipmentUnknown}
	shipmentEvents   = ledger.Kind[shipment.JourneyEvent]{Name: ledger.KeyShipmentEvent, Unknown: fault.CodeShipmentUnknown}
	streams          = ledger.Kind[shipment.Stream]{Name: ledger.KeyStream, Unknown: fault.CodeShipmentUnknown}
	sessions         = ledger.Kind[shipment.SessionRecord]{Name: ledger.KeySession, Unknown: fault.CodeShipmentUnknown}
	openings         = ledger.Kind[shipment.Opening]{Name: ledger.KeyOpening, Unknown: fault.CodeShipmentUnknown}
	encryptionKeys   = ledger.Kind[party.EncryptionKey]{Name: ledger.KeyEncryptionKey, Unknown: fault.CodeEncryptionKeyUnknown}
	forks            = ledger.Kind[shipment.Fork]{Name: ledger.KeyFork, Unknown: fault.CodeShipmentUnknown}
	segments         = ledger.Kind[shipment.Segment]{Name: ledger.KeySegment, Unknown: fault.CodeShipmentUnknown}
	excursions       = ledger.Kind[shipment.Excursion]{Name: ledger.KeyExcursion, Unknown: fault.CodeExcursionUnknown}
	acknowledgements = ledger.Kind[shipment.Acknowledgement]{Name: ledger.KeyAcknowledgement, Unknown: fault.CodeExcursionUnknown}
	outcomes         = ledger.Kind[shipment.Outcome]{Name: ledger.KeyOutcome, Unknown: fault.CodeShipmentUnknown}
	goods            = ledger.Kind[shipment.Goods]{Name: ledger.KeyGoods, Unknown: fault.CodeComponentUnknown}
	statements       = ledger.Kind[shipment.Statement]{Name: ledger.KeySettlement, Unknown: fault.CodeShipmentUnknown}
	escrows          = ledger.Kind[shipment.Escrow]{Name: ledger.KeyEscrow, Unknown: fault.CodeShipmentUnknown}

	agreements = ledger.Kind[service.Agreement]{Name: ledger.KeyAgreement, Unknown: fault.CodeAgreementUnknown}
	cares      = ledger.Kind[service.Care]{Name: ledger.KeyCare, Unknown: fault.CodeComponentUnknown}
	plans      = ledger.Kind[service.Plan]{Name: ledger.KeyPlan, Unknown: fault.CodePlanUnknown}

	serviceRequests = ledger.Kind[service.ServiceRequest]{Name: ledger.KeyRequest, Unknown: fault.CodeRequestUnknown}
	requestsOf      = ledger.Kind[service.RequestOf]{Name: ledger.KeyRequestOf, Unknown: fault.CodeRequestUnknown}
	requestEvents   = ledger.Kind[service.RequestEvent]{Name: ledger.KeyRequestEvent, Unknown: fault.CodeRequestUnknown}
	serviceSteps    = ledger.Kind[service.ServiceStep]{Name: ledger.KeyStep, Unknown: fault.CodeRequestUnknown}
	bills           = ledger.Kind[service.Bill]{Name: ledger.KeyBill, Unknown: fault.CodeBillUnknown}
	servicePayments = ledger.Kind[service.ServicePayment]{Name: ledger.KeyServicePayment, Unknown: fault.CodeBillUnknown}
	conditions      = ledger.Kind[service.MonitoredCondition]{Name: ledger.KeyCondition, Unknown: fault.CodeConditionUnknown}
	partOrders      = ledger.Kind[service.PartOrder]{Name: ledger.KeyPartOrder, Unknown: fault.CodeOrderUnknown}
	certificates    = ledger.Kind[service.ReleaseCertificate]{Name: ledger.KeyCertificate, Unknown: fault.CodeCertificateUnknown}

	reviews   = ledger.Kind[shipment.Review]{Name: ledger.KeyReview, Unknown: fault.CodeShipmentUnknown}
	invoices  = ledger.Kind[shipment.Invoices]{Name: ledger.KeyInvoices, Unknown: fault.CodeShipmentUnknown}
	evidences = ledger.Kind[shipment.DisputeEvidence]{Name: ledger.KeyEvidence, Unknown: fault.CodeDisputeUnknown}

	shards   = ledger.Kind[money.Shard]{Name: ledger.KeyAccount, Unknown: fault.CodeAccountUnknown}
	spreads  = ledger.Kind[money.Spread]{Name: ledger.KeySpread, Unknown: fault.CodeAccountUnknown}
	credits  = ledger.Kind[money.Credit]{Name: ledger.KeyCredit, Unknown: fault.CodeCreditUnknown}
	waiting  = ledger.Kind[money.Waiting]{Name: ledger.KeyWaiting, Unknown: fault.CodeCreditUnknown}
	payouts  = ledger.Kind[money.Payout]{Name: ledger.KeyPayout, Unknown: fault.CodeCreditUnproven}
	postings = ledger.Kind[money.Posting]{Name: ledger.KeyPosting, Unknown: fault.CodeAccountUnknown}

	redemptions = ledger.Kind[money.Redemption]{Name: ledger.KeyRedemption, Unknown: fault.CodeRedemptionUnknown}

	replacedTerms = ledger.Kind[shipment.ReplacedTerms]{Name: ledger.KeyReplacedTerms, Unknown: fault.CodeShipmentUnknown}
	pseudonyms    = ledger.Kind[disclosure.Pseudonym]{Name: ledger.KeyPseudonym, Unknown: fault.CodeParticipationUnknown}
	attestations  = ledger.Kind[disclosure.Attestation]{Name: ledger.KeyAttestation, Unknown: fault.CodeParticipationUnknown}
	counted       = ledger.Kind[disclosure.Counted]{Name: ledger.KeyCounted, Unknown: fault.CodeParticipationUnknown}

	channels         = ledger.Kind[paychannel.PaymentChannel]{Name: ledger.KeyPayChannel, Unknown: fault.CodeChannelUnknown}
	channelEvents    = ledger.Kind[paychannel.ChannelEvent]{Name: ledger.KeyPayChannelEvent, Unknown: fault.CodeChannelUnknown}
	channelProofs    = ledger.Kind[api.ShownProofs]{Name: ledger.KeyPayChannelProof, Unknown: fault.CodeChannelUnknown}
	channelItems     = ledger.Kind[paychannel.ItemList]{Name: ledger.KeyPayChannelItems, Unknown: fault.CodeChannelUnknown}
	shipmentPayments = ledger.Kind[paychannel.ShipmentPayment]{Name: ledger.KeyShipmentPayment, Unknown: fault.CodeShipmentUnknown}
	consolidations   = ledger.Kind[shipment.Consolidation]{Name: ledger.KeyConsolidation, Unknown: fault.CodeConsolidationUnknown}

	idempotencies = ledger.Kind[Idempotency]{Name: ledger.KeyIdempotency, Unknown: fault.CodeInternal}
)
