package smartpackage

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// Delivered counts what a delivery brought to the ledger, or found there.
type Delivered struct{ Segments, Readings int }

// Deliver posts what is spooled, oldest first, and forgets a segment only when
// the ledger has it. After an error the rest stays spooled; call it again.
// progress, if not nil, is called after every request that got somewhere.
func (r *Recorder) Deliver(ctx context.Context, c *Client, progress func(Delivered)) (Delivered, error) {
	var total Delivered
	most := MaxEnvelopes
	for len(r.spool.items) > 0 {
		n := min(r.spool.batch(), most)
		envelopes, err := r.spool.load(n)
		if err != nil {
			return total, err
		}
		if err := c.PostSegments(ctx, r.chain.ShipmentID, r.chain.DeviceID, envelopes); err != nil {
			var p *Problem
			if !errors.As(err, &p) {
				return total, err
			}
			if p.Code == fault.CodeSegmentExcursions && n > 1 { // too eventful for one transaction
				most = n / 2
				continue
			}
			if p.Code == fault.CodeSegmentForked {
				// One of the two histories is a clone's, or this device has forgotten its
				// own: the parties are to know. It is refused where that is not proved.
				if told := c.ReportFork(ctx, r.chain.ShipmentID, r.chain.DeviceID, envelopes[0], 0); told != nil {
					return total, errors.Join(err, fmt.Errorf("report the fork: %w", told))
				}
				return total, err
			}
			// The ledger has some of them already: an earlier answer was lost.
			if n = r.spool.known(p); n == 0 {
				return total, err
			}
		}
		for _, it := range r.spool.items[:n] {
			total.Segments++
			total.Readings += it.readings
		}
		if err := r.spool.forget(n); err != nil {
			return total, err
		}
		if progress != nil {
			progress(total)
		}
	}
	return total, nil
}

// batch is how many of the oldest items fit in one request.
func (sp *spool) batch() int {
	size := len(`{"deviceId":"","envelopes":[]}`) + 6*segment.MaxID // an id may need escapes in JSON
	for i, it := range sp.items {
		if size += it.size + 1; i == MaxEnvelopes || i > 0 && size >= MaxRequest {
			return i
		}
	}
	return len(sp.items)
}

// known is how many of the oldest items the ledger has, as a refusal tells. The
// hash of the ledger's last segment says it exactly; the next sequence number
// has to do when that segment is not spooled any more.
func (sp *spool) known(p *Problem) int {
	if p.Code != fault.CodeSegmentReplayed && p.Code != fault.CodeSegmentOutOfOrder && p.Code != fault.CodeSegmentClosed {
		return 0
	}
	last := p.Param("lastSegment")
	for i, it := range sp.items {
		if it.hash == last {
			return i + 1
		}
	}
	next, err := strconv.ParseUint(p.Param("nextSequence"), 10, 64)
	if err != nil || p.Code != fault.CodeSegmentReplayed {
		return 0
	}
	n := 0
	for n < len(sp.items) && sp.items[n].readings > 0 && sp.items[n].first < next && sp.items[n].first+uint64(sp.items[n].readings) <= next {
		n++
	}
	return n
}
