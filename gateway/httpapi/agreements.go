package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ProposeAgreement is POST /service-agreements.
func (s *server) ProposeAgreement(ctx context.Context, r api.ProposeAgreementRequestObject) (api.ProposeAgreementResponseObject, error) {
	answer, done, err := carryOut[service.Agreement](ctx, s, command{ledgerapi.ProposeAgreementTx, r.Body, []string{"agreement/" + r.Body.AgreementID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.AgreementCreatedResponseHeaders(done.created("service-agreements", answer.AgreementID))
	return api.ProposeAgreement201JSONResponse{AgreementCreatedJSONResponse: api.AgreementCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetAgreement is GET /service-agreements/{agreementId}.
func (s *server) GetAgreement(ctx context.Context, r api.GetAgreementRequestObject) (api.GetAgreementResponseObject, error) {
	answer, err := ask[service.Agreement](ctx, s, ledgerapi.GetAgreementTx, ledgerapi.AgreementRef{AgreementID: r.AgreementID})
	return api.GetAgreement200JSONResponse{AgreementJSONResponse: api.AgreementJSONResponse(answer)}, err
}

// AcceptAgreement is POST /service-agreements/{agreementId}/acceptance.
func (s *server) AcceptAgreement(ctx context.Context, r api.AcceptAgreementRequestObject) (api.AcceptAgreementResponseObject, error) {
	request := ledgerapi.AgreementRef{AgreementID: r.AgreementID}
	answer, done, err := carryOut[service.Agreement](ctx, s, command{ledgerapi.AcceptAgreementTx, request, []string{"agreement/" + r.AgreementID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptAgreement200JSONResponse{AgreementChangedJSONResponse: changedAgreement(answer, done)}, nil
}

// DeclineAgreement is POST /service-agreements/{agreementId}/refusal.
func (s *server) DeclineAgreement(ctx context.Context, r api.DeclineAgreementRequestObject) (api.DeclineAgreementResponseObject, error) {
	request := ledgerapi.AgreementRef{AgreementID: r.AgreementID}
	answer, done, err := carryOut[service.Agreement](ctx, s, command{ledgerapi.DeclineAgreementTx, request, []string{"agreement/" + r.AgreementID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineAgreement200JSONResponse{AgreementChangedJSONResponse: changedAgreement(answer, done)}, nil
}

// EndAgreement is POST /service-agreements/{agreementId}/ending.
func (s *server) EndAgreement(ctx context.Context, r api.EndAgreementRequestObject) (api.EndAgreementResponseObject, error) {
	request := ledgerapi.AgreementRef{AgreementID: r.AgreementID}
	answer, done, err := carryOut[service.Agreement](ctx, s, command{ledgerapi.EndAgreementTx, request, []string{"agreement/" + r.AgreementID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.EndAgreement200JSONResponse{AgreementChangedJSONResponse: changedAgreement(answer, done)}, nil
}

// CoverComponents is POST /service-agreements/{agreementId}/components.
func (s *server) CoverComponents(ctx context.Context, r api.CoverComponentsRequestObject) (api.CoverComponentsResponseObject, error) {
	request := ledgerapi.CoverComponents{AgreementID: r.AgreementID, Components: r.Body.Components}
	answer, done, err := carryOut[ledgerapi.CoveredComponents](ctx, s, command{ledgerapi.CoverComponentsTx, request, []string{"agreement/" + r.AgreementID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.CoverComponents200JSONResponse{CoveredComponentsChangedJSONResponse: changedCoveredComponents(answer, done)}, nil
}

// GetCare is GET /components/{componentId}/care.
func (s *server) GetCare(ctx context.Context, r api.GetCareRequestObject) (api.GetCareResponseObject, error) {
	answer, err := ask[service.Care](ctx, s, ledgerapi.GetCareTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetCare200JSONResponse{CareJSONResponse: api.CareJSONResponse(answer)}, err
}

func changedAgreement(answer service.Agreement, done receipt) api.AgreementChangedJSONResponse {
	return api.AgreementChangedJSONResponse{Body: answer, Headers: api.AgreementChangedResponseHeaders(done.changed())}
}

func changedCoveredComponents(answer ledgerapi.CoveredComponents, done receipt) api.CoveredComponentsChangedJSONResponse {
	return api.CoveredComponentsChangedJSONResponse{Body: answer, Headers: api.CoveredComponentsChangedResponseHeaders(done.changed())}
}
