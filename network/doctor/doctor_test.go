package doctor

import (
	"strings"
	"testing"
	"time"
)

var now = time.Date(2030, 1, 15, 12, 0, 0, 0, time.UTC)

// well are the facts of a healthy network; each test spoils one.
func well() *Facts {
	f := &Facts{
		Now: now, Running: true,
		Processes: []Process{{Name: "peer.a"}, {Name: "orderer.a"}},
		Ports:     []Port{{Number: 7051, Name: "a peer", Taken: true, Ours: true}, {Number: 7052, Name: "b peer"}},
		Disk:      Disk{Free: 50e9, Size: 100e9},
		Uptime:    time.Hour, WallUptime: time.Hour,
		Certificates: []Certificate{{File: "a/peer.pem", NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 11, 0)}},
		Leaders:      1,
		Gateways:     []Gateway{{Org: "a"}},
	}
	for _, org := range []string{"a", "b", "c"} {
		f.Peers = append(f.Peers, Peer{Org: org, Height: 100, LastBlock: now.Add(-time.Minute), StateDatabase: "leveldb"})
	}
	return f
}

func verdicts(results []Result) map[string]Result {
	m := map[string]Result{}
	for _, r := range results {
		m[r.Check] = r
	}
	return m
}

func TestHealthyNetworkPassesEveryCheck(t *testing.T) {
	results, healthy := Examine(well())
	for _, r := range results {
		if r.Verdict == Fail || r.Says == "" || r.Remedy != "" {
			t.Errorf("%+v", r)
		}
	}
	if !healthy {
		t.Error("not healthy")
	}
	if got := verdicts(results)["indexes"]; got.Verdict != None || !strings.Contains(got.Says, "LevelDB") {
		t.Errorf("indexes: %+v", got)
	}
}

func TestEachCheckFailsWhenItShould(t *testing.T) {
	for name, tc := range map[string]struct {
		check string
		spoil func(*Facts)
		says  string
	}{
		"nothing runs":                {"processes", func(f *Facts) { f.Running = false }, "not running"},
		"a process is unwell":         {"processes", func(f *Facts) { f.Processes[1].Problem = "connection refused" }, "orderer.a (connection refused)"},
		"a stranger has a port":       {"ports", func(f *Facts) { f.Ports[1].Taken, f.Ports[1].User = true, "nginx (process 12)" }, "port 7052 (b peer) is taken by nginx (process 12)"},
		"somebody unseen has a port":  {"ports", func(f *Facts) { f.Ports[1].Taken = true }, "may not see"},
		"the clock was set":           {"clock", func(f *Facts) { f.WallUptime += 2 * time.Hour }, "moved by 2h0m0s"},
		"the clock was set back":      {"clock", func(f *Facts) { f.WallUptime -= 30 * time.Minute }, "moved by 30m0s"},
		"a certificate of the future": {"clock", func(f *Facts) { f.Certificates[0].NotBefore = now.Add(time.Hour) }, "valid only from 2030-01-15T13:00:00Z"},
		"a block of the future":       {"clock", func(f *Facts) { f.Peers[1].LastBlock = now.Add(10 * time.Minute) }, "block of b is 10m0s in the future"},
		"the disk is full":            {"disk", func(f *Facts) { f.Disk.Free = 1e9 }, "1.0 GB of 100.0 GB"},
		"the disk cannot be asked":    {"disk", func(f *Facts) { f.Disk.Error = "no such directory" }, "no such directory"},
		"a certificate ends soon":     {"certificates", func(f *Facts) { f.Certificates[0].NotAfter = now.AddDate(0, 0, 29) }, "expires on 2030-02-13, in 29 days"},
		"a certificate has ended":     {"certificates", func(f *Facts) { f.Certificates[0].NotAfter = now }, "expired on 2030-01-15"},
		"no certificates":             {"certificates", func(f *Facts) { f.Certificates = nil }, "no certificates"},
		"unreadable certificates":     {"certificates", func(f *Facts) { f.CertificatesError = "permission denied" }, "permission denied"},
		"a peer is behind":            {"peers level", func(f *Facts) { f.Peers[2].Height = 94 }, "peer.c is behind"},
		"a peer does not answer":      {"peers level", func(f *Facts) { f.Peers[0].Error = "unavailable" }, "peer.a does not tell its height"},
		"no peers":                    {"peers level", func(f *Facts) { f.Peers = nil }, "no peer could be asked"},
		"no leader":                   {"orderer leader", func(f *Facts) { f.Leaders = 0 }, "no orderer leads"},
		"two leaders":                 {"orderer leader", func(f *Facts) { f.Leaders = 2 }, "2 orderers say"},
		"no leader can be asked":      {"orderer leader", func(f *Facts) { f.Leaders, f.LeadersError = 0, "orderer.b: refused" }, "orderer.b: refused"},
		"a chaincode is silent":       {"chaincode", func(f *Facts) { f.Peers[1].Ping = "connection refused" }, "chaincode of b does not answer"},
		"no chaincode can be asked":   {"chaincode", func(f *Facts) { f.Peers = nil }, "no peer could be asked"},
		"an index is missing": {"indexes", func(f *Facts) {
			f.Peers[0].StateDatabase, f.Peers[0].Indexes, f.Peers[0].Present = "couchdb", []string{"byDate", "byOwner"}, []string{"byDate"}
		}, "peer.a lacks the index byOwner"},
		"a stand-in lacks one, too": {"indexes", func(f *Facts) {
			f.Peers[2].StateDatabase, f.Peers[2].Indexes = "couchdb-stand-in", []string{"byDate"}
		}, "peer.c lacks the index byDate"},
		"a state database cannot be asked": {"indexes", func(f *Facts) {
			f.Peers[1].StateDatabase, f.Peers[1].IndexError = "couchdb", "the state database of peer.b: it refuses the login"
		}, "refuses the login"},
		"a gateway is not ready": {"gateways", func(f *Facts) { f.Gateways[0].Problem = "503" }, "gateway.a is not ready: 503"},
	} {
		t.Run(name, func(t *testing.T) {
			f := well()
			tc.spoil(f)
			results, healthy := Examine(f)
			got := verdicts(results)[tc.check]
			if healthy || got.Verdict != Fail || !strings.Contains(got.Says, tc.says) || got.Remedy == "" {
				t.Errorf("healthy %v, %+v; want a failure that says %q", healthy, got, tc.says)
			}
			if strings.Contains(got.Says+got.Remedy, "\n") {
				t.Errorf("more than one line: %+v", got)
			}
		})
	}
}

func TestOrdinaryDifferencesPass(t *testing.T) {
	for name, spoil := range map[string]func(*Facts){
		"a peer some blocks behind":   func(f *Facts) { f.Peers[2].Height = 95 },
		"a clock off by seconds":      func(f *Facts) { f.WallUptime += 30 * time.Second; f.Peers[0].LastBlock = now.Add(30 * time.Second) },
		"a certificate of 31 days":    func(f *Facts) { f.Certificates[0].NotAfter = now.AddDate(0, 0, 31) },
		"no gateways wanted":          func(f *Facts) { f.Gateways = nil },
		"one orderer of three is off": func(f *Facts) { f.LeadersError = "orderer.c: refused" },
		"every index is there": func(f *Facts) {
			f.Peers[0].StateDatabase, f.Peers[0].Indexes, f.Peers[0].Present = "couchdb", []string{"byDate"}, []string{"byDate"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := well()
			spoil(f)
			if results, healthy := Examine(f); !healthy {
				t.Errorf("%+v", results)
			}
		})
	}
}
