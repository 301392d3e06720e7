package runtimeapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"regulars/tests/runtimeapi"
)

const table = "TABLE_NAME=regulars"

func TestRuntimeAPI(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "echo")
	if err := runtimeapi.Build(t.Context(), "./testdata/echo", binary); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HOME", t.TempDir()) // must not reach the functions; the compiler needed it
	tests := []struct {
		name string
		run  func(t *testing.T, binary string)
	}{
		{"answers in turn", answersInTurn},
		{"deadline", deadline},
		{"function error", functionError},
		{"process that ends", processEnds},
		{"kill", kill},
		{"late answer", lateAnswer},
		{"several at once", severalAtOnce},
		{"figures", figures},
		{"cannot start", cannotStart},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, binary)
		})
	}
}

func start(t *testing.T, binary string) *runtimeapi.Function {
	t.Helper()
	f, err := runtimeapi.Start(t.Context(), binary, table)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Kill)
	return f
}

// An answer is what the echo function returns.
type answer struct {
	RequestID string    `json:"request_id"`
	Deadline  time.Time `json:"deadline"`
	Name      string    `json:"name"`
	Home      string    `json:"home"`
}

func ask(ctx context.Context, t *testing.T, f *runtimeapi.Function) answer {
	t.Helper()
	response, functionError, err := f.Invoke(ctx, []byte(`{"do":"answer"}`))
	if err != nil || functionError != nil {
		t.Fatalf("Invoke() = %s, %v, want an answer", functionError, err)
	}
	var a answer
	if err := json.Unmarshal(response, &a); err != nil {
		t.Fatal(err)
	}
	return a
}

func answersInTurn(t *testing.T, binary string) {
	f := start(t, binary)
	first, second := ask(t.Context(), t, f), ask(t.Context(), t, f)
	if first.RequestID == "" || first.RequestID == second.RequestID {
		t.Errorf("request ids %q and %q, want two", first.RequestID, second.RequestID)
	}
	if first.Name != "regulars" || first.Home != "" {
		t.Errorf("answer = %+v, want the environment of Lambda and no other", first)
	}
	f.Kill()
	if got := f.Log(); !strings.Contains(got, "asked to answer\n") {
		t.Errorf("Log() = %q, want what the function printed", got)
	}
}

func deadline(t *testing.T, binary string) {
	f := start(t, binary)
	want := time.Now().Add(time.Minute).Truncate(time.Millisecond)
	ctx, cancel := context.WithDeadline(t.Context(), want)
	defer cancel()
	if got := ask(ctx, t, f).Deadline; !got.Equal(want) {
		t.Errorf("deadline = %v, want that of the caller, %v", got, want)
	}
	left := time.Until(ask(t.Context(), t, f).Deadline)
	if left > 25*time.Second || left < 20*time.Second {
		t.Errorf("time left = %v, want 25 s", left)
	}
}

func functionError(t *testing.T, binary string) {
	f := start(t, binary)
	response, functionError, err := f.Invoke(t.Context(), []byte(`{"do":"fail"}`))
	if err != nil || response != nil || !strings.Contains(string(functionError), `"errorMessage":"as asked"`) {
		t.Errorf("Invoke() = %s, %s, %v, want the function's error", response, functionError, err)
	}
	ask(t.Context(), t, f) // it lives
}

func processEnds(t *testing.T, binary string) {
	f := start(t, binary)
	_, _, err := f.Invoke(t.Context(), []byte(`{"do":"exit"}`))
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("Invoke() error = %v, want that the process ended", err)
	}
	if _, _, err := f.Invoke(t.Context(), []byte(`{}`)); err == nil {
		t.Error("Invoke() of an ended process: error = nil, want one")
	}
}

func kill(t *testing.T, binary string) {
	f := start(t, binary)
	failed := make(chan error)
	go func() {
		_, _, err := f.Invoke(t.Context(), []byte(`{"do":"hang"}`))
		failed <- err
	}()
	for !strings.Contains(f.Log(), "asked to hang") {
		time.Sleep(time.Millisecond)
	}
	f.Kill()
	if err := <-failed; err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Invoke() error = %v, want that the process was killed", err)
	}
	f.Kill() // a second time does no harm
}

// An answer that comes after its caller went away must not be taken for that of
// the next event, nor end the process.
func lateAnswer(t *testing.T, binary string) {
	f := start(t, binary)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := f.Invoke(ctx, []byte(`{"do":"hang"}`)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Invoke() error = %v, want %v", err, context.DeadlineExceeded)
	}
	if got := ask(t.Context(), t, f).RequestID; !strings.HasSuffix(got, "2") {
		t.Errorf("request id = %s, want the second", got)
	}
}

func severalAtOnce(t *testing.T, binary string) {
	var group sync.WaitGroup
	errs := make(chan error, 40)
	for range 4 {
		f := start(t, binary)
		for range 10 {
			group.Go(func() {
				response, functionError, err := f.Invoke(t.Context(), []byte(`{"do":"answer"}`))
				if err != nil || functionError != nil {
					errs <- fmt.Errorf("Invoke() = %s, %s, %w", response, functionError, err)
				}
			})
		}
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
}

func figures(t *testing.T, binary string) {
	f := start(t, binary)
	if got := f.Startup(); got <= 0 || got > 10*time.Second {
		t.Errorf("Startup() = %v, want milliseconds", got)
	}
	got, err := f.MaxRSS()
	if err != nil || got < 1<<20 || got > 100<<20 {
		t.Errorf("MaxRSS() = %d, %v, want some MiB", got, err)
	}
	f.Kill()
	if _, err := f.MaxRSS(); err == nil {
		t.Error("MaxRSS() of an ended process: error = nil, want one")
	}
}

func cannotStart(t *testing.T, binary string) {
	_, err := runtimeapi.Start(t.Context(), binary) // without TABLE_NAME
	if err == nil || !strings.Contains(err.Error(), "exit status 1") || !strings.Contains(err.Error(), "TABLE_NAME is not set") {
		t.Errorf("Start() error = %v, want the status and the log", err)
	}
	if _, err := runtimeapi.Start(t.Context(), binary+"-none"); err == nil {
		t.Error("Start() of no file: error = nil, want one")
	}
}

func TestBuildSaysWhatIsWrong(t *testing.T) {
	err := runtimeapi.Build(t.Context(), "./testdata/none", filepath.Join(t.TempDir(), "none"))
	if err == nil || !strings.Contains(err.Error(), "testdata/none") {
		t.Errorf("Build() error = %v, want what the compiler said", err)
	}
}
