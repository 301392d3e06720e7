package s3bucket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"regulars/shared/errs"
)

const (
	// stallTime ends a read of a body that gets no byte. While nobody reads, time
	// does not count.
	stallTime = 10 * time.Second
	// maxResumes is how often in a row a body may break off without a byte.
	maxResumes = 3
)

var errStalled = errors.New("no byte came in time")

// A reader reads an object, and where the connection breaks off goes on from the
// next byte of the same version.
type reader struct {
	ctx          context.Context
	bucket       *s3Bucket
	key, version string
	etag         string // of the version that is read; empty before the first answer
	at, end      int64  // the next byte, and the one after the last; end is -1 until it is known
	breaks       int    // in a row, without a byte
	body         io.ReadCloser
	cancel       context.CancelFunc // ends the request of body
}

// open asks for the bytes from at on.
func (r *reader) open() error {
	ctx, cancel := context.WithCancel(r.ctx)
	in := &s3.GetObjectInput{Bucket: &r.bucket.name, Key: &r.key, VersionId: optional(r.version), IfMatch: optional(r.etag)}
	asked := r.at > 0 || r.end >= 0
	if asked {
		in.Range = aws.String(byteRange(r.at, r.end))
	}
	out, err := r.bucket.client.GetObject(ctx, in)
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok && response.HTTPStatusCode() == http.StatusRequestedRangeNotSatisfiable {
		cancel()
		r.end, r.body, r.cancel = r.at, http.NoBody, func() {}
		return nil
	}
	if err != nil {
		cancel()
		return failure(r.ctx, "get object "+r.key, err)
	}
	begins := fmt.Sprintf("bytes %d-", r.at)
	if out.ContentLength == nil || asked && !strings.HasPrefix(aws.ToString(out.ContentRange), begins) {
		_ = out.Body.Close() // it is of no use
		cancel()
		return fmt.Errorf("get object %s: asked for %s, got %q", r.key, byteRange(r.at, r.end), aws.ToString(out.ContentRange))
	}
	if r.etag == "" { // of the first answer
		r.etag, r.end = aws.ToString(out.ETag), r.at+*out.ContentLength
		if v := aws.ToString(out.VersionId); v != "" {
			r.version = v
		}
	}
	r.body, r.cancel = out.Body, cancel
	return nil
}

// byteRange is that of a request; end is the byte after the last, or negative.
func byteRange(at, end int64) string {
	if end < 0 {
		return fmt.Sprintf("bytes=%d-", at)
	}
	return fmt.Sprintf("bytes=%d-%d", at, end-1)
}

// Read implements [io.Reader].
func (r *reader) Read(p []byte) (int, error) {
	for {
		if r.at >= r.end {
			return 0, io.EOF
		}
		if len(p) == 0 {
			return 0, nil
		}
		n, err := r.readBody(p[:min(int64(len(p)), r.end-r.at)])
		r.at += int64(n)
		if n > 0 {
			r.breaks = 0
			return n, nil // an error comes again with the next read
		}
		if err == nil {
			continue
		}
		if err := r.resume(err); err != nil {
			return 0, err
		}
	}
}

// readBody reads from the connection, but not for longer than [stallTime].
func (r *reader) readBody(p []byte) (int, error) {
	stalled := time.AfterFunc(stallTime, r.cancel)
	n, err := r.body.Read(p)
	if !stalled.Stop() && err != nil {
		err = errStalled
	}
	return n, err
}

// resume opens the object again where the body broke off because of cause.
func (r *reader) resume(cause error) error {
	_ = r.Close() // it is broken
	if errors.Is(cause, io.EOF) {
		cause = io.ErrUnexpectedEOF
	}
	if r.ctx.Err() != nil {
		return fmt.Errorf("read object %s: %w", r.key, context.Cause(r.ctx))
	}
	if r.breaks >= maxResumes || !errs.Pause(r.ctx, r.breaks) {
		return &errs.Unavailable{Err: fmt.Errorf("read object %s, byte %d: %w", r.key, r.at, cause)}
	}
	r.breaks++
	return r.open()
}

// Close implements [io.Closer].
func (r *reader) Close() error {
	if r.body == nil {
		return nil
	}
	r.cancel()         // before the body is closed, which would read what is left
	_ = r.body.Close() // it was read, so nothing is lost
	r.body, r.cancel = http.NoBody, func() {}
	return nil
}
