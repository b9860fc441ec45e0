package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
)

// exchange is what an operation is on the ledger, with the examples of openapi.yaml as its input.
type exchange struct {
	operation string
	tx        ledgerapi.Transaction
	entities  string // of a write, separated by blanks
	location  string
}

var exchanges = []exchange{
	{"GetLedger", ledgerapi.PingTx, "", ""},
	{"GetRecords", ledgerapi.GetRecordsTx, "", ""},
	{"FindRecords", ledgerapi.FindRecordsTx, "", ""},
	{"ListOrganisations", ledgerapi.ListOrganisationsTx, "", ""},
	{"GetOrganisation", ledgerapi.GetOrganisationTx, "", ""},
	{"AnnounceOrganisation", ledgerapi.AnnounceOrganisationTx, "consortium", "/v1/organisations/ShipperMSP"},
	{"ChangeRoles", ledgerapi.ChangeRolesTx, "organisation/ShipperMSP", "/v1/organisations/ShipperMSP/role-changes"},
	{"AgreeToRoles", ledgerapi.AgreeToRolesTx, "organisation/ShipperMSP", ""},
	{"ListRoleChanges", ledgerapi.ListRoleChangesTx, "", ""},
	{"VerifyOrganisation", ledgerapi.VerifyOrganisationTx, "organisation/ShipperMSP", "/v1/organisations/ShipperMSP/verifications"},
	{"WithdrawVerification", ledgerapi.WithdrawVerificationTx, "organisation/ShipperMSP", ""},
	{"ListVerifications", ledgerapi.ListVerificationsTx, "", ""},
	{"PublishStandard", ledgerapi.PublishStandardTx, "standard/ShipperMSP/LL-17", "/v1/standards/ShipperMSP/LL-17/2026"},
	{"GetStandard", ledgerapi.GetStandardTx, "", ""},
	{"WithdrawStandard", ledgerapi.WithdrawStandardTx, "standard/StandardsMSP/LL-17", ""},
	{"ListStandards", ledgerapi.ListStandardsTx, "", ""},
	{"RegisterDevice", ledgerapi.RegisterDeviceTx, "device/package-17", "/v1/devices/package-17"},
	{"GetDevice", ledgerapi.GetDeviceTx, "", ""},
	{"GetDeviceHistory", ledgerapi.DeviceHistoryTx, "", ""},
	{"RotateDeviceKey", ledgerapi.RotateDeviceKeyTx, "device/package-17", ""},
	{"RevokeDevice", ledgerapi.RevokeDeviceTx, "device/package-17", ""},
	{"IssueCredential", ledgerapi.IssueCredentialTx, "credential/401234500000000017", "/v1/credentials/401234500000000017"},
	{"ListCredentials", ledgerapi.ListCredentialsTx, "", ""},
	{"GetCredential", ledgerapi.GetCredentialTx, "", ""},
	{"GetCredentialHistory", ledgerapi.CredentialHistoryTx, "", ""},
	{"ListTallies", ledgerapi.ListTalliesTx, "", ""},
	{"RenewCredential", ledgerapi.RenewCredentialTx, "credential/401234500000000017", ""},
	{"RotateCredentialKey", ledgerapi.RotateCredentialKeyTx, "credential/401234500000000017", ""},
	{"RevokeCredential", ledgerapi.RevokeCredentialTx, "credential/401234500000000017", ""},
	{"GetKeyHolder", ledgerapi.GetKeyHolderTx, "", ""},
	{"QuarantineStatement", ledgerapi.QuarantineStatementTx, "quarantine", "/v1/organisations/ShipperMSP/quarantine/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
	{"ListQuarantine", ledgerapi.ListQuarantineTx, "", ""},
	{"GetQuarantined", ledgerapi.GetQuarantinedTx, "", ""},
	{"ReleaseStatement", ledgerapi.ReleaseStatementTx, "statement/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""},
	{"RejectStatement", ledgerapi.RejectStatementTx, "statement/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", ""},
	{"ListStatements", ledgerapi.ListStatementsTx, "", ""},
	{"GetStatementChain", ledgerapi.GetStatementChainTx, "", ""},
	{"RecordValidation", ledgerapi.RecordValidationTx, "statements/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/validations"},
	{"ListValidations", ledgerapi.ListValidationsTx, "", ""},
	{"RegisterComponent", ledgerapi.RegisterComponentTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987"},
	{"GetComponent", ledgerapi.GetComponentTx, "", ""},
	{"GetComponentHistory", ledgerapi.ComponentHistoryTx, "", ""},
	{"OfferOwnership", ledgerapi.OfferOwnershipTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"AcceptOwnership", ledgerapi.AcceptOwnershipTx, "component/urn:epc:id:sgtin:4012345.011111.987 account/ShipperMSP/USD", ""},
	{"DeclineOwnership", ledgerapi.DeclineOwnershipTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ChallengeTag", ledgerapi.ChallengeTagTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"GetChallenge", ledgerapi.GetChallengeTx, "", ""},
	{"ActivateComponent", ledgerapi.ActivateComponentTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RecordTagScan", ledgerapi.RecordTagScanTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/scans"},
	{"ListTagScans", ledgerapi.ListTagScansTx, "", ""},
	{"ContestRegistration", ledgerapi.ContestRegistrationTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ListFindings", ledgerapi.ListFindingsTx, "", ""},
	{"CloseFinding", ledgerapi.CloseFindingTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"VerifyComponent", ledgerapi.VerifyComponentTx, "", ""},
	{"GetMemory", ledgerapi.GetMemoryTx, "", ""},
	{"CheckMemory", ledgerapi.CheckMemoryTx, "", ""},
	{"GetAssembly", ledgerapi.GetAssemblyTx, "", ""},
	{"GetAssemblyHistory", ledgerapi.AssemblyHistoryTx, "", ""},
	{"ListSlots", ledgerapi.ListSlotsTx, "", ""},
	{"ListUses", ledgerapi.UsesTx, "", ""},
	{"GetWhereUsed", ledgerapi.WhereUsedTx, "", ""},
	{"GetUsage", ledgerapi.GetUsageTx, "", ""},
	{"DefineSlots", ledgerapi.DefineSlotsTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"AmendSlots", ledgerapi.AmendSlotsTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"InstallParts", ledgerapi.InstallPartsTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RemoveParts", ledgerapi.RemovePartsTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ReplacePart", ledgerapi.ReplacePartTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"CompleteAssembly", ledgerapi.CompleteAssemblyTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"HandOverConfiguration", ledgerapi.HandOverConfigurationTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ReplaceMeter", ledgerapi.ReplaceMeterTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ReportUsage", ledgerapi.ReportUsageTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RecordMachineScan", ledgerapi.RecordMachineScanTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ProposeAgreement", ledgerapi.ProposeAgreementTx, "agreement/SA-2026-0001", "/v1/service-agreements/SA-2026-0001"},
	{"GetAgreement", ledgerapi.GetAgreementTx, "", ""},
	{"AcceptAgreement", ledgerapi.AcceptAgreementTx, "agreement/SA-2026-0001", ""},
	{"DeclineAgreement", ledgerapi.DeclineAgreementTx, "agreement/SA-2026-0001", ""},
	{"EndAgreement", ledgerapi.EndAgreementTx, "agreement/SA-2026-0001", ""},
	{"CoverComponents", ledgerapi.CoverComponentsTx, "agreement/SA-2026-0001", ""},
	{"GetCare", ledgerapi.GetCareTx, "", ""},
	{"GetPlan", ledgerapi.GetPlanTx, "", ""},
	{"AttachPlan", ledgerapi.AttachPlanTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/plan"},
	{"ChangePlan", ledgerapi.ChangePlanTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"GetPlanDue", ledgerapi.GetPlanDueTx, "", ""},
	{"RaiseDue", ledgerapi.RaiseDueTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ReportCondition", ledgerapi.ReportConditionTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"GetCondition", ledgerapi.GetConditionTx, "", ""},
	{"ReportFault", ledgerapi.ReportFaultTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/service-requests/urn:epc:id:sgtin:4012345.011111.987:seal:3"},
	{"GetRequest", ledgerapi.GetRequestTx, "", ""},
	{"GetRequestHistory", ledgerapi.RequestHistoryTx, "", ""},
	{"AcceptRequest", ledgerapi.AcceptRequestTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"RejectRequest", ledgerapi.RejectRequestTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"AssignRequest", ledgerapi.AssignRequestTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"ScheduleRequest", ledgerapi.ScheduleRequestTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"StartWork", ledgerapi.StartWorkTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"ListSteps", ledgerapi.ListStepsTx, "", ""},
	{"RecordStep", ledgerapi.RecordStepTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", "/v1/service-requests/urn:epc:id:sgtin:4012345.011111.987:seal:3/steps"},
	{"CompleteWork", ledgerapi.CompleteWorkTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"ReturnWork", ledgerapi.ReturnWorkTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"ConfirmWork", ledgerapi.ConfirmWorkTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"CancelRequest", ledgerapi.CancelRequestTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"MarkOverdue", ledgerapi.MarkOverdueTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"GetBill", ledgerapi.GetBillTx, "", ""},
	{"ListServicePayments", ledgerapi.ListServicePaymentsTx, "", ""},
	{"PaySteps", ledgerapi.PayStepsTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"GetUsageBill", ledgerapi.GetUsageBillTx, "", ""},
	{"ListUsageCharges", ledgerapi.ListUsageChargesTx, "", ""},
	{"ChargeUsage", ledgerapi.ChargeUsageTx, "usage-bill/SA-2026-0001/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"GetPartOrder", ledgerapi.GetPartOrderTx, "", ""},
	{"PromisePart", ledgerapi.PromisePartTx, "part-order/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"DeclinePartOrder", ledgerapi.DeclinePartOrderTx, "part-order/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"DeliverPart", ledgerapi.DeliverPartTx, "part-order/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"WithdrawPartOrder", ledgerapi.WithdrawPartOrderTx, "part-order/urn:epc:id:sgtin:4012345.011111.987:seal:3", ""},
	{"IssueCertificate", ledgerapi.IssueCertificateTx, "service-request/urn:epc:id:sgtin:4012345.011111.987:seal:3", "/v1/release-certificates/F1-2026-0001"},
	{"GetCertificate", ledgerapi.GetCertificateTx, "", ""},
	{"AttachDocument", ledgerapi.AttachDocumentTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/documents"},
	{"ListDocuments", ledgerapi.ListDocumentsTx, "", ""},
	{"OfferPledge", ledgerapi.OfferPledgeTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/pledges"},
	{"ListPledges", ledgerapi.ListPledgesTx, "", ""},
	{"AcceptPledge", ledgerapi.AcceptPledgeTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"EndPledge", ledgerapi.EndPledgeTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"DecommissionComponent", ledgerapi.DecommissionTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"GetRetirement", ledgerapi.GetRetirementTx, "", ""},
	{"ConfirmDecommission", ledgerapi.ConfirmDecommissionTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"WithdrawDecommission", ledgerapi.WithdrawDecommissionTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ReturnCore", ledgerapi.ReturnCoreTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RecordTest", ledgerapi.RecordTestTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/tests"},
	{"ListTests", ledgerapi.ListTestsTx, "", ""},
	{"AskConcession", ledgerapi.AskConcessionTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/concessions"},
	{"ListConcessions", ledgerapi.ListConcessionsTx, "", ""},
	{"DecideConcession", ledgerapi.DecideConcessionTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RecordProcess", ledgerapi.RecordProcessTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/processes"},
	{"ListProcesses", ledgerapi.ListProcessesTx, "", ""},
	{"DecideProcess", ledgerapi.DecideProcessTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"RelocateComponent", ledgerapi.RelocateComponentTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"PlaceHold", ledgerapi.PlaceHoldTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ListHolds", ledgerapi.ListHoldsTx, "", ""},
	{"ReleaseHold", ledgerapi.ReleaseHoldTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"Delegate", ledgerapi.DelegateTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/delegations/organisation:ServiceMSP"},
	{"ListDelegations", ledgerapi.ListDelegationsTx, "", ""},
	{"GrantReading", ledgerapi.GrantReadingTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/delegations/organisation:ServiceMSP"},
	{"CheckReading", ledgerapi.CheckReadingTx, "", ""},
	{"GrantAccess", ledgerapi.GrantAccessTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/delegations/organisation:ServiceMSP"},
	{"GetDelegation", ledgerapi.GetDelegationTx, "", ""},
	{"RevokeDelegation", ledgerapi.RevokeDelegationTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ListAccesses", ledgerapi.ListAccessesTx, "", ""},
	{"RecordAccess", ledgerapi.RecordAccessTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/delegations/organisation:ServiceMSP/accesses"},
	{"SetMandate", ledgerapi.SetMandateTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ListMandates", ledgerapi.ListMandatesTx, "", ""},
	{"AskApproval", ledgerapi.AskApprovalTx, "component/urn:epc:id:sgtin:4012345.011111.987", "/v1/components/urn:epc:id:sgtin:4012345.011111.987/approvals/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"},
	{"GetApproval", ledgerapi.GetApprovalTx, "", ""},
	{"ApproveRequest", ledgerapi.ApproveTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"IssueRecall", ledgerapi.IssueRecallTx, "recall/PUMP-4711", ""},
	{"ReleaseRecall", ledgerapi.ReleaseRecallTx, "recall/PUMP-4711", ""},
	{"ListRecalls", ledgerapi.ListRecallsTx, "", ""},
	{"ClearRecall", ledgerapi.ClearRecallTx, "component/urn:epc:id:sgtin:4012345.011111.987", ""},
	{"ProposeShipment", ledgerapi.ProposeShipmentTx, "shipment/SH-2026-0001", "/v1/shipments/SH-2026-0001"},
	{"GetShipment", ledgerapi.GetShipmentTx, "", ""},
	{"GetTerms", ledgerapi.GetTermsTx, "", ""},
	{"GetShipmentHistory", ledgerapi.ShipmentHistoryTx, "", ""},
	{"AcceptTerms", ledgerapi.AcceptTermsTx, "shipment/SH-2026-0001 account/ShipperMSP/USD", ""},
	{"WithdrawTerms", ledgerapi.WithdrawTermsTx, "shipment/SH-2026-0001", ""},
	{"OfferHandover", ledgerapi.OfferHandoverTx, "shipment/SH-2026-0001", ""},
	{"AcceptHandover", ledgerapi.AcceptHandoverTx, "shipment/SH-2026-0001", ""},
	{"DeclineHandover", ledgerapi.DeclineHandoverTx, "shipment/SH-2026-0001", ""},
	{"RecordReadings", ledgerapi.RecordReadingsTx, "stream/SH-2026-0001/package-17", "/v1/shipments/SH-2026-0001/devices/package-17/stream"},
	{"GetStream", ledgerapi.GetStreamTx, "", ""},
	{"OpenSegments", ledgerapi.OpenSegmentsTx, "stream/SH-2026-0001/package-17", "/v1/shipments/SH-2026-0001/devices/package-17/stream"},
	{"AnnounceEncryptionKey", ledgerapi.AnnounceEncryptionKeyTx, "encryption-key", "/v1/encryption-keys/ShipperMSP"},
	{"GetEncryptionKey", ledgerapi.GetEncryptionKeyTx, "", ""},
	{"AnnounceSessionKey", ledgerapi.AnnounceSessionKeyTx, "stream/SH-2026-0001/package-17", "/v1/shipments/SH-2026-0001/devices/package-17/session-keys"},
	{"ListSessions", ledgerapi.ListSessionsTx, "", ""},
	{"ReportFork", ledgerapi.ReportForkTx, "stream/SH-2026-0001/package-17 suspicion/package-17", "/v1/shipments/SH-2026-0001/devices/package-17/forks"},
	{"ListForks", ledgerapi.ListForksTx, "", ""},
	{"ListSegments", ledgerapi.ListSegmentsTx, "", ""},
	{"ListExcursions", ledgerapi.ListExcursionsTx, "", ""},
	{"TrackShipment", ledgerapi.TrackTx, "", ""},
	{"ListTemplates", ledgerapi.ListTemplatesTx, "", ""},
	{"GetRating", ledgerapi.GetRatingTx, "", ""},
	{"SimulateShipment", ledgerapi.SimulateTx, "", ""},
	{"AcknowledgeExcursion", ledgerapi.AcknowledgeExcursionTx, "excursion/SH-2026-0001/package-17.SH7.1042", "/v1/shipments/SH-2026-0001/excursions/package-17.SH7.1042/acknowledgements"},
	{"ListAcknowledgements", ledgerapi.ListAcknowledgementsTx, "", ""},
	{"AcceptDelivery", ledgerapi.AcceptDeliveryTx, "shipment/SH-2026-0001", ""},
	{"GetReview", ledgerapi.GetReviewTx, "", ""},
	{"GetInvoices", ledgerapi.GetInvoicesTx, "", ""},
	{"GetDue", ledgerapi.GetDueTx, "", ""},
	{"OpenDispute", ledgerapi.OpenDisputeTx, "shipment/SH-2026-0001", ""},
	{"ListEvidence", ledgerapi.ListEvidenceTx, "", ""},
	{"AddEvidence", ledgerapi.AddEvidenceTx, "shipment/SH-2026-0001", "/v1/shipments/SH-2026-0001/disputes/1/evidence"},
	{"OfferResolution", ledgerapi.OfferResolutionTx, "shipment/SH-2026-0001", ""},
	{"AcceptResolution", ledgerapi.AcceptResolutionTx, "shipment/SH-2026-0001", ""},
	{"DecideDispute", ledgerapi.DecideDisputeTx, "shipment/SH-2026-0001", ""},
	{"WithdrawDispute", ledgerapi.WithdrawDisputeTx, "shipment/SH-2026-0001", ""},
	{"GetStatement", ledgerapi.GetStatementTx, "", ""},
	{"SettleShipment", ledgerapi.SettleTx, "shipment/SH-2026-0001", ""},
	{"AmendTerms", ledgerapi.AmendTermsTx, "shipment/SH-2026-0001", ""},
	{"PackShipment", ledgerapi.PackTx, "shipment/SH-2026-0001", ""},
	{"RecordCheckpoint", ledgerapi.RecordCheckpointTx, "shipment/SH-2026-0001", ""},
	{"CancelShipment", ledgerapi.CancelShipmentTx, "shipment/SH-2026-0001", ""},
	{"DeclareLost", ledgerapi.DeclareLostTx, "shipment/SH-2026-0001", ""},
	{"SplitShipment", ledgerapi.SplitShipmentTx, "shipment/SH-2026-0001", ""},
	{"JoinPart", ledgerapi.JoinPartTx, "shipment/SH-2026-0001", ""},
	{"Consolidate", ledgerapi.ConsolidateTx, "consolidation/376104250021234569 shipment/SH-2026-0001 shipment/SH-2026-0002", "/v1/consolidations/376104250021234569"},
	{"GetConsolidation", ledgerapi.GetConsolidationTx, "", ""},
	{"OfferConsolidation", ledgerapi.OfferConsolidationTx, "consolidation/376104250021234569 shipment/SH-2026-0001", ""},
	{"AcceptConsolidation", ledgerapi.AcceptConsolidationTx, "consolidation/376104250021234569 shipment/SH-2026-0001", ""},
	{"DeclineConsolidation", ledgerapi.DeclineConsolidationTx, "consolidation/376104250021234569 shipment/SH-2026-0001", ""},
	{"Deconsolidate", ledgerapi.DeconsolidateTx, "consolidation/376104250021234569 shipment/SH-2026-0001", ""},
	{"ListOffers", ledgerapi.ListOffersTx, "", ""},
	{"GetAccount", ledgerapi.GetAccountTx, "", ""},
	{"ListPostings", ledgerapi.ListPostingsTx, "", ""},
	{"ListCredits", ledgerapi.ListCreditsTx, "", ""},
	{"CollectCredits", ledgerapi.CollectCreditsTx, "account/ShipperMSP/USD", ""},
	{"SpreadAccount", ledgerapi.SpreadAccountTx, "account/ShipperMSP/USD", ""},
	{"RequestRedemption", ledgerapi.RequestRedemptionTx, "redemption/RD-2026-0001 account/ShipperMSP/USD", "/v1/redemptions/RD-2026-0001"},
	{"GetRedemption", ledgerapi.GetRedemptionTx, "", ""},
	{"ConfirmRedemption", ledgerapi.ConfirmRedemptionTx, "redemption/RD-2026-0001 account/ShipperMSP/USD", ""},
	{"DeclineRedemption", ledgerapi.DeclineRedemptionTx, "redemption/RD-2026-0001", ""},
	{"WithdrawRedemption", ledgerapi.WithdrawRedemptionTx, "redemption/RD-2026-0001", ""},
	{"IssueTokens", ledgerapi.IssueTokensTx, "account/ShipperMSP/USD", "/v1/accounts/ShipperMSP/USD"},
	{"RedeemTokens", ledgerapi.RedeemTokensTx, "account/ShipperMSP/USD", "/v1/accounts/ShipperMSP/USD"},
	{"AttestParticipation", ledgerapi.AttestParticipationTx, "shipment-pseudonym", "/v1/attestations/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08/3"},
	{"GetAttestation", ledgerapi.GetAttestationTx, "", ""},
	{"ListAttestations", ledgerapi.ListAttestationsTx, "", ""},
	{"CheckDisclosure", ledgerapi.CheckDisclosureTx, "", ""},
	{"OpenChannel", ledgerapi.OpenChannelTx, "paychannel/CH-2026-0001 account/ShipperMSP/USD", "/v1/payment-channels/CH-2026-0001"},
	{"GetChannel", ledgerapi.GetChannelTx, "", ""},
	{"GetChannelHistory", ledgerapi.ChannelHistoryTx, "", ""},
	{"ListProofs", ledgerapi.ListProofsTx, "", ""},
	{"GetItems", ledgerapi.GetItemsTx, "", ""},
	{"ListShipmentPayments", ledgerapi.ListShipmentPaymentsTx, "", ""},
	{"AcceptChannel", ledgerapi.AcceptChannelTx, "paychannel/CH-2026-0001 account/ManufacturerMSP/USD account/ShipperMSP/USD", ""},
	{"WithdrawChannel", ledgerapi.WithdrawChannelTx, "paychannel/CH-2026-0001 account/ManufacturerMSP/USD account/ShipperMSP/USD", ""},
	{"TopUpChannel", ledgerapi.TopUpChannelTx, "paychannel/CH-2026-0001 account/ManufacturerMSP/USD account/ShipperMSP/USD", ""},
	{"ReplaceChannelKey", ledgerapi.ReplaceChannelKeyTx, "paychannel/CH-2026-0001", ""},
	{"PresentProof", ledgerapi.PresentProofTx, "paychannel/CH-2026-0001", ""},
	{"CloseChannel", ledgerapi.CloseChannelTx, "paychannel/CH-2026-0001", ""},
	{"ReportContradiction", ledgerapi.ReportContradictionTx, "paychannel/CH-2026-0001", ""},
	{"FinishChannel", ledgerapi.FinishChannelTx, "paychannel/CH-2026-0001 account/ManufacturerMSP/USD account/ShipperMSP/USD", ""},
	{"FinishChannelJointly", ledgerapi.FinishChannelJointlyTx, "paychannel/CH-2026-0001 account/ManufacturerMSP/USD account/ShipperMSP/USD", ""},
	{"ItemiseChannel", ledgerapi.ItemiseChannelTx, "paychannel/CH-2026-0001", ""},
}

// request builds the example request of an operation.
func (w *world) request(t testing.TB, id string) (method, target, body string) {
	t.Helper()
	route := w.operation(t, id)
	target = base + route.Path
	for _, p := range route.PathItem.Parameters {
		target = strings.ReplaceAll(target, "{"+p.Value.Name+"}", exampleText(p.Value.Example))
	}
	for _, p := range route.Operation.Parameters {
		if p.Value.In == "query" && p.Value.Required {
			target += "?" + p.Value.Name + "=" + exampleText(p.Value.Example)
		}
	}
	if b := route.Operation.RequestBody; b != nil {
		body = example(b.Value.Content["application/json"].Schema, "")
	}
	return route.Method, target, body
}

// Every operation, sent as its example says, becomes the right transaction, and
// its answer is what openapi.yaml promises.
func TestEveryOperation(t *testing.T) {
	for _, e := range exchanges {
		t.Run(e.operation, func(t *testing.T) {
			w := newWorld(t)
			method, target, body := w.request(t, e.operation)
			res := w.send(t, method, target, body, "Idempotency-Key", "key-1")
			if res.StatusCode >= 300 {
				t.Fatalf("%d %s", res.StatusCode, text(t, res))
			}
			var want, got any
			if err := json.Unmarshal([]byte(example(w.schemaOf(t, e.operation), "")), &want); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(text(t, res)), &got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the record lost something on its way:\n%s", diff)
			}
			if e.entities == "" {
				if len(w.ledger.asked) != 1 || w.ledger.asked[0].tx != e.tx {
					t.Errorf("asked %v", w.ledger.asked)
				}
				return
			}
			if len(w.operations.writes) != 1 {
				t.Fatalf("%d writes", len(w.operations.writes))
			}
			x := w.operations.writes[0]
			if x.Transaction != e.tx || strings.Join(x.Entities, " ") != e.entities || x.Key != "key-1" || x.Principal != "operator@shipper" {
				t.Errorf("wrote %+v", x)
			}
			h := res.Header
			if h.Get("X-Transaction-Id") != "tx-1" || h.Get("X-Block") != "42" || h.Get("Idempotency-Replayed") != "" || h.Get("Location") != e.location {
				t.Errorf("headers %v", h)
			}
			if (res.StatusCode == http.StatusCreated) != (e.location != "") {
				t.Errorf("%d with Location %q", res.StatusCode, e.location)
			}
		})
	}
}

// What the ledger is asked, where the request is put together from the path and the body.
func TestArguments(t *testing.T) {
	const id = "/v1/shipments/S1"
	for _, c := range []struct{ method, target, body, want string }{
		{"GET", "/v1/organisations", "", `{"limit":50}`},
		{"GET", "/v1/organisations?limit=7&cursor=abc", "", `{"limit":7,"cursor":"abc"}`},
		{"GET", id + "/history?limit=200", "", `{"of":"S1","limit":200}`},
		{"GET", id + "/devices/D1/segments", "", `{"shipmentId":"S1","deviceId":"D1","limit":50}`},
		{"GET", "/v1/accounts/ShipperMSP/USD/postings?cursor=x", "", `{"organisation":"ShipperMSP","currency":"USD","limit":50,"cursor":"x"}`},
		{"GET", "/v1/components/urn:epc:id:sgtin:4012345.011111.987", "", `{"componentId":"urn:epc:id:sgtin:4012345.011111.987"}`},
		{"POST", id + "/acceptance", `{"termsHash":"` + strings.Repeat("a", 64) + `"}`, `{"shipmentId":"S1","termsHash":"` + strings.Repeat("a", 64) + `"}`},
		{"POST", id + "/handover-offers", `{"to":"X","occurredAt":"2026-03-01T08:30:00Z"}`, `{"shipmentId":"S1","to":"X","occurredAt":"2026-03-01T08:30:00Z"}`},
		{"POST", id + "/withdrawal", "", `{"shipmentId":"S1"}`},
		{"POST", id + "/withdrawal", "{}", `{"shipmentId":"S1"}`},
		{"POST", "/v1/components/C1/ownership-acceptance", "", `{"componentId":"C1"}`},
		{"POST", "/v1/components/C1/ownership-acceptance", `{"location":"L1"}`, `{"componentId":"C1","location":"L1"}`},
		{"POST", "/v1/devices/D1/revocation", `{"reason":"lost"}`, `{"deviceId":"D1","reason":"lost"}`},
		{"POST", id + "/segments", `{"deviceId":"D1","envelopes":[{"payloadType":"t","payload":"cA==","signatures":[{"keyid":"` + strings.Repeat("0", 64) + `","sig":"cw=="}]}]}`,
			`{"shipmentId":"S1","deviceId":"D1","envelopes":[{"payloadType":"t","payload":"cA==","signatures":[{"keyid":"` + strings.Repeat("0", 64) + `","sig":"cw=="}]}]}`},
	} {
		w := newWorld(t)
		res := w.send(t, c.method, c.target, c.body)
		var got string
		if len(w.operations.writes) > 0 {
			got = string(w.operations.writes[0].Argument)
		} else if len(w.ledger.asked) > 0 {
			got = w.ledger.asked[0].argument
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s %s: %d %s\n%s", c.method, c.target, res.StatusCode, text(t, res), diff)
		}
	}
}

// longQuestions only read, and are posted because no query can hold them.
var longQuestions = []ledgerapi.Transaction{ledgerapi.GetRecordsTx, ledgerapi.FindRecordsTx, ledgerapi.SimulateTx, ledgerapi.CheckDisclosureTx, ledgerapi.CheckMemoryTx}

// Transactions, operations and permissions name the same things.
func TestNothingIsMissing(t *testing.T) {
	w := newWorld(t)
	var inSpec, inTable []string
	for _, r := range w.contract.routes {
		inSpec = append(inSpec, r.Operation.OperationID)
	}
	for _, p := range authn.Permissions() {
		inTable = append(inTable, p.Operation)
	}
	slices.Sort(inSpec)
	slices.Sort(inTable)
	if diff := cmp.Diff(inSpec, inTable); diff != "" {
		t.Errorf("operations and permissions:\n%s", diff)
	}
	for _, tx := range ledgerapi.Transactions() {
		i := slices.IndexFunc(exchanges, func(e exchange) bool { return e.tx == tx.Name })
		if i < 0 {
			t.Errorf("%s has no operation", tx.Name)
			continue
		}
		posted := w.operation(t, exchanges[i].operation).Method == http.MethodPost
		if posted != tx.Writes && !slices.Contains(longQuestions, tx.Name) {
			t.Errorf("%s writes=%v", tx.Name, tx.Writes)
		}
	}
}
