package shipment_test

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Logistic units of the standard journey, when it has any.
const (
	unit      = "340123450000000017"
	otherUnit = "340123450000000024"
)

// enrich gives terms every member that terms may leave out.
func enrich(t *shipment.Terms) {
	at := func(ms int64) measure.Time { return measure.At(pickedUp + ms) }
	t.Arbiter = "CourtMSP"
	t.LogisticUnits = []string{unit, otherUnit}
	t.Checkpoints = []shipment.Checkpoint{
		{CheckpointID: "gate", Location: "DEHAM", When: shipment.Interval{Earliest: at(0), Latest: at(hour)}},
		{CheckpointID: "port", Location: "4012345000009", When: shipment.Interval{Latest: at(2 * hour)}},
	}
	t.Geofences = []shipment.Geofence{{GeofenceID: "corridor", Corners: []shipment.Corner{{}, {LatitudeMilli: 1}, {LongitudeMilli: 1}}}}
	t.Schedule = &shipment.Schedule{
		PickUp: shipment.Interval{Earliest: at(-hour), Latest: at(0)}, Delivery: shipment.Interval{Latest: at(3 * hour)}, LostAfterSeconds: 3600,
	}
	t.Contract = &shipment.Commercial{
		Incoterm: "DAP", IncotermPlace: "Rotterdam, quay 7", CustomerReference: "PO-1", SenderReference: "SO-1", FreightReference: "CMR-1",
		InsuranceProvider: "Insurer", InsurancePolicy: "P-1",
	}
	t.Confidential = true
	t.AcceptWithinSeconds, t.DisputeSeconds = 3600, 7200
	t.Legs[0].DepositMinor, t.Legs[0].From, t.Legs[0].To, t.Legs[0].Seals = 100, "DEHAM", "NLRTM", []string{"SEAL-1", "SEAL-2"}
}

func TestWhatTermsMayLeaveOutIsCheckedWhenItIsThere(t *testing.T) {
	many := func(n int) []string {
		var ids []string
		for i := range n {
			ids = append(ids, "s"+strings.Repeat("i", i))
		}
		return ids
	}
	corners := func(n int) []shipment.Corner {
		var cs []shipment.Corner
		for i := range n {
			cs = append(cs, shipment.Corner{LatitudeMilli: int64(i)})
		}
		return cs
	}
	for name, c := range map[string]struct {
		change func(*shipment.Terms)
		code   fault.Code // "": they are accepted
		field  string
	}{
		"everything is accepted":            {func(*shipment.Terms) {}, "", ""},
		"an arbiter who is a party":         {func(t *shipment.Terms) { t.Arbiter = south }, fault.CodeTermsInvalid, "arbiter"},
		"an arbiter without a name":         {func(t *shipment.Terms) { t.Arbiter = "a b" }, fault.CodeIDInvalid, "arbiter"},
		"a unit with a wrong check digit":   {func(t *shipment.Terms) { t.LogisticUnits[0] = "340123450000000019" }, fault.CodeTermsInvalid, "logisticUnits"},
		"a unit with two digits exchanged":  {func(t *shipment.Terms) { t.LogisticUnits[0] = "340123540000000017" }, fault.CodeTermsInvalid, "logisticUnits"},
		"a unit of 17 digits":               {func(t *shipment.Terms) { t.LogisticUnits[0] = unit[1:] }, fault.CodeTermsInvalid, "logisticUnits"},
		"a unit with a letter":              {func(t *shipment.Terms) { t.LogisticUnits[0] = "34012345000000001O" }, fault.CodeTermsInvalid, "logisticUnits"},
		"a unit twice":                      {func(t *shipment.Terms) { t.LogisticUnits = []string{unit, unit} }, fault.CodeTermsInvalid, "logisticUnits"},
		"too many units":                    {func(t *shipment.Terms) { t.LogisticUnits = make([]string, 51) }, fault.CodeTermsInvalid, "logisticUnits"},
		"a checkpoint called pick-up":       {func(t *shipment.Terms) { t.Checkpoints[0].CheckpointID = "pick-up" }, fault.CodeTermsInvalid, "checkpoints"},
		"a checkpoint called delivery":      {func(t *shipment.Terms) { t.Checkpoints[0].CheckpointID = "delivery" }, fault.CodeTermsInvalid, "checkpoints"},
		"a checkpoint without a name":       {func(t *shipment.Terms) { t.Checkpoints[0].CheckpointID = "" }, fault.CodeIDInvalid, "checkpoints"},
		"a checkpoint twice":                {func(t *shipment.Terms) { t.Checkpoints[1].CheckpointID = "gate" }, fault.CodeTermsInvalid, "checkpoints"},
		"a checkpoint somewhere":            {func(t *shipment.Terms) { t.Checkpoints[0].Location = "Hamburg" }, fault.CodeTermsInvalid, "location"},
		"a checkpoint nowhere":              {func(t *shipment.Terms) { t.Checkpoints[0].Location = "" }, fault.CodeTermsInvalid, "location"},
		"a place with a wrong check digit":  {func(t *shipment.Terms) { t.Checkpoints[0].Location = "4012345000008" }, fault.CodeTermsInvalid, "location"},
		"a place in small letters":          {func(t *shipment.Terms) { t.Checkpoints[0].Location = "deham" }, fault.CodeTermsInvalid, "location"},
		"a country with a digit":            {func(t *shipment.Terms) { t.Checkpoints[0].Location = "D2HAM" }, fault.CodeTermsInvalid, "location"},
		"a place with a digit is accepted":  {func(t *shipment.Terms) { t.Checkpoints[0].Location = "USNY2" }, "", ""},
		"a time that is none":               {func(t *shipment.Terms) { t.Checkpoints[0].When.Latest = "soon" }, fault.CodeTimeInvalid, "checkpoints"},
		"a time written otherwise":          {func(t *shipment.Terms) { t.Checkpoints[0].When.Earliest = "2019-03-24T00:00:00Z" }, fault.CodeTermsInvalid, "checkpoints"},
		"an interval that ends first":       {func(t *shipment.Terms) { t.Checkpoints[0].When.Earliest = measure.At(later) }, fault.CodeTermsInvalid, "checkpoints"},
		"checkpoints due in another order":  {func(t *shipment.Terms) { t.Checkpoints[1].When.Latest = measure.At(pickedUp) }, fault.CodeTermsInvalid, "checkpoints"},
		"a checkpoint without a time":       {func(t *shipment.Terms) { t.Checkpoints[1].When = shipment.Interval{} }, "", ""},
		"too many checkpoints":              {func(t *shipment.Terms) { t.Checkpoints = make([]shipment.Checkpoint, 33); fill(t.Checkpoints) }, fault.CodeTermsInvalid, "checkpoints"},
		"a delivery before the pick-up":     {func(t *shipment.Terms) { t.Schedule.PickUp.Earliest, t.Schedule.PickUp.Latest = measure.At(later), "" }, fault.CodeTermsInvalid, "schedule"},
		"a schedule without times":          {func(t *shipment.Terms) { t.Schedule = &shipment.Schedule{} }, "", ""},
		"lost before it is late":            {func(t *shipment.Terms) { t.Schedule.LostAfterSeconds = -1 }, fault.CodeTermsInvalid, "schedule"},
		"lost after more than a year":       {func(t *shipment.Terms) { t.Schedule.LostAfterSeconds = shipment.MaxWaitS + 1 }, fault.CodeTermsInvalid, "schedule"},
		"a line instead of an area":         {func(t *shipment.Terms) { t.Geofences[0].Corners = corners(2) }, fault.CodeTermsInvalid, "geofences"},
		"an area with too many corners":     {func(t *shipment.Terms) { t.Geofences[0].Corners = corners(33) }, fault.CodeTermsInvalid, "geofences"},
		"an area that stands still":         {func(t *shipment.Terms) { t.Geofences[0].Corners[1] = shipment.Corner{} }, fault.CodeTermsInvalid, "geofences"},
		"an area closed by hand":            {func(t *shipment.Terms) { t.Geofences[0].Corners = append(t.Geofences[0].Corners, shipment.Corner{}) }, fault.CodeTermsInvalid, "geofences"},
		"a corner beyond the pole":          {func(t *shipment.Terms) { t.Geofences[0].Corners[0].LatitudeMilli = 324_000_001 }, fault.CodeTermsInvalid, "geofences"},
		"a corner beyond the antimeridian":  {func(t *shipment.Terms) { t.Geofences[0].Corners[0].LongitudeMilli = -648_000_001 }, fault.CodeTermsInvalid, "geofences"},
		"an area twice":                     {func(t *shipment.Terms) { t.Geofences = append(t.Geofences, t.Geofences[0]) }, fault.CodeTermsInvalid, "geofences"},
		"an incoterm of 2010":               {func(t *shipment.Terms) { t.Contract.Incoterm = "DAT" }, fault.CodeTermsInvalid, "incoterm"},
		"a named place of no incoterm":      {func(t *shipment.Terms) { t.Contract.Incoterm = "" }, fault.CodeTermsInvalid, "incotermPlace"},
		"an empty contract is accepted":     {func(t *shipment.Terms) { *t.Contract = shipment.Commercial{} }, "", ""},
		"a policy with a line break":        {func(t *shipment.Terms) { t.Contract.InsurancePolicy = "a\nb" }, fault.CodeInvalid, "insurancePolicy"},
		"a reference that is too long":      {func(t *shipment.Terms) { t.Contract.SenderReference = strings.Repeat("x", 97) }, fault.CodeInvalid, "senderReference"},
		"a negative time to accept":         {func(t *shipment.Terms) { t.AcceptWithinSeconds = -1 }, fault.CodeTermsInvalid, "acceptWithinSeconds"},
		"more than a year to accept":        {func(t *shipment.Terms) { t.AcceptWithinSeconds = shipment.MaxWaitS + 1 }, fault.CodeTermsInvalid, "acceptWithinSeconds"},
		"a negative dispute":                {func(t *shipment.Terms) { t.DisputeSeconds = -1 }, fault.CodeTermsInvalid, "disputeSeconds"},
		"more than a year of dispute":       {func(t *shipment.Terms) { t.DisputeSeconds = shipment.MaxWaitS + 1 }, fault.CodeTermsInvalid, "disputeSeconds"},
		"lateness at a checkpoint":          {func(t *shipment.Terms) { late(t, "gate", 0) }, "", ""},
		"lateness at the delivery":          {func(t *shipment.Terms) { late(t, shipment.Delivery, 0) }, "", ""},
		"lateness nowhere":                  {func(t *shipment.Terms) { late(t, "", 0) }, fault.CodeTermsInvalid, "limits"},
		"lateness at an unknown checkpoint": {func(t *shipment.Terms) { late(t, "none", 0) }, fault.CodeTermsInvalid, "limits"},
		"lateness without a latest time":    {func(t *shipment.Terms) { t.Checkpoints[0].When = shipment.Interval{}; late(t, "gate", 0) }, fault.CodeTermsInvalid, "limits"},
		"lateness before it is late":        {func(t *shipment.Terms) { late(t, "gate", -1) }, fault.CodeTermsInvalid, "limits"},
		"a negative deposit":                {func(t *shipment.Terms) { t.Legs[0].DepositMinor = -1 }, fault.CodeAmountInvalid, "depositMinor"},
		"deposits beyond every amount":      {func(t *shipment.Terms) { t.Legs[0].DepositMinor = money.Max }, fault.CodeAmountInvalid, "sum"},
		"a leg from somewhere":              {func(t *shipment.Terms) { t.Legs[0].From = "harbour" }, fault.CodeTermsInvalid, "from"},
		"a leg to somewhere":                {func(t *shipment.Terms) { t.Legs[0].To = "harbour" }, fault.CodeTermsInvalid, "to"},
		"a seal twice":                      {func(t *shipment.Terms) { t.Legs[0].Seals = []string{"a", "a"} }, fault.CodeTermsInvalid, "seals"},
		"a seal without a number":           {func(t *shipment.Terms) { t.Legs[0].Seals = []string{""} }, fault.CodeIDInvalid, "seals"},
		"too many seals":                    {func(t *shipment.Terms) { t.Legs[0].Seals = many(17) }, fault.CodeTermsInvalid, "seals"},
	} {
		t.Run(name, func(t *testing.T) {
			terms := agree(sh7())
			enrich(&terms)
			c.change(&terms)
			err := terms.Check()
			wantFault(t, err, c.code)
			if err != nil && fault.From(err).Param("field") != c.field {
				t.Errorf("the fault names field %q, want %q: %v", fault.From(err).Param("field"), c.field, err)
			}
		})
	}
}

func late(t *shipment.Terms, checkpoint string, milli int64) {
	t.Limits[0].Rule, t.Limits[0].CheckpointID, t.Limits[0].Milli = shipment.Late.ID, checkpoint, milli
}

func fill(cs []shipment.Checkpoint) {
	for i := range cs {
		cs[i] = shipment.Checkpoint{CheckpointID: "c" + strings.Repeat("i", i), Location: "DEHAM"}
	}
}

func TestWhatIsDueAndWhen(t *testing.T) {
	terms := agree()
	for _, id := range []string{shipment.PickUp, shipment.Delivery, "gate"} {
		if due := terms.Latest(id); due != "" {
			t.Errorf("without a schedule %s is due at %s", id, due)
		}
	}
	enrich(&terms)
	for id, want := range map[string]measure.Time{
		shipment.PickUp: measure.At(pickedUp), "gate": measure.At(pickedUp + hour), "port": measure.At(pickedUp + 2*hour),
		shipment.Delivery: measure.At(pickedUp + 3*hour), "none": "",
	} {
		if due := terms.Latest(id); due != want {
			t.Errorf("%s is due at %q, want %q", id, due, want)
		}
	}
}

// The examples of GS1's own check digit calculator.
func TestCheckDigitsAreThoseOfGS1(t *testing.T) {
	terms := agree()
	terms.LogisticUnits = []string{"376104250021234569"}
	terms.Legs[0].From = "6291041500213"
	wantFault(t, terms.Check(), "")
	for d := range 10 {
		terms.LogisticUnits[0] = "37610425002123456" + string(rune('0'+d))
		if err := terms.Check(); (err == nil) != (d == 9) {
			t.Errorf("check digit %d: %v", d, err)
		}
	}
}
