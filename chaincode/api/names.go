package api

import "strings"

// The contracts.
const (
	Participant = "participant"
	Component   = "component"
	Shipment    = "shipment"
	Settlement  = "settlement"
	PayChannel  = "paychannel"
	Service     = "service"
)

// Transaction is the exact name under which a transaction is called, such as
// "shipment:RecordReadings". Any other spelling is refused.
type Transaction string

// The transactions that write.
const (
	AnnounceOrganisationTx Transaction = "participant:AnnounceOrganisation"
	RegisterDeviceTx       Transaction = "participant:RegisterDevice"
	RotateDeviceKeyTx      Transaction = "participant:RotateDeviceKey"
	RevokeDeviceTx         Transaction = "participant:RevokeDevice"

	ChangeRolesTx          Transaction = "participant:ChangeRoles"
	AgreeToRolesTx         Transaction = "participant:AgreeToRoles"
	VerifyOrganisationTx   Transaction = "participant:VerifyOrganisation"
	WithdrawVerificationTx Transaction = "participant:WithdrawVerification"
	PublishStandardTx      Transaction = "participant:PublishStandard"
	WithdrawStandardTx     Transaction = "participant:WithdrawStandard"

	IssueCredentialTx     Transaction = "participant:IssueCredential"
	RenewCredentialTx     Transaction = "participant:RenewCredential"
	RotateCredentialKeyTx Transaction = "participant:RotateCredentialKey"
	RevokeCredentialTx    Transaction = "participant:RevokeCredential"
	QuarantineStatementTx Transaction = "participant:QuarantineStatement"
	ReleaseStatementTx    Transaction = "participant:ReleaseStatement"
	RejectStatementTx     Transaction = "participant:RejectStatement"

	RegisterComponentTx Transaction = "component:Register"
	RecordValidationTx  Transaction = "component:RecordValidation"
	OfferOwnershipTx    Transaction = "component:OfferOwnership"
	AcceptOwnershipTx   Transaction = "component:AcceptOwnership"
	DeclineOwnershipTx  Transaction = "component:DeclineOwnership"
	RelocateComponentTx Transaction = "component:Relocate"
	PlaceHoldTx         Transaction = "component:PlaceHold"
	ReleaseHoldTx       Transaction = "component:ReleaseHold"
	DelegateTx          Transaction = "component:Delegate"
	GrantAccessTx       Transaction = "component:GrantAccess"
	GrantReadingTx      Transaction = "component:GrantReading"
	RevokeDelegationTx  Transaction = "component:RevokeDelegation"
	RecordAccessTx      Transaction = "component:RecordAccess"
	SetMandateTx        Transaction = "component:SetMandate"
	AskApprovalTx       Transaction = "component:AskApproval"
	ApproveTx           Transaction = "component:Approve"
	IssueRecallTx       Transaction = "component:IssueRecall"
	ReleaseRecallTx     Transaction = "component:ReleaseRecall"
	ClearRecallTx       Transaction = "component:ClearRecall"

	AttachDocumentTx       Transaction = "component:AttachDocument"
	OfferPledgeTx          Transaction = "component:OfferPledge"
	AcceptPledgeTx         Transaction = "component:AcceptPledge"
	EndPledgeTx            Transaction = "component:EndPledge"
	DecommissionTx         Transaction = "component:Decommission"
	ConfirmDecommissionTx  Transaction = "component:ConfirmDecommission"
	WithdrawDecommissionTx Transaction = "component:WithdrawDecommission"
	ReturnCoreTx           Transaction = "component:ReturnCore"
	RecordTestTx           Transaction = "component:RecordTest"
	AskConcessionTx        Transaction = "component:AskConcession"
	DecideConcessionTx     Transaction = "component:DecideConcession"
	RecordProcessTx        Transaction = "component:RecordProcess"
	DecideProcessTx        Transaction = "component:DecideProcess"
	ChallengeTagTx         Transaction = "component:ChallengeTag"
	ActivateComponentTx    Transaction = "component:Activate"
	RecordTagScanTx        Transaction = "component:RecordTagScan"
	ContestRegistrationTx  Transaction = "component:ContestRegistration"
	CloseFindingTx         Transaction = "component:CloseFinding"

	DefineSlotsTx           Transaction = "component:DefineSlots"
	AmendSlotsTx            Transaction = "component:AmendSlots"
	InstallPartsTx          Transaction = "component:Install"
	RemovePartsTx           Transaction = "component:Remove"
	ReplacePartTx           Transaction = "component:Replace"
	CompleteAssemblyTx      Transaction = "component:CompleteAssembly"
	HandOverConfigurationTx Transaction = "component:HandOverConfiguration"
	ReportUsageTx           Transaction = "component:ReportUsage"
	RecordMachineScanTx     Transaction = "component:RecordMachineScan"
	ReplaceMeterTx          Transaction = "component:ReplaceMeter"

	ProposeAgreementTx Transaction = "service:ProposeAgreement"
	AcceptAgreementTx  Transaction = "service:AcceptAgreement"
	DeclineAgreementTx Transaction = "service:DeclineAgreement"
	EndAgreementTx     Transaction = "service:EndAgreement"
	CoverComponentsTx  Transaction = "service:CoverComponents"

	AttachPlanTx        Transaction = "service:AttachPlan"
	ChangePlanTx        Transaction = "service:ChangePlan"
	RaiseDueTx          Transaction = "service:RaiseDue"
	ReportFaultTx       Transaction = "service:ReportFault"
	AcceptRequestTx     Transaction = "service:AcceptRequest"
	RejectRequestTx     Transaction = "service:RejectRequest"
	AssignRequestTx     Transaction = "service:AssignRequest"
	ScheduleRequestTx   Transaction = "service:ScheduleRequest"
	StartWorkTx         Transaction = "service:StartWork"
	RecordStepTx        Transaction = "service:RecordStep"
	CompleteWorkTx      Transaction = "service:CompleteWork"
	ReturnWorkTx        Transaction = "service:ReturnWork"
	ConfirmWorkTx       Transaction = "service:ConfirmWork"
	CancelRequestTx     Transaction = "service:CancelRequest"
	MarkOverdueTx       Transaction = "service:MarkOverdue"
	PayStepsTx          Transaction = "service:PaySteps"
	ChargeUsageTx       Transaction = "service:ChargeUsage"
	ReportConditionTx   Transaction = "service:ReportCondition"
	PromisePartTx       Transaction = "service:PromisePart"
	DeclinePartOrderTx  Transaction = "service:DeclinePartOrder"
	DeliverPartTx       Transaction = "service:DeliverPart"
	WithdrawPartOrderTx Transaction = "service:WithdrawPartOrder"
	IssueCertificateTx  Transaction = "service:IssueCertificate"

	ProposeShipmentTx       Transaction = "shipment:Propose"
	AcceptTermsTx           Transaction = "shipment:AcceptTerms"
	WithdrawTermsTx         Transaction = "shipment:WithdrawTerms"
	OfferHandoverTx         Transaction = "shipment:OfferHandover"
	AcceptHandoverTx        Transaction = "shipment:AcceptHandover"
	DeclineHandoverTx       Transaction = "shipment:DeclineHandover"
	AmendTermsTx            Transaction = "shipment:AmendTerms"
	RecordReadingsTx        Transaction = "shipment:RecordReadings"
	OpenSegmentsTx          Transaction = "shipment:OpenSegments"
	AnnounceEncryptionKeyTx Transaction = "participant:AnnounceEncryptionKey"
	GetEncryptionKeyTx      Transaction = "participant:GetEncryptionKey"
	AnnounceSessionKeyTx    Transaction = "shipment:AnnounceSessionKey"
	ReportForkTx            Transaction = "shipment:ReportFork"
	SettleTx                Transaction = "shipment:Settle"

	AcceptDeliveryTx   Transaction = "shipment:AcceptDelivery"
	OpenDisputeTx      Transaction = "shipment:OpenDispute"
	AddEvidenceTx      Transaction = "shipment:AddEvidence"
	OfferResolutionTx  Transaction = "shipment:OfferResolution"
	AcceptResolutionTx Transaction = "shipment:AcceptResolution"
	DecideDisputeTx    Transaction = "shipment:DecideDispute"
	WithdrawDisputeTx  Transaction = "shipment:WithdrawDispute"

	AcknowledgeExcursionTx Transaction = "shipment:AcknowledgeExcursion"

	IssueTokensTx    Transaction = "settlement:Issue"
	RedeemTokensTx   Transaction = "settlement:Redeem"
	CollectCreditsTx Transaction = "settlement:Collect"
	SpreadAccountTx  Transaction = "settlement:Spread"

	RequestRedemptionTx  Transaction = "settlement:RequestRedemption"
	ConfirmRedemptionTx  Transaction = "settlement:ConfirmRedemption"
	DeclineRedemptionTx  Transaction = "settlement:DeclineRedemption"
	WithdrawRedemptionTx Transaction = "settlement:WithdrawRedemption"

	PackTx             Transaction = "shipment:Pack"
	RecordCheckpointTx Transaction = "shipment:RecordCheckpoint"
	CancelShipmentTx   Transaction = "shipment:Cancel"
	DeclareLostTx      Transaction = "shipment:DeclareLost"
	SplitShipmentTx    Transaction = "shipment:Split"
	JoinPartTx         Transaction = "shipment:Join"

	ConsolidateTx          Transaction = "shipment:Consolidate"
	OfferConsolidationTx   Transaction = "shipment:OfferConsolidation"
	AcceptConsolidationTx  Transaction = "shipment:AcceptConsolidation"
	DeclineConsolidationTx Transaction = "shipment:DeclineConsolidation"
	DeconsolidateTx        Transaction = "shipment:Deconsolidate"

	AttestParticipationTx Transaction = "shipment:AttestParticipation"

	OpenChannelTx          Transaction = "paychannel:Open"
	AcceptChannelTx        Transaction = "paychannel:Accept"
	WithdrawChannelTx      Transaction = "paychannel:Withdraw"
	TopUpChannelTx         Transaction = "paychannel:TopUp"
	ReplaceChannelKeyTx    Transaction = "paychannel:ReplaceKey"
	PresentProofTx         Transaction = "paychannel:Present"
	CloseChannelTx         Transaction = "paychannel:Close"
	ReportContradictionTx  Transaction = "paychannel:ReportContradiction"
	FinishChannelTx        Transaction = "paychannel:Finish"
	FinishChannelJointlyTx Transaction = "paychannel:FinishJointly"
	ItemiseChannelTx       Transaction = "paychannel:Itemise"
)

// The transactions that only read.
const (
	PingTx              Transaction = "participant:Ping"
	GetRecordsTx        Transaction = "participant:GetRecords"
	FindRecordsTx       Transaction = "participant:FindRecords"
	GetOrganisationTx   Transaction = "participant:GetOrganisation"
	ListOrganisationsTx Transaction = "participant:ListOrganisations"
	GetDeviceTx         Transaction = "participant:GetDevice"
	DeviceHistoryTx     Transaction = "participant:DeviceHistory"

	ListRoleChangesTx   Transaction = "participant:ListRoleChanges"
	ListVerificationsTx Transaction = "participant:ListVerifications"
	GetStandardTx       Transaction = "participant:GetStandard"
	ListStandardsTx     Transaction = "participant:ListStandards"

	GetCredentialTx     Transaction = "participant:GetCredential"
	ListCredentialsTx   Transaction = "participant:ListCredentials"
	CredentialHistoryTx Transaction = "participant:CredentialHistory"
	ListTalliesTx       Transaction = "participant:ListTallies"
	GetKeyHolderTx      Transaction = "participant:GetKeyHolder"
	GetStatementChainTx Transaction = "participant:GetStatementChain"
	ListStatementsTx    Transaction = "participant:ListStatements"
	GetQuarantinedTx    Transaction = "participant:GetQuarantined"
	ListQuarantineTx    Transaction = "participant:ListQuarantine"

	GetComponentTx     Transaction = "component:Get"
	ComponentHistoryTx Transaction = "component:History"
	ListValidationsTx  Transaction = "component:ListValidations"
	ListHoldsTx        Transaction = "component:ListHolds"
	GetDelegationTx    Transaction = "component:GetDelegation"
	ListDelegationsTx  Transaction = "component:ListDelegations"
	CheckReadingTx     Transaction = "component:CheckReading"
	ListAccessesTx     Transaction = "component:ListAccesses"
	ListMandatesTx     Transaction = "component:ListMandates"
	GetApprovalTx      Transaction = "component:GetApproval"
	ListRecallsTx      Transaction = "component:ListRecalls"
	ListDocumentsTx    Transaction = "component:ListDocuments"
	ListPledgesTx      Transaction = "component:ListPledges"
	GetRetirementTx    Transaction = "component:GetRetirement"
	ListTestsTx        Transaction = "component:ListTests"
	ListConcessionsTx  Transaction = "component:ListConcessions"
	ListProcessesTx    Transaction = "component:ListProcesses"
	GetChallengeTx     Transaction = "component:GetChallenge"
	ListTagScansTx     Transaction = "component:ListTagScans"
	ListFindingsTx     Transaction = "component:ListFindings"
	VerifyComponentTx  Transaction = "component:Verify"
	GetMemoryTx        Transaction = "component:GetMemory"
	CheckMemoryTx      Transaction = "component:CheckMemory"

	GetAssemblyTx     Transaction = "component:GetAssembly"
	AssemblyHistoryTx Transaction = "component:AssemblyHistory"
	ListSlotsTx       Transaction = "component:ListSlots"
	WhereUsedTx       Transaction = "component:WhereUsed"
	UsesTx            Transaction = "component:Uses"
	GetUsageTx        Transaction = "component:GetUsage"

	GetAgreementTx        Transaction = "service:GetAgreement"
	GetCareTx             Transaction = "service:GetCare"
	GetPlanTx             Transaction = "service:GetPlan"
	GetPlanDueTx          Transaction = "service:GetPlanDue"
	GetRequestTx          Transaction = "service:GetRequest"
	RequestHistoryTx      Transaction = "service:RequestHistory"
	ListStepsTx           Transaction = "service:ListSteps"
	GetBillTx             Transaction = "service:GetBill"
	ListServicePaymentsTx Transaction = "service:ListPayments"
	GetUsageBillTx        Transaction = "service:GetUsageBill"
	ListUsageChargesTx    Transaction = "service:ListUsageCharges"
	GetConditionTx        Transaction = "service:GetCondition"
	GetPartOrderTx        Transaction = "service:GetPartOrder"
	GetCertificateTx      Transaction = "service:GetCertificate"

	GetShipmentTx     Transaction = "shipment:Get"
	GetTermsTx        Transaction = "shipment:GetTerms"
	ShipmentHistoryTx Transaction = "shipment:History"
	GetStreamTx       Transaction = "shipment:GetStream"
	ListSegmentsTx    Transaction = "shipment:ListSegments"
	ListSessionsTx    Transaction = "shipment:ListSessions"
	ListForksTx       Transaction = "shipment:ListForks"
	ListExcursionsTx  Transaction = "shipment:ListExcursions"
	GetStatementTx    Transaction = "shipment:GetStatement"

	SimulateTx             Transaction = "shipment:Simulate"
	GetRatingTx            Transaction = "shipment:GetRating"
	TrackTx                Transaction = "shipment:Track"
	ListTemplatesTx        Transaction = "shipment:ListTemplates"
	ListAcknowledgementsTx Transaction = "shipment:ListAcknowledgements"

	GetReviewTx    Transaction = "shipment:GetReview"
	ListEvidenceTx Transaction = "shipment:ListEvidence"
	GetDueTx       Transaction = "shipment:GetDue"
	GetInvoicesTx  Transaction = "shipment:GetInvoices"

	ListOffersTx       Transaction = "shipment:ListOffers"
	GetConsolidationTx Transaction = "shipment:GetConsolidation"

	GetAccountTx   Transaction = "settlement:GetAccount"
	ListPostingsTx Transaction = "settlement:ListPostings"
	ListCreditsTx  Transaction = "settlement:ListCredits"

	GetRedemptionTx Transaction = "settlement:GetRedemption"

	GetAttestationTx   Transaction = "shipment:GetAttestation"
	ListAttestationsTx Transaction = "shipment:ListAttestations"
	CheckDisclosureTx  Transaction = "shipment:CheckDisclosure"

	GetChannelTx           Transaction = "paychannel:Get"
	ChannelHistoryTx       Transaction = "paychannel:History"
	ListProofsTx           Transaction = "paychannel:ListProofs"
	GetItemsTx             Transaction = "paychannel:GetItems"
	ListShipmentPaymentsTx Transaction = "paychannel:ListPayments"
)

// Access says whether a transaction may write.
type Access struct {
	Name   Transaction
	Writes bool
}

// Transactions lists every transaction there is.
func Transactions() []Access {
	return []Access{
		{AnnounceOrganisationTx, true}, {RegisterDeviceTx, true}, {RotateDeviceKeyTx, true}, {RevokeDeviceTx, true},
		{ChangeRolesTx, true}, {AgreeToRolesTx, true}, {VerifyOrganisationTx, true}, {WithdrawVerificationTx, true}, {PublishStandardTx, true}, {WithdrawStandardTx, true},
		{ListRoleChangesTx, false}, {ListVerificationsTx, false}, {GetStandardTx, false}, {ListStandardsTx, false},
		{IssueCredentialTx, true}, {RenewCredentialTx, true}, {RotateCredentialKeyTx, true}, {RevokeCredentialTx, true},
		{QuarantineStatementTx, true}, {ReleaseStatementTx, true}, {RejectStatementTx, true}, {RecordValidationTx, true},
		{GetCredentialTx, false}, {ListCredentialsTx, false}, {CredentialHistoryTx, false}, {ListTalliesTx, false}, {GetKeyHolderTx, false},
		{GetStatementChainTx, false}, {ListStatementsTx, false}, {GetQuarantinedTx, false}, {ListQuarantineTx, false}, {ListValidationsTx, false},
		{RegisterComponentTx, true}, {OfferOwnershipTx, true}, {AcceptOwnershipTx, true}, {DeclineOwnershipTx, true},
		{DefineSlotsTx, true}, {AmendSlotsTx, true}, {InstallPartsTx, true}, {RemovePartsTx, true}, {ReplacePartTx, true}, {CompleteAssemblyTx, true},
		{HandOverConfigurationTx, true}, {ReportUsageTx, true}, {ReplaceMeterTx, true}, {RecordMachineScanTx, true},
		{ProposeAgreementTx, true}, {AcceptAgreementTx, true}, {DeclineAgreementTx, true}, {EndAgreementTx, true}, {CoverComponentsTx, true},
		{RelocateComponentTx, true}, {PlaceHoldTx, true}, {ReleaseHoldTx, true}, {IssueRecallTx, true}, {ReleaseRecallTx, true}, {ClearRecallTx, true},
		{DelegateTx, true}, {GrantAccessTx, true}, {GrantReadingTx, true}, {RevokeDelegationTx, true}, {RecordAccessTx, true}, {SetMandateTx, true}, {AskApprovalTx, true}, {ApproveTx, true},
		{AttachDocumentTx, true}, {OfferPledgeTx, true}, {AcceptPledgeTx, true}, {EndPledgeTx, true}, {DecommissionTx, true}, {ConfirmDecommissionTx, true},
		{WithdrawDecommissionTx, true}, {ReturnCoreTx, true}, {RecordTestTx, true}, {AskConcessionTx, true}, {DecideConcessionTx, true}, {RecordProcessTx, true},
		{DecideProcessTx, true},
		{ChallengeTagTx, true}, {ActivateComponentTx, true}, {RecordTagScanTx, true}, {ContestRegistrationTx, true}, {CloseFindingTx, true},
		{AttachPlanTx, true}, {ChangePlanTx, true}, {RaiseDueTx, true}, {ReportFaultTx, true}, {AcceptRequestTx, true}, {RejectRequestTx, true}, {AssignRequestTx, true},
		{ScheduleRequestTx, true}, {StartWorkTx, true}, {RecordStepTx, true}, {CompleteWorkTx, true}, {ReturnWorkTx, true}, {ConfirmWorkTx, true},
		{CancelRequestTx, true}, {MarkOverdueTx, true}, {PayStepsTx, true}, {ChargeUsageTx, true}, {ReportConditionTx, true}, {PromisePartTx, true},
		{DeclinePartOrderTx, true}, {DeliverPartTx, true}, {WithdrawPartOrderTx, true}, {IssueCertificateTx, true},
		{ProposeShipmentTx, true}, {AcceptTermsTx, true}, {WithdrawTermsTx, true}, {OfferHandoverTx, true},
		{AcceptHandoverTx, true}, {DeclineHandoverTx, true}, {RecordReadingsTx, true}, {SettleTx, true},
		{AcknowledgeExcursionTx, true},
		{AcceptDeliveryTx, true}, {OpenDisputeTx, true}, {AddEvidenceTx, true}, {OfferResolutionTx, true},
		{AcceptResolutionTx, true}, {DecideDisputeTx, true}, {WithdrawDisputeTx, true},
		{IssueTokensTx, true}, {RedeemTokensTx, true}, {CollectCreditsTx, true}, {SpreadAccountTx, true},
		{RequestRedemptionTx, true}, {ConfirmRedemptionTx, true}, {DeclineRedemptionTx, true}, {WithdrawRedemptionTx, true},
		{AttestParticipationTx, true},
		{AmendTermsTx, true}, {PackTx, true}, {RecordCheckpointTx, true}, {CancelShipmentTx, true}, {DeclareLostTx, true},
		{SplitShipmentTx, true}, {JoinPartTx, true}, {ConsolidateTx, true}, {OfferConsolidationTx, true}, {AcceptConsolidationTx, true},
		{DeclineConsolidationTx, true}, {DeconsolidateTx, true},
		{OpenChannelTx, true}, {AcceptChannelTx, true}, {WithdrawChannelTx, true}, {TopUpChannelTx, true}, {ReplaceChannelKeyTx, true},
		{PresentProofTx, true}, {CloseChannelTx, true}, {ReportContradictionTx, true}, {FinishChannelTx, true},
		{FinishChannelJointlyTx, true}, {ItemiseChannelTx, true},
		{OpenSegmentsTx, true}, {AnnounceEncryptionKeyTx, true}, {GetEncryptionKeyTx, false},
		{AnnounceSessionKeyTx, true}, {ReportForkTx, true}, {ListSessionsTx, false}, {ListForksTx, false},
		{PingTx, false}, {GetRecordsTx, false}, {FindRecordsTx, false}, {GetOrganisationTx, false}, {ListOrganisationsTx, false}, {GetDeviceTx, false}, {DeviceHistoryTx, false},
		{GetComponentTx, false}, {ComponentHistoryTx, false},
		{GetAssemblyTx, false}, {AssemblyHistoryTx, false}, {ListSlotsTx, false}, {WhereUsedTx, false}, {UsesTx, false}, {GetUsageTx, false},
		{GetAgreementTx, false}, {GetCareTx, false},
		{ListHoldsTx, false}, {ListRecallsTx, false},
		{GetDelegationTx, false}, {ListDelegationsTx, false}, {CheckReadingTx, false}, {ListAccessesTx, false}, {ListMandatesTx, false}, {GetApprovalTx, false},
		{ListDocumentsTx, false}, {ListPledgesTx, false}, {GetRetirementTx, false}, {ListTestsTx, false}, {ListConcessionsTx, false}, {ListProcessesTx, false},
		{GetChallengeTx, false}, {ListTagScansTx, false}, {ListFindingsTx, false}, {VerifyComponentTx, false}, {GetMemoryTx, false}, {CheckMemoryTx, false},
		{GetPlanTx, false}, {GetPlanDueTx, false}, {GetRequestTx, false}, {RequestHistoryTx, false}, {ListStepsTx, false}, {GetBillTx, false}, {ListServicePaymentsTx, false},
		{GetUsageBillTx, false}, {ListUsageChargesTx, false}, {GetConditionTx, false}, {GetPartOrderTx, false}, {GetCertificateTx, false},
		{GetShipmentTx, false}, {GetTermsTx, false}, {ShipmentHistoryTx, false}, {GetStreamTx, false}, {ListSegmentsTx, false},
		{ListExcursionsTx, false}, {GetStatementTx, false},
		{ListAcknowledgementsTx, false},
		{SimulateTx, false}, {GetRatingTx, false}, {TrackTx, false}, {ListTemplatesTx, false},
		{GetReviewTx, false}, {ListEvidenceTx, false}, {GetDueTx, false},
		{GetAccountTx, false}, {ListPostingsTx, false}, {ListCreditsTx, false}, {GetRedemptionTx, false},
		{GetAttestationTx, false}, {ListAttestationsTx, false}, {CheckDisclosureTx, false},
		{ListOffersTx, false}, {GetConsolidationTx, false},
		{GetInvoicesTx, false},
		{GetChannelTx, false}, {ChannelHistoryTx, false}, {ListProofsTx, false}, {GetItemsTx, false}, {ListShipmentPaymentsTx, false},
	}
}

// Contract is the part before the colon.
func (t Transaction) Contract() string {
	contract, _, _ := strings.Cut(string(t), ":")
	return contract
}

// Events, one for each transaction that writes; facts[] holds what happened.
const (
	OrganisationAnnouncedEvent  = "participant.organisation-announced.v1"
	RolesChangedEvent           = "participant.roles-changed.v1"
	VerificationChangedEvent    = "participant.verification-changed.v1"
	StandardChangedEvent        = "participant.standard-changed.v1"
	DeviceRegisteredEvent       = "participant.device-registered.v1"
	DeviceKeyRotatedEvent       = "participant.device-key-rotated.v1"
	DeviceRevokedEvent          = "participant.device-revoked.v1"
	CredentialIssuedEvent       = "participant.credential-issued.v1"
	CredentialRenewedEvent      = "participant.credential-renewed.v1"
	CredentialKeyRotatedEvent   = "participant.credential-key-rotated.v1"
	CredentialRevokedEvent      = "participant.credential-revoked.v1"
	StatementQuarantinedEvent   = "participant.statement-quarantined.v1"
	StatementDecidedEvent       = "participant.statement-decided.v1"
	ComponentRegisteredEvent    = "component.registered.v1"
	ComponentValidatedEvent     = "component.validated.v1"
	OwnershipChangedEvent       = "component.ownership-changed.v1"
	AgreementChangedEvent       = "service.agreement-changed.v1"
	ComponentChangedEvent       = "component.changed.v1"
	HoldChangedEvent            = "component.hold-changed.v1"
	RecallChangedEvent          = "component.recall-changed.v1"
	DelegationChangedEvent      = "component.delegation-changed.v1"
	AccessRecordedEvent         = "component.access-recorded.v1"
	MandateChangedEvent         = "component.mandate-changed.v1"
	RetirementChangedEvent      = "component.retirement-changed.v1"
	TagChallengedEvent          = "component.tag-challenged.v1"
	TagScannedEvent             = "component.tag-scanned.v1"
	FindingChangedEvent         = "component.finding-changed.v1"
	AssemblyChangedEvent        = "component.assembly-changed.v1"
	UsageReportedEvent          = "component.usage-reported.v1"
	MachineScannedEvent         = "component.machine-scanned.v1"
	PlanChangedEvent            = "service.plan-changed.v1"
	RequestsRaisedEvent         = "service.requests-raised.v1"
	RequestChangedEvent         = "service.request-changed.v1"
	UsageChargedEvent           = "service.usage-charged.v1"
	ConditionReportedEvent      = "service.condition-reported.v1"
	PartOrderChangedEvent       = "service.part-order-changed.v1"
	CertificateIssuedEvent      = "service.certificate-issued.v1"
	TermsChangedEvent           = "shipment.terms-changed.v1"
	CustodyChangedEvent         = "shipment.custody-changed.v1"
	SegmentsOpenedEvent         = "shipment.segments-opened.v1"
	EncryptionKeyAnnouncedEvent = "participant.encryption-key-announced.v1"
	SessionKeyAnnouncedEvent    = "shipment.session-key-announced.v1"
	ForkReportedEvent           = "shipment.fork-reported.v1"
	ReadingsRecordedEvent       = "shipment.readings-recorded.v1"
	ExcursionAcknowledgedEvent  = "shipment.excursion-acknowledged.v1"
	ShipmentSettledEvent        = "shipment.settled.v1"
	PartlyReleasedEvent         = "shipment.partly-released.v1"
	DeliveryAcceptedEvent       = "shipment.delivery-accepted.v1"
	DisputeChangedEvent         = "shipment.dispute-changed.v1"
	CheckpointPassedEvent       = "shipment.checkpoint-passed.v1"
	ShipmentEndedEvent          = "shipment.ended.v1"
	PartsChangedEvent           = "shipment.parts-changed.v1"
	ConsolidationChangedEvent   = "shipment.consolidation-changed.v1"
	TokensChangedEvent          = "settlement.tokens-changed.v1"
	CreditsCollectedEvent       = "settlement.credits-collected.v1"
	AccountSpreadEvent          = "settlement.account-spread.v1"
	RedemptionChangedEvent      = "settlement.redemption-changed.v1"
	PayChannelChangedEvent      = "paychannel.changed.v1"
	ParticipationAttestedEvent  = "shipment.participation-attested.v1"
)

// Bounds of what a transaction takes, held by the guard and by the gateway.
const (
	MaxArgument       = 256 << 10 // bytes of the one JSON argument
	MaxEnvelopes      = 16        // in one RecordReadings
	MaxIdempotencyKey = 64
	MaxPage           = 200
	MaxRecords        = 32 // in one GetRecords
)
