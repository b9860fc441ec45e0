package authn_test

import (
	"crypto/ed25519"
	"strconv"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/lifeledger/lifeledger/gateway/authn"
)

// A reader is known by the key with which its token verified, for the one component and
// for a while; and only so many are remembered, those who came last.
func TestWhichReadersAreKnown(t *testing.T) {
	public, key, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	_, another, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	of := func(component string, at time.Time) authn.Reading {
		return authn.Reading{Ledger: "lifeledger/lifeledger", Reader: "insurer", ComponentID: component, Now: at}
	}
	var k authn.KnownReaders
	has := func(want bool, with ed25519.PrivateKey, component string, at time.Time) {
		t.Helper()
		token, err := authn.ParseReader(readersToken(t, jose.EdDSA, with, map[string]any{
			"iss": "insurer", "sub": "insurer", "aud": "lifeledger/lifeledger", "componentId": component, "exp": at.Add(time.Minute).Unix(),
		}))
		if err != nil {
			t.Fatal(err)
		}
		if got := k.Has(token, of(component, at)); got != want {
			t.Errorf("%s at %v is known: %v", component, at, got)
		}
	}
	has(false, key, "crane", noon)
	k.Add(of("crane", noon), spki(t, public))
	has(true, key, "crane", noon)
	has(false, another, "crane", noon)
	has(false, key, "pump", noon)
	has(true, key, "crane", noon.Add(23*time.Hour))
	has(false, key, "crane", noon.Add(24*time.Hour))
	k.Add(of("crane", noon), spki(t, public))
	k.Add(of("pump", noon), spki(t, public))
	k.Forget(of("pump", noon))
	has(false, key, "pump", noon)
	for n := range 4095 {
		k.Add(of(strconv.Itoa(n), noon), spki(t, public))
	}
	has(true, key, "crane", noon)
	k.Add(of("one more", noon), spki(t, public))
	has(false, key, "crane", noon)
	has(true, key, "0", noon)
}
