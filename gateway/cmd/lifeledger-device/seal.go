package main

import (
	"context"
	"crypto/ecdh"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// sessionKey is the key that signs this shipment's segments in the place of the
// device's own. It is announced once; after that no gateway is needed.
func (o *options) sessionKey(ctx context.Context, client *smartpackage.Client, own *smartpackage.Key) (*smartpackage.Key, error) {
	path, mark := filepath.Join(o.recordingDir(), "session.key.pem"), filepath.Join(o.recordingDir(), "session.announced")
	key, err := smartpackage.LoadKey(path)
	if errors.Is(err, fs.ErrNotExist) {
		if key, err = smartpackage.GenerateKey(dsse.Ed25519); err != nil {
			return nil, err
		}
		if err = os.MkdirAll(o.recordingDir(), 0o700); err == nil {
			err = key.Save(path)
		}
	}
	if err != nil {
		return nil, err
	}
	if said, err := os.ReadFile(mark); err == nil && strings.TrimSpace(string(said)) == key.Public().ID() {
		return key, nil
	}
	if o.offline {
		return nil, errors.New("the session's key is not announced yet: replay once without -offline")
	}
	stream, err := client.Stream(ctx, o.shipment, o.device)
	if err != nil {
		return nil, err
	}
	number := uint64(1)
	if stream.Session != nil {
		number = stream.Session.Number + 1
	}
	if stream.Session == nil || stream.Session.KeyID != key.Public().ID() { // otherwise an answer was lost
		proof, err := smartpackage.SignSessionStatement(dsse.SessionStatement{Ledger: o.ledger, DeviceID: o.device, ShipmentID: o.shipment, SessionNumber: number}, own, key)
		if err != nil {
			return nil, err
		}
		if err := client.AnnounceSession(ctx, o.shipment, o.device, proof); err != nil {
			return nil, fmt.Errorf("announce the session: %w", err)
		}
		fmt.Fprintf(o.stderr, "session %d of device %s begins with key %s\n", number, o.device, key.Public().ID())
	}
	return key, os.WriteFile(mark, []byte(key.Public().ID()+"\n"), 0o600)
}

// recipients are the parties of the terms with their keys, as they were when the
// recording began.
func (o *options) recipients(ctx context.Context, client *smartpackage.Client) ([]smartpackage.Recipient, error) {
	path := filepath.Join(o.recordingDir(), "recipients.json")
	var out []smartpackage.Recipient
	text, err := os.ReadFile(path)
	if err == nil {
		return out, json.Unmarshal(text, &out)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if o.offline {
		return nil, errors.New("the parties' keys are not known yet: replay once without -offline")
	}
	terms, err := client.Terms(ctx, o.shipment)
	if err != nil {
		return nil, err
	}
	if !terms.Confidential {
		return nil, fmt.Errorf("the terms of shipment %s ask for open readings: leave out -seal", o.shipment)
	}
	parties := terms.Parties()
	slices.Sort(parties)
	for _, p := range slices.Compact(parties) {
		key, err := client.EncryptionKey(ctx, p)
		if err != nil {
			return nil, err
		}
		out = append(out, smartpackage.Recipient{Organisation: p, PublicKey: key.PublicKey})
	}
	if text, err = json.MarshalIndent(out, "", "  "); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.recordingDir(), 0o700); err != nil {
		return nil, err
	}
	return out, os.WriteFile(path, append(text, '\n'), 0o600)
}

// open decrypts sealed segments with a party's key. It writes the readings, or
// reveals to the ledger those that are not opened there, or both.
func (o *options) open(ctx context.Context) error {
	if err := need("key", o.key, "envelopes", o.envelopes); err != nil {
		return err
	}
	if o.recording == "" {
		if err := need("gateway", o.gateway); err != nil {
			return err
		}
	}
	private, err := encryptionKey(o.key)
	if err != nil {
		return err
	}
	segments, readings, err := o.unseal(private)
	if err != nil {
		return err
	}
	if o.recording != "" {
		file, err := os.OpenFile(o.recording, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		if err := errors.Join(smartpackage.WriteCSV(file, readings), file.Close()); err != nil {
			return err
		}
	}
	fmt.Fprintf(o.stdout, "%d readings in %d segments decrypted\n", len(readings), len(segments))
	if o.gateway == "" {
		return nil
	}
	return o.reveal(ctx, segments)
}

// unsealed is a segment that was decrypted; the hash is of its sealed payload.
type unsealed struct {
	opening api.SegmentOpening
	hash    string
}

func (o *options) reveal(ctx context.Context, segments []unsealed) error {
	if err := need("shipment", o.shipment, "device", o.device); err != nil {
		return err
	}
	client, err := o.client()
	if err != nil {
		return err
	}
	stream, err := client.Stream(ctx, o.shipment, o.device)
	if err != nil {
		return err
	}
	at := stream.Position()
	last := slices.IndexFunc(segments, func(x unsealed) bool { return x.hash == at.LastHash })
	var rest []api.SegmentOpening
	for _, x := range segments[last+1:] {
		if x.opening.FirstSequence >= at.NextSequence {
			rest = append(rest, x.opening)
		}
	}
	opened := 0
	for len(rest) > 0 {
		n, size := 0, 1024
		for n < len(rest) && n < smartpackage.MaxEnvelopes {
			if size += len(rest[n].Payload) + 256; n > 0 && size >= smartpackage.MaxRequest {
				break
			}
			n++
		}
		if err := client.OpenSegments(ctx, o.shipment, o.device, rest[:n]); err != nil {
			return err
		}
		opened, rest = opened+n, rest[n:]
	}
	fmt.Fprintf(o.stdout, "%d segments opened on the ledger\n", opened)
	return nil
}

// unseal reads the envelopes of one directory, which their names put in order.
func (o *options) unseal(private *ecdh.PrivateKey) ([]unsealed, []measure.Reading, error) {
	paths, err := filepath.Glob(filepath.Join(o.envelopes, "*.json")) // sorted
	if err != nil {
		return nil, nil, err
	}
	if len(paths) == 0 {
		return nil, nil, fmt.Errorf("%s: no envelope in a file *.json", o.envelopes)
	}
	var out []unsealed
	var readings []measure.Reading
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, nil, err
		}
		var e dsse.Envelope
		if err := json.Unmarshal(text, &e); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		payload, err := base64.StdEncoding.DecodeString(e.Payload)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		opening, s, err := smartpackage.Unseal(payload, private)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", path, err)
		}
		hash := segment.Hash(payload)
		out, readings = append(out, unsealed{opening, hex.EncodeToString(hash[:])}), append(readings, s.Readings...)
	}
	return out, readings, nil
}

func encryptionKey(path string) (*ecdh.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("%s: no key in PEM", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	private, ok := parsed.(*ecdh.PrivateKey)
	if !ok || private.Curve() != ecdh.X25519() {
		return nil, fmt.Errorf("%s: not a key of X25519", path)
	}
	return private, nil
}
