package bucket

import (
	"cmp"
	"slices"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// maxKeys is how many entries a page of a list has at most.
const maxKeys = 1000

// ListBucket implements [gofakes3.Backend].
func (f *folder) ListBucket(_ string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	prefix = cmp.Or(prefix, &gofakes3.Prefix{})
	list, limit := gofakes3.NewObjectList(), int(cmp.Or(page.MaxKeys, maxKeys))
	f.mu.RLock()
	defer f.mu.RUnlock()
	shown := ""
	for _, key := range f.keysFrom(page.Marker) {
		latest := f.versions[key][len(f.versions[key])-1]
		var match gofakes3.PrefixMatch
		if key == page.Marker || latest.Deleted || !prefix.Match(key, &match) {
			continue
		}
		if match.CommonPrefix && (match.MatchedPart == shown || page.Marker != "" && strings.HasPrefix(page.Marker, match.MatchedPart)) {
			continue
		}
		if len(list.Contents)+len(list.CommonPrefixes) == limit {
			list.IsTruncated = true
			break
		}
		list.NextMarker = key
		if match.CommonPrefix {
			shown = match.MatchedPart
			list.AddPrefix(shown)
			continue
		}
		list.Add(&gofakes3.Content{
			Key: key, LastModified: gofakes3.NewContentTime(latest.Modified), ETag: gofakes3.FormatETag(latest.MD5), Size: latest.Size,
		})
	}
	if !list.IsTruncated {
		list.NextMarker = ""
	}
	return list, nil
}

// keysFrom are the keys from one on. It assumes the lock.
func (f *folder) keysFrom(key string) []string {
	at, _ := slices.BinarySearch(f.keys, key)
	return f.keys[at:]
}

// ListBucketVersions implements [gofakes3.VersionedBackend]: of each key the newest
// version first. The markers of a page are the last entry of the page before.
func (f *folder) ListBucketVersions(bucket string, prefix *gofakes3.Prefix, page *gofakes3.ListBucketVersionsPage) (*gofakes3.ListBucketVersionsResult, error) {
	prefix, page = cmp.Or(prefix, &gofakes3.Prefix{}), cmp.Or(page, &gofakes3.ListBucketVersionsPage{})
	result, limit := gofakes3.NewListBucketVersionsResult(bucket, prefix, page), int(cmp.Or(page.MaxKeys, maxKeys))
	f.mu.RLock()
	defer f.mu.RUnlock()
	for _, key := range f.keysFrom(page.KeyMarker) {
		var match gofakes3.PrefixMatch
		if key == page.KeyMarker && page.VersionIDMarker == "" || !prefix.Match(key, &match) {
			continue
		}
		if match.CommonPrefix {
			result.AddPrefix(match.MatchedPart)
			continue
		}
		versions := f.versions[key]
		for i, v := range slices.Backward(versions) {
			if key == page.KeyMarker && v.ID >= string(page.VersionIDMarker) {
				continue
			}
			if len(result.Versions) == limit {
				result.IsTruncated = true
				return result, nil
			}
			result.NextKeyMarker, result.NextVersionIDMarker = key, gofakes3.VersionID(v.ID)
			result.Versions = append(result.Versions, v.item(i == len(versions)-1))
		}
	}
	result.NextKeyMarker, result.NextVersionIDMarker = "", ""
	return result, nil
}

// item is the version as a list shows it.
func (v version) item(latest bool) gofakes3.VersionItem {
	if v.Deleted {
		return &gofakes3.DeleteMarker{
			Key: v.Key, VersionID: gofakes3.VersionID(v.ID), IsLatest: latest, LastModified: gofakes3.NewContentTime(v.Modified),
		}
	}
	return &gofakes3.Version{
		Key: v.Key, VersionID: gofakes3.VersionID(v.ID), IsLatest: latest, LastModified: gofakes3.NewContentTime(v.Modified),
		Size: v.Size, ETag: gofakes3.FormatETag(v.MD5),
	}
}

// ListBuckets implements [gofakes3.Backend].
func (f *folder) ListBuckets() ([]gofakes3.BucketInfo, error) {
	return []gofakes3.BucketInfo{{Name: f.name}}, nil
}

// BucketExists implements [gofakes3.Backend].
func (f *folder) BucketExists(name string) (bool, error) { return name == f.name, nil }

// CreateBucket implements [gofakes3.Backend]: there is one, and no other.
func (f *folder) CreateBucket(name string) error {
	if name == f.name {
		return gofakes3.ResourceError(gofakes3.ErrBucketAlreadyExists, name)
	}
	return gofakes3.ErrNotImplemented
}

// DeleteBucket implements [gofakes3.Backend].
func (f *folder) DeleteBucket(string) error { return gofakes3.ErrNotImplemented }

// ForceDeleteBucket implements [gofakes3.Backend].
func (f *folder) ForceDeleteBucket(string) error { return gofakes3.ErrNotImplemented }

// VersioningConfiguration implements [gofakes3.VersionedBackend].
func (f *folder) VersioningConfiguration(string) (gofakes3.VersioningConfiguration, error) {
	return gofakes3.VersioningConfiguration{Status: gofakes3.VersioningEnabled}, nil
}

// SetVersioningConfiguration implements [gofakes3.VersionedBackend]: there are always
// versions.
func (f *folder) SetVersioningConfiguration(_ string, v gofakes3.VersioningConfiguration) error {
	if v.Status == gofakes3.VersioningEnabled && v.MFADelete != gofakes3.MFADeleteEnabled {
		return nil
	}
	return gofakes3.ErrNotImplemented
}
