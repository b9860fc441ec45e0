package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// Routes says where the REST API has each transaction. A part in braces is a member
// of the request; the other members go into the body, or the query.
var Routes = map[api.Transaction]string{
	api.PingTx:                  "/ledger",
	api.GetRecordsTx:            "/ledger/records",
	api.FindRecordsTx:           "/ledger/questions",
	api.AnnounceOrganisationTx:  "/organisations",
	api.GetOrganisationTx:       "/organisations/{mspId}",
	api.ListOrganisationsTx:     "/organisations",
	api.ChangeRolesTx:           "/organisations/{mspId}/role-changes",
	api.AgreeToRolesTx:          "/organisations/{mspId}/role-changes/{changeId}/consents",
	api.ListRoleChangesTx:       "/organisations/{of}/role-changes",
	api.VerifyOrganisationTx:    "/organisations/{mspId}/verifications",
	api.WithdrawVerificationTx:  "/organisations/{mspId}/verifications/{number}/withdrawal",
	api.ListVerificationsTx:     "/organisations/{of}/verifications",
	api.PublishStandardTx:       "/standards",
	api.GetStandardTx:           "/standards/{publisher}/{standardId}/{version}",
	api.WithdrawStandardTx:      "/standards/{publisher}/{standardId}/{version}/withdrawal",
	api.ListStandardsTx:         "/organisations/{of}/standards",
	api.RegisterDeviceTx:        "/devices",
	api.GetDeviceTx:             "/devices/{deviceId}",
	api.DeviceHistoryTx:         "/devices/{of}/history",
	api.RotateDeviceKeyTx:       "/devices/{deviceId}/key-rotations",
	api.RevokeDeviceTx:          "/devices/{deviceId}/revocation",
	api.IssueCredentialTx:       "/credentials",
	api.ListCredentialsTx:       "/credentials",
	api.GetCredentialTx:         "/credentials/{credentialId}",
	api.CredentialHistoryTx:     "/credentials/{of}/history",
	api.ListTalliesTx:           "/credentials/{of}/tallies",
	api.RenewCredentialTx:       "/credentials/{credentialId}/renewals",
	api.RotateCredentialKeyTx:   "/credentials/{credentialId}/key-rotations",
	api.RevokeCredentialTx:      "/credentials/{credentialId}/revocation",
	api.GetKeyHolderTx:          "/keys/{keyId}",
	api.QuarantineStatementTx:   "/quarantine",
	api.ListQuarantineTx:        "/organisations/{of}/quarantine",
	api.GetQuarantinedTx:        "/organisations/{issuer}/quarantine/{hash}",
	api.ReleaseStatementTx:      "/organisations/{issuer}/quarantine/{hash}/release",
	api.RejectStatementTx:       "/organisations/{issuer}/quarantine/{hash}/rejection",
	api.ListStatementsTx:        "/statements/{subject}",
	api.GetStatementChainTx:     "/statements/{subject}/{signer}",
	api.RegisterComponentTx:     "/components",
	api.RecordValidationTx:      "/components/{componentId}/validations",
	api.ListValidationsTx:       "/components/{of}/validations",
	api.GetComponentTx:          "/components/{componentId}",
	api.ComponentHistoryTx:      "/components/{of}/history",
	api.OfferOwnershipTx:        "/components/{componentId}/ownership-offer",
	api.AcceptOwnershipTx:       "/components/{componentId}/ownership-acceptance",
	api.DeclineOwnershipTx:      "/components/{componentId}/ownership-refusal",
	api.ChallengeTagTx:          "/components/{componentId}/tag-challenge",
	api.GetChallengeTx:          "/components/{componentId}/tag-challenge",
	api.ActivateComponentTx:     "/components/{componentId}/activation",
	api.RecordTagScanTx:         "/components/{componentId}/scans",
	api.ListTagScansTx:          "/components/{of}/scans",
	api.ContestRegistrationTx:   "/components/{componentId}/registration-contest",
	api.ListFindingsTx:          "/components/{of}/findings",
	api.CloseFindingTx:          "/components/{componentId}/findings/{number}/closing",
	api.VerifyComponentTx:       "/components/{componentId}/authenticity",
	api.GetMemoryTx:             "/components/{componentId}/memory",
	api.CheckMemoryTx:           "/components/{componentId}/memory-checks",
	api.GetAssemblyTx:           "/machines/{machineId}",
	api.AssemblyHistoryTx:       "/machines/{of}/history",
	api.ListSlotsTx:             "/machines/{machineId}/slots",
	api.DefineSlotsTx:           "/machines/{machineId}/slots",
	api.AmendSlotsTx:            "/machines/{machineId}/slot-amendments",
	api.InstallPartsTx:          "/machines/{machineId}/installations",
	api.RemovePartsTx:           "/machines/{machineId}/removals",
	api.ReplacePartTx:           "/machines/{machineId}/replacements",
	api.CompleteAssemblyTx:      "/machines/{machineId}/completion",
	api.HandOverConfigurationTx: "/machines/{machineId}/hand-over",
	api.UsesTx:                  "/machines/{of}/parts",
	api.RecordMachineScanTx:     "/machines/{machineId}/scans",
	api.WhereUsedTx:             "/components/{componentId}/where-used",
	api.GetUsageTx:              "/components/{componentId}/usage",
	api.ReportUsageTx:           "/components/{componentId}/usage-reports",
	api.ReplaceMeterTx:          "/components/{componentId}/meter-replacements",
	api.ProposeAgreementTx:      "/service-agreements",
	api.GetAgreementTx:          "/service-agreements/{agreementId}",
	api.AcceptAgreementTx:       "/service-agreements/{agreementId}/acceptance",
	api.DeclineAgreementTx:      "/service-agreements/{agreementId}/refusal",
	api.EndAgreementTx:          "/service-agreements/{agreementId}/ending",
	api.CoverComponentsTx:       "/service-agreements/{agreementId}/components",
	api.GetCareTx:               "/components/{componentId}/care",
	api.GetPlanTx:               "/components/{componentId}/plan",
	api.AttachPlanTx:            "/components/{componentId}/plan",
	api.ChangePlanTx:            "/components/{componentId}/plan-changes",
	api.GetPlanDueTx:            "/components/{componentId}/due",
	api.RaiseDueTx:              "/components/{componentId}/due-requests",
	api.ReportConditionTx:       "/components/{componentId}/condition-reports",
	api.GetConditionTx:          "/components/{componentId}/conditions/{measure}",
	api.ReportFaultTx:           "/service-requests",
	api.GetRequestTx:            "/service-requests/{requestId}",
	api.RequestHistoryTx:        "/service-requests/{of}/history",
	api.AcceptRequestTx:         "/service-requests/{requestId}/acceptance",
	api.RejectRequestTx:         "/service-requests/{requestId}/refusal",
	api.AssignRequestTx:         "/service-requests/{requestId}/assignment",
	api.ScheduleRequestTx:       "/service-requests/{requestId}/schedule",
	api.StartWorkTx:             "/service-requests/{requestId}/start",
	api.ListStepsTx:             "/service-requests/{of}/steps",
	api.RecordStepTx:            "/service-requests/{requestId}/steps",
	api.CompleteWorkTx:          "/service-requests/{requestId}/completion",
	api.ReturnWorkTx:            "/service-requests/{requestId}/return",
	api.ConfirmWorkTx:           "/service-requests/{requestId}/confirmation",
	api.CancelRequestTx:         "/service-requests/{requestId}/cancellation",
	api.MarkOverdueTx:           "/service-requests/{requestId}/overdue-mark",
	api.GetBillTx:               "/service-requests/{requestId}/bill",
	api.ListServicePaymentsTx:   "/service-requests/{of}/payments",
	api.PayStepsTx:              "/service-requests/{requestId}/payments",
	api.GetUsageBillTx:          "/service-agreements/{agreementId}/components/{componentId}/bill",
	api.ListUsageChargesTx:      "/service-agreements/{agreementId}/components/{componentId}/charges",
	api.ChargeUsageTx:           "/service-agreements/{agreementId}/components/{componentId}/charges",
	api.GetPartOrderTx:          "/service-requests/{requestId}/part-order",
	api.PromisePartTx:           "/service-requests/{requestId}/part-order/promise",
	api.DeclinePartOrderTx:      "/service-requests/{requestId}/part-order/refusal",
	api.DeliverPartTx:           "/service-requests/{requestId}/part-order/delivery",
	api.WithdrawPartOrderTx:     "/service-requests/{requestId}/part-order/withdrawal",
	api.IssueCertificateTx:      "/service-requests/{requestId}/certificates",
	api.GetCertificateTx:        "/release-certificates/{trackingNumber}",
	api.AttachDocumentTx:        "/components/{componentId}/documents",
	api.ListDocumentsTx:         "/components/{of}/documents",
	api.OfferPledgeTx:           "/components/{componentId}/pledges",
	api.ListPledgesTx:           "/components/{of}/pledges",
	api.AcceptPledgeTx:          "/components/{componentId}/pledges/{number}/acceptance",
	api.EndPledgeTx:             "/components/{componentId}/pledges/{number}/end",
	api.DecommissionTx:          "/components/{componentId}/decommissioning",
	api.GetRetirementTx:         "/components/{componentId}/decommissioning",
	api.ConfirmDecommissionTx:   "/components/{componentId}/decommissioning-confirmation",
	api.WithdrawDecommissionTx:  "/components/{componentId}/decommissioning-withdrawal",
	api.ReturnCoreTx:            "/components/{componentId}/core",
	api.RecordTestTx:            "/components/{componentId}/tests",
	api.ListTestsTx:             "/components/{of}/tests",
	api.AskConcessionTx:         "/components/{componentId}/concessions",
	api.ListConcessionsTx:       "/components/{of}/concessions",
	api.DecideConcessionTx:      "/components/{componentId}/concessions/{number}/decision",
	api.RecordProcessTx:         "/components/{componentId}/processes",
	api.ListProcessesTx:         "/components/{of}/processes",
	api.DecideProcessTx:         "/components/{componentId}/processes/{number}/decision",
	api.RelocateComponentTx:     "/components/{componentId}/location",
	api.PlaceHoldTx:             "/components/{componentId}/holds",
	api.ListHoldsTx:             "/components/{componentId}/holds",
	api.ReleaseHoldTx:           "/components/{componentId}/hold-release",
	api.DelegateTx:              "/components/{componentId}/delegations",
	api.ListDelegationsTx:       "/components/{of}/delegations",
	api.GrantAccessTx:           "/components/{componentId}/access-grants",
	api.GrantReadingTx:          "/components/{componentId}/readers",
	api.CheckReadingTx:          "/components/{componentId}/readers/{reader}",
	api.GetDelegationTx:         "/components/{componentId}/delegations/{delegationId}",
	api.RevokeDelegationTx:      "/components/{componentId}/delegations/{delegationId}/revocation",
	api.ListAccessesTx:          "/components/{of}/delegations/{delegationId}/accesses",
	api.RecordAccessTx:          "/components/{componentId}/accesses",
	api.SetMandateTx:            "/components/{componentId}/mandates",
	api.ListMandatesTx:          "/components/{of}/mandates",
	api.AskApprovalTx:           "/components/{componentId}/approvals",
	api.GetApprovalTx:           "/components/{componentId}/approvals/{requestHash}",
	api.ApproveTx:               "/components/{componentId}/approvals/{requestHash}/consents",
	api.IssueRecallTx:           "/recalls",
	api.ReleaseRecallTx:         "/recall-releases",
	api.ListRecallsTx:           "/recalls/{of}",
	api.ClearRecallTx:           "/components/{componentId}/recall-clearance",
	api.ProposeShipmentTx:       "/shipments",
	api.GetShipmentTx:           "/shipments/{shipmentId}",
	api.GetTermsTx:              "/shipments/{shipmentId}/terms",
	api.ShipmentHistoryTx:       "/shipments/{of}/history",
	api.AcceptTermsTx:           "/shipments/{shipmentId}/acceptance",
	api.WithdrawTermsTx:         "/shipments/{shipmentId}/withdrawal",
	api.OfferHandoverTx:         "/shipments/{shipmentId}/handover-offers",
	api.AcceptHandoverTx:        "/shipments/{shipmentId}/handover-acceptance",
	api.DeclineHandoverTx:       "/shipments/{shipmentId}/handover-refusal",
	api.RecordReadingsTx:        "/shipments/{shipmentId}/segments",
	api.GetStreamTx:             "/shipments/{shipmentId}/devices/{deviceId}/stream",
	api.ListSegmentsTx:          "/shipments/{shipmentId}/devices/{deviceId}/segments",
	api.OpenSegmentsTx:          "/shipments/{shipmentId}/devices/{deviceId}/openings",
	api.AnnounceEncryptionKeyTx: "/encryption-keys",
	api.GetEncryptionKeyTx:      "/encryption-keys/{mspId}",
	api.AnnounceSessionKeyTx:    "/shipments/{shipmentId}/devices/{deviceId}/session-keys",
	api.ListSessionsTx:          "/shipments/{shipmentId}/devices/{deviceId}/session-keys",
	api.ReportForkTx:            "/shipments/{shipmentId}/devices/{deviceId}/forks",
	api.ListForksTx:             "/shipments/{shipmentId}/devices/{deviceId}/forks",
	api.ListExcursionsTx:        "/shipments/{of}/excursions",
	api.GetStatementTx:          "/shipments/{shipmentId}/statement",
	api.SettleTx:                "/shipments/{shipmentId}/settlement",
	api.AmendTermsTx:            "/shipments/{shipmentId}/counter-offers",
	api.ListOffersTx:            "/shipments/{of}/counter-offers",
	api.AcceptDeliveryTx:        "/shipments/{shipmentId}/delivery-acceptance",
	api.GetReviewTx:             "/shipments/{shipmentId}/review",
	api.GetDueTx:                "/shipments/{shipmentId}/due",
	api.GetInvoicesTx:           "/shipments/{shipmentId}/invoices",
	api.OpenDisputeTx:           "/shipments/{shipmentId}/disputes",
	api.AddEvidenceTx:           "/shipments/{shipmentId}/disputes/{disputeId}/evidence",
	api.ListEvidenceTx:          "/shipments/{shipmentId}/disputes/{disputeId}/evidence",
	api.OfferResolutionTx:       "/shipments/{shipmentId}/disputes/{disputeId}/resolution-offer",
	api.AcceptResolutionTx:      "/shipments/{shipmentId}/disputes/{disputeId}/resolution",
	api.DecideDisputeTx:         "/shipments/{shipmentId}/disputes/{disputeId}/decision",
	api.WithdrawDisputeTx:       "/shipments/{shipmentId}/disputes/{disputeId}/withdrawal",
	api.PackTx:                  "/shipments/{shipmentId}/packing",
	api.RecordCheckpointTx:      "/shipments/{shipmentId}/checkpoints",
	api.CancelShipmentTx:        "/shipments/{shipmentId}/cancellation",
	api.DeclareLostTx:           "/shipments/{shipmentId}/loss",
	api.SplitShipmentTx:         "/shipments/{shipmentId}/parts",
	api.JoinPartTx:              "/shipments/{shipmentId}/parts/{partId}/joining",
	api.ConsolidateTx:           "/consolidations",
	api.GetConsolidationTx:      "/consolidations/{consolidationId}",
	api.OfferConsolidationTx:    "/consolidations/{consolidationId}/handover-offers",
	api.AcceptConsolidationTx:   "/consolidations/{consolidationId}/handover-acceptance",
	api.DeclineConsolidationTx:  "/consolidations/{consolidationId}/handover-refusal",
	api.DeconsolidateTx:         "/consolidations/{consolidationId}/deconsolidation",
	api.IssueTokensTx:           "/tokens/issues",
	api.GetRatingTx:             "/organisations/{mspId}/rating",
	api.TrackTx:                 "/shipments/{shipmentId}/tracking",
	api.ListTemplatesTx:         "/terms-templates",
	api.SimulateTx:              "/simulations",
	api.AcknowledgeExcursionTx:  "/shipments/{shipmentId}/excursions/{excursionId}/acknowledgements",
	api.ListAcknowledgementsTx:  "/shipments/{shipmentId}/excursions/{excursionId}/acknowledgements",
	api.RedeemTokensTx:          "/tokens/redemptions",
	api.GetAccountTx:            "/accounts/{organisation}/{currency}",
	api.ListPostingsTx:          "/accounts/{organisation}/{currency}/postings",
	api.ListCreditsTx:           "/accounts/{organisation}/{currency}/credits",
	api.CollectCreditsTx:        "/accounts/{organisation}/{currency}/collections",
	api.SpreadAccountTx:         "/accounts/{organisation}/{currency}/spread",
	api.RequestRedemptionTx:     "/redemptions",
	api.GetRedemptionTx:         "/redemptions/{redemptionId}",
	api.ConfirmRedemptionTx:     "/redemptions/{redemptionId}/confirmation",
	api.DeclineRedemptionTx:     "/redemptions/{redemptionId}/refusal",
	api.WithdrawRedemptionTx:    "/redemptions/{redemptionId}/withdrawal",
	api.AttestParticipationTx:   "/attestations",
	api.GetAttestationTx:        "/attestations/{pseudonym}/{number}",
	api.ListAttestationsTx:      "/attestations/{of}",
	api.CheckDisclosureTx:       "/disclosure-checks",
	api.OpenChannelTx:           "/payment-channels",
	api.GetChannelTx:            "/payment-channels/{channelId}",
	api.ChannelHistoryTx:        "/payment-channels/{of}/history",
	api.AcceptChannelTx:         "/payment-channels/{channelId}/acceptance",
	api.WithdrawChannelTx:       "/payment-channels/{channelId}/withdrawal",
	api.TopUpChannelTx:          "/payment-channels/{channelId}/deposits",
	api.ReplaceChannelKeyTx:     "/payment-channels/{channelId}/key-replacements",
	api.ListProofsTx:            "/payment-channels/{of}/proofs",
	api.PresentProofTx:          "/payment-channels/{channelId}/proofs",
	api.CloseChannelTx:          "/payment-channels/{channelId}/closing",
	api.ReportContradictionTx:   "/payment-channels/{channelId}/contradictions",
	api.FinishChannelTx:         "/payment-channels/{channelId}/payout",
	api.FinishChannelJointlyTx:  "/payment-channels/{channelId}/joint-payout",
	api.ItemiseChannelTx:        "/payment-channels/{channelId}/items",
	api.GetItemsTx:              "/payment-channels/{channelId}/items/{payer}",
	api.ListShipmentPaymentsTx:  "/shipments/{of}/channel-payments",
}

// Submit posts a transaction's request to where the REST API has it.
func (g Gateway) Submit(ctx context.Context, tx api.Transaction, request, out any) error {
	path, members, err := route(tx, request)
	if err != nil {
		return err
	}
	if len(members) == 0 {
		return g.Post(ctx, path, nil, out)
	}
	return g.Post(ctx, path, members, out)
}

// Ask reads what a transaction answers from where the REST API has it.
func (g Gateway) Ask(ctx context.Context, tx api.Transaction, request, out any) error {
	path, members, err := route(tx, request)
	if err != nil {
		return err
	}
	return g.Get(ctx, Query(path, members), out)
}

func route(tx api.Transaction, request any) (string, map[string]json.RawMessage, error) {
	b, err := json.Marshal(request)
	if err != nil {
		return "", nil, err
	}
	return Route(tx, b)
}

// Route is where a request goes, and the members that are not in its path. A part of
// the path that the request does not name, or names empty, stays in its braces.
func Route(tx api.Transaction, request json.RawMessage) (path string, members map[string]json.RawMessage, err error) {
	path, known := Routes[tx]
	if !known {
		return "", nil, fmt.Errorf("the REST API has no route for %s", tx)
	}
	if err := json.Unmarshal(request, &members); err != nil {
		return "", nil, err
	}
	for name, value := range members {
		if slot := "{" + name + "}"; strings.Contains(path, slot) && Text(value) != "" {
			path = strings.ReplaceAll(path, slot, url.PathEscape(Text(value)))
			delete(members, name)
		}
	}
	return path, members, nil
}

// Query is a path with members behind it, as a question is asked.
func Query(path string, members map[string]json.RawMessage) string {
	if len(members) == 0 {
		return path
	}
	query := url.Values{}
	for name, value := range members {
		query.Set(name, Text(value))
	}
	return path + "?" + query.Encode()
}

// Text is a member as a path or a query has it: a string without its quotation marks.
func Text(value json.RawMessage) string {
	var s string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	return s
}
