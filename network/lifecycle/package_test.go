package lifecycle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"testing"
)

func TestPackageIDIsDeterministic(t *testing.T) {
	a, err := NewPackage("lifeledger")
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewPackage("lifeledger")
	if err != nil {
		t.Fatal(err)
	}
	if a.ID != b.ID || !bytes.Equal(a.Bytes, b.Bytes) {
		t.Errorf("%s and %s", a.ID, b.ID)
	}
	// A ledger that exists has approved this very id: it may not change by an accident.
	const approved = "lifeledger:ad44a7c27a11960cd399ed06d7c05216bdfd645792852bf8dd9d18ee88f866ac"
	if a.ID != approved {
		t.Errorf("id %s, but networks made before have approved %s", a.ID, approved)
	}
	if c, _ := NewPackage("other"); c.ID == a.ID {
		t.Error("another label has the same id")
	}
}

func TestPackageAsksForMutualTLSAndNamesNobody(t *testing.T) {
	p, err := NewPackage("lifeledger")
	if err != nil {
		t.Fatal(err)
	}
	outer := unpack(t, p.Bytes)
	inner := unpack(t, outer["code.tar.gz"])
	var connection map[string]any
	if err := json.Unmarshal(inner["connection.json"], &connection); err != nil {
		t.Fatal(err)
	}
	if connection["tls_required"] != true || connection["client_auth_required"] != true {
		t.Errorf("%v", connection)
	}
	for _, field := range []string{"address", "root_cert", "client_cert", "client_key"} {
		if _, ok := connection[field]; ok {
			t.Errorf("the package names %s", field)
		}
	}
}

// TestPackageForPeersThatKnowOnlyTheirName: the same for everybody, with the TLS roots of
// those that founded the network in it, and a way for others to bring their own.
func TestPackageForPeersThatKnowOnlyTheirName(t *testing.T) {
	a, err := NewPackageAt("lifeledger", "lifeledger-chaincode:9999", []byte("ROOTS"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewPackageAt("lifeledger", "lifeledger-chaincode:9999", []byte("ROOTS"))
	if err != nil || a.ID != b.ID || !bytes.Equal(a.Bytes, b.Bytes) {
		t.Errorf("%s and %s, %v", a.ID, b.ID, err)
	}
	if c, _ := NewPackageAt("lifeledger", "lifeledger-chaincode:9999", []byte("OTHER")); c.ID == a.ID {
		t.Error("other roots have the same id")
	}
	var connection map[string]any
	if err := json.Unmarshal(unpack(t, unpack(t, a.Bytes)["code.tar.gz"])["connection.json"], &connection); err != nil {
		t.Fatal(err)
	}
	want := "{{if .rootCert}}{{.rootCert}}{{else}}ROOTS{{end}}"
	if connection["tls_required"] != true || connection["address"] != "lifeledger-chaincode:9999" || connection["root_cert"] != want {
		t.Errorf("%v", connection)
	}
}

func unpack(t *testing.T, b []byte) map[string][]byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}
