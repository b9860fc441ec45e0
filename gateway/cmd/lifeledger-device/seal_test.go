package main

import (
	"bytes"
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// confidential makes the terms of SHP-1 ask for sealed readings, and gives the
// file with one party's key.
func (s *site) confidential(t *testing.T) string {
	t.Helper()
	keys := map[string]string{}
	path := filepath.Join(s.dir, "party.pem")
	for _, org := range []string{"ManufacturerMSP", "ShipperMSP"} {
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		spki, err := x509.MarshalPKIXPublicKey(private.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		keys[org] = base64.StdEncoding.EncodeToString(spki)
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.gateway.SetTerms("SHP-1", shipment.Terms{
		Consignor: "ManufacturerMSP", Consignee: "ManufacturerMSP", Payer: "ManufacturerMSP", Legs: []shipment.Leg{{Carrier: "ShipperMSP"}}, Confidential: true,
	}, keys)
	return path
}

// TestASealedRecordingIsOpenedByAParty: a session's key signs it, only a party
// reads it, and what that one reveals the ledger gets once and in order.
func TestASealedRecordingIsOpenedByAParty(t *testing.T) {
	s := newSite(t)
	key := s.confidential(t)
	envelopes := filepath.Join(s.dir, "envelopes")
	seal := []string{"-segment", "50", "-session", "-seal", "-envelopes", envelopes}
	if r := call(t, s.replay(append(seal, "-offline")...)...); r.status != 1 {
		t.Error("sealed without knowing to whom")
	}
	first := must(t, s.replay(append(seal, "-until", "5m")...)...)
	if !strings.Contains(first.stderr, "session 1 of device box:7 begins") || !strings.Contains(first.stdout, "300 delivered") {
		t.Error(first.stdout, first.stderr)
	}
	// What it needs it has: the second part is signed without a gateway, and delivered later.
	if r := must(t, s.replay(append(seal, "-final", "-offline")...)...); strings.Contains(r.stderr, "session") {
		t.Error(r.stderr)
	}
	must(t, s.replay(append(seal, "-final")...)...)
	if stream := s.gateway.Stream("SHP-1", "box:7"); len(stream.Readings) != 600 || !stream.Ended || stream.Session == nil || stream.Session.Number != 1 {
		t.Fatalf("%+v", stream)
	}

	decrypted := filepath.Join(s.dir, "decrypted.csv")
	open := append([]string{"open", "-key", key, "-envelopes", envelopes, "-shipment", "SHP-1", "-device", "box:7"}, s.flags[8:]...)
	if r := must(t, append(open, "-recording", decrypted)...); !strings.Contains(r.stdout, "600 readings in 13 segments decrypted\n13 segments opened") {
		t.Error(r.stdout)
	}
	want, err := os.ReadFile(s.csv)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(decrypted); err != nil || !bytes.Equal(got, want) {
		t.Errorf("decrypted is not what was recorded (%v)", err)
	}
	if r := must(t, open...); !strings.Contains(r.stdout, "\n0 segments opened") {
		t.Error(r.stdout)
	}
	if n := len(s.gateway.Stream("SHP-1", "box:7").Opened); n != 13 {
		t.Errorf("%d openings", n)
	}
}

func TestNothingIsSealedToNobody(t *testing.T) {
	s := newSite(t)
	if r := call(t, s.replay("-seal")...); r.status != 1 || !strings.Contains(r.stderr, "leave out -seal") || s.recorded(t) {
		t.Errorf("open terms: %+v", r)
	}
	s.confidential(t)
	if r := call(t, s.replay("-seal", "-segment", "2000")...); r.status != 1 || !strings.Contains(r.stderr, "1 to 1024 readings") {
		t.Errorf("too long: %+v", r)
	}
	stranger := s.confidential(t) // the keys are others now
	envelopes := filepath.Join(s.dir, "envelopes")
	must(t, s.replay("-seal", "-envelopes", envelopes)...)
	if r := call(t, "open", "-key", stranger, "-envelopes", envelopes, "-recording", filepath.Join(s.dir, "x.csv")); r.status != 1 || !strings.Contains(r.stderr, "not sealed to this key") {
		t.Errorf("a stranger: %+v", r)
	}
	if r := call(t, "open", "-key", s.csv, "-envelopes", envelopes, "-recording", "x.csv"); r.status != 1 || !strings.Contains(r.stderr, "no key in PEM") {
		t.Errorf("no key: %+v", r)
	}
}
