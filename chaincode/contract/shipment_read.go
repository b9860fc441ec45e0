package contract

import (
	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/ledger"
	"github.com/lifeledger/lifeledger/chaincode/rules/shipment"
)

// Get gives a shipment as it is now.
func (*Shipment) Get(ctx *Context, in *api.ShipmentRef) (*shipment.Shipment, error) {
	return ledger.Get(ctx.tx, shipments, in.ShipmentID)
}

// GetTerms gives a shipment's terms.
func (*Shipment) GetTerms(ctx *Context, in *api.ShipmentRef) (*shipment.Terms, error) {
	return ledger.Get(ctx.tx, terms, in.ShipmentID)
}

// History gives a page of a shipment's events, oldest first.
func (*Shipment) History(ctx *Context, in *api.ListRequest) (*api.ShipmentEventPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, shipmentEvents, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ShipmentEventPage{Items: values(p.Items), Next: p.Next}, nil
}

// GetStream says where a device's recording stands.
func (*Shipment) GetStream(ctx *Context, in *api.StreamRef) (*shipment.Stream, error) {
	t, err := ledger.Get(ctx.tx, terms, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	stream, err := loadStream(ctx, in.ShipmentID, in.DeviceID, *t)
	if err != nil {
		return nil, err // contract-api would hold the answer to its schema before it looks at the error
	}
	return &stream, nil
}

// ListSegments gives a page of a device's segments, in order.
func (*Shipment) ListSegments(ctx *Context, in *api.StreamListRequest) (*api.SegmentPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.ShipmentID); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, segments, in.Limit, in.Cursor, in.ShipmentID, in.DeviceID)
	if err != nil {
		return nil, err
	}
	return &api.SegmentPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListExcursions gives a page of a shipment's excursions, by device and opening.
func (*Shipment) ListExcursions(ctx *Context, in *api.ListRequest) (*api.ExcursionPage, error) {
	if _, err := ledger.Get(ctx.tx, shipments, in.Of); err != nil {
		return nil, err
	}
	p, err := ledger.List(ctx.tx, excursions, in.Limit, in.Cursor, in.Of)
	if err != nil {
		return nil, err
	}
	return &api.ExcursionPage{Items: values(p.Items), Next: p.Next}, nil
}

// ListTemplates gives limits to begin terms with; they are the same on every ledger (SH8).
func (*Shipment) ListTemplates(_ *Context, _ *api.TemplateListRequest) (*api.TemplateList, error) {
	return &api.TemplateList{RuleSet: shipment.RuleSet, Items: shipment.Templates()}, nil
}

// Track says where a shipment is and how it does: head, devices, open excursions
// and charges so far (SH15).
func (c *Shipment) Track(ctx *Context, in *api.ShipmentRef) (*shipment.Tracking, error) {
	st, err := c.GetStatement(ctx, in)
	if err != nil {
		return nil, err
	}
	s, t, err := loadShipment(ctx, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	ss, err := loadStreams(ctx, in.ShipmentID, *t)
	if err != nil {
		return nil, err
	}
	tracked := s.Track(*t, ss, *st)
	return &tracked, nil
}

// GetStatement gives the settled statement, or how things stand before it.
func (*Shipment) GetStatement(ctx *Context, in *api.ShipmentRef) (*shipment.Statement, error) {
	settled, found, err := ledger.Find(ctx.tx, statements, in.ShipmentID)
	if err != nil || found && (settled.Final || settled.Interim) {
		return settled, err
	}
	t, err := ledger.Get(ctx.tx, terms, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	ss, err := loadStreams(ctx, in.ShipmentID, *t)
	if err != nil {
		return nil, err
	}
	s, err := ledger.Get(ctx.tx, shipments, in.ShipmentID)
	if err != nil {
		return nil, err
	}
	r, err := loadReview(ctx, in.ShipmentID, *t)
	if err != nil {
		return nil, err
	}
	w := ctx.shipmentWhen()
	st, err := s.Reckon(*t, ss, w)
	if err != nil {
		return nil, err
	}
	st = st.After(*r, w)
	return &st, nil
}
