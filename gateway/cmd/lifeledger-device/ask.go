package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
	"github.com/lifeledger/lifeledger/chaincode/rules/party"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
)

// sameKey refuses when the ledger has another key for the device than ours:
// nothing that ours signs would be taken.
func (o *options) sameKey(ctx context.Context, client *smartpackage.Client, key *smartpackage.Key) error {
	d, err := client.Device(ctx, o.device)
	switch {
	case err != nil:
		return fmt.Errorf("device %s is registered already; its key cannot be compared: %w", o.device, err)
	case d.Status == party.Revoked:
		return fmt.Errorf("device %s is revoked on the ledger: register another device", o.device)
	case d.Key.KeyID != key.Public().ID():
		return fmt.Errorf("device %s is registered with another key, %s, not with %s of %s: use the state directory that holds that key, or register another device",
			o.device, d.Key.KeyID, key.Public().ID(), o.keyPath())
	}
	return nil
}

// mayBegin refuses to sign the first reading of a recording that the ledger
// will not take. A gateway that cannot be reached is not waited for: a device
// records without one as well.
func (o *options) mayBegin(ctx context.Context, client *smartpackage.Client, first int64) error {
	if o.offline {
		return nil
	}
	once := *client
	once.Attempts = 1
	err := o.begins(ctx, &once, first)
	if err != nil && smartpackage.Unanswered(err) && ctx.Err() == nil {
		fmt.Fprintf(o.stderr, "shipment %s was not looked at before signing: %v\n", o.shipment, err)
		return nil
	}
	return err
}

func (o *options) begins(ctx context.Context, client *smartpackage.Client, first int64) error {
	s, err := client.Shipment(ctx, o.shipment)
	switch {
	case refused(err, fault.CodeShipmentUnknown):
		return fmt.Errorf("there is no shipment %s: propose and agree it first, or correct -shipment", o.shipment)
	case err != nil:
		return err
	case s.Status == shipment.Withdrawn || s.Status == shipment.Settled:
		return fmt.Errorf("shipment %s is %s: no readings of it are taken any more", o.shipment, s.Status)
	case len(s.Custody) == 0:
		return fmt.Errorf("shipment %s is %s, not picked up yet: record the pick-up first, then replay", o.shipment, s.Status)
	}
	pickUp := s.Custody[0].From
	if first < pickUp.UnixMs() {
		return fmt.Errorf("the first reading is of %s, before the pick-up at %s: shift the recording with -start %s or later, or leave its beginning out with -from",
			measure.At(first), pickUp, pickUp)
	}
	if first > time.Now().UnixMilli()+measure.MaxSkewMs {
		return fmt.Errorf("the first reading is of %s, which is in the future: shift the recording with -start, or set the clock", measure.At(first))
	}
	terms, err := client.Terms(ctx, o.shipment)
	switch {
	case err != nil:
		return err
	case terms.Confidential && !o.seal:
		return fmt.Errorf("the terms of shipment %s ask for sealed readings: add -seal", o.shipment)
	}
	stream, err := client.Stream(ctx, o.shipment, o.device)
	switch {
	case refused(err, fault.CodeSegmentDevice):
		return fmt.Errorf("the terms of shipment %s do not name device %s: correct -device or -shipment", o.shipment, o.device)
	case err != nil:
		return err
	case stream.NextSequence > 1 || stream.Ended:
		return fmt.Errorf("the ledger has %d readings of device %s for shipment %s, of which %s knows nothing: use the state directory in which they were recorded",
			stream.Readings, o.device, o.shipment, o.recordingDir())
	}
	return nil
}

// reset forgets what is kept of a recording of which the ledger has nothing.
func (o *options) reset(ctx context.Context) error {
	if err := need("state", o.state, "device", o.device, "shipment", o.shipment, "gateway", o.gateway); err != nil {
		return err
	}
	client, err := o.client()
	if err != nil {
		return err
	}
	stream, err := client.Stream(ctx, o.shipment, o.device)
	switch {
	case refused(err, fault.CodeShipmentUnknown), refused(err, fault.CodeSegmentDevice): // the ledger cannot have anything of it
	case err != nil:
		return err
	case stream.NextSequence > 1 || stream.Ended:
		return fmt.Errorf("the ledger has %d readings of device %s for shipment %s: a recording that began there cannot begin anew", stream.Readings, o.device, o.shipment)
	}
	kept, err := smartpackage.ForgetRecording(o.recordingDir())
	switch {
	case err != nil:
		return err
	case !kept:
		fmt.Fprintf(o.stderr, "nothing is kept of device %s for shipment %s\n", o.device, o.shipment)
	default:
		fmt.Fprintf(o.stderr, "the recording of device %s for shipment %s is forgotten; the next one begins with reading 1\n", o.device, o.shipment)
	}
	return nil
}

func refused(err error, code fault.Code) bool {
	var p *smartpackage.Problem
	return errors.As(err, &p) && p.Code == code
}
