package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// QuarantineStatement is POST /quarantine.
func (s *server) QuarantineStatement(ctx context.Context, r api.QuarantineStatementRequestObject) (api.QuarantineStatementResponseObject, error) {
	answer, done, err := carryOut[statement.QuarantinedStatement](ctx, s, command{ledgerapi.QuarantineStatementTx, r.Body, []string{"quarantine"}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.QuarantineCreatedResponseHeaders(done.created("organisations", answer.Issuer, "quarantine", answer.Hash))
	return api.QuarantineStatement201JSONResponse{QuarantineCreatedJSONResponse: api.QuarantineCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListQuarantine is GET /organisations/{mspId}/quarantine.
func (s *server) ListQuarantine(ctx context.Context, r api.ListQuarantineRequestObject) (api.ListQuarantineResponseObject, error) {
	answer, err := ask[ledgerapi.QuarantinePage](ctx, s, ledgerapi.ListQuarantineTx, paging(r.Params).of(r.MSPID))
	return api.ListQuarantine200JSONResponse{QuarantinePageJSONResponse: api.QuarantinePageJSONResponse(answer)}, err
}

// GetQuarantined is GET /organisations/{mspId}/quarantine/{hash}.
func (s *server) GetQuarantined(ctx context.Context, r api.GetQuarantinedRequestObject) (api.GetQuarantinedResponseObject, error) {
	answer, err := ask[ledgerapi.QuarantineEntry](ctx, s, ledgerapi.GetQuarantinedTx, ledgerapi.QuarantineRef{Issuer: r.MSPID, Hash: r.Hash})
	return api.GetQuarantined200JSONResponse{QuarantineEntryJSONResponse: api.QuarantineEntryJSONResponse(answer)}, err
}

// ReleaseStatement is POST /organisations/{mspId}/quarantine/{hash}/release.
func (s *server) ReleaseStatement(ctx context.Context, r api.ReleaseStatementRequestObject) (api.ReleaseStatementResponseObject, error) {
	decision := ledgerapi.DecideStatement{Issuer: r.MSPID, Hash: r.Hash, Reason: r.Body.Reason}
	answer, done, err := carryOut[statement.QuarantinedStatement](ctx, s, command{ledgerapi.ReleaseStatementTx, decision, []string{"statement/" + r.Hash}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ReleaseStatement200JSONResponse{QuarantineChangedJSONResponse: changedQuarantine(answer, done)}, nil
}

// RejectStatement is POST /organisations/{mspId}/quarantine/{hash}/rejection.
func (s *server) RejectStatement(ctx context.Context, r api.RejectStatementRequestObject) (api.RejectStatementResponseObject, error) {
	decision := ledgerapi.DecideStatement{Issuer: r.MSPID, Hash: r.Hash, Reason: r.Body.Reason}
	answer, done, err := carryOut[statement.QuarantinedStatement](ctx, s, command{ledgerapi.RejectStatementTx, decision, []string{"statement/" + r.Hash}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RejectStatement200JSONResponse{QuarantineChangedJSONResponse: changedQuarantine(answer, done)}, nil
}

// ListStatements is GET /statements/{subject}.
func (s *server) ListStatements(ctx context.Context, r api.ListStatementsRequestObject) (api.ListStatementsResponseObject, error) {
	p := paging{r.Params.Limit, r.Params.Cursor}
	request := ledgerapi.StatementListRequest{Subject: r.Subject, Signer: r.Params.Signer, Limit: p.limit(), Cursor: p.Cursor}
	answer, err := ask[ledgerapi.StatementPage](ctx, s, ledgerapi.ListStatementsTx, request)
	return api.ListStatements200JSONResponse{StatementPageJSONResponse: api.StatementPageJSONResponse(answer)}, err
}

// GetStatementChain is GET /statements/{subject}/{signer}.
func (s *server) GetStatementChain(ctx context.Context, r api.GetStatementChainRequestObject) (api.GetStatementChainResponseObject, error) {
	answer, err := ask[statement.StatementChain](ctx, s, ledgerapi.GetStatementChainTx, ledgerapi.StatementChainRef{Subject: r.Subject, Signer: r.Signer})
	return api.GetStatementChain200JSONResponse{StatementChainJSONResponse: api.StatementChainJSONResponse(answer)}, err
}

// RecordValidation is POST /components/{componentId}/validations.
func (s *server) RecordValidation(ctx context.Context, r api.RecordValidationRequestObject) (api.RecordValidationResponseObject, error) {
	request := ledgerapi.RecordValidation{ComponentID: r.ComponentID, Envelope: r.Body.Envelope}
	answer, done, err := carryOut[component.Validation](ctx, s, command{ledgerapi.RecordValidationTx, request, []string{"statements/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ValidationCreatedResponseHeaders(done.created("components", answer.ComponentID, "validations"))
	return api.RecordValidation201JSONResponse{ValidationCreatedJSONResponse: api.ValidationCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListValidations is GET /components/{componentId}/validations.
func (s *server) ListValidations(ctx context.Context, r api.ListValidationsRequestObject) (api.ListValidationsResponseObject, error) {
	answer, err := ask[ledgerapi.ValidationPage](ctx, s, ledgerapi.ListValidationsTx, paging(r.Params).of(r.ComponentID))
	return api.ListValidations200JSONResponse{ValidationPageJSONResponse: api.ValidationPageJSONResponse(answer)}, err
}

func changedQuarantine(answer statement.QuarantinedStatement, done receipt) api.QuarantineChangedJSONResponse {
	return api.QuarantineChangedJSONResponse{Body: answer, Headers: api.QuarantineChangedResponseHeaders(done.changed())}
}
