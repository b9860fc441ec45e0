package service_test

import (
	"fmt"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/service"
)

func TestAMachineHasOnlySoManyOpenRequests(t *testing.T) {
	c := service.NewCare("m")
	for i := range service.MaxOpen {
		var err error
		if c, err = c.Add(service.OpenRequest{RequestID: fmt.Sprint("r", i), ComponentID: "m", Action: service.Inspect}, t0); err != nil {
			t.Fatal(err)
		}
	}
	_, err := c.Add(service.OpenRequest{RequestID: "one more"}, t0)
	wantFault(t, err, fault.CodeRequestsMany)
	if c = c.Remove("r3", t0); len(c.Open) != service.MaxOpen-1 || c.Has("r3") || !c.Has("r4") {
		t.Errorf("%d are left", len(c.Open))
	}
	if c.Remove("none", t0); len(c.Open) != service.MaxOpen-1 {
		t.Error("something was removed")
	}
}

func TestWhatAnOpenRequestExcuses(t *testing.T) {
	c := service.NewCare("m")
	for _, o := range []service.OpenRequest{{"r1", "p1", "left", service.Replace}, {"r2", "p2", "right", service.Inspect}, {"r3", "p3", "", service.Overhaul}} {
		var err error
		if c, err = c.Add(o, t0); err != nil {
			t.Fatal(err)
		}
	}
	for _, x := range []struct {
		slot, part string
		want       bool
	}{
		{"left", "p1", true}, {"left", "new", true}, {"elsewhere", "p1", true}, {"", "p3", true},
		{"right", "p2", false}, {"right", "new", false}, {"", "new", false}, {"other", "p4", false},
	} {
		if got := c.Covers(x.slot, x.part); got != x.want {
			t.Errorf("slot %q, part %q: %v", x.slot, x.part, got)
		}
	}
}
