package service_test

import (
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

func certified() service.Certified {
	return service.Certified{
		Form: service.EASAForm1, TrackingNumber: "F-1", Authority: "LBA / Germany", Address: "Dock 4", ComponentID: "c", Description: "Valve",
		StatusWork: "overhauled", Release: "release-to-service", ApprovalReference: "DE.145.0001",
	}
}

func TestWhatIsReleased(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*service.Certified)
		by     service.Signature
		status service.RequestStatus
		code   fault.Code
	}{
		"work that is done":                 {nil, ann, service.Done, ""},
		"work that is not":                  {nil, ann, service.Started, fault.CodeRequestStatus},
		"by a stranger":                     {nil, eve, service.Done, fault.CodeEngineerForeign},
		"another component":                 {func(x *service.Certified) { x.ComponentID = "d" }, ann, service.Done, fault.CodeCertificateInvalid},
		"nothing":                           {func(x *service.Certified) { x.ComponentID = "" }, ann, service.Done, fault.CodeCertificateInvalid},
		"on no form":                        {func(x *service.Certified) { x.Form = "letter" }, ann, service.Done, fault.CodeCertificateInvalid},
		"with no word of block 11":          {func(x *service.Certified) { x.StatusWork = "fine" }, ann, service.Done, fault.CodeCertificateInvalid},
		"as new, on the side of used parts": {func(x *service.Certified) { x.StatusWork = "new" }, ann, service.Done, fault.CodeCertificateInvalid},
		"as new":                            {func(x *service.Certified) { x.StatusWork, x.Release, x.Conformity = "new", "", "approved-design-data" }, ann, service.Done, ""},
		"on both sides":                     {func(x *service.Certified) { x.Conformity = "approved-design-data" }, ann, service.Done, fault.CodeCertificateInvalid},
		"on neither":                        {func(x *service.Certified) { x.Release = "" }, ann, service.Done, fault.CodeCertificateInvalid},
		"by a regulation that nobody names": {func(x *service.Certified) { x.Release = "other-regulation" }, ann, service.Done, fault.CodeCertificateInvalid},
		"by one that block 12 names":        {func(x *service.Certified) { x.Release, x.Remarks = "other-regulation", "TCCA" }, ann, service.Done, ""},
		"with a release that is none":       {func(x *service.Certified) { x.Release = "gone" }, ann, service.Done, fault.CodeCertificateInvalid},
		"with a conformity that is none":    {func(x *service.Certified) { x.Conformity = "some" }, ann, service.Done, fault.CodeCertificateInvalid},
		"without an authority":              {func(x *service.Certified) { x.Authority = "" }, ann, service.Done, fault.CodeInvalid},
		"without a number":                  {func(x *service.Certified) { x.TrackingNumber = "" }, ann, service.Done, fault.CodeIDInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			r := request(t, inspection(), c.status)
			x := certified()
			if c.change != nil {
				c.change(&x)
			}
			next, got, err := r.Certify(x, "P", c.by, at("y", 3))
			wantFault(t, err, c.code)
			if c.code == "" && (next.Certificates != 1 || got.CredentialID != "ann" || got.PartNumber != "P" || got.RequestID != r.RequestID) {
				t.Errorf("%+v", got)
			}
		})
	}
	t.Run("what failed its inspection", func(t *testing.T) {
		r := request(t, inspection(), service.Done)
		result := *r.Result
		result.Outcome = service.Failed
		r.Result = &result
		_, _, err := r.Certify(certified(), "P", ann, at("y", 3))
		wantFault(t, err, fault.CodeCertificateInvalid)
	})
	t.Run("what was put in", func(t *testing.T) {
		r := request(t, exchange(), service.Done)
		x := certified()
		x.ComponentID = "new"
		if _, _, err := r.Certify(x, "S-1", ann, at("y", 3)); err != nil {
			t.Error(err)
		}
	})
}

// The blocks of both forms, by their numbers; the side that does not apply is empty.
func TestTheBlocksOfTheForm(t *testing.T) {
	const numbers = "1 2 3 4 5 6 7 8 9 10 11 12 13a 13b 13c 13d 13e 14a 14b 14c 14d 14e"
	for _, form := range []service.Form{service.EASAForm1, service.FAA8130} {
		for _, made := range []bool{false, true} {
			x := certified()
			x.Form = form
			if made {
				x.StatusWork, x.Release, x.Conformity = "new", "", "approved-design-data"
			}
			_, c, err := request(t, inspection(), service.Done).Certify(x, "P", ann, at("y", 3))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, b := range c.Blocks() {
				got = append(got, b.Number)
				side := strings.HasPrefix(b.Number, "13") && !made || strings.HasPrefix(b.Number, "14") && made
				if b.Name == "" || (b.Value == "") != (side || b.Number == "12") {
					t.Errorf("%s, made %v: %+v", form, made, b)
				}
			}
			if strings.Join(got, " ") != numbers {
				t.Errorf("%v", got)
			}
		}
	}
}

func TestTheOrderOfAPart(t *testing.T) {
	order := func() service.PartOrder { return request(t, exchange(), service.Raised).Order("Maker", at("x", 0)) }
	promised, err := order().Promise(after(5), at("Maker", 1))
	if err != nil || promised.Status != service.Promised || promised.PromisedFor != after(5) {
		t.Fatal(promised, err)
	}
	for name, c := range map[string]struct {
		do   func(service.PartOrder) (service.PartOrder, error)
		want service.OrderStatus
		code fault.Code
	}{
		"delivered, offered to the buyer": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-2", "Maker", "Operator", at("Maker", 2))
		}, service.Delivered, ""},
		"delivered, the buyer's by now": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-1", "Operator", "", at("Maker", 2))
		}, service.Delivered, ""},
		"delivered, of another number": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-3", "Operator", "", at("Maker", 2))
		}, "", fault.CodeServicePart},
		"delivered, and kept": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-1", "Maker", "", at("Maker", 2))
		}, "", fault.CodeOrderNotHanded},
		"delivered, and a stranger's": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-1", "Other", "Operator", at("Maker", 2))
		}, "", fault.CodeOrderNotHanded},
		"delivered by the buyer": {func(o service.PartOrder) (service.PartOrder, error) {
			return o.Deliver("n", "S-1", "Operator", "", at("Operator", 2))
		}, "", fault.CodeServiceNotParty},
		"declined":                        {func(o service.PartOrder) (service.PartOrder, error) { return o.Decline("none left", at("Maker", 2)) }, service.OrderDeclined, ""},
		"declined without a word":         {func(o service.PartOrder) (service.PartOrder, error) { return o.Decline("", at("Maker", 2)) }, "", fault.CodeInvalid},
		"taken back":                      {func(o service.PartOrder) (service.PartOrder, error) { return o.Withdraw(at("Operator", 2)) }, service.OrderOver, ""},
		"taken back by the supplier":      {func(o service.PartOrder) (service.PartOrder, error) { return o.Withdraw(at("Maker", 2)) }, "", fault.CodeServiceNotParty},
		"promised again, for another day": {func(o service.PartOrder) (service.PartOrder, error) { return o.Promise(after(9), at("Maker", 2)) }, service.Promised, ""},
		"promised for no day":             {func(o service.PartOrder) (service.PartOrder, error) { return o.Promise("soon", at("Maker", 2)) }, "", fault.CodeTimeInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			for _, o := range []service.PartOrder{order(), promised} {
				next, err := c.do(o)
				wantFault(t, err, c.code)
				if c.code != "" {
					continue
				}
				if next.Status != c.want {
					t.Errorf("%+v", next)
				}
				if next.Status != service.Promised {
					_, err := c.do(next)
					wantFault(t, err, fault.CodeOrderOver)
				}
			}
		})
	}
}
