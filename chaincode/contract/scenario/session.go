package scenario

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
)

// session announces the key of a device's session: organisation, device,
// shipment, number, and what the statement says or who signs it, if that is not
// as it should be.
func (r *run) session(number int, words []string) error {
	org, shipment := words[0], words[2]
	d, err := r.find(words[1])
	if err != nil {
		return err
	}
	n, err := strconv.ParseUint(words[3], 10, 32)
	if err != nil {
		return err
	}
	about := dsse.SessionStatement{Ledger: r.backend.Ledger(), DeviceID: d.id, ShipmentID: shipment, SessionNumber: n, Algorithm: dsse.Ed25519}
	seed, own, alone := fmt.Sprintf("%s/%s/%d/%d", d.seed, shipment, d.number, n), d.key, false
	for _, w := range words[4:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "alg":
			about.Algorithm = dsse.Algorithm(value)
		case "ledger":
			about.Ledger = value
		case "shipment":
			about.ShipmentID = value
		case "device":
			about.DeviceID = value
		case "key": // another device's
			other, err := r.find(value)
			if err != nil {
				return err
			}
			seed = other.seed
		case "signer":
			other, err := r.find(value)
			if err != nil {
				return err
			}
			own = other.key
		case "alone": // without the session key's own signature
			alone = true
		default:
			return fmt.Errorf("no option is called %q", name)
		}
	}
	key, err := NewKey(about.Algorithm, seed)
	if err != nil {
		return err
	}
	about.PublicKey = key.Public.Base64()
	payload, err := about.Encode()
	if err != nil {
		return err
	}
	signers := []*Key{own, key}
	if alone {
		signers = signers[:1]
	}
	proof, err := Sign(dsse.SessionStatementType, payload, signers...)
	if err != nil {
		return err
	}
	arg, err := json.Marshal(api.AnnounceSessionKey{ShipmentID: shipment, DeviceID: d.id, Proof: proof})
	if err != nil {
		return err
	}
	r.submit(number, org, string(api.AnnounceSessionKeyTx), string(arg))
	if r.last().Err == nil {
		d.sessions[shipment] = key
		r.vars[words[1]+".sessionKeyId"] = key.Public.ID()
	}
	return nil
}
