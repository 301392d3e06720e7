// Package s3bucket is a bucket on S3.
package s3bucket

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"regulars/shared/errs"
	"regulars/shared/objects"
)

// maxDelete is how many objects S3 deletes in one call.
const maxDelete = 1000

// A s3Bucket is a bucket on S3.
type s3Bucket struct {
	client *s3.Client
	name   string
}

// New is the bucket of that name, reached by the client; [NewClient] makes one
// whose attempts end in time. Every call may be repeated, so the client does.
func New(client *s3.Client, bucket string) objects.Bucket { return &s3Bucket{client, bucket} }

func (b *s3Bucket) Head(ctx context.Context, key, version string) (objects.Object, error) {
	out, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key, VersionId: optional(version)})
	if err != nil {
		return objects.Object{}, failure(ctx, "head of object "+key, err)
	}
	return objects.Object{
		Key: key, Version: aws.ToString(out.VersionId), ETag: aws.ToString(out.ETag),
		Size: aws.ToInt64(out.ContentLength), Metadata: metadata(out.Metadata),
	}, nil
}

// metadata are those of an object as they were meant: S3 keeps what is not ASCII
// as RFC 2047 writes it.
func metadata(kept map[string]string) map[string]string {
	meant := make(map[string]string, len(kept))
	var words mime.WordDecoder
	for name, value := range kept {
		if decoded, err := words.DecodeHeader(value); err == nil {
			value = decoded
		}
		meant[strings.ToLower(name)] = value
	}
	return meant
}

func (b *s3Bucket) Get(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	if length == 0 {
		return http.NoBody, nil
	}
	end := int64(-1)
	if length > 0 {
		end = offset + length
	}
	r := &reader{ctx: ctx, bucket: b, key: key, version: version, at: offset, end: end}
	if err := r.open(); err != nil {
		return nil, err
	}
	return r, nil
}

func (b *s3Bucket) Put(ctx context.Context, key string, body []byte, contentType string) error {
	_, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(body), ContentType: optional(contentType),
	})
	if err != nil {
		return failure(ctx, "put object "+key, err)
	}
	return nil
}

func (b *s3Bucket) List(ctx context.Context, prefix string) ([]objects.Object, error) {
	var all []objects.Object
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: optional(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, failure(ctx, "list objects "+prefix, err)
		}
		for _, o := range page.Contents {
			all = append(all, objects.Object{Key: aws.ToString(o.Key), ETag: aws.ToString(o.ETag), Size: aws.ToInt64(o.Size)})
		}
	}
	return all, nil
}

func (b *s3Bucket) Delete(ctx context.Context, keys ...string) error {
	for start := 0; start < len(keys); start += maxDelete {
		var batch []types.ObjectIdentifier
		for _, key := range keys[start:min(start+maxDelete, len(keys))] {
			batch = append(batch, types.ObjectIdentifier{Key: &key})
		}
		if err := b.deleteBatch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// Forget deletes a page of versions at a time.
func (b *s3Bucket) Forget(ctx context.Context, prefix string, latest bool) (n int, err error) {
	pages := s3.NewListObjectVersionsPaginator(b.client, &s3.ListObjectVersionsInput{Bucket: &b.name, Prefix: optional(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return n, failure(ctx, "list versions of "+prefix, err)
		}
		var gone []types.ObjectIdentifier
		for _, v := range page.Versions {
			if latest || !aws.ToBool(v.IsLatest) {
				gone = append(gone, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
			}
		}
		for _, v := range page.DeleteMarkers {
			gone = append(gone, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for start := 0; start < len(gone); start += maxDelete {
			batch := gone[start:min(start+maxDelete, len(gone))]
			if err := b.deleteBatch(ctx, batch); err != nil {
				return n, err
			}
			n += len(batch)
		}
	}
	return n, nil
}

// deleteBatch deletes until S3 has deleted every object: it deletes some of a
// batch and leaves others.
func (b *s3Bucket) deleteBatch(ctx context.Context, rest []types.ObjectIdentifier) error {
	for n := 0; ; n++ {
		out, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &b.name, Delete: &types.Delete{Objects: rest, Quiet: aws.Bool(true)},
		})
		if err != nil {
			return failure(ctx, fmt.Sprintf("delete %d objects", len(rest)), err)
		}
		rest = nil
		for _, left := range out.Errors {
			if code := aws.ToString(left.Code); !passing[code] {
				return fmt.Errorf("delete object %s: %s", aws.ToString(left.Key), code)
			}
			rest = append(rest, types.ObjectIdentifier{Key: left.Key, VersionId: left.VersionId})
		}
		if len(rest) == 0 {
			return nil
		}
		if n == maxAttempts || !errs.Pause(ctx, n) {
			return &errs.Unavailable{Err: fmt.Errorf("%d objects were not deleted", len(rest))}
		}
	}
}

// passing has the codes after which the same call may succeed later, of those that
// the SDK has repeated already.
var passing = map[string]bool{
	"SlowDown": true, "ServiceUnavailable": true, "InternalError": true, "RequestTimeout": true, "RequestTimeTooSkewed": true,
	"Throttling": true, "ThrottlingException": true, "RequestLimitExceeded": true, "OperationAborted": true,
}

// failure says of a failed call what [objects.Bucket] promises.
func failure(ctx context.Context, doing string, err error) error {
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	case isNotFound(err):
		return fmt.Errorf("%s: %w", doing, objects.ErrNotFound)
	case isPassing(err):
		return &errs.Unavailable{Err: fmt.Errorf("%s: %w", doing, err)}
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// isNotFound goes by the status as well as by the code: the answer to a HEAD has no
// body and so no code, and a version that is a deletion is answered by 405. That
// the bucket itself is not there is a fault.
func isNotFound(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok && api.ErrorCode() == "NoSuchBucket" {
		return false
	}
	response, ok := errors.AsType[*awshttp.ResponseError](err)
	return ok && (response.HTTPStatusCode() == http.StatusNotFound || response.HTTPStatusCode() == http.StatusMethodNotAllowed)
}

// isPassing reports whether the call failed by something that passes: no usable
// answer came, or S3 was busy.
func isPassing(err error) bool {
	if api, ok := errors.AsType[smithy.APIError](err); ok && passing[api.ErrorCode()] {
		return true
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		return response.HTTPStatusCode() >= 500 || response.HTTPStatusCode() < 300 // else the answer broke off
	}
	return true
}

// optional is a parameter that is left out where it is empty.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
