package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

// command is a write as a handler sees it.
type command struct {
	tx       ledgerapi.Transaction
	request  any
	entities []string
	sending
}

// sending and paging have the fields of the generated parameter types, all of
// which convert to one of them.
type sending struct {
	IdempotencyKey api.IdempotencyKeyParameter
	Prefer         api.PreferParameter
}

type paging struct {
	Limit  api.LimitParameter
	Cursor api.CursorParameter
}

func (p paging) of(what string) ledgerapi.ListRequest {
	return ledgerapi.ListRequest{Of: what, Limit: p.limit(), Cursor: p.Cursor}
}

const defaultLimit = 50

func (p paging) limit() int {
	if p.Limit == 0 {
		return defaultLimit
	}
	return p.Limit
}

// pending is how a write leaves a handler whose outcome is not yet known: the
// answer is 202 and the operation, whatever the write is.
type pending struct{ outcome Outcome }

func (p *pending) Error() string { return "operation " + p.outcome.ID + " is pending" }

// receipt is what every committed write says in its headers.
type receipt struct {
	transactionID string
	block         uint64
	replayed      *bool
}

// changedHeaders and createdHeaders have the fields of the generated header types.
type changedHeaders struct {
	IdempotencyReplayed *bool
	XBlock              uint64
	XTransactionID      string
}

type createdHeaders struct {
	IdempotencyReplayed *bool
	Location            string
	XBlock              uint64
	XTransactionID      string
}

func (r receipt) changed() changedHeaders {
	return changedHeaders{IdempotencyReplayed: r.replayed, XBlock: r.block, XTransactionID: r.transactionID}
}

func (r receipt) created(location ...string) createdHeaders {
	return createdHeaders{IdempotencyReplayed: r.replayed, Location: base + "/" + strings.Join(location, "/"), XBlock: r.block, XTransactionID: r.transactionID}
}

// carryOut has a write done and decodes its answer.
func carryOut[T any](ctx context.Context, s *server, c command) (answer T, r receipt, err error) {
	argument, err := encode(c.request)
	if err != nil {
		return answer, r, err
	}
	rec := recordOf(ctx)
	w := Write{Transaction: c.tx, Argument: argument, Entities: c.entities, Key: c.IdempotencyKey, Principal: rec.principal.Subject}
	do := s.operations.Do
	if asynchronous(c.Prefer) {
		do = s.operations.Start
	}
	out, err := do(ctx, w)
	rec.transactionID, rec.operationID = out.TransactionID, out.ID
	switch {
	case err != nil:
		return answer, r, s.quarantine(ctx, w, err)
	case out.State == api.Failed:
		return answer, r, s.quarantine(ctx, w, out.Err)
	case out.State != api.Committed:
		return answer, r, &pending{out}
	}
	r = receipt{transactionID: out.TransactionID, block: out.Block}
	if out.Replayed {
		r.replayed = &out.Replayed
	}
	answer, err = decode[T](c.tx, out.Result)
	return answer, r, err
}

// ask evaluates a question and decodes the answer.
func ask[T any](ctx context.Context, s *server, tx ledgerapi.Transaction, request any) (answer T, err error) {
	argument, err := encode(request)
	if err != nil {
		return answer, err
	}
	rec := recordOf(ctx)
	rec.questions, rec.timeless = rec.questions+1, tx.Timeless()
	found, err := s.ledger.Ask(ctx, tx, argument, rec.fresh)
	if err != nil {
		return answer, err
	}
	rec.askedAt(found.Height)
	return decode[T](tx, found.Result)
}

func encode(request any) ([]byte, error) {
	argument, err := json.Marshal(request)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", request, err)
	}
	if len(argument) > ledgerapi.MaxArgument {
		return nil, problem.New(problem.TooLarge, fmt.Sprintf("a transaction's argument has at most %d bytes", ledgerapi.MaxArgument))
	}
	return argument, nil
}

// decode reads a record. An empty answer is a mistake of the chaincode, and not
// an empty record.
func decode[T any](tx ledgerapi.Transaction, result []byte) (answer T, err error) {
	if len(result) == 0 {
		return answer, fmt.Errorf("%s answered nothing", tx)
	}
	if err := json.Unmarshal(result, &answer); err != nil {
		return answer, fmt.Errorf("answer of %s: %w", tx, err)
	}
	return answer, nil
}

// asynchronous reports whether the client prefers not to wait (RFC 7240).
func asynchronous(prefer string) bool {
	for p := range strings.SplitSeq(prefer, ",") {
		name, _, _ := strings.Cut(p, ";")
		if strings.EqualFold(strings.TrimSpace(name), "respond-async") {
			return true
		}
	}
	return false
}
