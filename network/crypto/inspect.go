package crypto

import (
	"crypto/x509"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Found is a certificate and the file that holds it, relative to where it was looked for.
type Found struct {
	File string
	Cert *x509.Certificate
}

// Inspect finds every certificate below a directory. Unreadable files are an error: a
// certificate that cannot be looked at cannot be called good.
func Inspect(dir string) ([]Found, error) {
	var found []Found
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && strings.HasSuffix(path, ".old") { // replaced, and in nobody's use
			return fs.SkipDir
		}
		if err != nil || d.IsDir() || !(strings.HasSuffix(path, ".pem") || strings.HasSuffix(path, ".crt")) {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		for block, rest := pem.Decode(b); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "CERTIFICATE" {
				continue
			}
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return err
			}
			found = append(found, Found{File: name, Cert: cert})
		}
		return nil
	})
	return found, err
}
