package dsse_test

import (
	"bytes"
	"encoding/base64"
	"testing"

	"filippo.io/mldsa"
	mldsax509 "filippo.io/mldsa/x509"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

var pairs = []dsse.Algorithm{dsse.Ed25519MLDSA, dsse.P256MLDSA}

func TestBothHalvesOfAPairSign(t *testing.T) {
	for _, alg := range pairs {
		t.Run(string(alg), func(t *testing.T) {
			k, other := newSigner(t, alg, 1), newSigner(t, alg, 2)
			pae := dsse.PAE(kind, []byte("payload"))
			message := dsse.PairMessage(alg, k.public.ID(), pae)
			classical, second := k.halves[0].sign(t, message), k.halves[1].sign(t, message)
			whole := append(bytes.Clone(classical), second...)
			if !k.public.Verify(pae, whole) {
				t.Fatal("the pair's own signature does not verify")
			}
			join := func(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
			for name, sig := range map[string][]byte{
				"nothing":                              nil,
				"the classical half alone":             classical,
				"the post-quantum half alone":          second,
				"the halves in the other order":        join(second, classical),
				"a byte more":                          join(whole, []byte{0}),
				"a byte between":                       join(classical, []byte{0}, second),
				"another key's post-quantum half":      join(classical, other.halves[1].sign(t, message)),
				"another key's classical half":         join(other.halves[0].sign(t, message), second),
				"halves that signed the plain PAE":     join(k.halves[0].sign(t, pae), k.halves[1].sign(t, pae)),
				"halves that signed for another pair":  join(k.halves[0].sign(t, dsse.PairMessage(alg, other.public.ID(), pae)), k.halves[1].sign(t, dsse.PairMessage(alg, other.public.ID(), pae))),
				"halves that signed for another kind":  join(k.halves[0].sign(t, dsse.PairMessage("x", k.public.ID(), pae)), k.halves[1].sign(t, dsse.PairMessage("x", k.public.ID(), pae))),
				"one half that signed the plain PAE":   join(classical, k.halves[1].sign(t, pae)),
				"the other half that signed the plain": join(k.halves[0].sign(t, pae), second),
			} {
				if k.public.Verify(pae, sig) {
					t.Errorf("%s verifies", name)
				}
			}
			// What was signed for the pair is not the half's own signature.
			for i, h := range k.halves {
				if h.public.Verify(pae, [][]byte{classical, second}[i]) {
					t.Errorf("half %d stripped off the pair verifies by itself", i)
				}
				if got := k.public.HalfIDs()[i]; got != h.public.ID() || got == k.public.ID() {
					t.Errorf("half %d is called %s", i, got)
				}
			}
		})
	}
	if ids := newSigner(t, dsse.MLDSA65, 1).public.HalfIDs(); ids != nil {
		t.Errorf("a plain key has halves %v", ids)
	}
}

func TestAnMLDSASignatureHasOneSize(t *testing.T) {
	k, pae := newSigner(t, dsse.MLDSA65, 1), []byte("message")
	sig := k.sign(t, pae)
	if len(sig) != 3309 || !k.public.Verify(pae, sig) {
		t.Fatalf("%d bytes do not verify", len(sig))
	}
	for i := range sig { // every bit belongs to what is verified
		bad := bytes.Clone(sig)
		bad[i] ^= 1 << (i % 8)
		if i%101 == 0 || i > 3248 { // the hints at the end have unused places, which must be zero
			if k.public.Verify(pae, bad) {
				t.Errorf("verifies with byte %d changed", i)
			}
		}
	}
	for name, bad := range map[string][]byte{"nothing": nil, "a byte less": sig[:3308], "a byte more": append(bytes.Clone(sig), 0)} {
		if k.public.Verify(pae, bad) {
			t.Errorf("%s verifies", name)
		}
	}
	if withContext, err := k.private.(*mldsa.PrivateKey).SignDeterministic(pae, &mldsa.Options{Context: "x"}); err != nil || k.public.Verify(pae, withContext) {
		t.Error("a signature with a context verifies", err)
	}
}

// The example of RFC 9881, appendix C: the key whose seed is 00 01 … 1f. What the
// RFC prints is 1,974 bytes; here is their hash.
func TestTheKeyOfTheRFC(t *testing.T) {
	seed := make([]byte, 32)
	for i := range seed {
		seed[i] = byte(i)
	}
	private, err := mldsa.NewPrivateKey(mldsa.MLDSA65(), seed)
	if err != nil {
		t.Fatal(err)
	}
	key, err := dsse.ParsePublicKey(dsse.MLDSA65, spki(t, private.PublicKey()))
	if err != nil {
		t.Fatal(err)
	}
	if want := "b8b62131bfbe84433efb2273d7f5b87f7a22854a2cfd366fc2aead86d837c52d"; key.ID() != want {
		t.Errorf("got %s, want %s", key.ID(), want)
	}
}

func TestParsePublicKeyRefusesPostQuantum(t *testing.T) {
	pq, pair := newSigner(t, dsse.MLDSA65, 1), newSigner(t, dsse.Ed25519MLDSA, 1)
	der, both := mustDecode(t, pq.public.Base64()), mustDecode(t, pair.public.Base64())
	text := func(parts ...[]byte) string { return base64.StdEncoding.EncodeToString(bytes.Join(parts, nil)) }
	changed := func(der []byte, at int, b byte) []byte {
		out := bytes.Clone(der)
		out[at] = b
		return out
	}
	mldsa44, err := mldsa.NewPrivateKey(mldsa.MLDSA44(), make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	of44, err := mldsax509.MarshalPKIXPublicKey(mldsa44.PublicKey())
	if err != nil {
		t.Fatal(err)
	}
	neutral := changed(both[:44], 12, 1)
	clear(neutral[13:])
	p256, ed := newSigner(t, dsse.P256, 1), newSigner(t, dsse.Ed25519, 1)
	for name, c := range map[string]struct {
		alg  dsse.Algorithm
		text string
	}{
		"an ML-DSA-65 key called Ed25519":  {dsse.Ed25519, pq.public.Base64()},
		"an Ed25519 key called ML-DSA-65":  {dsse.MLDSA65, ed.public.Base64()},
		"an ML-DSA-44 key":                 {dsse.MLDSA65, text(of44)},
		"a byte less":                      {dsse.MLDSA65, text(der[:len(der)-1])},
		"a byte more":                      {dsse.MLDSA65, text(der, []byte{0})},
		"the raw key":                      {dsse.MLDSA65, text(der[22:])},
		"unused bits":                      {dsse.MLDSA65, text(changed(der, 21, 1))},
		"the identifier of ML-DSA-87":      {dsse.MLDSA65, text(changed(der, 16, 0x13))},
		"parameters":                       {dsse.MLDSA65, text([]byte{0x30, 0x82, 0x07, 0xb4, 0x30, 0x0d}, der[6:17], []byte{5, 0}, der[17:])},
		"a pair called by one half":        {dsse.MLDSA65, pair.public.Base64()},
		"one half called a pair":           {dsse.Ed25519MLDSA, pq.public.Base64()},
		"the other half called a pair":     {dsse.Ed25519MLDSA, ed.public.Base64()},
		"the halves in the other order":    {dsse.Ed25519MLDSA, text(both[44:], both[:44])},
		"a pair with P-256 called Ed25519": {dsse.Ed25519MLDSA, text(mustDecode(t, p256.public.Base64()), der)},
		"a pair with Ed25519 called P-256": {dsse.P256MLDSA, pair.public.Base64()},
		"twice the same half":              {dsse.Ed25519MLDSA, text(der, der)},
		"a byte between":                   {dsse.Ed25519MLDSA, text(both[:44], []byte{0}, both[44:])},
		"a pair with a small-order point":  {dsse.Ed25519MLDSA, text(neutral, both[44:])},
		"too long":                         {dsse.P256MLDSA, text(make([]byte, 2068))},
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := dsse.ParsePublicKey(c.alg, c.text); !fault.Is(err, fault.CodeKeyInvalid) || key != nil {
				t.Errorf("got %v, %v", key, err)
			}
		})
	}
	if n := len(newSigner(t, dsse.P256MLDSA, 1).public.Base64()); n != dsse.MaxPublicKey {
		t.Errorf("the longest key has %d characters, not %d", n, dsse.MaxPublicKey)
	}
}

// The strict reading of a SubjectPublicKeyInfo takes what the library takes and
// writes again as the same bytes, and nothing else.
func FuzzMLDSASubjectPublicKeyInfo(f *testing.F) {
	der := mustDecode(f, newSigner(f, dsse.MLDSA65, 1).public.Base64())
	f.Add(der)
	f.Add(der[:len(der)-1])
	f.Add(append(bytes.Clone(der), 0))
	f.Fuzz(func(t *testing.T, der []byte) {
		_, err := dsse.ParsePublicKey(dsse.MLDSA65, base64.StdEncoding.EncodeToString(der))
		theirs := false
		if parsed, e := mldsax509.ParsePKIXPublicKey(der); e == nil {
			if key, ok := parsed.(*mldsa.PublicKey); ok && key.Parameters() == mldsa.MLDSA65() {
				again, e := mldsax509.MarshalPKIXPublicKey(key)
				theirs = e == nil && bytes.Equal(again, der)
			}
		}
		if (err == nil) != theirs {
			t.Fatalf("we say %v, the library takes it: %v", err, theirs)
		}
	})
}
