package testnet

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// docker runs a command of Docker's client and gives what it prints; an error carries
// what it said.
func docker(ctx context.Context, args ...string) (string, error) {
	var out, says bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stdout, cmd.Stderr = &out, &says
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("docker %s: %s", args[0], oneLine(says.String(), err))
	}
	return strings.TrimSpace(out.String()), nil
}

func oneLine(says string, err error) string {
	lines := strings.Split(strings.TrimSpace(says), "\n")
	if last := strings.TrimSpace(lines[len(lines)-1]); last != "" {
		return last
	}
	return err.Error()
}

// composeCommand is Compose as network.sh looks for it: the program, or Docker's plugin.
func composeCommand(ctx context.Context) ([]string, error) {
	if path, err := exec.LookPath("docker-compose"); err == nil {
		return []string{path}, nil
	}
	if _, err := docker(ctx, "compose", "version"); err == nil {
		return []string{"docker", "compose"}, nil
	}
	return nil, fmt.Errorf("compose is missing: install docker-compose, or Docker's compose plugin")
}

// compose runs Compose with variables for its file.
func compose(ctx context.Context, dir string, env []string, args ...string) error {
	command, err := composeCommand(ctx)
	if err != nil {
		return err
	}
	command = append(command, args...)
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s: %s", strings.Join(args, " "), oneLine(out.String(), err))
	}
	return nil
}

// state is a container's: running, exited, or empty when there is none.
func state(ctx context.Context, container string) string {
	out, err := docker(ctx, "inspect", "--type", "container", "--format", "{{.State.Status}}", container)
	if err != nil {
		return ""
	}
	return out
}

// hasImage says whether Docker has an image.
func hasImage(ctx context.Context, name string) bool {
	_, err := docker(ctx, "image", "inspect", "--format", "{{.Id}}", name)
	return err == nil
}
