package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
)

// benchREST is (a): committed transactions per second through the REST gateway
// divided by the minimal client calling the same transaction with the same
// arguments, with as many in flight.
func benchREST(ctx context.Context, r *rig, o options) (*ratio, error) {
	out := &ratio{name: "(a) REST gateway ÷ minimal client", goal: "≥ 0.95", unit: "tx/s", ok: func(s spread) bool { return s.mid >= 0.95 }}
	public, err := newPublicKey()
	if err != nil {
		return nil, err
	}
	rest := func(ctx context.Context, _ int) (int, error) {
		return 1, r.post(ctx, "/components", component(public), nil)
	}
	raw := func(ctx context.Context, _ int) (int, error) {
		_, err := r.raw.SubmitWithContext(ctx, string(api.RegisterComponentTx), client.WithArguments(minimal(component(public))...))
		return 1, err
	}
	for i := range o.pairs + 1 {
		a, err := load(ctx, o.workers, o.slice, rest)
		if err != nil {
			return nil, err
		}
		b, err := load(ctx, o.workers, o.slice, raw)
		if err != nil {
			return nil, err
		}
		progress("rest: pair %d: %.0f and %.0f tx/s", i, a, b)
		if i > 0 {
			out.add(a, b)
		}
	}
	return out, nil
}

func component(public string) []byte {
	b, _ := json.Marshal(api.RegisterComponent{ // plain strings always encode
		ComponentID: "bench-" + rand.Text(), PartNumber: "PUMP-200", Algorithm: dsse.Ed25519, PublicKey: public, Location: "4012345000009",
	})
	return b
}

func newPublicKey() (string, error) {
	public, _, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	return base64.StdEncoding.EncodeToString(der), err
}
