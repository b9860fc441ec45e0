package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ChallengeTag is POST /components/{componentId}/tag-challenge.
func (s *server) ChallengeTag(ctx context.Context, r api.ChallengeTagRequestObject) (api.ChallengeTagResponseObject, error) {
	answer, done, err := carryOut[component.TagChallenge](ctx, s, command{ledgerapi.ChallengeTagTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.TagChallengeChangedResponseHeaders(done.changed())
	return api.ChallengeTag200JSONResponse{TagChallengeChangedJSONResponse: api.TagChallengeChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// GetChallenge is GET /components/{componentId}/tag-challenge.
func (s *server) GetChallenge(ctx context.Context, r api.GetChallengeRequestObject) (api.GetChallengeResponseObject, error) {
	answer, err := ask[component.TagChallenge](ctx, s, ledgerapi.GetChallengeTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	return api.GetChallenge200JSONResponse{TagChallengeJSONResponse: api.TagChallengeJSONResponse(answer)}, err
}

// ActivateComponent is POST /components/{componentId}/activation.
func (s *server) ActivateComponent(ctx context.Context, r api.ActivateComponentRequestObject) (api.ActivateComponentResponseObject, error) {
	answer, done, err := carryOut[component.Component](ctx, s, command{ledgerapi.ActivateComponentTx, ledgerapi.ActivateComponent{ComponentID: r.ComponentID, Place: r.Body.Place, Response: signedBy(r.Body.Response), Code: r.Body.Code}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.ComponentChangedResponseHeaders(done.changed())
	return api.ActivateComponent200JSONResponse{ComponentChangedJSONResponse: api.ComponentChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// RecordTagScan is POST /components/{componentId}/scans.
func (s *server) RecordTagScan(ctx context.Context, r api.RecordTagScanRequestObject) (api.RecordTagScanResponseObject, error) {
	answer, done, err := carryOut[component.TagScan](ctx, s, command{ledgerapi.RecordTagScanTx, ledgerapi.RecordTagScan{ComponentID: r.ComponentID, Place: r.Body.Place, Position: where(r.Body.Position), Purpose: r.Body.Purpose, OccurredAt: r.Body.OccurredAt, TagCount: r.Body.TagCount, Response: signedBy(r.Body.Response)}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.TagScanCreatedResponseHeaders(done.created("components", answer.ComponentID, "scans"))
	return api.RecordTagScan201JSONResponse{TagScanCreatedJSONResponse: api.TagScanCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListTagScans is GET /components/{componentId}/scans.
func (s *server) ListTagScans(ctx context.Context, r api.ListTagScansRequestObject) (api.ListTagScansResponseObject, error) {
	answer, err := ask[ledgerapi.TagScanPage](ctx, s, ledgerapi.ListTagScansTx, paging(r.Params).of(r.ComponentID))
	return api.ListTagScans200JSONResponse{TagScanPageJSONResponse: api.TagScanPageJSONResponse(answer)}, err
}

// ContestRegistration is POST /components/{componentId}/registration-contest.
func (s *server) ContestRegistration(ctx context.Context, r api.ContestRegistrationRequestObject) (api.ContestRegistrationResponseObject, error) {
	answer, done, err := carryOut[component.Finding](ctx, s, command{ledgerapi.ContestRegistrationTx, ledgerapi.ContestRegistration{ComponentID: r.ComponentID, Reason: r.Body.Reason, EvidenceHash: r.Body.EvidenceHash}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.FindingChangedResponseHeaders(done.changed())
	return api.ContestRegistration200JSONResponse{FindingChangedJSONResponse: api.FindingChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListFindings is GET /components/{componentId}/findings.
func (s *server) ListFindings(ctx context.Context, r api.ListFindingsRequestObject) (api.ListFindingsResponseObject, error) {
	answer, err := ask[ledgerapi.FindingPage](ctx, s, ledgerapi.ListFindingsTx, paging(r.Params).of(r.ComponentID))
	return api.ListFindings200JSONResponse{FindingPageJSONResponse: api.FindingPageJSONResponse(answer)}, err
}

// CloseFinding is POST /components/{componentId}/findings/{number}/closing.
func (s *server) CloseFinding(ctx context.Context, r api.CloseFindingRequestObject) (api.CloseFindingResponseObject, error) {
	answer, done, err := carryOut[component.Finding](ctx, s, command{ledgerapi.CloseFindingTx, ledgerapi.CloseFinding{ComponentID: r.ComponentID, Number: r.Number, Reason: r.Body.Reason}, []string{"component/" + r.ComponentID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.FindingChangedResponseHeaders(done.changed())
	return api.CloseFinding200JSONResponse{FindingChangedJSONResponse: api.FindingChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// VerifyComponent is GET /components/{componentId}/authenticity; as text/plain it
// is what a gateway of text messages sends on.
func (s *server) VerifyComponent(ctx context.Context, r api.VerifyComponentRequestObject) (api.VerifyComponentResponseObject, error) {
	answer, err := ask[component.Authenticity](ctx, s, ledgerapi.VerifyComponentTx, ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	if err == nil && recordOf(ctx).media == asText {
		return textForm{asText, []byte(answer.Message() + "\n")}, nil
	}
	return api.VerifyComponent200JSONResponse{AuthenticityJSONResponse: api.AuthenticityJSONResponse(answer)}, err
}

// signedBy is the envelope that a request has, or none.
func signedBy(e dsse.Envelope) *dsse.Envelope {
	if len(e.Signatures) == 0 {
		return nil
	}
	return &e
}

// where is the position that a request has, or none: no scanner stands in the
// Gulf of Guinea, where both are zero.
func where(p component.ScanPosition) *component.ScanPosition {
	if p == (component.ScanPosition{}) {
		return nil
	}
	return &p
}
