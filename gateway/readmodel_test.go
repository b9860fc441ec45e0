package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/projection"
)

func TestThatNothingIsParkedIsSaid(t *testing.T) {
	c := &config.Config{ReadModel: config.ReadModel{SQLite: filepath.Join(t.TempDir(), "readmodel.db")}}
	var out strings.Builder
	if err := parked(t.Context(), c, &out, ""); !errors.Is(err, projection.ErrOther) {
		t.Errorf("of no read model: %v", err)
	}
	model, err := projection.Open(t.Context(), projection.Config{SQLite: c.ReadModel.SQLite})
	if err == nil {
		err = model.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := parked(t.Context(), c, &out, ""); err != nil || out.String() != "nothing is parked\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

func TestTheUsageNamesEveryCommand(t *testing.T) {
	for name := range commands {
		if !strings.Contains(usage, "gateway "+name+" ") {
			t.Errorf("the usage does not name %s", name)
		}
	}
	if !strings.Contains(usage, strings.TrimPrefix(verifyUsage, "usage: ")[:len("gateway verify FILE -roots DIR")]) {
		t.Error("the usage does not name verify as its own usage has it")
	}
}
