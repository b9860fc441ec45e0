package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// IssueCertificate is POST /service-requests/{requestId}/certificates.
func (s *server) IssueCertificate(ctx context.Context, r api.IssueCertificateRequestObject) (api.IssueCertificateResponseObject, error) {
	request := ledgerapi.IssueCertificate{RequestID: r.RequestID, Statement: r.Body.Statement}
	answer, done, err := carryOut[ledgerapi.CertificateForm](ctx, s, command{ledgerapi.IssueCertificateTx, request, []string{"service-request/" + r.RequestID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.CertificateFormCreatedResponseHeaders(done.created("release-certificates", answer.Certificate.TrackingNumber))
	return api.IssueCertificate201JSONResponse{CertificateFormCreatedJSONResponse: api.CertificateFormCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetCertificate is GET /release-certificates/{trackingNumber}.
func (s *server) GetCertificate(ctx context.Context, r api.GetCertificateRequestObject) (api.GetCertificateResponseObject, error) {
	answer, err := ask[ledgerapi.CertificateForm](ctx, s, ledgerapi.GetCertificateTx, ledgerapi.CertificateRef{TrackingNumber: r.TrackingNumber})
	return api.GetCertificate200JSONResponse{CertificateFormJSONResponse: api.CertificateFormJSONResponse(answer)}, err
}
