package scenario

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/mldsa"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/segment"
)

// device makes a device, an engineer or a machine: its name, its algorithm and, if
// its key comes from the same seed as another's, that other one.
func (r *run) device(verb string, words []string) error {
	name := words[0]
	kind := map[string]string{"device": "device", "engineer": "credential", "machine": "component", "holder": "delegation"}[verb]
	d := &device{id: name + "-" + r.vars["run"], kind: kind, number: 1, chains: make(map[string]*chain), sessions: make(map[string]*Key), said: make(map[string]*saying)}
	d.seed = d.id
	if len(words) == 3 {
		other, err := r.find(words[2])
		if err != nil {
			return err
		}
		d.seed = other.seed
	}
	key, err := NewKey(dsse.Algorithm(words[1]), d.seed)
	if err != nil {
		return err
	}
	r.devices[name] = d
	r.adopt(name, key)
	return nil
}

// adopt makes key the device's present one, and its parts variables.
func (r *run) adopt(name string, key *Key) {
	d := r.devices[name]
	d.key = key
	r.vars[name], r.vars[name+".keyId"], r.vars[name+".publicKey"] = d.id, key.Public.ID(), key.Public.Base64()
}

func (r *run) find(name string) (*device, error) {
	if d, ok := r.devices[name]; ok {
		return d, nil
	}
	return nil, fmt.Errorf("no device is called %q", name)
}

func (r *run) register(number int, org, name string) error {
	d, err := r.find(name)
	if err != nil {
		return err
	}
	return r.announce(number, org, api.RegisterDeviceTx, d, d.key, nil, 1)
}

func (r *run) rotate(number int, org, name, alg string) error {
	d, err := r.find(name)
	if err != nil {
		return err
	}
	next, err := NewKey(dsse.Algorithm(alg), fmt.Sprintf("%s/%d", d.seed, d.number+1))
	if err != nil {
		return err
	}
	if err := r.announce(number, org, api.RotateDeviceKeyTx, d, next, d.key, d.number+1); err != nil {
		return err
	}
	if r.last().Err == nil {
		d.before, d.number = d.key, d.number+1
		clear(d.sessions)
		r.adopt(name, next)
	}
	return nil
}

func (r *run) announce(number int, org string, tx api.Transaction, d *device, key, previous *Key, n uint64) error {
	proof, err := Statement(r.backend.Ledger(), d.id, org, n, key, previous)
	if err != nil {
		return err
	}
	arg, err := json.Marshal(api.RegisterDevice{DeviceID: d.id, Algorithm: key.Public.Algorithm(), PublicKey: key.Public.Base64(), Proof: proof})
	if err != nil {
		return err
	}
	r.submit(number, org, string(tx), string(arg))
	return nil
}

// claim registers a device id with the key of another device and a statement
// about whatever the options say.
func (r *run) claim(number int, words []string) error {
	org, id := words[0], words[1]
	d, err := r.find(words[2])
	if err != nil {
		return err
	}
	about := dsse.KeyStatement{
		Ledger: r.backend.Ledger(), DeviceID: d.id, Organisation: org, KeyNumber: 1,
		Algorithm: d.key.Public.Algorithm(), PublicKey: d.key.Public.Base64(),
	}
	signer := d
	for _, w := range words[3:] {
		name, value, _ := strings.Cut(w, "=")
		switch name {
		case "as":
			about.Organisation = value
		case "device":
			about.DeviceID = value
		case "ledger":
			about.Ledger = value
		case "signer":
			if signer, err = r.find(value); err != nil {
				return err
			}
		default:
			return fmt.Errorf("no option is called %q", name)
		}
	}
	payload, err := about.Encode()
	if err != nil {
		return err
	}
	proof, err := Sign(dsse.KeyStatementType, payload, signer.key)
	if err != nil {
		return err
	}
	arg, err := json.Marshal(api.RegisterDevice{DeviceID: id, Algorithm: about.Algorithm, PublicKey: about.PublicKey, Proof: proof})
	if err != nil {
		return err
	}
	r.submit(number, org, string(api.RegisterDeviceTx), string(arg))
	return nil
}

// recording is one record command, read.
type recording struct {
	readings                                      []measure.Reading
	split                                         int
	final, replay, fork, forge, garbage, unlinked bool
	report, sealed, spoil                         bool
	recipients                                    []string
	skip, at                                      uint64
	strip                                         int // the half of a pair that signs alone; -1: both do
	signer, ledger, shipment, device              string
	from                                          int64
	step                                          time.Duration
	columns                                       []string
}

// record makes envelopes as the device would, spoils them as asked, and sends them.
func (r *run) record(number int, words []string) error { return r.send(number, words, false) }

// report makes an envelope like record, the last one if there are several, and
// reports it as a fork.
func (r *run) report(number int, words []string) error { return r.send(number, words, true) }

func (r *run) send(number int, words []string, report bool) error {
	org, name, shipment := words[0], words[1], words[2]
	d, err := r.find(name)
	if err != nil {
		return err
	}
	rec, err := readOptions(words[3:])
	if err != nil {
		return err
	}
	rec.report = report
	c := d.chains[shipment]
	if c == nil {
		c = &chain{Chain: NewChain()}
		d.chains[shipment] = c
	}
	envelopes, after, err := r.envelopes(d, c, shipment, rec)
	if err != nil {
		return err
	}
	if rec.report {
		arg, err := json.Marshal(api.ReportFork{ShipmentID: shipment, DeviceID: d.id, RecordedSequence: rec.at, Envelope: envelopes[len(envelopes)-1]})
		if err != nil {
			return err
		}
		r.submit(number, org, string(api.ReportForkTx), string(arg))
		return nil
	}
	arg, err := json.Marshal(api.RecordReadings{ShipmentID: shipment, DeviceID: d.id, Envelopes: envelopes})
	if err != nil {
		return err
	}
	r.submit(number, org, string(api.RecordReadingsTx), string(arg))
	if r.last().Err == nil {
		c.before, c.Chain, c.last = c.Chain, after, envelopes
	}
	return nil
}

func (r *run) envelopes(d *device, c *chain, shipment string, rec *recording) ([]dsse.Envelope, Chain, error) {
	at := c.Chain
	switch {
	case rec.replay:
		return c.last, at, nil
	case rec.fork:
		at = c.before
	}
	at.Next += rec.skip
	if rec.unlinked {
		at.Previous = [32]byte{1}
	}
	key := d.key
	if session := d.sessions[shipment]; session != nil {
		key = session
	}
	if rec.signer == "own" {
		key = d.key
	} else if rec.signer != "" {
		signer, err := r.find(rec.signer)
		if err != nil {
			return nil, at, err
		}
		if key = signer.key; signer == d { // its own former key
			key = d.before
		}
	}
	var out []dsse.Envelope
	for parts := slices.Collect(slices.Chunk(rec.readings, rec.split)); len(parts) > 0 || rec.final; {
		var part []measure.Reading
		if len(parts) > 0 {
			part, parts = parts[0], parts[1:]
		}
		last := len(parts) == 0
		s := at.Segment(or(rec.ledger, r.backend.Ledger()), or(rec.shipment, shipment), or(rec.device, d.id), part, rec.final && last)
		e, next, err := at.Seal(s, key)
		if err != nil {
			return nil, at, err
		}
		if rec.sealed {
			if e, next, err = r.seal(c, at, s, key, rec); err != nil {
				return nil, at, err
			}
		}
		if rec.strip >= 0 {
			whole, err := base64.StdEncoding.DecodeString(e.Signatures[0].Sig)
			if err != nil {
				return nil, at, err
			}
			classical := len(whole) - mldsa.MLDSA65SignatureSize
			part := [][]byte{whole[:classical], whole[classical:]}[rec.strip]
			e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(part)
		}
		if rec.garbage {
			if e, err = Sign(segment.PayloadType, []byte("no segment"), key); err != nil {
				return nil, at, err
			}
		}
		if rec.forge {
			e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(make([]byte, 64))
		}
		out, at = append(out, e), next
		if last {
			break
		}
	}
	if len(out) == 0 {
		return nil, at, errors.New("no readings")
	}
	return out, at, nil
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func readOptions(words []string) (*recording, error) {
	rec := &recording{step: time.Second, split: segment.MaxReadings, strip: -1}
	for _, w := range words {
		name, value, _ := strings.Cut(w, "=")
		var err error
		switch name {
		case "from":
			rec.from = measure.Time(value).UnixMs()
		case "step":
			rec.step, err = time.ParseDuration(value)
		case "readings":
			rec.columns = append(rec.columns, value)
		case "split":
			rec.split, err = strconv.Atoi(value)
		case "skip":
			rec.skip, err = strconv.ParseUint(value, 10, 32)
		case "sealed":
			rec.sealed = true
		case "recipients":
			rec.sealed, rec.recipients = true, strings.Split(value, ",")
		case "spoil":
			rec.spoil = true
		case "at":
			rec.at, err = strconv.ParseUint(value, 10, 53)
		case "strip":
			rec.strip, err = strconv.Atoi(value)
		case "signer":
			rec.signer = value
		case "ledger":
			rec.ledger = value
		case "shipment":
			rec.shipment = value
		case "device":
			rec.device = value
		case "final":
			rec.final = true
		case "replay":
			rec.replay = true
		case "fork":
			rec.fork = true
		case "forge":
			rec.forge = true
		case "garbage":
			rec.garbage = true
		case "unlinked":
			rec.unlinked = true
		default:
			err = fmt.Errorf("no option is called %q", name)
		}
		if err != nil {
			return nil, err
		}
	}
	return rec, rec.fill()
}

var metrics = map[string]measure.Metric{
	"temp": measure.Temperature, "humidity": measure.Humidity, "light": measure.Illuminance,
	"x": measure.AccelerationX, "y": measure.AccelerationY, "z": measure.AccelerationZ,
	"pressure": measure.Pressure, "lat": measure.Latitude, "lon": measure.Longitude, "tamper": measure.Tamper, "error": measure.DeviceError,
}

// fill reads the columns, such as temp:[20.5,41]; "-" is no value, and "20*300"
// stands for three hundred values of 20.
func (rec *recording) fill() error {
	for _, column := range rec.columns {
		name, list, _ := strings.Cut(column, ":")
		metric, ok := metrics[name]
		if !ok {
			return fmt.Errorf("no metric is called %q", name)
		}
		var values []string
		for _, v := range strings.Split(strings.Trim(list, "[]"), ",") {
			v, times, repeated := strings.Cut(v, "*")
			n := 1
			if repeated {
				var err error
				if n, err = strconv.Atoi(times); err != nil {
					return err
				}
			}
			values = append(values, slices.Repeat([]string{v}, n)...)
		}
		for i, v := range values {
			if i == len(rec.readings) {
				rec.readings = append(rec.readings, measure.Reading{At: rec.from + int64(i)*rec.step.Milliseconds()})
			}
			if v == "-" {
				continue
			}
			milli, err := measure.ParseMilli(v)
			if err != nil {
				return fmt.Errorf("%s: %w", column, err)
			}
			rec.readings[i].Set(metric, milli)
		}
	}
	return nil
}
