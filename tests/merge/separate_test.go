package merge

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/errs"
	domain "regulars/shared/merge"
	"regulars/tests/client"
)

// others are the ids of who is not the same person as a customer.
func (h house) others(id customer.ID) (ids []customer.ID) {
	h.t.Helper()
	known, err := h.s.Merges.Separations(h.t.Context(), 5, id)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, k := range known {
		ids = append(ids, k.Other)
	}
	return ids
}

func (h house) separate(a, b customer.ID) {
	h.t.Helper()
	if err := h.s.Merges.Separate(h.t.Context(), 5, [2]customer.ID{a, b}, "Thu"); err != nil {
		h.t.Fatal(err)
	}
}

// Two customers who are not the same person are not merged until that is taken back, by
// whichever ids; deciding and taking back twice changes nothing.
func TestSeparate(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b, c := h.plain(1), h.plain(2), h.plain(3)
	before := h.items()
	h.separate(a, b)
	h.audit()
	once := h.items()
	h.separate(b, a)
	if diff := cmp.Diff(once, h.items()); diff != "" {
		t.Errorf("separated twice (-once +twice):\n%s", diff)
	}
	for _, pair := range [2][2]customer.ID{{a, b}, {b, a}} {
		if _, err := h.s.Merges.Plan(t.Context(), h.request(pair[0], pair[1])); !errors.Is(err, domain.ErrSeparate) {
			t.Errorf("plan of %v = %v", pair, err)
		}
		if _, err := h.s.Merges.Merge(t.Context(), h.request(pair[0], pair[1])); !errors.Is(err, domain.ErrSeparate) {
			t.Errorf("merge of %v = %v", pair, err)
		}
	}
	for _, tt := range []struct {
		pair [2]customer.ID
		want *errs.Client
	}{{[2]customer.ID{a, a}, domain.ErrSelf}, {[2]customer.ID{a, 7}, domain.ErrUnknown}, {[2]customer.ID{7, a}, domain.ErrUnknown}} {
		if err := h.s.Merges.Separate(t.Context(), 5, tt.pair, "Thu"); !errors.Is(err, tt.want) {
			t.Errorf("separate %v = %v, want %v", tt.pair, err, tt.want)
		}
	}

	// Who was merged takes along what was decided of it, and back again.
	h.merge(c, b)
	if diff := cmp.Diff([]customer.ID{c}, h.others(a)); diff != "" {
		t.Errorf("others of a after the merge (-want +got):\n%s", diff)
	}
	if _, err := h.s.Merges.Plan(t.Context(), h.request(c, a)); !errors.Is(err, domain.ErrSeparate) {
		t.Errorf("merge of who was separated from a merged one = %v", err)
	}
	h.separate(b, a) // which means c
	h.audit()
	h.unmerge(b)
	if diff := cmp.Diff([]customer.ID{b}, h.others(a)); diff != "" {
		t.Errorf("others of a after the unmerge (-want +got):\n%s", diff)
	}
	h.merge(c, b)
	if err := h.s.Merges.Unseparate(t.Context(), 5, [2]customer.ID{a, c}); err != nil {
		t.Fatal(err)
	}
	h.unmerge(b)
	if diff := cmp.Diff(before, h.items()); diff != "" {
		t.Errorf("taken back (-before +after):\n%s", diff)
	}
	h.merge(a, b)
}

// Of those who separate two customers and those who merge them at the same time, either
// are done: no customers are merged who are separate.
func TestSeparateWhileMerging(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for n := range client.Size(40) {
		a, b := h.plain(10+2*n), h.plain(11+2*n)
		var merged, separated error
		var both sync.WaitGroup
		both.Go(func() { _, merged = h.s.Merges.Merge(t.Context(), h.request(a, b)) })
		both.Go(func() { separated = h.s.Merges.Separate(t.Context(), 5, [2]customer.ID{a, b}, "Thu") })
		both.Wait()
		if (merged == nil) == (separated == nil) {
			t.Errorf("pair %d: merged %v, separated %v", n, merged, separated)
		}
		for name, err := range map[string]error{"merged": merged, "separated": separated} {
			if _, rejected := errs.AsClient(err); err != nil && !rejected {
				t.Errorf("pair %d: %s: %v", n, name, err)
			}
		}
	}
	h.audit()
}

// A customer that is deleted leaves nothing of it with the other.
func TestSeparateAndDeleted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	a, b, c := h.plain(1), h.plain(2), h.plain(3)
	h.separate(a, b)
	h.separate(c, b)
	h.merge(c, a)
	h.altcraft().Must("delete", map[string]any{"matching": "profile_id", "profile_id": c.Hex()})
	if others := h.others(b); len(others) != 0 {
		t.Errorf("others of b are %v, who were deleted", others)
	}
	if err := h.s.Merges.Remove(t.Context(), 5, c); err != nil { // as the purge does
		t.Fatal(err)
	}
	for _, id := range []customer.ID{c, a} {
		if err := h.s.Store.RemoveLeft(t.Context(), 5, id); err != nil {
			t.Fatal(err)
		}
	}
	for name := range h.items() {
		if strings.Contains(name, "SEPARATE") {
			t.Errorf("%s is left", name)
		}
	}
}
