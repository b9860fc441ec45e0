package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// ChangeRoles is POST /organisations/{mspId}/role-changes.
func (s *server) ChangeRoles(ctx context.Context, r api.ChangeRolesRequestObject) (api.ChangeRolesResponseObject, error) {
	request := ledgerapi.ChangeRoles{MSPID: r.MSPID, ChangeID: r.Body.ChangeID, Grant: r.Body.Grant, Withdraw: r.Body.Withdraw, Reason: r.Body.Reason, OpenSeconds: r.Body.OpenSeconds}
	answer, done, err := carryOut[party.RoleChange](ctx, s, command{ledgerapi.ChangeRolesTx, request, ofOrganisation(r.MSPID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RoleChangeCreatedResponseHeaders(done.created("organisations", answer.MSPID, "role-changes"))
	return api.ChangeRoles201JSONResponse{RoleChangeCreatedJSONResponse: api.RoleChangeCreatedJSONResponse{Body: answer, Headers: headers}}, nil
}

// AgreeToRoles is POST /organisations/{mspId}/role-changes/{changeId}/consents.
func (s *server) AgreeToRoles(ctx context.Context, r api.AgreeToRolesRequestObject) (api.AgreeToRolesResponseObject, error) {
	request := ledgerapi.RoleChangeRef{MSPID: r.MSPID, ChangeID: r.ChangeID}
	answer, done, err := carryOut[party.RoleChange](ctx, s, command{ledgerapi.AgreeToRolesTx, request, ofOrganisation(r.MSPID), sending(r.Params)})
	if err != nil {
		return nil, err
	}
	headers := api.RoleChangeChangedResponseHeaders(done.changed())
	return api.AgreeToRoles200JSONResponse{RoleChangeChangedJSONResponse: api.RoleChangeChangedJSONResponse{Body: answer, Headers: headers}}, nil
}

// ListRoleChanges is GET /organisations/{mspId}/role-changes.
func (s *server) ListRoleChanges(ctx context.Context, r api.ListRoleChangesRequestObject) (api.ListRoleChangesResponseObject, error) {
	answer, err := ask[ledgerapi.RoleChangePage](ctx, s, ledgerapi.ListRoleChangesTx, paging(r.Params).of(r.MSPID))
	return api.ListRoleChanges200JSONResponse{RoleChangePageJSONResponse: api.RoleChangePageJSONResponse(answer)}, err
}

// ofOrganisation is what one write at a time changes: the organisation's record.
func ofOrganisation(mspID string) []string { return []string{"organisation/" + mspID} }
