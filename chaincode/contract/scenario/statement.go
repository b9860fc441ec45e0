package scenario

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

// saying is where the chain of a signer's statements about one subject stands.
type saying struct {
	sequence     uint64 // of the last one signed
	hash, before string // of it, and of the one before it
}

// CredentialStatement announces the key of an engineer.
func CredentialStatement(ledger, id, issuer string, number uint64, key *Key, by ...*Key) (dsse.Envelope, error) {
	s := dsse.CredentialKey{Ledger: ledger, CredentialID: id, Issuer: issuer, KeyNumber: number, Algorithm: key.Public.Algorithm(), PublicKey: key.Public.Base64()}
	payload, err := s.Encode()
	if err != nil {
		return dsse.Envelope{}, err
	}
	if len(by) == 0 {
		by = []*Key{key}
	}
	return Sign(dsse.CredentialKeyType, payload, by...)
}

// certify issues a credential: organisation, engineer, and what the proof says or
// who signs it, if that is not as it should be.
func (r *run) certify(number int, words []string, grant string) error {
	org := words[0]
	d, err := r.find(words[1])
	if err != nil {
		return err
	}
	id, ledger, issuer, keyNumber := d.id, r.backend.Ledger(), org, uint64(1)
	by := []*Key{d.key}
	for _, w := range words[2:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "id":
			id = value
		case "ledger":
			ledger = value
		case "issuer":
			issuer = value
		case "number":
			if keyNumber, err = strconv.ParseUint(value, 10, 64); err != nil {
				return err
			}
		case "by":
			other, err := r.find(value)
			if err != nil {
				return err
			}
			by = []*Key{other.key}
		default:
			return fmt.Errorf("no option is called %q", name)
		}
	}
	proof, err := CredentialStatement(ledger, id, issuer, keyNumber, d.key, by...)
	if err != nil {
		return err
	}
	in := api.IssueCredential{CredentialID: d.id, Algorithm: d.key.Public.Algorithm(), PublicKey: d.key.Public.Base64(), Proof: proof}
	if err := json.Unmarshal([]byte(grant), &in.Grant); err != nil {
		return err
	}
	return r.ask(number, org, api.IssueCredentialTx, in)
}

// rekey gives an engineer the next key.
func (r *run) rekey(number int, org, name, alg string) error {
	d, err := r.find(name)
	if err != nil {
		return err
	}
	next, err := NewKey(dsse.Algorithm(alg), fmt.Sprintf("%s/%d", d.seed, d.number+1))
	if err != nil {
		return err
	}
	proof, err := CredentialStatement(r.backend.Ledger(), d.id, org, d.number+1, next)
	if err != nil {
		return err
	}
	in := api.RotateCredentialKey{CredentialID: d.id, Algorithm: next.Public.Algorithm(), PublicKey: next.Public.Base64(), Proof: proof}
	if err := r.ask(number, org, api.RotateCredentialKeyTx, in); err != nil {
		return err
	}
	if r.last().Err == nil {
		d.before, d.number = d.key, d.number+1
		r.adopt(name, next)
	}
	return nil
}

func (r *run) ask(number int, org string, tx api.Transaction, request any) error {
	arg, err := json.Marshal(request)
	if err != nil {
		return err
	}
	r.submit(number, org, string(tx), string(arg))
	return nil
}

// state signs the next statement: its variable, who signs, its kind, its subject,
// options, and the body, which keeps the order of its members.
func (r *run) state(words []string, body string) error {
	name, subject := words[0], words[3]
	d, err := r.find(words[1])
	if err != nil {
		return err
	}
	raw, err := compact(body)
	if err != nil {
		return err
	}
	at, ok := d.said[subject]
	if !ok {
		at = &saying{hash: dsse.NoStatement}
		d.said[subject] = at
	}
	s := dsse.Statement[json.RawMessage]{
		Ledger: r.backend.Ledger(), Kind: words[2], Subject: subject, Signer: d.kind + ":" + d.id,
		Sequence: at.sequence + 1, Previous: at.hash, SignedAt: measure.TimeOf(r.backend.Now()), Body: raw,
	}
	key, forge, err := r.otherwise(&s, d, at, words[4:])
	if err != nil {
		return err
	}
	payload, err := s.Encode()
	if err != nil {
		return err
	}
	e, err := Sign(dsse.StatementType, payload, key)
	if err != nil {
		return err
	}
	if forge {
		e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(make([]byte, 64))
	}
	at.sequence, at.before, at.hash = s.Sequence, s.Previous, dsse.StatementHash(payload)
	text, err := json.Marshal(e)
	r.vars[name], r.vars[name+".hash"] = string(text), at.hash
	return err
}

// otherwise makes a statement what the options say that it is.
func (r *run) otherwise(s *dsse.Statement[json.RawMessage], d *device, at *saying, options []string) (key *Key, forge bool, err error) {
	key = d.key
	for _, o := range options {
		name, value, _ := strings.Cut(o, "=")
		switch name {
		case "instead":
			s.Sequence, s.Previous = at.sequence, at.before
		case "skip":
			s.Sequence++
			if s.Previous == dsse.NoStatement {
				s.Previous = dsse.StatementHash(nil)
			}
		case "unlinked":
			s.Previous = dsse.StatementHash(nil)
		case "at":
			s.SignedAt = measure.Time(value)
		case "former":
			key = d.before
		case "by":
			other, err := r.find(value)
			if err != nil {
				return nil, false, err
			}
			key = other.key
		case "forge":
			forge = true
		case "ledger":
			s.Ledger = value
		case "subject":
			s.Subject = value
		case "signer":
			s.Signer = value
		default:
			return nil, false, fmt.Errorf("no option is called %q", name)
		}
	}
	return key, forge, nil
}
