package supervise

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// parentPipe is the descriptor that an attached daemon watches: it closes when the
// process that started the daemon ends, however it ends.
const parentPipe = 3

// answerLimit is how long a new supervisor may take to answer; a machine that stalls
// takes its time even for that.
const answerLimit = time.Minute

// Run is the body of the daemon: it serves a directory until it is told to stop.
func Run(dir string, attached bool) error {
	out, err := openLog(filepath.Join(dir, LogFile), maxLog)
	if err != nil {
		return err
	}
	defer out.Close()
	// Children write keys and ledgers, and fabric-ca leaves the modes to the umask.
	syscall.Umask(0o077)
	logger := log.New(out, "", log.LstdFlags|log.LUTC|log.Lmicroseconds)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	signal.Ignore(syscall.SIGHUP, syscall.SIGPIPE)
	if attached {
		syscall.CloseOnExec(parentPipe)
		go func() {
			_, _ = io.Copy(io.Discard, os.NewFile(parentPipe, "parent"))
			logger.Print("the process that started this network has ended")
			stop()
		}()
	}
	s, err := New(dir, defaultTiming, logger.Printf)
	if err != nil {
		return err
	}
	logger.Printf("supervisor started as process %d", os.Getpid())
	return s.Serve(ctx)
}

// Launch starts a daemon with the given command, which must come to call [Run], and
// returns when it answers. attached ties its life to that of this process; then the
// returned closer must be kept, and closing it stops the network.
func Launch(ctx context.Context, dir string, command []string, attached bool) (io.Closer, error) {
	cmd := exec.Command(command[0], command[1:]...)
	var said strings.Builder
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Dir = dir
	errors_, err := os.OpenFile(filepath.Join(dir, "logs", "supervisor.err"), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	defer errors_.Close()
	cmd.Stderr = errors_
	var keep io.Closer
	if attached {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		defer r.Close()
		cmd.ExtraFiles, keep = []*os.File{r}, w
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the supervisor: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	client := Connect(dir)
	for deadline := time.Now().Add(answerLimit); ; {
		if state, err := client.State(ctx); err == nil && state.Supervisor.PID == cmd.Process.Pid {
			return keep, nil
		}
		select {
		case err := <-ended:
			if b, readErr := os.ReadFile(errors_.Name()); readErr == nil {
				said.Write(b)
			}
			return nil, fmt.Errorf("the supervisor ended at once (%v): %s", err, strings.TrimSpace(said.String()))
		default:
		}
		if time.Now().After(deadline) {
			return nil, errors.Join(errors.New("the supervisor does not answer"), cmd.Process.Kill())
		}
		if err := wait(ctx, 10*time.Millisecond); err != nil {
			return nil, errors.Join(err, cmd.Process.Kill())
		}
	}
}
