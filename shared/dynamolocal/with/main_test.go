package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestWith(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "with")
	if output, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}

	tests := []struct {
		name     string
		endpoint string
		command  []string
		output   string
		code     int
	}{
		{name: "the command finds the server", command: []string{"sh", "-c", `test "$DYNAMODB_ENDPOINT" && exit 7`}, code: 7},
		{name: "a server is there", endpoint: "http://there", command: []string{"sh", "-c", "echo $DYNAMODB_ENDPOINT"}, output: "http://there\n"},
		{name: "the command is missing", endpoint: "http://there", command: []string{"no-such-command"}, output: "no-such-command", code: 1},
		{name: "no command", output: "no command given", code: 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			command := exec.Command(binary, append([]string{"--"}, tt.command...)...)
			command.Env = append(os.Environ(), "DYNAMODB_ENDPOINT="+tt.endpoint)
			output, err := command.CombinedOutput()
			if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
				t.Fatal(err)
			}
			if got := command.ProcessState.ExitCode(); got != tt.code {
				t.Errorf("exit code = %d, want %d\n%s", got, tt.code, output)
			}
			if !strings.Contains(string(output), tt.output) {
				t.Errorf("output = %q, want %q in it", output, tt.output)
			}
		})
	}

	t.Run("SIGTERM reaches the command", func(t *testing.T) {
		ready := filepath.Join(t.TempDir(), "ready")
		command := exec.Command(binary, "--", "sh", "-c", `trap 'exit 9' TERM; touch "$0"; while :; do sleep 0.05; done`, ready)
		command.Env = append(os.Environ(), "DYNAMODB_ENDPOINT=http://there")
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		defer command.Process.Kill()
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(ready); err == nil {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the command did not start")
			}
		}
		command.Process.Signal(syscall.SIGTERM)
		command.Wait()
		if got := command.ProcessState.ExitCode(); got != 9 {
			t.Errorf("exit code = %d, want 9", got)
		}
	})
}
