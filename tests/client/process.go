package client

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"regulars/functions/admin"
	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
)

// binary builds functions/local once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	root, err := dynamolocal.Root()
	if err != nil {
		return "", err
	}
	path := filepath.Join(root, ".cache", "bin", "local")
	build := exec.Command("go", "build", "-o", path, "./functions/local")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", errors.New(string(out))
	}
	return path, nil
})

// A Process is a running functions/local.
type Process struct {
	Address string
	// Bucket is the address of the bucket that files are imported from.
	Bucket  string
	Command *exec.Cmd
}

// Start starts a process on a table. Its environment has the variables, NAME=value,
// besides.
func Start(t *testing.T, table string, variables ...string) Process {
	t.Helper()
	p, err := TryStart(t, table, variables...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TryStart is [Start] where the process may end before it is ready: then it is an error.
func TryStart(t *testing.T, table string, variables ...string) (Process, error) {
	t.Helper()
	path, err := binary()
	if err != nil {
		return Process{}, err
	}
	p := Process{Command: exec.Command(path)}
	p.Command.Env = append(os.Environ(), "DYNAMODB_ENDPOINT="+dynamotest.Endpoint(t), "PORT=0", "TABLE_NAME="+table)
	p.Command.Env = append(p.Command.Env, variables...)
	out, err := p.Command.StdoutPipe()
	if err == nil {
		err = p.Command.Start()
	}
	if err != nil {
		return p, err
	}
	t.Cleanup(func() {
		p.Command.Process.Kill()
		p.Command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if _, after, ok := strings.Cut(lines.Text(), "put into the bucket at "); ok {
			p.Bucket = strings.TrimSuffix(after, ":")
		}
		if address, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			p.Address = address
			go io.Copy(io.Discard, out)
			return p, nil
		}
	}
	return p, errors.New("the process ended before it was ready")
}

// StartTwo starts two processes on one new table.
func StartTwo(t *testing.T) [2]Process {
	t.Helper()
	table := dynamotest.Table(t)
	return [2]Process{Start(t, table), Start(t, table)}
}

var HTTP = &http.Client{
	Timeout:   5 * time.Minute, // a batch of 8,000 on a small machine
	Transport: &http.Transport{MaxIdleConnsPerHost: 128},
}

// Post sends a body, to which token and db_id are added. Header is a list of names
// and values.
func (p Process) Post(t testing.TB, method string, body map[string]any, header ...string) Answer {
	t.Helper()
	text := Document(t, body)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Address+PathOf(method), bytes.NewReader(text))
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return Answer{Body: map[string]any{"error": float64(-1)}}
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := HTTP.Do(r)
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return Answer{Body: map[string]any{"error": float64(-1)}}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return Parse(t, response.StatusCode, response.Header, answer)
}

// Admin makes a call of the admin function and returns its answer.
func (p Process) Admin(t *testing.T, call map[string]any) map[string]any {
	t.Helper()
	text, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Address+admin.Path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set(admin.Header, "1")
	response, err := HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var answer map[string]any
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil || answer["error"] != nil {
		t.Fatalf("%v = %v, %v", call, answer, err)
	}
	return answer
}
