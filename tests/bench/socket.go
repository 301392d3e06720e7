package main

import (
	"io"
	"net/http"
	"net/http/httptest"
)

// A socket is a handler that sends what it is asked to a server of another, over one
// connection that is kept.
type socket struct {
	url    string
	client *http.Client
}

func newSocket(h http.Handler) socket {
	server := httptest.NewServer(h) // ends with the program
	return socket{server.URL, server.Client()}
}

// ServeHTTP implements [http.Handler].
func (s socket) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out, err := http.NewRequestWithContext(r.Context(), r.Method, s.url+r.URL.RequestURI(), r.Body)
	check(err)
	out.Header, out.ContentLength = r.Header, r.ContentLength
	answer, err := s.client.Do(out)
	check(err)
	defer answer.Body.Close()
	w.WriteHeader(answer.StatusCode)
	_, err = io.Copy(w, answer.Body)
	check(err)
}
