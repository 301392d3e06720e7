package client

import (
	"strings"
	"testing"
	"time"

	"regulars/functions/local/bucket"
	"regulars/functions/local/devserver"
	"regulars/shared/objects"
)

// Drop puts a file to import into the bucket of a service, and tells the service of it
// as S3 does. It returns the version.
func Drop(t testing.TB, s *devserver.Server, files *objects.Memory, key, content string, metadata map[string]string) (version string) {
	t.Helper()
	o := files.Upload(key, []byte(content), metadata)
	e, err := bucket.Event("imports", key, o.Version, strings.Trim(o.ETag, `"`), o.Size, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := s.Imports.Handle(t.Context(), e); err != nil || len(answer.BatchItemFailures) > 0 {
		t.Fatalf("event of %s: %+v, %v", key, answer, err)
	}
	return o.Version
}
