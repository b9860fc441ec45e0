// Command serve runs the stand-in for CouchDB as a process, for tests that start real
// peers on it. It is no database to keep anything in: see package couchstandin.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lifeledger/lifeledger/network/couchstandin"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:5984", "address to answer on")
	dir := flag.String("dir", "", "directory that keeps the databases; empty keeps them in memory")
	flag.Parse()
	// The password is taken from the environment, since anybody sees a command line.
	opt := couchstandin.Options{Dir: *dir, User: os.Getenv("COUCHDB_USER"), Password: os.Getenv("COUCHDB_PASSWORD")}
	if err := run(*listen, opt); err != nil {
		fmt.Fprintln(os.Stderr, "couchdb-stand-in:", err)
		os.Exit(1)
	}
}

func run(listen string, opt couchstandin.Options) error {
	s, err := couchstandin.Open(opt)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("a stand-in for CouchDB, for tests only, answers on %s\n", l.Addr())
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return err
	}
	return s.Close()
}
