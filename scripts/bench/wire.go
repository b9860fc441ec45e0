package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
)

// wire asks REST questions over one connection with next to no work of its own: the
// requests are prepared bytes, as in wrk. The client shares the machine with the gateway, and
// net/http's would cost more than the gateway does for an answer that it has kept.
type wire struct {
	conn net.Conn
	in   *bufio.Reader
}

func dialWire(ctx context.Context, base string) (*wire, error) {
	u, err := url.Parse(base)
	if err != nil {
		return nil, err
	}
	if u.Scheme != "http" {
		return nil, errors.New("the load speaks plain HTTP, but the gateway is at " + base)
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", u.Host)
	if err != nil {
		return nil, err
	}
	return &wire{conn, bufio.NewReaderSize(conn, 8<<10)}, nil
}

// question is the request for a path below the API's base; cache is its Cache-Control.
func (r *rig) question(path, cache string) ([]byte, error) {
	req, err := http.NewRequest(http.MethodGet, r.base+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", r.auth)
	if cache != "" {
		req.Header.Set("Cache-Control", cache)
	}
	var b bytes.Buffer
	err = req.Write(&b)
	return b.Bytes(), err
}

// ask sends a prepared request and reads the answer to its end; anything but 200 is an error.
func (w *wire) ask(question []byte) error {
	if _, err := w.conn.Write(question); err != nil {
		return err
	}
	status, length := "", -1
	for {
		line, err := w.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case status == "":
			status = string(line)
		case len(line) == 0:
			return w.body(status, length)
		default:
			if v, is := bytes.CutPrefix(line, []byte("Content-Length: ")); is {
				if length, err = strconv.Atoi(string(v)); err != nil {
					return err
				}
			}
		}
	}
}

func (w *wire) body(status string, length int) error {
	switch {
	case length < 0:
		return fmt.Errorf("%s: no length", status)
	case status == "HTTP/1.1 200 OK":
		_, err := w.in.Discard(length)
		return err
	}
	text := make([]byte, length)
	_, err := io.ReadFull(w.in, text)
	return errors.Join(fmt.Errorf("%s: %s", status, text), err)
}
