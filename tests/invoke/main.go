// Command invoke plays one event to the binary of a function, as Lambda would,
// against a DynamoDB that is not that of AWS. Run it at the root of the module:
//
//	go run ./tests/invoke -function altcraft -event events/altcraft-import.json
//
// The answer goes to stdout, the function's log to stderr. It exits with 1 if
// the function failed.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"regulars/tests/runtimeapi"
)

const (
	binaries        = ".cache/bin"
	defaultEndpoint = "http://127.0.0.1:8000"
	// pingTimeout is ample for a server on the same machine.
	pingTimeout = 2 * time.Second
	// startTimeout bounds the start of a function; Lambda gives it 10 seconds.
	startTimeout = 10 * time.Second
	// nowhere is where the messages go of functions that send some: a rejected
	// connection says sooner than a missing variable what is not there.
	nowhere = "http://127.0.0.1:1"
)

func main() {
	function := flag.String("function", "", "folder below functions, as altcraft")
	event := flag.String("event", "", "file that holds the event")
	endpoint := flag.String("endpoint", cmp.Or(os.Getenv("DYNAMODB_ENDPOINT"), defaultEndpoint), "URL of DynamoDB Local")
	flag.Parse()
	if *function == "" || *event == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := invoke(context.Background(), *function, *event, *endpoint); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func invoke(ctx context.Context, function, eventFile, endpoint string) error {
	payload, err := os.ReadFile(eventFile)
	if err != nil {
		return fmt.Errorf("event: %w", err)
	}
	if err := ping(ctx, endpoint); err != nil {
		return err
	}
	binary, err := filepath.Abs(filepath.Join(binaries, function))
	if err != nil {
		return fmt.Errorf("binary: %w", err)
	}
	if err := runtimeapi.Build(ctx, "./functions/"+function+"/lambda", binary); err != nil {
		return err
	}
	started, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	f, err := runtimeapi.Start(started, binary, "TABLE_NAME=regulars", "AWS_ENDPOINT_URL_DYNAMODB="+endpoint,
		"WORK_QUEUE_URL="+nowhere+"/work", "AWS_ENDPOINT_URL_SQS="+nowhere)
	if err != nil {
		return err
	}
	response, functionError, err := f.Invoke(ctx, payload)
	f.Kill()
	fmt.Fprint(os.Stderr, f.Log())
	if err != nil {
		return err
	}
	if functionError != nil {
		return fmt.Errorf("the function failed:\n%s", pretty(functionError))
	}
	fmt.Println(pretty(response))
	return nil
}

// ping fails unless something answers HTTP at endpoint.
func ping(ctx context.Context, endpoint string) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, nil)
	if err != nil {
		return fmt.Errorf("endpoint of DynamoDB: %w", err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("DynamoDB does not answer at %s; start one with: go run ./shared/dynamolocal/with -port 8000 -- make run: %w", endpoint, err)
	}
	return response.Body.Close()
}

// pretty indents an answer and, where it has a body that is JSON text, shows
// that as JSON too. Other text stays as it is.
func pretty(answer []byte) string {
	var value any = json.RawMessage(answer)
	var fields map[string]json.RawMessage
	if json.Unmarshal(answer, &fields) == nil {
		var body string
		if json.Unmarshal(fields["body"], &body) == nil && json.Valid([]byte(body)) {
			fields["body"] = json.RawMessage(body)
			value = fields
		}
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(value) != nil {
		return string(answer)
	}
	return string(bytes.TrimSpace(out.Bytes()))
}
