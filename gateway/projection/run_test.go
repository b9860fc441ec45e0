package projection

import (
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/gateway/fabric"
)

// Streams are cut all the time while blocks arrive: no gap, no duplicate, one table's content.
func TestBlocksArriveWhileStreamsAreCut(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		p := newPeer(blocks[:len(blocks)/3]...)
		p.random = rand.New(rand.NewPCG(7, 7))
		m := open(t, fresh())
		running(t, m, p)
		for _, b := range blocks[len(blocks)/3:] {
			p.add(b)
		}
		await(t, m, uint64(len(blocks)))
		if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
		if p.given < len(blocks) {
			t.Errorf("%d blocks were given", p.given)
		}
	})
}

// A model is rebuilt while it is being asked and while blocks arrive, by a process
// of its own; the one that follows the chain goes on from there.
func TestARebuildWhileBlocksArrive(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		c := fresh()
		p := newPeer(blocks[:len(blocks)/2]...)
		m := open(t, c)
		running(t, m, p)
		await(t, m, uint64(len(blocks)/2))
		var told []Progress
		var wg sync.WaitGroup
		wg.Go(func() {
			other := open(t, c)
			if err := other.Rebuild(t.Context(), p, func(p Progress) { told = append(told, p) }); err != nil {
				t.Error(err)
			}
		})
		for _, b := range blocks[len(blocks)/2:] {
			p.add(b)
		}
		wg.Wait()
		await(t, m, uint64(len(blocks)))
		deadline := time.Now().Add(time.Minute) // what waits on the model may have seen the height before the rebuild
		for {
			at, got, err := m.Checksums(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if at == uint64(len(blocks)) {
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("the read model stays at %d blocks of %d", at, len(blocks))
			}
			time.Sleep(10 * time.Millisecond)
		}
		if len(told) == 0 || told[len(told)-1].Height < told[len(told)-1].Target {
			t.Errorf("progress %v", told)
		}
	})
}

// Two gateways share one database: both follow, and every block is applied once.
func TestTwoGatewaysShareOneDatabase(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		c := fresh()
		p := newPeer()
		a, b := open(t, c), open(t, c)
		running(t, a, p)
		running(t, b, p)
		for _, k := range blocks {
			p.add(k)
		}
		await(t, a, uint64(len(blocks)))
		await(t, b, uint64(len(blocks)))
		if diff := cmp.Diff(want, sums(t, a, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
	})
}

// seen notes what a model's observer is told.
type seen struct {
	mu      sync.Mutex
	parked  int
	unknown int64
	stuck   bool
}

func (s *seen) observer() Observer {
	return Observer{
		Parked:  func(n int) { s.mu.Lock(); defer s.mu.Unlock(); s.parked = n },
		Unknown: func(n int64) { s.mu.Lock(); defer s.mu.Unlock(); s.unknown += n },
		Stuck:   func(is bool) { s.mu.Lock(); defer s.mu.Unlock(); s.stuck = is },
	}
}

func (s *seen) now() (parked int, unknown int64, stuck bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parked, s.unknown, s.stuck
}

// link makes blocks that continue one another.
func link(after *fabric.Block, blocks ...*fabric.Block) []*fabric.Block {
	for _, b := range blocks {
		b.Number, b.Hash = 0, []byte{byte(len(blocks))}
		if after != nil {
			b.Number, b.Previous = after.Number+1, after.Hash
		}
		b.Hash = append([]byte{byte(b.Number)}, b.Previous...)
		for i := range b.Transactions {
			b.Transactions[i].Number = uint64(i)
			b.Transactions[i].Time = time.Date(2026, 1, 1, 0, 0, int(b.Number), 0, time.UTC)
		}
		after = b
	}
	return blocks
}

func writes(all ...fabric.Write) *fabric.Block {
	return &fabric.Block{Transactions: []fabric.Transaction{{ID: "t", Submitter: "AMSP", Function: "x:Y", Writes: all}}}
}

func goods(id, document string) fabric.Write {
	return fabric.Write{Key: "\x00shipment.goods\x00" + id + "\x00", Value: []byte(document)}
}

const (
	goodGoods = `{"docType":"shipment.goods","componentId":"c","shipmentId":"s","changedAt":"2026-01-01T00:00:00.000Z"}`
	nulGoods  = `{"docType":"shipment.goods","componentId":"c\u0000","shipmentId":"s","changedAt":"2026-01-01T00:00:00.000Z"}`
	badGoods  = `{"docType":"shipment.goods","componentId":17}`
)

// Poison is put aside and is seen; what comes after it is applied.
func TestPoisonIsParked(t *testing.T) {
	chain := link(nil,
		writes(goods("c", goodGoods), goods("d", goodGoods)),
		writes(goods("c", badGoods), goods("nul", nulGoods), goods("none", "not JSON"), goods("late", badGoods),
			fabric.Write{Key: "simple", Value: []byte("{}")}, fabric.Write{Key: "\x00kind.of.tomorrow\x00a\x00", Value: []byte(`{}`)}),
		&fabric.Block{Transactions: []fabric.Transaction{{ID: "b", Submitter: "AMSP", Broken: errors.New("unreadable")}}},
		writes(goods("late", strings.Replace(goodGoods, `"c"`, `"late"`, 1)), goods("e", goodGoods), fabric.Write{Key: "\x00shipment.goods\x00none\x00", Removed: true}),
	)
	want := []string{"shipment.goods/c", "shipment.goods/nul", "transaction/2/0", `write/1/0/"simple"`}
	onBoth(t, func(t *testing.T, fresh func() Config) {
		c, s := fresh(), new(seen)
		c.Observer = s.observer()
		m := open(t, c)
		running(t, m, newPeer(chain...))
		await(t, m, 4)
		var got []string
		all, err := m.Parked(t.Context(), "", 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range all {
			got = append(got, p.ID)
			if p.Reason == "" || p.AcceptedBy != "" {
				t.Errorf("%+v", p)
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		rows := map[string]bool{}
		each(t, m, `SELECT row_id FROM goods`, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			rows[id] = true
			return err
		})
		if diff := cmp.Diff(map[string]bool{"shipment.goods/d": true, "shipment.goods/e": true, "shipment.goods/late": true}, rows); diff != "" {
			t.Errorf("rows: %s", diff)
		}
		if err := m.Accept(t.Context(), "transaction/2/0", "somebody"); err != nil {
			t.Fatal(err)
		}
		if err := m.Accept(t.Context(), "nothing", "somebody"); !errors.Is(err, ErrNotParked) {
			t.Error(err)
		}
		parked, unknown, stuck := s.now()
		if parked != 3 || unknown != 1 || stuck {
			t.Errorf("parked %d, unknown %d, stuck %v", parked, unknown, stuck)
		}
		status, err := m.Status(t.Context())
		if err != nil || status.Parked != 3 || status.Height != 4 || len(status.Unknown) != 1 || !status.Indexed || status.Time != "2026-01-01T00:00:03.000Z" {
			t.Errorf("%+v, %v", status, err)
		}
		if diff := cmp.Diff(replayed(t, fresh(), chain), sums(t, m, 4)); diff != "" {
			t.Errorf("at once: %s", diff)
		}
	})
}

// A block that does not continue the chain stops the model, and is said; the right
// one lets it go on.
func TestAnotherChainIsNotTaken(t *testing.T) {
	right := link(nil, writes(goods("a", goodGoods)), writes(goods("b", goodGoods)), writes(goods("c", goodGoods)))
	for name, wrong := range map[string]*fabric.Block{
		"it names another block before": {Number: 2, Hash: []byte("x"), Previous: []byte("y")},
		"its data are not its own":      {Number: 2, Hash: right[2].Hash, Previous: right[1].Hash, Altered: true},
		"it has another number":         {Number: 3, Hash: right[2].Hash, Previous: right[1].Hash},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, fresh func() Config) {
				c, s := fresh(), new(seen)
				c.Observer = s.observer()
				m := open(t, c)
				p := newPeer(right[0], right[1], wrong)
				running(t, m, p)
				deadline := time.Now().Add(time.Minute)
				for {
					if _, _, stuck := s.now(); stuck {
						break
					}
					if time.Now().After(deadline) {
						t.Fatal("it is not said")
					}
					time.Sleep(time.Millisecond)
				}
				if m.Height() > 2 {
					t.Errorf("height %d", m.Height())
				}
				p.mu.Lock()
				p.blocks[2] = right[2]
				p.mu.Unlock()
				await(t, m, 3)
			})
		})
	}
	t.Run("the peer has fewer blocks", func(t *testing.T) {
		onBoth(t, func(t *testing.T, fresh func() Config) {
			m := open(t, fresh())
			if err := m.Apply(t.Context(), right...); err != nil {
				t.Fatal(err)
			}
			if err := m.follow(t.Context(), newPeer(right[0])); !errors.Is(err, ErrChain) {
				t.Error(err)
			}
		})
	})
}

// A model of another form is emptied and filled anew.
func TestAnotherFormIsMadeAnew(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		c := fresh()
		m := open(t, c)
		if err := m.Apply(t.Context(), blocks[:50]...); err != nil {
			t.Fatal(err)
		}
		if _, err := m.store.writer.ExecContext(t.Context(), `UPDATE read_model SET version = 'of yesterday'`); err != nil {
			t.Fatal(err)
		}
		again := open(t, c)
		if again.Height() != 0 {
			t.Fatalf("height %d", again.Height())
		}
		running(t, again, newPeer(blocks...))
		await(t, again, uint64(len(blocks)))
		if diff := cmp.Diff(want, sums(t, again, uint64(len(blocks)))); diff != "" {
			t.Error(diff)
		}
	})
}

func TestWaitingForAHeight(t *testing.T) {
	blocks := story(t)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		c := fresh()
		c.LongWait = 100 * time.Millisecond
		m := open(t, c)
		if err := m.Wait(t.Context(), 1); !errors.Is(err, ErrBehind) {
			t.Error(err)
		}
		m.config.LongWait = time.Minute
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := m.Wait(t.Context(), 5); err != nil {
				t.Error(err)
			}
			if m.Height() < 5 {
				t.Errorf("height %d", m.Height())
			}
		})
		for _, b := range blocks[:5] {
			if err := m.Apply(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		wg.Wait()
	})
}

// What is parked as a record moves nothing, in whatever way and in however many parts it comes.
func TestWhatIsParkedMovesNothing(t *testing.T) {
	event := func(number, owner string) fabric.Write {
		return fabric.Write{Key: "\x00component.event\x00c\x00" + number + "\x00", Value: []byte(`{"docType":"component.event","componentId":"c","number":` + number +
			`,"step":"commissioning","owner":` + owner + `,"actor":"A","location":"l","transactionId":"t","at":"2026-01-01T00:00:00.000Z"}`)}
	}
	blocks := []*fabric.Block{writes(event("1", `"A"`)), writes(event("\"2\"", `"B"`)), writes(event("3", `"B\u0000"`)), writes(event("4", `17`)), writes(event("4", `"C"`)), writes(event("5", `"D"`), event("5", `{}`))}
	for range coldBlocks {
		blocks = append(blocks, writes(goods("g", goodGoods)))
	}
	blocks = link(nil, blocks...)
	onBoth(t, func(t *testing.T, fresh func() Config) {
		want := replayed(t, fresh(), blocks)
		singly := open(t, fresh())
		for _, b := range blocks {
			if err := singly.Apply(t.Context(), b); err != nil {
				t.Fatal(err)
			}
		}
		replayed := open(t, fresh())
		stop := running(t, replayed, newPeer(blocks...))
		await(t, replayed, uint64(len(blocks)))
		stop()
		for name, m := range map[string]*Model{"block by block": singly, "by a replay": replayed} {
			if diff := cmp.Diff(want, sums(t, m, uint64(len(blocks)))); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		var owners string
		if err := singly.DB().QueryRowContext(t.Context(), `SELECT min(owner) || max(owner) || count(*) FROM ownerships`).Scan(&owners); err != nil || owners != "AD3" {
			t.Errorf("owners %q, %v", owners, err)
		}
		if n := count(t, singly, parkedTable); n != 3 {
			t.Errorf("%d are parked", n)
		}
	})
}
