package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AnnounceSessionKey is POST /shipments/{shipmentId}/devices/{deviceId}/session-keys.
func (s *server) AnnounceSessionKey(ctx context.Context, r api.AnnounceSessionKeyRequestObject) (api.AnnounceSessionKeyResponseObject, error) {
	request := ledgerapi.AnnounceSessionKey{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, Proof: r.Body.Proof}
	answer, done, err := carryOut[shipment.Stream](ctx, s, command{ledgerapi.AnnounceSessionKeyTx, request, []string{"stream/" + r.ShipmentID + "/" + r.DeviceID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "devices", r.DeviceID, "session-keys")
	return api.AnnounceSessionKey201JSONResponse{
		SessionBegunJSONResponse: api.SessionBegunJSONResponse{Body: answer, Headers: api.SessionBegunResponseHeaders(headers)},
	}, nil
}

// ListSessions is GET /shipments/{shipmentId}/devices/{deviceId}/session-keys.
func (s *server) ListSessions(ctx context.Context, r api.ListSessionsRequestObject) (api.ListSessionsResponseObject, error) {
	request := ledgerapi.StreamListRequest{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.SessionPage](ctx, s, ledgerapi.ListSessionsTx, request)
	return api.ListSessions200JSONResponse{SessionPageJSONResponse: api.SessionPageJSONResponse(answer)}, err
}

// ReportFork is POST /shipments/{shipmentId}/devices/{deviceId}/forks.
func (s *server) ReportFork(ctx context.Context, r api.ReportForkRequestObject) (api.ReportForkResponseObject, error) {
	request := ledgerapi.ReportFork{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, RecordedSequence: r.Body.RecordedSequence, Envelope: r.Body.Envelope}
	heads := []string{"stream/" + r.ShipmentID + "/" + r.DeviceID, "suspicion/" + r.DeviceID}
	answer, done, err := carryOut[shipment.Fork](ctx, s, command{ledgerapi.ReportForkTx, request, heads, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "devices", r.DeviceID, "forks")
	return api.ReportFork201JSONResponse{
		ForkReportedJSONResponse: api.ForkReportedJSONResponse{Body: answer, Headers: api.ForkReportedResponseHeaders(headers)},
	}, nil
}

// ListForks is GET /shipments/{shipmentId}/devices/{deviceId}/forks.
func (s *server) ListForks(ctx context.Context, r api.ListForksRequestObject) (api.ListForksResponseObject, error) {
	request := ledgerapi.StreamListRequest{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.ForkPage](ctx, s, ledgerapi.ListForksTx, request)
	return api.ListForks200JSONResponse{ForkPageJSONResponse: api.ForkPageJSONResponse(answer)}, err
}

// OpenSegments is POST /shipments/{shipmentId}/devices/{deviceId}/openings.
func (s *server) OpenSegments(ctx context.Context, r api.OpenSegmentsRequestObject) (api.OpenSegmentsResponseObject, error) {
	request := ledgerapi.OpenSegments{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, Openings: r.Body.Openings}
	answer, done, err := carryOut[ledgerapi.Opened](ctx, s, command{ledgerapi.OpenSegmentsTx, request, []string{"stream/" + r.ShipmentID + "/" + r.DeviceID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "devices", r.DeviceID, "stream")
	return api.OpenSegments201JSONResponse{
		SegmentsOpenedJSONResponse: api.SegmentsOpenedJSONResponse{Body: answer, Headers: api.SegmentsOpenedResponseHeaders(headers)},
	}, nil
}

// AnnounceEncryptionKey is POST /encryption-keys.
func (s *server) AnnounceEncryptionKey(ctx context.Context, r api.AnnounceEncryptionKeyRequestObject) (api.AnnounceEncryptionKeyResponseObject, error) {
	answer, done, err := carryOut[party.EncryptionKey](ctx, s, command{ledgerapi.AnnounceEncryptionKeyTx, r.Body, []string{"encryption-key"}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AnnounceEncryptionKey201JSONResponse{
		EncryptionKeyAnnouncedJSONResponse: api.EncryptionKeyAnnouncedJSONResponse{Body: answer, Headers: api.EncryptionKeyAnnouncedResponseHeaders(done.created("encryption-keys", answer.Organisation))},
	}, nil
}

// GetEncryptionKey is GET /encryption-keys/{mspId}.
func (s *server) GetEncryptionKey(ctx context.Context, r api.GetEncryptionKeyRequestObject) (api.GetEncryptionKeyResponseObject, error) {
	answer, err := ask[party.EncryptionKey](ctx, s, ledgerapi.GetEncryptionKeyTx, ledgerapi.OrganisationRef{MSPID: r.MSPID})
	return api.GetEncryptionKey200JSONResponse{EncryptionKeyJSONResponse: api.EncryptionKeyJSONResponse(answer)}, err
}
