package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

func put(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDetectAcceptsOnlyItsType(t *testing.T) {
	for content, accepted := range map[string]bool{`{"type":"ccaas"}`: true, `{"type":"golang"}`: false, `{`: false} {
		dir := t.TempDir()
		put(t, dir, "metadata.json", content)
		if err := run("detect", []string{"src", dir}); (err == nil) != accepted {
			t.Errorf("%s: %v", content, err)
		}
	}
}

func TestBuildAndRelease(t *testing.T) {
	source, output, release, pem := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	put(t, source, "connection.json", `{"tls_required":true,"client_auth_required":true,"address":"package"}`)
	put(t, source, "META-INF/statedb/couchdb/indexes/a.json", `{}`)
	config, err := json.Marshal(local{Address: "127.0.0.1:9", RootCert: put(t, pem, "r", "ROOT"), ClientCert: put(t, pem, "c", "CERT"), ClientKey: put(t, pem, "k", "KEY")})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(variable, string(config))
	if err := run("build", []string{source, "metadata", output}); err != nil {
		t.Fatal(err)
	}
	if err := run("release", []string{output, release}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(release, "chaincode/server/connection.json")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]any{"address": "127.0.0.1:9", "tls_required": true, "root_cert": "ROOT", "client_cert": "CERT", "client_key": "KEY"} {
		if got[field] != want {
			t.Errorf("%s: %v", field, got[field])
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it holds a key: %v, %v", info.Mode(), err)
	}
	if _, err := os.Stat(filepath.Join(release, "statedb/couchdb/indexes/a.json")); err != nil {
		t.Error(err)
	}
}

func TestTemplatesAreFilled(t *testing.T) {
	for value, want := range map[string][2]string{
		`{"peername":"peer0org1"}`:                                  {"peer0org1_cc:9999", "ROOTS"},
		`{"peername":"p","rootCert":"-----BEGIN CERTIFICATE-----"}`: {"p_cc:9999", "-----BEGIN CERTIFICATE-----"},
		`{"peername":"p","address":"elsewhere:1"}`:                  {"elsewhere:1", "ROOTS"},
	} {
		output, release := t.TempDir(), t.TempDir()
		put(t, output, "connection.json", `{"address":"{{.peername}}_cc:9999","root_cert":"{{if .rootCert}}{{.rootCert}}{{else}}ROOTS{{end}}","tls_required":true}`)
		t.Setenv(variable, value)
		if err := run("release", []string{output, release}); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(release, "chaincode/server/connection.json"))
		if err != nil {
			t.Fatal(err)
		}
		var got map[string]any
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if got["address"] != want[0] || got["root_cert"] != want[1] || got["tls_required"] != true {
			t.Errorf("%s: %v", value, got)
		}
	}
	output := t.TempDir()
	put(t, output, "connection.json", `{"address":"{{.peername"}`)
	t.Setenv(variable, `{}`)
	if err := run("release", []string{output, t.TempDir()}); err == nil {
		t.Error("half a template was accepted")
	}
}

func TestReleaseRefusesWithoutAnAddress(t *testing.T) {
	output := t.TempDir()
	put(t, output, "connection.json", `{}`)
	for _, value := range []string{"", "{}", "{"} {
		t.Setenv(variable, value)
		if err := run("release", []string{output, t.TempDir()}); err == nil {
			t.Errorf("%q was accepted", value)
		}
	}
	if err := run("remove", nil); err == nil {
		t.Error("an unknown step was accepted")
	}
}
