package lifecycle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-admin-sdk/pkg/chaincode"
)

// Package is what the organisations install: a chaincode package of the type ccaas.
type Package struct {
	ID    string
	Bytes []byte
}

// NewPackage makes the package of a label, with the indexes of its state database. It
// holds no time, address or certificate, so every organisation that makes one of the same
// indexes gets the same bytes and the same id; where a peer finds its chaincode is told to
// the peer's external builder.
func NewPackage(label string, indexes ...Index) (*Package, error) {
	return newPackage(label, indexes, map[string]any{"dial_timeout": "10s", "tls_required": true, "client_auth_required": true})
}

// NewPackageAt makes the package for peers whose builder, as that of Fabric's own image,
// is told nothing but the peer's name: each finds its organisation's chaincode at the same
// address, in a network of its own, and trusts the TLS roots given. A peer whose builder
// is told a rootCert trusts that instead, so that who joins later installs the same package.
func NewPackageAt(label, address string, roots []byte, indexes ...Index) (*Package, error) {
	return newPackage(label, indexes, map[string]any{
		"address": address, "dial_timeout": "10s", "tls_required": true,
		"root_cert": "{{if .rootCert}}{{.rootCert}}{{else}}" + string(roots) + "{{end}}",
	})
}

func newPackage(label string, indexes []Index, settings map[string]any) (*Package, error) {
	connection, err := json.Marshal(settings)
	if err != nil {
		return nil, err
	}
	metadata, err := json.Marshal(map[string]string{"type": "ccaas", "label": label})
	if err != nil {
		return nil, err
	}
	entries := []entry{{"connection.json", connection}}
	for _, x := range slices.SortedFunc(slices.Values(indexes), func(a, b Index) int { return strings.Compare(a.Name, b.Name) }) {
		entries = append(entries, entry{indexDir + "/" + x.Name, x.Content})
	}
	code, err := archive(entries...)
	if err != nil {
		return nil, err
	}
	all, err := archive(entry{"metadata.json", metadata}, entry{"code.tar.gz", code})
	if err != nil {
		return nil, err
	}
	return ReadPackage(all)
}

// ReadPackage is a package that was made before.
func ReadPackage(b []byte) (*Package, error) {
	id, err := chaincode.PackageID(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return &Package{ID: id, Bytes: b}, nil
}

type entry struct {
	name    string
	content []byte
}

// archive makes a tar.gz that depends on its arguments only. It is stored, not
// compressed: another release of Go may compress to other bytes, and the package's id
// would no longer be the one that was approved.
func archive(entries ...entry) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	t := tar.NewWriter(z)
	for _, e := range entries {
		if err := t.WriteHeader(&tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := t.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := t.Close(); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
