package shipment

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
)

func TestWhatContradicts(t *testing.T) {
	recorded := Segment{FirstSequence: 10, Readings: 5, Hash: "h"}
	for name, c := range map[string]struct {
		claim Claim
		want  bool
	}{
		"the same bytes again":                  {Claim{FirstSequence: 10, Readings: 5, Hash: "h"}, false},
		"other bytes for the same readings":     {Claim{FirstSequence: 10, Readings: 5, Hash: "x"}, true},
		"other bytes for some of them":          {Claim{FirstSequence: 13, Readings: 9, Hash: "x"}, true},
		"for one at the end":                    {Claim{FirstSequence: 14, Readings: 1, Hash: "x"}, true},
		"from before until the first":           {Claim{FirstSequence: 6, Readings: 5, Hash: "x"}, true},
		"the one before it":                     {Claim{FirstSequence: 6, Readings: 4, Hash: "x"}, false},
		"the one after it":                      {Claim{FirstSequence: 15, Readings: 4, Hash: "x", Previous: "h"}, false},
		"one that would follow another than it": {Claim{FirstSequence: 15, Readings: 4, Hash: "x", Previous: "y"}, true},
		"one that is far later":                 {Claim{FirstSequence: 16, Readings: 4, Hash: "x", Previous: "y"}, false},
		"an end where it begins":                {Claim{FirstSequence: 10, Hash: "x", Final: true}, true},
		"an end in its middle":                  {Claim{FirstSequence: 12, Hash: "x", Final: true}, true},
		"an end after it":                       {Claim{FirstSequence: 15, Hash: "x", Previous: "h", Final: true}, false},
		"an end after another in its place":     {Claim{FirstSequence: 15, Hash: "x", Previous: "y", Final: true}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s, fork, err := Stream{DeviceID: "box"}.Contradict(c.claim, recorded, When{Actor: "ServiceMSP", Now: "2026-03-01T09:00:00.000Z"})
			if !c.want {
				if !fault.Is(err, fault.CodeForkNone) || s.Forks != 0 {
					t.Errorf("got %+v, %v", fork, err)
				}
				return
			}
			if err != nil || s.Forks != 1 || fork.Number != 1 || fork.Hash != "x" || fork.RecordedHash != "h" || fork.ReportedBy != "ServiceMSP" {
				t.Errorf("got %+v, %v", fork, err)
			}
		})
	}
}

// In one honest chain no two segments contradict each other, however it is cut.
func TestAnHonestDeviceNeverContradictsItself(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		next, previous := uint64(1), NoSegment
		var claims []Claim
		for i, n := range rapid.SliceOfN(rapid.Uint64Range(1, 9), 1, 12).Draw(r, "segments") {
			c := Claim{FirstSequence: next, Readings: n, Previous: previous, Hash: string(rune('a' + i))}
			claims = append(claims, c)
			next, previous = next+n, c.Hash
		}
		claims = append(claims, Claim{FirstSequence: next, Previous: previous, Hash: "end", Final: true})
		for _, c := range claims {
			for _, other := range claims {
				if contradicts(c, Segment{FirstSequence: other.FirstSequence, Readings: other.Readings, Hash: other.Hash}) {
					r.Fatalf("%+v contradicts %+v", c, other)
				}
			}
		}
	})
}

func TestOnlyThePresentKeyIsSuspected(t *testing.T) {
	d := party.Device{DeviceID: "box", Status: party.Active, Key: party.DeviceKey{Number: 2}}
	noted, suspected := d.Suspect(party.Suspicion{}, 1, "s", "t1")
	if suspected || noted != (party.Suspicion{}) {
		t.Errorf("a former key: %+v", noted)
	}
	noted, suspected = d.Suspect(party.Suspicion{KeyNumber: 1, Forks: 7}, 2, "s", "t1")
	if want := (party.Suspicion{DeviceID: "box", KeyNumber: 2, ShipmentID: "s", Forks: 1, Since: "t1", ChangedAt: "t1"}); !suspected || noted != want {
		t.Errorf("got %+v", noted)
	}
	if again, _ := d.Suspect(noted, 2, "z", "t2"); again.Forks != 2 || again.Since != "t1" || again.ChangedAt != "t2" || again.ShipmentID != "z" {
		t.Errorf("got %+v", again)
	}
	if d.With(noted).Suspicion == nil || d.With(party.Suspicion{KeyNumber: 1}).Suspicion != nil {
		t.Error("shows the suspicion of another key, or not that of this one")
	}
	d.Status = party.Revoked
	if _, suspected := d.Suspect(noted, 2, "s", "t3"); suspected {
		t.Error("a revoked device signs nothing any more")
	}
}

func TestAsManyForksAsAreKept(t *testing.T) {
	s := Stream{DeviceID: "box", Forks: MaxForks}
	if after, _, err := s.Contradict(Claim{FirstSequence: 1, Readings: 1, Hash: "x"}, Segment{FirstSequence: 1, Readings: 1, Hash: "h"}, When{}); !fault.Is(err, fault.CodeForkEnough) || after.Forks != MaxForks {
		t.Errorf("got %d, %v", after.Forks, err)
	}
}
