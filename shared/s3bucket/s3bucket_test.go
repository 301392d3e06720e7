package s3bucket_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"regulars/shared/errs"
	"regulars/shared/objects"
	"regulars/shared/s3bucket"
)

const bucket = "imports"

// A place is a bucket and how a client uploads to it.
type place struct {
	objects.Bucket
	upload func(t *testing.T, key, body string, metadata map[string]string) (version string)
}

func memory(*testing.T) place {
	m := objects.NewMemory()
	return place{m, func(_ *testing.T, key, body string, metadata map[string]string) string {
		return m.Upload(key, []byte(body), metadata).Version
	}}
}

// client is one of an S3 that wrap stands in front of.
func client(t *testing.T, wrap func(http.Handler) http.Handler) *s3.Client {
	t.Helper()
	server := httptest.NewServer(wrap(gofakes3.New(s3mem.New()).Server()))
	t.Cleanup(server.Close)
	c := s3bucket.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, func(o *s3.Options) { o.Retryer = retry.AddWithMaxBackoffDelay(o.Retryer, time.Millisecond) })
	if _, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucket)}); err != nil {
		t.Fatal(err)
	}
	_, err := c.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{
		Bucket: aws.String(bucket), VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func onS3(t *testing.T) place {
	c := client(t, func(h http.Handler) http.Handler { return h })
	return place{s3bucket.New(c, bucket), func(t *testing.T, key, body string, metadata map[string]string) string {
		out, err := c.PutObject(t.Context(), &s3.PutObjectInput{
			Bucket: aws.String(bucket), Key: &key, Body: strings.NewReader(body), Metadata: metadata,
		})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.VersionId)
	}}
}

func read(t *testing.T, b objects.Bucket, key, version string, offset, length int64) string {
	t.Helper()
	r, err := b.Get(t.Context(), key, version, offset, length)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	body, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// Both buckets keep what [objects.Bucket] promises.
func TestBucket(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(*testing.T) place{"memory": memory, "S3": onS3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testObject(t, make(t))
			testVersions(t, make(t))
			testListAndDelete(t, make(t))
			testForget(t, make(t))
		})
	}
}

// Older versions go for good, and the latest only where that is asked for.
func testForget(t *testing.T, b place) {
	first := b.upload(t, "a/x", "old", nil)
	b.upload(t, "a/x", "new", nil)
	other := b.upload(t, "b/x", "old", nil)
	b.upload(t, "b/x", "new", nil)
	if n, err := b.Forget(t.Context(), "a/", false); n != 1 || err != nil {
		t.Errorf("Forget = %d, %v, want the older one", n, err)
	}
	if _, err := b.Get(t.Context(), "a/x", first, 0, -1); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("the older version is there still: %v", err)
	}
	if got := read(t, b, "a/x", "", 0, -1) + read(t, b, "b/x", other, 0, -1); got != "newold" {
		t.Errorf("what stays is %q", got)
	}
	if n, err := b.Forget(t.Context(), "a/", true); n != 1 || err != nil {
		t.Errorf("Forget of the latest = %d, %v", n, err)
	}
	if _, err := b.Head(t.Context(), "a/x", ""); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("it is there still: %v", err)
	}
}

func testObject(t *testing.T, b place) {
	const key = "imports/tenant=5/Kunden & Gäste +1%.csv"
	b.upload(t, key, "0123456789", map[string]string{"Field-Name": "CRM_ID"})
	o, err := b.Head(t.Context(), key, "")
	if err != nil {
		t.Fatal(err)
	}
	if o.Key != key || o.Size != 10 || o.ETag == "" || o.Version == "" || o.Metadata["field-name"] != "CRM_ID" {
		t.Errorf("Head() = %+v", o)
	}
	for _, tt := range []struct {
		offset, length int64
		want           string
	}{
		{0, -1, "0123456789"}, {0, 10, "0123456789"}, {0, 4, "0123"}, {3, 4, "3456"}, {7, -1, "789"},
		{7, 99, "789"}, {9, 1, "9"}, {4, 0, ""}, {10, -1, ""}, {10, 5, ""}, {99, -1, ""},
	} {
		if got := read(t, b, key, "", tt.offset, tt.length); got != tt.want {
			t.Errorf("Get(%d, %d) = %q, want %q", tt.offset, tt.length, got, tt.want)
		}
	}
	b.upload(t, "empty", "", nil)
	if got := read(t, b, "empty", "", 0, -1) + read(t, b, "empty", "", 0, 100); got != "" {
		t.Errorf("an empty object = %q", got)
	}
	if _, err := b.Head(t.Context(), "none", ""); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("Head() error = %v, want %v", err, objects.ErrNotFound)
	}
	if _, err := b.Get(t.Context(), "none", "", 0, -1); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("Get() error = %v, want %v", err, objects.ErrNotFound)
	}
}

// A version that was read once is still there when the object is replaced or
// deleted.
func testVersions(t *testing.T, b place) {
	first := b.upload(t, "x", "first", nil)
	second := b.upload(t, "x", "second", nil)
	r, err := b.Get(t.Context(), "x", "", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := b.Delete(t.Context(), "x"); err != nil {
		t.Fatal(err)
	}
	if body, err := io.ReadAll(r); err != nil || string(body) != "second" {
		t.Errorf("read = %q, %v, want the version that was opened", body, err)
	}
	if got := read(t, b, "x", first, 0, -1) + read(t, b, "x", second, 0, -1); got != "firstsecond" {
		t.Errorf("versions = %q", got)
	}
	for _, version := range []string{"", "none"} {
		if _, err := b.Get(t.Context(), "x", version, 0, -1); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Get(%q) error = %v, want %v", version, err, objects.ErrNotFound)
		}
		if _, err := b.Head(t.Context(), "x", version); !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Head(%q) error = %v, want %v", version, err, objects.ErrNotFound)
		}
	}
}

func testListAndDelete(t *testing.T, b place) {
	var keys []string
	for i := range 1203 { // more than a page of a list and a batch of deletions
		keys = append(keys, fmt.Sprintf("work/%04d", i))
	}
	for _, key := range slices.Backward(keys) {
		if err := b.Put(t.Context(), key, []byte(key), "text/plain"); err != nil {
			t.Fatal(err)
		}
	}
	b.upload(t, "workshop", "", nil)
	list, err := b.List(t.Context(), "work/")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, o := range list {
		listed = append(listed, o.Key)
		if o.Size != 9 {
			t.Errorf("List() has %+v", o)
		}
	}
	if diff := cmp.Diff(keys, listed); diff != "" {
		t.Errorf("List() (-want +got):\n%s", diff)
	}
	if err := b.Delete(t.Context(), append(keys, "none")...); err != nil {
		t.Fatal(err)
	}
	if list, err = b.List(t.Context(), ""); err != nil || len(list) != 1 || list[0].Key != "workshop" {
		t.Errorf("List() = %+v, %v, want what was not deleted", list, err)
	}
}

// A breaker is an S3 whose bodies break off after some bytes, so often.
type breaker struct {
	http.Handler
	after int
	times atomic.Int64
	gets  atomic.Int64
}

func (b *breaker) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet {
		b.gets.Add(1)
		if b.times.Add(-1) >= 0 {
			w = &breaking{w, b.after}
		}
	}
	b.Handler.ServeHTTP(w, r)
}

type breaking struct {
	http.ResponseWriter
	left int
}

func (b *breaking) Write(p []byte) (int, error) {
	if len(p) > b.left {
		b.ResponseWriter.Write(p[:b.left])
		http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	b.left -= len(p)
	return b.ResponseWriter.Write(p)
}

// A body that breaks off is gone on with, in the version that was opened; one that
// does so without a byte, again and again, is an error and no end.
func TestBrokenBodies(t *testing.T) {
	t.Parallel()
	b := &breaker{}
	c := client(t, func(h http.Handler) http.Handler { b.Handler = h; return b })
	place := s3bucket.New(c, bucket)
	body := bytes.Repeat([]byte("0123456789abcdef"), 64<<10)
	if err := place.Put(t.Context(), "x", body, ""); err != nil {
		t.Fatal(err)
	}
	b.after = 100_000
	b.times.Store(8)
	r, err := place.Get(t.Context(), "x", "", 5, 900_000)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := place.Put(t.Context(), "x", []byte("another version"), ""); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(r)
	if err != nil || !bytes.Equal(got, body[5:900_005]) {
		t.Errorf("read %d bytes, %v", len(got), err)
	}
	if n := b.gets.Load(); n != 9 {
		t.Errorf("%d requests, want one and one for each break", n)
	}

	b.after = 0
	b.times.Store(1 << 30)
	r, err = place.Get(t.Context(), "x", "", 0, -1)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if got, err := io.ReadAll(r); !errors.Is(err, io.ErrUnexpectedEOF) || !isUnavailable(err) || len(got) > 0 {
		t.Errorf("read %q, %v, want a body that broke off", got, err)
	}
}

func isUnavailable(err error) bool {
	_, ok := errs.AsUnavailable(err)
	return ok
}

// What S3 answers when it is busy is repeated, and in the end told as such; what no
// repeating cures is an internal error at once.
func TestFailures(t *testing.T) {
	t.Parallel()
	var left, calls atomic.Int64
	var status int
	var code string
	c := client(t, func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if left.Add(-1) < 0 {
				h.ServeHTTP(w, r)
				return
			}
			calls.Add(1)
			w.WriteHeader(status)
			fmt.Fprintf(w, "<Error><Code>%s</Code></Error>", code)
		})
	})
	b := s3bucket.New(c, bucket)
	each := map[string]func() error{
		"head":   func() error { _, err := b.Head(t.Context(), "x", ""); return err },
		"get":    func() error { _, err := b.Get(t.Context(), "x", "", 0, -1); return err },
		"put":    func() error { return b.Put(t.Context(), "x", []byte("x"), "") },
		"list":   func() error { _, err := b.List(t.Context(), ""); return err },
		"delete": func() error { return b.Delete(t.Context(), "none") },
	}
	if err := each["put"](); err != nil {
		t.Fatal(err)
	}
	for op, call := range each {
		status, code = http.StatusServiceUnavailable, "SlowDown"
		left.Store(2)
		if err := call(); err != nil {
			t.Errorf("%s, busy twice: %v", op, err)
		}
		calls.Store(0)
		left.Store(1 << 30)
		if err := call(); !isUnavailable(err) || calls.Load() != 5 {
			t.Errorf("%s, always busy: %v after %d calls", op, err, calls.Load())
		}
		status, code = http.StatusForbidden, "AccessDenied"
		calls.Store(0)
		if err := call(); err == nil || isUnavailable(err) || calls.Load() != 1 {
			t.Errorf("%s, not allowed: %v after %d calls", op, err, calls.Load())
		}
		if op == "head" {
			continue // its answer has no code
		}
		status, code = http.StatusNotFound, "NoSuchBucket"
		if err := call(); err == nil || errors.Is(err, objects.ErrNotFound) {
			t.Errorf("%s, no bucket: %v", op, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Head(ctx, "x", ""); !errors.Is(err, context.Canceled) {
		t.Errorf("Head() error = %v, want %v", err, context.Canceled)
	}
}

// A memory tells what was called, and fails as it is told to.
func TestMemoryFails(t *testing.T) {
	t.Parallel()
	m := objects.NewMemory()
	m.Upload("x", []byte("0123456789"), nil)
	broken := errors.New("broken")
	var failing string
	m.Fail(func(op, key string) error {
		if op == failing && key == "x" {
			return broken
		}
		return nil
	})
	each := map[string]func() error{
		"head":   func() error { _, err := m.Head(t.Context(), "x", ""); return err },
		"get":    func() error { _, err := m.Get(t.Context(), "x", "", 0, -1); return err },
		"put":    func() error { return m.Put(t.Context(), "x", []byte("0123456789"), "") },
		"list":   func() error { _, err := m.List(t.Context(), "x"); return err },
		"delete": func() error { return m.Delete(t.Context(), "y", "x") },
	}
	for op, call := range each {
		failing = op
		if err := call(); !errors.Is(err, broken) {
			t.Errorf("%s error = %v, want %v", op, err, broken)
		}
	}
	failing = "read"
	r, err := m.Get(t.Context(), "x", "", 2, 6)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); string(got) != "234" || !errors.Is(err, broken) {
		t.Errorf("read %q, %v, want half of it", got, err)
	}
	if diff := cmp.Diff(map[string]int{"head": 1, "get": 2, "read": 1, "put": 1, "list": 1, "delete": 2}, m.Calls()); diff != "" {
		t.Errorf("Calls() (-want +got):\n%s", diff)
	}
}
