package testnet

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/fabricbin"
)

// label is what test-network puts on all its containers, and this package on its own,
// so that `network.sh down` removes them as well.
const label = "label=service=hyperledger-fabric"

// ordererContainer is the one orderer of a test-network.
const ordererContainer = "orderer.example.com"

// fabricUp makes the network with test-network's own scripts, where there is none yet.
func (n *Network) fabricUp(ctx context.Context, f flags) error {
	if err := n.restart(ctx); err != nil {
		return err
	}
	if state(ctx, ordererContainer) != "running" {
		if err := free(n.ports(f.database)); err != nil {
			return err
		}
		if err := os.RemoveAll(filepath.Join(n.Dir, "orgs")); err != nil { // of a network that is gone
			return err
		}
		if err := os.RemoveAll(filepath.Join(n.Dir, "package")); err != nil {
			return err
		}
		if err := n.templates(); err != nil {
			return err
		}
		args := append([]string{"up", "createChannel", "-ca", "-c", n.Settings.Channel, "-s", f.database}, f.pass...)
		if err := n.script(ctx, "network.sh", n.testNetwork(), "./network.sh", args...); err != nil {
			return err
		}
		n.Progress("test-network is up, with CAs and channel %s (state database %s)", n.Settings.Channel, f.database)
	}
	if third := n.Settings.Organisations[2].Peer.Container; state(ctx, third) == "running" {
		return nil
	}
	args := append([]string{"up", "-ca", "-c", n.Settings.Channel, "-s", f.database}, f.third...)
	if err := n.script(ctx, "addOrg3.sh", filepath.Join(n.testNetwork(), "addOrg3"), "./addOrg3.sh", args...); err != nil {
		return err
	}
	n.Progress("the third organisation has joined")
	return nil
}

// restart starts containers that the machine's end has stopped, over their ledgers.
func (n *Network) restart(ctx context.Context) error {
	if state(ctx, ordererContainer) != "exited" {
		return nil
	}
	out, err := docker(ctx, "ps", "--all", "--quiet", "--filter", label, "--filter", "status=exited")
	if err != nil || out == "" {
		return err
	}
	if _, err := docker(ctx, append([]string{"start"}, strings.Fields(out)...)...); err != nil {
		return err
	}
	n.Progress("stopped containers started again, over their ledgers")
	return nil
}

// templates puts Fabric's own core.yaml where network.sh looks for it, if the checkout
// has none: in a directory that fabric-samples itself ignores.
func (n *Network) templates() error {
	dir := filepath.Join(n.Samples, "config")
	if exists(dir) {
		return nil
	}
	for _, name := range []string{"core.yaml", "orderer.yaml"} {
		if err := fabricbin.Install(filepath.Join(n.tools.Config, name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	n.Progress("Fabric's configuration templates put into %s, which fabric-samples ignores", dir)
	return nil
}

// script runs one of test-network's scripts; what it says goes into a log.
func (n *Network) script(ctx context.Context, name, dir, command string, args ...string) error {
	bin, err := n.bin(ctx)
	if err != nil {
		return err
	}
	log, err := os.Create(n.logFile(name))
	if err != nil {
		return err
	}
	defer log.Close()
	n.Progress("%s %s …", name, strings.Join(args, " "))
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, command, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, io.MultiWriter(&out, log), io.MultiWriter(&out, log)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "CONTAINER_CLI_COMPOSE="+filepath.Join(bin, "compose"))
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s failed: %s; see %s", name, telling(out.Bytes(), err), n.logFile(name))
	}
	return nil
}

func (n *Network) logFile(name string) string { return filepath.Join(n.Dir, "logs", name+".log") }

var colours = regexp.MustCompile("\x1b\\[[0-9;]*m")

// telling is the last line of a script that speaks of a failure, else its last.
func telling(out []byte, err error) string {
	last, failed := err.Error(), ""
	for s := bufio.NewScanner(bytes.NewReader(out)); s.Scan(); {
		line := strings.TrimSpace(colours.ReplaceAllString(s.Text(), ""))
		if line == "" {
			continue
		}
		last = line
		if l := strings.ToLower(line); strings.Contains(l, "error") || strings.Contains(l, "fail") {
			failed = line
		}
	}
	if failed != "" {
		return failed
	}
	return last
}

// composeShim runs Compose without those of its files that hold nothing but comments, as
// the third organisation's do. Older Compose refuses them.
const composeShim = `#!/bin/sh
n=$#
while [ "$n" -gt 0 ]; do
	word=$1
	shift
	n=$((n - 1))
	if [ "$word" = -f ] && ! grep -q '^[[:space:]]*[^#[:space:]]' "$1"; then
		shift
		n=$((n - 1))
		continue
	fi
	set -- "$@" "$word"
done
exec %s "$@"
`

// bin is a directory with the commands that the scripts call.
func (n *Network) bin(ctx context.Context) (string, error) {
	dir := filepath.Join(n.Dir, "bin")
	compose, err := composeCommand(ctx)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	shim := fmt.Appendf(nil, composeShim, strings.Join(compose, " "))
	if err := os.WriteFile(filepath.Join(dir, "compose"), shim, 0o755); err != nil {
		return "", err
	}
	for name, path := range n.tools.Commands {
		if err := fabricbin.Install(path, filepath.Join(dir, name)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// project is the name of an organisation's part for Compose.
func project(o Organisation) string { return "lifeledger-" + o.Name }

// composeUp starts one service of an organisation's part.
func (n *Network) composeUp(ctx context.Context, o Organisation, packageID, service string) error {
	if err := n.connect(ctx, o); err != nil {
		return err
	}
	if err := n.writeEnv(o, packageID); err != nil {
		return err
	}
	return n.compose(ctx, o, "up", "--detach", "--no-deps", service)
}

func (n *Network) compose(ctx context.Context, o Organisation, args ...string) error {
	options := []string{"--project-name", project(o), "--env-file", n.env(o), "--file", n.config("compose.yaml")}
	if o.Postgres == ownPostgres {
		options = append(options, "--file", n.config("compose.postgres.yaml"))
	}
	return compose(ctx, n.Dir, nil, append(options, args...)...)
}

func (n *Network) env(o Organisation) string { return n.org(o, "compose.env") }

// writeEnv says what compose.yaml needs to know of an organisation.
func (n *Network) writeEnv(o Organisation, packageID string) error {
	config, err := n.digest(o)
	if err != nil {
		return err
	}
	var b strings.Builder
	for _, v := range [][2]string{
		{"ORG_DOMAIN", o.Domain}, {"ORG_DIR", n.org(o)}, {"ORG_NETWORK", network(o)}, {"ORG_USER", user()},
		{"PACKAGE_ID", packageID}, {"CONFIG_DIGEST", config}, {"GATEWAY_PORT", fmt.Sprint(o.Gateway)},
		{"CONNECTION_PROFILE", filepath.Join(n.home(o), "connection-"+o.Name+".json")}, {"TLS_ROOTS", n.path(o.CA.TLSRoots)},
	} {
		fmt.Fprintf(&b, "%s=%s\n", v[0], v[1])
	}
	return os.WriteFile(n.env(o), []byte(b.String()), 0o644)
}

// network is the organisation's own container network.
func network(o Organisation) string { return "lifeledger_" + o.Name }

// connect makes the organisation's own container network and puts its peer into it.
func (n *Network) connect(ctx context.Context, o Organisation) error {
	if _, err := docker(ctx, "network", "inspect", network(o)); err != nil {
		if _, err := docker(ctx, "network", "create", "--label", "service=lifeledger", network(o)); err != nil {
			return err
		}
	}
	out, err := docker(ctx, "inspect", "--format", "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}", o.Peer.Container)
	if err != nil {
		return err
	}
	for _, name := range strings.Fields(out) {
		if name == network(o) {
			return nil
		}
	}
	_, err = docker(ctx, "network", "connect", network(o), o.Peer.Container)
	return err
}

// ready waits until an organisation's gateway is healthy and its API answers.
func (n *Network) ready(ctx context.Context, o Organisation) error {
	m, err := n.Consortium().Member(o.Name)
	if err != nil {
		return err
	}
	client, err := m.Gateway.Client(5 * time.Second)
	if err != nil {
		return err
	}
	defer client.CloseIdleConnections()
	token, err := os.ReadFile(m.Tokens["operator"])
	if err != nil {
		return err
	}
	for {
		last := ask(ctx, client, m.Gateway.URL+"/v1/ledger", strings.TrimSpace(string(token)))
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			logs, _ := docker(context.WithoutCancel(ctx), "logs", "--tail", "1", "gateway."+o.Domain)
			return fmt.Errorf("the gateway of %s is not ready (%v): %s", o.Name, last, logs)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func ask(ctx context.Context, client *http.Client, url, token string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("it answers %s", resp.Status)
	}
	return nil
}

// Down removes everything: the product's containers and networks, the test-network by
// its own script, and the run directory.
func (n *Network) Down(ctx context.Context) error {
	if err := Docker(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, upLimit)
	defer cancel()
	for _, o := range n.Settings.Organisations {
		for _, c := range []string{"gateway." + o.Domain, "chaincode." + o.Domain, "postgres." + o.Domain} {
			if state(ctx, c) == "" {
				continue
			}
			if _, err := docker(ctx, "rm", "--force", c); err != nil {
				return err
			}
		}
	}
	if err := n.removeJoined(ctx); err != nil {
		return err
	}
	if n.Samples != "" && exists(filepath.Join(n.testNetwork(), "network.sh")) {
		tools, err := fabricbin.AllTools(ctx, n.Root, n.Progress)
		if err != nil {
			return err
		}
		if n.tools = tools; os.MkdirAll(filepath.Join(n.Dir, "logs"), 0o755) != nil {
			return fmt.Errorf("%s cannot be written", n.Dir)
		}
		if err := n.script(ctx, "network.sh", n.testNetwork(), "./network.sh", "down"); err != nil {
			return err
		}
	}
	for _, o := range n.Settings.Organisations {
		if _, err := docker(ctx, "network", "inspect", network(o)); err == nil {
			if _, err := docker(ctx, "network", "rm", network(o)); err != nil {
				return err
			}
		}
	}
	if err := n.sweep(ctx); err != nil {
		return err
	}
	return os.RemoveAll(n.Dir)
}

// sweep removes the databases of read models, and the volumes and networks that network.sh
// leaves behind where Compose stumbles over an empty file of its: else the next network
// would find old ledgers.
func (n *Network) sweep(ctx context.Context) error {
	volumes := []string{"compose_" + ordererContainer} // network.sh's compose files lie in a directory of that name
	for _, o := range n.Settings.Organisations {
		volumes = append(volumes, "compose_"+o.Peer.Container, project(o)+"_readmodel")
	}
	for _, name := range volumes {
		if _, err := docker(ctx, "volume", "inspect", name); err != nil {
			continue
		}
		if _, err := docker(ctx, "volume", "rm", name); err != nil {
			return err
		}
	}
	for _, name := range []string{"fabric_test", "compose_default"} {
		out, err := docker(ctx, "network", "inspect", "--format", "{{len .Containers}}", name)
		if err != nil || out != "0" {
			continue // there is none, or somebody else uses it
		}
		if _, err := docker(ctx, "network", "rm", name); err != nil {
			return err
		}
	}
	return nil
}
