package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// RecordReadings is POST /shipments/{shipmentId}/segments. It writes the head of
// the device's stream and only reads the shipment's, so devices do not wait for
// each other.
func (s *server) RecordReadings(ctx context.Context, r api.RecordReadingsRequestObject) (api.RecordReadingsResponseObject, error) {
	segments := ledgerapi.RecordReadings{ShipmentID: r.ShipmentID, DeviceID: r.Body.DeviceID, Envelopes: r.Body.Envelopes}
	stream := []string{"stream/" + r.ShipmentID + "/" + r.Body.DeviceID}
	answer, done, err := carryOut[ledgerapi.Recorded](ctx, s, command{ledgerapi.RecordReadingsTx, segments, stream, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("shipments", r.ShipmentID, "devices", r.Body.DeviceID, "stream")
	return api.RecordReadings201JSONResponse{
		RecordedJSONResponse: api.RecordedJSONResponse{Body: answer, Headers: api.RecordedResponseHeaders(headers)},
	}, nil
}

// GetStream is GET /shipments/{shipmentId}/devices/{deviceId}/stream.
func (s *server) GetStream(ctx context.Context, r api.GetStreamRequestObject) (api.GetStreamResponseObject, error) {
	answer, err := ask[shipment.Stream](ctx, s, ledgerapi.GetStreamTx, ledgerapi.StreamRef{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID})
	return api.GetStream200JSONResponse{StreamJSONResponse: api.StreamJSONResponse(answer)}, err
}

// ListSegments is GET /shipments/{shipmentId}/devices/{deviceId}/segments.
func (s *server) ListSegments(ctx context.Context, r api.ListSegmentsRequestObject) (api.ListSegmentsResponseObject, error) {
	request := ledgerapi.StreamListRequest{ShipmentID: r.ShipmentID, DeviceID: r.DeviceID, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.SegmentPage](ctx, s, ledgerapi.ListSegmentsTx, request)
	return api.ListSegments200JSONResponse{SegmentPageJSONResponse: api.SegmentPageJSONResponse(answer)}, err
}

// ListExcursions is GET /shipments/{shipmentId}/excursions.
func (s *server) ListExcursions(ctx context.Context, r api.ListExcursionsRequestObject) (api.ListExcursionsResponseObject, error) {
	answer, err := ask[ledgerapi.ExcursionPage](ctx, s, ledgerapi.ListExcursionsTx, paging(r.Params).of(r.ShipmentID))
	return api.ListExcursions200JSONResponse{ExcursionPageJSONResponse: api.ExcursionPageJSONResponse(answer)}, err
}
