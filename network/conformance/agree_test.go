package conformance

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hyperledger/fabric-protos-go-apiv2/peer"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
)

// cast are the organisations of the network at hand, and maker, service and carrier
// their MSP ids by the parts they play.
var (
	cast                    = scenario.DefaultCast()
	maker, service, carrier = cast.Manufacturer, cast.Service, cast.Shipper
)

// side is the fake or the real ledger, where endorsing and committing are apart.
type side interface {
	scenario.Backend
	// hold endorses at a peer of each of by; the function commits.
	hold(t *testing.T, org string, by []string, args ...string) (commit func() peer.TxValidationCode)
}

func (l *live) hold(t *testing.T, org string, by []string, args ...string) func() peer.TxValidationCode {
	t.Helper()
	p, err := l.endorse(org, by, args...)
	if err != nil {
		t.Fatal(err)
	}
	return func() peer.TxValidationCode {
		code, err := p.commit()
		if err != nil {
			t.Error(err)
		}
		return code
	}
}

type fake struct{ scenario.Fake }

func newFake(t *testing.T) fake {
	t.Helper()
	g, err := contract.New()
	if err != nil {
		t.Fatal(err)
	}
	f := fake{scenario.NewFakeOf(g, cast)}
	for _, o := range cast.Organisations() {
		if _, err := f.Submit(maker, string(api.AnnounceOrganisationTx), cast.Announcement(o)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func (f fake) hold(t *testing.T, org string, by []string, args ...string) func() peer.TxValidationCode {
	t.Helper()
	tx, err := f.Memory.Endorse(scenario.Client(org), args[0], args[1:], by...)
	if err != nil || tx.Err() != nil {
		t.Fatal(err, tx.Err())
	}
	return func() peer.TxValidationCode { return f.Memory.Commit(tx)[0].Code }
}

// validationCodes does the same on both and compares what became of it.
func validationCodes(t *testing.T, l *live) {
	if len(l.Members) != len(cast.Organisations()) {
		t.Skipf("%d organisations have another majority than the three of the in-memory ledger", len(l.Members))
	}
	all := cast.Organisations()
	id, _ := unique(200)
	must := func(t *testing.T, s side, org string, args ...string) {
		t.Helper()
		if _, err := s.Submit(org, args...); err != nil {
			t.Fatal(err)
		}
	}
	issue := func(ccy string) []string {
		return []string{string(api.IssueTokensTx), fmt.Sprintf(`{"currency":%q,"amountMinor":5,"reserve":"Bank"}`, ccy)}
	}
	component := func(t *testing.T, s side, name string) string {
		key, err := scenario.NewKey(dsse.Ed25519, name)
		if err != nil {
			t.Fatal(err)
		}
		name += id
		must(t, s, maker, string(api.RegisterComponentTx), fmt.Sprintf(`{"componentId":%q,"partNumber":"P","algorithm":"Ed25519","publicKey":%q,"location":"X"}`, name, key.Public.Base64()))
		return name
	}
	offer := func(name, to string) []string {
		return []string{string(api.OfferOwnershipTx), fmt.Sprintf(`{"componentId":%q,"to":%q}`, name, to)}
	}
	for name, c := range map[string]func(t *testing.T, s side) []peer.TxValidationCode{
		"two changes of one account": func(t *testing.T, s side) []peer.TxValidationCode {
			must(t, s, maker, issue("YAA")...)
			a, b := s.hold(t, maker, all, issue("YAA")...), s.hold(t, maker, all, issue("YAA")...)
			return []peer.TxValidationCode{a(), b()}
		},
		"two first changes of one account": func(t *testing.T, s side) []peer.TxValidationCode {
			a, b := s.hold(t, maker, all, issue("YAB")...), s.hold(t, maker, all, issue("YAB")...)
			return []peer.TxValidationCode{a(), b()}
		},
		"one idempotency key twice": func(t *testing.T, s side) []peer.TxValidationCode {
			first, second := append(issue("YAC"), "k"+id), append(issue("YAD"), "k"+id)
			a, b := s.hold(t, maker, all, first...), s.hold(t, maker, all, second...)
			return []peer.TxValidationCode{a(), b()}
		},
		"accounts of two organisations": func(t *testing.T, s side) []peer.TxValidationCode {
			a, b := s.hold(t, service, all, issue("YAE")...), s.hold(t, carrier, all, issue("YAE")...)
			return []peer.TxValidationCode{a(), b()}
		},
		"a component without its owner's peer": func(t *testing.T, s side) []peer.TxValidationCode {
			name := component(t, s, "a")
			return []peer.TxValidationCode{s.hold(t, maker, []string{service, carrier}, offer(name, service)...)()}
		},
		"a component with its owner's peer alone": func(t *testing.T, s side) []peer.TxValidationCode {
			name := component(t, s, "b")
			return []peer.TxValidationCode{s.hold(t, maker, []string{maker}, offer(name, service)...)()}
		},
		"a component with its owner's peer and one more": func(t *testing.T, s side) []peer.TxValidationCode {
			name := component(t, s, "c")
			return []peer.TxValidationCode{s.hold(t, maker, []string{maker, carrier}, offer(name, service)...)()}
		},
		"an account without its organisation's peer": func(t *testing.T, s side) []peer.TxValidationCode {
			must(t, s, maker, issue("YAF")...)
			return []peer.TxValidationCode{s.hold(t, maker, []string{service, carrier}, issue("YAF")...)()}
		},
		"a new account without its organisation's peer": func(t *testing.T, s side) []peer.TxValidationCode {
			return []peer.TxValidationCode{s.hold(t, maker, []string{service, carrier}, issue("YAG")...)()}
		},
		"an unprotected record by one peer": func(t *testing.T, s side) []peer.TxValidationCode {
			return []peer.TxValidationCode{s.hold(t, maker, []string{maker}, string(api.AnnounceOrganisationTx), fmt.Sprintf(`{"mspId":"A%s","name":"x","roles":["auditor"]}`, id))()}
		},
		"after a transfer, without the former owner": func(t *testing.T, s side) []peer.TxValidationCode {
			name := component(t, s, "d")
			must(t, s, maker, offer(name, service)...)
			must(t, s, service, string(api.AcceptOwnershipTx), fmt.Sprintf(`{"componentId":%q}`, name))
			return []peer.TxValidationCode{
				s.hold(t, service, []string{maker, carrier}, offer(name, carrier)...)(),
				s.hold(t, service, []string{service, carrier}, offer(name, carrier)...)(),
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want, got := c(t, newFake(t)), c(t, l)
			t.Logf("%v", got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the fake (-) and the peer (+) differ:\n%s", diff)
			}
		})
	}
}

// keyOrder lists names that sort differently by letter, by byte and by length,
// in pages of every size, and compares. Records that come between two pages
// appear once or not at all, and never move another one.
func keyOrder(t *testing.T, l *live) {
	id, _ := unique(300)
	f := newFake(t)
	names := []string{"a", "B", "a-", "a.", "a:", "a_", "a0", "aa", "aB", "a-b", "Z", "z", "0", "00", "a." + strings.Repeat("x", 60)}
	for _, n := range names {
		arg := fmt.Sprintf(`{"mspId":%q,"name":"x","roles":["auditor"]}`, n+id)
		for _, s := range []side{f, l} {
			if _, err := s.Submit(maker, string(api.AnnounceOrganisationTx), arg); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, size := range []int{1, 2, 7, 200} {
		want, got := pages(t, f, id, size, ""), pages(t, l, id, size, "")
		if len(got) != len(names) {
			t.Errorf("pages of %d: %d names, want %d", size, len(got), len(names))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("pages of %d: the fake (-) and the peer (+) differ:\n%s", size, diff)
		}
	}
	// One name before and one after every page that has been read already.
	want, got := pages(t, f, id, 3, "m"), pages(t, l, id, 3, "m")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with records in between: the fake (-) and the peer (+) differ:\n%s", diff)
	}
}

// pages lists the members of this run, a page after the other. With between it
// announces one member more after each page.
func pages(t *testing.T, s side, id string, size int, between string) []string {
	t.Helper()
	var all []string
	cursor := ""
	for n := 0; ; n++ {
		arg := fmt.Sprintf(`{"limit":%d}`, size)
		if cursor != "" {
			arg = fmt.Sprintf(`{"limit":%d,"cursor":%q}`, size, cursor)
		}
		b, err := s.Evaluate(service, string(api.ListOrganisationsTx), arg)
		if err != nil {
			t.Fatal(err)
		}
		var page api.OrganisationPage
		if err := json.Unmarshal(b, &page); err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Items {
			if strings.HasSuffix(o.MSPID, id) {
				all = append(all, strings.TrimSuffix(o.MSPID, id))
			}
		}
		if cursor = page.Next; cursor == "" {
			return all
		}
		if between != "" && n < 3 {
			arg := fmt.Sprintf(`{"mspId":"%c%d%s","name":"x","roles":["auditor"]}`, "0mz"[n], n, between+id)
			if _, err := s.Submit(maker, string(api.AnnounceOrganisationTx), arg); err != nil {
				t.Fatal(err)
			}
		}
	}
}
