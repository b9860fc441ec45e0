package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/hyperledger/fabric-gateway/pkg/client"

	"github.com/lifeledger/lifeledger/chaincode/api"
)

const aPage = 100

// benchPages compares a page of the read model, through REST, with the same rows from
// the chaincode, asked by the minimal client: in the order of the ledger's own keys,
// where a page is one range of them; and in another order, for which a ledger on
// LevelDB has no index, so that all pages must be read. Both must give the same rows.
func benchPages(ctx context.Context, r *rig, o options) ([]string, error) {
	streams, err := newStreams(ctx, r, 1)
	if err != nil {
		return nil, err
	}
	s := streams[0]
	for i := 0; i < o.history; i += batchSegments {
		if err := s.post(ctx, r, batchSegments, 1); err != nil {
			return nil, err
		}
	}
	if err := s.awaitRow(ctx, r); err != nil {
		return nil, err
	}
	first := &ratio{name: "(pages) a hundred rows in the order of the ledger's keys: chaincode ÷ read model", goal: "–", unit: "ms", ok: func(spread) bool { return true }}
	last := &ratio{name: fmt.Sprintf("(pages) the latest hundred of %d rows: chaincode ÷ read model", s.next-1), goal: "≥ 20", unit: "ms", ok: func(p spread) bool { return p.mid >= 20 }}
	for i := range o.pairs + 1 {
		for out, question := range map[*ratio]func(context.Context, *rig) (float64, float64, error){first: s.firstPage, last: s.latest} {
			ledger, model, err := question(ctx, r)
			if err != nil {
				return nil, err
			}
			if i > 0 {
				out.add(ledger, model)
			}
		}
	}
	return []string{first.row(), last.row()}, nil
}

// firstPage is the first hundred segments: one range of keys.
func (s *stream) firstPage(ctx context.Context, r *rig) (ledger, model float64, err error) {
	var page api.SegmentPage
	ledger, err = milliseconds(func() error { page, err = s.page(ctx, r, "", aPage); return err })
	if err != nil {
		return 0, 0, err
	}
	model, err = s.compare(ctx, r, "", sequences(page)) // rows without an order come by their keys
	return ledger, model, err
}

// latest is the last hundred, the latest first: all pages are read for them.
func (s *stream) latest(ctx context.Context, r *rig) (ledger, model float64, err error) {
	var want []uint64
	ledger, err = milliseconds(func() error {
		for cursor := ""; ; {
			page, err := s.page(ctx, r, cursor, api.MaxPage)
			if err != nil {
				return err
			}
			want = append(want, sequences(page)...)
			if cursor = page.Next; cursor == "" {
				return nil
			}
		}
	})
	if err != nil {
		return 0, 0, err
	}
	want = want[max(0, len(want)-aPage):]
	slices.Reverse(want)
	model, err = s.compare(ctx, r, "-firstAt", want)
	return ledger, model, err
}

func sequences(p api.SegmentPage) (all []uint64) {
	for _, s := range p.Items {
		all = append(all, s.FirstSequence)
	}
	return all
}

// page asks the chaincode.
func (s *stream) page(ctx context.Context, r *rig, cursor string, limit int) (p api.SegmentPage, err error) {
	question := fmt.Sprintf(`{"shipmentId":%q,"deviceId":%q,"limit":%d,"cursor":%q}`, s.shipmentID, s.deviceID, limit, cursor)
	answer, err := r.raw.EvaluateWithContext(ctx, string(api.ListSegmentsTx), client.WithArguments(question))
	if err != nil {
		return p, err
	}
	return p, json.Unmarshal(answer, &p)
}

// compare asks the read model five times, and takes the median; its rows must be those.
func (s *stream) compare(ctx context.Context, r *rig, sort string, want []uint64) (float64, error) {
	var took []float64
	for range 5 {
		var got []uint64
		one, err := milliseconds(func() (err error) { got, err = s.rows(ctx, r, sort); return err })
		if err != nil {
			return 0, err
		}
		if !slices.Equal(got, want) {
			return 0, fmt.Errorf("the read model has other rows than the ledger, by %s: %v and %v", sort, got, want)
		}
		took = append(took, one)
	}
	return median(took), nil
}

// rows asks the read model for a page of the stream's segments.
func (s *stream) rows(ctx context.Context, r *rig, sort string) ([]uint64, error) {
	query := url.Values{"filter": {fmt.Sprintf("shipmentId eq %q and deviceId eq %q", s.shipmentID, s.deviceID)}, "limit": {fmt.Sprint(aPage)}}
	if sort != "" {
		query.Set("sort", sort)
	}
	var page struct {
		Items []struct {
			Record struct {
				FirstSequence uint64 `json:"firstSequence"`
			} `json:"record"`
		} `json:"items"`
	}
	if err := r.get(ctx, "/queries/segments?"+query.Encode(), &page); err != nil {
		return nil, err
	}
	all := make([]uint64, len(page.Items))
	for i, item := range page.Items {
		all[i] = item.Record.FirstSequence
	}
	return all, nil
}

// awaitRow waits until the read model has the stream's last segment.
func (s *stream) awaitRow(ctx context.Context, r *rig) error {
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(50 * time.Millisecond) {
		latest, err := s.rows(ctx, r, "-firstAt")
		if err != nil {
			return err
		}
		if len(latest) > 0 && latest[0] == s.next-1 { // one reading in each
			return nil
		}
	}
	return errors.New("the read model does not catch up")
}

func milliseconds(do func() error) (float64, error) {
	began := time.Now()
	err := do()
	return float64(time.Since(began).Microseconds()) / 1000, err
}
