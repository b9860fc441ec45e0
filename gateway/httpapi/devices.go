package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// RegisterDevice is POST /devices.
func (s *server) RegisterDevice(ctx context.Context, r api.RegisterDeviceRequestObject) (api.RegisterDeviceResponseObject, error) {
	answer, done, err := carryOut[party.Device](ctx, s, command{ledgerapi.RegisterDeviceTx, r.Body, []string{"device/" + r.Body.DeviceID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RegisterDevice201JSONResponse{DeviceCreatedJSONResponse: newDevice(answer, done, "devices", answer.DeviceID)}, nil
}

// GetDevice is GET /devices/{deviceId}.
func (s *server) GetDevice(ctx context.Context, r api.GetDeviceRequestObject) (api.GetDeviceResponseObject, error) {
	answer, err := ask[party.Device](ctx, s, ledgerapi.GetDeviceTx, ledgerapi.DeviceRef{DeviceID: r.DeviceID})
	return api.GetDevice200JSONResponse{DeviceJSONResponse: api.DeviceJSONResponse(answer)}, err
}

// GetDeviceHistory is GET /devices/{deviceId}/history.
func (s *server) GetDeviceHistory(ctx context.Context, r api.GetDeviceHistoryRequestObject) (api.GetDeviceHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.DeviceKeyPage](ctx, s, ledgerapi.DeviceHistoryTx, paging(r.Params).of(r.DeviceID))
	return api.GetDeviceHistory200JSONResponse{DeviceKeyPageJSONResponse: api.DeviceKeyPageJSONResponse(answer)}, err
}

// RotateDeviceKey is POST /devices/{deviceId}/key-rotations.
func (s *server) RotateDeviceKey(ctx context.Context, r api.RotateDeviceKeyRequestObject) (api.RotateDeviceKeyResponseObject, error) {
	rotation := ledgerapi.RotateDeviceKey{DeviceID: r.DeviceID, Algorithm: r.Body.Algorithm, PublicKey: r.Body.PublicKey, Proof: r.Body.Proof}
	answer, done, err := carryOut[party.Device](ctx, s, command{ledgerapi.RotateDeviceKeyTx, rotation, []string{"device/" + r.DeviceID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RotateDeviceKey200JSONResponse{DeviceChangedJSONResponse: changedDevice(answer, done)}, nil
}

// RevokeDevice is POST /devices/{deviceId}/revocation.
func (s *server) RevokeDevice(ctx context.Context, r api.RevokeDeviceRequestObject) (api.RevokeDeviceResponseObject, error) {
	answer, done, err := carryOut[party.Device](ctx, s, command{ledgerapi.RevokeDeviceTx, ledgerapi.RevokeDevice{DeviceID: r.DeviceID, Reason: r.Body.Reason}, []string{"device/" + r.DeviceID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RevokeDevice200JSONResponse{DeviceChangedJSONResponse: changedDevice(answer, done)}, nil
}

func newDevice(answer party.Device, done receipt, location ...string) api.DeviceCreatedJSONResponse {
	return api.DeviceCreatedJSONResponse{Body: answer, Headers: api.DeviceCreatedResponseHeaders(done.created(location...))}
}

func changedDevice(answer party.Device, done receipt) api.DeviceChangedJSONResponse {
	return api.DeviceChangedJSONResponse{Body: answer, Headers: api.DeviceChangedResponseHeaders(done.changed())}
}
