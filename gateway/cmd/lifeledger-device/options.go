package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

type options struct {
	stdout, stderr io.Writer

	state, device, organisation, ledger, algorithm string
	gateway, tokenFile, caFile                     string
	plainHTTP                                      bool
	shipment, recording                            string
	segment                                        int
	start, from, until                             string
	final, offline                                 bool
	step                                           time.Duration
	readings                                       int
	terms, custody                                 string
	json                                           bool
	session, seal                                  bool
	envelopes, key                                 string
}

func (o *options) parse(command string, args []string) error {
	f := flag.NewFlagSet("lifeledger-device "+command, flag.ContinueOnError)
	f.SetOutput(o.stderr)
	if command == "generate" {
		f.StringVar(&o.recording, "recording", "", "CSV `file` to write; default: standard output")
		f.StringVar(&o.start, "start", "2026-01-05T08:00:00.000Z", "`time` of the first reading, RFC 3339 in UTC")
		f.DurationVar(&o.step, "step", time.Second, "time between readings, whole milliseconds")
		f.IntVar(&o.readings, "readings", smartpackage.SyntheticReadings, "number of readings")
		return o.finish(f, args)
	}
	if command == "simulate" {
		o.simulateFlags(f)
		return o.finish(f, args)
	}
	if command == "open" {
		f.StringVar(&o.key, "key", "", "PEM `file` (PKCS #8) with the X25519 key that a party has announced")
		f.StringVar(&o.envelopes, "envelopes", "", "`directory` with the sealed envelopes, one in a file *.json, as replay -envelopes keeps them")
		f.StringVar(&o.recording, "recording", "", "CSV `file` to write what was decrypted to")
		f.StringVar(&o.shipment, "shipment", "", "`id` of the shipment")
		f.StringVar(&o.device, "device", "", "the device's `id`")
		o.gatewayFlags(f, "reveal to the ledger what is not opened there, through the gateway at this base `URL`; default: only decrypt")
		return o.finish(f, args)
	}
	f.StringVar(&o.state, "state", "", "`directory` that keeps the device's key, chain and spool")
	f.StringVar(&o.device, "device", "", "the device's `id`")
	if command != "reset" {
		f.StringVar(&o.algorithm, "algorithm", "Ed25519", "of a new key: Ed25519, ECDSA-P256, ML-DSA-65, Ed25519+ML-DSA-65 or ECDSA-P256+ML-DSA-65")
	}
	if command == "keygen" {
		return o.finish(f, args)
	}
	o.gatewayFlags(f, "the gateway's base `URL`")
	if command != "register" {
		f.StringVar(&o.shipment, "shipment", "", "`id` of the shipment that the device travels with")
	}
	if command == "reset" {
		return o.finish(f, args)
	}
	f.StringVar(&o.organisation, "organisation", "", "`MSP id` of the organisation that registers the device")
	f.StringVar(&o.ledger, "ledger", "", "`channel/chaincode` for which the device signs")
	if command == "register" {
		return o.finish(f, args)
	}
	f.StringVar(&o.recording, "recording", "", "CSV `file` to replay")
	f.IntVar(&o.segment, "segment", smartpackage.DefaultSegmentReadings, "readings in a segment")
	o.partFlags(f)
	f.BoolVar(&o.final, "final", false, "declare the recording ended")
	f.BoolVar(&o.session, "session", false, "sign with a key made for this shipment, which the device's own key vouches for once")
	f.BoolVar(&o.seal, "seal", false, "seal the readings to the parties, as confidential terms ask for")
	f.StringVar(&o.envelopes, "envelopes", "", "`directory` to keep a copy of every signed envelope in")
	f.BoolVar(&o.offline, "offline", false, "sign and keep only, without asking the gateway anything; a later replay without this flag delivers")
	return o.finish(f, args)
}

func (o *options) simulateFlags(f *flag.FlagSet) {
	f.StringVar(&o.terms, "terms", "", "JSON `file` with the terms, as they would be proposed")
	f.StringVar(&o.custody, "custody", "", "who has the goods from when on: `custodian=time,…`, each time RFC 3339 or a duration since the first reading")
	f.StringVar(&o.recording, "recording", "", "CSV `file` to judge")
	f.StringVar(&o.device, "device", "", "`id` of the device that recorded it; default: the only one of the terms")
	f.StringVar(&o.shipment, "shipment", "simulation", "`id` of the shipment, for the names of the excursions")
	f.BoolVar(&o.json, "json", false, "print one JSON document")
	o.partFlags(f)
	o.gatewayFlags(f, "ask the ledger through the gateway at this base `URL`; default: judge here, by the same rules")
}

func (o *options) partFlags(f *flag.FlagSet) {
	f.StringVar(&o.start, "start", "", "shift the recording so that its first reading has this `time`; default: keep its times")
	f.StringVar(&o.from, "from", "", "leave out readings before this `time` (after the shift; RFC 3339, or a duration since the first reading such as 5m)")
	f.StringVar(&o.until, "until", "", "leave out readings at or after this `time`")
}

func (o *options) gatewayFlags(f *flag.FlagSet, gateway string) {
	f.StringVar(&o.gateway, "gateway", "", gateway)
	f.StringVar(&o.tokenFile, "token-file", "", "`file` that holds the bearer token")
	f.StringVar(&o.caFile, "ca-file", "", "PEM `file` of the authorities that the gateway's certificate may come from; default: the system's")
	f.BoolVar(&o.plainHTTP, "plain-http", false, "allow http to another machine, where the token can be read on the way")
}

func (o *options) finish(f *flag.FlagSet, args []string) error {
	if err := f.Parse(args); err != nil {
		return err
	}
	if f.NArg() > 0 {
		err := fmt.Errorf("unexpected argument %q", f.Arg(0))
		fmt.Fprintln(o.stderr, err)
		return err
	}
	return nil
}

// need refuses when a flag that the command needs was not given.
func need(flags ...string) error {
	for i := 0; i < len(flags); i += 2 {
		if flags[i+1] == "" {
			return fmt.Errorf("flag -%s is needed", flags[i])
		}
	}
	return nil
}

func (o *options) keyPath() string {
	return filepath.Join(o.state, "device-"+url.PathEscape(o.device)+".key.pem")
}

// registeredPath marks that the key was registered, so that a replay without
// connection need not ask.
func (o *options) registeredPath() string {
	return filepath.Join(o.state, "device-"+url.PathEscape(o.device)+".registered")
}

// recordingDir is where a recording of this device and shipment is kept.
func (o *options) recordingDir() string {
	return smartpackage.Recording{ShipmentID: o.shipment, DeviceID: o.device}.Dir(o.state)
}

// retrying says once that the gateway does not answer: the attempts that follow
// take their time.
func (o *options) retrying() func(int, error) {
	said := false
	return func(_ int, err error) {
		if !said {
			fmt.Fprintf(o.stderr, "%s does not answer, trying again: %v\n", o.gateway, err)
		}
		said = true
	}
}

func (o *options) client() (*smartpackage.Client, error) {
	c := &smartpackage.Client{Base: o.gateway, PlainHTTP: o.plainHTTP, Retrying: o.retrying()}
	if o.tokenFile != "" {
		c.Token = smartpackage.FileToken(o.tokenFile)
	}
	if o.caFile != "" {
		text, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, err
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s: no certificate in PEM", o.caFile)
		}
		transport, ok := http.DefaultTransport.(*http.Transport)
		if !ok {
			return nil, errors.New("the default transport was replaced")
		}
		transport = transport.Clone()
		transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
		c.HTTP = &http.Client{Transport: transport, Timeout: time.Minute}
	}
	return c, nil
}
