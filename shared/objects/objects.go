// Package objects is what is kept in a bucket: files that were uploaded, and what
// became of them. Package s3bucket has it on S3, [Memory] is a bucket for tests.
package objects

import (
	"context"
	"errors"
	"io"
)

// ErrNotFound says that there is no object with the key, or not in that version.
var ErrNotFound = errors.New("object not found")

// An Object is what is known of an object besides its bytes.
type Object struct {
	Key string
	// Version is that of a versioned bucket; empty where the bucket has none, and
	// in lists.
	Version string
	ETag    string
	// Size is in bytes.
	Size int64
	// Metadata are the uploader's own, names in lower case; nil in lists.
	Metadata map[string]string
}

// A Bucket holds objects. Its methods may be called side by side. Of a failed
// call the error is [ErrNotFound], that of the context, [errs.Unavailable] where
// a later call may succeed, or an internal one.
type Bucket interface {
	// Head tells of the object; the version "" is the latest. Where the object was
	// deleted, or the version is a deletion, that is ErrNotFound.
	Head(ctx context.Context, key, version string) (Object, error)
	// Get reads the object from offset on, and of that length bytes at most; a
	// negative length reads all the rest, and an offset at or past the end reads
	// nothing. All bytes are of one version. The reader ends with io.EOF after
	// exactly the bytes there are, and with another error where not all of them
	// came; it must be closed.
	Get(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error)
	// Put writes the object as a whole, over what was there. It may be repeated.
	Put(ctx context.Context, key string, body []byte, contentType string) error
	// List returns all objects whose keys begin with prefix, in the order of the
	// bytes of their keys.
	List(ctx context.Context, prefix string) ([]Object, error)
	// Delete deletes objects; those that are not there count as deleted.
	Delete(ctx context.Context, keys ...string) error
	// Forget deletes for good all versions of the objects whose keys begin with prefix
	// but the latest ones, and these, too, where latest says so. It returns how many it
	// deleted.
	Forget(ctx context.Context, prefix string, latest bool) (int, error)
}
