package supervise

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the test binary be the daemon that the tests kill.
func TestMain(m *testing.M) {
	if dir := os.Getenv("SUPERVISE_DIR"); dir != "" {
		if err := Run(dir, os.Getenv("SUPERVISE_ATTACHED") != ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// quick restarts at once, and gives a process that obeys all the time it needs.
var quick = Timing{Grace: patience, FirstBackoff: 5 * time.Millisecond, LastBackoff: 20 * time.Millisecond, Settled: time.Hour}

// patience is what only a failure reaches, however busy the machine is.
const patience = 3 * time.Minute

func newSupervisor(t *testing.T) *Supervisor {
	t.Helper()
	return newTimed(t, quick)
}

func newTimed(t *testing.T, timing Timing) *Supervisor {
	t.Helper()
	s, err := New(t.TempDir(), timing, t.Logf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Stop)
	return s
}

func script(name string, stage int, text string) Spec {
	return Spec{Name: name, Stage: stage, Args: []string{"sh", "-c", text}, Env: os.Environ()}
}

// until polls a condition, with a deadline that only a failure reaches.
func until(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !cond(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never happened: %s", what)
		}
	}
}

func running(t *testing.T, s *Supervisor, name string) Child {
	t.Helper()
	var c Child
	until(t, name+" runs", func() bool {
		state := s.State()
		c, _ = state.Child(name)
		return c.Status == Running
	})
	return c
}

func TestCrashedChildIsRestarted(t *testing.T) {
	s := newSupervisor(t)
	if err := s.Start([]Spec{script("a", 1, "exec sleep 1000")}); err != nil {
		t.Fatal(err)
	}
	first := running(t, s, "a")
	if err := first.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "another process runs", func() bool {
		state := s.State()
		c, _ := state.Child("a")
		return c.Status == Running && c.Process != first.Process && c.Restarts == 1
	})
	state := s.State()
	if c, _ := state.Child("a"); c.LastExit != "signal: killed" {
		t.Errorf("last exit: %q", c.LastExit)
	}
}

func TestChildThatKeepsEndingIsCounted(t *testing.T) {
	s := newSupervisor(t)
	if err := s.Start([]Spec{script("a", 1, "echo broken; exit 3"), {Name: "b", Args: []string{"/does/not/exist"}}}); err != nil {
		t.Fatal(err)
	}
	until(t, "three restarts of both", func() bool {
		state := s.State()
		a, _ := state.Child("a")
		b, _ := state.Child("b")
		return a.Restarts >= 3 && b.Restarts >= 3 && a.LastExit == "exit status 3" && strings.Contains(b.LastExit, "no such file")
	})
	log, err := os.ReadFile(LogPath(s.dir, "a"))
	if err != nil || !strings.HasPrefix(string(log), "broken\nbroken\n") {
		t.Errorf("log: %q, %v", log, err)
	}
}

func TestStopEndsHigherStagesFirstAndLeavesNothing(t *testing.T) {
	s := newSupervisor(t)
	order := filepath.Join(s.dir, "order")
	note := func(name string, stage int) Spec {
		return script(name, stage, fmt.Sprintf(`trap 'echo %s >> %q; exit' TERM; echo ready; while :; do sleep 0.01; done`, name, order))
	}
	if err := s.Start([]Spec{note("low", 1), note("high", 3), note("middle", 2)}); err != nil {
		t.Fatal(err)
	}
	var children []Child
	for _, name := range []string{"low", "middle", "high"} {
		children = append(children, running(t, s, name))
		until(t, name+" has its trap", func() bool {
			b, _ := os.ReadFile(LogPath(s.dir, name))
			return len(b) > 0
		})
	}
	s.Stop()
	for _, c := range children {
		if c.Process.Alive() {
			t.Errorf("%s is alive", c.Name)
		}
	}
	if b, _ := os.ReadFile(order); string(b) != "high\nmiddle\nlow\n" {
		t.Errorf("order: %q", b)
	}
	if _, err := ReadState(s.dir); !os.IsNotExist(err) {
		t.Errorf("the state file is still there: %v", err)
	}
	if err := s.Start([]Spec{note("late", 1)}); err == nil {
		t.Error("a stopped supervisor started a process")
	}
}

func TestStopKillsTheDeafAndTheFrozenAndTheirChildren(t *testing.T) {
	impatient := quick
	impatient.Grace = 100 * time.Millisecond
	s := newTimed(t, impatient)
	pidFile := filepath.Join(s.dir, "grandchild")
	err := s.Start([]Spec{
		script("deaf", 1, fmt.Sprintf(`trap '' TERM; sleep 1000 & echo $! > %q; wait; sleep 1000`, pidFile)),
		script("frozen", 1, "exec sleep 1000"),
	})
	if err != nil {
		t.Fatal(err)
	}
	deaf, frozen := running(t, s, "deaf"), running(t, s, "frozen")
	var grandchild Process
	until(t, "the grandchild runs", func() bool {
		b, _ := os.ReadFile(pidFile)
		pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err != nil {
			return false
		}
		grandchild, err = Identify(pid)
		return err == nil
	})
	if err := frozen.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	s.Stop()
	for name, p := range map[string]Process{"deaf": deaf.Process, "frozen": frozen.Process, "grandchild": grandchild} {
		if !p.waitGone(patience) {
			t.Errorf("%s is alive", name)
		}
	}
}

// daemon starts the test binary as a supervisor of its own process.
func daemon(t *testing.T, attached bool) (*Client, string, func()) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), strings.Repeat("long-", 30)) // longer than a socket's name may be
	if err := os.MkdirAll(filepath.Join(dir, "logs"), 0o755); err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("SUPERVISE_DIR", dir)
	if attached {
		t.Setenv("SUPERVISE_ATTACHED", "1")
	}
	keep, err := Launch(t.Context(), dir, []string{exe}, attached)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := Connect(dir).Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return Connect(dir), dir, func() { _ = keep.Close() }
}

func startSleepers(t *testing.T, c *Client) *State {
	t.Helper()
	if err := c.Start(t.Context(), script("a", 1, "exec sleep 1000"), script("b", 2, "exec sleep 1000")); err != nil {
		t.Fatal(err)
	}
	var state *State
	until(t, "both run", func() bool {
		var err error
		if state, err = c.State(t.Context()); err != nil {
			t.Fatal(err)
		}
		return len(state.Children) == 2 && state.Children[0].Status == Running && state.Children[1].Status == Running
	})
	return state
}

func expectGone(t *testing.T, state *State) {
	t.Helper()
	for _, c := range state.Children {
		if !c.Process.waitGone(patience) {
			t.Errorf("%s is alive", c.Name)
		}
	}
}

func TestKilledSupervisorLeavesNothing(t *testing.T) {
	c, dir, _ := daemon(t, false)
	state := startSleepers(t, c)
	if err := state.Supervisor.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	expectGone(t, state)
	if _, err := ReadState(dir); err != nil {
		t.Errorf("the state file should tell that the end was not clean: %v", err)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := ReadState(dir); !os.IsNotExist(err) {
		t.Errorf("Shutdown left the state file: %v", err)
	}
}

func TestAttachedSupervisorEndsWithItsStarter(t *testing.T) {
	c, _, letGo := daemon(t, true)
	state := startSleepers(t, c)
	letGo() // what the kernel does when the starter ends
	expectGone(t, state)
	if !state.Supervisor.waitGone(patience) {
		t.Error("the supervisor is alive")
	}
}

func TestShutdownByClient(t *testing.T) {
	c, dir, _ := daemon(t, false)
	state := startSleepers(t, c)
	if err := c.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	expectGone(t, state)
	if state.Supervisor.Alive() {
		t.Error("the supervisor is alive")
	}
	if _, err := os.Stat(filepath.Join(dir, socketFile)); !os.IsNotExist(err) {
		t.Errorf("the socket is still there: %v", err)
	}
	if err := c.Shutdown(t.Context()); err != nil {
		t.Errorf("a second shutdown: %v", err)
	}
}

func TestControlOfAChild(t *testing.T) {
	c, _, _ := daemon(t, false)
	first := startSleepers(t, c)
	child := func() Child {
		state, err := c.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, _ := state.Child("a")
		return got
	}
	do := func(verb string) {
		t.Helper()
		if err := c.Do(t.Context(), verb, "a"); err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
	letter := func() byte { state, _, _ := stat(first.Children[0].Process.PID); return state }
	do("pause")
	until(t, "it is frozen", func() bool { return letter() == 'T' })
	do("resume")
	until(t, "it goes on", func() bool { return letter() == 'S' })
	do("hold")
	until(t, "it is held", func() bool { return child().Status == Held })
	do("release")
	until(t, "it runs again", func() bool { return child().Status == Running })
	do("kill")
	until(t, "it is restarted", func() bool { got := child(); return got.Status == Running && got.Restarts == 2 })
	before := child().Process
	if err := c.Replace(t.Context(), script("a", 1, "exec sleep 2000")); err != nil {
		t.Fatal(err)
	}
	until(t, "it runs with the new command", func() bool {
		got := child()
		return got.Status == Running && got.Process != before && got.Args[2] == "exec sleep 2000"
	})
	if err := c.Do(t.Context(), "kill", "stranger"); err == nil {
		t.Error("a process that nobody knows was killed")
	}
}

func TestClearTouchesOnlyWhatTheStateProves(t *testing.T) {
	s := newSupervisor(t)
	if err := s.Start([]Spec{script("a", 1, "exec sleep 1000")}); err != nil {
		t.Fatal(err)
	}
	stranger := running(t, s, "a").Process
	dir := t.TempDir()
	reused := stranger
	reused.Ticks-- // the number is the same, the process is not
	rebooted := stranger
	rebooted.Boot = "another boot"
	left := &Supervisor{dir: dir, self: Process{PID: 1 << 22, Boot: stranger.Boot}, children: map[string]*child{
		"x": {told: Child{Spec: Spec{Name: "x"}, Process: reused}},
		"y": {told: Child{Spec: Spec{Name: "y"}, Process: rebooted}},
	}}
	if err := left.save(); err != nil {
		t.Fatal(err)
	}
	if err := Clear(dir); err != nil {
		t.Fatal(err)
	}
	if !stranger.Alive() {
		t.Error("a process that was not its own was ended")
	}
}

func TestLogIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.log")
	l, err := openLog(path, 100)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		fmt.Fprintf(l, "line %03d of the log\n", i)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	files, _ := filepath.Glob(path + "*")
	if len(files) != keptLogs+1 {
		t.Errorf("files: %v", files)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() > 100 {
			t.Errorf("%s: %v, %v", f, info.Size(), err)
		}
	}
	if b, _ := os.ReadFile(path); !strings.HasSuffix(string(b), "line 099 of the log\n") {
		t.Errorf("newest: %q", b)
	}
}
