package notary

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Roots are the certificate authorities that the verifier trusts, by MSP id.
type Roots map[string]*Authority

// Authority is one organisation's.
type Authority struct {
	roots, intermediates *x509.CertPool
	certificates         []*x509.Certificate
}

// maxRoots is how many bytes an organisation's authorities have at most.
const maxRoots = 1 << 20

// ReadRoots reads a directory with one file for each organisation, MSPID.pem: the
// certificates of its authorities. One that has signed itself is a root, any other
// an intermediate. Files of other names are passed over.
func ReadRoots(dir string) (Roots, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.pem"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s holds no file MSPID.pem", dir)
	}
	all := make(Roots)
	for _, path := range files {
		text, err := readBounded(path, maxRoots)
		if err != nil {
			return nil, err
		}
		if err := all.Add(strings.TrimSuffix(filepath.Base(path), ".pem"), text); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return all, nil
}

// Add takes up the authorities of an organisation, as PEM.
func (r Roots) Add(organisation string, text []byte) error {
	a := &Authority{roots: x509.NewCertPool(), intermediates: x509.NewCertPool()}
	rooted := false
	for len(bytes.TrimSpace(text)) > 0 {
		block, rest := pem.Decode(text)
		if block == nil || block.Type != "CERTIFICATE" {
			return errors.New("want certificates in PEM and nothing else")
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return err
		}
		if !c.IsCA {
			return fmt.Errorf("the certificate of %s is no authority's", c.Subject)
		}
		if c.CheckSignatureFrom(c) == nil {
			a.roots.AddCert(c)
			rooted = true
		} else {
			a.intermediates.AddCert(c)
		}
		a.certificates, text = append(a.certificates, c), rest
	}
	if !rooted {
		return errors.New("there is no root among the certificates")
	}
	if other := r.shares(a); other != "" {
		return fmt.Errorf("the authority is also that of %s, so that their members cannot be told apart", other)
	}
	r[organisation] = a
	return nil
}

// shares names an organisation with one of the same authorities. Two that have the
// same would count twice what one of them signs.
func (r Roots) shares(a *Authority) string {
	for name, other := range r {
		for _, c := range a.certificates {
			if slices.ContainsFunc(other.certificates, c.Equal) || slices.ContainsFunc(other.certificates, func(o *x509.Certificate) bool {
				return bytes.Equal(o.RawSubjectPublicKeyInfo, c.RawSubjectPublicKeyInfo)
			}) {
				return name
			}
		}
	}
	return ""
}

// member checks that a certificate is of a member of the organisation at a time.
func (a *Authority) member(c *x509.Certificate, at time.Time) error {
	if c.IsCA {
		return errors.New("its certificate is an authority's own")
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: a.roots, Intermediates: a.intermediates, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return fmt.Errorf("a certificate was not valid at %s", at.Format(time.RFC3339))
	case err != nil:
		return errors.New("its certificate is not from the organisation's authorities")
	}
	return nil
}

// ReadFile reads a notarised answer, and no more of it than there may be.
func ReadFile(path string) ([]byte, error) { return readBounded(path, MaxFile) }

func readBounded(path string, most int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return text, err
}
