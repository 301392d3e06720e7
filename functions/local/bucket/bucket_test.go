package bucket_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/bucket"
	"regulars/shared/objects"
	"regulars/shared/s3bucket"
)

const name = "imports"

// A place is a bucket that is served, and what its handler was told.
type place struct {
	*bucket.Server
	client *s3.Client
	url    string
	stop   func()

	mu   sync.Mutex
	told []events.S3EventRecord
	fail func(n int) error // asked about each call of the handler, from 1 on
	n    int
}

func open(t *testing.T, dir string) *place {
	t.Helper()
	p := &place{fail: func(int) error { return nil }}
	var err error
	p.Server, err = bucket.New(bucket.Options{Dir: dir, Name: name, Handle: p.handle, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p.Server)
	p.url = server.URL
	p.client = s3bucket.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &server.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); p.Run(ctx) }()
	p.stop = sync.OnceFunc(func() { cancel(); <-ended; server.Close(); p.Close() })
	t.Cleanup(p.stop)
	return p
}

func (p *place) handle(_ context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.n++
	if err := p.fail(p.n); err != nil {
		return events.SQSEventResponse{BatchItemFailures: []events.SQSBatchItemFailure{{ItemIdentifier: e.Records[0].MessageId}}}, nil
	}
	var told events.S3Event
	if err := json.Unmarshal([]byte(e.Records[0].Body), &told); err != nil {
		return events.SQSEventResponse{}, err
	}
	p.told = append(p.told, told.Records...)
	return events.SQSEventResponse{}, nil
}

// await waits until so many uploads were handled.
func (p *place) await(t *testing.T, n int) []events.S3EventRecord {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		p.mu.Lock()
		told := slices.Clone(p.told)
		p.mu.Unlock()
		if len(told) >= n {
			return told
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d uploads were handled, want %d", len(told), n)
		}
	}
}

func (p *place) put(t *testing.T, key, body string, metadata map[string]string) string {
	t.Helper()
	out, err := p.client.PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: aws.String(name), Key: &key, Body: strings.NewReader(body), Metadata: metadata,
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.VersionId)
}

func (p *place) get(t *testing.T, key, version string) string {
	t.Helper()
	r, err := s3bucket.New(p.client, name).Get(t.Context(), key, version, 0, -1)
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

// An upload is told of as S3 does it, in one piece or in many; one elsewhere is not.
func TestUploadsAreToldOf(t *testing.T) {
	t.Parallel()
	p := open(t, t.TempDir())
	const key = "imports/tenant=5/Gäste + Kunden 100%.csv"
	p.put(t, "results/x.csv", "x", nil)
	version := p.put(t, key, "email\n", map[string]string{"Matching": "email"})
	told := p.await(t, 1)
	o := told[0].S3.Object
	if o.Key != "imports/tenant%3D5/G%C3%A4ste+%2B+Kunden+100%25.csv" || o.VersionID != version || o.Size != 6 || o.Sequencer == "" || o.ETag == "" ||
		told[0].EventName != "ObjectCreated:Put" || told[0].S3.Bucket.Name != name {
		t.Errorf("told = %+v", told[0])
	}
	if head, err := s3bucket.New(p.client, name).Head(t.Context(), key, version); err != nil || head.Metadata["matching"] != "email" || head.Version != version {
		t.Errorf("Head() = %+v, %v", head, err)
	}

	second := p.multipart(t, key, strings.Repeat("a", 5<<20), "the end")
	told = p.await(t, 2)
	if len(told) != 2 || told[1].S3.Object.VersionID != second || told[1].S3.Object.Size != 5<<20+7 || told[1].S3.Object.Sequencer <= o.Sequencer {
		t.Errorf("told = %+v", told[1:])
	}
	if got := p.get(t, key, second); len(got) != 5<<20+7 || !strings.HasSuffix(got, "athe end") {
		t.Errorf("%d bytes", len(got))
	}
	if got := p.get(t, key, version); got != "email\n" {
		t.Errorf("the version before = %q", got)
	}
}

// multipart uploads in parts and returns the version.
func (p *place) multipart(t *testing.T, key string, parts ...string) string {
	t.Helper()
	begun, err := p.client.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: aws.String(name), Key: &key})
	if err != nil {
		t.Fatal(err)
	}
	var done types.CompletedMultipartUpload
	for i, part := range parts {
		out, err := p.client.UploadPart(t.Context(), &s3.UploadPartInput{
			Bucket: aws.String(name), Key: &key, UploadId: begun.UploadId, PartNumber: aws.Int32(int32(i + 1)), Body: strings.NewReader(part),
		})
		if err != nil {
			t.Fatal(err)
		}
		done.Parts = append(done.Parts, types.CompletedPart{ETag: out.ETag, PartNumber: aws.Int32(int32(i + 1))})
	}
	out, err := p.client.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{
		Bucket: aws.String(name), Key: &key, UploadId: begun.UploadId, MultipartUpload: &done,
	})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.VersionId)
}

// Objects, versions, deletions and uploads that were not handled outlive the process.
func TestFolderSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := open(t, dir)
	p.fail = func(int) error { return errors.New("the process is about to die") }
	first := p.put(t, "imports/a.csv", "1", nil)
	second := p.put(t, "imports/a.csv", "2", map[string]string{"charset": "utf-16"})
	p.put(t, "imports/gone.csv", "x", nil)
	b := s3bucket.New(p.client, name)
	if err := b.Delete(t.Context(), "imports/gone.csv"); err != nil {
		t.Fatal(err)
	}
	p.stop()

	p = open(t, dir)
	var versions []string
	for _, told := range p.await(t, 3) {
		versions = append(versions, told.S3.Object.VersionID)
	}
	if !slices.Contains(versions, first) || !slices.Contains(versions, second) || len(versions) != 3 {
		t.Errorf("handled = %v", versions)
	}
	if got := p.get(t, "imports/a.csv", "") + p.get(t, "imports/a.csv", first); got != "21" {
		t.Errorf("objects = %q", got)
	}
	b = s3bucket.New(p.client, name)
	if head, err := b.Head(t.Context(), "imports/a.csv", ""); err != nil || head.Metadata["charset"] != "utf-16" {
		t.Errorf("Head() = %+v, %v", head, err)
	}
	if _, err := b.Head(t.Context(), "imports/gone.csv", ""); !errors.Is(err, objects.ErrNotFound) {
		t.Errorf("Head() error = %v, want %v", err, objects.ErrNotFound)
	}
	p.stop()

	p = open(t, dir)
	p.put(t, "imports/b.csv", "b", nil)
	if told := p.await(t, 1); told[0].S3.Object.Key != "imports/b.csv" {
		t.Errorf("handled once more: %+v", told)
	}
}

// An upload whose handling fails is handled again.
func TestHandledAgain(t *testing.T) {
	t.Parallel()
	p := open(t, "")
	p.fail = func(n int) error {
		if n < 2 {
			return errors.New("busy")
		}
		return nil
	}
	p.put(t, "imports/a.csv", "1", nil)
	p.await(t, 1)
}

// A list is in order, in pages, and by folders.
func TestLists(t *testing.T) {
	t.Parallel()
	p := open(t, "")
	for _, key := range []string{"b/2", "a", "b/1", "c/d/1", "c/e", "b/3", "gone"} {
		p.put(t, key, "x", nil)
	}
	b := s3bucket.New(p.client, name)
	if err := b.Delete(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	p.put(t, "b/2", "xx", nil)
	for _, tt := range []struct {
		prefix, delimiter string
		size              int32
		want              []string
	}{
		{"", "", 100, []string{"a", "b/1", "b/2", "b/3", "c/d/1", "c/e"}},
		{"", "", 2, []string{"a", "b/1", "b/2", "b/3", "c/d/1", "c/e"}},
		{"b/", "", 1, []string{"b/1", "b/2", "b/3"}},
		{"", "/", 100, []string{"a", "b/", "c/"}},
		{"", "/", 1, []string{"a", "b/", "c/"}},
		{"c/", "/", 1, []string{"c/d/", "c/e"}},
	} {
		var got []string
		pages := s3.NewListObjectsV2Paginator(p.client, &s3.ListObjectsV2Input{
			Bucket: aws.String(name), Prefix: &tt.prefix, Delimiter: &tt.delimiter, MaxKeys: &tt.size,
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range page.Contents {
				got = append(got, aws.ToString(o.Key))
			}
			for _, o := range page.CommonPrefixes {
				got = append(got, aws.ToString(o.Prefix))
			}
		}
		slices.Sort(got)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", tt, diff)
		}
	}
	var versions []string
	pages := s3.NewListObjectVersionsPaginator(p.client, &s3.ListObjectVersionsInput{Bucket: aws.String(name), MaxKeys: aws.Int32(2)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range page.Versions {
			versions = append(versions, fmt.Sprint(aws.ToString(v.Key), " ", aws.ToInt64(v.Size)))
		}
		for _, v := range page.DeleteMarkers {
			versions = append(versions, aws.ToString(v.Key)+" deleted")
		}
	}
	want := []string{"a 1", "b/1 1", "b/2 1", "b/2 2", "b/3 1", "c/d/1 1", "c/e 1", "gone 1", "gone deleted"}
	if diff := cmp.Diff(want, slices.Sorted(slices.Values(versions))); diff != "" {
		t.Errorf("versions (-want +got):\n%s", diff)
	}
}

// A version that is deleted is gone for good.
func TestDeleteVersion(t *testing.T) {
	t.Parallel()
	p := open(t, "")
	first := p.put(t, "x", "1", nil)
	second := p.put(t, "x", "2", nil)
	for _, version := range []string{second, first} {
		if _, err := p.client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: aws.String(name), Key: aws.String("x"), VersionId: &version}); err != nil {
			t.Fatal(err)
		}
		_, err := s3bucket.New(p.client, name).Head(t.Context(), "x", version)
		if !errors.Is(err, objects.ErrNotFound) {
			t.Errorf("Head() error = %v, want %v", err, objects.ErrNotFound)
		}
		if version == second && p.get(t, "x", "") != "1" {
			t.Error("the version before does not show again")
		}
	}
}

// Clients that send chunks with signatures, or a checksum behind them, are understood.
func TestChunks(t *testing.T) {
	t.Parallel()
	p := open(t, "")
	for _, tt := range []struct {
		sort, body string
		status     int
	}{
		{"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "6\r\nemail\n\r\n4\r\na@b\n\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 200},
		{"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "A;chunk-signature=00\r\nemail\na@b\n\r\n0;chunk-signature=00\r\n\r\n", 200},
		{"STREAMING-UNSIGNED-PAYLOAD-TRAILER", "6\r\nemail\n\r\n4\r\na@", 400},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, p.url+"/imports/imports/c.csv", bytes.NewReader([]byte(tt.body)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Amz-Content-Sha256", tt.sort)
		r.Header.Set("X-Amz-Decoded-Content-Length", "10")
		r.Header.Set("Content-Encoding", "aws-chunked,gzip")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if (answer.StatusCode == 200) != (tt.status == 200) {
			t.Errorf("%s: %s, want %d", tt.sort, answer.Status, tt.status)
		}
		if got := p.get(t, "imports/c.csv", ""); got != "email\na@b\n" {
			t.Errorf("%s: %q", tt.sort, got)
		}
	}
}
