package authn

import (
	"fmt"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A token that verified is remembered for a minute, and never beyond its end.
func TestATokenIsRememberedForAWhile(t *testing.T) {
	var k known
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	who := Principal{Subject: "a", Organisation: "ShipperMSP"}
	k.add("long", who, now.Add(time.Hour), now)
	k.add("short", who, now.Add(20*time.Second), now)
	for _, c := range []struct {
		token string
		after time.Duration
		want  bool
	}{
		{"long", 0, true}, {"long", knownFor - 1, true}, {"long", knownFor, false},
		{"short", 19 * time.Second, true}, {"short", 20 * time.Second, false},
		{"longer", 0, false}, {"", 0, false},
	} {
		got, ok := k.find(c.token, now.Add(c.after))
		if ok != c.want || ok && got.Subject != "a" {
			t.Errorf("%q after %s: %v, %v", c.token, c.after, got, ok)
		}
	}
	for i := range 2 * mostKnown {
		k.add(fmt.Sprint(i), who, now.Add(time.Hour), now)
	}
	if len(k.all) > mostKnown {
		t.Errorf("%d are remembered", len(k.all))
	}
}

// What is remembered changes no answer: the same token, twice.
func TestAnExpiredTokenIsNotRemembered(t *testing.T) {
	key, moment := newKey(t), now
	keys := keyFile(t, jose.JSONWebKey{Key: &key.PublicKey, KeyID: "k1", Algorithm: "ES256", Use: "sig"})
	v, err := New(t.Context(), Config{Issuer: issuer, Audience: audience, Organisation: org, Keys: keys, Now: func() time.Time { return moment }})
	if err != nil {
		t.Fatal(err)
	}
	token := "Bearer " + signed(t, jose.ES256, key, "k1", claims(map[string]any{"exp": now.Add(10 * time.Second).Unix()}))
	for range 2 {
		if _, err := v.Verify(t.Context(), token); err != nil {
			t.Fatal(err)
		}
	}
	if len(v.known.all) != 1 {
		t.Errorf("%d tokens are remembered", len(v.known.all))
	}
	if _, err := v.Verify(t.Context(), token+"A"); err == nil {
		t.Error("another token verifies")
	}
	moment = now.Add(11 * time.Second)
	if _, err := v.Verify(t.Context(), token); err == nil {
		t.Error("a token verifies after its end")
	}
}
