package objects

import (
	"bytes"
	"context"
	"crypto/md5" // #nosec G501 -- the ETag of S3 is one
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// A Memory is a bucket in memory, with versions, for tests.
type Memory struct {
	mu       sync.Mutex
	versions map[string][]stored // by key, the oldest first
	last     int                 // number of the last version
	calls    map[string]int
	fail     func(op, key string) error
}

// A stored is one version of an object.
type stored struct {
	object  Object
	body    []byte
	deleted bool // the version says that the object was deleted
}

var _ Bucket = (*Memory)(nil)

// NewMemory makes an empty bucket.
func NewMemory() *Memory {
	return &Memory{versions: map[string][]stored{}, calls: map[string]int{}}
}

// Fail asks f before each call whether it fails: op is head, get, put, list,
// delete or forget, key that of the object or the prefix. The error of op read breaks the
// body off in its middle. f may be nil.
func (m *Memory) Fail(f func(op, key string) error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.fail = f
}

// Calls tells how often each op was called, failed calls included.
func (m *Memory) Calls() map[string]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.calls)
}

// Upload puts an object as a client does, with metadata of its own, and tells of
// the new version. It does not count as a call and does not fail.
func (m *Memory) Upload(key string, body []byte, metadata map[string]string) Object {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add(key, body, metadata, false)
}

func (m *Memory) add(key string, body []byte, metadata map[string]string, deleted bool) Object {
	m.last++
	lower := map[string]string{}
	for name, value := range metadata {
		lower[strings.ToLower(name)] = value
	}
	sum := md5.Sum(body) // #nosec G401 -- the ETag of S3 is one
	object := Object{
		Key: key, Version: "v" + strconv.Itoa(m.last), ETag: strconv.Quote(hex.EncodeToString(sum[:])),
		Size: int64(len(body)), Metadata: lower,
	}
	m.versions[key] = append(m.versions[key], stored{object, bytes.Clone(body), deleted})
	return object
}

// begin counts a call and asks whether it fails.
func (m *Memory) begin(ctx context.Context, op, key string) error {
	m.mu.Lock()
	m.calls[op]++
	fail := m.fail
	m.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if fail == nil {
		return nil
	}
	return fail(op, key)
}

// find is the version of an object.
func (m *Memory) find(key, version string) (stored, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range slices.Backward(m.versions[key]) {
		if version == "" || s.object.Version == version {
			if s.deleted {
				break
			}
			return s, nil
		}
	}
	return stored{}, fmt.Errorf("object %s: %w", key, ErrNotFound)
}

// Head implements [Bucket].
func (m *Memory) Head(ctx context.Context, key, version string) (Object, error) {
	if err := m.begin(ctx, "head", key); err != nil {
		return Object{}, err
	}
	s, err := m.find(key, version)
	s.object.Metadata = maps.Clone(s.object.Metadata)
	return s.object, err
}

// Get implements [Bucket].
func (m *Memory) Get(ctx context.Context, key, version string, offset, length int64) (io.ReadCloser, error) {
	if err := m.begin(ctx, "get", key); err != nil {
		return nil, err
	}
	s, err := m.find(key, version)
	if err != nil {
		return nil, err
	}
	body := s.body[min(offset, int64(len(s.body))):]
	if length >= 0 {
		body = body[:min(length, int64(len(body)))]
	}
	if len(body) == 0 {
		return http.NoBody, nil
	}
	if err := m.begin(ctx, "read", key); err != nil {
		return io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{err})), nil
	}
	return io.NopCloser(bytes.NewReader(body)), nil
}

// broken is the rest of a body that broke off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// Put implements [Bucket].
func (m *Memory) Put(ctx context.Context, key string, body []byte, _ string) error {
	if err := m.begin(ctx, "put", key); err != nil {
		return err
	}
	m.Upload(key, body, nil)
	return nil
}

// List implements [Bucket].
func (m *Memory) List(ctx context.Context, prefix string) ([]Object, error) {
	if err := m.begin(ctx, "list", prefix); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []Object
	for _, key := range slices.Sorted(maps.Keys(m.versions)) {
		latest := m.versions[key][len(m.versions[key])-1]
		if strings.HasPrefix(key, prefix) && !latest.deleted {
			all = append(all, Object{Key: key, ETag: latest.object.ETag, Size: latest.object.Size})
		}
	}
	return all, nil
}

// Delete implements [Bucket].
func (m *Memory) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := m.begin(ctx, "delete", key); err != nil {
			return err
		}
		m.mu.Lock()
		m.add(key, nil, nil, true)
		m.mu.Unlock()
	}
	return nil
}

// Forget implements [Bucket].
func (m *Memory) Forget(ctx context.Context, prefix string, latest bool) (n int, err error) {
	if err := m.begin(ctx, "forget", prefix); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for key, versions := range m.versions {
		if !strings.HasPrefix(key, prefix) {
			continue
		}
		left := versions[len(versions)-1:]
		if latest || left[0].deleted {
			delete(m.versions, key)
			n += len(versions)
			continue
		}
		m.versions[key] = slices.Clone(left)
		n += len(versions) - 1
	}
	return n, nil
}

// Versions are the bodies of all versions of all objects, by key, for tests that look for
// what must not be there.
func (m *Memory) Versions() map[string][][]byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := map[string][][]byte{}
	for key, versions := range m.versions {
		for _, v := range versions {
			all[key] = append(all[key], v.body)
		}
	}
	return all
}
