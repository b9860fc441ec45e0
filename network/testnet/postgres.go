package testnet

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/network/crypto"
	"github.com/lifeledger/lifeledger/network/fabricbin"
)

// ownPostgres is the setting of an organisation whose database is a container beside its
// gateway, from compose.postgres.yaml, instead of one that is there.
const ownPostgres = "container"

// postgresImage is what compose.postgres.yaml names.
func postgresImage() string { return or(os.Getenv("POSTGRES_IMAGE"), "postgres:17") }

// inGateway is where a gateway's container has its organisation's gateway folder.
const inGateway = "/etc/lifeledger"

// database puts the URL of the read model's database, and the files that it names, into
// the gateway's folder, and says where the gateway finds it; empty is SQLite.
func (n *Network) database(o Organisation) (string, error) {
	dir := n.org(o, "gateway", "postgres")
	if o.Postgres == "" {
		return "", os.RemoveAll(dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	address, err := n.databaseURL(o, dir)
	if err != nil {
		return "", fmt.Errorf("postgres of %s: %w", o.Name, err)
	}
	return inGateway + "/postgres/url", os.WriteFile(filepath.Join(dir, "url"), []byte(address+"\n"), 0o600)
}

func (n *Network) databaseURL(o Organisation, dir string) (string, error) {
	if o.Postgres == ownPostgres {
		password, err := n.databasePassword(o)
		// Its certificate is of the organisation's own CA, whose root the gateway has.
		return "postgres://lifeledger:" + password + "@postgres:5432/lifeledger?sslmode=verify-full&sslrootcert=/network/tlsca.pem", err
	}
	file := n.path(o.Postgres)
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(strings.TrimSpace(string(text)))
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", fmt.Errorf("%s holds no postgres:// URL", file) // its text may hold a password
	}
	query := u.Query()
	for _, name := range []string{"sslrootcert", "sslcert", "sslkey"} {
		from := query.Get(name)
		if from == "" || from == "system" {
			continue
		}
		if !filepath.IsAbs(from) {
			from = filepath.Join(filepath.Dir(file), from)
		}
		content, err := os.ReadFile(from)
		if err != nil {
			return "", fmt.Errorf("%s in %s: %w", name, file, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name+".pem"), content, 0o600); err != nil {
			return "", err
		}
		query.Set(name, inGateway+"/postgres/"+name+".pem")
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// databasePassword is made once: the database keeps the one that it was made with.
func (n *Network) databasePassword(o Organisation) (string, error) {
	file := n.org(o, "postgres", "password")
	if old, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(old)), nil
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return "", err
	}
	password := crypto.Secret()
	return password, errors.Join(os.WriteFile(file, []byte(password+"\n"), 0o600), own(filepath.Dir(file)))
}

// databaseUp starts an organisation's own database and waits until it takes connections.
func (n *Network) databaseUp(ctx context.Context, o Organisation, packageID string) error {
	if o.Postgres != ownPostgres {
		return nil
	}
	if err := n.composeUp(ctx, o, packageID, "postgres"); err != nil {
		return err
	}
	name := "postgres." + o.Domain
	for {
		health, err := docker(ctx, "inspect", "--format", "{{.State.Health.Status}}", name)
		if err == nil && health == "healthy" {
			return nil
		}
		select {
		case <-ctx.Done():
			logs, _ := docker(context.WithoutCancel(ctx), "logs", "--tail", "1", name)
			return fmt.Errorf("%s does not take connections: %s", name, logs)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// digest changes with whatever the gateway reads when it starts.
func (n *Network) digest(o Organisation) (string, error) {
	files, err := filepath.Glob(n.org(o, "gateway", "postgres", "*"))
	if err != nil {
		return "", err
	}
	slices.Sort(files)
	var all []string
	for _, file := range append([]string{n.org(o, "gateway", "gateway.yaml")}, files...) {
		sum, err := fabricbin.Digest(file)
		if err != nil {
			return "", err
		}
		all = append(all, sum[:32])
	}
	return strings.Join(all, "-"), nil
}
