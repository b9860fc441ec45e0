package supervise

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// socketPath is a name of the control socket that is short enough for the kernel's
// limit of 108 bytes however long the directory's own name is. close ends its validity.
func socketPath(dir string) (path string, closeDir func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	return fmt.Sprintf("/proc/self/fd/%d/%s", d.Fd(), socketFile), d.Close, nil
}

// Serve answers on the control socket until stop is asked for by the socket or the
// context ends, then stops all children.
func (s *Supervisor) Serve(ctx context.Context) error {
	path, closeDir, err := socketPath(s.dir)
	if err != nil {
		return err
	}
	defer closeDir() //nolint:errcheck // opened only for reading
	_ = os.Remove(filepath.Join(s.dir, socketFile))
	l, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("control socket: %w", err)
	}
	if err := os.Chmod(filepath.Join(s.dir, socketFile), 0o600); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	server := &http.Server{Handler: s.routes(cancel), ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.logf("stopping")
	s.Stop()
	_ = server.Close()
	_ = os.Remove(filepath.Join(s.dir, socketFile))
	s.logf("stopped")
	return err
}

func (s *Supervisor) routes(shutdown func()) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /state", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(s.State())
	})
	mux.HandleFunc("POST /start", specs(s.Start))
	mux.HandleFunc("POST /replace", specs(s.Replace))
	mux.HandleFunc("POST /shutdown", func(http.ResponseWriter, *http.Request) { shutdown() })
	for verb, act := range map[string]func(*child) error{
		"kill":    func(c *child) error { return c.signal(syscall.SIGKILL, false) },
		"hold":    func(c *child) error { return c.signal(syscall.SIGKILL, true) },
		"pause":   func(c *child) error { return c.signal(syscall.SIGSTOP, false) },
		"resume":  func(c *child) error { return c.signal(syscall.SIGCONT, false) },
		"release": func(c *child) error { c.release(); return nil },
	} {
		mux.HandleFunc("POST /children/{name}/"+verb, func(w http.ResponseWriter, r *http.Request) {
			s.mu.Lock()
			c := s.children[r.PathValue("name")]
			s.mu.Unlock()
			if c == nil {
				http.Error(w, "no process is called "+r.PathValue("name"), http.StatusNotFound)
				return
			}
			answer(w, act(c))
		})
	}
	return mux
}

func specs(act func([]Spec) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var list []Spec
		if err := json.NewDecoder(r.Body).Decode(&list); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer(w, act(list))
	}
}

func answer(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusConflict)
	}
}

// ErrNotRunning says that no supervisor answers for the directory.
var ErrNotRunning = errors.New("the network is not running")

// Client asks the supervisor of a directory.
type Client struct {
	dir  string
	http *http.Client
}

// Connect makes a client; it does not ask anything yet.
func Connect(dir string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		path, closeDir, err := socketPath(dir)
		if err != nil {
			return nil, err
		}
		defer closeDir() //nolint:errcheck // opened only for reading
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
	return &Client{dir: dir, http: &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}}
}

// State asks what runs.
func (c *Client) State(ctx context.Context) (*State, error) {
	b, err := c.call(ctx, http.MethodGet, "/state", nil)
	if err != nil {
		return nil, err
	}
	var s State
	return &s, json.Unmarshal(b, &s)
}

// Start hands processes over; those with known names are left as they are.
func (c *Client) Start(ctx context.Context, list ...Spec) error {
	_, err := c.call(ctx, http.MethodPost, "/start", list)
	return err
}

// Replace stops processes and starts them with new specs.
func (c *Client) Replace(ctx context.Context, list ...Spec) error {
	_, err := c.call(ctx, http.MethodPost, "/replace", list)
	return err
}

// Do asks for one of kill, hold, release, pause, resume on a process.
func (c *Client) Do(ctx context.Context, verb, name string) error {
	_, err := c.call(ctx, http.MethodPost, "/children/"+name+"/"+verb, nil)
	return err
}

// Shutdown asks the supervisor to stop everything, waits until it is gone, and clears
// up after one that does not answer. It is no error when nothing runs.
func (c *Client) Shutdown(ctx context.Context) error {
	state, err := ReadState(c.dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if !state.Supervisor.Alive() {
		return Clear(c.dir)
	}
	if _, err := c.call(ctx, http.MethodPost, "/shutdown", nil); err != nil {
		if err := state.Supervisor.Signal(syscall.SIGTERM); err != nil {
			return err
		}
	}
	for state.Supervisor.Alive() {
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return fmt.Errorf("the supervisor (process %d) did not stop in time: %w", state.Supervisor.PID, err)
		}
	}
	return Clear(c.dir)
}

func (c *Client) call(ctx context.Context, method, path string, body any) ([]byte, error) {
	b, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, "http://supervisor"+path, bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w (%v)", ErrNotRunning, err)
	}
	defer resp.Body.Close()
	out, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, errors.New(strings.TrimSpace(string(out)))
	}
	return out, nil
}
