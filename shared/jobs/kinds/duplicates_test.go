package kinds_test

import (
	"slices"
	"testing"
	"time"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// Each pair that shares a contact is found once, with what it shares.
func TestFindDuplicates(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.add(t, 15, func(int) map[string]any { return nil })
	share := func(phone string, who ...int) {
		for _, n := range who {
			err := w.edit(t.Context(), w.ids[n], func(c *customer.Customer, _ time.Time) error {
				c.SetPhones(append(slices.Clone(c.Phones), phone))
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	share("+4790000001", 0, 1)
	share("+4790000002", 1, 2, 3)
	share("+4790000003", 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10) // a switchboard's
	job, err := w.service.StartFindDuplicates(t.Context(), tenant, false)
	if err != nil {
		t.Fatal(err)
	}
	w.drain(t)
	got := w.show(t, job)
	var pairs [][2]customer.ID
	for _, f := range got.Findings {
		if f.Field != "phone" || f.Reason != "shared_contact" {
			t.Errorf("finding = %+v", f)
		}
		pairs = append(pairs, [2]customer.ID{f.Customer, f.Other})
	}
	want := [][2]customer.ID{{w.ids[0], w.ids[1]}, {w.ids[1], w.ids[2]}, {w.ids[1], w.ids[3]}, {w.ids[2], w.ids[3]}}
	for i, pair := range want {
		want[i] = [2]customer.ID{min(pair[0], pair[1]), max(pair[0], pair[1])}
		if !slices.Contains(pairs, want[i]) {
			t.Errorf("pair %v is not found", want[i])
		}
	}
	if err := w.merges.Separate(t.Context(), tenant, [2]customer.ID{w.ids[2], w.ids[1]}, "Thu"); err != nil {
		t.Fatal(err)
	}
	for all, left := range map[bool]int{false: len(want) - 1, true: len(want)} {
		job, err := w.service.StartFindDuplicates(t.Context(), tenant, all)
		if err != nil {
			t.Fatal(err)
		}
		w.drain(t)
		findings, separated := w.show(t, job).Findings, 0
		for _, f := range findings {
			if f.Reason == "separate" && f.Customer == min(w.ids[1], w.ids[2]) && f.Other == max(w.ids[1], w.ids[2]) {
				separated++
			}
		}
		if len(findings) != left || all != (separated == 1) {
			t.Errorf("all %t: findings after one pair was separated = %+v", all, findings)
		}
	}
	if got.State != jobs.Done || got.Seen != 15 || len(pairs) != len(want) || got.Changed != 0 {
		t.Errorf("job = %+v, want %d pairs", got, len(want))
	}
}
