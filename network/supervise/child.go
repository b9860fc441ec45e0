package supervise

import (
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// child keeps one process running. Its goroutine is keep; the rest asks it by channels.
type child struct {
	s     *Supervisor
	spec  Spec
	told  Child         // guarded by s.mu
	hold  bool          // guarded by s.mu: do not restart until released
	quit  chan struct{} // closed once: end for good; guarded by s.mu
	ended bool          // guarded by s.mu: quit is closed
	wake  chan struct{} // restart now
	done  chan struct{} // closed by keep when it returns
}

func newChild(s *Supervisor, spec Spec) *child {
	return &child{s: s, spec: spec, told: Child{Spec: spec, Status: Waiting, Since: time.Now()},
		quit: make(chan struct{}), wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// keep starts the process again and again until it is asked to stop.
func (c *child) keep() {
	defer close(c.done)
	log, err := openLog(LogPath(c.s.dir, c.spec.Name), maxLog)
	if err != nil {
		c.s.logf("%s: no log: %v", c.spec.Name, err)
		log = &logFile{}
	}
	defer log.Close()
	backoff := c.s.timing.FirstBackoff
	for {
		began := time.Now()
		exit := c.once(log)
		if c.quitting() {
			return
		}
		if time.Since(began) > c.s.timing.Settled {
			backoff = c.s.timing.FirstBackoff
		}
		c.s.logf("%s ended unasked: %s; next try in %s", c.spec.Name, exit, backoff)
		if !c.pause(exit, backoff) {
			return
		}
		backoff = min(backoff*2, c.s.timing.LastBackoff)
	}
}

// once runs the process to its end and says how it ended.
func (c *child) once(log *logFile) string {
	cmd := exec.Command(c.spec.Args[0], c.spec.Args[1:]...)
	cmd.Env, cmd.Dir = c.spec.Env, c.spec.Dir
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = time.Second // a grandchild must not keep the pipe open for ever
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	started := make(chan error, 1)
	c.s.spawn <- func() { started <- cmd.Start() }
	if err := <-started; err != nil {
		return err.Error()
	}
	process, err := Identify(cmd.Process.Pid)
	if err != nil {
		c.s.logf("%s: %v", c.spec.Name, err)
	}
	c.s.change(c, func(t *Child) { t.Process, t.Status, t.Since = process, Running, time.Now() })
	gone := make(chan struct{})
	go c.endWhenAsked(cmd.Process.Pid, gone)
	err = cmd.Wait()
	close(gone)
	// Whatever the process itself started goes with it.
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err != nil {
		return err.Error()
	}
	return "exit status 0"
}

// endWhenAsked ends the process group when the child is to quit: politely, then by
// force. The process has not been waited for, so its number is still its own.
func (c *child) endWhenAsked(pid int, gone <-chan struct{}) {
	select {
	case <-gone:
		return
	case <-c.quit:
	}
	_ = syscall.Kill(-pid, syscall.SIGTERM)
	_ = syscall.Kill(-pid, syscall.SIGCONT) // a paused process could not obey
	select {
	case <-gone:
	case <-time.After(c.s.timing.Grace):
		c.s.logf("%s did not end within %s and is killed", c.spec.Name, c.s.timing.Grace)
		_ = syscall.Kill(-pid, syscall.SIGKILL)
	}
}

// pause waits before a restart; false means that there will be none.
func (c *child) pause(exit string, backoff time.Duration) bool {
	c.s.change(c, func(t *Child) {
		t.Process, t.Status, t.Since, t.LastExit = Process{}, Waiting, time.Now(), exit
		if c.hold {
			t.Status = Held
		}
	})
	timer := time.NewTimer(backoff)
	defer timer.Stop()
	for {
		select {
		case <-c.quit:
			return false
		case <-timer.C:
		case <-c.wake:
		}
		if !c.held() {
			c.s.change(c, func(t *Child) { t.Restarts++ })
			return true
		}
	}
}

func (c *child) quitting() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

func (c *child) held() bool {
	c.s.mu.Lock()
	defer c.s.mu.Unlock()
	return c.hold
}

// stop ends the process for good and returns when it is gone.
func (c *child) stop() {
	c.s.mu.Lock()
	if !c.ended {
		c.ended = true
		close(c.quit)
	}
	c.s.mu.Unlock()
	c.s.change(c, func(t *Child) { t.Status = Stopping })
	<-c.done
	c.s.change(c, func(t *Child) { t.Process = Process{} })
}

// signal sends to the process; hold says whether it stays down when it ends by that.
func (c *child) signal(sig syscall.Signal, hold bool) error {
	c.s.mu.Lock()
	c.hold = hold
	process := c.told.Process
	c.s.mu.Unlock()
	if process.PID == 0 {
		if hold {
			c.s.change(c, func(t *Child) { t.Status = Held })
			return nil
		}
		return fmt.Errorf("%s is not running", c.spec.Name)
	}
	return process.Signal(sig)
}

// release lets a held process run again, at once.
func (c *child) release() {
	c.s.mu.Lock()
	c.hold = false
	c.s.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}
