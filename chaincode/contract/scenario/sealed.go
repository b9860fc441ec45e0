package scenario

import (
	"crypto/ecdh"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// seal puts a segment under a seal that the ledger takes. Nobody decrypts it in a
// scenario, so the wrapped keys and the ciphertext are only of the right size: the
// ledger cannot tell, and the opening does not need them.
func (r *run) seal(c *chain, at Chain, s *segment.Segment, key *Key, rec *recording) (dsse.Envelope, Chain, error) {
	plain, err := segment.Encode(s)
	if err != nil {
		return dsse.Envelope{}, at, err
	}
	if rec.spoil {
		plain = []byte("not what the seal says")
	}
	salt := sha256.Sum256(append([]byte(r.vars["run"]), plain...))
	sealed := &segment.Sealed{
		Ledger: s.Ledger, ShipmentID: s.ShipmentID, DeviceID: s.DeviceID, FirstSequence: s.FirstSequence, Previous: s.Previous, Final: s.Final,
		Count: uint64(len(s.Readings)), Commitment: segment.Commit(salt, plain), Ciphertext: make([]byte, len(plain)+48),
	}
	if n := len(s.Readings); n > 0 {
		sealed.StartMs, sealed.EndMs = s.Readings[0].At, s.Readings[n-1].At
	}
	recipients := rec.recipients
	if recipients == nil {
		recipients = r.cast.Organisations()
	}
	slices.Sort(recipients)
	for _, o := range recipients {
		sealed.Recipients = append(sealed.Recipients, segment.SealedKey{Organisation: o})
	}
	payload, err := segment.EncodeSealed(sealed)
	if err != nil {
		return dsse.Envelope{}, at, err
	}
	c.sealed = append(c.sealed, api.SegmentOpening{
		FirstSequence: s.FirstSequence, Salt: base64.StdEncoding.EncodeToString(salt[:]), Payload: base64.StdEncoding.EncodeToString(plain),
	})
	e, err := Sign(segment.SealedPayloadType, payload, key)
	return e, Chain{Next: s.LastSequence() + 1, Previous: segment.Hash(payload)}, err
}

// openSealed reveals what was sealed from one number until before another; a
// fifth word, wrong, reveals something else.
func (r *run) openSealed(number int, words []string) error {
	org, shipment := words[0], words[2]
	d, err := r.find(words[1])
	if err != nil {
		return err
	}
	c := d.chains[shipment]
	from, err := strconv.Atoi(words[3])
	if err != nil {
		return err
	}
	until := from + 1
	if len(words) > 4 {
		if until, err = strconv.Atoi(words[4]); err != nil {
			return err
		}
	}
	if c == nil || from < 0 || from > until || until > len(c.sealed) {
		return fmt.Errorf("%s has not sealed so many", words[1])
	}
	openings := slices.Clone(c.sealed[from:until])
	if len(words) > 5 && words[5] == "wrong" {
		openings[0].Payload = "AAAA"
	}
	arg, err := json.Marshal(api.OpenSegments{ShipmentID: shipment, DeviceID: d.id, Openings: openings})
	if err != nil {
		return err
	}
	r.submit(number, org, string(api.OpenSegmentsTx), string(arg))
	return nil
}

func (r *run) encryption(number int, org, seed string) error {
	sum := sha256.Sum256([]byte(seed))
	private, err := ecdh.X25519().NewPrivateKey(sum[:])
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKIXPublicKey(private.PublicKey())
	if err != nil {
		return err
	}
	arg, err := json.Marshal(api.AnnounceEncryptionKey{PublicKey: base64.StdEncoding.EncodeToString(der)})
	if err != nil {
		return err
	}
	r.submit(number, org, string(api.AnnounceEncryptionKeyTx), string(arg))
	return nil
}
