package notary

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/hyperledger/fabric-protos-go-apiv2/common"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/ledger/rwset/kvrwset"
	"github.com/hyperledger/fabric-protos-go-apiv2/msp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// asked is when everything in these tests is asked.
var asked = time.Date(2026, 3, 1, 8, 30, 0, 0, time.UTC)

// organisation is one with an authority of its own.
type organisation struct {
	id   string
	root *x509.Certificate
	key  crypto.Signer
}

// member is a certificate of an organisation, with its key.
type member struct {
	identity []byte // as Fabric encodes it
	key      crypto.Signer
}

var serial int64

func certify(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	serial++
	template.SerialNumber = big.NewInt(serial)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func newOrganisation(t testing.TB, id string) *organisation {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: "ca." + id}, NotBefore: asked.AddDate(-1, 0, 0), NotAfter: asked.AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	return &organisation{id, certify(t, template, template, key.Public(), key), key}
}

func (o *organisation) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: o.root.Raw})
}

// issue makes a member; change may change its certificate.
func (o *organisation) issue(t testing.TB, name, unit string, change ...func(*x509.Certificate)) *member {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return o.issueTo(t, key, name, unit, change...)
}

func (o *organisation) issueTo(t testing.TB, key crypto.Signer, name, unit string, change ...func(*x509.Certificate)) *member {
	t.Helper()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name, OrganizationalUnit: []string{unit}}, NotBefore: asked.AddDate(0, -1, 0), NotAfter: asked.AddDate(1, 0, 0),
		BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	for _, f := range change {
		f(template)
	}
	c := certify(t, template, o.root, key.Public(), o.key)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
	return &member{marshal(t, &msp.SerializedIdentity{Mspid: o.id, IdBytes: text}), key}
}

// as is the member with the name of another organisation.
func (m *member) as(t testing.TB, id string) *member {
	t.Helper()
	var s msp.SerializedIdentity
	if err := proto.Unmarshal(m.identity, &s); err != nil {
		t.Fatal(err)
	}
	s.Mspid = id
	return &member{marshal(t, &s), m.key}
}

// sign signs as Fabric does.
func (m *member) sign(message []byte) ([]byte, error) {
	if key, ok := m.key.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, message), nil
	}
	key := m.key.(*ecdsa.PrivateKey)
	sum := sha256.Sum256(message)
	r, s, err := ecdsa.Sign(rand.Reader, key, sum[:])
	if err != nil {
		return nil, err
	}
	if half := new(big.Int).Rsh(key.Params().N, 1); s.Cmp(half) > 0 {
		s.Sub(key.Params().N, s)
	}
	return asn1.Marshal(struct{ R, S *big.Int }{r, s})
}

func marshal(t testing.TB, m proto.Message) []byte {
	t.Helper()
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// draft is an answer before it is signed; tests change what they are about.
type draft struct {
	channel, chaincode, answering, header string
	function, argument, result            string
	more                                  [][]byte // arguments
	status                                int32
	event                                 []byte
	set                                   *kvrwset.KVRWSet
	private                               []*rwset.CollectionHashedReadWriteSet
	kind                                  common.HeaderType
	at                                    *timestamppb.Timestamp
	id                                    string // of the question, if not the true one
	other                                 bool   // the answer is to another question
	actions                               int
	change                                func([]*peer.Endorsement) []*peer.Endorsement
}

const memory = `{"ledger":"lifeledger/lifeledger","owner":"A","note":"<b>50 % & more</b>","events":[{"transactionId":"aa","n":1.50},{"transactionId":"bb"},{"transactionId":"aa"}]}`

func version(block uint64) *kvrwset.KVRead {
	return &kvrwset.KVRead{Key: "k", Version: &kvrwset.Version{BlockNum: block, TxNum: 1}}
}

func newDraft() *draft {
	return &draft{
		channel: "lifeledger", chaincode: "lifeledger", answering: "lifeledger", header: "lifeledger",
		function: "component:GetMemory", argument: `{"componentId":"pump-1"}`, result: memory, status: 200, kind: common.HeaderType_ENDORSER_TRANSACTION,
		set: &kvrwset.KVRWSet{Reads: []*kvrwset.KVRead{version(4), {Key: "absent"}}, RangeQueriesInfo: []*kvrwset.RangeQueryInfo{
			{ReadsInfo: &kvrwset.RangeQueryInfo_RawReads{RawReads: &kvrwset.QueryReads{KvReads: []*kvrwset.KVRead{version(7)}}}},
		}},
		at: timestamppb.New(asked), actions: 1,
	}
}

// payload is the prepared transaction, as a peer's gateway puts it together.
func (d *draft) payload(t testing.TB, asker *member, by ...*member) []byte {
	t.Helper()
	nonce := []byte("a nonce of twenty-four b")
	id := sha256.Sum256(append(slices.Clone(nonce), asker.identity...))
	if d.id == "" {
		d.id = hex.EncodeToString(id[:])
	}
	h := &common.Header{
		ChannelHeader: marshal(t, &common.ChannelHeader{
			Type: int32(d.kind), ChannelId: d.channel, TxId: d.id, Timestamp: d.at,
			Extension: marshal(t, &peer.ChaincodeHeaderExtension{ChaincodeId: &peer.ChaincodeID{Name: d.header}}),
		}),
		SignatureHeader: marshal(t, &common.SignatureHeader{Creator: asker.identity, Nonce: nonce}),
	}
	args := append([][]byte{[]byte(d.function), []byte(d.argument)}, d.more...)
	question := marshal(t, &peer.ChaincodeProposalPayload{Input: marshal(t, &peer.ChaincodeInvocationSpec{ChaincodeSpec: &peer.ChaincodeSpec{
		ChaincodeId: &peer.ChaincodeID{Name: d.chaincode}, Input: &peer.ChaincodeInput{Args: args},
	}})})
	of := sha256.Sum256(slices.Concat(h.ChannelHeader, h.SignatureHeader, question))
	if d.other {
		of[0]++
	}
	signed := marshal(t, &peer.ProposalResponsePayload{ProposalHash: of[:], Extension: marshal(t, &peer.ChaincodeAction{
		ChaincodeId: &peer.ChaincodeID{Name: d.answering, Version: "1.0"}, Events: d.event,
		Response: &peer.Response{Status: d.status, Payload: []byte(d.result)},
		Results:  marshal(t, &rwset.TxReadWriteSet{NsRwset: []*rwset.NsReadWriteSet{{Namespace: "lifeledger", Rwset: marshal(t, d.set), CollectionHashedRwset: d.private}}}),
	})})
	var all []*peer.Endorsement
	for _, m := range by {
		signature, err := m.sign(slices.Concat(signed, m.identity))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &peer.Endorsement{Endorser: m.identity, Signature: signature})
	}
	if d.change != nil {
		all = d.change(all)
	}
	action := &peer.TransactionAction{Header: h.SignatureHeader, Payload: marshal(t, &peer.ChaincodeActionPayload{
		ChaincodeProposalPayload: question, Action: &peer.ChaincodeEndorsedAction{ProposalResponsePayload: signed, Endorsements: all},
	})}
	return marshal(t, &common.Payload{Header: h, Data: marshal(t, &peer.Transaction{Actions: slices.Repeat([]*peer.TransactionAction{action}, d.actions)})})
}

// world is three organisations, each with a peer, and the gateway of the first.
type world struct {
	a, b, c             *organisation
	peerA, peerB, peerC *member
	gateway             *member
	roots               Roots
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{a: newOrganisation(t, "A"), b: newOrganisation(t, "B"), c: newOrganisation(t, "C"), roots: make(Roots)}
	w.peerA, w.peerB, w.peerC = w.a.issue(t, "peer.a", "peer"), w.b.issue(t, "peer.b", "peer"), w.c.issue(t, "peer.c", "peer")
	w.gateway = w.a.issue(t, "gateway.a", "client")
	for _, o := range []*organisation{w.a, w.b, w.c} {
		if err := w.roots.Add(o.id, o.pem()); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

var places = []Place{{"bb", 9}, {"aa", 7}}

// file is the draft, endorsed by all three, as a file.
func (w *world) file(t testing.TB, d *draft) []byte {
	t.Helper()
	return w.write(t, d.payload(t, w.gateway, w.peerA, w.peerB, w.peerC))
}

func (w *world) write(t testing.TB, payload []byte) []byte {
	t.Helper()
	text, err := Write(payload, places, w.gateway.sign)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// pemOf is the certificate of a member.
func pemOf(t testing.TB, m *member) []byte {
	t.Helper()
	var s msp.SerializedIdentity
	if err := proto.Unmarshal(m.identity, &s); err != nil {
		t.Fatal(err)
	}
	return s.GetIdBytes()
}

func parsed(t testing.TB, text []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(text)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
