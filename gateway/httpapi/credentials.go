package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// IssueCredential is POST /credentials.
func (s *server) IssueCredential(ctx context.Context, r api.IssueCredentialRequestObject) (api.IssueCredentialResponseObject, error) {
	answer, done, err := carryOut[credential.Credential](ctx, s, command{ledgerapi.IssueCredentialTx, r.Body, []string{"credential/" + r.Body.CredentialID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.CredentialCreatedResponseHeaders(done.created("credentials", answer.CredentialID))
	return api.IssueCredential201JSONResponse{CredentialCreatedJSONResponse: api.CredentialCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListCredentials is GET /credentials.
func (s *server) ListCredentials(ctx context.Context, r api.ListCredentialsRequestObject) (api.ListCredentialsResponseObject, error) {
	answer, err := ask[ledgerapi.CredentialPage](ctx, s, ledgerapi.ListCredentialsTx, paging(r.Params).of(""))
	return api.ListCredentials200JSONResponse{CredentialPageJSONResponse: api.CredentialPageJSONResponse(answer)}, err
}

// GetCredential is GET /credentials/{credentialId}.
func (s *server) GetCredential(ctx context.Context, r api.GetCredentialRequestObject) (api.GetCredentialResponseObject, error) {
	answer, err := ask[credential.Credential](ctx, s, ledgerapi.GetCredentialTx, ledgerapi.CredentialRef{CredentialID: r.CredentialID})
	return api.GetCredential200JSONResponse{CredentialJSONResponse: api.CredentialJSONResponse(answer)}, err
}

// GetCredentialHistory is GET /credentials/{credentialId}/history.
func (s *server) GetCredentialHistory(ctx context.Context, r api.GetCredentialHistoryRequestObject) (api.GetCredentialHistoryResponseObject, error) {
	answer, err := ask[ledgerapi.CredentialEventPage](ctx, s, ledgerapi.CredentialHistoryTx, paging(r.Params).of(r.CredentialID))
	return api.GetCredentialHistory200JSONResponse{CredentialEventPageJSONResponse: api.CredentialEventPageJSONResponse(answer)}, err
}

// ListTallies is GET /credentials/{credentialId}/tallies.
func (s *server) ListTallies(ctx context.Context, r api.ListTalliesRequestObject) (api.ListTalliesResponseObject, error) {
	answer, err := ask[ledgerapi.TallyPage](ctx, s, ledgerapi.ListTalliesTx, paging(r.Params).of(r.CredentialID))
	return api.ListTallies200JSONResponse{TallyPageJSONResponse: api.TallyPageJSONResponse(answer)}, err
}

// RenewCredential is POST /credentials/{credentialId}/renewals.
func (s *server) RenewCredential(ctx context.Context, r api.RenewCredentialRequestObject) (api.RenewCredentialResponseObject, error) {
	renewal := ledgerapi.RenewCredential{CredentialID: r.CredentialID, Skills: r.Body.Skills, PartNumbers: r.Body.PartNumbers, ValidUntil: r.Body.ValidUntil}
	answer, done, err := carryOut[credential.Credential](ctx, s, command{ledgerapi.RenewCredentialTx, renewal, []string{"credential/" + r.CredentialID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RenewCredential200JSONResponse{CredentialChangedJSONResponse: changedCredential(answer, done)}, nil
}

// RotateCredentialKey is POST /credentials/{credentialId}/key-rotations.
func (s *server) RotateCredentialKey(ctx context.Context, r api.RotateCredentialKeyRequestObject) (api.RotateCredentialKeyResponseObject, error) {
	rotation := ledgerapi.RotateCredentialKey{CredentialID: r.CredentialID, Algorithm: r.Body.Algorithm, PublicKey: r.Body.PublicKey, Proof: r.Body.Proof}
	answer, done, err := carryOut[credential.Credential](ctx, s, command{ledgerapi.RotateCredentialKeyTx, rotation, []string{"credential/" + r.CredentialID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RotateCredentialKey200JSONResponse{CredentialChangedJSONResponse: changedCredential(answer, done)}, nil
}

// RevokeCredential is POST /credentials/{credentialId}/revocation.
func (s *server) RevokeCredential(ctx context.Context, r api.RevokeCredentialRequestObject) (api.RevokeCredentialResponseObject, error) {
	revocation := ledgerapi.RevokeCredential{CredentialID: r.CredentialID, Reason: r.Body.Reason}
	answer, done, err := carryOut[credential.Credential](ctx, s, command{ledgerapi.RevokeCredentialTx, revocation, []string{"credential/" + r.CredentialID}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RevokeCredential200JSONResponse{CredentialChangedJSONResponse: changedCredential(answer, done)}, nil
}

// GetKeyHolder is GET /keys/{keyId}.
func (s *server) GetKeyHolder(ctx context.Context, r api.GetKeyHolderRequestObject) (api.GetKeyHolderResponseObject, error) {
	answer, err := ask[ledgerapi.KeyHolder](ctx, s, ledgerapi.GetKeyHolderTx, ledgerapi.KeyRef{KeyID: r.KeyID})
	return api.GetKeyHolder200JSONResponse{KeyHolderJSONResponse: api.KeyHolderJSONResponse(answer)}, err
}

func changedCredential(answer credential.Credential, done receipt) api.CredentialChangedJSONResponse {
	return api.CredentialChangedJSONResponse{Body: answer, Headers: api.CredentialChangedResponseHeaders(done.changed())}
}
