package imports_test

import (
	"errors"
	"strings"
	"testing"

	"regulars/shared/imports"
	"regulars/shared/jobs"
)

// An import whose parts or whose end were given up goes on when it is resumed.
func TestResume(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, broken string }{
		{"the plan", "work/tenant=5/"},
		{"the rows", "journal/"},
		{"the end", "results/"},
	} {
		e := newEngine(t, nil)
		event := e.upload("imports/tenant=5/a.csv", "email,points.add\na@example.com,5\nnobody,1\n", nil)
		e.bucket.Fail(func(op, key string) error {
			if op == "put" && strings.HasPrefix(key, tt.broken) {
				return errors.New("a fault of the test")
			}
			return nil
		})
		if err := e.service.Receive(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		given := false
		for range 200 {
			ref, ok := e.take()
			if !ok {
				break
			}
			outcome, err := e.worker.Process(t.Context(), ref)
			given = given || errors.Is(err, jobs.ErrDeadLettered)
			if outcome.Retry {
				e.Send(t.Context(), []jobs.Ref{ref}, 0)
			}
		}
		p := e.latest(t)
		if !given || !p.State.Open() {
			t.Errorf("%s: %s, given up %v", tt.name, p.State, given)
			continue
		}
		e.bucket.Fail(nil)
		if _, err := e.service.Resume(t.Context(), tenant, p.ID); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for range 4 {
			e.work(t, 2)
		}
		if p = e.latest(t); p.State != imports.Done || p.Tally.Created != 1 || p.Tally.Rejections() != 1 {
			t.Errorf("%s: resumed, %s %+v", tt.name, p.State, p.Tally)
		}
	}
}
