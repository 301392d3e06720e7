package httpapi_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// What parts of a request end with is logged where whole requests' errors are,
// client errors never, and never more than a few lines.
func TestNotes(t *testing.T) {
	f := newFrame()
	f.handle("/batch", func(w http.ResponseWriter, r *http.Request) error {
		for i := range 15 {
			httpapi.Note(r.Context(), fmt.Errorf("item %d: no such table", i))
			httpapi.Note(r.Context(), &errs.Unavailable{Err: errors.New("throttled")})
			httpapi.Note(r.Context(), errs.New(errs.Invalid, "bad_email", "email", "ada@example.com"))
			httpapi.Note(r.Context(), nil)
		}
		return nil
	})
	if w := f.do(t, "POST", "/batch", ""); w.Code != http.StatusOK {
		t.Errorf("status = %d, want 200", w.Code)
	}
	want := []map[string]any{{"level": "WARN", "msg": "busy", "route": "/batch", "cause": "throttled"}}
	for i := range 10 {
		want = append(want, map[string]any{"level": "ERROR", "msg": "fault", "route": "/batch", "err": fmt.Sprintf("item %d: no such table", i)})
	}
	want = append(want,
		map[string]any{"level": "ERROR", "msg": "fault", "route": "/batch", "err": "5 more faults in the same request"},
		requestLine("POST", "/batch", http.StatusOK, 0, 0))
	if diff := cmp.Diff(want, f.lines(t)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	httpapi.Note(t.Context(), errors.New("outside of a frame")) // nobody looks
}
