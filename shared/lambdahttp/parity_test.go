package lambdahttp_test

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	gocmp "github.com/google/go-cmp/cmp"

	"regulars/shared/lambdahttp"
)

const domain = "api.example.com"

// An exchange is one request, told to net/http and as an event.
type exchange struct {
	name    string
	method  string // GET if empty
	target  string // path and query as the client writes them
	header  http.Header
	cookies []string
	body    string
	base64  bool // the event's body is base64, as of a client that sends binary
	// Where the event is not the usual one.
	stage        string
	stageless    bool   // the stage is not in the path, as below a custom domain
	cookieHeader bool   // cookies stand in the header as well
	sourceIP     string // 203.0.113.9 if empty
	hostless     bool   // the event has no host header
}

// Each of the exchanges must end the same way on both servers.
var exchanges = []exchange{
	{name: "plain", target: "/echo/a"},
	{name: "root", target: "/"},
	{name: "no route", target: "/nowhere"},
	{name: "wrong method", method: "DELETE", target: "/silent"},
	{name: "query with several values", target: "/echo/a?x=1&x=2&y=%20z&q=a,b"},
	{name: "query that is no form", target: "/echo/a?a;b=%zz&c"},
	{name: "query with a fragment sign", target: "/echo/a?next=%23top"},
	{name: "percent in the path", target: "/echo/50%25"},
	{name: "percent that looks like an escape", target: "/echo/50%2541"},
	{name: "question mark in the path", target: "/echo/what%3F?x=1"},
	{name: "number sign in the path", target: "/echo/a%23b"},
	{name: "space and unicode in the path", target: "/echo/%C3%A9t%C3%A9%20b"},
	{name: "plus in the path", target: "/echo/a+b@c.d"},
	{name: "colon in the path", target: "/echo/a:b"},
	{name: "double slash", target: "//echo//a"},
	{name: "stage", target: "/echo/a", stage: "dev"},
	{name: "stage alone", stage: "dev"},
	{name: "stage and a slash", target: "/", stage: "dev"},
	{name: "stage that is not in the path", target: "/developers", stage: "dev", stageless: true},
	{name: "route that begins like the stage", target: "/echo/a", stage: "echo"},
	{name: "word that begins like the stage", target: "/developers", stage: "dev"},
	{name: "headers with commas", target: "/echo/a", header: http.Header{
		"Date":            {"Wed, 21 Oct 2015 07:28:00 GMT"},
		"X-Signature":     {"t=1, v1=a,b"},
		"If-None-Match":   {`"a", "b"`},
		"Idempotency-Key": {"a,b"},
		"Authorization":   {"Bearer a,b"},
	}},
	{name: "cookies", target: "/echo/a", cookies: []string{"a=1", "b=2"}},
	{name: "cookies in both places", target: "/echo/a", cookies: []string{"a=1", "b=2"}, cookieHeader: true},
	{name: "address of version 6", target: "/echo/a", sourceIP: "2001:db8::1"},
	{name: "no host header", target: "/echo/a", hostless: true},
	{name: "body", method: "POST", target: "/echo/a", body: `{"a":"é"}`},
	{name: "body in base64", method: "POST", target: "/echo/a", body: "\xff\x00\x01", base64: true},
	{name: "empty body", method: "POST", target: "/echo/a"},
	{name: "nothing written", target: "/silent"},
	{name: "nothing written but a header", target: "/header-only"},
	{name: "status twice", target: "/twice"},
	{name: "status after the body", target: "/body-first"},
	{name: "informational status", target: "/hints"},
	{name: "header after the status", target: "/late"},
	{name: "header after the body", target: "/late-body"},
	{name: "several set-cookie", target: "/cookies"},
	{name: "repeated header", target: "/repeated"},
	{name: "binary answer", target: "/binary"},
	{name: "guessed type, of several writes", target: "/guess"},
	{name: "no type wanted", target: "/untyped"},
	{name: "no guess of what is encoded", target: "/encoded"},
	{name: "no content", target: "/empty"},
	{name: "HEAD", method: "HEAD", target: "/guess"},
	{name: "HEAD with a length", method: "HEAD", target: "/sized"},
	{name: "redirect", target: "/redirect"},
}

func TestParity(t *testing.T) {
	mux := routes()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	handle := lambdahttp.Handler(mux, "")

	for _, tt := range exchanges {
		t.Run(tt.name, func(t *testing.T) {
			want := tt.overHTTP(t, server)
			answer, err := handle(t.Context(), tt.event(t))
			if err != nil {
				t.Fatalf("Handler() error = %v", err)
			}
			if diff := gocmp.Diff(want, newResult(t, answer)); diff != "" {
				t.Errorf("event differs from net/http (-net/http +event):\n%s", diff)
			}
		})
	}
}

// A result is what the client sees of an answer.
type result struct {
	Status  int
	Header  map[string]string
	Cookies []string
	Body    string
}

func (tt exchange) methodName() string { return cmp.Or(tt.method, http.MethodGet) }

// requestHeader is the same for both servers, so that the echo is too.
func (tt exchange) requestHeader() http.Header {
	header := http.Header{"User-Agent": {"parity"}, "Accept-Encoding": {"identity"}}
	maps.Copy(header, tt.header)
	return header
}

func (tt exchange) overHTTP(t *testing.T, server *httptest.Server) result {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), tt.methodName(), server.URL+tt.target, strings.NewReader(tt.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Host = domain
	r.Header = tt.requestHeader()
	if len(tt.cookies) > 0 {
		r.Header.Set("Cookie", strings.Join(tt.cookies, "; "))
	}
	response, err := server.Client().Transport.RoundTrip(r) // follows no redirect
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	got := result{
		Status: response.StatusCode, Header: map[string]string{},
		Cookies: response.Header["Set-Cookie"], Body: string(body),
	}
	for name, values := range response.Header {
		got.Header[name] = strings.Join(values, ",")
	}
	return got.comparable()
}

// event is what API Gateway makes of the request.
func (tt exchange) event(t *testing.T) events.APIGatewayV2HTTPRequest {
	t.Helper()
	rawPath, query, _ := strings.Cut(tt.target, "?")
	path, err := url.PathUnescape(rawPath)
	if err != nil {
		t.Fatal(err)
	}
	stage := cmp.Or(tt.stage, "$default")
	if tt.stage != "" && !tt.stageless {
		path = "/" + stage + path
	}
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "$default", RawPath: path, RawQueryString: query,
		QueryStringParameters: map[string]string{"joined": "by,commas"}, // must not be looked at
		Cookies:               tt.cookies, Headers: tt.eventHeaders(), Body: tt.body, IsBase64Encoded: tt.base64,
	}
	if tt.base64 {
		event.Body = base64.StdEncoding.EncodeToString([]byte(tt.body))
	}
	event.RequestContext.Stage = stage
	event.RequestContext.DomainName = domain
	event.RequestContext.HTTP.Method = tt.methodName()
	event.RequestContext.HTTP.Path = path
	event.RequestContext.HTTP.SourceIP = cmp.Or(tt.sourceIP, "203.0.113.9")
	return event
}

// eventHeaders are named in lower case, and repeated ones are joined.
func (tt exchange) eventHeaders() map[string]string {
	headers := make(map[string]string)
	for name, values := range tt.requestHeader() {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	if !tt.hostless {
		headers["host"] = domain
	}
	if tt.cookieHeader {
		headers["cookie"] = strings.Join(tt.cookies, "; ")
	}
	return headers
}

func newResult(t *testing.T, answer events.APIGatewayV2HTTPResponse) result {
	t.Helper()
	// API Gateway gets JSON, in which a body that is not UTF-8 would be mangled.
	wire, err := json.Marshal(answer)
	if err != nil {
		t.Fatal(err)
	}
	answer = events.APIGatewayV2HTTPResponse{}
	if err := json.Unmarshal(wire, &answer); err != nil {
		t.Fatal(err)
	}
	body := []byte(answer.Body)
	if answer.IsBase64Encoded {
		if body, err = base64.StdEncoding.DecodeString(answer.Body); err != nil {
			t.Fatal(err)
		}
	}
	got := result{Status: answer.StatusCode, Header: answer.Headers, Cookies: answer.Cookies, Body: string(body)}
	return got.comparable()
}

// comparable leaves out what the server adds on its own, or the gateway.
func (r result) comparable() result {
	for _, name := range []string{"Date", "Content-Length", "Set-Cookie"} {
		delete(r.Header, name)
	}
	if len(r.Cookies) == 0 {
		r.Cookies = nil
	}
	return r
}
