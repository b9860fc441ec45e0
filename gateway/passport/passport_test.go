package passport_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/passport"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/projection/pgtest"
	"github.com/lifeledger/lifeledger/gateway/query"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// played are the blocks of a ledger on which one story was played.
func played(t *testing.T, name string) []*fabric.Block {
	t.Helper()
	guard, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	all, err := scenario.Load("../../chaincode/contract/testdata/scenarios")
	if err != nil {
		t.Fatal(err)
	}
	f := scenario.NewFake(guard)
	i := slices.IndexFunc(all, func(s *scenario.Scenario) bool { return s.Name == name })
	if i < 0 {
		t.Fatalf("there is no story %s", name)
	}
	if _, err := scenario.Run(all[i], f, "r", "RAA"); err != nil {
		t.Fatal(err)
	}
	chain, err := f.Memory.Chain()
	if err != nil {
		t.Fatal(err)
	}
	var blocks []*fabric.Block
	for _, b := range chain {
		blocks = append(blocks, fabric.DecodeBlock(b, "lifeledger"))
	}
	return blocks
}

type reader struct {
	model *projection.Model
	*passport.Service
}

func onBoth(t *testing.T, do func(t *testing.T, fresh func(blocks []*fabric.Block) reader)) {
	t.Helper()
	for name, config := range map[string]func(t *testing.T) projection.Config{
		"sqlite": func(t *testing.T) projection.Config {
			return projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")}
		},
		"postgres": func(t *testing.T) projection.Config {
			url, schema := pgtest.Open(t)
			return projection.Config{Postgres: url, Schema: schema}
		},
	} {
		t.Run(name, func(t *testing.T) {
			do(t, func(blocks []*fabric.Block) reader { return reading(t, config(t), blocks) })
		})
	}
}

func reading(t *testing.T, c projection.Config, blocks []*fabric.Block) reader {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	m, err := projection.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	if err := m.Apply(t.Context(), blocks...); err != nil {
		t.Fatal(err)
	}
	q, err := query.New(query.Config{Model: m, Secret: []byte("0123456789abcdef")})
	if err != nil {
		t.Fatal(err)
	}
	return reader{m, passport.New(m, q)}
}

// components are all that a read model knows.
func (r reader) components(t *testing.T) (all []string) {
	t.Helper()
	rows, err := r.model.DB().QueryContext(t.Context(), `SELECT component_id FROM components ORDER BY component_id`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			t.Fatal(err)
		}
		all = append(all, id)
	}
	return all
}

// lastTime is that of the newest transaction in the blocks.
func lastTime(blocks []*fabric.Block) (last measure.Time) {
	for _, b := range blocks {
		for _, x := range b.Transactions {
			last = max(last, measure.TimeOf(x.Time))
		}
	}
	return last
}

// samePassport compares what passports say, and not of which moment they are.
var samePassport = []cmp.Option{
	cmpopts.IgnoreFields(passport.Passport{}, "At", "Height", "Time"),
	cmpopts.IgnoreFields(passport.Section{}, "Filter"), // "until" is asked for in another way
}

// told are stories in which much happens to components.
var told = []string{"machines", "service-exchange", "service-inspection", "service-retirement", "service-conditions", "holds", "tag-scans", "second-life", "journey", "credentials", "trust"}

// TestThePassportAsOfAMomentIsTheOneThatWasGiven: a read model that has the whole
// story says of every moment what one said that had no more than the blocks until then.
func TestThePassportAsOfAMomentIsTheOneThatWasGiven(t *testing.T) {
	filled := map[string]int{}
	for _, name := range told {
		t.Run(name, func(t *testing.T) {
			blocks := played(t, name)
			whole := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "whole.db")}, blocks)
			for n := range 6 {
				k := len(blocks) - n*len(blocks)/7
				at := lastTime(blocks[:k])
				if k < len(blocks) && lastTime(blocks[k:k+1]) <= at {
					t.Fatalf("block %d is not later than the one before", k)
				}
				then := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), fmt.Sprintf("%d.db", k))}, blocks[:k])
				for _, id := range then.components(t) {
					want, err := then.Get(t.Context(), id, "", uint64(k))
					if err != nil {
						t.Fatal(err)
					}
					got, err := whole.Get(t.Context(), id, at, 0)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got, samePassport...); diff != "" {
						t.Fatalf("%s at %s, block %d of %d: %s", id, at, k, len(blocks), diff)
					}
					for _, s := range got.Sections {
						filled[s.Name] += len(s.Items)
					}
					filled["tree"] += len(got.Tree)
				}
			}
		})
	}
	for _, name := range []string{"tree", "identity", "machine", "baselines", "ownership", "verifiedBy", "installation", "holds", "findings", "counters", "meters", "tasks", "openRequests", "work", "engineers", "statements", "scans", "cares", "agreement", "conditions", "shipment"} {
		if filled[name] == 0 {
			t.Errorf("no story fills %s: %v", name, filled)
		}
	}
}

func TestAPassportIsTheSameInBothDatabases(t *testing.T) {
	var first map[string]passport.Passport
	onBoth(t, func(t *testing.T, fresh func([]*fabric.Block) reader) {
		blocks := played(t, "service-exchange")
		r := fresh(blocks)
		got := map[string]passport.Passport{}
		for _, id := range r.components(t) {
			for _, at := range []measure.Time{"", lastTime(blocks[:len(blocks)-3])} {
				p, err := r.Get(t.Context(), id, at, 0)
				if err != nil {
					t.Fatal(err)
				}
				got[id+string(at)] = p
			}
		}
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" || len(got) == 0 {
			t.Error(diff)
		}
	})
}

func TestAPassportThatThereIsNot(t *testing.T) {
	blocks := played(t, "machines")
	r := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")}, blocks)
	if _, err := r.Get(t.Context(), "8004000000000000000000", "", 0); !fault.Is(err, fault.CodeComponentUnknown) {
		t.Errorf("of nothing: %v", err)
	}
	if _, err := r.Get(t.Context(), r.components(t)[0], "2001-01-01T00:00:00.000Z", 0); !fault.Is(err, fault.CodeComponentUnknown) {
		t.Errorf("before it was announced: %v", err)
	}
}

// A passport says by whom the maker and the owner of the component are verified, and
// as of a moment by whom they were, when the owner was another one.
func TestAPassportSaysWhoVouchesForMakerAndOwner(t *testing.T) {
	blocks := played(t, "trust")
	r := reading(t, projection.Config{SQLite: filepath.Join(t.TempDir(), "model.db")}, blocks)
	const maker, owner = "ManufacturerMSP by ServiceMSP", "ShipperMSP by ServiceMSP"
	for back, want := range [][]string{{owner}, {maker, owner}, {maker}, {maker}, {maker}, nil} {
		p, err := r.Get(t.Context(), "c-r", lastTime(blocks[:len(blocks)-back]), 0)
		if err != nil {
			t.Fatal(err)
		}
		i := slices.IndexFunc(p.Sections, func(s passport.Section) bool { return s.Name == "verifiedBy" })
		var got []string
		for _, row := range p.Sections[i].Items {
			got = append(got, fmt.Sprintf("%s by %s", row.Record.Get("mspId"), row.Record.Get("registrar")))
			if until, _ := row.Record.Get("until").(string); until == "" {
				t.Errorf("%v does not say until when", row.Record)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%d blocks before the end, asked %s: %s", back, p.Sections[i].Filter, diff)
		}
	}
}
