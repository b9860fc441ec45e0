// Command ccaas is the external builder with which a peer uses chaincode that runs as a
// service. The peer calls it under the names detect, build and release. The package
// that organisations approve holds nothing of one organisation; where this peer's
// chaincode listens, and the certificates for it, are taken from the environment
// variable CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG. As in the builder of Fabric's own peer
// image, the package's strings may be templates that the variable's members fill.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// local is the content of the environment variable. Certificates are PEM text, or the
// path of a PEM file.
type local struct {
	Address    string `json:"address"`
	RootCert   string `json:"rootCert"`
	ClientCert string `json:"clientCert"`
	ClientKey  string `json:"clientKey"`
}

const variable = "CHAINCODE_AS_A_SERVICE_BUILDER_CONFIG"

func main() {
	if err := run(filepath.Base(os.Args[0]), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "ccaas:", err)
		os.Exit(1)
	}
}

func run(step string, args []string) error {
	switch {
	case step == "detect" && len(args) == 2: // source, metadata
		return detect(args[1])
	case step == "build" && len(args) == 3: // source, metadata, output
		return build(args[0], args[2])
	case step == "release" && len(args) == 2: // build output, release
		return release(args[0], args[1])
	}
	return fmt.Errorf("called as %q with %d arguments; a peer calls detect, build or release", step, len(args))
}

// detect accepts packages of the type ccaas.
func detect(metadata string) error {
	b, err := os.ReadFile(filepath.Join(metadata, "metadata.json"))
	if err != nil {
		return err
	}
	var m struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(b, &m); err != nil {
		return err
	}
	if m.Type != "ccaas" {
		return fmt.Errorf("package type %q is not ccaas", m.Type)
	}
	return nil
}

// build keeps the connection file, and the database indexes if the package has any.
func build(source, output string) error {
	b, err := os.ReadFile(filepath.Join(source, "connection.json"))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(output, "connection.json"), b, 0o600); err != nil {
		return err
	}
	return copyIndexes(filepath.Join(source, "META-INF"), filepath.Join(output, "META-INF"))
}

func copyIndexes(from, to string) error {
	if _, err := os.Stat(from); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return os.CopyFS(to, os.DirFS(from))
}

// release writes the connection of this peer: the package's settings, this peer's address and certificates.
func release(output, dir string) error {
	b, err := os.ReadFile(filepath.Join(output, "connection.json"))
	if err != nil {
		return err
	}
	connection := map[string]any{}
	if err := json.Unmarshal(b, &connection); err != nil {
		return fmt.Errorf("connection.json: %w", err)
	}
	var here local
	if err := json.Unmarshal([]byte(os.Getenv(variable)), &here); err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	if err := fill(connection); err != nil {
		return err
	}
	if here.Address != "" {
		connection["address"] = here.Address
	}
	if connection["address"] == nil || connection["address"] == "" {
		return fmt.Errorf("neither the package nor %s names an address", variable)
	}
	for field, path := range map[string]string{"root_cert": here.RootCert, "client_cert": here.ClientCert, "client_key": here.ClientKey} {
		if path == "" {
			continue
		}
		pem := []byte(path)
		if !strings.HasPrefix(path, "-----BEGIN") {
			if pem, err = os.ReadFile(path); err != nil {
				return err
			}
		}
		connection[field] = string(pem)
	}
	if b, err = json.Marshal(connection); err != nil {
		return err
	}
	server := filepath.Join(dir, "chaincode", "server")
	if err := os.MkdirAll(server, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(server, "connection.json"), b, 0o600); err != nil {
		return err
	}
	return copyIndexes(filepath.Join(output, "META-INF", "statedb"), filepath.Join(dir, "statedb"))
}

// fill executes the templates in the package's strings over the environment variable.
func fill(connection map[string]any) error {
	values := map[string]any{}
	if err := json.Unmarshal([]byte(os.Getenv(variable)), &values); err != nil {
		return fmt.Errorf("%s: %w", variable, err)
	}
	for field, value := range connection {
		text, ok := value.(string)
		if !ok {
			continue
		}
		t, err := template.New(field).Parse(text)
		if err != nil {
			return fmt.Errorf("connection.json: %w", err)
		}
		var out strings.Builder
		if err := t.Execute(&out, values); err != nil {
			return fmt.Errorf("connection.json: %w", err)
		}
		connection[field] = out.String()
	}
	return nil
}
