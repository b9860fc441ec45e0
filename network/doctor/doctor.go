// Package doctor judges the state of a network. It owns the checks and their remedies;
// the facts are gathered elsewhere and handed in.
// Invariant: a check looks at its [Facts] only, and says OK only for what it has seen.
package doctor

import (
	"time"
)

// Facts are all that the checks look at.
type Facts struct {
	Now time.Time
	// Running says whether a supervisor answers.
	Running   bool
	Processes []Process
	Ports     []Port
	Disk      Disk
	// Uptime is how long the supervisor has run by the clock that nobody can set,
	// WallUptime by the one that tells the time of day.
	Uptime, WallUptime time.Duration
	Certificates       []Certificate
	CertificatesError  string
	Peers              []Peer
	// Leaders counts the orderers that lead; LeadersError says who could not be asked.
	Leaders      int
	LeadersError string
	Gateways     []Gateway
}

// Process is one that should run, with its health: empty is well.
type Process struct{ Name, Problem string }

// Port is one that the network declares.
type Port struct {
	Number int
	Name   string
	// Ours says that a process of this network listens on it.
	Ours bool
	// Taken says that something listens on it, User names it as far as can be seen.
	Taken bool
	User  string
}

// Disk is the file system that holds the ledgers.
type Disk struct {
	Free, Size uint64
	Error      string
}

// Certificate is the validity of one certificate.
type Certificate struct {
	File                string
	NotBefore, NotAfter time.Time
}

// Peer is one organisation's peer.
type Peer struct {
	Org       string
	Height    uint64
	Error     string
	LastBlock time.Time
	// Ping is empty when its chaincode answered.
	Ping string
	// StateDatabase is leveldb, or couchdb or what stands in for it; Indexes are those the package declares,
	// Present those that the database has.
	StateDatabase    string
	Indexes, Present []string
	// IndexError says why the database's indexes are not known.
	IndexError string
}

// Gateway is one organisation's gateway; Problem is empty when it is ready.
type Gateway struct{ Org, Problem string }

// Verdict of a check.
type Verdict string

// A check passes, fails, or has nothing to look at.
const (
	OK   Verdict = "OK"
	Fail Verdict = "FAIL"
	None Verdict = "n/a"
)

// Result is what one check found, and for a failure what to do.
type Result struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Says    string  `json:"says"`
	Remedy  string  `json:"remedy,omitempty"`
}

// check judges facts; its result's name is filled in by Examine.
type check struct {
	name  string
	judge func(*Facts) Result
}

var checks = []check{
	{"processes", processes},
	{"ports", ports},
	{"clock", clock},
	{"disk", disk},
	{"certificates", certificates},
	{"peers level", peersLevel},
	{"orderer leader", leader},
	{"chaincode", chaincodes},
	{"indexes", indexes},
	{"gateways", gateways},
}

// Examine runs every check; healthy is false when any failed.
func Examine(f *Facts) (results []Result, healthy bool) {
	healthy = true
	for _, c := range checks {
		r := c.judge(f)
		r.Check = c.name
		if r.Verdict == Fail {
			healthy = false
		}
		results = append(results, r)
	}
	return results, healthy
}

func ok(says string) Result           { return Result{Verdict: OK, Says: says} }
func none(says string) Result         { return Result{Verdict: None, Says: says} }
func fail(says, remedy string) Result { return Result{Verdict: Fail, Says: says, Remedy: remedy} }
