package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/money"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

func (j *journey) settle(ctx context.Context) error {
	j.say("\n8. Settlement\n")
	var st shipment.Statement
	if err := j.manufacturer.Post(ctx, "/shipments/"+j.shipmentID+"/settlement", nil, &st); err != nil {
		return err
	}
	j.say("   settled by transaction %s…\n", st.TransactionID[:12])
	return nil
}

// rate tells what the settlement did to the carriers' ratings.
func (j *journey) rate(ctx context.Context) error {
	j.say("\n9. Ratings\n")
	j.ratings = nil
	for _, carrier := range []string{j.shipper.MSPID, j.service.MSPID} {
		if err := j.tellRating(ctx, carrier); err != nil {
			return err
		}
	}
	return nil
}

// outcome is what the demo prints with -json.
type outcome struct {
	ShipmentID string               `json:"shipmentId"`
	Readings   int                  `json:"readings"`
	Excursions []shipment.Excursion `json:"excursions"`
	Statement  shipment.Statement   `json:"statement"`
	Simulated  shipment.Simulation  `json:"simulated"` // beforehand
	Tracked    shipment.Tracking    `json:"tracked"`   // before the hand-over
	Ratings    []shipment.Rating    `json:"ratings"`
}

// tell reads everything back from the ledger and prints it for a person.
func (j *journey) tell(ctx context.Context) error {
	o := outcome{ShipmentID: j.shipmentID, Readings: len(j.readings), Excursions: []shipment.Excursion{}, Simulated: j.simulated, Tracked: j.tracked, Ratings: j.ratings}
	path := "/shipments/" + j.shipmentID
	for query := "?limit=100"; query != ""; {
		var page api.ExcursionPage
		if err := j.manufacturer.Get(ctx, path+"/excursions"+query, &page); err != nil {
			return err
		}
		o.Excursions = append(o.Excursions, page.Items...)
		if query = ""; page.Next != "" {
			query = "?limit=100&cursor=" + url.QueryEscape(page.Next)
		}
	}
	if err := j.manufacturer.Get(ctx, path+"/statement", &o.Statement); err != nil {
		return err
	}
	if j.json {
		enc := json.NewEncoder(j.result)
		enc.SetIndent("", "  ")
		return enc.Encode(o)
	}
	j.tellExcursions(o.Excursions)
	j.tellStatement(o.Statement)
	j.say("\nLook yourself: %s%s/excursions and %s/docs\n", j.manufacturer.Base, path, strings.TrimSuffix(j.manufacturer.Base, "/v1"))
	return nil
}

func (j *journey) tellExcursions(es []shipment.Excursion) {
	j.say("\nWhat went wrong: %d excursions\n", len(es))
	if len(es) == 0 {
		return
	}
	j.say("   %-8s %-10s %-9s %12s %10s %9s  %-13s  %s\n", "limit", "from", "after", "worst", "lasted", "readings", "in custody of", "costs")
	for _, e := range es {
		rule, _ := shipment.RuleByID(e.Rule)
		after := time.Duration(e.OpenedAt.UnixMs()-j.readings[0].At) * time.Millisecond
		note := ""
		if e.Ending == shipment.CustodyChanged {
			note = "  (goes on after the hand-over)"
		} else if e.BeyondSince != e.OpenedAt {
			note = "  (went on from before the hand-over)"
		}
		j.say("   %-8s %-10s %-9s %12s %10s %9d  %-13s  %s%s\n", e.LimitID, clock(e.OpenedAt), after.Round(time.Second), valueText(e.PeakMilli, rule.Unit),
			time.Duration(e.DurationMs)*time.Millisecond, e.ReadingsBeyond, strings.TrimSuffix(e.Custodian, "MSP"), tokensText(e.PenaltyMinor), note)
	}
}

func (j *journey) tellStatement(st shipment.Statement) {
	j.say("\nWho pays what\n")
	for _, l := range st.Lines {
		j.say("   %-16s earns %s, less %s at %s: gets %s", l.Carrier, tokensText(l.FeeMinor), countText(l.Excursions), tokensText(l.PenaltyMinor), tokensText(l.PayableMinor))
		if l.UncoveredMinor > 0 {
			j.say(" (%s of penalties are not covered by the fee)", tokensText(l.UncoveredMinor))
		}
		j.say("\n")
	}
	j.say("   %-16s paid %s into escrow, gets %s back\n", st.Payer, tokensText(st.FeesMinor), tokensText(st.RefundMinor))
}

func countText(n int64) string {
	if n == 1 {
		return "1 excursion"
	}
	return fmt.Sprintf("%d excursions", n)
}

func clock(t measure.Time) string { return time.UnixMilli(t.UnixMs()).UTC().Format("15:04:05Z") }

func tokensText(m money.Minor) string {
	return fmt.Sprintf("%d.%02d tokens", int64(m)/100, int64(m)%100)
}

func valueText(milli int64, unit string) string {
	names := map[string]string{"CEL": "°C", "P1": "%", "LUX": "lx", "K40": "g", "DD": "degrees", "F11": "K/min", "SEC": "s"}
	return measure.FormatMilli(milli) + " " + names[unit]
}

func limitText(l shipment.Limit) string {
	r, _ := shipment.RuleByID(l.Rule)
	word := "not above"
	if !r.High {
		word = "not below"
	}
	name := strings.TrimPrefix(string(l.Rule), "shipment.violation.")
	for _, suffix := range []string{"-high", "-low"} {
		name = strings.TrimSuffix(name, suffix)
	}
	text := fmt.Sprintf("%s %s %s", name, word, valueText(l.Milli, r.Unit))
	if l.OnDelayMs > 0 {
		text += fmt.Sprintf(" for longer than %s", time.Duration(l.OnDelayMs)*time.Millisecond)
	}
	return text
}
