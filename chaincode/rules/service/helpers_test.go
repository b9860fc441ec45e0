package service_test

import (
	"errors"
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/rules/fault"
	"github.com/lifeledger/lifeledger/chaincode/rules/measure"
)

func measureTime(text string) measure.Time { return measure.Time(text) }

// wantFault: err is a fault of this code, or there is none where code is "".
func wantFault(t testing.TB, err error, code fault.Code) {
	t.Helper()
	var f *fault.Fault
	switch {
	case code == "" && err == nil:
	case code == "" || err == nil || !errors.As(err, &f) || f.Code != code:
		t.Errorf("got %v, want %q", err, code)
	}
}
