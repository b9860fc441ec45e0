package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

// benchEvaluate divides the questions that the REST gateway answers in a second by
// those of the minimal client, the same question with as many in flight: asked of
// the peer every time, and answered with what was kept since the last block.
func benchEvaluate(ctx context.Context, r *rig, o options) ([]string, error) {
	asked := &ratio{name: "(evaluate) REST gateway, asking the peer ÷ minimal client", goal: "≥ 0.95", unit: "answers/s", ok: func(s spread) bool { return s.mid >= 0.95 }}
	kept := &ratio{name: "(evaluate) REST gateway, kept since the last block ÷ minimal client", goal: "≥ 10", unit: "answers/s", ok: func(s spread) bool { return s.mid >= 10 }}
	const of = orgID
	path := "/organisations/" + of
	rest := func(cache string) func(context.Context, int) (int, error) {
		return func(ctx context.Context, _ int) (int, error) { return 1, r.get(ctx, path, cache) }
	}
	raw := func(ctx context.Context, _ int) (int, error) {
		_, err := r.raw.EvaluateWithContext(ctx, string(api.GetOrganisationTx), client.WithArguments(fmt.Sprintf(`{"mspId":%q}`, of)))
		return 1, err
	}
	for i := range o.pairs + 1 {
		a, err := load(ctx, o.workers, o.slice, rest("no-cache"))
		if err != nil {
			return nil, err
		}
		b, err := load(ctx, o.workers, o.slice, raw)
		if err != nil {
			return nil, err
		}
		c, err := load(ctx, o.workers, o.slice, rest(""))
		if err != nil {
			return nil, err
		}
		progress("evaluate: round %d: %.0f asked, %.0f by the minimal client, %.0f kept", i, a, b, c)
		if i > 0 {
			asked.add(a, b)
			kept.add(c, b)
		}
	}
	return []string{asked.row(), kept.row()}, nil
}

// get is one REST question; cache is its Cache-Control.
func (r *rig) get(ctx context.Context, path, cache string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.base+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", r.auth)
	if cache != "" {
		req.Header.Set("Cache-Control", cache)
	}
	res, err := r.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, res.Status, body)
	}
	return err
}
