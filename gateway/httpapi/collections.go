package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/gateway/api"
)

// maxCollections bounds the transactions of one request.
const maxCollections = 10

// ListCredits is GET /accounts/{organisation}/{currency}/credits.
func (s *server) ListCredits(ctx context.Context, r api.ListCreditsRequestObject) (api.ListCreditsResponseObject, error) {
	request := ledgerapi.AccountListRequest{Organisation: r.Organisation, Currency: r.Currency, Limit: paging(r.Params).limit(), Cursor: r.Params.Cursor}
	answer, err := ask[ledgerapi.CreditPage](ctx, s, ledgerapi.ListCreditsTx, request)
	return api.ListCredits200JSONResponse{CreditPageJSONResponse: api.CreditPageJSONResponse(answer)}, err
}

// CollectCredits is POST /accounts/{organisation}/{currency}/collections.
func (s *server) CollectCredits(ctx context.Context, r api.CollectCreditsRequestObject) (api.CollectCreditsResponseObject, error) {
	in := ledgerapi.CollectCredits{Organisation: r.Organisation, Currency: r.Currency}
	collect := s.collectAll
	if r.Body != nil && len(r.Body.Credits) > 0 {
		in.Credits, collect = r.Body.Credits, s.collect
	}
	answer, done, err := collect(ctx, in, sending(r.Params))
	if err != nil {
		return nil, err
	}
	return api.CollectCredits200JSONResponse{CreditsCollectedJSONResponse: api.CreditsCollectedJSONResponse{Body: answer, Headers: api.CreditsCollectedResponseHeaders(done.changed())}}, nil
}

// SpreadAccount is POST /accounts/{organisation}/{currency}/spread.
func (s *server) SpreadAccount(ctx context.Context, r api.SpreadAccountRequestObject) (api.SpreadAccountResponseObject, error) {
	in := ledgerapi.SpreadAccount{Organisation: r.Organisation, Currency: r.Currency, Shards: r.Body.Shards}
	answer, done, err := carryOut[money.Spread](ctx, s, command{ledgerapi.SpreadAccountTx, in, []string{s.ownAccount(r.Currency)}, sending(r.Params)})
	if err != nil {
		return nil, err
	}
	return api.SpreadAccount200JSONResponse{AccountSpreadJSONResponse: api.AccountSpreadJSONResponse{Body: answer, Headers: api.AccountSpreadResponseHeaders(done.changed())}}, nil
}

func (s *server) collect(ctx context.Context, in ledgerapi.CollectCredits, p sending) (money.Collection, receipt, error) {
	return carryOut[money.Collection](ctx, s, command{ledgerapi.CollectCreditsTx, in, []string{s.ownAccount(in.Currency)}, p})
}

// collectAll collects what waits, a hundred credits in a transaction. Each
// transaction has a key of its own made of the client's and the credits, so that
// a request that is sent again goes on where the first one stopped; the ledger
// counts every credit once in any case.
func (s *server) collectAll(ctx context.Context, in ledgerapi.CollectCredits, p sending) (sum money.Collection, last receipt, err error) {
	request := ledgerapi.AccountListRequest{Organisation: in.Organisation, Currency: in.Currency, Limit: money.MaxCollect}
	for n := 0; n < maxCollections; n++ {
		page, err := ask[ledgerapi.CreditPage](ctx, s, ledgerapi.ListCreditsTx, request)
		if err != nil {
			return sum, last, err
		}
		if in.Credits = creditIDs(page.Items); len(in.Credits) > 0 {
			each := p
			each.IdempotencyKey = keyOfBatch(p.IdempotencyKey, in.Credits)
			got, done, err := s.collect(ctx, in, each)
			if err != nil {
				if n > 0 && sum.Credits > 0 { // what is collected is collected
					sum.More = true
					return sum, last, nil
				}
				return sum, last, err
			}
			got.Credits, got.AmountMinor = got.Credits+sum.Credits, got.AmountMinor+sum.AmountMinor
			sum, last = got, done
		}
		if request.Cursor = page.Next; page.Next == "" {
			break
		}
	}
	if sum.Credits == 0 {
		return sum, last, fault.New(fault.CodeCreditUnknown, "no credit of %s waits in %s", in.Organisation, in.Currency)
	}
	sum.More = request.Cursor != ""
	return sum, last, nil
}

func creditIDs(rows []money.Credit) []string {
	var ids []string
	for _, c := range rows {
		ids = append(ids, c.CreditID)
	}
	slices.Sort(ids)
	return ids
}

func keyOfBatch(key string, ids []string) string {
	if key == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(key + "\n" + strings.Join(ids, "\n")))
	return hex.EncodeToString(sum[:])
}
