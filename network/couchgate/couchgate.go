// Package couchgate lets several peers share one CouchDB server. Fabric names databases
// after channel and chaincode and knows no prefix, so two peers on one server would write
// into the same databases and ruin both. A gate stands between one peer and the server and
// puts a prefix before every name. It owns names only: it keeps nothing, holds no password
// (a peer's own login passes through), and is for development. In production each peer
// has a CouchDB of its own.
//
// Invariant: nothing that passes a gate reaches a database whose name does not begin with
// its prefix, but CouchDB's own system databases.
package couchgate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

// prefixForm keeps prefixes to what may begin the name of a database.
var prefixForm = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// New makes a gate to the server at to.
func New(to *url.URL, prefix string) (http.Handler, error) {
	if !prefixForm.MatchString(prefix) {
		return nil, fmt.Errorf("%q cannot begin the name of a database", prefix)
	}
	if to.Scheme != "http" && to.Scheme != "https" || to.Host == "" || strings.Trim(to.Path, "/") != "" {
		return nil, errors.New("a CouchDB server is named as http://HOST:PORT")
	}
	target := &url.URL{Scheme: to.Scheme, Host: to.Host}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			path := prefixed(r.In.URL.EscapedPath(), prefix)
			// What the peer has escaped stays escaped: ids hold slashes and noughts.
			r.Out.URL.RawPath = path
			r.Out.URL.Path, _ = url.PathUnescape(path)
		},
		ModifyResponse: func(r *http.Response) error {
			if r.Request.URL.Path == "/_all_dbs" && r.StatusCode == http.StatusOK {
				return onlyOwn(r, prefix)
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			// In CouchDB's form, without which a peer would not try again.
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadGateway)
			_ = json.NewEncoder(w).Encode(map[string]string{"error": "bad_gateway", "reason": err.Error()})
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Without it the request's body is closed as the answer begins. The proxy may still be
		// looking for its end then, takes that for an error, and cuts the answer off.
		_ = http.NewResponseController(w).EnableFullDuplex() // a writer that cannot has no such end
		proxy.ServeHTTP(w, r)
	}), nil
}

// prefixed is a path with the prefix before the database's name. What begins with an
// underscore is no database, or one of the server's own.
func prefixed(path, prefix string) string {
	rest, _ := strings.CutPrefix(path, "/")
	if rest == "" || strings.HasPrefix(rest, "_") || strings.HasPrefix(strings.ToUpper(rest), "%5F") {
		return "/" + rest
	}
	return "/" + prefix + rest
}

// onlyOwn leaves of a list of databases those behind this gate, under the peer's names.
func onlyOwn(r *http.Response, prefix string) error {
	defer r.Body.Close()
	var all []string
	if err := json.NewDecoder(r.Body).Decode(&all); err != nil {
		return err
	}
	own := []string{}
	for _, name := range all {
		if strings.HasPrefix(name, "_") {
			own = append(own, name)
		} else if rest, ok := strings.CutPrefix(name, prefix); ok {
			own = append(own, rest)
		}
	}
	b, err := json.Marshal(own)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(b))
	r.ContentLength = int64(len(b))
	r.Header.Set("Content-Length", strconv.Itoa(len(b)))
	r.TransferEncoding = nil
	return nil
}

// Drop removes every database of a prefix from a server, whose URL holds the login.
func Drop(ctx context.Context, server *url.URL, prefix string) error {
	if !prefixForm.MatchString(prefix) {
		return fmt.Errorf("%q cannot begin the name of a database", prefix)
	}
	var all []string
	if err := call(ctx, http.MethodGet, server.JoinPath("_all_dbs"), &all); err != nil {
		return err
	}
	for _, name := range all {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if err := call(ctx, http.MethodDelete, server.JoinPath(url.PathEscape(name)), nil); err != nil {
			return fmt.Errorf("database %s: %w", name, err)
		}
	}
	return nil
}

func call(ctx context.Context, method string, to *url.URL, into any) error {
	r, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK && resp.StatusCode != http.StatusAccepted {
		return errors.New(resp.Status)
	}
	if into == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(into)
}
