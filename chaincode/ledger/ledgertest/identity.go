package ledgertest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"math/big"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// Identity is a client of an organisation. Its certificate is made on first use,
// from these two names alone, so that two runs of a test give the same bytes.
type Identity struct {
	MSPID string
	Name  string // the certificate's common name
}

// credentials is an identity as a peer sees it.
type credentials struct {
	key     ed25519.PrivateKey
	creator []byte // serialised msp.SerializedIdentity
}

// credentials finds or makes an identity's certificate. The caller holds l.mu.
func (l *Ledger) credentials(id Identity) (*credentials, error) {
	if c, ok := l.ids[id]; ok {
		return c, nil
	}
	ca, key := keyOf("ca", id.MSPID), keyOf("client", id.MSPID, id.Name)
	begin := time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: "ca." + id.MSPID, Organization: []string{id.MSPID}},
		NotBefore:    begin, NotAfter: begin.AddDate(80, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	serial := sha256.Sum256(key.Public().(ed25519.PublicKey))
	client := &x509.Certificate{
		SerialNumber: new(big.Int).SetBytes(serial[:16]),
		Subject: pkix.Name{
			CommonName: id.Name, Organization: []string{id.MSPID}, OrganizationalUnit: []string{"client"},
		},
		NotBefore: begin, NotAfter: begin.AddDate(80, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	// Ed25519 needs no randomness, so the certificate is the same in every run.
	der, err := x509.CreateCertificate(nil, client, issuer, key.Public(), ca)
	if err != nil {
		return nil, err
	}
	creator, err := encode(&msp.SerializedIdentity{
		Mspid:   id.MSPID,
		IdBytes: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
	})
	if err != nil {
		return nil, err
	}
	c := &credentials{key: key, creator: creator}
	l.ids[id] = c
	return c, nil
}

func keyOf(names ...string) ed25519.PrivateKey {
	h := sha256.New()
	for _, n := range names {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(n))))
		h.Write([]byte(n))
	}
	return ed25519.NewKeyFromSeed(h.Sum(nil))
}

// proposal is a signed proposal and what the shim reads out of it.
type proposal struct {
	channel   string
	chaincode string
	txID      string
	time      time.Time
	args      [][]byte
	creator   []byte
	binding   []byte
	transient map[string][]byte
	signed    *peer.SignedProposal
}

func newProposal(opts Options, c *Call, cred *credentials, txID string) (*proposal, error) {
	args := [][]byte{[]byte(c.Fn)}
	for _, a := range c.Args {
		args = append(args, []byte(a))
	}
	id := &peer.ChaincodeID{Name: opts.Chaincode}
	extension, err := encode(&peer.ChaincodeHeaderExtension{ChaincodeId: id})
	if err != nil {
		return nil, err
	}
	channel, err := encode(&common.ChannelHeader{
		Type: int32(common.HeaderType_ENDORSER_TRANSACTION), ChannelId: opts.Channel,
		TxId: txID, Timestamp: timestamppb.New(c.Time), Extension: extension,
	})
	if err != nil {
		return nil, err
	}
	signature, err := encode(&common.SignatureHeader{Creator: cred.creator, Nonce: c.Nonce})
	if err != nil {
		return nil, err
	}
	header, err := encode(&common.Header{ChannelHeader: channel, SignatureHeader: signature})
	if err != nil {
		return nil, err
	}
	input, err := encode(&peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		Type: peer.ChaincodeSpec_GOLANG, ChaincodeId: id, Input: &peer.ChaincodeInput{Args: args},
	}})
	if err != nil {
		return nil, err
	}
	payload, err := encode(&peer.ChaincodeProposalPayload{Input: input, TransientMap: c.Transient})
	if err != nil {
		return nil, err
	}
	raw, err := encode(&peer.Proposal{Header: header, Payload: payload})
	if err != nil {
		return nil, err
	}
	epoch := make([]byte, 8)
	binding := sha256.Sum256(append(append(append([]byte{}, c.Nonce...), cred.creator...), epoch...))
	return &proposal{
		channel: opts.Channel, chaincode: opts.Chaincode, txID: txID, time: c.Time, args: args,
		creator: cred.creator, binding: binding[:], transient: c.Transient,
		signed: &peer.SignedProposal{ProposalBytes: raw, Signature: ed25519.Sign(cred.key, raw)},
	}, nil
}

// encode is a message's bytes, the same every time within one build.
func encode(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.Marshal(m)
}
