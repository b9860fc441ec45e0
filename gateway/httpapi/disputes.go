package httpapi

import (
	"context"
	"strconv"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AcceptDelivery is POST /shipments/{shipmentId}/delivery-acceptance.
func (s *server) AcceptDelivery(ctx context.Context, r api.AcceptDeliveryRequestObject) (api.AcceptDeliveryResponseObject, error) {
	request := ledgerapi.AcceptDelivery{ShipmentID: r.ShipmentID, Accepted: r.Body.Accepted, Goods: r.Body.Goods, LogisticUnits: r.Body.LogisticUnits, Reason: r.Body.Reason}
	changed, err := s.changeReview(ctx, ledgerapi.AcceptDeliveryTx, r.ShipmentID, request, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.AcceptDelivery200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// GetReview is GET /shipments/{shipmentId}/review.
func (s *server) GetReview(ctx context.Context, r api.GetReviewRequestObject) (api.GetReviewResponseObject, error) {
	answer, err := ask[shipment.Review](ctx, s, ledgerapi.GetReviewTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetReview200JSONResponse{ReviewJSONResponse: api.ReviewJSONResponse(answer)}, err
}

// GetDue is GET /shipments/{shipmentId}/due.
func (s *server) GetDue(ctx context.Context, r api.GetDueRequestObject) (api.GetDueResponseObject, error) {
	answer, err := ask[shipment.Due](ctx, s, ledgerapi.GetDueTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetDue200JSONResponse{DueJSONResponse: api.DueJSONResponse(answer)}, err
}

// GetInvoices is GET /shipments/{shipmentId}/invoices.
func (s *server) GetInvoices(ctx context.Context, r api.GetInvoicesRequestObject) (api.GetInvoicesResponseObject, error) {
	answer, err := ask[shipment.Invoices](ctx, s, ledgerapi.GetInvoicesTx, ledgerapi.ShipmentRef{ShipmentID: r.ShipmentID})
	return api.GetInvoices200JSONResponse{InvoicesJSONResponse: api.InvoicesJSONResponse(answer)}, err
}

// OpenDispute is POST /shipments/{shipmentId}/disputes.
func (s *server) OpenDispute(ctx context.Context, r api.OpenDisputeRequestObject) (api.OpenDisputeResponseObject, error) {
	changed, err := s.changeReview(ctx, ledgerapi.OpenDisputeTx, r.ShipmentID, ledgerapi.OpenDispute{ShipmentID: r.ShipmentID, Claim: r.Body.Claim}, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.OpenDispute200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// ListEvidence is GET /shipments/{shipmentId}/disputes/{disputeId}/evidence.
func (s *server) ListEvidence(ctx context.Context, r api.ListEvidenceRequestObject) (api.ListEvidenceResponseObject, error) {
	request := ledgerapi.DisputeListRequest{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.EvidencePage](ctx, s, ledgerapi.ListEvidenceTx, request)
	return api.ListEvidence200JSONResponse{EvidencePageJSONResponse: api.EvidencePageJSONResponse(answer)}, err
}

// AddEvidence is POST /shipments/{shipmentId}/disputes/{disputeId}/evidence.
func (s *server) AddEvidence(ctx context.Context, r api.AddEvidenceRequestObject) (api.AddEvidenceResponseObject, error) {
	request := ledgerapi.AddEvidence{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID, SHA256: r.Body.Sha256, MediaType: r.Body.MediaType, Description: r.Body.Description}
	answer, done, err := carryOut[shipment.DisputeEvidence](ctx, s, command{ledgerapi.AddEvidenceTx, request, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "disputes", strconv.Itoa(r.DisputeID), "evidence")
	return api.AddEvidence201JSONResponse{EvidenceCreatedJSONResponse: api.EvidenceCreatedJSONResponse{Body: answer, Headers: api.EvidenceCreatedResponseHeaders(headers)}}, nil
}

// OfferResolution is POST /shipments/{shipmentId}/disputes/{disputeId}/resolution-offer.
func (s *server) OfferResolution(ctx context.Context, r api.OfferResolutionRequestObject) (api.OfferResolutionResponseObject, error) {
	request := ledgerapi.DisputeAmount{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID, AmountMinor: r.Body.AmountMinor}
	changed, err := s.changeReview(ctx, ledgerapi.OfferResolutionTx, r.ShipmentID, request, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.OfferResolution200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// AcceptResolution is POST /shipments/{shipmentId}/disputes/{disputeId}/resolution.
func (s *server) AcceptResolution(ctx context.Context, r api.AcceptResolutionRequestObject) (api.AcceptResolutionResponseObject, error) {
	request := ledgerapi.DisputeAmount{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID, AmountMinor: r.Body.AmountMinor}
	changed, err := s.changeReview(ctx, ledgerapi.AcceptResolutionTx, r.ShipmentID, request, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.AcceptResolution200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// DecideDispute is POST /shipments/{shipmentId}/disputes/{disputeId}/decision.
func (s *server) DecideDispute(ctx context.Context, r api.DecideDisputeRequestObject) (api.DecideDisputeResponseObject, error) {
	request := ledgerapi.DecideDispute{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID, AmountMinor: r.Body.AmountMinor, Reasoning: r.Body.Reasoning}
	changed, err := s.changeReview(ctx, ledgerapi.DecideDisputeTx, r.ShipmentID, request, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.DecideDispute200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// WithdrawDispute is POST /shipments/{shipmentId}/disputes/{disputeId}/withdrawal.
func (s *server) WithdrawDispute(ctx context.Context, r api.WithdrawDisputeRequestObject) (api.WithdrawDisputeResponseObject, error) {
	changed, err := s.changeReview(ctx, ledgerapi.WithdrawDisputeTx, r.ShipmentID, ledgerapi.DisputeRef{ShipmentID: r.ShipmentID, DisputeID: r.DisputeID}, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.WithdrawDispute200JSONResponse{ReviewChangedJSONResponse: changed}, nil
}

// changeReview carries out a write that changes a shipment's review, and its head with it.
func (s *server) changeReview(ctx context.Context, tx ledgerapi.Transaction, id string, request any, how sending) (api.ReviewChangedJSONResponse, error) {
	answer, done, err := carryOut[shipment.Review](ctx, s, command{tx, request, []string{"shipment/" + id}, how})
	return api.ReviewChangedJSONResponse{Body: answer, Headers: api.ReviewChangedResponseHeaders(done.changed())}, err
}
