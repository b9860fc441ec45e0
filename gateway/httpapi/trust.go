package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// VerifyOrganisation is POST /organisations/{mspId}/verifications.
func (s *server) VerifyOrganisation(ctx context.Context, r api.VerifyOrganisationRequestObject) (api.VerifyOrganisationResponseObject, error) {
	request := ledgerapi.VerifyOrganisation{MSPID: r.MSPID, Evidence: r.Body.Evidence, Reference: r.Body.Reference, EvidenceHash: r.Body.EvidenceHash, ValidUntil: r.Body.ValidUntil}
	answer, done, err := carryOut[party.Verification](ctx, s, command{ledgerapi.VerifyOrganisationTx, request, ofOrganisation(r.MSPID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.VerificationCreatedResponseHeaders(done.created("organisations", answer.MSPID, "verifications"))
	return api.VerifyOrganisation201JSONResponse{VerificationCreatedJSONResponse: api.VerificationCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// WithdrawVerification is POST /organisations/{mspId}/verifications/{number}/withdrawal.
func (s *server) WithdrawVerification(ctx context.Context, r api.WithdrawVerificationRequestObject) (api.WithdrawVerificationResponseObject, error) {
	request := ledgerapi.WithdrawVerification{MSPID: r.MSPID, Number: r.Number, Reason: r.Body.Reason}
	answer, done, err := carryOut[party.Verification](ctx, s, command{ledgerapi.WithdrawVerificationTx, request, ofOrganisation(r.MSPID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.VerificationChangedResponseHeaders(done.changed())
	return api.WithdrawVerification200JSONResponse{VerificationChangedJSONResponse: api.VerificationChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListVerifications is GET /organisations/{mspId}/verifications.
func (s *server) ListVerifications(ctx context.Context, r api.ListVerificationsRequestObject) (api.ListVerificationsResponseObject, error) {
	answer, err := ask[ledgerapi.VerificationPage](ctx, s, ledgerapi.ListVerificationsTx, paging(r.Params).of(r.MSPID))
	return api.ListVerifications200JSONResponse{VerificationPageJSONResponse: api.VerificationPageJSONResponse(answer)}, err
}

// PublishStandard is POST /standards.
func (s *server) PublishStandard(ctx context.Context, r api.PublishStandardRequestObject) (api.PublishStandardResponseObject, error) {
	answer, done, err := carryOut[party.Standard](ctx, s, command{ledgerapi.PublishStandardTx, r.Body, ofStandard(s.config.Organisation, r.Body.StandardID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.StandardCreatedResponseHeaders(done.created("standards", answer.Publisher, answer.StandardID, answer.Version))
	return api.PublishStandard201JSONResponse{StandardCreatedJSONResponse: api.StandardCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetStandard is GET /standards/{publisher}/{standardId}/{version}.
func (s *server) GetStandard(ctx context.Context, r api.GetStandardRequestObject) (api.GetStandardResponseObject, error) {
	answer, err := ask[party.Standard](ctx, s, ledgerapi.GetStandardTx, party.StandardRef{Publisher: r.Publisher, StandardID: r.StandardID, Version: r.Version})
	return api.GetStandard200JSONResponse{StandardJSONResponse: api.StandardJSONResponse(answer)}, err
}

// WithdrawStandard is POST /standards/{publisher}/{standardId}/{version}/withdrawal.
func (s *server) WithdrawStandard(ctx context.Context, r api.WithdrawStandardRequestObject) (api.WithdrawStandardResponseObject, error) {
	request := ledgerapi.WithdrawStandard{Publisher: r.Publisher, StandardID: r.StandardID, Version: r.Version, Reason: r.Body.Reason}
	answer, done, err := carryOut[party.Standard](ctx, s, command{ledgerapi.WithdrawStandardTx, request, ofStandard(r.Publisher, r.StandardID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.StandardChangedResponseHeaders(done.changed())
	return api.WithdrawStandard200JSONResponse{StandardChangedJSONResponse: api.StandardChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListStandards is GET /organisations/{mspId}/standards.
func (s *server) ListStandards(ctx context.Context, r api.ListStandardsRequestObject) (api.ListStandardsResponseObject, error) {
	answer, err := ask[ledgerapi.StandardPage](ctx, s, ledgerapi.ListStandardsTx, paging(r.Params).of(r.MSPID))
	return api.ListStandards200JSONResponse{StandardPageJSONResponse: api.StandardPageJSONResponse(answer)}, err
}

// ofStandard is what one write at a time changes: the versions of a standard, since
// one takes another's place.
func ofStandard(publisher, standardID string) []string {
	return []string{"standard/" + publisher + "/" + standardID}
}
