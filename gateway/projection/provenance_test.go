package projection

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/catalogue"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
)

// original is the ledger on which the stories were played, as a gateway asks it.
type original struct{ scenario.Fake }

func (o original) Evaluate(_ context.Context, tx api.Transaction, argument []byte) ([]byte, error) {
	return o.Fake.Evaluate("ManufacturerMSP", string(tx), string(argument))
}

func (o original) ChainHeight(context.Context) (uint64, error) { return o.Memory.Height(), nil }

func ledgerOf(t testing.TB) original {
	t.Helper()
	f, err := told()
	if err != nil {
		t.Fatal(err)
	}
	return original{*f}
}

// keysOf are the keys of all records that can be asked for.
func keysOf(t *testing.T, m *Model) (keys []string) {
	t.Helper()
	each(t, m, `SELECT "key", kind FROM ledger_records ORDER BY "key"`, func(scan func(...any) error) error {
		var key, kind string
		err := scan(&key, &kind)
		if len(catalogue.OfKind(kind)) > 0 {
			keys = append(keys, key)
		}
		return err
	})
	return keys
}

// Every record of every story is held against the ledger and agrees; whatever is
// changed behind the read model's back is found.
func TestEveryRecordAgreesWithTheLedger(t *testing.T) {
	blocks, ledger := story(t), ledgerOf(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		keys := keysOf(t, m)
		for some := range slices.Chunk(keys, MostKeys) {
			verdicts, err := m.Verify(t.Context(), ledger, some)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range verdicts {
				if !v.Agrees || v.SHA256 == "" || v.Changing {
					t.Errorf("%+v", v)
				}
			}
		}
		tamper := func(text string) {
			t.Helper()
			done, err := m.store.writer.ExecContext(t.Context(), text)
			if err != nil {
				t.Fatal(err)
			}
			if n, err := done.RowsAffected(); err != nil || n == 0 {
				t.Fatalf("%s: nothing to change, %v", text, err)
			}
		}
		tamper(`UPDATE organisations SET name = 'Somebody else' WHERE row_id = 'organisation/ShipperMSP'`)
		tamper(`UPDATE ledger_records SET document = '{"docType":"organisation"}' WHERE "key" = 'organisation/ServiceMSP'`)
		tamper(`DELETE FROM ledger_records WHERE "key" = 'organisation/ManufacturerMSP'`)
		tamper(`INSERT INTO ledger_records SELECT 'organisation/NobodyMSP', kind, block, number, document FROM ledger_records WHERE "key" = 'organisation/ShipperMSP'`)
		verdicts, err := m.Verify(t.Context(), ledger, []string{"organisation/ShipperMSP", "organisation/ServiceMSP", "organisation/ManufacturerMSP", "organisation/NobodyMSP", "organisation/NoneMSP"})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, v := range verdicts {
			got = append(got, v.Differs)
			if v.Agrees != (v.Differs == "") {
				t.Errorf("%+v", v)
			}
		}
		if diff := cmp.Diff([]string{otherRows, otherDocument, onlyLedger, onlyModel, ""}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// The sampler goes through everything, and raises its alarm over one changed row.
func TestTheSamplerFindsADifference(t *testing.T) {
	blocks, ledger := story(t), ledgerOf(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		var mu sync.Mutex
		rows, differ := 0, 0
		c := fresh()
		c.Observer.Sampled = func(n, d int) {
			mu.Lock()
			defer mu.Unlock()
			rows, differ = rows+n, differ+d
		}
		m := open(t, c)
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		all, after := len(keysOf(t, m)), ""
		for {
			next, err := m.sample(t.Context(), ledger, after)
			if err != nil {
				t.Fatal(err)
			}
			if after = next; next == "" {
				break
			}
		}
		if rows != all || differ != 0 {
			t.Errorf("%d of %d records were looked at, %d differ", rows, all, differ)
		}
		if _, err := m.store.writer.ExecContext(t.Context(), `UPDATE organisations SET name = 'x' WHERE row_id = 'organisation/ShipperMSP'`); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { m.Sample(ctx, ledger, time.Millisecond) })
		deadline := time.Now().Add(time.Minute)
		for found := false; !found && time.Now().Before(deadline); time.Sleep(time.Millisecond) {
			mu.Lock()
			found = differ > 0
			mu.Unlock()
		}
		cancel()
		wg.Wait()
		if differ == 0 {
			t.Error("the difference was not found")
		}
	})
}

// A record's origin names every transaction that wrote it, and its past is still there.
func TestARecordHasItsPast(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		var key string
		if err := m.DB().QueryRowContext(t.Context(), `SELECT "key" FROM ledger_versions WHERE kind = 'shipment' GROUP BY "key" HAVING count(*) BETWEEN 3 AND 40 ORDER BY "key" LIMIT 1`).Scan(&key); err != nil {
			t.Fatal(err)
		}
		var want []Version // from the blocks themselves, oldest first
		documents := map[uint64]string{}
		for _, b := range blocks {
			for _, x := range b.Transactions {
				for _, w := range x.Writes {
					if kind, attributes, _ := splitKey(w.Key); catalogue.KeyText(kind, attributes...) == key {
						want = append(want, Version{b.Number, x.Number, x.ID, x.Time.Format(timeForm), x.Submitter, x.Function, w.Removed})
						documents[b.Number] = string(w.Value)
					}
				}
			}
		}
		at, origins, err := m.Explain(t.Context(), []string{key, "shipment/none"})
		if err != nil || len(origins) != 2 || at.Height != uint64(len(blocks)) {
			t.Fatalf("%+v, %v", origins, err)
		}
		o := origins[0]
		got := append(slices.Clone(o.Earlier), o.Present)
		slices.SortFunc(got, func(a, b Version) int { return int(a.Block) - int(b.Block) })
		if diff := cmp.Diff(want, got); diff != "" || !o.Found || o.More || len(o.SHA256) != 64 || o.Kind != "shipment" {
			t.Errorf("%+v: %s", o, diff)
		}
		if origins[1].Found || len(origins[1].Earlier) > 0 {
			t.Errorf("%+v", origins[1])
		}
		for i, v := range want {
			document, then, found, err := m.RecordAt(t.Context(), key, v.Time)
			if err != nil || !found || then != v || string(document) != documents[v.Block] {
				t.Errorf("version %d: %+v, %v, %v", i, then, found, err)
			}
		}
		if _, _, found, err := m.RecordAt(t.Context(), key, "2025-01-01T00:00:00.000Z"); found || err != nil {
			t.Errorf("before all: %v, %v", found, err)
		}
	})
}

// Every transaction is found in its block, more of them than one statement asks for at once.
func TestTheBlocksOfTransactions(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		m := open(t, fresh())
		if err := m.Apply(t.Context(), blocks...); err != nil {
			t.Fatal(err)
		}
		want := make(map[string]uint64)
		ids := []string{"none"}
		for _, b := range blocks {
			for _, tx := range b.Transactions {
				want[tx.ID] = b.Number
				ids = append(ids, tx.ID)
			}
		}
		got, err := m.BlocksOf(t.Context(), ids)
		if diff := cmp.Diff(want, got); diff != "" || err != nil || len(want) <= 500 {
			t.Errorf("%d transactions: %v\n%s", len(want), err, diff)
		}
	})
}
