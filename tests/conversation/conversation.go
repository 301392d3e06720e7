// Package conversation plays conversations to an [http.Handler]: files of
// requests and of the answers that are expected, which are also the API's
// documentation.
//
//	# What the balance does not cover is rejected.
//	> POST /customers/ada/redemptions
//	> Idempotency-Key: k1
//	> {"points": 7}
//	< 409
//	< Retry-After: 1
//	< {"code": "insufficient_points", ...}
//
// A request is its line, headers if any, and its body; an empty > line may stand
// between the two. Its Content-Type is application/json unless the file says
// otherwise; a header without a value is not sent. An answer is its status,
// headers, and its body, which must be JSON and match the pattern (see match.go),
// or XML where the pattern is (see matchxml.go); without a pattern the body is not
// looked at. A header without a value must be
// absent. Empty lines and those that start with # say nothing.
//
// $name stands for a variable: one that the caller gave, or one that an answer
// before captured.
package conversation

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
)

// Play plays the conversation and returns what first went otherwise than the
// text says, with the line of its request.
func Play(h http.Handler, text string, variables map[string]string) error {
	exchanges, err := parse(text)
	if err != nil {
		return err
	}
	known := variablesOf(maps.Clone(variables))
	for _, x := range exchanges {
		if err := x.play(h, known); err != nil {
			return fmt.Errorf("line %d: %s: %w", x.line, x.ask[0], err)
		}
	}
	return nil
}

// An exchange is one request and the answer that is expected, line by line.
type exchange struct {
	line   int // of the request
	ask    []string
	answer []string
}

func parse(text string) ([]exchange, error) {
	var all []exchange
	for i, line := range strings.Split(text, "\n") {
		content, said := strings.CutPrefix(strings.TrimPrefix(line, ">"), " ")
		n := len(all)
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case line[0] == '>' && (said || content == ""):
			if n == 0 || len(all[n-1].answer) > 0 {
				all = append(all, exchange{line: i + 1})
				n++
			}
			all[n-1].ask = append(all[n-1].ask, content)
		case strings.HasPrefix(line, "< ") && n > 0:
			all[n-1].answer = append(all[n-1].answer, line[2:])
		default:
			return nil, fmt.Errorf("line %d: neither > , < nor #, or an answer without a request: %q", i+1, line)
		}
	}
	if len(all) == 0 || len(all[len(all)-1].answer) == 0 {
		return nil, fmt.Errorf("the conversation ends without an answer")
	}
	return all, nil
}

func (x exchange) play(h http.Handler, known variablesOf) error {
	r, err := x.request(known)
	if err != nil {
		return err
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	got := w.Result()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		return err
	}
	if err := x.compare(got, string(body), known); err != nil {
		return fmt.Errorf("%w\nanswer: %d %s", err, got.StatusCode, body)
	}
	return nil
}

func (x exchange) request(known variablesOf) (*http.Request, error) {
	method, path, ok := strings.Cut(known.in(x.ask[0]), " ")
	if !ok {
		return nil, fmt.Errorf("a request starts with its method and path")
	}
	headers, lines := headersOf(x.ask[1:])
	r, err := http.NewRequest(method, "http://conversation.test"+path, strings.NewReader(known.in(strings.Join(lines, "\n"))))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		if h.value == "" {
			r.Header.Del(h.name)
			continue
		}
		r.Header.Set(h.name, known.in(h.value))
	}
	return r, nil
}

func (x exchange) compare(got *http.Response, body string, known variablesOf) error {
	status, err := strconv.Atoi(x.answer[0])
	if err != nil {
		return fmt.Errorf("an answer starts with its status, not with %q", x.answer[0])
	}
	if got.StatusCode != status {
		return fmt.Errorf("status = %d, want %d", got.StatusCode, status)
	}
	headers, pattern := headersOf(x.answer[1:])
	for _, h := range headers {
		value := strings.Join(got.Header.Values(h.name), ", ")
		if !known.matchText(h.value, value) {
			return fmt.Errorf("header %s = %q, want %q", h.name, value, cmp.Or(h.value, "none"))
		}
	}
	if len(pattern) == 0 {
		return nil
	}
	if strings.HasPrefix(pattern[0], "<") {
		return known.matchXML(strings.Join(pattern, "\n"), body)
	}
	return known.matchJSON(strings.Join(pattern, "\n"), body)
}

type header struct{ name, value string }

var headerLine = regexp.MustCompile(`^([A-Za-z0-9-]+):(?: (.*))?$`)

// headersOf cuts headers off the lines in front of a body.
func headersOf(lines []string) (headers []header, rest []string) {
	for i, line := range lines {
		m := headerLine.FindStringSubmatch(line)
		if m == nil {
			if line == "" {
				i++
			}
			return headers, lines[i:]
		}
		headers = append(headers, header{m[1], m[2]})
	}
	return headers, nil
}
