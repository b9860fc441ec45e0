package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// outsider reads at the gateway with a key pair of its own, and has nothing else.
type outsider struct {
	*asking
	name string
	key  *ecdsa.PrivateKey
}

func newOutsider(t *testing.T, a *asking, name string) outsider {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return outsider{a, name, key}
}

// done submits a transaction, which the gateway's peer then knows.
func (a *asking) done(t *testing.T, org, tx string, request any) {
	t.Helper()
	argument, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ledger.Submit(org, tx, string(argument)); err != nil {
		t.Fatal(err)
	}
	a.goOn(t)
}

func (o outsider) granted(t *testing.T, by, component string, what ...string) {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(&o.key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	o.done(t, by, "component:GrantReading", map[string]any{
		"componentId": component, "reader": o.name, "algorithm": "ECDSA-P256", "publicKey": base64.StdEncoding.EncodeToString(der),
		"actions": what, "till": o.ledger.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
}

// read asks for what is at a path below the component's, with a token for that component.
func (o outsider) read(t *testing.T, component, path string) (status int, body []byte) {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: o.key}, nil)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(map[string]any{
		"iss": o.name, "sub": o.name, "aud": o.ledger.Ledger(), "componentId": component, "exp": time.Now().Add(time.Minute).Unix(),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+"/readers/"+o.name+"/components/"+url.PathEscape(component)+"/"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, body
}

func (o outsider) expect(t *testing.T, component, path string, status int, says ...string) {
	t.Helper()
	got, body := o.read(t, component, path)
	if got != status {
		t.Errorf("%s of %s: %d %s", path, component, got, body)
	}
	for _, s := range says {
		if !strings.Contains(string(body), s) {
			t.Errorf("%s of %s does not say %s: %s", path, component, s, body)
		}
	}
}

// An insurer outside the channel reads a machine, is told when that is over, and why;
// members see all of it in the machine's own history.
func TestAReaderOutsideTheChannel(t *testing.T) {
	a := newAsking(t, 0, "machines")
	const machine = "t-machines"
	o, rival := newOutsider(t, a, "insurer-7"), newOutsider(t, a, "insurer-7")
	var part string
	for _, p := range a.records(t)["placements"] {
		if p["machineId"] == machine {
			part = p["componentId"].(string)
		}
	}
	if part == "" {
		t.Fatal("there is no machine with parts in the story")
	}
	owner := a.owner(t, machine)
	o.expect(t, machine, "passport", 401, "the reader's token is not valid")
	o.expect(t, "none", "passport", 401, "the reader's token is not valid")
	o.granted(t, owner, machine, "passport", "parts")
	o.expect(t, machine, "passport", 200, part, `"owner":"`+owner+`"`)
	o.expect(t, machine, "passport?partId="+url.QueryEscape(part), 200, `"componentId":"`+part+`"`)
	o.expect(t, machine, "passport?partId=none", 403, "component.reading.part")
	o.expect(t, machine, "timeline", 403, "component.delegation.action")
	o.expect(t, part, "passport", 401, "the reader's token is not valid")
	rival.expect(t, machine, "passport", 401, "the reader's token is not valid")

	o.done(t, owner, "component:RevokeDelegation", map[string]any{"componentId": machine, "delegationId": "reader:insurer-7", "reason": "the policy has ended"})
	o.expect(t, machine, "passport", 403, "component.reading.over", `"revokedBy":"`+owner+`"`, "the policy has ended", "revokedAt")
	rival.expect(t, machine, "passport", 401, "the reader's token is not valid")
	o.granted(t, owner, machine, "timeline")
	o.expect(t, machine, "timeline?limit=3", 200, `"next":"`)
	o.expect(t, machine, "passport", 403, "component.delegation.action")
	a.ledger.Wait(2 * time.Hour)
	o.expect(t, machine, "timeline", 403, "component.reading.over", "its time is over")

	var told answerPage
	a.get(t, "/components/"+machine+"/timeline", url.Values{"filter": {`about eq "delegation-periods"`}, "sort": {"at"}}, &told)
	var steps []string
	for _, row := range told.Items {
		steps = append(steps, fmt.Sprint(row.Record["step"], " ", row.Record["subject"], " ", row.Record["actor"], " ", row.Record["detail"]))
	}
	want := []string{"delegation-granted reader:insurer-7 " + owner + " <nil>", "delegation-revoked reader:insurer-7 " + owner + " the policy has ended", "delegation-granted reader:insurer-7 " + owner + " <nil>"}
	if !slices.Equal(steps, want) {
		t.Errorf("members are told %q", steps)
	}
	var now answerPage
	a.get(t, "/queries/component-delegations", url.Values{"filter": {`componentId eq "` + machine + `"`}}, &now)
	if len(now.Items) != 1 || fmt.Sprint(now.Items[0].Record["actions"]) != "[timeline]" || now.Items[0].Record["delegationId"] != "reader:insurer-7" {
		t.Errorf("who may read: %v", now.Items)
	}
}

func (a *asking) owner(t *testing.T, component string) string {
	t.Helper()
	for _, c := range a.records(t)["components"] {
		if c["componentId"] == component {
			return c["owner"].(string)
		}
	}
	t.Fatalf("there is no component %s", component)
	return ""
}

// What stands between the parties is in no answer to a reader, whatever has happened to
// the component; and what a reader gets is as openapi.yaml describes it.
func TestWhatIsBetweenThePartiesStaysThere(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromData(described(t))
	if err != nil {
		t.Fatal(err)
	}
	a := newAsking(t, 0, append([]string{"pledges", "sale", "service-agreements", "service-refused", "delegations", "mandates", "activation", "agents"}, tales...)...)
	var parties []string // names that stand for what parties have agreed
	for _, agreement := range a.records(t)["service-agreements"] {
		parties = append(parties, agreement["agreementId"].(string))
	}
	for _, s := range a.records(t)["shipments"] {
		parties = append(parties, s["shipmentId"].(string))
	}
	between := regexp.MustCompile(`"(\w*Minor|currency|agreementId|termsHash|agreementHash|lender|shipmentId|pledge\w*|offeredTo|activationCodeHash|sales)":|"about":"(shipment-events|delegation-periods)"|"(step|kind)":"(pledge|access|approval|ownership-(offered|declined))`)
	hidden, shown, excursions := 0, 0, 0
	for _, c := range a.records(t)["components"] {
		id, owner := c["componentId"].(string), c["owner"].(string)
		if c["installedIn"] != nil || c["status"] == "decommissioned" {
			continue // read through the machine, or granted by nobody any more
		}
		o := newOutsider(t, a, "buyer")
		o.granted(t, owner, id, "passport", "timeline")
		at := a.ledger.Now().UTC().Format("2006-01-02T15:04:05.000Z")
		if status, body := o.read(t, id, "passport?at="+at); status != 200 || between.Match(body) {
			t.Errorf("passport of %s as of now: %d %q", id, status, between.FindAllString(string(body), -1))
		}
		excursions += o.onePage(t, id, parties)
		for path, schema := range map[string]string{"passport": "Passport", "timeline": "Answer"} {
			status, body := o.read(t, id, path)
			if status != 200 {
				t.Fatalf("%s of %s: %d %s", path, id, status, body)
			}
			var value any
			if err := json.Unmarshal(body, &value); err != nil {
				t.Fatal(err)
			}
			if s := doc.Components.Schemas[schema]; s != nil {
				if err := s.Value.VisitJSON(value); err != nil {
					t.Errorf("%s of %s: %v", path, id, err)
				}
			}
			if found := between.FindAllString(string(body), -1); len(found) > 0 {
				t.Errorf("%s of %s shows %q", path, id, found)
			}
			for _, name := range parties {
				if bytes.Contains(body, []byte(name)) {
					t.Errorf("%s of %s names %s", path, id, name)
				}
			}
			var member json.RawMessage
			a.get(t, "/components/"+url.PathEscape(id)+"/"+path, nil, &member)
			hidden += len(between.FindAll(member, -1))
			shown += bytes.Count(body, []byte(`"record":`))
		}
	}
	if hidden < 50 || shown < 100 || excursions == 0 {
		t.Errorf("members are shown only %d things that readers are not; readers %d rows and %d excursions", hidden, shown, excursions)
	}
}

// onePage holds each row of a reader's timeline, and the cursor behind it, to naming nobody
// of the parties; of an excursion it counts that the reader is told of it.
func (o outsider) onePage(t *testing.T, component string, parties []string) (excursions int) {
	t.Helper()
	for cursor := ""; ; {
		status, body := o.read(t, component, "timeline?limit=1&cursor="+cursor)
		if status == http.StatusTooManyRequests {
			time.Sleep(50 * time.Millisecond)
			continue
		}
		var page answerPage
		if err := json.Unmarshal(body, &page); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s", status, body)
		}
		for _, row := range page.Items {
			if row.Record["about"] == "excursions" {
				excursions++
				if rule, _ := row.Record["detail"].(string); len(row.Record) != 5 || row.Record["step"] != "excursion" || !strings.HasPrefix(rule, "shipment.violation.") || row.Record["at"] == nil {
					t.Errorf("an excursion of %s: %v", component, row.Record)
				}
			}
		}
		if cursor = page.Next; cursor == "" {
			return excursions
		}
		raw, err := base64.RawURLEncoding.DecodeString(cursor)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range parties {
			if bytes.Contains(raw, []byte(name)) {
				t.Errorf("a cursor in the timeline of %s names %s", component, name)
			}
		}
	}
}

// TestTheDocumentedReaderReads does what docs/authority.md tells a reader to do.
func TestTheDocumentedReaderReads(t *testing.T) {
	for _, tool := range []string{"bash", "openssl", "curl", "base64"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	text, err := os.ReadFile("../docs/authority.md")
	if err != nil {
		t.Fatal(err)
	}
	a := newAsking(t, 0, "machines")
	const machine = "t-machines"
	dir := t.TempDir()
	run := func(block string) string {
		t.Helper()
		m := regexp.MustCompile("(?s)```sh " + block + "\n(.*?)```").FindSubmatch(text)
		if m == nil {
			t.Fatalf("docs/authority.md has no block %s", block)
		}
		c := exec.CommandContext(t.Context(), "bash", "-euc", string(m[1]))
		c.Dir = dir
		c.Env = append(os.Environ(), "READER=insurer-7", "COMPONENT="+machine, "LEDGER="+a.ledger.Ledger(), "GATEWAY="+strings.TrimSuffix(a.url, "/v1"))
		out, err := c.Output()
		if err != nil {
			t.Fatalf("%s: %v", block, err)
		}
		return strings.TrimSpace(string(out))
	}
	public := run("reader-key")
	a.done(t, a.owner(t, machine), "component:GrantReading", map[string]any{
		"componentId": machine, "reader": "insurer-7", "algorithm": "Ed25519", "publicKey": public, "actions": []string{"passport"}, "till": a.ledger.Now().Add(time.Hour).UTC().Format(time.RFC3339),
	})
	var passport struct{ ComponentID string }
	if answer := run("reader-read"); json.Unmarshal([]byte(answer), &passport) != nil || passport.ComponentID != machine {
		t.Errorf("the reader was answered %s", answer)
	}
}
