package authn

import (
	"slices"
	"strings"
)

// Role is what a principal does in its organisation.
type Role string

// The roles. Others in a token are ignored.
const (
	Operator Role = "operator" // everything
	Admin    Role = "admin"    // everything
	Device   Role = "device"   // brings its readings, announces its keys, reads what it needs for that
	Auditor  Role = "auditor"  // reads everything
	Reader   Role = "reader"   // belongs to no member; reads what an owner lets it. No access token gives this
)

// Permission is one row of the table: any of the roles may call the operation.
type Permission struct {
	Operation string // operationId in openapi.yaml
	Roles     []Role
}

// Permissions is the whole table: who may call what. It keeps mistakes and lost
// tokens small; what the organisation may do is decided on the ledger.
func Permissions() []Permission {
	staff := []Role{Operator, Admin}
	reads := []Role{Operator, Admin, Auditor}
	devices := []Role{Operator, Admin, Device}
	all := []Role{Operator, Admin, Auditor, Device}
	return []Permission{
		{"GetLedger", all},
		{"GetOperation", all}, // a device sees its own only
		{"GetRecords", reads},
		{"FindRecords", reads},
		{"GetReadModel", reads},
		{"ListParked", reads},
		{"AcceptParked", staff},
		{"ExplainRecords", reads},

		{"ListEntities", reads},
		{"AskInOneLine", reads},
		{"AskQuestion", reads},
		{"ExportInOneLine", reads},
		{"ExportQuestion", reads},
		{"ListSavedQueries", reads},
		{"GetSavedQuery", reads},
		{"SaveQuery", reads}, // it is the gateway's, and writes nothing to the ledger
		{"DeleteSavedQuery", reads},
		{"AnswerSavedQuery", reads},
		{"FollowSavedQuery", reads},
		{"GetPassport", reads},
		{"GetChanges", reads},
		{"GetTimeline", reads},
		{"ListDues", reads},

		{"ListContacts", reads},
		{"GetContact", reads},
		{"PutContact", staff},
		{"DeleteContact", staff},

		{"ListOrganisations", reads},
		{"GetOrganisation", reads},
		{"AnnounceOrganisation", staff},
		{"ChangeRoles", staff},
		{"AgreeToRoles", staff},
		{"ListRoleChanges", reads},
		{"VerifyOrganisation", staff},
		{"WithdrawVerification", staff},
		{"ListVerifications", reads},
		{"PublishStandard", staff},
		{"WithdrawStandard", staff},
		{"GetStandard", reads},
		{"ListStandards", reads},

		{"RegisterDevice", devices},
		{"GetDevice", all},
		{"GetDeviceHistory", all},
		{"RotateDeviceKey", devices},
		{"RevokeDevice", staff},

		{"IssueCredential", staff},
		{"ListCredentials", reads},
		{"GetCredential", all},
		{"GetCredentialHistory", reads},
		{"ListTallies", reads},
		{"RenewCredential", staff},
		{"RotateCredentialKey", staff},
		{"RevokeCredential", staff},
		{"GetKeyHolder", all},
		{"QuarantineStatement", devices},
		{"ListQuarantine", reads},
		{"GetQuarantined", reads},
		{"ReleaseStatement", staff},
		{"RejectStatement", staff},
		{"ListStatements", reads},
		{"GetStatementChain", all},

		{"RegisterComponent", staff},
		{"RecordValidation", devices},
		{"ListValidations", reads},
		{"GetComponent", reads},
		{"GetComponentHistory", reads},
		{"OfferOwnership", staff},
		{"AcceptOwnership", staff},
		{"DeclineOwnership", staff},
		{"ChallengeTag", devices},
		{"GetChallenge", all},
		{"ActivateComponent", staff},
		{"RecordTagScan", devices},
		{"ListTagScans", reads},
		{"ContestRegistration", staff},
		{"ListFindings", reads},
		{"CloseFinding", staff},
		{"VerifyComponent", all},
		{"GetMemory", reads},
		{"NotariseMemory", reads},
		{"CheckMemory", all},
		{"GetAssembly", reads},
		{"GetAssemblyHistory", reads},
		{"ListSlots", reads},
		{"ListUses", reads},
		{"GetWhereUsed", reads},
		{"GetUsage", reads},
		{"DefineSlots", staff},
		{"AmendSlots", staff},
		{"InstallParts", staff},
		{"RemoveParts", staff},
		{"ReplacePart", staff},
		{"CompleteAssembly", staff},
		{"HandOverConfiguration", staff},
		{"ReplaceMeter", staff},
		{"ReportUsage", devices},
		{"RecordMachineScan", devices},
		{"ProposeAgreement", staff},
		{"GetAgreement", reads},
		{"AcceptAgreement", staff},
		{"DeclineAgreement", staff},
		{"EndAgreement", staff},
		{"CoverComponents", staff},
		{"GetCare", reads},
		{"GetPlan", reads},
		{"AttachPlan", staff},
		{"ChangePlan", staff},
		{"GetPlanDue", reads},
		{"RaiseDue", staff},
		{"ReportCondition", devices},
		{"GetCondition", all},
		{"ReportFault", staff},
		{"GetRequest", all},
		{"GetRequestHistory", reads},
		{"AcceptRequest", staff},
		{"RejectRequest", staff},
		{"AssignRequest", staff},
		{"ScheduleRequest", staff},
		{"StartWork", staff},
		{"ListSteps", all},
		{"RecordStep", staff},
		{"CompleteWork", staff},
		{"ReturnWork", staff},
		{"ConfirmWork", staff},
		{"CancelRequest", staff},
		{"MarkOverdue", staff},
		{"GetBill", reads},
		{"ListServicePayments", reads},
		{"PaySteps", staff},
		{"GetUsageBill", reads},
		{"ListUsageCharges", reads},
		{"ChargeUsage", staff},
		{"GetPartOrder", reads},
		{"PromisePart", staff},
		{"DeclinePartOrder", staff},
		{"DeliverPart", staff},
		{"WithdrawPartOrder", staff},
		{"IssueCertificate", staff},
		{"GetCertificate", reads},
		{"AttachDocument", staff},
		{"ListDocuments", reads},
		{"OfferPledge", staff},
		{"ListPledges", reads},
		{"AcceptPledge", staff},
		{"EndPledge", staff},
		{"DecommissionComponent", staff},
		{"GetRetirement", reads},
		{"ConfirmDecommission", staff},
		{"WithdrawDecommission", staff},
		{"ReturnCore", staff},
		{"RecordTest", staff},
		{"ListTests", reads},
		{"AskConcession", staff},
		{"ListConcessions", reads},
		{"DecideConcession", staff},
		{"RecordProcess", staff},
		{"ListProcesses", reads},
		{"DecideProcess", staff},
		{"RelocateComponent", staff},
		{"PlaceHold", staff},
		{"ListHolds", reads},
		{"ReleaseHold", staff},
		{"Delegate", staff},
		{"GrantAccess", staff},
		{"GrantReading", staff},
		{"CheckReading", reads},
		{"ReadPassport", []Role{Reader}},
		{"ReadTimeline", []Role{Reader}},
		{"ListDelegations", reads},
		{"GetDelegation", all},
		{"RevokeDelegation", staff},
		{"RecordAccess", devices},
		{"ListAccesses", reads},
		{"SetMandate", staff},
		{"ListMandates", reads},
		{"AskApproval", staff},
		{"GetApproval", reads},
		{"ApproveRequest", staff},
		{"IssueRecall", staff},
		{"ReleaseRecall", staff},
		{"ListRecalls", reads},
		{"ClearRecall", staff},

		{"ProposeShipment", staff},
		{"GetShipment", all},
		{"GetTerms", all},
		{"GetShipmentHistory", reads},
		{"AcceptTerms", staff},
		{"WithdrawTerms", staff},
		{"OfferHandover", staff},
		{"AcceptHandover", staff},
		{"DeclineHandover", staff},
		{"RecordReadings", devices},
		{"OpenSegments", staff},
		{"AnnounceEncryptionKey", staff},
		{"GetEncryptionKey", all},
		{"AnnounceSessionKey", devices},
		{"ListSessions", all},
		{"ReportFork", devices},
		{"ListForks", all},
		{"GetStream", all},
		{"ListSegments", all},
		{"ListExcursions", reads},
		{"SimulateShipment", reads},
		{"GetRating", reads},
		{"ListTemplates", reads},
		{"TrackShipment", reads},
		{"AcknowledgeExcursion", staff},
		{"ListAcknowledgements", reads},
		{"GetStatement", reads},
		{"NotariseStatement", reads},
		{"SettleShipment", staff},

		{"AmendTerms", staff},
		{"ListOffers", reads},
		{"AcceptDelivery", staff},
		{"GetReview", reads},
		{"GetDue", reads},
		{"GetInvoices", reads},
		{"GetJourneyStatement", reads},
		{"OpenDispute", staff},
		{"ListEvidence", reads},
		{"AddEvidence", staff},
		{"OfferResolution", staff},
		{"AcceptResolution", staff},
		{"DecideDispute", staff},
		{"WithdrawDispute", staff},
		{"PackShipment", staff},
		{"RecordCheckpoint", staff},
		{"CancelShipment", staff},
		{"DeclareLost", staff},
		{"SplitShipment", staff},
		{"JoinPart", staff},
		{"Consolidate", staff},
		{"GetConsolidation", reads},
		{"OfferConsolidation", staff},
		{"AcceptConsolidation", staff},
		{"DeclineConsolidation", staff},
		{"Deconsolidate", staff},

		{"GetAccount", reads},
		{"ListPostings", reads},
		{"IssueTokens", staff},
		{"RedeemTokens", staff},
		{"ListCredits", reads},
		{"CollectCredits", staff},
		{"SpreadAccount", staff},
		{"RequestRedemption", staff},
		{"GetRedemption", reads},
		{"ConfirmRedemption", staff},
		{"DeclineRedemption", staff},
		{"WithdrawRedemption", staff},

		{"AttestParticipation", staff},
		{"ExportShipment", staff},
		{"GetAttestation", reads},
		{"ListAttestations", reads},
		{"CheckDisclosure", reads},

		{"OpenChannel", staff},
		{"GetChannel", reads},
		{"GetChannelHistory", reads},
		{"AcceptChannel", staff},
		{"WithdrawChannel", staff},
		{"TopUpChannel", staff},
		{"ReplaceChannelKey", staff},
		{"ListProofs", reads},
		{"PresentProof", staff},
		{"CloseChannel", staff},
		{"ReportContradiction", staff},
		{"FinishChannel", staff},
		{"FinishChannelJointly", staff},
		{"ItemiseChannel", staff},
		{"GetItems", reads},
		{"ListShipmentPayments", reads},
	}
}

var permissions = func() map[string][]Role {
	m := make(map[string][]Role)
	for _, p := range Permissions() {
		m[p.Operation] = p.Roles
	}
	return m
}()

// May reports whether the principal may call the operation. An operation that
// the table does not name is nobody's.
func (p Principal) May(operation string) bool { return p.Has(permissions[operation]...) }

// Allowed names the roles that may call the operation, for who may not.
func Allowed(operation string) string {
	var names []string
	for _, r := range permissions[operation] {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// Has reports whether the principal has one of the roles.
func (p Principal) Has(roles ...Role) bool {
	return slices.ContainsFunc(p.Roles, func(r Role) bool { return slices.Contains(roles, r) })
}
