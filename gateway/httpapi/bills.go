package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetBill is GET /service-requests/{requestId}/bill.
func (s *server) GetBill(ctx context.Context, r api.GetBillRequestObject) (api.GetBillResponseObject, error) {
	answer, err := ask[service.Bill](ctx, s, ledgerapi.GetBillTx, ledgerapi.RequestRef{RequestID: r.RequestID})
	return api.GetBill200JSONResponse{BillJSONResponse: api.BillJSONResponse(answer)}, err
}

// ListServicePayments is GET /service-requests/{requestId}/payments.
func (s *server) ListServicePayments(ctx context.Context, r api.ListServicePaymentsRequestObject) (api.ListServicePaymentsResponseObject, error) {
	answer, err := ask[ledgerapi.ServicePaymentPage](ctx, s, ledgerapi.ListServicePaymentsTx, paging(r.Params).of(r.RequestID))
	return api.ListServicePayments200JSONResponse{ServicePaymentPageJSONResponse: api.ServicePaymentPageJSONResponse(answer)}, err
}

// PaySteps is POST /service-requests/{requestId}/payments.
func (s *server) PaySteps(ctx context.Context, r api.PayStepsRequestObject) (api.PayStepsResponseObject, error) {
	request := ledgerapi.PaySteps{RequestID: r.RequestID, Until: r.Body.Until}
	answer, done, err := carryOut[service.Bill](ctx, s, command{ledgerapi.PayStepsTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.PaySteps200JSONResponse{BillChangedJSONResponse: changedBill(answer, done)}, nil
}

// GetUsageBill is GET /service-agreements/{agreementId}/components/{componentId}/bill.
func (s *server) GetUsageBill(ctx context.Context, r api.GetUsageBillRequestObject) (api.GetUsageBillResponseObject, error) {
	answer, err := ask[service.Bill](ctx, s, ledgerapi.GetUsageBillTx, ledgerapi.UsageBillRef{AgreementID: r.AgreementID, ComponentID: r.ComponentID})
	return api.GetUsageBill200JSONResponse{BillJSONResponse: api.BillJSONResponse(answer)}, err
}

// ListUsageCharges is GET /service-agreements/{agreementId}/components/{componentId}/charges.
func (s *server) ListUsageCharges(ctx context.Context, r api.ListUsageChargesRequestObject) (api.ListUsageChargesResponseObject, error) {
	page := paging(r.Params)
	answer, err := ask[ledgerapi.ServicePaymentPage](ctx, s, ledgerapi.ListUsageChargesTx, ledgerapi.ChargeListRequest{AgreementID: r.AgreementID, ComponentID: r.ComponentID, Limit: page.limit(), Cursor: page.Cursor})
	return api.ListUsageCharges200JSONResponse{ServicePaymentPageJSONResponse: api.ServicePaymentPageJSONResponse(answer)}, err
}

// ChargeUsage is POST /service-agreements/{agreementId}/components/{componentId}/charges.
func (s *server) ChargeUsage(ctx context.Context, r api.ChargeUsageRequestObject) (api.ChargeUsageResponseObject, error) {
	request := ledgerapi.UsageBillRef{AgreementID: r.AgreementID, ComponentID: r.ComponentID}
	answer, done, err := carryOut[service.Bill](ctx, s, command{ledgerapi.ChargeUsageTx, request, []string{"usage-bill/" + r.AgreementID + "/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.ChargeUsage200JSONResponse{BillChangedJSONResponse: changedBill(answer, done)}, nil
}

func changedBill(answer service.Bill, done receipt) api.BillChangedJSONResponse {
	return api.BillChangedJSONResponse{Body: answer, Headers: api.BillChangedResponseHeaders(done.changed())}
}
