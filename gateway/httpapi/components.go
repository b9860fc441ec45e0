package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// RegisterComponent is POST /components.
func (s *server) RegisterComponent(ctx context.Context, r api.RegisterComponentRequestObject) (api.RegisterComponentResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.RegisterComponentTx, r.Body, []string{"component/" + r.Body.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RegisterComponent201JSONResponse{ComponentCreatedJSONResponse: newComponent(answer, done, "components", answer.ComponentID)}, nil
}

// GetComponent is GET /components/{componentId}.
func (s *server) GetComponent(ctx context.Context, r api.GetComponentRequestObject) (api.GetComponentResponseObject, error) {
	answer, err := ask[component.Component](ctx, s, ledgerapi.GetComponentTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetComponent200JSONResponse{ComponentJSONResponse: api.ComponentJSONResponse(answer)}, err
}

// GetComponentHistory is GET /components/{componentId}/history.
func (s *server) GetComponentHistory(ctx context.Context, r api.GetComponentHistoryRequestObject) (api.GetComponentHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.ComponentEventPage](ctx, s, ledgerapi.ComponentHistoryTx, paging(r.Params).of(r.ComponentID))
	return api.GetComponentHistory200JSONResponse{ComponentEventPageJSONResponse: api.ComponentEventPageJSONResponse(answer)}, err
}

// OfferOwnership is POST /components/{componentId}/ownership-offer.
func (s *server) OfferOwnership(ctx context.Context, r api.OfferOwnershipRequestObject) (api.OfferOwnershipResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.OfferOwnershipTx, ledgerapi.OfferOwnership{ComponentID: r.ComponentID, To: r.Body.To, PriceMinor: r.Body.PriceMinor, Currency: r.Body.Currency}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.OfferOwnership200JSONResponse{ComponentChangedJSONResponse: changedComponent(answer, done)}, nil
}

// AcceptOwnership is POST /components/{componentId}/ownership-acceptance.
func (s *server) AcceptOwnership(ctx context.Context, r api.AcceptOwnershipRequestObject) (api.AcceptOwnershipResponseObject, error) {
	acceptance := ledgerapi.AcceptOwnership{ComponentID: r.ComponentID}
	if r.Body != nil {
		acceptance.Location, acceptance.PriceMinor, acceptance.Currency = r.Body.Location, r.Body.PriceMinor, r.Body.Currency
	}
	entities := []string{"component/" + r.ComponentID}
	if acceptance.Currency != "" {
		entities = append(entities, s.ownAccount(acceptance.Currency))
	}
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.AcceptOwnershipTx, acceptance, entities, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.AcceptOwnership200JSONResponse{ComponentChangedJSONResponse: changedComponent(answer, done)}, nil
}

// DeclineOwnership is POST /components/{componentId}/ownership-refusal.
func (s *server) DeclineOwnership(ctx context.Context, r api.DeclineOwnershipRequestObject) (api.DeclineOwnershipResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.DeclineOwnershipTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.DeclineOwnership200JSONResponse{ComponentChangedJSONResponse: changedComponent(answer, done)}, nil
}

func newComponent(answer component.Component, done receipt, location ...string) api.ComponentCreatedJSONResponse {
	return api.ComponentCreatedJSONResponse{Body: answer, Headers: api.ComponentCreatedResponseHeaders(done.created(location...))}
}

func changedComponent(answer component.Component, done receipt) api.ComponentChangedJSONResponse {
	return api.ComponentChangedJSONResponse{Body: answer, Headers: api.ComponentChangedResponseHeaders(done.changed())}
}

// RelocateComponent is POST /components/{componentId}/location.
func (s *server) RelocateComponent(ctx context.Context, r api.RelocateComponentRequestObject) (api.RelocateComponentResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.RelocateComponentTx, ledgerapi.RelocateComponent{ComponentID: r.ComponentID, Location: r.Body.Location}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ComponentChangedResponseHeaders(done.changed())
	return api.RelocateComponent200JSONResponse{ComponentChangedJSONResponse: api.ComponentChangedJSONResponse{Body: answer, Headers: headers}}, nil
}
