package topology

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestDefaultIsValid(t *testing.T) {
	d := Default()
	if err := d.Validate(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, o := range d.Organisations {
		got = append(got, o.MSPID)
	}
	if s := strings.Join(got, " "); s != "ManufacturerMSP ServiceMSP ShipperMSP" {
		t.Errorf("organisations: %s", s)
	}
}

func TestParseKeepsWhatTheFileDoesNotName(t *testing.T) {
	got, err := Parse([]byte("channel:\n  batchTimeout: 2s\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Channel.BatchTimeout != 2*time.Second || got.Channel.MaxMessageCount != 500 || len(got.Organisations) != 3 {
		t.Errorf("%+v", got)
	}
}

func TestParseOfNothingIsTheDefault(t *testing.T) {
	got, err := Parse(nil)
	if err != nil || got.SameLedger(Default()) != "" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestParseRefuses(t *testing.T) {
	org := "organisations:\n  - {name: a, mspId: A, domain: a.example.com, stateDatabase: leveldb, ports: {gateway: 1, peer: 2, peerChaincode: 3, peerOperations: 4, orderer: 5, ordererAdmin: 6, ordererOperations: 7, ca: 8, caOperations: 9, chaincode: 10}}\n"
	for name, tc := range map[string]struct{ yaml, want string }{
		"unknown field, with its place": {"channel:\n  nmae: x\n", "[2:3] unknown field"},
		"a number that is text":         {"channel:\n  maxMessageCount: many\n", "[2:20]"},
		"upper case in a channel name":  {"channel: {name: Life}\n", "channel.name"},
		"sequence zero":                 {"chaincode: {sequence: 0}\n", "sequence starts at 1"},
		"no organisation":               {"organisations: []\n", "at least one"},
		"a host name":                   {"host: localhost\n", "not an IP address"},
		"port used twice":               {strings.Replace(org, "peer: 2", "peer: 1", 1), "port 1 is given to both a gateway and a peer"},
		"port missing":                  {strings.Replace(org, "chaincode: 10", "chaincode: 0", 1), "ports.chaincode is 0"},
		"couchdb without its port":      {strings.Replace(org, "leveldb", "couchdb", 1), "ports.couchdb is 0"},
		"unknown state database":        {strings.Replace(org, "leveldb", "redis", 1), `"redis" is unknown`},
		"election by a single tick":     {"channel: {electionTicks: 1}\n", "electionTicks at least 2"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tc.yaml))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
	if _, err := Parse([]byte(org)); err != nil {
		t.Errorf("the valid organisation that the cases change: %v", err)
	}
}

func TestSameLedger(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(*Topology)
		want   string
	}{
		"nothing":           {func(*Topology) {}, ""},
		"gateway port":      {func(t *Topology) { t.Organisations[0].Ports.Gateway = 99 }, ""},
		"chaincode version": {func(t *Topology) { t.Chaincode.Version = "2"; t.Chaincode.Sequence = 2 }, ""},
		"peer port":         {func(t *Topology) { t.Organisations[1].Ports.Peer = 99 }, "the ports of service differ"},
		"another database":  {func(t *Topology) { t.Organisations[1].StateDatabase = CouchDB }, "the state database of service is leveldb, not couchdb"},
		"CouchDB's port, which LevelDB does not use": {func(t *Topology) { t.Organisations[1].Ports.CouchDB = 99 }, ""},
		"batch timeout":       {func(t *Topology) { t.Channel.BatchTimeout++ }, "the channel's settings differ"},
		"another domain":      {func(t *Topology) { t.Organisations[2].Domain = "x" }, "organisation shipper differs"},
		"organisation leaves": {func(t *Topology) { t.Organisations = t.Organisations[:2] }, "number of organisations"},
	} {
		t.Run(name, func(t *testing.T) {
			changed := Default()
			tc.change(changed)
			got := changed.SameLedger(Default())
			if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

func TestOnlyCouchDBHasItsPort(t *testing.T) {
	d := Default()
	for _, tc := range []struct {
		state string
		want  int
	}{{LevelDB, 10}, {CouchDB, 11}, {CouchStandIn, 11}} {
		o := &d.Organisations[0]
		o.StateDatabase = tc.state
		if got := len(o.Listeners()); got != tc.want || o.OnCouchDB() != (tc.want == 11) {
			t.Errorf("%s: %d ports", tc.state, got)
		}
		if err := d.Validate(); err != nil {
			t.Error(err)
		}
	}
}

func TestAutoPortsAreFreeAndDistinct(t *testing.T) {
	d := Default()
	if err := d.AutoPorts(); err != nil {
		t.Fatal(err)
	}
	if taken := d.Taken(true); len(taken) != 0 {
		t.Errorf("taken: %v", taken)
	}
}

func TestTakenNamesTheListener(t *testing.T) {
	d := Default()
	if err := d.AutoPorts(); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", d.Address(d.Organisations[1].Ports.Orderer))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := d.Taken(true)
	if len(taken) != 1 || taken[d.Organisations[1].Ports.Orderer] != "service orderer" {
		t.Errorf("taken: %v", taken)
	}
}

func TestOffsetMovesEveryPort(t *testing.T) {
	d := Default()
	if err := d.Offset(100); err != nil || d.Organisations[0].Ports.Gateway != 8181 || d.Organisations[2].Ports.Chaincode != 9153 {
		t.Errorf("%+v, %v", d.Organisations, err)
	}
	if err := d.Offset(60000); err == nil {
		t.Error("a port above 65535 was accepted")
	}
}
