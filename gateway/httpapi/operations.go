package httpapi

import (
	"context"

	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/authn"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// GetOperation is GET /operations/{operationId}.
func (s *server) GetOperation(ctx context.Context, r api.GetOperationRequestObject) (api.GetOperationResponseObject, error) {
	out, err := s.operations.Get(ctx, r.OperationID)
	if err != nil {
		return nil, err
	}
	rec := recordOf(ctx)
	if !visible(rec.principal, out) {
		return nil, problem.New(problem.OperationUnknown, "operation "+r.OperationID+" is unknown")
	}
	rec.transactionID = out.TransactionID
	return api.GetOperation200JSONResponse{OperationJSONResponse: api.OperationJSONResponse(operationOf(out, rec.id))}, nil
}

// visible: a device sees its own operations, everybody else the organisation's.
func visible(p authn.Principal, out Outcome) bool {
	return p.Subject == out.Principal || p.Has(authn.Operator, authn.Admin, authn.Auditor)
}

// operationOf is an outcome as the API shows it.
func operationOf(out Outcome, requestID string) api.Operation {
	o := api.Operation{OperationID: out.ID, State: out.State, Transaction: string(out.Transaction), TransactionID: out.TransactionID, Block: out.Block}
	switch out.State {
	case api.Committed:
		o.Answer = out.Result
	case api.Failed:
		p := problem.Of(out.Err, requestID)
		o.Problem = &p
	}
	return o
}
