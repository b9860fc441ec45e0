package api

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/go-cmp/cmp"

	ledgerapi "github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/filter"
	"github.com/lifeledger/lifeledger/chaincode/rules/assembly"
	"github.com/lifeledger/lifeledger/chaincode/rules/authority"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
	"github.com/lifeledger/lifeledger/chaincode/rules/credential"
	"github.com/lifeledger/lifeledger/chaincode/rules/disclosure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/paychannel"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/rules/statement"
	"github.com/lifeledger/lifeledger/chaincode/rules/usage"
	"github.com/lifeledger/lifeledger/gateway/document"
	"github.com/lifeledger/lifeledger/gateway/notary"
	"github.com/lifeledger/lifeledger/gateway/problem"
	"github.com/lifeledger/lifeledger/gateway/redact"
)

// The chaincode's types that openapi.yaml uses as they are.
var records = []any{
	filter.Written{}, ledgerapi.Pong{}, ledgerapi.GetRecords{}, ledgerapi.StoredRecord{}, ledgerapi.StoredRecords{}, ledgerapi.FindRecords{}, ledgerapi.FoundRecords{}, ledgerapi.AnnounceOrganisation{}, ledgerapi.RegisterDevice{}, ledgerapi.RegisterComponent{},
	ledgerapi.ProposeShipment{}, ledgerapi.IssueTokens{}, ledgerapi.RedeemTokens{}, ledgerapi.Recorded{},
	ledgerapi.OrganisationPage{}, ledgerapi.DeviceKeyPage{}, ledgerapi.ComponentEventPage{}, ledgerapi.ShipmentEventPage{},
	ledgerapi.SegmentPage{}, ledgerapi.SessionPage{}, ledgerapi.ForkPage{}, ledgerapi.ExcursionPage{}, ledgerapi.PostingPage{},
	dsse.Envelope{}, dsse.Signature{}, party.Organisation{}, party.Device{}, party.DeviceKey{}, party.KeyEvent{},
	party.RoleChange{}, party.GivenWord{}, ledgerapi.RoleChangePage{}, party.Verification{}, party.Verified{}, ledgerapi.VerificationPage{},
	ledgerapi.PublishStandard{}, party.StandardRef{}, party.Standard{}, ledgerapi.StandardPage{},
	component.Component{}, component.LifeEvent{}, component.Validation{}, component.ValidationBody{}, ledgerapi.ValidationPage{},
	component.TagChallenge{}, component.TagScan{}, component.ScanPosition{}, ledgerapi.TagScanPage{}, component.Finding{}, ledgerapi.FindingPage{},
	component.Authenticity{},
	ledgerapi.IssueCredential{}, credential.Credential{}, credential.Grant{}, credential.CredentialEvent{}, ledgerapi.CredentialPage{}, ledgerapi.CredentialEventPage{},
	statement.Tally{}, ledgerapi.TallyPage{}, party.KeyUse{}, ledgerapi.KeyHolder{}, ledgerapi.QuarantineStatement{}, statement.QuarantinedStatement{},
	ledgerapi.QuarantineEntry{}, ledgerapi.QuarantinePage{}, statement.StatementRecord{}, ledgerapi.StatementPage{}, statement.StatementChain{},
	component.AttachedDocument{}, ledgerapi.DocumentPage{}, component.PledgeRecord{}, ledgerapi.PledgePage{}, component.Retirement{}, component.Material{},
	component.TestReport{}, component.Instrument{}, ledgerapi.TestInstrument{}, ledgerapi.TestPage{}, component.ConcessionRecord{}, ledgerapi.ConcessionPage{},
	component.ProcessRecord{}, ledgerapi.ProcessPage{},
	component.Hold{}, ledgerapi.HoldList{}, component.Recall{}, ledgerapi.IssueRecall{}, ledgerapi.ReleaseRecall{}, ledgerapi.RecallPage{},
	component.Clearance{}, component.ClearedFrom{},
	authority.Delegation{}, authority.Ending{}, ledgerapi.DelegationPage{}, authority.AccessRecord{}, ledgerapi.AccessPage{}, authority.Mandate{}, ledgerapi.MandatePage{},
	authority.Approval{}, authority.GivenConsent{},
	shipment.Shipment{}, shipment.Custody{}, shipment.Handover{}, shipment.JourneyEvent{}, shipment.Terms{}, shipment.Leg{}, shipment.Limit{},
	shipment.Condition{}, shipment.Photograph{}, shipment.Passage{}, shipment.Part{}, shipment.Consolidation{}, ledgerapi.ConsolidateShipments{},
	shipment.ReplacedTerms{}, ledgerapi.ReplacedTermsPage{},
	shipment.Checkpoint{}, shipment.Geofence{}, shipment.Corner{}, shipment.Schedule{}, shipment.Interval{}, shipment.Commercial{},
	shipment.Stream{}, shipment.Unopened{}, party.EncryptionKey{}, ledgerapi.Opened{}, ledgerapi.SegmentOpening{}, ledgerapi.AnnounceEncryptionKey{}, shipment.Session{}, shipment.SessionRecord{}, shipment.Fork{}, party.Suspicion{}, shipment.Watch{}, shipment.Reckoning{}, shipment.Silence{}, shipment.Penalty{}, shipment.Segment{}, shipment.Excursion{}, shipment.Statement{}, shipment.Line{},
	ledgerapi.SimulateShipment{}, ledgerapi.UnsignedRecording{}, shipment.PlannedCustody{}, shipment.Simulation{}, shipment.Template{}, ledgerapi.TemplateList{}, shipment.Tracking{}, shipment.TrackedDevice{}, shipment.Position{}, shipment.Rating{}, shipment.Outcome{},
	shipment.Acknowledgement{}, ledgerapi.AcknowledgementPage{},
	redact.Export{}, redact.Opening{}, redact.RedactedJourney{}, redact.RedactedEvent{}, redact.RedactedExcursion{}, redact.RedactedLine{},
	ledgerapi.AttestParticipation{}, ledgerapi.CheckDisclosure{}, ledgerapi.Disclosure{}, ledgerapi.AttestationPage{}, disclosure.Attestation{}, disclosure.Salted{},
	ledgerapi.OpenChannel{}, ledgerapi.PayerList{}, ledgerapi.ShownProofs{}, ledgerapi.ChannelEventPage{}, ledgerapi.ShownProofsPage{}, ledgerapi.ShipmentPaymentPage{},
	paychannel.PaymentChannel{}, paychannel.ChannelSide{}, paychannel.ChannelKey{}, paychannel.ChannelClaim{}, paychannel.ChannelEvent{},
	paychannel.PaidItem{}, paychannel.ItemList{}, paychannel.ShipmentPayment{},
	shipment.Review{}, shipment.DeliveryAcceptance{}, shipment.Dispute{}, shipment.DisputeClaim{}, shipment.DisputeOffer{}, shipment.DisputeEvidence{},
	assembly.Assembly{}, ledgerapi.AssemblyEventPage{}, ledgerapi.SlotList{}, ledgerapi.UsedPartPage{}, ledgerapi.ScanOutcome{}, ledgerapi.WhereUsed{}, ledgerapi.ComponentUsage{}, ledgerapi.UsageReported{}, assembly.SlotDefinition{},
	assembly.Fill{}, assembly.Removal{}, component.MeterChange{}, assembly.PageMark{}, assembly.Baseline{}, assembly.ScanSummary{}, assembly.AssemblyEvent{}, assembly.Slot{}, ledgerapi.UsedPart{},
	assembly.Difference{}, assembly.Placement{}, usage.Usage{}, usage.Meter{}, usage.Threshold{}, usage.Crossed{}, usage.Count{}, assembly.SlotChange{},
	ledgerapi.ProposeAgreement{}, service.StepPrice{}, service.UsageRate{}, service.Agreement{}, ledgerapi.CoveredComponents{}, service.Care{}, service.OpenRequest{},
	service.Plan{}, service.PlannedTask{}, service.Task{}, service.UsageLimit{}, service.Control{}, service.UsageDue{}, service.PlanChange{}, service.PlanDue{}, ledgerapi.RaisedRequests{}, service.ServiceRequest{}, service.Trigger{}, service.FaultReport{}, service.WorkResult{}, ledgerapi.ConditionReported{}, service.MonitoredCondition{}, service.ControlState{}, ledgerapi.ReportFault{}, ledgerapi.RequestEventPage{}, service.RequestEvent{}, ledgerapi.ServiceStepPage{}, service.ServiceStep{}, service.Measurement{}, service.Bound{}, service.ConsumedPart{}, service.Bill{}, service.ChargedMeter{}, ledgerapi.ServicePaymentPage{}, service.ServicePayment{}, service.PaymentLine{}, service.PartOrder{}, ledgerapi.CertificateForm{}, service.ReleaseCertificate{}, service.Block{},
	ledgerapi.EvidencePage{}, shipment.Due{},
	money.Account{}, money.Posting{}, money.Shard{}, money.Spread{}, money.Credit{}, money.Collection{}, money.Redemption{}, ledgerapi.RequestRedemption{}, ledgerapi.CreditPage{}, problem.Problem{}, problem.FieldError{},
	ledgerapi.EvidencePage{}, shipment.Due{}, shipment.Invoices{}, document.Journey{}, ledgerapi.ProductMemory{}, ledgerapi.MemoryChecked{}, notary.File{}, notary.Endorsement{}, notary.Place{}, shipment.Invoice{}, shipment.InvoiceLine{},
	money.Account{}, money.Posting{}, problem.Problem{}, problem.FieldError{},
}

func readSpec(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile("../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// A schema that stands for one of the chaincode's types has its members, and
// requires those that are always there.
func TestSchemasAreTheRecords(t *testing.T) {
	doc := readSpec(t)
	named := make(map[string]reflect.Type)
	for _, r := range records {
		typ := reflect.TypeOf(r)
		named[strings.Replace(typ.String(), "api.", "ledgerapi.", 1)] = typ
	}
	for name, ref := range doc.Components.Schemas {
		goType, _ := ref.Value.Extensions["x-go-type"].(string)
		if len(ref.Value.Properties) == 0 {
			continue
		}
		typ, ok := named[goType]
		if goType == "" {
			continue // the gateway's own
		}
		if !ok {
			t.Errorf("%s: add %s to the records of this test", name, goType)
			continue
		}
		delete(named, goType)
		members, required := membersOf(typ)
		var have []string
		for member := range ref.Value.Properties {
			have = append(have, member)
		}
		slices.Sort(have)
		if diff := cmp.Diff(members, have); diff != "" {
			t.Errorf("%s and %s:\n%s", goType, name, diff)
		}
		want := slices.Sorted(slices.Values(ref.Value.Required))
		if diff := cmp.Diff(required, want); diff != "" {
			t.Errorf("%s and %s, required:\n%s", goType, name, diff)
		}
	}
	for goType := range named {
		t.Errorf("openapi.yaml does not use %s", goType)
	}
}

func membersOf(typ reflect.Type) (members, required []string) {
	for f := range typ.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" {
			continue
		}
		members = append(members, name)
		if !strings.Contains(options, "omitempty") {
			required = append(required, name)
		}
	}
	slices.Sort(members)
	slices.Sort(required)
	return members, required
}

// Enumerations and bounds are the chaincode's.
func TestBoundsAreTheChaincodes(t *testing.T) {
	doc := readSpec(t)
	enum := func(name string) (words []string) {
		for _, v := range doc.Components.Schemas[name].Value.Enum {
			words = append(words, fmt.Sprint(v))
		}
		return words
	}
	var roles, rules []string
	for _, r := range party.Roles() {
		roles = append(roles, string(r))
	}
	for _, r := range shipment.Rules() {
		rules = append(rules, string(r.ID))
	}
	if diff := cmp.Diff(roles, enum("Role")); diff != "" {
		t.Errorf("roles:\n%s", diff)
	}
	if diff := cmp.Diff(rules, enum("RuleID")); diff != "" {
		t.Errorf("rules:\n%s", diff)
	}
	var algorithms []string
	for _, a := range dsse.Algorithms() {
		algorithms = append(algorithms, string(a))
	}
	if diff := cmp.Diff(algorithms, enum("Algorithm")); diff != "" {
		t.Errorf("algorithms:\n%s", diff)
	}
	terms, limit := doc.Components.Schemas["Terms"].Value, doc.Components.Schemas["Limit"].Value
	for _, c := range []struct {
		name string
		have any
		want any
	}{
		{"ids", *doc.Components.Schemas["ShipmentID"].Value.MaxLength, uint64(party.MaxID)},
		{"amounts", *doc.Components.Schemas["Minor"].Value.Max, float64(money.Max)},
		{"legs", *terms.Properties["legs"].Value.MaxItems, uint64(shipment.MaxLegs)},
		{"goods", *terms.Properties["goods"].Value.MaxItems, uint64(shipment.MaxGoods)},
		{"devices", *terms.Properties["devices"].Value.MaxItems, uint64(shipment.MaxDevices)},
		{"limits", *terms.Properties["limits"].Value.MaxItems, uint64(shipment.MaxLimits)},
		{"waits", *terms.Properties["settleAfterSeconds"].Value.Max, float64(shipment.MaxWaitS)},
		{"delays", *limit.Properties["onDelayMs"].Value.Max, float64(shipment.MaxDelayMs)},
		{"windows", *limit.Properties["windowMs"].Value.Max, float64(shipment.MaxWindowMs)},
		{"signatures", *doc.Components.Schemas["Envelope"].Value.Properties["signatures"].Value.MaxItems, uint64(dsse.MaxSignatures)},
		{"public keys", *doc.Components.Schemas["PublicKey"].Value.MaxLength, uint64(dsse.MaxPublicKey)},
		{"envelopes", *doc.Components.Schemas["Segments"].Value.Properties["envelopes"].Value.MaxItems, uint64(ledgerapi.MaxEnvelopes)},
		{"attested", *doc.Components.Schemas["AttestParticipation"].Value.Properties["shipments"].Value.MaxItems, uint64(disclosure.MaxShipments)},
		{"challenges", *doc.Components.Schemas["OpenChannel"].Value.Properties["challengeSeconds"].Value.Max, float64(paychannel.MaxChallengeS)},
		{"items", *doc.Components.Schemas["PayerList"].Value.Properties["items"].Value.MaxItems, uint64(paychannel.MaxItems)},
		{"idempotency key", *doc.Components.Parameters["IdempotencyKeyParameter"].Value.Schema.Value.MaxLength, uint64(ledgerapi.MaxIdempotencyKey)},
		{"page", *doc.Components.Parameters["LimitParameter"].Value.Schema.Value.Max, float64(ledgerapi.MaxPage)},
	} {
		if diff := cmp.Diff(c.want, c.have); diff != "" {
			t.Errorf("%s:\n%s", c.name, diff)
		}
	}
}

// offLedger are the operations that are posted and write nothing on the ledger.
var offLedger = []string{"SimulateShipment", "CheckMemory", "CheckDisclosure", "GetRecords", "FindRecords", "ExplainRecords", "AcceptParked", "AskQuestion", "ExportQuestion"}

// Every operation says what it is, closes its objects and lists its errors.
func TestContractIsComplete(t *testing.T) {
	doc := readSpec(t)
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			at := method + " " + path
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 {
				t.Errorf("%s: operationId, summary and one tag", at)
			}
			statuses := []string{"400", "401", "403", "406", "429", "500", "503", "504"}
			if method == "POST" {
				statuses = append(statuses, "404", "409", "413", "415", "422")
			}
			if method == "POST" && !slices.Contains(offLedger, op.OperationID) {
				statuses = append(statuses, "202")
			}
			for _, s := range statuses {
				r := op.Responses.Value(s)
				if r == nil {
					t.Errorf("%s: no %s", at, s)
					continue
				}
				if s >= "400" && r.Value.Content["application/problem+json"] == nil {
					t.Errorf("%s: %s is no problem document", at, s)
				}
			}
		}
	}
	for name, ref := range doc.Components.Schemas {
		s := ref.Value
		if s.Type.Is("object") && s.AdditionalProperties.Has == nil {
			t.Errorf("%s: additionalProperties is not said", name)
		}
		if s.Description == "" && s.Example == nil {
			t.Errorf("%s: neither a description nor an example", name)
		}
	}
}
