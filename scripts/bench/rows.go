package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/filter"
	life "github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/fabric"
	"github.com/lifeledger/lifeledger/gateway/projection"
	"github.com/lifeledger/lifeledger/gateway/query"
)

// benchRows fills read models with records that nobody endorsed, of two sizes, and
// asks both the same questions. It needs no network: how fast rows are put in and
// found does not depend on where they come from.
func benchRows(ctx context.Context, o options) ([]string, error) {
	small, err := filled(ctx, o, 10_000)
	if err != nil {
		return nil, err
	}
	defer small.close()
	large, err := filled(ctx, o, o.rows)
	if err != nil {
		return nil, err
	}
	defer large.close()
	var rows []string
	for _, q := range questions {
		row, err := q.measure(ctx, o, large, small)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		rows = append(rows, row)
	}
	for _, q := range slow {
		took, err := large.ask(ctx, q, 5)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		progress("rows: %s: %.1f ms, at most %.1f ms", q.name, took[2], took[4])
	}
	return rows, nil
}

// asked is a question of a page of a hundred rows, or of groups.
type asked struct {
	name, on, filter string
	values           int // %d in the filter runs through so many
	sort             []filter.Order
	groups           []filter.Group
}

var questions = []asked{
	{name: "a part number, the last changed first", on: "components", filter: `partNumber eq "PUMP-%d"`, values: partNumbers, sort: latest("changedAt")},
	{name: "what an organisation did, the latest first", on: "component-events", filter: `actor eq "Org%dMSP"`, values: makers + buyers, sort: latest("at")},
	{name: "who owned one component", on: "ownerships", filter: `componentId eq "C%07d"`, values: 2000},
	{name: "what one organisation made and another owns", on: "components", filter: `manufacturer eq "Org%dMSP" and owner eq "Org5MSP"`, values: makers},
	{name: "what an organisation made, the latest first", on: "component-events", filter: `actor eq "Org%dMSP" and step eq "commissioning"`, values: makers, sort: latest("at")},
}

// slow are questions that no index serves: every row, or every row that meets one
// condition, must be looked at.
var slow = []asked{
	{name: "two conditions that are not kept together", on: "components", filter: `manufacturer eq "Org%dMSP" and partNumber eq "PUMP-7"`, values: makers},
	{name: "a part of a text that no row has", on: "components", filter: `location contains "nowhere-%d"`, values: 20},
	{name: "how many of each owner", on: "components", groups: []filter.Group{{Field: "owner"}}},
	{name: "how many events of each step in each month", on: "component-events", groups: []filter.Group{{Field: "step"}, {Field: "at", Unit: "month"}}},
}

func latest(by string) []filter.Order { return []filter.Order{{By: by, Descending: true}} }

// measure asks both read models by turns.
func (q asked) measure(ctx context.Context, o options, large, small *collection) (string, error) {
	const times = 300
	out := &ratio{
		name: fmt.Sprintf("(rows) %s, p99: %d rows ÷ 10,000", q.name, o.rows), goal: "≤ 1.5", unit: "ms",
		ok: func(s spread) bool { return s.mid <= 1.5 },
	}
	var all []float64
	for i := range o.pairs + 1 {
		a, err := large.ask(ctx, q, times)
		if err != nil {
			return "", err
		}
		b, err := small.ask(ctx, q, times)
		if err != nil {
			return "", err
		}
		if i > 0 {
			all = append(all, a...)
			out.add(a[times*99/100], b[times*99/100])
		}
	}
	slices.Sort(all)
	progress("rows: %s: p50 %.2f ms, p99 %.2f ms of %d rows", q.name, all[len(all)/2], all[len(all)*99/100], o.rows)
	return out.row(), nil
}

// collection is a read model that was filled.
type collection struct {
	dir     string
	model   *projection.Model
	service *query.Service
}

func (c *collection) close() {
	_ = c.model.Close()
	_ = os.RemoveAll(c.dir)
}

// filled makes a read model of so many rows of components, events and ownerships.
func filled(ctx context.Context, o options, rows int) (*collection, error) {
	dir, err := os.MkdirTemp("", "lifeledger-rows-")
	if err != nil {
		return nil, err
	}
	c := &collection{dir: dir}
	conf := projection.Config{SQLite: filepath.Join(dir, "rows.db"), Log: slog.New(slog.DiscardHandler)}
	if o.postgres != "" {
		conf = projection.Config{Postgres: o.postgres, Schema: fmt.Sprintf("rows_%d", rows), Log: conf.Log}
	}
	if c.model, err = projection.Open(ctx, conf); err != nil {
		return nil, err
	}
	chain := &invented{rows: rows}
	began, tenth := time.Now(), uint64(0)
	if err := c.model.Rebuild(ctx, chain, func(p projection.Progress) {
		if p.Height*10/p.Target != tenth {
			tenth = p.Height * 10 / p.Target
			progress("rows: %d of %d blocks after %s", p.Height, p.Target, time.Since(began).Round(time.Second))
		}
	}); err != nil {
		return nil, err
	}
	took := time.Since(began)
	size, err := c.size(ctx, conf)
	if err != nil {
		return nil, err
	}
	progress("rows: %d rows in %s, %.0f a second, with the indexes; %s, %.0f bytes a row", rows, took.Round(time.Second), float64(rows)/took.Seconds(), megabytes(size), float64(size)/float64(rows))
	c.service, err = query.New(query.Config{Model: c.model, Secret: []byte("of this benchmark"), Budget: 10 * time.Minute})
	return c, err
}

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n>>20) }

// size is what the database takes on the disk.
func (c *collection) size(ctx context.Context, conf projection.Config) (total int64, err error) {
	if conf.Postgres != "" {
		err = c.model.DB().QueryRowContext(ctx, `SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`).Scan(&total)
		return total, err
	}
	for _, suffix := range []string{"", "-wal"} {
		info, err := os.Stat(conf.SQLite + suffix)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return 0, err
		}
		if err == nil {
			total += info.Size()
		}
	}
	return total, nil
}

// ask gives the times in milliseconds that so many answers took, in order.
func (c *collection) ask(ctx context.Context, q asked, times int) ([]float64, error) {
	took := make([]float64, times)
	for i := range took {
		question := filter.Question{Entity: q.on, Sort: q.sort, Limit: 100, GroupBy: q.groups}
		if q.groups != nil {
			question.Aggregates = []filter.Aggregate{{Of: "count"}}
		}
		var err error
		if q.filter != "" {
			if question.Filter, err = filter.Parse(fmt.Sprintf(q.filter, i%q.values)); err != nil {
				return nil, err
			}
		}
		began := time.Now()
		page, err := c.service.Ask(ctx, query.Ask{Question: question})
		if err != nil {
			return nil, err
		}
		took[i] = float64(time.Since(began).Microseconds()) / 1000
		if i == 0 && len(page.Items)+len(page.Groups) == 0 && !strings.Contains(q.filter, "nowhere") {
			return nil, errors.New("nothing was found")
		}
	}
	slices.Sort(took)
	return took, nil
}

// So few that also of 10,000 rows each question that names one of them fills its page.
const makers, buyers, partNumbers = 4, 5, 10

// invented is a chain of components that are registered and change hands: of five
// rows one is a component, two are events and two are ownerships.
type invented struct{ rows int }

const inventedWrites = 600 // in a block, in transactions of three writes

func (c *invented) ChainHeight(context.Context) (uint64, error) {
	return uint64((c.rows/5*3 + inventedWrites - 1) / inventedWrites), nil
}

func (c *invented) Blocks(ctx context.Context, from uint64, give func(*fabric.Block) error) error {
	height, _ := c.ChainHeight(ctx)
	for n := from; n < height; n++ {
		if err := give(inventedBlock(n)); err != nil {
			return err
		}
	}
	<-ctx.Done()
	return ctx.Err()
}

func inventedBlock(n uint64) *fabric.Block {
	random := rand.New(rand.NewPCG(n, 1))
	b := &fabric.Block{Number: n, Hash: fmt.Appendf(nil, "%032d", n)}
	if n > 0 {
		b.Previous = fmt.Appendf(nil, "%032d", n-1)
	}
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	for i := range uint64(inventedWrites / 3) {
		id := fmt.Sprintf("C%07d", n*inventedWrites/3+i)
		maker, buyer := fmt.Sprintf("Org%dMSP", random.IntN(makers)), fmt.Sprintf("Org%dMSP", makers+random.IntN(buyers))
		tx := fmt.Sprintf("%064d", n*1000+i)
		c := life.Component{
			ComponentID: id, PartNumber: fmt.Sprintf("PUMP-%d", random.IntN(partNumbers)), Algorithm: "Ed25519", PublicKey: "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=",
			KeyID: fmt.Sprintf("%064d", n*1000+i), Location: "4012345000009", Manufacturer: maker, Owner: buyer, Disposition: "active", Events: 2, ChangedAt: measure.TimeOf(at),
		}
		made := life.LifeEvent{ComponentID: id, Step: life.Commissioning, At: measure.TimeOf(at), Actor: maker, Owner: maker, Location: c.Location, TransactionID: tx}
		sold := life.LifeEvent{ComponentID: id, Number: 1, Step: life.OwnershipAccepted, At: measure.TimeOf(at), Actor: buyer, Owner: buyer, Counterparty: maker, Location: c.Location, TransactionID: tx}
		b.Transactions = append(b.Transactions, fabric.Transaction{Number: i, ID: tx, Time: at, Submitter: maker, Function: "component:Register", Writes: []fabric.Write{
			inventedWrite("component", c, id), inventedWrite("component.event", made, id, "00000000000000000000"), inventedWrite("component.event", sold, id, "00000000000000000001"),
		}})
	}
	return b
}

func inventedWrite(kind string, record any, attributes ...string) fabric.Write {
	key := "\x00" + kind + "\x00"
	for _, a := range attributes {
		key += a + "\x00"
	}
	document, err := json.Marshal(record)
	if err != nil {
		panic(err) // records always have a form
	}
	return fabric.Write{Key: key, Value: append([]byte(`{"docType":"`+kind+`",`), document[1:]...)}
}
