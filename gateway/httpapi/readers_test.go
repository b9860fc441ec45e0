package httpapi

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/gateway/problem"
)

const (
	crane    = "/v1/readers/insurer/components/crane"
	stranger = `the reader's token is not valid`
)

// insurer is a reader with a key, which the ledger knows for the component crane.
type insurer struct{ key ed25519.PrivateKey }

func newInsurer(t *testing.T, w *world) insurer {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	d := authority.Delegation{
		ComponentID: "crane", DelegationID: "reader:insurer", Number: 1, Status: authority.Granted, Owner: "MakerMSP", Actions: []string{"passport"},
		Key: &party.DeviceKey{Number: 1, KeyID: strings.Repeat("a", 64), Algorithm: "Ed25519", PublicKey: base64.StdEncoding.EncodeToString(der)},
	}
	text, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	w.ledger.answers[ledgerapi.GetDelegationTx] = string(text)
	w.ledger.answers[ledgerapi.CheckReadingTx] = string(text)
	return insurer{private}
}

// token is a good one but for what is changed.
func (i insurer) token(t *testing.T, change map[string]any) string {
	t.Helper()
	s, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.EdDSA, Key: i.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	claims := map[string]any{"iss": "insurer", "sub": "insurer", "aud": "lifeledger/lifeledger", "componentId": "crane", "exp": time.Now().Add(time.Minute).Unix()}
	maps.Copy(claims, change)
	text, err := jwt.Signed(s).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

func TestAReaderReads(t *testing.T) {
	w := newWorld(t)
	i := newInsurer(t, w)
	res := w.send(t, "GET", crane+"/passport?at=2026-03-01T08:30:00.000Z", "", "Authorization", i.token(t, nil))
	if res.StatusCode != 200 || res.Header.Get("X-Ledger-Height") != "43" {
		t.Fatalf("%d %s", res.StatusCode, text(t, res))
	}
	if got := w.questions.passports; w.questions.readers != 1 || len(got) != 1 || got[0] != (passportAsked{"crane", "2026-03-01T08:30:00.000Z", 0}) {
		t.Errorf("%d questions of readers, %v", w.questions.readers, got)
	}
	// The key as it was granted, and whether it may read at this moment.
	if a := w.ledger.asked; len(a) != 2 || a[0] != (asked{ledgerapi.GetDelegationTx, `{"componentId":"crane","delegationId":"reader:insurer"}`}) ||
		a[1] != (asked{ledgerapi.CheckReadingTx, `{"componentId":"crane","reader":"insurer","what":"passport"}`}) || !w.ledger.fresh {
		t.Errorf("the ledger was asked %v", a)
	}
	if res := w.send(t, "GET", crane+"/timeline?limit=7&cursor=abc&partId=engine", "", "Authorization", i.token(t, nil)); res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, text(t, res))
	}
	if a := w.questions.asked; len(a) != 1 || string(a[0].Question.Filter) != `{"field":"componentId","eq":"engine"}` || a[0].Cursor != "abc" || a[0].Question.Limit != 7 {
		t.Errorf("%+v", a)
	}
	if a := w.ledger.asked[3]; a != (asked{ledgerapi.CheckReadingTx, `{"componentId":"crane","reader":"insurer","what":"timeline","partId":"engine"}`}) {
		t.Errorf("the ledger was asked %v", a)
	}
	if log := w.log.String(); !strings.Contains(log, `"principal":"reader:insurer:aaaa`) || strings.Contains(log, "eyJ") {
		t.Errorf("the log: %s", log)
	}
}

// Who has not signed with the reader's key learns nothing: not whether there is such a
// component, such a reader, or such a grant.
func TestAStrangerIsToldNothing(t *testing.T) {
	none := fault.New(fault.CodeDelegationUnknown, "there is no delegation")
	malformed := fault.New(fault.CodeIDInvalid, "componentId must be …")
	answers := make(map[string]bool)
	for name, c := range map[string]struct {
		err    error
		signer func(t *testing.T, of insurer) string
		target string
	}{
		"nothing is known":      {none, func(t *testing.T, of insurer) string { return of.token(t, nil) }, crane},
		"an id that is none":    {malformed, func(t *testing.T, of insurer) string { return of.token(t, nil) }, "/v1/readers/insurer/components/a%20b"},
		"another key":           {nil, func(t *testing.T, _ insurer) string { return newInsurer(t, newWorld(t)).token(t, nil) }, crane},
		"a member's own token":  {nil, func(*testing.T, insurer) string { return "Bearer operator" }, crane},
		"a token without sense": {nil, func(*testing.T, insurer) string { return "Bearer a.b.c" }, crane},
		"a token unsigned":      {nil, func(*testing.T, insurer) string { return "Bearer eyJhbGciOiJub25lIn0.e30." }, crane},
		"a token with a secret": {nil, func(*testing.T, insurer) string { return "Bearer eyJhbGciOiJIUzI1NiJ9.e30.AAAA" }, crane},
	} {
		w := newWorld(t)
		i := newInsurer(t, w)
		w.ledger.errs[ledgerapi.GetDelegationTx] = c.err
		w.ledger.errs[ledgerapi.CheckReadingTx] = fault.New(fault.CodeReadingOver, "secret-of-the-ledger")
		res := w.send(t, "GET", c.target+"/passport", "", "Authorization", c.signer(t, i), "X-Request-Id", "same")
		answer := text(t, res)
		if answers[answer] = true; res.StatusCode != 401 || !strings.Contains(answer, stranger) || w.questions.readers > 0 {
			t.Errorf("%s: %d %s", name, res.StatusCode, answer)
		}
	}
	if len(answers) != 1 {
		t.Errorf("strangers are told apart: %v", answers)
	}
}

// Who has signed with the key is told what is wrong, the end of the grant above all.
func TestAReaderIsToldWhyNot(t *testing.T) {
	over := fault.New(fault.CodeReadingOver, "reader:insurer was revoked by MakerMSP at 2026-03-01T08:30:00.000Z: the policy has ended").
		With("revokedBy", "MakerMSP").With("revokedAt", "2026-03-01T08:30:00.000Z").With("reason", "the policy has ended")
	for name, c := range map[string]struct {
		change map[string]any
		check  error
		find   error
		target string
		status int
		must   []string
	}{
		"withdrawn":                 {nil, over, nil, crane, 403, []string{`"code":"component.reading.over"`, "the policy has ended", `"revokedBy":"MakerMSP"`, `"revokedAt":"2026-03-01T08:30:00.000Z"`}},
		"something else":            {nil, fault.New(fault.CodeDelegationAction, "no"), nil, crane, 403, []string{"component.delegation.action"}},
		"a part of something else":  {nil, fault.New(fault.CodeReadingPart, "no"), nil, crane, 403, []string{"component.reading.part"}},
		"expired":                   {map[string]any{"exp": time.Now().Add(-time.Second).Unix()}, nil, nil, crane, 401, []string{"has expired"}},
		"too long":                  {map[string]any{"exp": time.Now().Add(time.Hour).Unix()}, nil, nil, crane, 401, []string{"five minutes"}},
		"another ledger":            {map[string]any{"aud": "trial/lifeledger"}, nil, nil, crane, 401, []string{"lifeledger/lifeledger"}},
		"another component's token": {map[string]any{"componentId": "pump"}, nil, nil, crane, 401, []string{"componentId must be"}},
		"another reader's token":    {map[string]any{"iss": "buyer"}, nil, nil, crane, 401, []string{"iss and sub"}},
		"a filter of its own":       {nil, nil, nil, crane + "/timeline?filter=step%20eq%20%22sold%22", 400, []string{`"parameter":"filter"`}},
		"the peer is away":          {nil, nil, problem.New(problem.Unreachable, ""), crane, 503, []string{"ledger.unreachable"}},
	} {
		w := newWorld(t)
		i := newInsurer(t, w)
		if c.check != nil {
			w.ledger.errs[ledgerapi.CheckReadingTx] = c.check
		}
		if c.find != nil {
			w.ledger.errs[ledgerapi.GetDelegationTx] = c.find
		}
		target := c.target
		if target == crane {
			target += "/passport"
		}
		res := w.send(t, "GET", target, "", "Authorization", i.token(t, c.change))
		answer := text(t, res)
		if res.StatusCode != c.status || w.questions.readers > 0 {
			t.Errorf("%s: %d %s", name, res.StatusCode, answer)
		}
		for _, must := range c.must {
			if !strings.Contains(answer, must) {
				t.Errorf("%s does not say %s: %s", name, must, answer)
			}
		}
		if c.status == 401 && res.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s: no WWW-Authenticate", name)
		}
	}
}

// A reader's token opens what is for readers, and nothing else.
func TestAReadersTokenIsNoAccessToken(t *testing.T) {
	w := newWorld(t)
	i := newInsurer(t, w)
	for _, target := range []string{"/v1/components/crane/passport", "/v1/components/crane", "/v1/ledger", "/v1/components/crane/readers/insurer?what=passport"} {
		if res := w.send(t, "GET", target, "", "Authorization", i.token(t, nil)); res.StatusCode != 401 {
			t.Errorf("%s: %d", target, res.StatusCode)
		}
	}
	if len(w.ledger.asked) > 0 {
		t.Errorf("the ledger was asked %v", w.ledger.asked)
	}
}

// Readers have a bucket each, and what all of them and strangers can have done at once is bounded.
func TestReadersAreBounded(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.ReaderPerSecond = 1 })
	i := newInsurer(t, w)
	for n, want := range []int{200, 200, 429} {
		if res := w.send(t, "GET", crane+"/passport", "", "Authorization", i.token(t, nil)); res.StatusCode != want {
			t.Errorf("%d: %d", n, res.StatusCode)
		}
	}
	if asked := len(w.ledger.asked); asked != 4 {
		t.Errorf("the ledger was asked %d times, and not twice for each that was answered", asked)
	}
	// One of another component has a bucket of its own.
	if res := w.send(t, "GET", "/v1/readers/insurer/components/pump/passport", "", "Authorization", i.token(t, map[string]any{"componentId": "pump"})); res.StatusCode != 200 {
		t.Errorf("the other component: %d", res.StatusCode)
	}
	if res := w.send(t, "GET", "/v1/ledger", ""); res.StatusCode != 200 {
		t.Errorf("a member: %d", res.StatusCode)
	}
	w = newWorld(t, func(c *Config) { c.Limits.Readers = 1 })
	i = newInsurer(t, w)
	w.questions.during = func() { // one of them is read to
		if res := w.send(t, "GET", crane+"/passport", "", "Authorization", i.token(t, nil)); res.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("a second reader: %d", res.StatusCode)
		}
		if res := w.send(t, "GET", "/v1/ledger", ""); res.StatusCode != 200 {
			t.Errorf("a member meanwhile: %d", res.StatusCode)
		}
	}
	for range 2 { // one after the other
		if res := w.send(t, "GET", crane+"/passport", "", "Authorization", i.token(t, nil)); res.StatusCode != 200 {
			t.Errorf("the first reader: %d", res.StatusCode)
		}
	}
	w = newWorld(t, func(c *Config) { c.Limits.Readers = -1 })
	i = newInsurer(t, w)
	if res := w.send(t, "GET", crane+"/passport", "", "Authorization", i.token(t, nil)); res.StatusCode != http.StatusServiceUnavailable || len(w.ledger.asked) > 0 {
		t.Errorf("%d, the ledger was asked %v", res.StatusCode, w.ledger.asked)
	}
	if res := w.send(t, "GET", "/v1/ledger", ""); res.StatusCode != 200 {
		t.Errorf("a member: %d", res.StatusCode)
	}
}

// What is no name costs the peer nothing, however long it is, and is answered as ever.
func TestAStrangersAddressIsNotCarriedToThePeer(t *testing.T) {
	w := newWorld(t)
	i := newInsurer(t, w)
	long := strings.Repeat("a", 8000)
	for _, target := range []string{"/v1/readers/insurer/components/" + long, "/v1/readers/" + long + "/components/crane", "/v1/readers/insurer/components/a%20b"} {
		res := w.send(t, "GET", target+"/passport", "", "Authorization", i.token(t, nil))
		if answer := text(t, res); res.StatusCode != 401 || !strings.Contains(answer, stranger) {
			t.Errorf("%.60s: %d %s", target, res.StatusCode, answer)
		}
	}
	if len(w.ledger.asked) > 0 {
		t.Errorf("the ledger was asked %d times", len(w.ledger.asked))
	}
}

// from is a request from an address.
func (w *world) from(t *testing.T, address, target, token string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	r.RemoteAddr = address
	r.Header.Set("Authorization", token)
	r.Header.Set("X-Forwarded-For", rand.Text()) // anybody can write that
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	res := rec.Result()
	w.check(t, r, res)
	return res
}

// Strangers are counted by address and together before the ledger is asked; a reader who
// has shown its key is not held up by them, whatever name and address they use.
func TestStrangersAreCountedBeforeTheLedgerIsAsked(t *testing.T) {
	synctest.Test(t, strangersAreCounted) // no time passes
}

func strangersAreCounted(t *testing.T) {
	t.Helper()
	w := newWorld(t, func(c *Config) { c.Limits.AddressPerSecond, c.Limits.StrangersPerSecond = 1, 5 })
	i, other := newInsurer(t, w), newInsurer(t, newWorld(t))
	read := func(address, reader, token string, want int) {
		t.Helper()
		res := w.from(t, address, "/v1/readers/"+reader+"/components/crane/passport", token)
		if res.StatusCode != want || (want == 429) != (res.Header.Get("Retry-After") != "") {
			t.Errorf("%s from %s: %d %s", reader, address, res.StatusCode, text(t, res))
		}
	}
	asked := func(want int) {
		t.Helper()
		if n := len(w.ledger.asked); n != want {
			t.Errorf("the ledger was asked %d times, not %d", n, want)
		}
	}
	read("192.0.2.1:1", "insurer", i.token(t, nil), 200) // from here on it is known
	asked(2)
	forged := other.token(t, nil)
	read("192.0.2.9:1", "insurer", forged, 401)
	read("192.0.2.9:2", "nobody", forged, 401)
	read("192.0.2.9:3", "insurer", forged, 429)
	read("192.0.2.9:3", "nobody", forged, 429)
	asked(4)
	// A network of IPv6 is one address.
	read("[2001:db8::1]:1", "insurer", forged, 401)
	read("[2001:db8::2]:1", "insurer", forged, 401)
	read("[2001:db8::3]:1", "insurer", forged, 429)
	asked(6)
	// Five together: the address that has not asked yet does not get the sixth.
	read("192.0.2.10:1", "insurer", forged, 429)
	asked(6)
	read("192.0.2.9:1", "insurer", i.token(t, nil), 200)
	asked(8)
	if res := w.send(t, "GET", "/v1/ledger", ""); res.StatusCode != 200 {
		t.Errorf("a member: %d", res.StatusCode)
	}
	// Whose key the ledger does not have any more is a stranger again.
	newInsurer(t, w)
	read("192.0.2.1:1", "insurer", i.token(t, nil), 401)
	read("192.0.2.1:1", "insurer", i.token(t, nil), 429)
}

// A reader who is known is served while as many strangers as may are looked into; that
// there are too many is written down as no error.
func TestStrangersTakeNoReadersPlace(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Readers = 4 })
	i := newInsurer(t, w)
	forged := newInsurer(t, newWorld(t)).token(t, nil)
	read := func(token string) int {
		t.Helper()
		return w.from(t, "192.0.2.1:1", crane+"/passport", token).StatusCode
	}
	if status := read(i.token(t, nil)); status != 200 {
		t.Fatalf("%d", status)
	}
	w.log.Reset()
	w.ledger.during = func() {
		w.ledger.during = nil
		if status := read(forged); status != 503 {
			t.Errorf("the second stranger: %d", status)
		}
		if status := read(i.token(t, nil)); status != 200 {
			t.Errorf("the reader meanwhile: %d", status)
		}
	}
	if status := read(forged); status != 401 {
		t.Errorf("the first stranger: %d", status)
	}
	if log := w.log.String(); !strings.Contains(log, `"status":503`) || strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("the log: %s", log)
	}
	w.log.Reset()
	w.ledger.errs[ledgerapi.GetDelegationTx] = problem.New(problem.Unreachable, "")
	if status := read(forged); status != 503 || !strings.Contains(w.log.String(), `"level":"ERROR"`) {
		t.Errorf("%d; that the peer is away is an error: %s", status, w.log.String())
	}
	w.ledger.errs[ledgerapi.GetDelegationTx] = nil
	if status := read(forged); status != 401 {
		t.Errorf("afterwards: %d", status)
	}
}
