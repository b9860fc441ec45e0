package main

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/lifeledger/lifeledger/gateway/api"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/problem"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

// readModel is the read model as httpapi asks for it.
type readModel struct {
	model   *projection.Model
	network *fabric.Network
}

func (r readModel) Status(ctx context.Context) (api.ReadModel, error) {
	s, err := r.model.Status(ctx)
	if err != nil {
		return api.ReadModel{}, modelError(err)
	}
	out := api.ReadModel{
		Database: api.ReadModelDatabase(s.Dialect), Height: s.Height, Time: s.Time, BlockHash: hex.EncodeToString(s.Hash),
		CaughtUp: s.Indexed, Parked: s.Parked, Unknown: []api.UnknownKind{},
	}
	for _, u := range s.Unknown {
		out.Unknown = append(out.Unknown, api.UnknownKind{Kind: u.Kind, Writes: u.Writes})
	}
	return out, nil
}

func (r readModel) Parked(ctx context.Context, after string, limit int) ([]api.Parked, error) {
	some, err := r.model.Parked(ctx, after, limit)
	if err != nil {
		return nil, modelError(err)
	}
	out := []api.Parked{}
	for _, p := range some {
		out = append(out, api.Parked{
			ID: p.ID, Kind: p.Kind, Block: p.Block, TransactionNumber: p.Number, Reason: p.Reason, AcceptedBy: p.AcceptedBy, AcceptedAt: p.AcceptedAt,
		})
	}
	return out, nil
}

func (r readModel) Accept(ctx context.Context, id, by string) error {
	return modelError(r.model.Accept(ctx, id, by))
}

func (r readModel) Explain(ctx context.Context, keys []string, verify bool) (api.Provenance, error) {
	at, origins, err := r.model.Explain(ctx, keys)
	if err != nil {
		return api.Provenance{}, modelError(err)
	}
	out := api.Provenance{Height: at.Height, Records: []api.RecordOrigin{}}
	for _, o := range origins {
		shown := api.RecordOrigin{Key: o.Key, Kind: o.Kind, Found: o.Found, Sha256: o.SHA256, Earlier: []api.RecordVersion{}, More: o.More}
		if o.Found {
			present := versionOf(o.Present)
			shown.Present = &present
		}
		for _, v := range o.Earlier {
			shown.Earlier = append(shown.Earlier, versionOf(v))
		}
		out.Records = append(out.Records, shown)
	}
	if !verify {
		return out, nil
	}
	verdicts, err := r.model.Verify(ctx, r.network, keys)
	if err != nil {
		return api.Provenance{}, modelError(shown(err))
	}
	for i, v := range verdicts {
		out.Records[i].Verdict = &api.RecordVerdict{Agrees: v.Agrees, Differs: v.Differs, Changing: v.Changing, LedgerSha256: v.SHA256}
	}
	return out, nil
}

func versionOf(v projection.Version) api.RecordVersion {
	return api.RecordVersion{
		Block: v.Block, TransactionNumber: v.Number, TransactionID: v.Transaction, Time: v.Time, Submitter: v.Submitter, Transaction: v.Function, Removed: v.Removed,
	}
}

// modelError says which of the read model's errors are the client's to know.
func modelError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, projection.ErrNotParked):
		return problem.New(problem.ParkedUnknown, err.Error())
	case errors.Is(err, projection.ErrBehind):
		return problem.New(problem.ModelBehind, err.Error())
	case errors.Is(err, projection.ErrAway):
		return &problem.Error{Condition: problem.ModelAway, Cause: err}
	}
	return err
}
