// The chaincode of lifeledger, served as chaincode-as-a-service: the peer
// connects to this process. It owns the wiring and nothing else. Called with
// -health it asks the process that was started with the same environment.
package main

import (
	"fmt"
	"os"

	"github.com/hyperledger/fabric-chaincode-go/v2/shim"

	"github.com/lifeledger/lifeledger/chaincode/contract"
)

func main() {
	do := serve
	if len(os.Args) == 2 && os.Args[1] == "-health" {
		do = healthy
	}
	if err := do(); err != nil {
		fmt.Fprintln(os.Stderr, "chaincode:", err)
		os.Exit(1)
	}
}

// serve takes its settings from the environment, as Fabric's own samples do:
// CHAINCODE_ID, CHAINCODE_SERVER_ADDRESS, and, unless CHAINCODE_TLS_DISABLED is
// true, CHAINCODE_TLS_KEY and CHAINCODE_TLS_CERT; with CHAINCODE_CLIENT_CA_CERT
// only a peer with a certificate of that authority may connect.
func serve() error {
	guard, err := contract.New()
	if err != nil {
		return err
	}
	tls, err := tlsFromEnv()
	if err != nil {
		return err
	}
	server := &shim.ChaincodeServer{CCID: os.Getenv("CHAINCODE_ID"), Address: os.Getenv("CHAINCODE_SERVER_ADDRESS"), CC: guard, TLSProps: tls}
	if server.CCID == "" || server.Address == "" {
		return fmt.Errorf("CHAINCODE_ID and CHAINCODE_SERVER_ADDRESS must be set")
	}
	return server.Start()
}

func tlsFromEnv() (shim.TLSProperties, error) {
	if os.Getenv("CHAINCODE_TLS_DISABLED") == "true" {
		return shim.TLSProperties{Disabled: true}, nil
	}
	var p shim.TLSProperties
	var err error
	if p.Key, err = file("CHAINCODE_TLS_KEY"); err != nil {
		return p, err
	}
	if p.Cert, err = file("CHAINCODE_TLS_CERT"); err != nil {
		return p, err
	}
	if os.Getenv("CHAINCODE_CLIENT_CA_CERT") != "" {
		p.ClientCACerts, err = file("CHAINCODE_CLIENT_CA_CERT")
	}
	return p, err
}

func file(variable string) ([]byte, error) {
	b, err := os.ReadFile(os.Getenv(variable))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", variable, err)
	}
	return b, nil
}
