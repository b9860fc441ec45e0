package component

import (
	"slices"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// ScanPurpose is why a tag was read.
type ScanPurpose string

// The purposes.
const (
	Check   ScanPurpose = "check"   // on its way, or by anybody
	Receipt ScanPurpose = "receipt" // taken in at the place where it is to stay
)

// TagScan is one reading of a component's tag (CM3, CM15). A scanner reports for
// tags that cannot; with a tag's own answer it is proven that it was there.
type TagScan struct {
	ComponentID   string        `json:"componentId"`
	Number        uint64        `json:"number"`
	Place         string        `json:"place"` // GLN or UN/LOCODE
	Position      *ScanPosition `json:"position,omitempty" metadata:",optional"`
	Purpose       ScanPurpose   `json:"purpose"`
	TagCount      uint64        `json:"tagCount,omitempty" metadata:",optional"` // how often the tag says that it was read
	Proven        bool          `json:"proven,omitempty" metadata:",optional"`   // the tag has answered a challenge
	OccurredAt    measure.Time  `json:"occurredAt"`                              // the scanner's word
	ScannedBy     string        `json:"scannedBy"`
	Findings      uint64        `json:"findings,omitempty" metadata:",optional"` // how many follow from it
	At            measure.Time  `json:"at"`
	TransactionID string        `json:"transactionId"`
}

// ScanTrail is where a component was seen last. It is a head of its own: anybody
// may scan, whoever the owner is.
type ScanTrail struct {
	ComponentID string       `json:"componentId"`
	Scans       uint64       `json:"scans"`
	Last        TagScan      `json:"last"` // by the scanners' clocks
	ChangedAt   measure.Time `json:"changedAt"`
}

// atOnce is how long, in milliseconds, two scans may be apart and still be at once.
const atOnce = 60_000

// Scan adds a scan and says what does not fit. holds are those in force; answer is
// what the tag has signed, if it has.
func (t ScanTrail) Scan(c Component, s TagScan, answer *TagResponse, holds []Hold, w When) (ScanTrail, TagScan, []Found, error) {
	if err := s.check(w.Now); err != nil {
		return t, s, nil, err
	}
	s.ComponentID, s.Number, s.ScannedBy, s.Proven, s.At, s.TransactionID = c.ComponentID, t.Scans+1, w.Actor, answer != nil, w.Now, w.TransactionID
	var found []Found
	if t.Scans > 0 {
		found = against(t.Last, s)
	}
	if c.Destination != "" && s.Purpose == Receipt && s.Place != c.Destination && c.ActivatedAt == "" {
		found = append(found, Found{Type: Diverted, Place: s.Place, Detail: "received at " + s.Place + ", destined for " + c.Destination})
	}
	if slices.ContainsFunc(holds, func(h Hold) bool { return h.Active && h.Kind == StolenHold }) {
		found = append(found, Found{Type: StolenSeen, Place: s.Place, Detail: "seen at " + s.Place + " while it is reported stolen"})
	}
	if answer != nil && !answer.Intact {
		found = append(found, Found{Type: SealBroken, Place: s.Place, Detail: "the tag says that its seal is broken"})
	}
	s.Findings = uint64(len(found))
	t.ComponentID, t.Scans, t.ChangedAt = c.ComponentID, s.Number, w.Now
	if s.OccurredAt >= t.Last.OccurredAt {
		t.Last = s
	}
	return t, s, found, nil
}

// against compares a scan with the last one: both cannot be of one thing when it
// would have had to fly, to be at two places at once, or to count backwards.
func against(last, s TagScan) []Found {
	var found []Found
	between := "seen at " + last.Place + " at " + string(last.OccurredAt) + " and at " + s.Place + " at " + string(s.OccurredAt)
	switch {
	case last.Position != nil && s.Position != nil:
		if impossible(*last.Position, *s.Position, last.OccurredAt, s.OccurredAt) {
			found = append(found, Found{Type: ImpossibleTravel, Place: s.Place, Detail: between})
		}
	case last.Place != s.Place && distance(last.OccurredAt.UnixMs(), s.OccurredAt.UnixMs()) < atOnce:
		found = append(found, Found{Type: DuplicateScan, Place: s.Place, Detail: between})
	}
	if last.TagCount > 0 && s.TagCount > 0 && (s.OccurredAt >= last.OccurredAt) != (s.TagCount > last.TagCount) {
		found = append(found, Found{Type: DuplicateScan, Place: s.Place, Detail: "the tag's count does not run on: there are two tags"})
	}
	return found
}

func (s TagScan) check(now measure.Time) error {
	if err := checkPlace("place", s.Place); err != nil {
		return err
	}
	if s.Position != nil {
		if err := s.Position.check(); err != nil {
			return err
		}
	}
	if s.Purpose != Check && s.Purpose != Receipt {
		return invalid("purpose", "purpose must be check or receipt")
	}
	if s.OccurredAt > now.Add(measure.MaxSkewMs) {
		return fault.New(fault.CodeScanTime, "the scan is in the future")
	}
	return nil
}
