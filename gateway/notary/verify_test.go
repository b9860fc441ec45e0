package notary

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/hyperledger/fabric-protos-go-apiv2/peer"
)

// TestWhoseWordCounts: every endorsement is by a peer of the organisation it names,
// whose certificate was valid, over this very answer.
func TestWhoseWordCounts(t *testing.T) {
	w := newWorld(t)
	signed := func(m *member) func() []*member { return func() []*member { return []*member{w.peerA, w.peerB, m} } }
	edge := w.c.issue(t, "ed25519.c", "peer")
	for _, c := range []struct {
		name string
		by   func() []*member
		says string // "": accepted
	}{
		{"a peer of each", signed(w.peerC), ""},
		{"a second peer of an organisation", func() []*member { return []*member{w.peerA, w.peerB, w.peerC, w.c.issue(t, "peer2.c", "peer")} }, ""},
		{"two peers of one organisation are one organisation", signed(w.b.issue(t, "peer2.b", "peer")), "it is not endorsed by C"},
		{"the same endorsement twice", signed(w.peerB), "it is not endorsed by C"},
		{"a certificate of another organisation's authority", signed(w.b.issue(t, "peer2.b", "peer").as(t, "C")), "the endorsement by C: its certificate is not from the organisation's authorities"},
		{"a certificate of an authority of one's own", signed(newOrganisation(t, "C").issue(t, "peer.c", "peer")), "its certificate is not from the organisation's authorities"},
		{"a client", signed(w.c.issue(t, "client.c", "client")), "the endorsement by C: its certificate is not a peer's"},
		{"a certificate that had ended", signed(w.c.issue(t, "old.c", "peer", func(c *x509.Certificate) { c.NotAfter = asked.AddDate(0, 0, -1) })), "a certificate was not valid at 2026-03-01T08:30:00Z"},
		{"a certificate that had not begun", signed(w.c.issue(t, "new.c", "peer", func(c *x509.Certificate) { c.NotBefore = asked.AddDate(0, 0, 1) })), "a certificate was not valid"},
		{"an authority itself", signed(w.c.issue(t, "ca2.c", "peer", func(c *x509.Certificate) { c.IsCA = true })), "its certificate is an authority's own"},
		{"a signature by another key", signed(&member{w.peerC.identity, edge.key}), "the signature is not of this content"},
		{"an organisation whose root nobody gave", func() []*member {
			return []*member{w.peerA, w.peerB, w.peerC, newOrganisation(t, "D").issue(t, "peer.d", "peer")}
		}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Verify(w.write(t, newDraft().payload(t, w.gateway, c.by()...)), Demands{Roots: w.roots})
			refused(t, err, c.says)
			if c.says == "" && !slices.Equal(p.Organisations, []string{"A", "B", "C"}) {
				t.Errorf("counted %v", p.Organisations)
			}
		})
	}
}

func refused(t *testing.T, err error, says string) {
	t.Helper()
	if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
		t.Errorf("want %q, got %v", says, err)
	}
}

func TestSignatures(t *testing.T) {
	w := newWorld(t)
	for says, change := range map[string]func(e *peer.Endorsement){
		"it is not a signature":                                      func(e *peer.Endorsement) { e.Signature = append(e.Signature, 0) },
		"it is not the lower of the two valid signatures":            func(e *peer.Endorsement) { e.Signature = upper(t, w.peerB, e.Signature) },
		"there is not one certificate in it":                         func(e *peer.Endorsement) { e.Endorser = (&member{identity: e.Endorser}).bare(t) },
		"the endorsement by C: the signature is not of this content": func(e *peer.Endorsement) { e.Endorser = w.peerC.identity },
	} {
		d := newDraft()
		d.change = func(all []*peer.Endorsement) []*peer.Endorsement { change(all[1]); return all }
		_, err := Verify(w.file(t, d), Demands{Roots: w.roots})
		refused(t, err, says)
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards := w.c.issueTo(t, key, "ed25519.c", "peer")
	if _, err := Verify(w.write(t, newDraft().payload(t, w.gateway, w.peerA, w.peerB, edwards)), Demands{Roots: w.roots}); err != nil {
		t.Errorf("Ed25519: %v", err)
	}
}

// upper is the other valid signature of the same content.
func upper(t *testing.T, m *member, signature []byte) []byte {
	t.Helper()
	var s struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(signature, &s); err != nil {
		t.Fatal(err)
	}
	s.S.Sub(m.key.(*ecdsa.PrivateKey).Params().N, s.S)
	out, err := asn1.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// bare is an identity of B without a certificate.
func (m *member) bare(t *testing.T) []byte {
	t.Helper()
	return bytes.ReplaceAll(m.identity, []byte("CERTIFICATE"), []byte("CERTIFICATS"))
}

// TestWhatIsAskedFor: who has to have signed, about which ledger, with which units.
func TestWhatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	two := w.write(t, newDraft().payload(t, w.gateway, w.peerA, w.peerB))
	units := w.write(t, newDraft().payload(t, w.gateway, w.a.issue(t, "p", ""), w.b.issue(t, "p", ""), w.c.issue(t, "p", "")))
	some := Roots{"A": w.roots["A"], "B": w.roots["B"]}
	for _, c := range []struct {
		name string
		text []byte
		Demands
		says string
	}{
		{"everyone in the directory", two, Demands{Roots: w.roots}, "it is not endorsed by C"},
		{"two by name", two, Demands{Roots: w.roots, Organisations: []string{"A", "B"}}, ""},
		{"two roots", two, Demands{Roots: some}, ""},
		{"one without a root", two, Demands{Roots: some, Organisations: []string{"A", "C"}}, "there are no root certificates of C"},
		{"no roots", two, Demands{}, "no organisation's root certificates were given"},
		{"not the asker's root", two, Demands{Roots: Roots{"B": w.roots["B"]}}, "there are no root certificates of A, whose gateway wrote it"},
		{"another ledger", two, Demands{Roots: some, Ledger: "trial/lifeledger"}, "it is about the ledger lifeledger/lifeledger, not trial/lifeledger"},
		{"peers without units", units, Demands{Roots: w.roots}, "its certificate is not a peer's"},
		{"a network without units", units, Demands{Roots: w.roots, AnyUnit: true}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Verify(c.text, c.Demands)
			refused(t, err, c.says)
		})
	}
}

// TestAnAlteredFileIsRefused, in words that say what was altered.
func TestAnAlteredFileIsRefused(t *testing.T) {
	w := newWorld(t)
	good := w.file(t, newDraft())
	d := newDraft()
	d.result = strings.Replace(memory, `"owner":"A"`, `"owner":"B"`, 1)
	other := w.file(t, d)
	replace := func(old, by string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("the file does not say %s", old)
		}
		return bytes.Replace(good, []byte(old), []byte(by), 1)
	}
	payload := func(of []byte) string {
		f, err := decode(of)
		if err != nil {
			t.Fatal(err)
		}
		return base64.StdEncoding.EncodeToString(f.Payload)
	}
	for _, c := range []struct {
		name string
		text []byte
		says string
	}{
		{"the result displayed", replace(`"owner": "A"`, `"owner": "B"`), "the result that is displayed is not the one that was endorsed"},
		{"the answer of another file", replace(payload(good), payload(other)), "the result that is displayed is not"},
		{"the question", replace("pump-1", "pump-2"), "the argument that is displayed"},
		{"the transaction", replace("component:GetMemory", "component:CheckMemory"), "the transaction that is displayed"},
		{"the channel", replace(`"channel": "lifeledger"`, `"channel": "trial"`), "the channel that is displayed"},
		{"the time", replace("08:30:00Z", "08:31:00Z"), "the time that is displayed"},
		{"the asker", replace(`"askedBy": "A"`, `"askedBy": "B"`), "the asker that is displayed"},
		{"the height", replace(`"heightAtLeast": 8`, `"heightAtLeast": 9`), "the height that is displayed"},
		{"an endorser", replace(`"organisation": "C"`, `"organisation": "B"`), "the list of endorsements that is displayed"},
		{"the block of a transaction", replace(`"block": 7`, `"block": 6`), "the signature of the gateway of A, which wrote it: the signature is not of this content"},
		{"blanks", replace("\n", " \n"), "it was changed, or written anew"},
		{"a member twice", replace(`"askedBy": "A"`, `"askedBy": "B", "askedBy": "A"`), "it was changed, or written anew"},
		{"a member that nobody knows", replace(`"askedBy": "A"`, `"askedBy": "A", "judgement": "guilty"`), "it is not a notarised answer"},
		{"another format", replace(Format, "lifeledger-notarisation/2"), "its format is"},
		{"cut off", good[:len(good)/2], "it is cut off"},
		{"nothing", nil, "it is cut off"},
		{"more after it", append(slices.Clone(good), "{}\n"...), "it was changed, or written anew"},
		{"too much", bytes.Repeat([]byte(" "), MaxFile+1), "it has more than"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Verify(c.text, Demands{Roots: w.roots})
			refused(t, err, c.says)
		})
	}
}

// TestNoByteCanBeChanged: one bit of any byte, and some bytes left out.
func TestNoByteCanBeChanged(t *testing.T) {
	w := newWorld(t)
	good := w.file(t, newDraft())
	for i := range good {
		changed := slices.Clone(good)
		changed[i] ^= 1
		if _, err := Verify(changed, Demands{Roots: w.roots}); err == nil {
			t.Fatalf("byte %d, %q, can be changed to %q", i, good[i], changed[i])
		}
		if i%8 > 0 {
			continue
		}
		if _, err := Verify(slices.Delete(slices.Clone(good), i, i+1), Demands{Roots: w.roots}); err == nil {
			t.Fatalf("byte %d, %q, can be left out", i, good[i])
		}
	}
}

func TestRoots(t *testing.T) {
	w := newWorld(t)
	intermediate := w.a.issue(t, "ica.a", "", func(c *x509.Certificate) { c.IsCA, c.KeyUsage = true, x509.KeyUsageCertSign })
	id := new(member)
	*id = *intermediate
	text := pemOf(t, id)
	between := &organisation{"A", parsed(t, text), id.key}
	dir := t.TempDir()
	write := func(name string, text []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := ReadRoots(dir); err == nil {
		t.Error("an empty directory has roots")
	}
	write("A.pem", slices.Concat(w.a.pem(), text))
	write("B.pem", w.b.pem())
	write("README.txt", []byte("not a certificate"))
	roots, err := ReadRoots(dir)
	if err != nil || len(roots) != 2 {
		t.Fatal(roots, err)
	}
	if _, err := Verify(w.write(t, newDraft().payload(t, w.gateway, between.issue(t, "peer.a", "peer"), w.peerB)), Demands{Roots: roots}); err != nil {
		t.Errorf("a peer under an intermediate authority: %v", err)
	}
	for says, text := range map[string][]byte{
		"the authority is also that of B":      w.b.pem(),
		"is no authority's":                    pemOf(t, w.peerC),
		"there is no root among":               text,
		"want certificates in PEM":             []byte("not a certificate"),
		"there is no root among the":           nil,
		"want certificates in PEM and nothing": append(w.c.pem(), "and more"...),
	} {
		err := Roots{"B": roots["B"]}.Add("C", text)
		refused(t, err, says)
	}
	write("D.pem", bytes.Repeat([]byte("x"), maxRoots+1))
	if _, err := ReadRoots(dir); err == nil || !strings.Contains(err.Error(), "has more than") {
		t.Errorf("%v", err)
	}
}
