package conformance

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

// routes says where the REST API has each transaction. A part in braces is a
// member of the request; the other members go into the body, or the query.
var routes = map[api.Transaction]string{
	api.PingTx:                  "/ledger",
	api.GetRecordsTx:            "/ledger/records",
	api.FindRecordsTx:           "/ledger/questions",
	api.AnnounceOrganisationTx:  "/organisations",
	api.GetOrganisationTx:       "/organisations/{mspId}",
	api.ListOrganisationsTx:     "/organisations",
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

// rest is the network as a backend that is reached through the gateways. What
// cannot be said in REST, such as a wrong number of arguments, and what the
// gateway refuses for its form, is said to the peer directly: the chaincode has
// to refuse it just the same.
type rest struct {
	*live
	tokens  map[string]string
	urls    map[string]string
	clients map[string]*http.Client
}

func newREST(t *testing.T, l *live) rest {
	t.Helper()
	r := rest{l, map[string]string{}, map[string]string{}, map[string]*http.Client{}}
	for _, o := range l.Members {
		token, err := os.ReadFile(o.Tokens["operator"])
		if err != nil {
			t.Fatal(err)
		}
		r.tokens[o.MSPID], r.urls[o.MSPID] = strings.TrimSpace(string(token)), o.Gateway.URL
		if r.clients[o.MSPID], err = o.Gateway.Client(0); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// Submit posts the request and reads from the ledger what its transaction did.
func (r rest) Submit(org string, args ...string) (*scenario.Outcome, error) {
	path, body, ok := request(http.MethodPost, args)
	if !ok || len(args) == 3 && args[2] == "" { // an empty header is none
		return r.live.Submit(org, args...)
	}
	key := ""
	if len(args) == 3 {
		key = args[2]
	}
	a, err := r.call(org, http.MethodPost, path, key, body)
	if errors.Is(err, errForm) {
		if _, direct := r.live.Submit(org, args...); direct != nil {
			return nil, direct
		}
		return nil, fmt.Errorf("the gateway refuses what the ledger takes: %w", err)
	}
	if err != nil {
		return nil, err
	}
	if err := r.everywhere(a.transaction); err != nil {
		return nil, err
	}
	if a.replayed {
		return nil, fault.New(fault.CodeReplayed, "the answer to an earlier request").With("transactionId", a.transaction).With("result", string(a.body))
	}
	out, err := r.committed(org, a.transaction)
	if err == nil && !bytes.Equal(bytes.TrimSpace(a.body), out.Result) {
		err = fmt.Errorf("the gateway answered %s, the ledger %s", a.body, out.Result)
	}
	return out, err
}

// Evaluate gets the resource.
func (r rest) Evaluate(org string, args ...string) ([]byte, error) {
	method := http.MethodGet
	longQuestions := []api.Transaction{api.SimulateTx, api.CheckDisclosureTx, api.GetRecordsTx, api.FindRecordsTx, api.CheckMemoryTx}
	if len(args) > 0 && slices.Contains(longQuestions, api.Transaction(args[0])) { // questions that no query can or should hold
		method = http.MethodPost
	}
	path, body, ok := request(method, args)
	if !ok {
		return r.live.Evaluate(org, args...)
	}
	a, err := r.call(org, method, path, "", body)
	if errors.Is(err, errForm) {
		if _, direct := r.live.Evaluate(org, args...); direct != nil {
			return nil, direct
		}
		return nil, fmt.Errorf("the gateway refuses what the ledger takes: %w", err)
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimSpace(a.body), nil
}

// request turns a call into one of the REST API, if it can be said there.
func request(method string, args []string) (path string, body []byte, ok bool) {
	path, known := routes[api.Transaction(args[0])]
	var members map[string]json.RawMessage
	if !known || len(args) < 2 || len(args) > 3 || json.Unmarshal([]byte(args[1]), &members) != nil {
		return "", nil, false
	}
	if method == http.MethodPost && !strings.Contains(path, "{") {
		return path, []byte(args[1]), true
	}
	if again, err := json.Marshal(members); err != nil || len(again) != len(compact(args[1])) {
		return "", nil, false // a member stands twice, which a path cannot say
	}
	query := url.Values{}
	for name, value := range members {
		var text string
		if json.Unmarshal(value, &text) != nil {
			text = string(value)
		}
		if slot := "{" + name + "}"; strings.Contains(path, slot) {
			if text == "" {
				return "", nil, false
			}
			path = strings.ReplaceAll(path, slot, url.PathEscape(text))
			delete(members, name)
		} else if method == http.MethodGet {
			query.Set(name, text)
		}
	}
	if strings.Contains(path, "{") {
		return "", nil, false
	}
	if method == http.MethodGet {
		if len(query) > 0 {
			path += "?" + query.Encode()
		}
		return path, nil, true
	}
	if len(members) == 0 {
		return path, nil, true
	}
	body, err := json.Marshal(members)
	return path, body, err == nil
}

func compact(text string) string {
	var b bytes.Buffer
	if json.Compact(&b, []byte(text)) != nil {
		return text
	}
	return b.String()
}

// errForm says that the gateway refused a request for its form.
var errForm = errors.New("refused for its form")

type restAnswer struct {
	body        []byte
	transaction string
	replayed    bool
}

// call sends a request, again while the gateway says "not now". A problem
// document comes back as the fault that it was made from.
func (r rest) call(org, method, path, key string, body []byte) (*restAnswer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*limit)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, method, r.urls[org]+"/v1"+path, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		req.Header.Set("Authorization", "Bearer "+r.tokens[org])
		if body != nil {
			req.Header.Set("Content-Type", "application/json")
		}
		if key != "" {
			req.Header.Set("Idempotency-Key", key)
		}
		res, err := r.clients[org].Do(req)
		if err != nil {
			return nil, err
		}
		answer, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return nil, err
		}
		switch {
		case res.StatusCode == http.StatusOK || res.StatusCode == http.StatusCreated:
			return &restAnswer{answer, res.Header.Get("X-Transaction-Id"), res.Header.Get("Idempotency-Replayed") == "true"}, nil
		case res.StatusCode == http.StatusAccepted:
			return r.outcome(ctx, org, answer)
		case res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusServiceUnavailable || notYet(answer):
			time.Sleep(again)
		default:
			return nil, asFault(res.StatusCode, answer)
		}
	}
}

// notYet says whether a problem document invites to ask again: the gateway is
// sure that nothing was done.
func notYet(body []byte) bool {
	var p struct{ Retryable bool }
	return json.Unmarshal(body, &p) == nil && p.Retryable
}

// outcome waits for a write that takes longer than its gateway lets a client wait.
func (r rest) outcome(ctx context.Context, org string, accepted []byte) (*restAnswer, error) {
	var op struct {
		OperationID, State, TransactionID string
		Answer                            json.RawMessage
		Problem                           json.RawMessage
	}
	if err := json.Unmarshal(accepted, &op); err != nil {
		return nil, err
	}
	for {
		switch op.State {
		case "committed":
			return &restAnswer{op.Answer, op.TransactionID, false}, nil
		case "failed":
			return nil, asFault(http.StatusConflict, op.Problem)
		}
		time.Sleep(again)
		a, err := r.call(org, http.MethodGet, "/operations/"+op.OperationID, "", nil)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(a.body, &op); err != nil {
			return nil, err
		}
		if ctx.Err() != nil {
			return nil, fmt.Errorf("operation %s is %s: %w", op.OperationID, op.State, ctx.Err())
		}
	}
}

func asFault(status int, body []byte) error {
	var p struct {
		Code   fault.Code
		Detail string
		Params map[string]string
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return fmt.Errorf("%d is no problem document: %s", status, body)
	}
	known := false
	for _, e := range fault.Catalogue() {
		known = known || e.Code == p.Code
	}
	if !known || fault.KindOf(p.Code) == fault.Malformed && strings.HasPrefix(string(p.Code), "request.") {
		return fmt.Errorf("%w: %d %s", errForm, status, body)
	}
	f := fault.New(p.Code, "%s", p.Detail)
	for name, value := range p.Params {
		f = f.With(name, value)
	}
	return f
}

// committed reads a transaction back from the organisation's peer.
func (r rest) committed(org, id string) (*scenario.Outcome, error) {
	b, err := r.members[org].qscc.Evaluate("GetTransactionByID", client.WithArguments(r.Channel, id), client.WithEndorsingOrganizations(org))
	if err != nil {
		return nil, told(err)
	}
	var tx peer.ProcessedTransaction
	if err := proto.Unmarshal(b, &tx); err != nil {
		return nil, err
	}
	return r.read(tx.GetTransactionEnvelope())
}

// TestEveryTransactionHasARoute holds the table to the transactions there are.
func TestEveryTransactionHasARoute(t *testing.T) {
	for _, a := range api.Transactions() {
		if routes[a.Name] == "" {
			t.Errorf("%s has no route", a.Name)
		}
	}
	if len(routes) != len(api.Transactions()) {
		t.Errorf("%d routes for %d transactions", len(routes), len(api.Transactions()))
	}
}
