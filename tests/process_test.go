package tests

import (
	"bufio"
	"bytes"
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

// A process is a running functions/local.
type process struct {
	address string
	command *exec.Cmd
}

// start starts a process on a table.
func start(t *testing.T, table string) process {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	p := process{command: exec.Command(path)}
	p.command.Env = append(os.Environ(), "DYNAMODB_ENDPOINT="+dynamotest.Endpoint(t), "PORT=0", "TABLE_NAME="+table)
	out, err := p.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.command.Process.Kill()
		p.command.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, ok := strings.CutPrefix(lines.Text(), "ready "); ok {
			p.address = address
			go io.Copy(io.Discard, out)
			return p
		}
	}
	t.Fatal("the process ended before it was ready")
	return p
}

// startTwo starts two processes on one new table.
func startTwo(t *testing.T) [2]process {
	t.Helper()
	table := dynamotest.Table(t)
	return [2]process{start(t, table), start(t, table)}
}

var client = &http.Client{
	Timeout:   5 * time.Minute, // a batch of 8,000 on a small machine
	Transport: &http.Transport{MaxIdleConnsPerHost: 128},
}

// post sends a body, to which token and db_id are added. Header is a list of names
// and values.
func (p process) post(t testing.TB, method string, body map[string]any, header ...string) answered {
	t.Helper()
	text := document(t, body)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.address+pathOf(method), bytes.NewReader(text))
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return answered{body: map[string]any{"error": float64(-1)}}
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		t.Errorf("%s: %v", method, err)
		return answered{body: map[string]any{"error": float64(-1)}}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return parse(t, response.StatusCode, response.Header, answer)
}
