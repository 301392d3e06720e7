// Package bucket is S3 on a development machine: one bucket with versions, kept in
// a folder and served over HTTP by gofakes3, that tells of uploads as S3 does. It
// is not deployed.
package bucket

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/johannesboyne/gofakes3"
)

// A version is one version of an object, or its deletion. It is kept in two files
// that are named by its ID: <ID>.json holds this, <ID>.body the bytes. A third,
// <ID>.event, is there until the upload was handled.
type version struct {
	// ID is the time of the upload in hex, so that later ones sort behind.
	ID       string
	Key      string
	Size     int64
	MD5      []byte            `json:",omitempty"`
	Header   map[string]string `json:",omitempty"` // those of the upload that are sent with the object
	Modified time.Time
	Deleted  bool `json:",omitempty"`
}

// The endings of the files of a version.
const (
	endOfVersion = ".json"
	endOfBody    = ".body"
	endOfEvent   = ".event"
	endOfPart    = ".part" // what is being written
)

// A folder keeps the versions of one bucket. It implements what gofakes3 asks for,
// and no more than one bucket.
type folder struct {
	dir     string
	name    string // of the bucket
	created func(version)

	mu       sync.RWMutex
	keys     []string             // sorted
	versions map[string][]version // by key, the oldest first; never empty
	last     int64                // time of the last ID
}

var (
	_ gofakes3.Backend          = (*folder)(nil)
	_ gofakes3.VersionedBackend = (*folder)(nil)
)

// openFolder opens a folder, and makes it where it is not there. created is told of
// each upload below [Prefix]; those of before are in unhandled.
func openFolder(dir, name string, created func(version)) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	f := &folder{dir: dir, name: name, created: created, versions: map[string][]version{}}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, file := range files { // in the order of their names, which is that of time
		id, isVersion := strings.CutSuffix(file.Name(), endOfVersion)
		if !isVersion {
			continue
		}
		text, err := os.ReadFile(f.path(id, endOfVersion))
		if err != nil {
			return nil, err
		}
		var v version
		if err := json.Unmarshal(text, &v); err != nil {
			return nil, fmt.Errorf("%s: %w", f.path(id, endOfVersion), err)
		}
		known[id] = true
		f.add(v)
	}
	for _, file := range files { // what a process left that was killed
		if id := strings.TrimSuffix(file.Name(), filepath.Ext(file.Name())); !known[id] && !file.IsDir() {
			os.Remove(filepath.Join(dir, file.Name()))
		}
	}
	return f, nil
}

func (f *folder) path(id, end string) string { return filepath.Join(f.dir, id+end) }

// add takes a version into what is known. It assumes the lock.
func (f *folder) add(v version) {
	if at, there := slices.BinarySearch(f.keys, v.Key); !there {
		f.keys = slices.Insert(f.keys, at, v.Key)
	}
	f.versions[v.Key] = append(f.versions[v.Key], v)
}

// newID is an ID after all others.
func (f *folder) newID() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last = max(time.Now().UnixNano(), f.last+1)
	return fmt.Sprintf("%016x", f.last)
}

// commit makes the version with its files true.
func (f *folder) commit(v version, announce bool) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if announce {
		if err := os.WriteFile(f.path(v.ID, endOfEvent), nil, 0o600); err != nil {
			return err
		}
	}
	if err := os.WriteFile(f.path(v.ID, endOfPart), text, 0o600); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := os.Rename(f.path(v.ID, endOfPart), f.path(v.ID, endOfVersion)); err != nil {
		return err
	}
	f.add(v)
	return nil
}

// unhandled are the uploads that were not handled, the oldest first.
func (f *folder) unhandled() ([]version, error) {
	files, err := filepath.Glob(filepath.Join(f.dir, "*"+endOfEvent))
	if err != nil {
		return nil, err
	}
	var waiting []version
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, versions := range f.versions {
		for _, v := range versions {
			if slices.Contains(files, f.path(v.ID, endOfEvent)) {
				waiting = append(waiting, v)
			}
		}
	}
	slices.SortFunc(waiting, func(v, w version) int { return strings.Compare(v.ID, w.ID) })
	return waiting, nil
}

// handled says that an upload was handled.
func (f *folder) handled(v version) error {
	err := os.Remove(f.path(v.ID, endOfEvent))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// sent are the headers of an upload that are kept, and sent with the object.
func sent(header map[string]string) map[string]string {
	kept := map[string]string{}
	for name, value := range header {
		switch name {
		case "Content-Type", "Content-Disposition", "Content-Encoding", "Last-Modified":
			kept[name] = value
		default:
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				kept[name] = value
			}
		}
	}
	return kept
}

// PutObject implements [gofakes3.Backend].
func (f *folder) PutObject(bucket, key string, header map[string]string, body io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	v := version{ID: f.newID(), Key: key, Header: sent(header)}
	file, err := os.Create(f.path(v.ID, endOfBody))
	if err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	hash := md5.New()
	v.Size, err = io.Copy(io.MultiWriter(file, hash), body)
	err = errors.Join(err, file.Close())
	if err == nil && v.Size != size {
		err = gofakes3.ErrIncompleteBody
	}
	if err == nil && conditions != nil {
		err = f.check(key, conditions)
	}
	if err != nil {
		os.Remove(f.path(v.ID, endOfBody))
		return gofakes3.PutObjectResult{}, err
	}
	v.MD5, v.Modified = hash.Sum(nil), time.Now().UTC()
	announce := strings.HasPrefix(key, Prefix)
	if err := f.commit(v, announce); err != nil {
		return gofakes3.PutObjectResult{}, err
	}
	if announce {
		f.created(v)
	}
	return gofakes3.PutObjectResult{VersionID: gofakes3.VersionID(v.ID)}, nil
}

// check rejects an upload whose conditions do not hold. Two at once may both pass.
func (f *folder) check(key string, conditions *gofakes3.PutConditions) error {
	v, err := f.find(key, "")
	return gofakes3.CheckPutConditions(conditions, &gofakes3.ConditionalObjectInfo{Exists: err == nil, Hash: v.MD5})
}

// find is the version of an object; the ID "" is the latest.
func (f *folder) find(key string, id gofakes3.VersionID) (version, error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	versions := f.versions[key]
	if id == "" {
		if len(versions) == 0 || versions[len(versions)-1].Deleted {
			return version{}, gofakes3.KeyNotFound(key)
		}
		return versions[len(versions)-1], nil
	}
	for _, v := range versions {
		if v.ID == string(id) {
			return v, nil
		}
	}
	return version{}, gofakes3.ErrNoSuchVersion
}

// object is the version as gofakes3 has it, without its bytes.
func (v version) object() *gofakes3.Object {
	return &gofakes3.Object{
		Name: v.Key, Metadata: maps.Clone(v.Header), Size: v.Size, Hash: v.MD5, Contents: io.NopCloser(strings.NewReader("")),
		VersionID: gofakes3.VersionID(v.ID), IsDeleteMarker: v.Deleted,
	}
}

// HeadObject implements [gofakes3.Backend].
func (f *folder) HeadObject(bucket, key string) (*gofakes3.Object, error) {
	return f.HeadObjectVersion(bucket, key, "")
}

// HeadObjectVersion implements [gofakes3.VersionedBackend].
func (f *folder) HeadObjectVersion(_, key string, id gofakes3.VersionID) (*gofakes3.Object, error) {
	v, err := f.find(key, id)
	if err != nil {
		return nil, err
	}
	return v.object(), nil
}

// GetObject implements [gofakes3.Backend].
func (f *folder) GetObject(bucket, key string, asked *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	return f.GetObjectVersion(bucket, key, "", asked)
}

// A section is a piece of an open file.
type section struct {
	io.Reader
	io.Closer
}

// GetObjectVersion implements [gofakes3.VersionedBackend].
func (f *folder) GetObjectVersion(_, key string, id gofakes3.VersionID, asked *gofakes3.ObjectRangeRequest) (*gofakes3.Object, error) {
	v, err := f.find(key, id)
	if err != nil || v.Deleted {
		return v.object(), err
	}
	o := v.object()
	if o.Range, err = asked.Range(v.Size); err != nil {
		return nil, err
	}
	file, err := os.Open(f.path(v.ID, endOfBody))
	if err != nil {
		return nil, err
	}
	o.Contents = file
	if o.Range != nil {
		o.Contents = section{io.NewSectionReader(file, o.Range.Start, o.Range.Length), file}
	}
	return o, nil
}

// DeleteObject implements [gofakes3.Backend]. It adds a version that says so.
func (f *folder) DeleteObject(_, key string) (gofakes3.ObjectDeleteResult, error) {
	v := version{ID: f.newID(), Key: key, Modified: time.Now().UTC(), Deleted: true}
	return gofakes3.ObjectDeleteResult{IsDeleteMarker: true, VersionID: gofakes3.VersionID(v.ID)}, f.commit(v, false)
}

// DeleteObjectVersion implements [gofakes3.VersionedBackend].
func (f *folder) DeleteObjectVersion(_, key string, id gofakes3.VersionID) (gofakes3.ObjectDeleteResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.versions[key], func(v version) bool { return v.ID == string(id) })
	if at < 0 {
		return gofakes3.ObjectDeleteResult{}, nil
	}
	v := f.versions[key][at]
	if err := os.Remove(f.path(v.ID, endOfVersion)); err != nil {
		return gofakes3.ObjectDeleteResult{}, err
	}
	os.Remove(f.path(v.ID, endOfBody)) // what stays goes at the next start
	os.Remove(f.path(v.ID, endOfEvent))
	f.versions[key] = slices.Delete(f.versions[key], at, at+1)
	if len(f.versions[key]) == 0 {
		delete(f.versions, key)
		if at, there := slices.BinarySearch(f.keys, key); there {
			f.keys = slices.Delete(f.keys, at, at+1)
		}
	}
	return gofakes3.ObjectDeleteResult{IsDeleteMarker: v.Deleted, VersionID: id}, nil
}

// DeleteMulti implements [gofakes3.Backend].
func (f *folder) DeleteMulti(bucket string, keys ...string) (gofakes3.MultiDeleteResult, error) {
	ids := make([]gofakes3.ObjectID, len(keys))
	for i, key := range keys {
		ids[i].Key = key
	}
	return f.DeleteMultiVersions(bucket, ids...)
}

// DeleteMultiVersions implements [gofakes3.VersionedBackend].
func (f *folder) DeleteMultiVersions(bucket string, ids ...gofakes3.ObjectID) (result gofakes3.MultiDeleteResult, err error) {
	for _, o := range ids {
		if o.VersionID == "" {
			_, err = f.DeleteObject(bucket, o.Key)
		} else {
			_, err = f.DeleteObjectVersion(bucket, o.Key, gofakes3.VersionID(o.VersionID))
		}
		if err != nil {
			return result, err
		}
		result.Deleted = append(result.Deleted, o)
	}
	return result, nil
}

// CopyObject implements [gofakes3.Backend].
func (f *folder) CopyObject(fromBucket, fromKey, bucket, key string, header map[string]string) (gofakes3.CopyObjectResult, error) {
	return gofakes3.CopyObject(f, fromBucket, fromKey, bucket, key, header)
}
