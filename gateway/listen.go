package main

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lifeledger/lifeledger/gateway/config"
	"github.com/lifeledger/lifeledger/gateway/httpapi"
	"github.com/lifeledger/lifeledger/gateway/listener"
)

func files(t config.TLS) listener.Files {
	return listener.Files{Certificate: t.Certificate, PrivateKey: t.PrivateKey, ClientRoots: t.ClientRoots}
}

// listen serves until ctx ends or a server or the operations fail; then it takes nothing new on
// and gives the requests under way a bounded time.
func listen(ctx context.Context, c *config.Config, h *httpapi.Handlers, ended <-chan error, log *slog.Logger) error {
	all := []*http.Server{server(c, c.Listen, h.API, log)}
	served := make(chan error, 2)
	go func() { served <- listener.Serve(all[0], files(c.TLS)) }()
	if c.Operations.Listen != "" {
		all = append(all, server(c, c.Operations.Listen, h.Operations, log))
		go func() { served <- listener.Serve(all[1], files(c.Operations.TLS)) }()
	}
	log.Info("gateway started", "listen", c.Listen, "tls", c.TLS.Certificate != "", "operations", c.Operations.Listen, "organisation", c.Organisation, "version", version())
	if c.TLS.Certificate == "" && !config.Loopback(c.Listen) {
		log.Warn("the API is served in plain HTTP beyond this machine: name tls.certificate, or let nobody but a TLS proxy reach it", "listen", c.Listen)
	}
	var failed error
	select {
	case failed = <-served: // it could not listen
	case failed = <-ended:
	case <-ctx.Done():
	}
	log.Info("gateway is ending", "wait", c.Limits.Shutdown)
	bounded, cancel := context.WithTimeout(context.Background(), c.Limits.Shutdown)
	defer cancel()
	for _, s := range all {
		if err := s.Shutdown(bounded); err != nil {
			log.Warn("requests were cut off", "error", err)
			failed = errors.Join(failed, s.Close())
		}
	}
	if errors.Is(failed, context.Canceled) {
		return nil
	}
	return failed
}

func server(c *config.Config, address string, handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Addr: address, Handler: handler,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 15 * time.Second, WriteTimeout: c.Limits.Wait + 3*writeMargin, IdleTimeout: 2 * time.Minute,
		MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
}
