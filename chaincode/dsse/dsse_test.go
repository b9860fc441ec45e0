package dsse_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"

	"filippo.io/mldsa"
	"pgregory.net/rapid"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

const kind = "application/vnd.example+json"

// signer is a private key of a test; the same number gives the same key.
type signer struct {
	private crypto.Signer
	halves  []signer // of a pair
	public  *dsse.PublicKey
}

func newSigner(t testing.TB, alg dsse.Algorithm, number int64) signer {
	t.Helper()
	seed := sha256.Sum256(big.NewInt(number).Bytes())
	if classical, second, pair := strings.Cut(string(alg), "+"); pair {
		return newPair(t, alg, newSigner(t, dsse.Algorithm(classical), number), newSigner(t, dsse.Algorithm(second), number))
	}
	var private crypto.Signer = ed25519.NewKeyFromSeed(seed[:])
	if alg == dsse.P256 {
		k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), seed[:])
		if err != nil {
			t.Fatal(err)
		}
		private = k
	}
	if alg == dsse.MLDSA65 {
		k, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), seed[:])
		if err != nil {
			t.Fatal(err)
		}
		private = k
	}
	public, err := dsse.ParsePublicKey(alg, spki(t, private.Public()))
	if err != nil {
		t.Fatal(err)
	}
	return signer{private: private, public: public}
}

func newPair(t testing.TB, alg dsse.Algorithm, classical, second signer) signer {
	t.Helper()
	der := append(mustDecode(t, classical.public.Base64()), mustDecode(t, second.public.Base64())...)
	public, err := dsse.ParsePublicKey(alg, base64.StdEncoding.EncodeToString(der))
	if err != nil {
		t.Fatal(err)
	}
	return signer{halves: []signer{classical, second}, public: public}
}

func spki(t testing.TB, public crypto.PublicKey) string {
	t.Helper()
	if k, ok := public.(*mldsa.PublicKey); ok {
		return base64.StdEncoding.EncodeToString(dsse.MLDSASubjectPublicKeyInfo(k))
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(der)
}

func (s signer) sign(t testing.TB, pae []byte) []byte {
	t.Helper()
	if len(s.halves) > 0 {
		message := dsse.PairMessage(s.public.Algorithm(), s.public.ID(), pae)
		return append(s.halves[0].sign(t, message), s.halves[1].sign(t, message)...)
	}
	message, hash := pae, crypto.Hash(0)
	if s.public.Algorithm() == dsse.P256 {
		digest := sha256.Sum256(pae)
		message, hash = digest[:], crypto.SHA256
	}
	sig, err := s.private.Sign(nil, message, hash)
	if err != nil {
		t.Fatal(err)
	}
	if hash == 0 {
		return sig
	}
	if r, v := parseECDSA(t, sig); v.Cmp(new(big.Int).Rsh(order(), 1)) > 0 {
		return marshalECDSA(t, r, v.Sub(order(), v))
	}
	return sig
}

func order() *big.Int { return elliptic.P256().Params().N }

func parseECDSA(t testing.TB, sig []byte) (r, s *big.Int) {
	t.Helper()
	var rs struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(sig, &rs); err != nil {
		t.Fatal(err)
	}
	return rs.R, rs.S
}

func marshalECDSA(t testing.TB, r, s *big.Int) []byte {
	t.Helper()
	sig, err := asn1.Marshal(struct{ R, S *big.Int }{r, s})
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func (s signer) envelope(t testing.TB, payloadType string, payload []byte, others ...signer) *dsse.Envelope {
	t.Helper()
	e := &dsse.Envelope{PayloadType: payloadType, Payload: base64.StdEncoding.EncodeToString(payload)}
	for _, k := range append([]signer{s}, others...) {
		sig := base64.StdEncoding.EncodeToString(k.sign(t, dsse.PAE(payloadType, payload)))
		e.Signatures = append(e.Signatures, dsse.Signature{KeyID: k.public.ID(), Sig: sig})
	}
	return e
}

func TestPAEIsTheOneOfTheSpecification(t *testing.T) {
	got := dsse.PAE("http://example.com/HelloWorld", []byte("hello world"))
	if want := "DSSEv1 29 http://example.com/HelloWorld 11 hello world"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if cap(got) > 2*len(got) {
		t.Errorf("capacity %d for %d bytes", cap(got), len(got))
	}
}

func TestTheVectorOfTheSpecificationVerifies(t *testing.T) {
	// The example of the DSSE protocol document: ECDSA P-256 over SHA-256. Its
	// signature is raw r‖s, and S is not the smaller one; DER and low S are ours.
	number := func(decimal string) *big.Int {
		n, ok := new(big.Int).SetString(decimal, 10)
		if !ok {
			t.Fatal("no number")
		}
		return n
	}
	point := append([]byte{4}, number("46950820868899156662930047687818585632848591499744589407958293238635476079160").FillBytes(make([]byte, 32))...)
	point = append(point, number("5640078356564379163099075877009565129882514886557779369047442380624545832820").FillBytes(make([]byte, 32))...)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
	if err != nil {
		t.Fatal(err)
	}
	key, err := dsse.ParsePublicKey(dsse.P256, spki(t, public))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString("A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA==")
	if err != nil {
		t.Fatal(err)
	}
	r, s := new(big.Int).SetBytes(raw[:32]), new(big.Int).SetBytes(raw[32:])
	if other := new(big.Int).Sub(order(), s); other.Cmp(s) < 0 {
		s = other
	}
	if !key.Verify(dsse.PAE("http://example.com/HelloWorld", []byte("hello world")), marshalECDSA(t, r, s)) {
		t.Error("the signature does not verify")
	}
}

func TestOpenGivesThePayloadThatTheKeySigned(t *testing.T) {
	var signers []signer
	for _, alg := range dsse.Algorithms() {
		signers = append(signers, newSigner(t, alg, 1))
	}
	other := newSigner(t, dsse.Ed25519, 2)
	rapid.Check(t, func(r *rapid.T) {
		a := rapid.SampledFrom(signers).Draw(r, "signer")
		payload := rapid.SliceOf(rapid.Byte()).Draw(r, "payload")
		got, err := dsse.Open(other.envelope(t, kind, payload, a), kind, a.public)
		if err != nil || string(got) != string(payload) {
			r.Fatalf("got %q, %v", got, err)
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	a, b := newSigner(t, dsse.Ed25519, 1), newSigner(t, dsse.Ed25519, 2)
	for name, c := range map[string]struct {
		change func(e *dsse.Envelope)
		want   fault.Code
	}{
		"another payload type":              {func(e *dsse.Envelope) { e.PayloadType = "text/plain" }, fault.CodeEnvelopeMalformed},
		"no signature":                      {func(e *dsse.Envelope) { e.Signatures = nil }, fault.CodeEnvelopeMalformed},
		"five signatures":                   {func(e *dsse.Envelope) { e.Signatures = make([]dsse.Signature, 5) }, fault.CodeEnvelopeMalformed},
		"two signatures of one key":         {func(e *dsse.Envelope) { e.Signatures = append(e.Signatures, e.Signatures[0]) }, fault.CodeEnvelopeMalformed},
		"a key id in capitals":              {func(e *dsse.Envelope) { e.Signatures[0].KeyID = strings.ToUpper(a.public.ID()) }, fault.CodeEnvelopeMalformed},
		"a key id that is too short":        {func(e *dsse.Envelope) { e.Signatures[0].KeyID = "ab" }, fault.CodeEnvelopeMalformed},
		"a payload without padding":         {func(e *dsse.Envelope) { e.Payload = strings.TrimRight(e.Payload, "=") }, fault.CodeEnvelopeMalformed},
		"a payload with a line break":       {func(e *dsse.Envelope) { e.Payload = e.Payload[:4] + "\n" + e.Payload[4:] }, fault.CodeEnvelopeMalformed},
		"a payload with stray padding bits": {func(e *dsse.Envelope) { e.Payload = "QR==" }, fault.CodeEnvelopeMalformed},
		"a payload in URL base64":           {func(e *dsse.Envelope) { e.Payload = "-_-_" }, fault.CodeEnvelopeMalformed},
		"a payload that is too large":       {func(e *dsse.Envelope) { e.Payload = strings.Repeat("A", dsse.MaxPayload*4/3+8) }, fault.CodeEnvelopeMalformed},
		"a signature that is too large":     {func(e *dsse.Envelope) { e.Signatures[0].Sig = strings.Repeat("A", 8192) }, fault.CodeEnvelopeMalformed},
		"a signature that is not base64":    {func(e *dsse.Envelope) { e.Signatures[0].Sig = "*" }, fault.CodeEnvelopeMalformed},
		"another key's signature only":      {func(e *dsse.Envelope) { *e = *b.envelope(t, kind, []byte("payload")) }, fault.CodeEnvelopeKey},
		"another payload":                   {func(e *dsse.Envelope) { e.Payload = "AAAA" }, fault.CodeEnvelopeSignature},
		"an empty signature":                {func(e *dsse.Envelope) { e.Signatures[0].Sig = "" }, fault.CodeEnvelopeSignature},
		"a signature made for another type": {func(e *dsse.Envelope) {
			*e = *a.envelope(t, "text/plain", []byte("payload"))
			e.PayloadType = kind
		}, fault.CodeEnvelopeSignature},
		"another key's signature under this key's id": {func(e *dsse.Envelope) {
			*e = *b.envelope(t, kind, []byte("payload"))
			e.Signatures[0].KeyID = a.public.ID()
		}, fault.CodeEnvelopeSignature},
	} {
		t.Run(name, func(t *testing.T) {
			e := a.envelope(t, kind, []byte("payload"))
			c.change(e)
			payload, err := dsse.Open(e, kind, a.public)
			if !fault.Is(err, c.want) || payload != nil {
				t.Errorf("got %q, %v, want %s", payload, err, c.want)
			}
		})
	}
	if _, err := dsse.Open(nil, kind, a.public); !fault.Is(err, fault.CodeEnvelopeMalformed) {
		t.Errorf("no envelope: %v", err)
	}
	if _, err := dsse.Open(a.envelope(t, kind, nil), kind, nil); !fault.Is(err, fault.CodeEnvelopeKey) {
		t.Errorf("no key: %v", err)
	}
}

func TestASignatureHasOneEncoding(t *testing.T) {
	pae := []byte("message")
	p := newSigner(t, dsse.P256, 3)
	sig := p.sign(t, pae)
	r, s := parseECDSA(t, sig)
	e := newSigner(t, dsse.Ed25519, 3)
	edSig := e.sign(t, pae)
	edOrder, _ := new(big.Int).SetString("1000000000000000000000000000000014def9dea2f79cd65812631a5cf5d3ed", 16)
	if !p.public.Verify(pae, sig) || !e.public.Verify(pae, edSig) {
		t.Fatal("a good signature does not verify")
	}
	for name, other := range map[string][]byte{
		"the greater S":             marshalECDSA(t, r, new(big.Int).Sub(order(), s)),
		"a byte after the sequence": append(append([]byte{}, sig...), 0),
		"a long length":             append([]byte{0x30, 0x81, sig[1]}, sig[2:]...),
		"r and s without DER":       append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...),
		"S plus the group's order":  marshalECDSA(t, r, new(big.Int).Add(s, order())),
		"a negative R":              marshalECDSA(t, new(big.Int).Neg(r), s),
		"zeros":                     marshalECDSA(t, new(big.Int), new(big.Int)),
		"nothing":                   nil,
	} {
		if p.public.Verify(pae, other) {
			t.Errorf("ECDSA: %s verifies", name)
		}
	}
	scalar := reversed(edSig[32:])
	scalar.Add(scalar, edOrder)
	high := append(append([]byte{}, edSig[:32]...), littleEndian(scalar)...)
	for name, other := range map[string][]byte{"S plus the group's order": high, "a byte more": append(append([]byte{}, edSig...), 0), "nothing": nil} {
		if e.public.Verify(pae, other) {
			t.Errorf("Ed25519: %s verifies", name)
		}
	}
}

func reversed(le []byte) *big.Int {
	be := make([]byte, len(le))
	for i, b := range le {
		be[len(le)-1-i] = b
	}
	return new(big.Int).SetBytes(be)
}

func littleEndian(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	for i := range 16 {
		b[i], b[31-i] = b[31-i], b[i]
	}
	return b
}

func TestParsePublicKeyRefuses(t *testing.T) {
	ed, p := newSigner(t, dsse.Ed25519, 1), newSigner(t, dsse.P256, 1)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	prime, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	point := func(encoded string) string {
		b, err := hex.DecodeString(encoded)
		if err != nil {
			t.Fatal(err)
		}
		return spki(t, ed25519.PublicKey(b))
	}
	compressed := func() string {
		der, err := base64.StdEncoding.DecodeString(p.public.Base64())
		if err != nil {
			t.Fatal(err)
		}
		x := der[27:59]
		out := append([]byte{0x30, 0x39}, der[2:23]...)
		out = append(out, 0x03, 0x22, 0x00, 0x02+der[90]&1)
		return base64.StdEncoding.EncodeToString(append(out, x...))
	}
	for name, c := range map[string]struct {
		alg  dsse.Algorithm
		text string
	}{
		"an unknown algorithm":             {"RSA", ed.public.Base64()},
		"an Ed25519 key called P-256":      {dsse.P256, ed.public.Base64()},
		"a P-256 key called Ed25519":       {dsse.Ed25519, p.public.Base64()},
		"a key on P-384":                   {dsse.P256, spki(t, p384.Public())},
		"an RSA key":                       {dsse.P256, spki(t, prime.Public())},
		"nothing":                          {dsse.Ed25519, ""},
		"no base64":                        {dsse.Ed25519, "!"},
		"a line break":                     {dsse.Ed25519, ed.public.Base64() + "\n"},
		"bytes after the key":              {dsse.Ed25519, base64.StdEncoding.EncodeToString(append(mustDecode(t, ed.public.Base64()), 0))},
		"a compressed point":               {dsse.P256, compressed()},
		"the neutral point":                {dsse.Ed25519, point("0100000000000000000000000000000000000000000000000000000000000000")},
		"the neutral point, x negative":    {dsse.Ed25519, point("0100000000000000000000000000000000000000000000000000000000000080")},
		"the point of order 2":             {dsse.Ed25519, point("ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		"a point of order 4":               {dsse.Ed25519, point("0000000000000000000000000000000000000000000000000000000000000080")},
		"a point of order 8":               {dsse.Ed25519, point("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a")},
		"another point of order 8":         {dsse.Ed25519, point("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85")},
		"y at the prime, so not reduced":   {dsse.Ed25519, point("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		"y beyond the prime":               {dsse.Ed25519, point("f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f")},
		"y = 2, which is not on the curve": {dsse.Ed25519, point("0200000000000000000000000000000000000000000000000000000000000000")},
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := dsse.ParsePublicKey(c.alg, c.text); !fault.Is(err, fault.CodeKeyInvalid) || key != nil {
				t.Errorf("got %v, %v", key, err)
			}
		})
	}
}

func mustDecode(t testing.TB, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAKeyKeepsItsSpellingAndIsNamedByItsHash(t *testing.T) {
	for _, alg := range dsse.Algorithms() {
		for number := range int64(20) {
			k := newSigner(t, alg, number).public
			again, err := dsse.ParsePublicKey(k.Algorithm(), k.Base64())
			digest := sha256.Sum256(mustDecode(t, k.Base64()))
			if err != nil || again.ID() != k.ID() || k.ID() != hex.EncodeToString(digest[:]) {
				t.Errorf("%s %d: %v", alg, number, err)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	a := newSigner(f, dsse.Ed25519, 1)
	e := a.envelope(f, kind, []byte("payload"))
	f.Add(e.PayloadType, e.Payload, e.Signatures[0].KeyID, e.Signatures[0].Sig)
	f.Add(kind, "QQ==", "", "")
	f.Fuzz(func(t *testing.T, payloadType, payload, keyID, sig string) {
		got, err := dsse.Open(&dsse.Envelope{PayloadType: payloadType, Payload: payload, Signatures: []dsse.Signature{{KeyID: keyID, Sig: sig}}}, kind, a.public)
		if err == nil && string(got) != "payload" {
			t.Fatalf("forged %q", got)
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	for i, alg := range dsse.Algorithms() {
		f.Add(uint8(i), newSigner(f, alg, 1).public.Base64())
	}
	f.Fuzz(func(t *testing.T, i uint8, text string) {
		alg := dsse.Algorithms()[int(i)%len(dsse.Algorithms())]
		if key, err := dsse.ParsePublicKey(alg, text); err == nil && key.Base64() != text {
			t.Fatalf("%q is a second spelling of %q", text, key.Base64())
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	for _, alg := range dsse.Algorithms() {
		b.Run(string(alg), func(b *testing.B) {
			k := newSigner(b, alg, 1)
			e := k.envelope(b, kind, make([]byte, 2048))
			for b.Loop() {
				if _, err := dsse.Open(e, kind, k.public); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("ParsePublicKey", func(b *testing.B) {
		k := newSigner(b, dsse.Ed25519, 1)
		for b.Loop() {
			if _, err := dsse.ParsePublicKey(dsse.Ed25519, k.public.Base64()); err != nil {
				b.Fatal(err)
			}
		}
	})
}
