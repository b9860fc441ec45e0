package smartpackage_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/lifeledger/lifeledger/chaincode/dsse"
	"github.com/lifeledger/lifeledger/gateway/smartpackage"
	"github.com/lifeledger/lifeledger/gateway/smartpackage/gatewaytest"
)

// A device's whole life: a key, a registration, readings that are signed and
// kept, and their delivery when there is a gateway.
func Example() {
	if err := deviceLife(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// 2 segments wait
	// 25 readings in 3 segments delivered
}

func deviceLife(ctx context.Context) error {
	key, err := smartpackage.GenerateKey(dsse.Ed25519)
	if err != nil {
		return err
	}
	// In place of a gateway on the network, one in this process.
	gateway := gatewaytest.New("lifeledger/lifeledger", "token")
	client := &smartpackage.Client{
		Base: "https://gateway.example", Token: func() (string, error) { return "token", nil },
		HTTP: &http.Client{Transport: gateway},
	}
	registration, err := smartpackage.NewRegistration("lifeledger/lifeledger", "package-1", "ShipperMSP", key)
	if err != nil {
		return err
	}
	if err := client.Register(ctx, registration); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "package-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	recording := smartpackage.Recording{Ledger: "lifeledger/lifeledger", ShipmentID: "shipment-1", DeviceID: "package-1"}
	recorder, err := smartpackage.OpenRecorder(recording.Dir(dir), recording, key, 10)
	if err != nil {
		return err
	}
	defer func() { _ = recorder.Close() }()
	start := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	for _, reading := range smartpackage.Synthetic(start, time.Second, 25) {
		if err := recorder.Add(reading); err != nil {
			return err
		}
	}
	fmt.Println(recorder.Pending(), "segments wait")
	if err := recorder.End(); err != nil {
		return err
	}
	delivered, err := recorder.Deliver(ctx, client, nil)
	if err != nil {
		return err
	}
	fmt.Println(delivered.Readings, "readings in", delivered.Segments, "segments delivered")
	return nil
}
