package testnet

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// Missing says in one line what is needed before a test-network can be brought up here,
// or nothing.
func (n *Network) Missing(ctx context.Context, database string) error {
	if n.Samples == "" {
		return errors.New("FABRIC_SAMPLES is not set: name a checkout of github.com/hyperledger/fabric-samples, such as make test-network-up FABRIC_SAMPLES=../fabric-samples")
	}
	if _, err := os.Stat(filepath.Join(n.testNetwork(), "network.sh")); err != nil {
		return fmt.Errorf("FABRIC_SAMPLES=%s has no test-network/network.sh: it must be a checkout of fabric-samples", n.Samples)
	}
	if err := Docker(ctx); err != nil {
		return err
	}
	if _, err := composeCommand(ctx); err != nil {
		return err
	}
	for tool, remedy := range map[string]string{"bash": "apt install bash", "jq": "apt install jq (network.sh edits the channel's configuration with it)"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not on the PATH: %s", tool, remedy)
		}
	}
	images := []string{"hyperledger/fabric-peer:latest", "hyperledger/fabric-orderer:latest", "hyperledger/fabric-ca:latest", "busybox:latest"}
	for _, name := range images {
		if !hasImage(ctx, name) {
			return fmt.Errorf("image %s is missing: pull it (cd %s && ./network.sh prereq), or make it from pinned sources with `make test-network-images`", name, n.testNetwork())
		}
	}
	if database == "couchdb" && !hasImage(ctx, couchImage) {
		return fmt.Errorf("image %s is missing, which -s couchdb needs: pull it, or leave -s couchdb out", couchImage)
	}
	for _, o := range n.Settings.Organisations {
		if o.Postgres == ownPostgres && !hasImage(ctx, postgresImage()) {
			return fmt.Errorf("image %s is missing, which postgres: %s of %s needs: pull it, or name another in POSTGRES_IMAGE", postgresImage(), ownPostgres, o.Name)
		}
	}
	return nil
}

// couchImage is what test-network's compose file names.
const couchImage = "couchdb:3.4.2"

// Docker says whether Docker's engine answers.
func Docker(ctx context.Context) error {
	if _, err := exec.LookPath("docker"); err != nil {
		return errors.New("docker is not on the PATH: install Docker's engine and client")
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := docker(ctx, "version", "--format", "{{.Server.Version}}"); err != nil {
		return fmt.Errorf("the engine of Docker does not answer (%w): start it, and let this user reach it", err)
	}
	return nil
}

// ports are those that the network will publish, and what for.
func (n *Network) ports(database string) map[int]string {
	ports := map[int]string{
		7050: "orderer", 7053: "orderer's administration", 9443: "orderer's operations", 9444: "operations of org1's peer", 9445: "operations of org2's peer",
		9054: "CA of the orderer", 17054: "operations of org1's CA", 18054: "operations of org2's CA", 19054: "operations of the orderer's CA",
	}
	for _, o := range n.Settings.Organisations {
		ports[o.Peer.Port], ports[caPort(o)], ports[o.Gateway] = "peer of "+o.Name, "CA of "+o.Name, "gateway of "+o.Name
	}
	if database == "couchdb" {
		ports[5984], ports[7984], ports[9984] = "CouchDB of org1's peer", "CouchDB of org2's peer", "CouchDB of org3's peer"
	}
	return ports
}

// free refuses to start where somebody else listens already.
func free(ports map[int]string) error {
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		l, err := net.Listen("tcp", ":"+strconv.Itoa(port))
		if err != nil {
			return fmt.Errorf("port %d (%s) is taken: stop what listens there; a native network does so on its default ports (make down)", port, ports[port])
		}
		_ = l.Close()
	}
	return nil
}
