package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// simulatedReadings is how many readings a segment of a simulation holds.
const simulatedReadings = 1024

// simulate says what a recording costs under terms. The rules are in this
// program as they are in the chaincode; with -gateway the ledger's own are asked,
// as far as the recording fits into one question. A longer one is never thinned
// out: then the answer would be about another recording.
func (o *options) simulate(ctx context.Context) error {
	if err := need("terms", o.terms, "custody", o.custody, "recording", o.recording); err != nil {
		return err
	}
	terms, err := readTerms(o.terms)
	if err != nil {
		return err
	}
	if o.device == "" && len(terms.Devices) == 1 {
		o.device = terms.Devices[0]
	}
	if err := need("device", o.device); err != nil {
		return err
	}
	readings, err := o.readAll()
	if err != nil {
		return err
	}
	plan, err := planOf(o.custody, readings[0].At)
	if err != nil {
		return err
	}
	payloads, err := o.payloads(readings)
	if err != nil {
		return err
	}
	judge := o.judgeHere
	if o.gateway != "" {
		judge = o.askLedger
	}
	out, err := judge(ctx, api.SimulateShipment{
		ShipmentID: o.shipment, Terms: terms, Custody: plan, Recordings: []api.UnsignedRecording{{DeviceID: o.device, Segments: payloads}},
	})
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(o.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(out)
	}
	return tellSimulation(o.stdout, out)
}

func readTerms(path string) (t shipment.Terms, err error) {
	file, err := os.Open(path)
	if err != nil {
		return t, err
	}
	defer file.Close()
	dec := json.NewDecoder(file)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return t, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// readAll reads the recording, shifted by -start.
func (o *options) readAll() ([]measure.Reading, error) {
	file, err := os.Open(o.recording)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	part, err := o.part(file)
	if err != nil {
		return nil, err
	}
	var readings []measure.Reading
	for {
		r, err := part.next()
		switch {
		case errors.Is(err, io.EOF) && len(readings) == 0:
			return nil, fmt.Errorf("%s has no readings", o.recording)
		case errors.Is(err, io.EOF):
			return readings, nil
		case err != nil:
			return nil, fmt.Errorf("%s: %w", o.recording, err)
		}
		readings = append(readings, r)
	}
}

// planOf reads "ShipperMSP=0s,ServiceMSP=5m": who has custody from when on, each
// a time or a duration since the first reading.
func planOf(text string, first int64) (plan []shipment.PlannedCustody, err error) {
	for part := range strings.SplitSeq(text, ",") {
		custodian, from, _ := strings.Cut(part, "=")
		if from == "" {
			return nil, fmt.Errorf("-custody: %q is not custodian=time", part)
		}
		at, err := moment("custody", from, 0, first)
		if err != nil {
			return nil, err
		}
		plan = append(plan, shipment.PlannedCustody{Custodian: custodian, From: measure.At(at)})
	}
	return plan, nil
}

// payloads are the segments as the device would sign them, the last one final.
func (o *options) payloads(readings []measure.Reading) (out []string, err error) {
	s := segment.Segment{Ledger: "simulation/none", ShipmentID: o.shipment, DeviceID: o.device, FirstSequence: 1}
	for len(readings) > 0 {
		n := min(simulatedReadings, len(readings))
		s.Readings, readings = readings[:n], readings[n:]
		for i := range s.Readings {
			s.Readings[i].Sequence = s.FirstSequence + uint64(i)
		}
		s.Final = len(readings) == 0
		payload, err := segment.Encode(&s)
		if err != nil {
			return nil, err
		}
		out = append(out, base64.StdEncoding.EncodeToString(payload))
		s.FirstSequence, s.Previous = s.LastSequence()+1, segment.Hash(payload)
	}
	return out, nil
}

// judgeHere runs the chaincode's rules on this machine.
func (o *options) judgeHere(_ context.Context, in api.SimulateShipment) (shipment.Simulation, error) {
	var recordings []shipment.Recording
	for _, r := range in.Recordings {
		rec := shipment.Recording{DeviceID: r.DeviceID}
		for _, text := range r.Segments {
			payload, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				return shipment.Simulation{}, err
			}
			s, err := segment.Decode(payload)
			if err != nil {
				return shipment.Simulation{}, err
			}
			hash := segment.Hash(payload)
			rec.Batches = append(rec.Batches, shipment.Batch{
				FirstSequence: s.FirstSequence, Previous: hex.EncodeToString(s.Previous[:]), Hash: hex.EncodeToString(hash[:]), Final: s.Final, Readings: s.Readings,
			})
		}
		recordings = append(recordings, rec)
	}
	return shipment.Simulate(in.ShipmentID, in.Terms, in.Custody, recordings)
}

// askLedger has the peers' chaincode judge.
func (o *options) askLedger(ctx context.Context, in api.SimulateShipment) (shipment.Simulation, error) {
	client, err := o.client()
	if err != nil {
		return shipment.Simulation{}, err
	}
	body, err := json.Marshal(in)
	if err != nil {
		return shipment.Simulation{}, err
	}
	if len(body) > api.MaxArgument {
		return shipment.Simulation{}, fmt.Errorf("the question has %d bytes, the ledger takes %d: leave -gateway out, and this program's own rules judge all of it", len(body), api.MaxArgument)
	}
	return client.Simulate(ctx, body)
}

func tellSimulation(w io.Writer, s shipment.Simulation) error {
	found := "excursions"
	if s.Found == 1 {
		found = "excursion"
	}
	fmt.Fprintf(w, "%d readings, %d %s; amounts in minor units of %s\n", s.Readings, s.Found, found, s.Statement.Currency)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if s.Found > 0 {
		fmt.Fprintln(table, "\nlimit\tfrom\tlasted\tworst\treadings\tin custody of\tended\tcosts")
	}
	for _, e := range s.Excursions {
		ended := string(e.Ending)
		if e.Open {
			ended = "still open"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\t%s\t%d\n", e.LimitID, e.OpenedAt, time.Duration(e.DurationMs)*time.Millisecond,
			measure.FormatMilli(e.PeakMilli), e.ReadingsBeyond, e.Custodian, ended, e.PenaltyMinor)
	}
	if hidden := s.Found - len(s.Excursions); hidden > 0 {
		fmt.Fprintf(table, "and %d more\n", hidden)
	}
	fmt.Fprintln(table, "\ncarrier\tfee\texcursions\tpenalties\tpayable\tnot covered")
	for _, l := range s.Statement.Lines {
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\n", l.Carrier, l.FeeMinor, l.Excursions,
			l.PenaltyMinor, l.PayableMinor, l.UncoveredMinor)
	}
	fmt.Fprintf(table, "\n%s gets %d back\n", s.Statement.Payer, s.Statement.RefundMinor)
	return table.Flush()
}
