package smartpackage_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

func TestEveryPartyAndNobodyElseReadsASealedSegment(t *testing.T) {
	var recipients []smartpackage.Recipient
	var keys []*ecdh.PrivateKey
	for _, o := range []string{"ShipperMSP", "ManufacturerMSP", "ServiceMSP"} {
		private, err := ecdh.X25519().GenerateKey(rand.Reader)
		check(t, err)
		der, err := x509.MarshalPKIXPublicKey(private.PublicKey())
		check(t, err)
		keys = append(keys, private)
		recipients = append(recipients, smartpackage.Recipient{Organisation: o, PublicKey: base64.StdEncoding.EncodeToString(der)})
	}
	readings := numbered(smartpackage.Synthetic(start(), time.Second, 100))
	plain := &segment.Segment{Ledger: ledger, ShipmentID: shipment, DeviceID: device, FirstSequence: 1, Final: true, Readings: readings}
	payload, err := smartpackage.Seal(plain, recipients)
	check(t, err)
	again, err := smartpackage.Seal(plain, recipients)
	check(t, err)
	if cmp.Equal(payload, again) {
		t.Error("sealed twice alike: equal readings would show")
	}
	for i, k := range keys {
		opening, got, err := smartpackage.Unseal(payload, k)
		check(t, err)
		if diff := cmp.Diff(plain, got); diff != "" {
			t.Error(recipients[i].Organisation, diff)
		}
		sealed, err := segment.DecodeSealed(payload)
		check(t, err)
		salt, err := base64.StdEncoding.DecodeString(opening.Salt)
		check(t, err)
		revealed, err := base64.StdEncoding.DecodeString(opening.Payload)
		check(t, err)
		if segment.Commit([32]byte(salt), revealed) != sealed.Commitment {
			t.Error("the ledger would not take the opening")
		}
	}
	stranger, err := ecdh.X25519().GenerateKey(rand.Reader)
	check(t, err)
	if _, _, err := smartpackage.Unseal(payload, stranger); err == nil {
		t.Error("a stranger reads it")
	}
	// The wrapped keys and the ciphertext belong to this header and no other.
	for name, spoil := range map[string]func(s *segment.Sealed){
		"moved in the chain":     func(s *segment.Sealed) { s.FirstSequence = 2 },
		"another commitment":     func(s *segment.Sealed) { s.Commitment[0] ^= 1 },
		"another ciphertext":     func(s *segment.Sealed) { s.Ciphertext[9] ^= 1 },
		"another wrapped key":    func(s *segment.Sealed) { s.Recipients[2].Wrap[0] ^= 1 },
		"another ephemeral key":  func(s *segment.Sealed) { s.Recipients[2].Enc[0] ^= 1 },
		"said not to be the end": func(s *segment.Sealed) { s.Final = false },
	} {
		s, err := segment.DecodeSealed(payload)
		check(t, err)
		s.Ciphertext = append([]byte(nil), s.Ciphertext...)
		spoil(s)
		spoilt, err := segment.EncodeSealed(s)
		check(t, err)
		if _, _, err := smartpackage.Unseal(spoilt, keys[0]); err == nil {
			t.Errorf("%s: reads all the same", name)
		}
	}
	recipients[0].PublicKey = "MCowBQYDK2VuAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	if _, err := smartpackage.Seal(plain, recipients); err == nil {
		t.Error("sealed to a point of small order")
	}
}
