package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// DecommissionComponent is POST /components/{componentId}/decommissioning.
func (s *server) DecommissionComponent(ctx context.Context, r api.DecommissionComponentRequestObject) (api.DecommissionComponentResponseObject, error) {
	answer, done, err := carryOut[component.Retirement](ctx, s, command{ledgerapi.DecommissionTx, ledgerapi.DecommissionComponent{ComponentID: r.ComponentID, Disposition: r.Body.Disposition, Reason: r.Body.Reason, CertificateID: r.Body.CertificateID, CertificateHash: r.Body.CertificateHash, Materials: r.Body.Materials}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RetirementChangedResponseHeaders(done.changed())
	return api.DecommissionComponent200JSONResponse{RetirementChangedJSONResponse: api.RetirementChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetRetirement is GET /components/{componentId}/decommissioning.
func (s *server) GetRetirement(ctx context.Context, r api.GetRetirementRequestObject) (api.GetRetirementResponseObject, error) {
	answer, err := ask[component.Retirement](ctx, s, ledgerapi.GetRetirementTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetRetirement200JSONResponse{RetirementJSONResponse: api.RetirementJSONResponse(answer)}, err
}

// ConfirmDecommission is POST /components/{componentId}/decommissioning-confirmation.
func (s *server) ConfirmDecommission(ctx context.Context, r api.ConfirmDecommissionRequestObject) (api.ConfirmDecommissionResponseObject, error) {
	confirmation := ledgerapi.ConfirmDecommission{ComponentID: r.ComponentID}
	if r.Body != nil {
		confirmation.WitnessHash = r.Body.WitnessHash
	}
	answer, done, err := carryOut[component.Retirement](ctx, s, command{ledgerapi.ConfirmDecommissionTx, confirmation, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RetirementChangedResponseHeaders(done.changed())
	return api.ConfirmDecommission200JSONResponse{RetirementChangedJSONResponse: api.RetirementChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// WithdrawDecommission is POST /components/{componentId}/decommissioning-withdrawal.
func (s *server) WithdrawDecommission(ctx context.Context, r api.WithdrawDecommissionRequestObject) (api.WithdrawDecommissionResponseObject, error) {
	answer, done, err := carryOut[component.Retirement](ctx, s, command{ledgerapi.WithdrawDecommissionTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RetirementChangedResponseHeaders(done.changed())
	return api.WithdrawDecommission200JSONResponse{RetirementChangedJSONResponse: api.RetirementChangedJSONResponse{Body: answer, Headers: headers}}, nil
}
