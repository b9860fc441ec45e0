package main

import "context"

// benchHistory is (c): how long a write of one segment takes on a shipment with
// thousands of segments behind it, divided by one with ten. The writes are
// single and by turns, so each pair meets the same machine.
func benchHistory(ctx context.Context, r *rig, o options) (*ratio, error) {
	out := &ratio{name: "(c) write latency behind a long history ÷ behind ten segments", goal: "≤ 1.10", unit: "ms", ok: func(s spread) bool { return s.mid <= 1.10 }}
	long, err := newStreams(ctx, r, 1)
	if err != nil {
		return nil, err
	}
	short, err := newStreams(ctx, r, 1)
	if err != nil {
		return nil, err
	}
	if err := short[0].post(ctx, r, 10, 1); err != nil {
		return nil, err
	}
	for i := 0; i < o.history; i += batchSegments {
		if err := long[0].post(ctx, r, batchSegments, 1); err != nil {
			return nil, err
		}
		if i%(64*batchSegments) == 0 {
			progress("history: %d of %d segments", i, o.history)
		}
	}
	time1 := func(s *stream) (float64, error) { return milliseconds(func() error { return s.post(ctx, r, 1, 64) }) }
	for i := range o.writes {
		// Which of the two comes first changes by turns too.
		first, second := long[0], short[0]
		if i%2 == 1 {
			first, second = second, first
		}
		x, err := time1(first)
		if err != nil {
			return nil, err
		}
		y, err := time1(second)
		if err != nil {
			return nil, err
		}
		if i%2 == 1 {
			x, y = y, x
		}
		out.add(x, y)
	}
	return out, nil
}
