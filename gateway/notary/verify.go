package notary

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"

	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
)

// Demands are what the verifier asks for.
type Demands struct {
	Roots Roots
	// Organisations are those whose peers must have signed. None: every one in Roots.
	Organisations []string
	// Ledger is "channel/chaincode"; "" takes any, which the proof then names.
	Ledger string
	// AnyUnit takes certificates of any organisational unit for a peer's, for networks
	// without Fabric's NodeOUs.
	AnyUnit bool
}

// Proof is what a file proves.
type Proof struct {
	File          // with argument and result exactly as they were endorsed, and without the gateway's signature
	Vouchers      []Voucher
	Organisations []string // that vouch for it: distinct, sorted
}

// Voucher is a peer that has signed the answer.
type Voucher struct {
	Organisation string
	Peer         string // common name of its certificate
	Fingerprint  string // hexadecimal SHA-256 of its certificate
	// Checked is false for an organisation of which the verifier has no root. Its
	// signature then counts for nothing.
	Checked bool
}

// Verify checks a file. What it does not accept it refuses with the reason.
func Verify(text []byte, d Demands) (*Proof, error) {
	f, err := decode(text)
	if err != nil {
		return nil, err
	}
	a, err := open(f.Payload)
	if err != nil {
		return nil, err
	}
	if err := same(f, a, text); err != nil {
		return nil, err
	}
	if err := f.placed(); err != nil {
		return nil, err
	}
	if ledger := a.channel + "/" + a.chaincode; d.Ledger != "" && d.Ledger != ledger {
		return nil, fmt.Errorf("it is about the ledger %s, not %s", ledger, d.Ledger)
	}
	p := &Proof{File: *a.file(f.Payload, f.Transactions)}
	for _, e := range a.endorsements {
		v, err := a.vouched(e, d)
		if err != nil {
			return nil, fmt.Errorf("the endorsement by %s: %w", e.identity.GetMspid(), err)
		}
		if p.Vouchers = append(p.Vouchers, v); v.Checked {
			p.Organisations = append(p.Organisations, v.Organisation)
		}
	}
	slices.Sort(p.Organisations)
	p.Organisations = slices.Compact(p.Organisations)
	if err := p.enough(d); err != nil {
		return nil, err
	}
	return p, a.written(f, d)
}

// decode reads the file's members, and nothing that it does not know.
func decode(text []byte) (*File, error) {
	if len(text) > MaxFile {
		return nil, fmt.Errorf("it has more than %d bytes", MaxFile)
	}
	var f File
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&f); err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, errors.New("it is cut off")
		}
		return nil, fmt.Errorf("it is not a notarised answer: %w", err)
	}
	if f.Format != Format {
		return nil, fmt.Errorf("its format is %q, and this verifier knows %q", f.Format, Format)
	}
	return &f, nil
}

// same holds what is displayed to what the payload says.
func same(f *File, a *answer, text []byte) error {
	want := a.file(f.Payload, f.Transactions)
	for _, m := range []struct {
		name string
		same bool
	}{
		{"result", alike(f.Result, want.Result)}, {"argument", alike(f.Argument, want.Argument)}, {"transaction", f.Transaction == want.Transaction},
		{"channel", f.Channel == want.Channel}, {"chaincode", f.Chaincode == want.Chaincode}, {"time", f.AskedAt == want.AskedAt},
		{"asker", f.AskedBy == want.AskedBy}, {"result's hash", f.ResultHash == want.ResultHash}, {"height", f.Height == want.Height},
		{"list of endorsements", slices.EqualFunc(f.Endorsements, want.Endorsements, func(x, y Endorsement) bool {
			return x.Organisation == y.Organisation && x.Certificate == y.Certificate && bytes.Equal(x.Signature, y.Signature)
		})},
	} {
		if !m.same {
			return fmt.Errorf("the %s that is displayed is not the one that was endorsed", m.name)
		}
	}
	want.Signature = f.Signature
	again, err := want.encode()
	if err != nil {
		return err
	}
	if !bytes.Equal(again, text) {
		return errors.New("it was changed, or written anew, after the gateway wrote it")
	}
	return nil
}

// alike compares two JSON texts but for blanks.
func alike(a, b []byte) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// vouched checks one endorsement: whose it is, and that it is of this answer.
func (a *answer) vouched(e endorsement, d Demands) (Voucher, error) {
	v := Voucher{Organisation: e.identity.GetMspid()}
	c, err := certificate(e.identity)
	if err != nil {
		return v, err
	}
	sum := sha256.Sum256(c.Raw)
	v.Peer, v.Fingerprint = c.Subject.CommonName, hex.EncodeToString(sum[:])
	authority, known := d.Roots[v.Organisation]
	if !known {
		return v, nil
	}
	if err := authority.member(c, a.askedAt); err != nil {
		return v, err
	}
	if !d.AnyUnit && !slices.Contains(c.Subject.OrganizationalUnit, "peer") {
		return v, errors.New("its certificate is not a peer's")
	}
	v.Checked = true
	return v, verify(c, slices.Concat(a.signed, e.endorser), e.signature)
}

// enough says whether all have vouched who have to.
func (p *Proof) enough(d Demands) error {
	wanted := slices.Clone(d.Organisations)
	for name := range d.Roots {
		if len(d.Organisations) == 0 {
			wanted = append(wanted, name)
		}
	}
	if len(wanted) == 0 {
		return errors.New("no organisation's root certificates were given")
	}
	var missing []string
	for _, name := range wanted {
		if d.Roots[name] == nil {
			return fmt.Errorf("there are no root certificates of %s", name)
		}
		if !slices.Contains(p.Organisations, name) {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		return fmt.Errorf("it is not endorsed by %s", strings.Join(slices.Compact(missing), ", "))
	}
	return nil
}

// written checks the signature of the gateway that wrote the file.
func (a *answer) written(f *File, d Demands) error {
	authority := d.Roots[a.asker.GetMspid()]
	if authority == nil {
		return fmt.Errorf("there are no root certificates of %s, whose gateway wrote it", a.asker.GetMspid())
	}
	c, err := certificate(a.asker)
	if err == nil {
		err = authority.member(c, a.askedAt)
	}
	if err == nil {
		var unsigned []byte
		bare := *f
		bare.Signature = nil
		if unsigned, err = bare.encode(); err == nil {
			err = verify(c, append([]byte(domain), unsigned...), f.Signature)
		}
	}
	if err != nil {
		return fmt.Errorf("the signature of the gateway of %s, which wrote it: %w", a.asker.GetMspid(), err)
	}
	return nil
}

func certificate(id *msp.SerializedIdentity) (*x509.Certificate, error) {
	block, rest := pem.Decode(id.GetIdBytes())
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("there is not one certificate in it")
	}
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, errors.New("its certificate cannot be read")
	}
	return c, nil
}

// verify checks a signature as Fabric does: ECDSA over SHA-256, the lower of the
// two that are valid, or Ed25519 over the message.
func verify(c *x509.Certificate, message, signature []byte) error {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		var s struct{ R, S *big.Int }
		if rest, err := asn1.Unmarshal(signature, &s); err != nil || len(rest) > 0 {
			return errors.New("it is not a signature")
		}
		if s.S.Cmp(new(big.Int).Rsh(key.Params().N, 1)) > 0 {
			return errors.New("it is not the lower of the two valid signatures, which alone Fabric takes")
		}
		if sum := sha256.Sum256(message); ecdsa.VerifyASN1(key, sum[:], signature) {
			return nil
		}
	case ed25519.PublicKey:
		if ed25519.Verify(key, message, signature) {
			return nil
		}
	default:
		return errors.New("its key is of a kind that Fabric does not use")
	}
	return errors.New("the signature is not of this content")
}

// placed refuses places of transactions that the answer does not name.
func (f *File) placed() error {
	names, err := Named(f.Payload)
	if err != nil {
		return err
	}
	for i, p := range f.Transactions {
		if _, found := slices.BinarySearch(names, p.TransactionID); !found || i > 0 && p.TransactionID == f.Transactions[i-1].TransactionID {
			return fmt.Errorf("it places the transaction %.64s, which the answer does not name, or twice", p.TransactionID)
		}
	}
	return nil
}
