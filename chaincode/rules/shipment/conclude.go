package shipment

import "slices"

// Conclude is the last judgement of one device, when nothing more is waited for:
// it closes what is open, and judges the silence from the last reading until the
// delivery, of a device that ended early or never recorded just the same. So to
// record nothing is never better than to record. Concluding again only closes what
// openings have left open since.
func (s Stream) Conclude(sh Shipment, t Terms, w When) (Stream, Judgement, error) {
	custody := sh.CustodyOf(s.DeviceID)
	if s.Closed() || len(custody) == 0 {
		return s, Judgement{}, nil
	}
	next := s
	j := newJudge(&next, t, custody)
	j.finish(j.quiet.lastMs, j.quiet.lastSequence)
	if !s.Concluded {
		until := w.Now.UnixMs()
		if last := j.custody[len(j.custody)-1]; last.delivered {
			until = last.fromMs
		}
		j.silent(until, 0, RecordingEnded)
	}
	verdict, err := j.result()
	if err != nil {
		return s, Judgement{}, err
	}
	next.Concluded, next.ChangedAt = true, w.Now
	return next, verdict, nil
}

// Closed reports whether there is nothing to conclude.
func (s Stream) Closed() bool {
	return s.Concluded && !slices.ContainsFunc(s.Watches, func(w Watch) bool { return w.Beyond })
}
