package httpapi

import (
	"context"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// GetAccount is GET /accounts/{organisation}/{currency}.
func (s *server) GetAccount(ctx context.Context, r api.GetAccountRequestObject) (api.GetAccountResponseObject, error) {
	answer, err := ask[money.Account](ctx, s, ledgerapi.GetAccountTx, ledgerapi.AccountRef{Organisation: r.Organisation, Currency: r.Currency})
	return api.GetAccount200JSONResponse{AccountJSONResponse: api.AccountJSONResponse(answer)}, err
}

// ListPostings is GET /accounts/{organisation}/{currency}/postings.
func (s *server) ListPostings(ctx context.Context, r api.ListPostingsRequestObject) (api.ListPostingsResponseObject, error) {
	request := ledgerapi.AccountListRequest{Organisation: r.Organisation, Currency: r.Currency, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.PostingPage](ctx, s, ledgerapi.ListPostingsTx, request)
	return api.ListPostings200JSONResponse{PostingPageJSONResponse: api.PostingPageJSONResponse(answer)}, err
}

// IssueTokens is POST /tokens/issues.
func (s *server) IssueTokens(ctx context.Context, r api.IssueTokensRequestObject) (api.IssueTokensResponseObject, error) {
	answer, done, err := carryOut[money.Shard](ctx, s, command{ledgerapi.IssueTokensTx, r.Body, []string{s.ownAccount(r.Body.Currency)}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.IssueTokens201JSONResponse{AccountPostedJSONResponse: posted(answer, done)}, nil
}

// RedeemTokens is POST /tokens/redemptions.
func (s *server) RedeemTokens(ctx context.Context, r api.RedeemTokensRequestObject) (api.RedeemTokensResponseObject, error) {
	answer, done, err := carryOut[money.Shard](ctx, s, command{ledgerapi.RedeemTokensTx, r.Body, []string{s.ownAccount(r.Body.Currency)}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.RedeemTokens201JSONResponse{AccountPostedJSONResponse: posted(answer, done)}, nil
}

func posted(answer money.Shard, done receipt) api.AccountPostedJSONResponse {
	headers := done.created("accounts", answer.Organisation, string(answer.Currency))
	return api.AccountPostedJSONResponse{Body: answer, Headers: api.AccountPostedResponseHeaders(headers)}
}

func (s *server) ownAccount(c money.Currency) string {
	return "account/" + s.config.Organisation + "/" + string(c)
}
