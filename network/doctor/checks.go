package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/topology"
)

// Limits of the checks.
const (
	minFree    = 2 << 30 // a new network takes 0.5 GB, and a full disk stops peers for good
	maxSkew    = time.Minute
	renewLead  = 30 * 24 * time.Hour
	maxLagging = 5 // blocks; less is the ordinary distance of peers under load
)

const notRunning = "the network is not running"

func processes(f *Facts) Result {
	if !f.Running {
		return fail(notRunning, "start it: make up")
	}
	var bad []string
	for _, p := range f.Processes {
		if p.Problem != "" {
			bad = append(bad, p.Name+" ("+p.Problem+")")
		}
	}
	if len(bad) > 0 {
		return fail(strings.Join(bad, ", "), readLog(strings.SplitN(bad[0], " ", 2)[0]))
	}
	return ok(fmt.Sprintf("%d processes are healthy", len(f.Processes)))
}

// readLog is what to do where only a log tells more.
func readLog(name string) string { return "read its log: make logs NAME=" + name }

func ports(f *Facts) Result {
	var bad []string
	for _, p := range f.Ports {
		if p.Taken && !p.Ours {
			user := p.User
			if user == "" {
				user = "a process that this user may not see"
			}
			bad = append(bad, fmt.Sprintf("port %d (%s) is taken by %s", p.Number, p.Name, user))
		}
	}
	if len(bad) > 0 {
		return fail(strings.Join(bad, ", "), `stop that program, or make another network: make up NETWORK="--dir another-directory" UP="--ports auto"`)
	}
	return ok("no port is taken by anybody else")
}

func clock(f *Facts) Result {
	const remedy = "set the clock (timedatectl set-ntp true), then make down and make up"
	if drift := (f.WallUptime - f.Uptime).Abs(); f.Running && drift > maxSkew {
		return fail(fmt.Sprintf("the clock was moved by %s since the network was started", drift.Round(time.Second)), remedy)
	}
	for _, c := range f.Certificates {
		if f.Now.Before(c.NotBefore) {
			return fail(fmt.Sprintf("%s is valid only from %s: the clock is behind", c.File, c.NotBefore.UTC().Format(time.RFC3339)), remedy)
		}
	}
	for _, p := range f.Peers {
		if ahead := p.LastBlock.Sub(f.Now); ahead > maxSkew {
			return fail(fmt.Sprintf("the newest block of %s is %s in the future", p.Org, ahead.Round(time.Second)), remedy)
		}
	}
	return ok("the clock agrees with the ledger and the certificates")
}

func disk(f *Facts) Result {
	free := fmt.Sprintf("%.1f GB of %.1f GB are free", float64(f.Disk.Free)/1e9, float64(f.Disk.Size)/1e9)
	switch {
	case f.Disk.Error != "":
		return fail(f.Disk.Error, "make the run directory readable")
	case f.Disk.Free < minFree:
		return fail(free, "free at least 2 GB, or move the run directory with --dir")
	}
	return ok(free)
}

func certificates(f *Facts) Result {
	if f.CertificatesError != "" {
		return fail(f.CertificatesError, "make the files readable; if they are gone: make down CLEAN=1 and make up")
	}
	if len(f.Certificates) == 0 {
		return fail("there are no certificates", "start the network: make up")
	}
	first := slices.MinFunc(f.Certificates, func(a, b Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	day := first.NotAfter.UTC().Format(time.DateOnly)
	left := first.NotAfter.Sub(f.Now)
	switch {
	case left <= 0:
		return fail(fmt.Sprintf("%s expired on %s", first.File, day), "an expired certificate cannot renew itself: a network for development is made anew by make down CLEAN=1 and make up, which discards its ledger")
	case left < renewLead:
		return fail(fmt.Sprintf("%s expires on %s, in %d days", first.File, day, int(left.Hours()/24)), "have them issued anew, without a stop: network renew")
	}
	return ok(fmt.Sprintf("%d certificates, the first expires on %s", len(f.Certificates), day))
}

func peersLevel(f *Facts) Result {
	if len(f.Peers) == 0 {
		return fail("no peer could be asked", "start the network: make up")
	}
	var heights []string
	low, high := f.Peers[0], f.Peers[0]
	for _, p := range f.Peers {
		if p.Error != "" {
			return fail(fmt.Sprintf("peer.%s does not tell its height: %s", p.Org, p.Error), readLog("peer."+p.Org))
		}
		if p.Height < low.Height {
			low = p
		}
		if p.Height > high.Height {
			high = p
		}
		heights = append(heights, fmt.Sprintf("%s %d", p.Org, p.Height))
	}
	says := "heights: " + strings.Join(heights, ", ")
	if high.Height-low.Height > maxLagging {
		return fail(says+"; peer."+low.Org+" is behind", "if the distance does not shrink within a minute, "+readLog("peer."+low.Org))
	}
	return ok(says)
}

func leader(f *Facts) Result {
	const remedy = "a majority of the orderers must run and reach each other: make status, then make logs NAME=orderer.<organisation>"
	switch {
	case f.Leaders == 1:
		return ok("one orderer leads")
	case f.Leaders > 1:
		return fail(fmt.Sprintf("%d orderers say that they lead", f.Leaders), "an election is under way or the orderers are parted; ask again in a few seconds")
	case f.LeadersError != "":
		return fail("no orderer leads; "+f.LeadersError, remedy)
	}
	return fail("no orderer leads", remedy)
}

func chaincodes(f *Facts) Result {
	if len(f.Peers) == 0 {
		return fail("no peer could be asked", "start the network: make up")
	}
	for _, p := range f.Peers {
		if p.Ping != "" {
			return fail("the chaincode of "+p.Org+" does not answer: "+p.Ping, "read the logs: make logs NAME=chaincode."+p.Org+" and make logs NAME=peer."+p.Org)
		}
	}
	return ok("every organisation's chaincode answers")
}

func indexes(f *Facts) Result {
	made := 0
	for _, p := range f.Peers {
		if p.StateDatabase == topology.LevelDB {
			continue
		}
		if p.IndexError != "" {
			return fail(p.IndexError, "see that CouchDB runs and takes the login in couchdb.json: make logs NAME=couchdb."+p.Org)
		}
		made += len(p.Indexes)
		for _, name := range p.Indexes {
			if !slices.Contains(p.Present, name) {
				return fail(fmt.Sprintf("the database of peer.%s lacks the index %s", p.Org, name), "restart that peer: it makes the indexes of the installed package; if the index is new, raise chaincode.sequence")
			}
		}
	}
	if made == 0 {
		return none("the state database is LevelDB, which has no indexes")
	}
	return ok(fmt.Sprintf("the %d declared indexes are there", made))
}

func gateways(f *Facts) Result {
	if len(f.Gateways) == 0 {
		return none("the network runs without gateways")
	}
	for _, g := range f.Gateways {
		if g.Problem != "" {
			return fail("gateway."+g.Org+" is not ready: "+g.Problem, readLog("gateway."+g.Org))
		}
	}
	return ok(fmt.Sprintf("%d gateways are ready", len(f.Gateways)))
}
