package lambdahttp

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
)

const (
	// payloadFormat is the only one understood. An event of format 1.0 decodes
	// without an error, to a request for nothing at all.
	payloadFormat = "2.0"
	// defaultStage is the one stage that is not part of the path.
	defaultStage = "$default"
	// forgeable begins the names of headers, in canonical form, in which the
	// library passes on the event; a client could send them itself.
	forgeable = "X-Golambdaproxy-"
	// forwardedPrefix is the header that says which base path was taken off.
	forwardedPrefix = "X-Forwarded-Prefix"
	// unknownPort completes the client's address, of which events leave it out.
	unknownPort = "0"
)

// newRequest makes the request that net/http would have made.
func newRequest(ctx context.Context, event events.APIGatewayV2HTTPRequest, basePath string) (*http.Request, error) {
	if event.Version != payloadFormat {
		return nil, fmt.Errorf("the event is in payload format %q, want %q: set PayloadFormatVersion of the API's integration",
			event.Version, payloadFormat)
	}
	var accessor core.RequestAccessorV2
	r, err := accessor.EventToRequestWithContext(ctx, withoutAddress(event))
	if err != nil {
		return nil, fmt.Errorf("event to request: %w", err)
	}
	r.Header = header(event)
	r.Header.Del(forwardedPrefix) // nobody but this function takes anything off
	short, mapped := below(path(event), basePath)
	if mapped {
		r.Header.Set(forwardedPrefix, basePath)
	}
	r.URL = &url.URL{Path: short, RawQuery: event.RawQueryString}
	r.RequestURI = r.URL.RequestURI()
	r.Host = cmp.Or(r.Header.Get("Host"), event.RequestContext.DomainName)
	r.Header.Del("Host")
	r.RemoteAddr = net.JoinHostPort(event.RequestContext.HTTP.SourceIP, unknownPort)
	return r, nil
}

// withoutAddress returns what the library may see of an event. It would parse
// the decoded path as a URL once more, and print path and query where it fails.
func withoutAddress(event events.APIGatewayV2HTTPRequest) events.APIGatewayV2HTTPRequest {
	event.RawPath, event.RequestContext.HTTP.Path = "/", ""
	event.RawQueryString, event.QueryStringParameters = "", nil
	return event
}

// path returns the decoded path, as the client wrote it: without the stage,
// which an HTTP API puts in front unless it is the default one.
func path(event events.APIGatewayV2HTTPRequest) string {
	path := "/" + strings.TrimPrefix(event.RawPath, "/")
	stage := event.RequestContext.Stage
	if stage == "" || stage == defaultStage {
		return path
	}
	rest, _ := below(path, "/"+stage)
	return rest
}

// below is what of a path follows a prefix of whole segments, if that is there and
// not empty; else it is all of the path.
func below(path, prefix string) (rest string, found bool) {
	rest, found = strings.CutPrefix(path, prefix)
	switch {
	case prefix == "" || !found:
		return path, false
	case rest == "":
		return "/", true
	case rest[0] != '/':
		return path, false // another word that begins like it
	}
	return rest, true
}

// header takes the headers as they stand in the event, where repeated ones are
// one value already; the library would cut each at its commas. Cookies come in a list of their own; a Function URL sends
// them in both places.
func header(event events.APIGatewayV2HTTPRequest) http.Header {
	header := make(http.Header, len(event.Headers)+1)
	for name, value := range event.Headers {
		if !strings.HasPrefix(http.CanonicalHeaderKey(name), forgeable) {
			header.Set(name, value)
		}
	}
	if len(event.Cookies) > 0 {
		header.Set("Cookie", strings.Join(event.Cookies, "; "))
	}
	return header
}
