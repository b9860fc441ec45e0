package contract_test

import (
	"testing"

	"github.com/lifeledger/lifeledger/chaincode/api"
	"github.com/lifeledger/lifeledger/chaincode/contract/scenario"
	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/chaincode/rules/component"
)

// TestAScanCostsTheSameWhateverCameBefore: neither the trail nor the findings make
// the next scan read or write more.
func TestAScanCostsTheSameWhateverCameBefore(t *testing.T) {
	l := founded(t)
	key, err := scenario.NewKey(dsse.Ed25519, "part")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Submit(maker, string(api.RegisterComponentTx), argument(t, api.RegisterComponent{ComponentID: "c", PartNumber: "P", Algorithm: dsse.Ed25519, PublicKey: key.Public.Base64(), Location: "DEHAM"})); err != nil {
		t.Fatal(err)
	}
	scan := func(place string) (reads, writes, size int) {
		tx, err := l.Endorse(carrier, string(api.RecordTagScanTx), []string{argument(t, api.RecordTagScan{ComponentID: "c", Place: place, Purpose: component.Check, OccurredAt: l.Now().UTC().Format("2006-01-02T15:04:05Z")})})
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range tx.RWSet.GetWrites() {
			size += len(w.GetValue())
		}
		if r := l.Commit(tx); r[0].Code != 0 {
			t.Fatal(r[0].Code)
		}
		return len(tx.RWSet.GetReads()), len(tx.RWSet.GetWrites()), size
	}
	scan("DEHAM")
	reads, writes, size := scan("NLRTM") // at once elsewhere: a finding
	for range 300 {
		scan("DEHAM")
		scan("NLRTM")
	}
	scan("DEHAM")
	laterReads, laterWrites, laterSize := scan("NLRTM")
	if laterReads != reads || laterWrites != writes {
		t.Errorf("%d reads and %d writes at first, %d and %d after six hundred scans", reads, writes, laterReads, laterWrites)
	}
	if grown := laterSize - size; grown > 20 { // the digits of the numbers
		t.Errorf("what is written grew by %d bytes", grown)
	}
}
