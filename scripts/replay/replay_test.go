package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/network/consortium"
	"github.com/lifeledger/lifeledger/network/launch"
)

// data finds a directory of real recordings in shared/data, beside the project or
// further up. Nothing of it is part of the project: without it a test is skipped.
func data(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		at := filepath.Join(dir, "shared", "data", name)
		if _, err := os.Stat(at); err == nil {
			return at
		} else if !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skipf("no recordings in shared/data/%s", name)
		}
		dir = parent
	}
}

func TestWhatTheFlagsSayReachesThePlay(t *testing.T) {
	f := flag.NewFlagSet("replay", flag.PanicOnError)
	play := flags(f).play
	if err := f.Parse([]string{"-service", filepath.Join(t.TempDir(), "nowhere")}); err != nil {
		t.Fatal(err)
	}
	if err := play(t.Context(), &consortium.Consortium{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

// memory is a ledger in memory whose clock shows the times of the files. Two
// organisations of three endorse, which is what a majority takes.
type memory struct {
	*ledgertest.Ledger
	calls int
}

var msps = map[side]string{owner: "ManufacturerMSP", provider: "ServiceMSP"}

func newMemory(t testing.TB, start time.Time) *memory {
	t.Helper()
	g, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	m := &memory{Ledger: ledgertest.New(g, ledgertest.Options{Start: start.Add(-time.Hour), Step: 100 * time.Millisecond})}
	for _, org := range scenario.Organisations() {
		if _, err := m.Submit(scenario.Client("ManufacturerMSP"), string(api.AnnounceOrganisationTx), scenario.Announcement(org)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func (m *memory) name() string               { return "lifeledger/lifeledger" }
func (m *memory) now() time.Time             { return m.Now() }
func (m *memory) organisation(s side) string { return msps[s] }

// until moves the clock to a time of the files, unless it is past it.
func (m *memory) until(at time.Time) {
	if d := at.Sub(m.Now()); d > 0 {
		m.Advance(d)
	}
}

func (m *memory) call(as side, tx api.Transaction, request any) (*ledgertest.Tx, error) {
	arg, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	out, err := m.Endorse(scenario.Client(msps[as]), string(tx), []string{string(arg)}, msps[owner], msps[provider])
	if err == nil {
		err = out.Err()
	}
	if err != nil {
		f, ok := fault.Parse(err.Error())
		if !ok {
			return nil, err
		}
		return nil, &refusal{f.Code, err}
	}
	return out, nil
}

func (m *memory) do(_ context.Context, as side, tx api.Transaction, request, out any) error {
	done, err := m.call(as, tx, request)
	if err != nil {
		return fmt.Errorf("%s: %w", tx, err)
	}
	m.calls++
	if r := m.Commit(done)[0]; !r.Valid() {
		return fmt.Errorf("%s: %s", tx, r.Code)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(done.Response.GetPayload(), out)
}

func (m *memory) ask(_ context.Context, as side, tx api.Transaction, request, out any) error {
	done, err := m.call(as, tx, request)
	if err != nil {
		return fmt.Errorf("%s: %w", tx, err)
	}
	return json.Unmarshal(done.Response.GetPayload(), out)
}

// TestTheWholeFleetInMemory plays the files on a ledger whose clock is theirs, and
// holds what is on record to what the files imply.
func TestTheWholeFleetInMemory(t *testing.T) {
	dir, most := data(t, "service"), 0
	if testing.Short() {
		most = 3
	}
	f, err := readFleet(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	m := newMemory(t, f.from)
	r, err := newReplay(m, f, "fleet", "USD", 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.found(t.Context()); err != nil {
		t.Fatal(err)
	}
	m.until(f.from)
	for _, x := range r.machines {
		if err := r.build(t.Context(), x); err != nil {
			t.Fatal(err)
		}
	}
	type turn struct {
		m *machine
		event
	}
	var turns []turn
	for _, x := range r.machines {
		for _, e := range x.events {
			turns = append(turns, turn{x, e})
		}
	}
	slices.SortStableFunc(turns, func(a, b turn) int { return a.at.Compare(b.at) })
	for _, n := range turns {
		m.until(n.at)
		if err := r.play(t.Context(), n.m, n.event); err != nil {
			t.Fatal(err)
		}
	}
	m.until(f.to)
	var all []*told
	for _, x := range r.machines {
		if err := r.report(t.Context(), x, f.to); err != nil {
			t.Fatal(err)
		}
		one, err := r.look(t.Context(), x)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	t.Logf("%d transactions", m.calls)
	compare(t, dir, "fleet", all)
	checkMoney(t, m, sum(all))
	parts := 0
	for _, k := range m.Keys() {
		if strings.HasPrefix(k, "\x00component\x00") {
			parts++
		}
	}
	if want := sum(all).Parts + len(r.machines); parts != want {
		t.Errorf("%d components are registered, not %d", parts, want)
	}
}

// The whole fleet through the gateways takes longer than a test should: -machines 0 -engineers 25.
var (
	slice   = flag.Int("machines", 3, "how many machines are played on a real network; 0: all")
	workers = flag.Int("engineers", 3, "how many engineers work there at the same time")
)

// TestASliceThroughTheGateways plays a few machines on a real network.
func TestASliceThroughTheGateways(t *testing.T) {
	if testing.Short() {
		t.Skip("starts a real network")
	}
	dir := data(t, "service")
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	n, err := launch.Start(ctx, launch.Options{Dir: t.TempDir(), AutoPorts: true, Gateways: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Stop(); err != nil {
			t.Error(err)
		}
	}()
	all, err := run(ctx, setting{service: dir, machines: *slice, engineers: *workers, name: "slice", out: t.Output()}, n.Consortium())
	if err != nil {
		t.Fatal(err)
	}
	compare(t, dir, "slice", all)
}

// checkMoney counts what the owner has left, and what waits for the provider.
func checkMoney(t *testing.T, m *memory, s total) {
	t.Helper()
	paid := 5_000*int64(s.Exchanges) + 2_000*int64(s.Repairs)
	var a money.Account
	if err := m.ask(t.Context(), owner, api.GetAccountTx, api.AccountRef{Organisation: msps[owner], Currency: "USD"}, &a); err != nil {
		t.Fatal(err)
	}
	if int64(a.TotalMinor) != 100_000_000-paid {
		t.Errorf("%s has %d, and paid %d", msps[owner], a.TotalMinor, paid)
	}
	var credits int64
	for _, k := range m.Keys() {
		if !strings.HasPrefix(k, "\x00account.credit\x00") {
			continue
		}
		var c money.Credit
		if err := json.Unmarshal(m.State(k), &c); err != nil {
			t.Fatal(err)
		}
		credits += int64(c.AmountMinor)
	}
	if credits != paid {
		t.Errorf("credits of %d wait for the provider, not %d", credits, paid)
	}
}
