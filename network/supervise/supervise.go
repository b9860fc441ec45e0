// Package supervise owns the processes of a running network: it starts them, restarts
// those that end unasked, keeps their logs, and stops them in order. It knows nothing
// of Fabric; what a process is for is in its [Spec].
// Invariant: no child outlives the supervisor. Each is told by the kernel to die with it.
package supervise

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"
)

// Spec is one process that is to be kept running.
type Spec struct {
	Name string   `json:"name"`
	Args []string `json:"args"`
	Env  []string `json:"env,omitempty"`
	Dir  string   `json:"dir,omitempty"`
	// Stage orders the stop: the highest stage ends first, one stage after the other.
	Stage int `json:"stage"`
	// Kind, Org and Ports are carried for whoever reads the state.
	Kind  string         `json:"kind,omitempty"`
	Org   string         `json:"org,omitempty"`
	Ports map[string]int `json:"ports,omitempty"`
	// Digest of the binary that was started, if its starter cares.
	Digest string `json:"digest,omitempty"`
}

// Status of a child.
type Status string

// A child runs, waits to be restarted, is held down on request, or is stopping for good.
const (
	Running  Status = "running"
	Waiting  Status = "waiting"
	Held     Status = "held"
	Stopping Status = "stopping"
)

// Child is what the state file tells of one process. The environment is left out.
type Child struct {
	Spec
	Process  Process   `json:"process"`
	Status   Status    `json:"status"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	LastExit string    `json:"lastExit,omitempty"`
}

// State is the whole of what a supervisor tells.
type State struct {
	Supervisor Process   `json:"supervisor"`
	Started    time.Time `json:"started"`
	Children   []Child   `json:"children"`
}

// Child finds a child by name.
func (s *State) Child(name string) (Child, bool) {
	i := slices.IndexFunc(s.Children, func(c Child) bool { return c.Name == name })
	if i < 0 {
		return Child{}, false
	}
	return s.Children[i], true
}

// Files of a supervisor inside its directory.
const (
	stateFile  = "supervisor.json"
	socketFile = "supervisor.sock"
	// LogFile is the supervisor's own log.
	LogFile = "logs/supervisor.log"
)

// LogPath is where the output of a child is kept.
func LogPath(dir, name string) string { return filepath.Join(dir, "logs", name+".log") }

// Timing of restarts and stops; tests shorten it.
type Timing struct {
	Grace, FirstBackoff, LastBackoff, Settled time.Duration
}

var defaultTiming = Timing{Grace: 8 * time.Second, FirstBackoff: 200 * time.Millisecond, LastBackoff: 10 * time.Second, Settled: 20 * time.Second}

// Supervisor keeps children running until it is told to stop.
type Supervisor struct {
	dir     string
	timing  Timing
	self    Process
	started time.Time
	logf    func(format string, args ...any)
	spawn   chan func() // work for the one thread that may start children

	mu       sync.Mutex // guards children, their fields and closing
	children map[string]*child
	closing  bool
}

// New makes a supervisor for a directory.
func New(dir string, timing Timing, logf func(string, ...any)) (*Supervisor, error) {
	self, err := Identify(os.Getpid())
	if err != nil {
		return nil, err
	}
	s := &Supervisor{dir: dir, timing: timing, self: self, started: time.Now(), logf: logf, spawn: make(chan func()), children: map[string]*child{}}
	// The kernel ends a child when the *thread* that started it ends. This one never does.
	go func() {
		runtime.LockOSThread()
		for start := range s.spawn {
			start()
		}
	}()
	return s, s.save()
}

// Start takes over processes; one with a known name is left as it is.
func (s *Supervisor) Start(specs []Spec) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return fmt.Errorf("the supervisor is stopping")
	}
	for _, spec := range specs {
		if len(spec.Args) == 0 || spec.Name == "" {
			return fmt.Errorf("process %q has no command", spec.Name)
		}
		if _, known := s.children[spec.Name]; known {
			continue
		}
		c := newChild(s, spec)
		s.children[spec.Name] = c
		go c.keep()
	}
	return s.saveLocked()
}

// Replace stops the named processes and starts them anew, with their new specs.
func (s *Supervisor) Replace(specs []Spec) error {
	var names []string
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	s.Remove(names)
	return s.Start(specs)
}

// Remove stops processes for good and forgets them.
func (s *Supervisor) Remove(names []string) {
	var gone []*child
	s.mu.Lock()
	for _, name := range names {
		if c := s.children[name]; c != nil {
			gone = append(gone, c)
		}
	}
	s.mu.Unlock()
	stopAll(gone)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range gone {
		delete(s.children, c.spec.Name)
	}
	if err := s.saveLocked(); err != nil {
		s.logf("state: %v", err)
	}
}

// Stop ends every child, stage by stage, and removes the state file.
func (s *Supervisor) Stop() {
	s.mu.Lock()
	s.closing = true
	stages := map[int][]*child{}
	for _, c := range s.children {
		stages[c.spec.Stage] = append(stages[c.spec.Stage], c)
	}
	s.mu.Unlock()
	order := make([]int, 0, len(stages))
	for stage := range stages {
		order = append(order, stage)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(b, a) })
	for _, stage := range order {
		stopAll(stages[stage])
	}
	_ = os.Remove(filepath.Join(s.dir, stateFile))
}

func stopAll(children []*child) {
	var wg sync.WaitGroup
	for _, c := range children {
		wg.Go(c.stop)
	}
	wg.Wait()
}

// State is a copy of what the supervisor knows now.
func (s *Supervisor) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stateLocked()
}

func (s *Supervisor) stateLocked() State {
	state := State{Supervisor: s.self, Started: s.started}
	for _, c := range s.children {
		told := c.told
		told.Env = nil
		state.Children = append(state.Children, told)
	}
	slices.SortFunc(state.Children, func(a, b Child) int {
		return cmp.Or(cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Name, b.Name))
	})
	return state
}

func (s *Supervisor) save() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.saveLocked()
}

// saveLocked replaces the state file in one step; s.mu is held.
func (s *Supervisor) saveLocked() error {
	b, err := json.MarshalIndent(s.stateLocked(), "", "  ")
	if err != nil {
		return err
	}
	path := filepath.Join(s.dir, stateFile)
	if err := os.WriteFile(path+".new", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// change edits what is told of a child and saves it.
func (s *Supervisor) change(c *child, edit func(*Child)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	edit(&c.told)
	if err := s.saveLocked(); err != nil {
		s.logf("state: %v", err)
	}
}

// ReadState reads the state file of a directory; os.ErrNotExist means nothing was left running.
func ReadState(dir string) (*State, error) {
	b, err := os.ReadFile(filepath.Join(dir, stateFile))
	if err != nil {
		return nil, err
	}
	var s State
	if err := json.Unmarshal(b, &s); err != nil {
		return nil, fmt.Errorf("%s: %w", stateFile, err)
	}
	return &s, nil
}

// Clear ends whatever a dead supervisor left behind and removes its state file. It
// touches only processes that the state names and that are provably still the same.
func Clear(dir string) error {
	state, err := ReadState(dir)
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	if state.Supervisor.Alive() {
		return fmt.Errorf("the supervisor (process %d) still runs", state.Supervisor.PID)
	}
	var wg sync.WaitGroup
	failed := make([]error, len(state.Children))
	for i, c := range state.Children {
		wg.Go(func() { failed[i] = c.Process.End(defaultTiming.Grace) })
	}
	wg.Wait()
	for i, err := range failed {
		if err != nil {
			return fmt.Errorf("%s: %w", state.Children[i].Name, err)
		}
	}
	_ = os.Remove(filepath.Join(dir, socketFile))
	return os.Remove(filepath.Join(dir, stateFile))
}

// wait sleeps unless the context ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
