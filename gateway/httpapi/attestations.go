package httpapi

import (
	"context"
	"strconv"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/disclosure"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// AttestParticipation is POST /attestations. All of the organisation's wait in one
// queue: which pseudonym it is follows from a secret that a queue's name must not say.
func (s *server) AttestParticipation(ctx context.Context, r api.AttestParticipationRequestObject) (api.AttestParticipationResponseObject, error) {
	answer, done, err := carryOut[disclosure.Attestation](ctx, s, command{ledgerapi.AttestParticipationTx, r.Body, []string{"shipment-pseudonym"}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := done.created("attestations", answer.Pseudonym, strconv.FormatUint(answer.Number, 10))
	return api.AttestParticipation201JSONResponse{AttestationCreatedJSONResponse: api.AttestationCreatedJSONResponse{Body: answer, Headers: api.AttestationCreatedResponseHeaders(headers)}}, nil
}

// GetAttestation is GET /attestations/{pseudonym}/{number}.
func (s *server) GetAttestation(ctx context.Context, r api.GetAttestationRequestObject) (api.GetAttestationResponseObject, error) {
	answer, err := ask[disclosure.Attestation](ctx, s, ledgerapi.GetAttestationTx, ledgerapi.AttestationRef{Pseudonym: r.Pseudonym, Number: r.Number})
	return api.GetAttestation200JSONResponse{AttestationJSONResponse: api.AttestationJSONResponse(answer)}, err
}

// ListAttestations is GET /attestations/{pseudonym}.
func (s *server) ListAttestations(ctx context.Context, r api.ListAttestationsRequestObject) (api.ListAttestationsResponseObject, error) {
	answer, err := ask[ledgerapi.AttestationPage](ctx, s, ledgerapi.ListAttestationsTx, paging(r.Params).of(r.Pseudonym))
	return api.ListAttestations200JSONResponse{AttestationPageJSONResponse: api.AttestationPageJSONResponse(answer)}, err
}

// CheckDisclosure is POST /disclosure-checks: a question, posted because an
// address is written down in too many places for a secret.
func (s *server) CheckDisclosure(ctx context.Context, r api.CheckDisclosureRequestObject) (api.CheckDisclosureResponseObject, error) {
	answer, err := ask[ledgerapi.Disclosure](ctx, s, ledgerapi.CheckDisclosureTx, r.Body)
	return api.CheckDisclosure200JSONResponse{DisclosureJSONResponse: api.DisclosureJSONResponse(answer)}, err
}
