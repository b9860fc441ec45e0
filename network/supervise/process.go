package supervise

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Process names one process beyond doubt: a number alone is given again to strangers.
type Process struct {
	PID int `json:"pid"`
	// Ticks is when the process started, in clock ticks since boot, as the kernel has it.
	Ticks uint64 `json:"ticks"`
	// Boot is the kernel's id of this boot.
	Boot string `json:"boot"`
}

// ticksPerSecond is USER_HZ, which Linux fixes at 100 for what it shows to programs.
const ticksPerSecond = 100

// Identify reads what names the process that has this number now.
func Identify(pid int) (Process, error) {
	boot, err := bootID()
	if err != nil {
		return Process{}, err
	}
	_, ticks, err := stat(pid)
	return Process{PID: pid, Ticks: ticks, Boot: boot}, err
}

func bootID() (string, error) {
	b, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(b)), err
}

// stat reads the state letter and the start time from /proc/<pid>/stat.
func stat(pid int) (state byte, ticks uint64, err error) {
	b, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return 0, 0, err
	}
	// The second field is the program's name in brackets and may hold anything.
	end := bytes.LastIndexByte(b, ')')
	fields := strings.Fields(string(b[end+1:]))
	if end < 0 || len(fields) < 20 {
		return 0, 0, fmt.Errorf("/proc/%d/stat is not as expected", pid)
	}
	ticks, err = strconv.ParseUint(fields[19], 10, 64)
	return fields[0][0], ticks, err
}

// Alive says whether this very process still runs; a zombie does not.
func (p Process) Alive() bool {
	if p.PID <= 0 {
		return false
	}
	boot, err := bootID()
	if err != nil || boot != p.Boot {
		return false
	}
	state, ticks, err := stat(p.PID)
	return err == nil && ticks == p.Ticks && state != 'Z' && state != 'X'
}

// Signal sends to this very process; it is nil when the process is gone already.
func (p Process) Signal(sig syscall.Signal) error {
	handle, err := os.FindProcess(p.PID) // a pidfd: it cannot come to mean another process
	if err != nil {
		return err
	}
	defer handle.Release() //nolint:errcheck // it only closes the descriptor
	if !p.Alive() {
		return nil
	}
	if err := handle.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	return nil
}

// Uptime is how long the process has run by the clock that nobody can set.
func (p Process) Uptime() time.Duration {
	b, err := os.ReadFile("/proc/uptime")
	if err != nil {
		return 0
	}
	seconds, err := strconv.ParseFloat(strings.Fields(string(b))[0], 64)
	if err != nil {
		return 0
	}
	since := seconds - float64(p.Ticks)/ticksPerSecond
	return time.Duration(max(since, 0) * float64(time.Second))
}

// killLimit is how long a killed process may take to go: it first finishes what it
// has asked of the disk.
const killLimit = time.Minute

// End stops the process: first politely, then, after grace, by force.
func (p Process) End(grace time.Duration) error {
	if err := p.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	if p.waitGone(grace) {
		return nil
	}
	if err := p.Signal(syscall.SIGKILL); err != nil {
		return err
	}
	if !p.waitGone(killLimit) {
		return fmt.Errorf("process %d does not end", p.PID)
	}
	return nil
}

func (p Process) waitGone(limit time.Duration) bool {
	for deadline := time.Now().Add(limit); p.Alive(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			return false
		}
	}
	return true
}
