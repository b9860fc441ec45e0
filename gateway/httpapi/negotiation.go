package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AmendTerms is POST /shipments/{shipmentId}/counter-offers.
func (s *server) AmendTerms(ctx context.Context, r api.AmendTermsRequestObject) (api.AmendTermsResponseObject, error) {
	answer, done, err := carryOut[shipment.Shipment](ctx, s, command{ledgerapi.AmendTermsTx, ledgerapi.AmendTerms{ShipmentID: r.ShipmentID, TermsHash: r.Body.TermsHash, Terms: r.Body.Terms}, []string{"shipment/" + r.ShipmentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AmendTerms200JSONResponse{ShipmentChangedJSONResponse: changedShipment(answer, done)}, nil
}

// ListOffers is GET /shipments/{shipmentId}/counter-offers.
func (s *server) ListOffers(ctx context.Context, r api.ListOffersRequestObject) (api.ListOffersResponseObject, error) {
	answer, err := ask[ledgerapi.ReplacedTermsPage](ctx, s, ledgerapi.ListOffersTx, paging(r.Params).of(r.ShipmentID))
	return api.ListOffers200JSONResponse{ReplacedTermsPageJSONResponse: api.ReplacedTermsPageJSONResponse(answer)}, err
}
