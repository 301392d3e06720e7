// Package openapi holds what a handler is asked and answers against its OpenAPI
// document, while other tests play with it.
package openapi

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
)

// A Document is an OpenAPI document, and which of its operations were seen to
// succeed. It is safe for concurrent use.
type Document struct {
	router routers.Router
	// queries are the parameters of the query of each operation, by method and path.
	queries map[string][]string

	mu     sync.Mutex
	unseen map[string]bool // by method and path template
}

// Load reads a document and checks that it is a valid one.
func Load(file string) (*Document, error) {
	loader := openapi3.NewLoader()
	document, err := loader.LoadFromFile(file)
	if err != nil {
		return nil, fmt.Errorf("load %s: %w", file, err)
	}
	if err := document.Validate(loader.Context); err != nil {
		return nil, fmt.Errorf("validate %s: %w", file, err)
	}
	document.Servers = nil // the same paths on every host
	router, err := gorillamux.NewRouter(document)
	if err != nil {
		return nil, fmt.Errorf("routes of %s: %w", file, err)
	}
	unseen, queries := map[string]bool{}, map[string][]string{}
	for template, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			unseen[method+" "+template] = true
			for _, p := range slices.Concat(item.Parameters, operation.Parameters) {
				if p.Value.In == openapi3.ParameterInQuery {
					queries[method+" "+template] = append(queries[method+" "+template], p.Value.Name)
				}
			}
		}
	}
	return &Document{router: router, queries: queries, unseen: unseen}, nil
}

// Queries are the parameters of the query of an operation.
func (d *Document) Queries(method, template string) []string { return d.queries[method+" "+template] }

// Unseen lists the operations that no exchange succeeded with.
func (d *Document) Unseen() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(maps.Keys(d.unseen))
}

// Watch serves with h and reports every exchange that the document does not
// allow: an answer unlike its schema; and a request that is served although its
// schema or no path of the document has it. rejected says which answers are
// rejections; what those were asked may be anything. Bodies other than JSON are not
// looked at.
func (d *Document) Watch(h http.Handler, rejected func(status int, body []byte) bool, report func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, err := io.ReadAll(r.Body)
		if err != nil {
			report(fmt.Errorf("read request: %w", err))
		}
		r.Body = io.NopCloser(bytes.NewReader(asked))
		answer := httptest.NewRecorder()
		h.ServeHTTP(answer, r)
		if err := d.check(r, asked, answer, rejected(answer.Code, answer.Body.Bytes())); err != nil {
			report(fmt.Errorf("%s %s: %w", r.Method, r.URL.Path, err))
		}
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes()) // a client that is gone is no finding
	})
}

func (d *Document) check(r *http.Request, asked []byte, answer *httptest.ResponseRecorder, rejected bool) error {
	again := r.Clone(r.Context())
	again.URL.Path = path.Clean("/" + r.URL.Path)
	again.Body = io.NopCloser(bytes.NewReader(asked))
	if again.Header.Get("Content-Type") == "" {
		again.Header.Set("Content-Type", "application/json")
	}
	route, parameters, err := d.router.FindRoute(again)
	if err != nil {
		if rejected {
			return nil
		}
		return fmt.Errorf("served, but not in the document: %w", err)
	}
	input := &openapi3filter.RequestValidationInput{
		Request: again, PathParams: parameters, Route: route,
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			ExcludeRequestBody:    !isJSON(again.Header) || len(asked) == 0,
			IncludeResponseStatus: true,
		},
	}
	if !rejected {
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			return fmt.Errorf("served, but the document forbids the request: %w", err)
		}
		d.mu.Lock()
		delete(d.unseen, route.Method+" "+route.Path)
		d.mu.Unlock()
	}
	return checkAnswer(r, input, answer)
}

func checkAnswer(r *http.Request, input *openapi3filter.RequestValidationInput, answer *httptest.ResponseRecorder) error {
	options := *input.Options
	options.ExcludeResponseBody = !isJSON(answer.Header())
	output := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: answer.Code, Header: answer.Header(), Options: &options,
	}
	output.SetBodyBytes(answer.Body.Bytes())
	if err := openapi3filter.ValidateResponse(r.Context(), output); err != nil {
		return fmt.Errorf("the document forbids the answer: %w", err)
	}
	return nil
}

func isJSON(header http.Header) bool {
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	return strings.HasSuffix(strings.TrimSpace(kind), "json")
}
