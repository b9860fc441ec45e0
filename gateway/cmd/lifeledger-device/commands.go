package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strings"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

func (o *options) keygen(context.Context) error {
	if err := need("state", o.state, "device", o.device); err != nil {
		return err
	}
	key, err := o.newKey()
	if err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "key %s\nalgorithm %s\npublic key %s\n", key.Public().ID(), key.Public().Algorithm(), key.Public().Base64())
	return nil
}

func (o *options) newKey() (*smartpackage.Key, error) {
	key, err := smartpackage.GenerateKey(dsse.Algorithm(o.algorithm))
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.state, 0o700); err != nil {
		return nil, err
	}
	return key, key.Save(o.keyPath())
}

func (o *options) register(ctx context.Context) error {
	if err := need("state", o.state, "device", o.device, "ledger", o.ledger, "organisation", o.organisation, "gateway", o.gateway); err != nil {
		return err
	}
	key, err := smartpackage.LoadKey(o.keyPath())
	if errors.Is(err, fs.ErrNotExist) {
		key, err = o.newKey()
	}
	if err != nil {
		return err
	}
	registration, err := smartpackage.NewRegistration(o.ledger, o.device, o.organisation, key)
	if err != nil {
		return err
	}
	client, err := o.client()
	if err != nil {
		return err
	}
	var p *smartpackage.Problem
	switch err := client.Register(ctx, registration); {
	case errors.As(err, &p) && p.Code == fault.CodeDeviceExists:
		// By an earlier attempt of ours, or with another key.
		if err := o.sameKey(ctx, client, key); err != nil {
			return err
		}
		fmt.Fprintf(o.stderr, "device %s is registered already\n", o.device)
	case err != nil:
		return err
	default:
		fmt.Fprintf(o.stderr, "device %s registered with key %s\n", o.device, key.Public().ID())
	}
	return os.WriteFile(o.registeredPath(), []byte(key.Public().ID()+"\n"), 0o600)
}

func (o *options) replay(ctx context.Context) error {
	if err := need("state", o.state, "device", o.device, "ledger", o.ledger, "shipment", o.shipment, "recording", o.recording); err != nil {
		return err
	}
	if !o.offline {
		if err := need("gateway", o.gateway); err != nil {
			return err
		}
	}
	file, err := os.Open(o.recording)
	if err != nil {
		return err
	}
	defer file.Close()
	part, err := o.part(file)
	if err != nil {
		return err
	}
	key, err := o.registeredKey(ctx)
	if err != nil {
		return err
	}
	client, err := o.client()
	if err != nil {
		return err
	}
	rec := smartpackage.Recording{Ledger: o.ledger, ShipmentID: o.shipment, DeviceID: o.device}
	if o.session {
		if key, err = o.sessionKey(ctx, client, key); err != nil {
			return err
		}
	}
	var recipients []smartpackage.Recipient
	if o.seal {
		if recipients, err = o.recipients(ctx, client); err != nil {
			return err
		}
	}
	recorder, err := smartpackage.OpenRecorder(rec.Dir(o.state), rec, key, o.segment)
	if err != nil {
		return err
	}
	if o.seal {
		err = recorder.SealTo(recipients)
	}
	if o.envelopes != "" {
		err = errors.Join(err, recorder.KeepCopies(o.envelopes))
	}
	if err != nil {
		return errors.Join(err, recorder.Close())
	}
	return errors.Join(o.record(ctx, recorder, client, part), recorder.Close())
}

// registeredKey is the device's key, registered now unless it was before.
func (o *options) registeredKey(ctx context.Context) (*smartpackage.Key, error) {
	key, err := smartpackage.LoadKey(o.keyPath())
	if o.offline {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errors.New("the device has no key yet: make one with keygen, or register it")
		}
		return key, err
	}
	if err == nil {
		mark, err := os.ReadFile(o.registeredPath())
		if err == nil && strings.TrimSpace(string(mark)) == key.Public().ID() {
			return key, nil
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := o.register(ctx); err != nil {
		return nil, fmt.Errorf("register: %w", err)
	}
	return smartpackage.LoadKey(o.keyPath())
}

// record signs and posts a part of a recording. What an earlier run signed is
// left out, and what it could not deliver is delivered first.
func (o *options) record(ctx context.Context, recorder *smartpackage.Recorder, client *smartpackage.Client, part *part) error {
	signed, skipped, total := 0, 0, smartpackage.Delivered{}
	deliver := func() error {
		if o.offline {
			return nil
		}
		before := total
		_, err := recorder.Deliver(ctx, client, func(d smartpackage.Delivered) {
			total.Segments, total.Readings = before.Segments+d.Segments, before.Readings+d.Readings
			fmt.Fprintf(o.stderr, "%d readings in %d segments delivered\n", total.Readings, total.Segments)
		})
		if err != nil && smartpackage.Unanswered(err) {
			return fmt.Errorf("%d signed segments are kept; the same command delivers them later: %w", recorder.Pending(), err)
		}
		return err
	}
	// Once the first reading is signed, the recording cannot begin anew.
	fresh := recorder.NextSequence() == 1 && recorder.Pending() == 0 && !recorder.Ended()
	for {
		reading, err := part.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.recording, err)
		}
		if reading.At <= recorder.LastReadingMs() {
			skipped++
			continue
		}
		if fresh {
			if err := o.mayBegin(ctx, client, reading.At); err != nil {
				return err
			}
			fresh = false
		}
		if err := recorder.Add(reading); err != nil {
			return err
		}
		signed++
		if !o.offline && recorder.Pending() >= smartpackage.MaxEnvelopes {
			if err := deliver(); err != nil {
				return err
			}
		}
	}
	end := recorder.Flush
	if o.final {
		end = recorder.End
	}
	if fresh && o.final { // it ends before it began
		if err := o.mayBegin(ctx, client, time.Now().UnixMilli()); err != nil {
			return err
		}
	}
	if err := errors.Join(end(), deliver()); err != nil {
		return err
	}
	fmt.Fprintf(o.stdout, "shipment %s, device %s: %d readings signed, %d signed before, %d delivered; the next one is %d\n",
		o.shipment, o.device, signed, skipped, total.Readings, recorder.NextSequence())
	return nil
}

func (o *options) generate(context.Context) error {
	start, err := o.startTime()
	if err != nil {
		return err
	}
	if o.readings < 1 || o.readings > 1_000_000 || o.step < time.Millisecond || o.step%time.Millisecond != 0 {
		return errors.New("-readings has to be 1 to 1,000,000 and -step whole milliseconds")
	}
	readings := smartpackage.Synthetic(start, o.step, o.readings)
	if o.recording == "" {
		return smartpackage.WriteCSV(o.stdout, readings)
	}
	file, err := os.Create(o.recording)
	if err != nil {
		return err
	}
	return errors.Join(smartpackage.WriteCSV(file, readings), file.Close())
}

// part is a recording, shifted and cut to a span of time.
type part struct {
	csv         *smartpackage.CSVReader
	first       *measure.Reading // read ahead, to know the shift
	shift       int64
	from, until int64
}

func (o *options) part(r io.Reader) (*part, error) {
	reader, err := smartpackage.NewCSVReader(bufio.NewReader(r))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.recording, err)
	}
	p := &part{csv: reader, from: math.MinInt64, until: math.MaxInt64}
	first, err := reader.Read()
	if errors.Is(err, io.EOF) {
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.recording, err)
	}
	p.first = &first
	if o.start != "" {
		start, err := o.startTime()
		if err != nil {
			return nil, err
		}
		p.shift = start.UnixMilli() - first.At
	}
	if p.from, err = moment("from", o.from, p.from, first.At+p.shift); err != nil {
		return nil, err
	}
	p.until, err = moment("until", o.until, p.until, first.At+p.shift)
	return p, err
}

func (o *options) startTime() (time.Time, error) {
	t, err := time.Parse(time.RFC3339, o.start)
	if err != nil {
		return t, fmt.Errorf("-start: %q is not RFC 3339, such as 2026-03-01T12:00:00Z", o.start)
	}
	return t, nil
}

// moment reads a time, or a duration since the first reading.
func moment(name, text string, otherwise, first int64) (int64, error) {
	if text == "" {
		return otherwise, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		return first + d.Milliseconds(), nil
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return 0, fmt.Errorf("-%s: %q is neither RFC 3339, such as 2026-03-01T12:00:00Z, nor a duration, such as 5m", name, text)
	}
	return t.UnixMilli(), nil
}

// next gives the next reading of the part, or [io.EOF].
func (p *part) next() (measure.Reading, error) {
	for {
		var reading measure.Reading
		if p.first != nil {
			reading, p.first = *p.first, nil
		} else {
			var err error
			if reading, err = p.csv.Read(); err != nil {
				return reading, err
			}
		}
		reading.At += p.shift
		if reading.At >= p.until {
			return reading, io.EOF
		}
		if reading.At >= p.from {
			return reading, nil
		}
	}
}
