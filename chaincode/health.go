package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// healthy connects to this machine's chaincode as a peer would, and hangs up. It
// trusts exactly the certificate that the chaincode was started with. Whether the
// transactions work, only a peer can ask.
func healthy() error {
	_, port, err := net.SplitHostPort(os.Getenv("CHAINCODE_SERVER_ADDRESS"))
	if err != nil {
		return fmt.Errorf("CHAINCODE_SERVER_ADDRESS: %w", err)
	}
	address, dialer := net.JoinHostPort("localhost", port), &net.Dialer{Timeout: 3 * time.Second}
	props, err := tlsFromEnv()
	if err != nil {
		return err
	}
	if props.Disabled {
		conn, err := dialer.Dial("tcp", address)
		if err != nil {
			return err
		}
		return conn.Close()
	}
	pair, err := tls.X509KeyPair(props.Cert, props.Key)
	if err != nil {
		return err
	}
	conn, err := tls.DialWithDialer(dialer, "tcp", address, exactly(pair))
	if err != nil {
		return err
	}
	return conn.Close()
}

// exactly trusts one certificate, whatever name it is for.
func exactly(pair tls.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, NextProtos: []string{"h2"},
		InsecureSkipVerify: true, // instead of a name, the certificate itself is compared:
		VerifyConnection: func(s tls.ConnectionState) error {
			own, err := x509.ParseCertificate(pair.Certificate[0])
			if err != nil {
				return err
			}
			if len(s.PeerCertificates) == 0 || !s.PeerCertificates[0].Equal(own) {
				return errors.New("somebody else answers: its certificate is not the chaincode's")
			}
			return nil
		},
	}
}
