package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/document"
)

// GetMemory is GET /components/{componentId}/memory. As JSON it is the ledger's
// answer as it is: written anew, its hash might be another one.
func (s *server) GetMemory(ctx context.Context, r api.GetMemoryRequestObject) (api.GetMemoryResponseObject, error) {
	argument, err := encode(ledgerapi.ComponentRef{ComponentID: r.ComponentID})
	if err != nil {
		return nil, err
	}
	rec := recordOf(ctx)
	found, err := s.ledger.Ask(ctx, ledgerapi.GetMemoryTx, argument, rec.fresh)
	if err != nil {
		return nil, err
	}
	rec.askedAt(found.Height)
	raw := found.Result
	m, err := decode[ledgerapi.ProductMemory](ledgerapi.GetMemoryTx, raw)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	shown := document.Memory{ProductMemory: m, Hash: hex.EncodeToString(sum[:])}
	switch media := rec.media; media {
	case asHTML:
		page, err := shown.HTML()
		return textForm{media, page}, err
	case asMarkdown:
		return textForm{media, shown.Markdown()}, nil
	case asText:
		return textForm{media, []byte(shown.Tag() + "\n")}, nil
	}
	return memoryBytes{raw, sum}, nil
}

// memoryBytes are the bytes that the hash is of.
type memoryBytes struct {
	raw []byte
	sum [sha256.Size]byte
}

// VisitGetMemoryResponse writes the answer.
func (m memoryBytes) VisitGetMemoryResponse(w http.ResponseWriter) error {
	w.Header().Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(m.sum[:])+":")
	return textForm{asJSON, m.raw}.write(w)
}

// VisitGetMemoryResponse writes the answer.
func (t textForm) VisitGetMemoryResponse(w http.ResponseWriter) error { return t.write(w) }

// CheckMemory is POST /components/{componentId}/memory-checks.
func (s *server) CheckMemory(ctx context.Context, r api.CheckMemoryRequestObject) (api.CheckMemoryResponseObject, error) {
	answer, err := ask[ledgerapi.MemoryChecked](ctx, s, ledgerapi.CheckMemoryTx, ledgerapi.CheckMemory{ComponentID: r.ComponentID, Hash: r.Body.Hash})
	return api.CheckMemory200JSONResponse{MemoryCheckedJSONResponse: api.MemoryCheckedJSONResponse(answer)}, err
}
