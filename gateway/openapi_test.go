package main

import (
	"bytes"
	"os"
	"testing"
)

// described is openapi.yaml as the gateway has it.
func described(t testing.TB) []byte {
	t.Helper()
	text, err := openAPI()
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestTheGatewayHasTheDescriptionThatIsWrittenDown(t *testing.T) {
	written, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(described(t), written) {
		t.Error("openapi.yaml.gz is stale: run go generate ./gateway")
	}
}
