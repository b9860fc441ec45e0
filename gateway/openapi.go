package main

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
)

// The description of the API takes a fiftieth of the program as it is, and a tenth of
// that packed.
//
//go:generate gzip -9nkf openapi.yaml
//go:embed openapi.yaml.gz
var packedAPI []byte

// openAPI is openapi.yaml.
func openAPI() ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packedAPI))
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml.gz: %w", err)
	}
	return io.ReadAll(r)
}
