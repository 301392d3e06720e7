// Package runtimeapi runs the binaries of functions as Lambda does: each has a
// Runtime API of its own on 127.0.0.1, the environment of Lambda and nothing of
// the caller's, and one event at a time. It measures start-up and memory. Linux
// only, as the binaries are.
package runtimeapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"time"
)

// A Function is one running binary. Its methods are safe for concurrent use.
type Function struct {
	command *exec.Cmd
	server  *http.Server
	api     *api
	log     logBuffer
	startup time.Duration
	exited  chan struct{} // closed when the process has ended
	exit    error         // how it ended; read it after exited
	stop    sync.Once
}

// Start runs binary with the environment of Lambda and env, each "NAME=value",
// and returns when it asks for its first event. ctx bounds only that wait. If
// the process ends first, or reports that it cannot start, the error holds its
// log. The caller must [Function.Kill] it.
func Start(ctx context.Context, binary string, env ...string) (*Function, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtime api: %w", err)
	}
	f := &Function{api: newAPI(), exited: make(chan struct{})}
	f.server = &http.Server{Handler: f.api.routes()}
	go f.server.Serve(listener) // ends when Kill closes the server

	f.command = exec.Command(binary)
	f.command.Env = append(environment(listener.Addr().String(), binary), env...)
	f.command.Stdout, f.command.Stderr = &f.log, &f.log
	began := time.Now()
	if err := f.command.Start(); err != nil {
		f.server.Close()
		return nil, fmt.Errorf("start %s: %w", filepath.Base(binary), err)
	}
	go func() {
		f.exit = f.command.Wait()
		close(f.exited)
	}()
	if err := f.awaitFirstPoll(ctx); err != nil {
		f.Kill()
		return nil, fmt.Errorf("start %s: %w\n%s", filepath.Base(binary), err, f.Log())
	}
	f.startup = f.api.polledAt.Sub(began)
	return f, nil
}

func (f *Function) awaitFirstPoll(ctx context.Context) error {
	select {
	case <-f.api.polled:
		return nil
	case reported := <-f.api.initError:
		return fmt.Errorf("init error: %s", reported)
	case <-f.exited:
		return f.ended()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// ended says how the process ended. Call it after exited was closed.
func (f *Function) ended() error {
	if f.exit == nil {
		return errors.New("the process ended by itself")
	}
	return fmt.Errorf("the process ended: %w", f.exit)
}

// Startup is the time from exec to the first poll for an event.
func (f *Function) Startup() time.Duration { return f.startup }

// Log returns what the process wrote to stdout and stderr. It is complete after
// [Function.Kill]; before that, the last lines may be on their way.
func (f *Function) Log() string { return f.log.String() }

// Kill ends the process with SIGKILL and waits until it is gone. A second call
// does nothing.
func (f *Function) Kill() {
	f.stop.Do(func() {
		f.command.Process.Kill() // fails only if it has ended already
		<-f.exited
		f.server.Close()
	})
}

var highWater = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// MaxRSS returns the most memory, in bytes, that the process has held. The
// kernel knows it for as long as the process lives. (The figure that wait
// returns starts at the size of the parent.)
func (f *Function) MaxRSS() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", f.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("memory of a process: %w", err)
	}
	match := highWater.FindSubmatch(status)
	if match == nil {
		return 0, errors.New("memory of a process: it has ended")
	}
	kib, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kib << 10, err
}

// environment is what Lambda gives to a process. The credentials are letters
// only, as DynamoDB Local wants them.
func environment(address, binary string) []string {
	return []string{
		"AWS_LAMBDA_RUNTIME_API=" + address,
		"AWS_LAMBDA_FUNCTION_NAME=" + filepath.Base(binary),
		"AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=512",
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_FORMAT=JSON",
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
		"AWS_REGION=us-east-1",
		"AWS_DEFAULT_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=regulars",
		"AWS_SECRET_ACCESS_KEY=regulars",
		"LAMBDA_TASK_ROOT=" + filepath.Dir(binary),
		"_HANDLER=bootstrap",
		"TZ=:UTC",
	}
}
