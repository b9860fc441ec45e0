package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"
	"github.com/hyperledger/fabric-protos-go-apiv2/gateway"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/grpc/status"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// hot is the currency of the account that everything is paid to.
const hot = "HOT"

// benchAccounts is (d): credits per second to one account as records of their
// own (refunds of withdrawn shipments), divided by credits per second to one
// balance (issues), from the same minimal client. Neither goes through the
// gateway, which would put the latter in a queue. The balance is credited both by
// as many in flight, of which most collide, and by one after the other; the
// better of the two is what counts.
func benchAccounts(ctx context.Context, r *rig, o options) (*ratio, error) {
	out := &ratio{name: "(d) credits to one account, as records of their own ÷ to one balance", goal: "≥ 20", unit: "credits/s", ok: func(s spread) bool { return s.low >= 20*0.98 }}
	if err := r.post(ctx, "/tokens/issues", fmt.Appendf(nil, `{"currency":%q,"amountMinor":1000000,"reserve":"benchmark"}`, hot), nil); err != nil {
		return nil, err
	}
	path := "/accounts/" + orgID + "/" + hot
	if err := r.post(ctx, path+"/spread", fmt.Appendf(nil, `{"shards":%d}`, money.MaxShards), nil); err != nil {
		return nil, err
	}
	device, err := newDevice(ctx, r, "none", time.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	issue, err := json.Marshal(api.IssueTokens{Currency: hot, AmountMinor: 1, Reserve: "benchmark"})
	if err != nil {
		return nil, err
	}
	one := func(ctx context.Context, _ int) (int, error) {
		_, err := r.submit(ctx, api.IssueTokensTx, issue)
		return counted(err)
	}
	for i := range o.pairs + 1 {
		funded, err := fundShipments(ctx, r, o, device.deviceID)
		if err != nil {
			return nil, err
		}
		a, err := withdrawAll(ctx, r, o, funded)
		if err != nil {
			return nil, err
		}
		b, err := load(ctx, o.workers, o.slice, one)
		if err != nil {
			return nil, err
		}
		alone, err := load(ctx, 1, o.slice, one)
		if err != nil {
			return nil, err
		}
		progress("accounts: pair %d: %.1f credits/s; to one balance %.1f with %d in flight, %.1f one by one", i, a, b, o.workers, alone)
		b = max(b, alone)
		if i > 0 {
			out.add(a, b)
		}
	}
	return out, nil
}

// counted is one for a commit and none for a conflict: two writes of one balance
// in a block, or endorsed on peers of which one had not yet written the last.
func counted(err error) (int, error) {
	if e := new(client.EndorseError); errors.As(err, &e) && mismatch(err) {
		return 0, nil
	}
	var c *client.CommitError
	if errors.As(err, &c) && c.Code == peer.TxValidationCode_MVCC_READ_CONFLICT {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return 1, nil
}

// mismatch reports whether the endorsing peers read different versions.
func mismatch(err error) bool {
	for _, d := range status.Convert(err).Details() {
		if e, ok := d.(*gateway.ErrorDetail); ok && strings.Contains(e.GetMessage(), "ProposalResponsePayloads do not match") {
			return true
		}
	}
	return false
}

func (r *rig) submit(ctx context.Context, tx api.Transaction, argument []byte) ([]byte, error) {
	return r.raw.SubmitWithContext(ctx, string(tx), client.WithArguments(minimal(argument)...))
}

// insist submits until it is done; what conflicts costs the time that it takes.
func (r *rig) insist(ctx context.Context, tx api.Transaction, argument []byte) error {
	for ctx.Err() == nil {
		_, err := r.submit(ctx, tx, argument)
		if done, err := counted(err); err != nil || done == 1 {
			return err
		}
	}
	return ctx.Err()
}

// fundShipments proposes shipments and funds their escrows, which is not measured.
func fundShipments(ctx context.Context, r *rig, o options, device string) ([]string, error) {
	ids := make([]string, o.credits)
	t := shipment.Terms{
		RuleSet: shipment.RuleSet, Consignor: orgID, Consignee: orgID, Payer: orgID, Currency: hot, Goods: []string{}, Limits: []shipment.Limit{},
		Devices: []string{device}, Legs: []shipment.Leg{{Carrier: "ShipperMSP", FeeMinor: 1}},
	}
	hash, err := t.Hash()
	if err != nil {
		return nil, err
	}
	return ids, each(ctx, o.workers, len(ids), func(ctx context.Context, i int) error {
		ids[i] = "hot-" + rand.Text()
		proposal, err := json.Marshal(api.ProposeShipment{ShipmentID: ids[i], Terms: t})
		if err != nil {
			return err
		}
		if err := r.insist(ctx, api.ProposeShipmentTx, proposal); err != nil {
			return err
		}
		acceptance, err := json.Marshal(api.AcceptTerms{ShipmentID: ids[i], TermsHash: hash})
		if err != nil {
			return err
		}
		return r.insist(ctx, api.AcceptTermsTx, acceptance) // the debits do contend, on sixteen shards
	})
}

// withdrawAll pays every escrow back and gives the credits per second.
func withdrawAll(ctx context.Context, r *rig, o options, ids []string) (float64, error) {
	start := time.Now()
	err := each(ctx, o.workers, len(ids), func(ctx context.Context, i int) error {
		in, err := json.Marshal(api.ShipmentRef{ShipmentID: ids[i]})
		if err != nil {
			return err
		}
		return r.insist(ctx, api.WithdrawTermsTx, in)
	})
	return float64(len(ids)) / time.Since(start).Seconds(), err
}

// each does n things, with so many workers; the first error ends it.
func each(ctx context.Context, workers, n int, do func(context.Context, int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var next atomic.Int64
	var first error
	var once sync.Once
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				if err := do(ctx, i); err != nil {
					once.Do(func() { first = err; cancel() })
					return
				}
			}
		})
	}
	wg.Wait()
	return first
}
