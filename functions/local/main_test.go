package main

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestOwnMachineAlone(t *testing.T) {
	h := ownMachine(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	tests := []struct {
		name, host, origin, site string
		want                     int
	}{
		{"curl", "localhost:3000", "", "", 200},
		{"curl, by address", "127.0.0.1:3000", "", "", 200},
		{"curl, IPv6", "[::1]:3000", "", "", 200},
		{"a page of this server", "localhost:3000", "http://localhost:3000", "same-origin", 200},
		{"the address line of a browser", "localhost:3000", "", "none", 200},
		{"a page of another site", "localhost:3000", "https://evil.example", "cross-site", 403},
		{"a page, in a browser that says Origin alone", "localhost:3000", "https://evil.example", "", 403},
		{"an image of another site, without Origin", "localhost:3000", "", "cross-site", 403},
		{"another server of this machine", "localhost:3000", "http://localhost:8080", "same-site", 403},
		{"the same over TLS", "localhost:3000", "https://localhost:3000", "", 403},
		{"a sandboxed page", "localhost:3000", "null", "", 403},
		{"a broken Origin", "localhost:3000", "http://%", "", 403},
		{"a name that was pointed here", "evil.example:3000", "http://evil.example:3000", "same-origin", 403},
		{"no Host", "", "", "", 403},
	}
	for _, tt := range tests {
		for _, target := range []string{"/api/v1.1/profiles/import", "/profiles", "/loy/profiles.json", "/task", "/_admin", "/"} {
			for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
				r := httptest.NewRequest(method, target, nil)
				r.Host = tt.host
				if tt.origin != "" {
					r.Header.Set("Origin", tt.origin)
				}
				if tt.site != "" {
					r.Header.Set("Sec-Fetch-Site", tt.site)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, r)
				if w.Code != tt.want {
					t.Errorf("%s: %s %s = %d, want %d", tt.name, method, target, w.Code, tt.want)
				}
			}
		}
	}
}

// A body that does not arrive ends its request; one that did may be worked on for as
// long as it takes.
func TestBodiesArriveInTime(t *testing.T) {
	const patience = 100 * time.Millisecond
	ended := make(chan error, 1)
	server := httptest.NewServer(inTime(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.ReadAll(r.Body)
		if err != nil {
			ended <- err
			return
		}
		select { // longer than a body may take
		case <-r.Context().Done():
			ended <- r.Context().Err()
		case <-time.After(4 * patience):
			ended <- nil
		}
	}), patience))
	defer server.Close()

	connection, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if _, err := io.WriteString(connection, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf"); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-ended:
		if err == nil {
			t.Error("half a body was read to its end")
		}
	case <-time.After(10 * time.Second):
		t.Fatal("half a body still waits for its other half")
	}

	response, err := http.Post(server.URL, "text/plain", strings.NewReader("all of it"))
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if err := <-ended; err != nil {
		t.Errorf("a request that was worked on ended with %v", err)
	}
}

// A server whose database dies says so and ends, and the requests under way end with it.
func TestEndsWithItsDatabase(t *testing.T) {
	database, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun := make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		close(begun)
		<-r.Context().Done() // as who waits for the table
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	endpoint := "http://" + database.Addr().String()
	ended := make(chan error, 1)
	go func() {
		ended <- serve(t.Context(), listener, h, func(ctx context.Context) error { return watch(ctx, endpoint, 10*time.Millisecond) })
	}()
	answered := make(chan int, 1)
	go func() {
		response, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answered <- 0
			return
		}
		response.Body.Close()
		answered <- response.StatusCode
	}()
	<-begun
	select {
	case err := <-ended:
		t.Fatalf("ended with %v while the database was there", err)
	case <-time.After(50 * time.Millisecond):
	}
	database.Close()
	if got := <-answered; got != http.StatusServiceUnavailable {
		t.Errorf("status = %d, want 503", got)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), endpoint+" is gone") {
		t.Errorf("error = %v, want one that says that %s is gone", err, endpoint)
	}
}

// Ctrl-C lets the requests under way come to their end.
func TestInterruptedWaitsForRequests(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		interrupt()
		select {
		case <-r.Context().Done():
			w.WriteHeader(http.StatusServiceUnavailable)
		case <-time.After(50 * time.Millisecond):
		}
	})
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener, h, func(ctx context.Context) error { <-ctx.Done(); return nil })
	}()
	response, err := http.Get("http://" + listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		t.Errorf("status = %d, want 200", response.StatusCode)
	}
	if err := <-ended; err != nil {
		t.Errorf("error = %v, want none", err)
	}
}
