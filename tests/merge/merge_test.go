package merge

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/errs"
	domain "regulars/shared/merge"
	"regulars/tests/client"
)

// Merged and parted again at once, two customers with everything are as they were, item
// by item; in between the ids of both lead to one.
func TestMergeThenUnmerge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.full(1), h.full(2)
	before := h.items()
	shown, err := h.s.Merges.Plan(t.Context(), h.request(stays, goes))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, h.items()); diff != "" {
		t.Errorf("the plan wrote (-before +after):\n%s", diff)
	}
	plan := h.merge(stays, goes)
	if shown.Hash != plan.Hash || plan.Items > 50 || len(plan.Purchases) != 1 {
		t.Errorf("shown %+v, carried out %+v", shown, plan)
	}
	h.audit()
	h.leadTo(stays, goes)
	a := h.must("GET", "/loy/profiles/"+goes.Decimal()+".json", nil)
	if profile(a)["point_available"] != float64(300+2*5000) || profile(a)["total_order"] != float64(2) || profile(a)["id"] != float64(stays) {
		t.Errorf("merged profile = %v", a)
	}
	if _, err := h.s.Merges.UnmergePlan(t.Context(), h.request(0, goes)); err != nil {
		t.Fatal(err)
	}
	h.unmerge(goes)
	h.audit()
	if diff := cmp.Diff(before, h.items()); diff != "" {
		t.Errorf("merged and unmerged (-before +after):\n%s", diff)
	}
	for i, id := range []customer.ID{stays, goes} {
		if a := h.must("GET", "/loy/profiles/"+id.Decimal()+".json", nil); profile(a)["point_available"] != float64(100*(i+1)+5000) {
			t.Errorf("profile %d = %v", i+1, a)
		}
	}
}

func profile(a client.Answer) map[string]any {
	p, _ := a.Body["profile"].(map[string]any)
	if p == nil {
		p = a.Body
	}
	return p
}

// reads are those of all dialects by an id, by name.
func (h house) reads(id customer.ID) map[string]client.Answer {
	h.t.Helper()
	return map[string]client.Answer{
		"altcraft get":       h.altcraft().Must("get", map[string]any{"matching": "profile_id", "profile_id": id.Hex()}),
		"altcraft list":      h.altcraft().Must("subscriptions/list", map[string]any{"profile_id": id.Hex()}),
		"genesys":            h.must("GET", "/profiles/"+id.Base36(), nil),
		"genesys extensions": h.must("GET", "/profiles/"+id.Base36()+"?extensions=Phone", nil),
		"haravan":            h.must("GET", "/loy/profiles/"+id.Decimal()+".json", nil),
		"haravan entries":    h.must("GET", "/loy/profiles/"+id.Decimal()+"/points/entries.json", nil),
		"mojodex":            h.must("GET", "/purchase?user_id="+id.Hex(), nil),
	}
}

// leadTo fails the test unless an id answers as another one does in every dialect, with
// one read more at most.
func (h house) leadTo(stays customer.ID, goes ...customer.ID) {
	h.t.Helper()
	want := h.reads(stays)
	for _, id := range goes {
		for name, got := range h.reads(id) {
			if diff := cmp.Diff(want[name].Body, got.Body); diff != "" {
				h.t.Errorf("%s by %s (-by %s +got):\n%s", name, id.Decimal(), stays.Decimal(), diff)
			}
			if more := trips(got) - trips(want[name]); more != 1 {
				h.t.Errorf("%s by %s takes %d round trips more: %s, %s", name, id.Decimal(), more, use(want[name]), use(got))
			}
		}
	}
}

func use(a client.Answer) string { return a.Header.Get("X-Consumed-Capacity") }

func trips(a client.Answer) int {
	first, _, _ := strings.Cut(strings.TrimPrefix(use(a), "rt="), ";")
	n, _ := strconv.Atoi(first)
	return n
}

// The ids of a chain of merges lead to the last in every dialect, at the cost of one read
// more, and writes by them are its own. It is parted from its end alone.
func TestChainOfMerges(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	var ids []customer.ID
	ids = append(ids, h.full(1))
	for n := 2; n <= 6; n++ {
		ids = append(ids, h.plain(n))
	}
	before := h.items()
	for i := range 5 { // each into the next
		h.merge(ids[i+1], ids[i])
	}
	last := ids[5]
	h.leadTo(last, ids[:5]...)
	h.audit()
	for i, id := range ids[:5] {
		h.altcraft().Must("update", map[string]any{"matching": "profile_id", "profile_id": id.Hex(), "data": map[string]any{fmt.Sprint("by", i): i}})
		h.must("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", map[string]any{"point": map[string]any{"value": 1}})
	}
	if a := h.must("GET", "/loy/profiles/"+last.Decimal()+".json", nil); profile(a)["point_available"] != float64(5100+5) {
		t.Errorf("after five additions: %v", a)
	}
	for _, id := range ids[:4] {
		if _, err := h.s.Merges.Unmerge(t.Context(), h.request(0, id)); !errors.Is(err, domain.ErrNotLatest) {
			t.Errorf("unmerge of one in the middle: %v, want %v", err, domain.ErrNotLatest)
		}
	}
	for i := 4; i >= 0; i-- {
		h.unmerge(ids[i])
		h.audit()
		if i > 0 {
			h.leadTo(ids[i], ids[:i]...)
		}
	}
	after := h.items()
	for i := range 5 { // what was written since belongs to the last, the first had the points
		delete(after["C#5#"+last.Base36()+" CUSTOMER"]["cf"].(map[string]any), fmt.Sprint("by", i))
	}
	for key := range after {
		if strings.HasSuffix(key, " ACCOUNT") {
			delete(after, key)
			delete(before, key)
		}
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("merged and unmerged (-before +after):\n%s", diff)
	}
	sum := 0.0
	for _, id := range ids {
		sum += profile(h.must("GET", "/loy/profiles/"+id.Decimal()+".json", nil))["point_available"].(float64)
	}
	if sum != 5105 {
		t.Errorf("together they have %v points, want 5105", sum)
	}
}

// The histories of both tell of a merge and of its end, and of consent that was withdrawn
// meanwhile and stays so for both.
func TestHistoryOfMerge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.plain(1), h.plain(2)
	h.merge(stays, goes)
	h.altcraft().Must("subscriptions/set", map[string]any{"profile_id": goes.Hex(), "resource_id": 1, "channel": "email", "email": client.Email(2), "status": "unsubscribed"})
	h.unmerge(goes)
	client.CheckHistory(t, h.s, stays, goes)
	changes := client.History(t, h.s, goes)
	if len(changes) != 3 || !slices.Equal(changes[1].Fields, []string{"merged_into"}) || !slices.Equal(changes[2].Fields, []string{"merged_into", "subscriptions"}) {
		t.Errorf("the history of the one that went: %+v", changes)
	}
	if own := client.History(t, h.s, stays); len(own) != 4 || !slices.Contains(own[1].Fields, "merged_profiles") || !slices.Equal(own[2].Fields, []string{"subscriptions"}) {
		t.Errorf("the history of the one that stayed: %+v", own)
	}
}

// What happened once before a merge does not happen again after it, whatever id it comes
// by: orders, requests under a key.
func TestOnceStaysOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.full(1), h.full(2)
	h.merge(stays, goes)
	points := func() any {
		return profile(h.must("GET", "/loy/profiles/"+stays.Decimal()+".json", nil))["point_available"]
	}
	before := points()
	for _, id := range []customer.ID{stays, goes} {
		for n := 1; n <= 2; n++ {
			h.must("POST", "/loy/profiles/"+id.Decimal()+"/orders.json", order(n))
		}
		h.must("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", map[string]any{"point": map[string]any{"value": 200, "ref_id": "gift 2"}}, "Idempotency-Key", "gift2")
	}
	if after := points(); after != before {
		t.Errorf("repeats changed %v points to %v", before, after)
	}
	h.must("POST", "/loy/profiles/"+stays.Decimal()+"/orders/order%202/return.json", map[string]any{"return": map[string]any{"amount": 2_000_000}})
	if after := points(); after != before.(float64)-2000 {
		t.Errorf("a return of an order of the merged one made %v of %v", after, before)
	}
	h.audit()
	h.unmerge(goes)
	h.audit()
	if a := h.ask("POST", "/loy/profiles/"+stays.Decimal()+"/orders/order%202/return.json", map[string]any{"return": map[string]any{"amount": 1000}}); a.Status != 404 {
		t.Errorf("a return at the other one = %v, want 404", a)
	}
	h.must("POST", "/loy/profiles/"+goes.Decimal()+"/orders/order%202/return.json", map[string]any{"return": map[string]any{"amount": 3_000_000}})
	if a := h.ask("POST", "/loy/profiles/"+goes.Decimal()+"/orders/order%202/return.json", map[string]any{"return": map[string]any{"amount": 1}}); a.Status != 422 {
		t.Errorf("a return of more than there was = %v, want 422", a)
	}
}

func TestMergeRejects(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, second, third := h.plain(1), h.plain(2), h.plain(3)
	gone := h.plain(4)
	h.altcraft().Must("delete", map[string]any{"matching": "profile_id", "profile_id": gone.Hex()})
	foreign := h.foreign()
	h.merge(second, third)
	tests := []struct {
		name        string
		do          func(context.Context, domain.Request) (domain.Plan, error)
		stays, goes customer.ID
		want        error
	}{
		{"with itself", h.s.Merges.Merge, first, first, domain.ErrSelf},
		{"into one that was deleted", h.s.Merges.Merge, gone, first, domain.ErrUnknown},
		{"one that was deleted", h.s.Merges.Merge, first, gone, domain.ErrUnknown},
		{"one that there is not, into another", h.s.Merges.Merge, first, 12345, domain.ErrUnknown},
		{"one of another tenant", h.s.Merges.Merge, first, foreign, domain.ErrUnknown},
		{"into one of another tenant", h.s.Merges.Merge, foreign, first, domain.ErrUnknown},
		{"one of another tenant, which was not merged", h.s.Merges.Unmerge, 0, foreign, domain.ErrNotMerged},
		{"twice", h.s.Merges.Merge, second, third, domain.ErrMerged},
		{"a loop", h.s.Merges.Merge, third, second, domain.ErrMerged},
		{"into one that was merged", h.s.Merges.Merge, third, first, domain.ErrMerged},
		{"one that was not merged", h.s.Merges.Unmerge, 0, first, domain.ErrNotMerged},
		{"one that there is not", h.s.Merges.Unmerge, 0, 12345, domain.ErrNotMerged},
	}
	before := h.items()
	for _, tt := range tests {
		if _, err := tt.do(t.Context(), h.request(tt.stays, tt.goes)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	r := h.request(first, second)
	r.Plan = "another"
	if _, err := h.s.Merges.Merge(t.Context(), r); !errors.Is(err, domain.ErrPlanOther) {
		t.Errorf("by another plan: %v", err)
	}
	r = h.request(first, second)
	r.Rules = domain.Rules{"name": domain.Kept}
	if _, err := h.s.Merges.Merge(t.Context(), r); !errors.Is(err, errs.New(errs.Invalid, "bad_rule", "")) {
		t.Errorf("by a rule for no field: %v", err)
	}
	if diff := cmp.Diff(before, h.items()); diff != "" {
		t.Errorf("what was rejected wrote (-before +after):\n%s", diff)
	}
	h.unmerge(third)
	if _, err := h.s.Merges.Unmerge(t.Context(), h.request(0, third)); !errors.Is(err, domain.ErrNotMerged) {
		t.Errorf("unmerge twice: %v", err)
	}
	results := client.Together(2, func(i int) error { // both directions at once
		ids := [2]customer.ID{first, second}
		_, err := h.s.Merges.Merge(t.Context(), h.request(ids[i], ids[1-i]))
		return err
	})
	if (results[0] == nil) == (results[1] == nil) || !errors.Is(errors.Join(results...), domain.ErrMerged) {
		t.Errorf("both directions at once: %v", results)
	}
	h.audit()
}

// foreign makes a customer of another tenant.
func (h house) foreign() customer.ID {
	h.t.Helper()
	if _, err := h.s.Registrar.CreateTenant(h.t.Context(), client.OtherTenant, "Other shop", nil); err != nil {
		h.t.Fatal(err)
	}
	made, err := customer.NewService(h.s.Store, time.Now).Apply(h.t.Context(), customer.Request{
		Rules: customer.Rules{Tenant: client.OtherTenant}, Create: true,
		Edit: func(c *customer.Customer, _ time.Time) error { c.FirstName = "Foreign"; return nil },
	})
	if err != nil {
		h.t.Fatal(err)
	}
	return made.ID
}

// Who was deleted takes along who was merged into it.
func TestDeletedAfterMerge(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.full(1), h.full(2)
	h.merge(stays, goes)
	h.altcraft().Must("delete", map[string]any{"matching": "profile_id", "profile_id": goes.Hex()})
	for _, id := range []customer.ID{stays, goes} {
		if a := h.ask("GET", "/loy/profiles/"+id.Decimal()+".json", nil); a.Status != 404 {
			t.Errorf("after the deletion: %v, want 404", a)
		}
	}
	for range 2 { // the second finds nothing
		if err := h.s.Merges.Remove(t.Context(), 5, stays); err != nil {
			t.Fatal(err)
		}
	}
	for key, row := range h.items() {
		if strings.Contains(key, "MERGE") || strings.HasPrefix(key, "K#") && strings.Contains(key, client.Email(2)) {
			t.Errorf("%s is left", key)
		}
		if strings.HasSuffix(key, goes.Base36()+" ACCOUNT") && row["x"] != true {
			t.Errorf("the merged account is not closed: %v", row)
		}
	}
	h.audit()
}

// The ids that clients brought lead to one as well, and each to its own again.
func TestBroughtIDs(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	bring := func(id string) customer.ID {
		h.must("POST", "/profiles", map[string]any{"customer_id": id, "EmailAddress": id + "@example.com", "FirstName": id})
		a := h.altcraft().Must("get", map[string]any{"email": id + "@example.com"})
		read, err := customer.ParseHex(a.Data()["id"].(string))
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	stays, goes := bring("Ann-1"), bring("Bo-2")
	name := func(id string) any { return h.must("GET", "/profiles/"+id, nil).Body["FirstName"] }
	h.merge(stays, goes)
	if name("Ann-1") != "Ann-1" || name("Bo-2") != "Ann-1" {
		t.Errorf("merged: Ann-1 is %v, Bo-2 is %v", name("Ann-1"), name("Bo-2"))
	}
	if a := h.ask("POST", "/profiles", map[string]any{"customer_id": "Bo-2"}); a.Status != 400 {
		t.Errorf("the id of the one that was merged is given away: %v", a)
	}
	h.audit()
	h.unmerge(goes)
	if name("Ann-1") != "Ann-1" || name("Bo-2") != "Bo-2" {
		t.Errorf("parted: Ann-1 is %v, Bo-2 is %v", name("Ann-1"), name("Bo-2"))
	}
	h.audit()
}

// Where the tenant says so nothing is kept of what two customers were, and the merge stays.
func TestMergeForGood(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stays, goes := h.plain(1), h.plain(2)
	r := h.request(stays, goes)
	r.Settings.UnmergeDays = 0
	if _, err := h.s.Merges.Merge(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if _, err := h.s.Merges.Unmerge(t.Context(), h.request(0, goes)); !errors.Is(err, domain.ErrTooLate) {
		t.Errorf("unmerge: %v, want %v", err, domain.ErrTooLate)
	}
	for key := range h.items() {
		if strings.Contains(key, "MERGE") {
			t.Errorf("%s is kept", key)
		}
	}
	h.audit()
}
