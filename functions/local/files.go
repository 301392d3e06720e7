package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"regulars/functions/imports"
	"regulars/functions/local/bucket"
	"regulars/shared/objects"
	"regulars/shared/s3bucket"
)

// files are the bucket that files are imported from: one that is served here, or with
// S3_ENDPOINT that of another process, which then also handles its uploads.
type files struct {
	endpoint string
	bucket   objects.Bucket
	gate     objects.Gate
	server   *bucket.Server // nil: of another process
	listener net.Listener
	imports  atomic.Pointer[imports.Queue]
	pages    atomic.Int64 // port of the console
}

// openBucket serves the bucket on the loopback interface alone, or where S3_ADDRESS says,
// for containers of sam local, and not to web pages. It keeps it below data; where that is
// empty, until the process ends.
func openBucket(data string) (*files, error) {
	f, name := &files{endpoint: os.Getenv("S3_ENDPOINT")}, cmp.Or(os.Getenv("IMPORT_BUCKET"), "imports")
	if f.endpoint == "" {
		if err := f.listen(); err != nil {
			return nil, err
		}
		if data != "" {
			data = filepath.Join(data, "bucket")
		}
		var err error
		f.server, err = bucket.New(bucket.Options{Dir: data, Name: name, Handle: f.handle, Log: slog.Default()})
		if err != nil {
			f.listener.Close()
			return nil, err
		}
		go (&http.Server{Handler: f.guarded(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: idleTime}).Serve(f.listener)
	}
	client := s3bucket.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &f.endpoint,
		Credentials: credentials.NewStaticCredentialsProvider("regulars", "regulars", ""),
	})
	f.bucket, f.gate = s3bucket.New(client, name), s3bucket.NewGate(client, name)
	return f, nil
}

// containerHost is what containers call this machine.
const containerHost = "host.docker.internal"

// guarded keeps web pages out, as [ownMachine] does, but for the console's. Where containers are let in, the
// names by which they call this machine count as its own.
func (f *files) guarded() http.Handler {
	guarded, address := f.forConsole(f.server, ownMachine(f.server)), os.Getenv("S3_ADDRESS")
	if address == "" {
		return guarded
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, _, err := net.SplitHostPort(r.Host); err == nil && (name == containerHost || name == address) {
			r = r.Clone(r.Context())
			r.Host = "localhost"
		}
		guarded.ServeHTTP(w, r)
	})
}

// admit lets pages of the console on that port send files here, and fetch them.
func (f *files) admit(port int) { f.pages.Store(int64(port)) }

// forConsole takes the forms that pages of the console send, and where these lead a
// browser to. All else goes another way.
func (f *files) forConsole(server, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, err := net.SplitHostPort(r.Host)
		own := err == nil && loopback(name)
		origin := r.Header.Get("Origin")
		page := origin == fmt.Sprintf("http://localhost:%d", f.pages.Load()) || origin == fmt.Sprintf("http://127.0.0.1:%d", f.pages.Load())
		led := r.Method == http.MethodGet && origin == "" && r.Header.Get("Sec-Fetch-Site") == "same-site" && r.Header.Get("Sec-Fetch-Mode") == "navigate"
		switch {
		case own && page && r.Method == http.MethodOptions:
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Allow-Methods", http.MethodPost)
			w.WriteHeader(http.StatusNoContent)
		case own && page && r.Method == http.MethodPost:
			w.Header().Set("Access-Control-Allow-Origin", origin)
			server.ServeHTTP(w, r)
		case own && led:
			server.ServeHTTP(w, r)
		default:
			others.ServeHTTP(w, r)
		}
	})
}

// listen takes the port: S3_PORT, else the one after PORT.
func (f *files) listen() error {
	port := os.Getenv("S3_PORT")
	if port == "" {
		n, err := strconv.Atoi(cmp.Or(os.Getenv("PORT"), defaultPort))
		if err != nil {
			return fmt.Errorf("PORT=%s is not a number", os.Getenv("PORT"))
		}
		if n > 0 { // else any that is free
			n++
		}
		port = strconv.Itoa(n)
	}
	var err error
	address := cmp.Or(os.Getenv("S3_ADDRESS"), "127.0.0.1")
	if f.listener, err = net.Listen("tcp", net.JoinHostPort(address, port)); err != nil {
		return fmt.Errorf("S3_ADDRESS=%s, S3_PORT=%s: %w", address, port, err)
	}
	f.endpoint = "http://" + f.listener.Addr().String()
	if address == "127.0.0.1" {
		f.endpoint = fmt.Sprintf("http://localhost:%d", f.listener.Addr().(*net.TCPAddr).Port)
	}
	return nil
}

// deliver has uploads handled by the queue, once run runs.
func (f *files) deliver(q *imports.Queue) { f.imports.Store(q) }

func (f *files) handle(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	return f.imports.Load().Handle(ctx, e)
}

// run has uploads handled until ctx is done.
func (f *files) run(ctx context.Context) {
	if f.server != nil {
		f.server.Run(ctx)
	}
}

func (f *files) close() {
	if f.server != nil {
		f.listener.Close()
		f.server.Close()
	}
}
