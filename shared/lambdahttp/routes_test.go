package lambdahttp_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
)

// routes answer in all the ways in which the two servers could differ.
func routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", echo)
	mux.HandleFunc("/echo/{rest...}", echo)
	mux.HandleFunc("/developers", echo)
	mux.Handle("/redirect", http.RedirectHandler("/echo/a?x=1", http.StatusSeeOther))
	statusRoutes(mux)
	headerRoutes(mux)
	bodyRoutes(mux)
	return mux
}

func statusRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /silent", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/header-only", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Only", "1") })
	mux.HandleFunc("/twice", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		w.WriteHeader(http.StatusOK)
	})
	mux.HandleFunc("/body-first", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "done")
		w.WriteHeader(http.StatusTeapot)
	})
	mux.HandleFunc("/hints", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusCreated)
	})
}

func headerRoutes(mux *http.ServeMux) {
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Early", "1")
		w.WriteHeader(http.StatusCreated)
		w.Header().Set("X-Early", "2")
		w.Header().Set("X-Late", "1")
	})
	mux.HandleFunc("/late-body", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "done")
		w.Header().Set("X-Late", "1")
	})
	mux.HandleFunc("/cookies", func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "1", Path: "/"})
		http.SetCookie(w, &http.Cookie{Name: "b", Value: "2"})
	})
	mux.HandleFunc("/repeated", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["X-Many"] = []string{"a", "b"}
	})
}

func bodyRoutes(mux *http.ServeMux) {
	mux.HandleFunc("/binary", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("\x89PNG\xff\x00")) })
	mux.HandleFunc("/guess", func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<!DOCTYPE ")
		io.WriteString(w, "HTML>")
	})
	mux.HandleFunc("/untyped", func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil
		io.WriteString(w, "bare")
	})
	mux.HandleFunc("/encoded", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "br")
		io.WriteString(w, "\xff\x01")
	})
	mux.HandleFunc("/empty", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		_, err := io.WriteString(w, "lost")
		if err == nil {
			panic("a body was accepted")
		}
	})
	mux.HandleFunc("/sized", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "4")
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "size")
	})
}

// echo answers with all that a handler can see of a request.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(err)
	}
	if _, _, err := net.SplitHostPort(r.RemoteAddr); err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	r.Header.Del("Content-Length") // said in ContentLength
	json.NewEncoder(w).Encode(map[string]any{
		"method": r.Method, "host": r.Host, "proto": r.Proto, "requestURI": r.RequestURI,
		"path": r.URL.Path, "escaped": r.URL.EscapedPath(), "scheme": r.URL.Scheme, "urlHost": r.URL.Host,
		"query": r.URL.RawQuery, "values": r.URL.Query(), "rest": r.PathValue("rest"), "header": r.Header,
		"cookies": len(r.Cookies()), "body": body, "length": r.ContentLength,
	})
}
