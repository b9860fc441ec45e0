package contract_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/ledger/ledgertest"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
)

var maker = scenario.Client("ManufacturerMSP")

// founded is a ledger with the three organisations.
func founded(t testing.TB) *ledgertest.Ledger {
	t.Helper()
	l := ledgertest.New(newGuard(t), ledgertest.Options{})
	for _, org := range scenario.Organisations() {
		if _, err := l.Submit(maker, string(api.AnnounceOrganisationTx), scenario.Announcement(org)); err != nil {
			t.Fatal(err)
		}
	}
	return l
}

const issue = `{"currency":"USD","amountMinor":1,"reserve":"Bank"}`

// TestInvokeRefuses has a row for each way to get past contract-api's checks
// (style.md section 6, facts 1, 2 and 8) or past encoding/json's.
func TestInvokeRefuses(t *testing.T) {
	l := founded(t)
	height, keys := l.Height(), len(l.Keys())
	deep := strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20)
	readings := func(envelope string) string {
		return `{"shipmentId":"s","deviceId":"d","envelopes":[` + envelope + `]}`
	}
	for name, c := range map[string]struct {
		args []string
		want fault.Code
	}{
		"a lower-case name, which would skip the schema (fact 1)": {[]string{"settlement:issue", `{"x":1}`}, fault.CodeTransactionUnknown},
		"a lower-case read":                        {[]string{"shipment:get", `{"shipmentId":"s"}`}, fault.CodeTransactionUnknown},
		"an upper-case contract":                   {[]string{"Settlement:Issue", issue}, fault.CodeTransactionUnknown},
		"a name without contract":                  {[]string{"Issue", issue}, fault.CodeTransactionUnknown},
		"a name with a blank":                      {[]string{"settlement:Issue ", issue}, fault.CodeTransactionUnknown},
		"a method that is no transaction":          {[]string{"settlement:GetName", "{}"}, fault.CodeTransactionUnknown},
		"a name that is not UTF-8":                 {[]string{"settlement:\xff", "{}"}, fault.CodeTransactionUnknown},
		"a very long name":                         {[]string{strings.Repeat("x", 1<<16), "{}"}, fault.CodeTransactionUnknown},
		"contract-api's metadata with an argument": {[]string{"org.hyperledger.fabric:GetMetadata", "{}"}, fault.CodeArgumentCount},
		"contract-api's metadata in lower case":    {[]string{"org.hyperledger.fabric:getMetadata"}, fault.CodeTransactionUnknown},
		"no argument":                              {[]string{"settlement:Issue"}, fault.CodeArgumentCount},
		"two arguments too many (fact 2)":          {[]string{"settlement:Issue", issue, "key", "more"}, fault.CodeArgumentCount},
		"a key for a read":                         {[]string{"participant:Ping", "{}", "key"}, fault.CodeArgumentCount},
		"an empty key":                             {[]string{"settlement:Issue", issue, ""}, fault.CodeIdempotencyKey},
		"a key with a blank":                       {[]string{"settlement:Issue", issue, "a b"}, fault.CodeIdempotencyKey},
		"a key that is not ASCII":                  {[]string{"settlement:Issue", issue, "ä"}, fault.CodeIdempotencyKey},
		"a key of 65 characters":                   {[]string{"settlement:Issue", issue, strings.Repeat("k", 65)}, fault.CodeIdempotencyKey},
		"256 KB and one byte":                      {[]string{"settlement:Issue", issue + strings.Repeat(" ", api.MaxArgument+1-len(issue))}, fault.CodeTooLarge},
		"nothing":                                  {[]string{"settlement:Issue", ""}, fault.CodeNotJSON},
		"a list":                                   {[]string{"settlement:Issue", "[]"}, fault.CodeNotJSON},
		"a text":                                   {[]string{"settlement:Issue", `"x"`}, fault.CodeNotJSON},
		"null":                                     {[]string{"settlement:Issue", "null"}, fault.CodeNotJSON},
		"something after the object":               {[]string{"settlement:Issue", issue + "1"}, fault.CodeNotJSON},
		"two objects":                              {[]string{"settlement:Issue", issue + issue}, fault.CodeNotJSON},
		"a byte order mark":                        {[]string{"settlement:Issue", "\ufeff" + issue}, fault.CodeNotJSON},
		"invalid UTF-8":                            {[]string{"settlement:Issue", strings.Replace(issue, "Bank", "B\xffk", 1)}, fault.CodeNotJSON},
		"an overlong slash":                        {[]string{"settlement:Issue", strings.Replace(issue, "Bank", "B\xc0\xafk", 1)}, fault.CodeNotJSON},
		"an object that ends too early":            {[]string{"settlement:Issue", issue[:len(issue)-1]}, fault.CodeNotJSON},
		"a comma too many":                         {[]string{"settlement:Issue", strings.Replace(issue, "}", ",}", 1)}, fault.CodeNotJSON},
		"nesting without end":                      {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, strings.Repeat("[", 100_000), 1)}, fault.CodeNotJSON},
		"lists nested too deep":                    {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, strings.Repeat("[", 20)+strings.Repeat("]", 20), 1)}, fault.CodeNotJSON},
		"objects nested too deep":                  {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, deep, 1)}, fault.CodeNotJSON},
		"a fraction":                               {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":1.5", 1)}, fault.CodeNotJSON},
		"a fraction of nothing":                    {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":1.0", 1)}, fault.CodeNotJSON},
		"an exponent":                              {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":1e309", 1)}, fault.CodeNotJSON},
		"minus zero":                               {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":-0", 1)}, fault.CodeNotJSON},
		"a leading zero":                           {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":01", 1)}, fault.CodeNotJSON},
		"a hexadecimal number":                     {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":0x1", 1)}, fault.CodeNotJSON},
		"not a number":                             {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":NaN", 1)}, fault.CodeNotJSON},
		"infinity":                                 {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":Infinity", 1)}, fault.CodeNotJSON},
		"a number of 2^63":                         {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":9223372036854775808", 1)}, fault.CodeSchema},
		"a number of 250,000 digits":               {[]string{"settlement:Issue", strings.Replace(issue, ":1", ":"+strings.Repeat("9", 250_000), 1)}, fault.CodeNotJSON},
		"a member twice":                           {[]string{"settlement:Issue", strings.Replace(issue, "{", `{"reserve":"x",`, 1)}, fault.CodeDuplicateKey},
		"a member twice, once escaped":             {[]string{"settlement:Issue", strings.Replace(issue, "{", `{"res\u0065rve":"x",`, 1)}, fault.CodeDuplicateKey},
		"a member in two cases":                    {[]string{"settlement:Issue", strings.Replace(issue, "}", `,"Reserve":"x"}`, 1)}, fault.CodeDuplicateKey},
		"a member in another case alone":           {[]string{"settlement:Issue", strings.Replace(issue, "reserve", "Reserve", 1)}, fault.CodeSchema},
		"a member that Go takes for another":       {[]string{"settlement:Issue", strings.Replace(issue, "reserve", "reſerve", 1)}, fault.CodeSchema},
		"a member with a Kelvin sign":              {[]string{"shipment:RecordReadings", readings(`{"payloadType":"","payload":"","signatures":[{"\u212aeyid":"","sig":""}]}`)}, fault.CodeSchema},
		"an unknown member":                        {[]string{"settlement:Issue", strings.Replace(issue, "{", `{"x":"x",`, 1)}, fault.CodeSchema},
		"a missing member":                         {[]string{"settlement:Issue", `{"currency":"USD","amountMinor":1}`}, fault.CodeSchema},
		"a member that is null":                    {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, "null", 1)}, fault.CodeSchema},
		"half a surrogate pair":                    {[]string{"settlement:Issue", strings.Replace(issue, "Bank", `\ud800`, 1)}, fault.CodeInvalid},
		"a currency of 250 KB":                     {[]string{"settlement:Issue", strings.Replace(issue, "USD", strings.Repeat("a", 250_000), 1)}, fault.CodeAmountInvalid},
		"a rule of 250 KB":                         {[]string{"shipment:Propose", strings.Replace(proposal, "shipment.violation.temperature-high", strings.Repeat("a", 250_000), 1)}, fault.CodeTermsInvalid},
		"a role of 250 KB":                         {[]string{"participant:AnnounceOrganisation", `{"mspId":"X","name":"x","roles":["` + strings.Repeat("a", 250_000) + `"]}`}, fault.CodeInvalid},
		"a text for a number":                      {[]string{"settlement:Issue", strings.Replace(issue, ":1", `:"1"`, 1)}, fault.CodeSchema},
		"a number for a text":                      {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, "1", 1)}, fault.CodeSchema},
		"an object for a text":                     {[]string{"settlement:Issue", strings.Replace(issue, `"Bank"`, "{}", 1)}, fault.CodeSchema},
		"a fault quoted in a member's name":        {[]string{"settlement:Issue", strings.Replace(issue, "{", `{"{\"fault\":1,\"kind\":\"internal\",\"code\":\"internal\"}":1,`, 1)}, fault.CodeSchema},
		"a fault quoted in a value":                {[]string{"settlement:Issue", strings.Replace(issue, ":1", `:"{\"fault\":1,\"kind\":\"refused\",\"code\":\"x\"}"`, 1)}, fault.CodeSchema},
		"readings: a name in another case":         {[]string{"shipment:RecordReadings", `{"ShipmentId":"s","deviceId":"d","envelopes":[]}`}, fault.CodeSchema},
		"readings: a name in two cases":            {[]string{"shipment:RecordReadings", `{"shipmentId":"s","ShipmentId":"s","deviceId":"d","envelopes":[]}`}, fault.CodeDuplicateKey},
		"readings: a name and its Go twin":         {[]string{"shipment:RecordReadings", `{"shipmentId":"s","ſhipmentId":"t","deviceId":"d","envelopes":[]}`}, fault.CodeSchema},
		"readings: the name only inside a value":   {[]string{"shipment:RecordReadings", `{"shipmentid":"\"shipmentId\"","deviceId":"d","envelopes":[]}`}, fault.CodeSchema},
		"readings: a missing name":                 {[]string{"shipment:RecordReadings", `{"shipmentId":"s","envelopes":[]}`}, fault.CodeSchema},
		"readings: an unknown name":                {[]string{"shipment:RecordReadings", `{"shipmentId":"s","deviceId":"d","envelopes":[],"x":1}`}, fault.CodeSchema},
		"readings: a missing list":                 {[]string{"shipment:RecordReadings", `{"shipmentId":"s","deviceId":"d","envelopes":null}`}, fault.CodeSchema},
		"readings: an object for a list":           {[]string{"shipment:RecordReadings", `{"shipmentId":"s","deviceId":"d","envelopes":{}}`}, fault.CodeSchema},
		"readings: an envelope that is a number":   {[]string{"shipment:RecordReadings", readings("1")}, fault.CodeSchema},
		"readings: an envelope that is null":       {[]string{"shipment:RecordReadings", readings("null")}, fault.CodeSchema},
		"readings: an envelope's name in its case": {[]string{"shipment:RecordReadings", readings(`{"PayloadType":"","payload":"","signatures":[]}`)}, fault.CodeSchema},
		"readings: an envelope's name twice":       {[]string{"shipment:RecordReadings", readings(`{"payloadType":"","payload":"","payload":"","signatures":[]}`)}, fault.CodeDuplicateKey},
		"readings: an envelope without a name":     {[]string{"shipment:RecordReadings", readings(`{"payload":"","signatures":[]}`)}, fault.CodeSchema},
		"readings: a signature's name in its case": {[]string{"shipment:RecordReadings", readings(`{"payloadType":"","payload":"","signatures":[{"keyId":"","sig":""}]}`)}, fault.CodeSchema},
		"readings: a signature more":               {[]string{"shipment:RecordReadings", readings(`{"payloadType":"","payload":"","signatures":[{"keyid":"","sig":"","x":1}]}`)}, fault.CodeSchema},
		"readings: no envelopes":                   {[]string{"shipment:RecordReadings", readings("")}, fault.CodeInvalid},
		"readings: 17 envelopes":                   {[]string{"shipment:RecordReadings", readings(strings.TrimSuffix(strings.Repeat(`{"payloadType":"","payload":"","signatures":[]},`, 17), ","))}, fault.CodeInvalid},
		"terms: a limit's name in another case":    {[]string{"shipment:Propose", strings.Replace(proposal, `"limitId"`, `"limitID"`, 1)}, fault.CodeSchema},
		"terms: a limit's name twice":              {[]string{"shipment:Propose", strings.Replace(proposal, `"limitId"`, `"limitId":"a","limitId"`, 1)}, fault.CodeDuplicateKey},
		"terms: a fraction at depth":               {[]string{"shipment:Propose", strings.Replace(proposal, "40000", "40000.5", 1)}, fault.CodeNotJSON},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Submit(maker, c.args[0], c.args[1:]...)
			var cc *ledgertest.ChaincodeError
			if !errors.As(err, &cc) || cc.Status != shim.ERROR {
				t.Fatalf("got %v, want %s", err, c.want)
			}
			if f, ok := fault.Parse(err.Error()); !ok || f.Code != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if len(err.Error()) > 1000 {
				t.Errorf("the refusal has %d bytes", len(err.Error()))
			}
		})
	}
	if l.Height() != height || len(l.Keys()) != keys {
		t.Error("something was changed")
	}
	if _, err := l.Submit(maker, "settlement:Issue", issue+strings.Repeat(" ", api.MaxArgument-len(issue))); err != nil {
		t.Errorf("256 KB exactly: %v", err)
	}
}

const proposal = `{"shipmentId":"s","terms":{"ruleSet":"shipment-1","consignor":"ManufacturerMSP","consignee":"ServiceMSP","payer":"ManufacturerMSP","currency":"USD",` +
	`"legs":[{"carrier":"ShipperMSP","feeMinor":1}],"goods":[],"devices":["d"],"limits":[{"limitId":"a","rule":"shipment.violation.temperature-high","milli":40000,` +
	`"onDelayMs":0,"offDelayMs":0,"penaltyMinor":1}],"lateRecordingSeconds":0,"settleAfterSeconds":0}}`

// rogue is a contract that does what ours must not.
type rogue struct{ contract.Base }

func (*rogue) Panic(*contract.Context, *api.PingRequest) (*api.Pong, error) { panic("boom") }
func (*rogue) Long(*contract.Context, *api.PingRequest) (*api.Pong, error) {
	return &api.Pong{Version: strings.Repeat("x", 1<<20)}, nil
}
func (*rogue) Nil(*contract.Context, *api.PingRequest) (*api.Pong, error) { return nil, nil }
func (*rogue) Fail(*contract.Context, *api.PingRequest) (*api.Pong, error) {
	return nil, errors.New("secret: the password is in the cause")
}
func (*rogue) OutOfRange(_ *contract.Context, in *api.PingRequest) (*api.Pong, error) {
	all := []*api.PingRequest{in}
	return &api.Pong{Version: fmt.Sprint(all[len(all)])}, nil
}
func (*rogue) Ping(*contract.Context, *api.PingRequest) (*api.Pong, error) { return &api.Pong{}, nil }

func newRogue(t *testing.T, named string, transactions ...string) *ledgertest.Ledger {
	t.Helper()
	var list []api.Access
	for _, n := range transactions {
		list = append(list, api.Access{Name: api.Transaction(named + ":" + n), Writes: true})
	}
	g, err := contract.Assemble(list, func() contract.Product { return &rogue{contract.NewBase(named)} })
	if err != nil {
		t.Fatal(err)
	}
	return ledgertest.New(g, ledgertest.Options{})
}

// TestAPanicIsAnInternalFault: a panic leaves contract-api, and nothing in the
// shim would keep it from ending the process on every endorser (fact 6, 12a).
func TestAPanicIsAnInternalFault(t *testing.T) {
	l := newRogue(t, "rogue", "Panic", "OutOfRange", "Ping")
	for _, name := range []string{"rogue:Panic", "rogue:OutOfRange"} {
		_, err := l.Submit(maker, name, "{}")
		if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != fault.CodeInternal || f.Detail != "internal error" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := l.Submit(maker, "rogue:Ping", "{}"); err != nil {
		t.Errorf("after the panics: %v", err)
	}
}

// TestOnlyTheStringSurvives: every error is status 500 with an empty payload, so
// the fault is in the message; a cause is not (facts 3 and 7).
func TestOnlyTheStringSurvives(t *testing.T) {
	l := newRogue(t, "rogue", "Fail", "Nil")
	for name, why := range map[string]string{
		"rogue:Fail": "an error that is no fault",
		"rogue:Nil":  "an answer of nothing, which contract-api sends as an empty payload (fact 7)",
	} {
		tx, err := l.Endorse(maker, name, []string{"{}"})
		if err != nil {
			t.Fatal(err)
		}
		r := tx.Response
		if r.GetStatus() != shim.ERROR || len(r.GetPayload()) != 0 || strings.Contains(r.GetMessage(), "secret") {
			t.Errorf("%s: got %v", why, r)
		}
		if f, ok := fault.Parse(r.GetMessage()); !ok || f.Code != fault.CodeInternal || !strings.HasPrefix(r.GetMessage(), "{") {
			t.Errorf("%s: got %q", why, r.GetMessage())
		}
	}
}

// TestAWriteIsNotSeenByItsOwnTransaction is fact 9: what a transaction writes it
// does not read back. The payer that also carries gets one posting, not two.
func TestAWriteIsNotSeenByItsOwnTransaction(t *testing.T) {
	l := founded(t)
	tx, err := l.Endorse(maker, "settlement:Issue", []string{issue})
	if err != nil || tx.Err() != nil {
		t.Fatal(err, tx.Err())
	}
	seen := make(map[string]bool)
	for _, w := range tx.RWSet.GetWrites() {
		if seen[w.GetKey()] {
			t.Errorf("%q is written twice", w.GetKey())
		}
		seen[w.GetKey()] = true
	}
	if l.State(ledgertest.Key("account", "ManufacturerMSP", "USD", "00")) != nil {
		t.Error("an endorsement alone has changed the state")
	}
}

// TestOneEventForEachTransaction is fact 11: there is room for one event, so a
// transaction that writes emits exactly one and a read emits none.
func TestOneEventForEachTransaction(t *testing.T) {
	for _, s := range scenarios(t) {
		steps, err := scenario.Run(s, scenario.NewFake(newGuard(t)), "r1", "USD")
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range steps {
			if step.Err == nil && step.Outcome.RWSet != nil && (step.Outcome.Event == nil || len(step.Outcome.RWSet.GetWrites()) == 0) {
				t.Errorf("%s: %s announced or wrote nothing", s.Name, step.Text)
			}
		}
	}
}

// TestTheClockIsBounded is fact 10: the time is the client's, so a peer's window
// bounds it on both sides, and the contract takes none that is none.
func TestTheClockIsBounded(t *testing.T) {
	l := founded(t)
	for _, off := range []time.Duration{-16 * time.Minute, 16 * time.Minute} {
		if tx, err := l.Propose(ledgertest.Call{As: maker, Fn: "settlement:Issue", Args: []string{issue}, Time: l.Now().Add(off)}); err == nil {
			t.Errorf("a proposal %v off was taken: %v", off, tx.Response)
		}
	}
	ancient := ledgertest.New(newGuard(t), ledgertest.Options{Start: time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC)})
	_, err := ancient.Evaluate(maker, "participant:Ping", "{}")
	if f, ok := fault.Parse(fmt.Sprint(err)); !ok || f.Code != fault.CodeTimeInvalid {
		t.Errorf("got %v", err)
	}
}

// FuzzInvoke: whatever the arguments, the guard answers a result or a fault, the
// same one twice, and never ends the process.
func FuzzInvoke(f *testing.F) {
	f.Add("settlement:Issue", issue, "key", uint8(3))
	f.Add("shipment:Propose", proposal, "", uint8(2))
	f.Add("shipment:RecordReadings", `{"shipmentId":"s","deviceId":"d","envelopes":[{"payloadType":"a","payload":"b","signatures":[{"keyid":"c","sig":"d"}]}]}`, "", uint8(2))
	f.Add("participant:RegisterDevice", `{"deviceId":"d","algorithm":"Ed25519","publicKey":"","proof":{"payloadType":"a","payload":"b","signatures":[]}}`, "k", uint8(3))
	f.Add("org.hyperledger.fabric:GetMetadata", "", "", uint8(1))
	f.Add("component:History", `{"of":"c","limit":1,"cursor":"AA"}`, "", uint8(2))
	f.Add("", "\x00", "\xff", uint8(4))
	for _, t := range api.Transactions() {
		f.Add(string(t.Name), "{}", "k", uint8(2))
	}
	l := founded(f)
	f.Fuzz(func(t *testing.T, name, argument, key string, n uint8) {
		args := []string{argument, key, "more"}[:min(int(n), 4)-min(int(n), 1)]
		tx, err := l.Endorse(maker, name, args)
		if err != nil {
			t.Fatal(err)
		}
		switch r := tx.Response; {
		case r.GetStatus() == shim.OK && len(r.GetPayload()) > 0:
		case r.GetStatus() == shim.ERROR && len(tx.RWSet.GetWrites()) == 0:
			f, ok := fault.Parse(r.GetMessage())
			if !ok || f.Kind == fault.Internal {
				t.Fatalf("got %q", r.GetMessage())
			}
		default:
			t.Fatalf("got %v", r)
		}
	})
}
