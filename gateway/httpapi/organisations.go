package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ListOrganisations is GET /organisations.
func (s *server) ListOrganisations(ctx context.Context, r api.ListOrganisationsRequestObject) (api.ListOrganisationsResponseObject, error) {
	answer, err := ask[ledgerapi.OrganisationPage](ctx, s, ledgerapi.ListOrganisationsTx, paging(r.Params).of(""))
	return api.ListOrganisations200JSONResponse{OrganisationPageJSONResponse: api.OrganisationPageJSONResponse(answer)}, err
}

// GetOrganisation is GET /organisations/{mspId}.
func (s *server) GetOrganisation(ctx context.Context, r api.GetOrganisationRequestObject) (api.GetOrganisationResponseObject, error) {
	answer, err := ask[party.Organisation](ctx, s, ledgerapi.GetOrganisationTx, ledgerapi.OrganisationRef{MSPID: r.MSPID})
	return api.GetOrganisation200JSONResponse{OrganisationJSONResponse: api.OrganisationJSONResponse(answer)}, err
}

// AnnounceOrganisation is POST /organisations.
func (s *server) AnnounceOrganisation(ctx context.Context, r api.AnnounceOrganisationRequestObject) (api.AnnounceOrganisationResponseObject, error) {
	answer, done, err := carryOut[party.Organisation](ctx, s, command{ledgerapi.AnnounceOrganisationTx, r.Body, []string{"consortium"}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AnnounceOrganisation201JSONResponse{OrganisationCreatedJSONResponse: newOrganisation(answer, done, "organisations", answer.MSPID)}, nil
}

func newOrganisation(answer party.Organisation, done receipt, location ...string) api.OrganisationCreatedJSONResponse {
	return api.OrganisationCreatedJSONResponse{Body: answer, Headers: api.OrganisationCreatedResponseHeaders(done.created(location...))}
}

// GetRating is GET /organisations/{mspId}/rating.
func (s *server) GetRating(ctx context.Context, r api.GetRatingRequestObject) (api.GetRatingResponseObject, error) {
	answer, err := ask[shipment.Rating](ctx, s, ledgerapi.GetRatingTx, ledgerapi.OrganisationRef{MSPID: r.MSPID})
	return api.GetRating200JSONResponse{RatingJSONResponse: api.RatingJSONResponse(answer)}, err
}
