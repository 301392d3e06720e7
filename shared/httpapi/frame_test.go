package httpapi_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// spoken is how the dialect of these tests writes errors.
var spoken httpapi.Errors = func(w http.ResponseWriter, _ *http.Request, err error) {
	status, text := http.StatusInternalServerError, "fault"
	if clientErr, ok := errs.AsClient(err); ok {
		status, text = http.StatusBadRequest, clientErr.Code
	} else if _, ok := errs.AsUnavailable(err); ok {
		status, text = http.StatusServiceUnavailable, "busy"
	}
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// A frame is a wrapped mux with its log.
type frame struct {
	mux     *http.ServeMux
	handler http.Handler
	log     bytes.Buffer
}

func newFrame() *frame {
	f := &frame{mux: http.NewServeMux()}
	log := slog.New(slog.NewJSONHandler(&f.log, nil))
	f.handler = httpapi.Wrap(httpapi.CleanPath(f.mux), spoken, httpapi.Options{Log: log, Deadline: time.Minute})
	return f
}

func (f *frame) handle(pattern string, h func(w http.ResponseWriter, r *http.Request) error) {
	f.mux.Handle(pattern, spoken.Handle(h))
}

func (f *frame) do(t *testing.T, method, target, body string) *httptest.ResponseRecorder {
	t.Helper()
	w := httptest.NewRecorder()
	f.handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), method, target, strings.NewReader(body)))
	return w
}

// lines returns the log without times and durations.
func (f *frame) lines(t *testing.T) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for decoder := json.NewDecoder(&f.log); ; {
		var line map[string]any
		err := decoder.Decode(&line)
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		delete(line, "time")
		if _, ok := line["ms"]; ok {
			line["ms"] = "some"
		}
		if id, ok := line["request"].(string); !ok || id == "" {
			t.Errorf("line %v has no id of a request", line)
		}
		delete(line, "request") // random
		lines = append(lines, line)
	}
}
