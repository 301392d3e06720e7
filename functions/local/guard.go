package main

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	// bodyTime is how long a request may take to arrive.
	bodyTime = 20 * time.Second
	// idleTime is how long a connection may wait for its next request.
	idleTime = 2 * time.Minute
)

// ownMachine keeps web pages out. The tokens of the development server are public, and
// any page that is open in a browser may send requests to this machine: so the Host
// must be a loopback name, which keeps out names that others pointed here, and what a
// browser sends for a page must be for a page of this server itself.
func ownMachine(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !loopback(r.Host):
			http.Error(w, "This server is for its own machine alone: Host must be localhost or 127.0.0.1.", http.StatusForbidden)
		case !ownOrigin(r):
			http.Error(w, "This server takes no requests of the pages of other sites.", http.StatusForbidden)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// loopback reports whether a Host names this machine by a loopback name.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// ownOrigin reports whether a request comes from no page at all, or from one of this
// server. Browsers say Origin, and of requests without one Sec-Fetch-Site.
func ownOrigin(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	for _, origin := range r.Header.Values("Origin") {
		if page, err := url.Parse(origin); err != nil || page.Scheme != "http" || page.Host != r.Host {
			return false
		}
	}
	return true
}

// inTime ends a request whose body has not arrived after d. It is no read timeout of the
// server, which would end a request that is being worked on as well.
func inTime(h http.Handler, d time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		if err := control.SetReadDeadline(time.Now().Add(d)); err == nil && r.Body != nil {
			r.Body = &timedBody{r.Body, control}
		}
		h.ServeHTTP(w, r)
	})
}

// A timedBody lifts the deadline once it has arrived.
type timedBody struct {
	io.ReadCloser
	control *http.ResponseController
}

// Read implements [io.Reader].
func (b *timedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err == io.EOF {
		_ = b.control.SetReadDeadline(time.Time{})
	}
	return n, err
}
