package catalog

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"regulars/shared/errs"
)

// What two customers have of the catalog becomes one's, and is parted again: purchases
// as they are by then.
func TestMergeAndUnmergeAccounts(t *testing.T) {
	t.Parallel()
	at := func(hour int) time.Time { return time.Date(2026, 3, 1, hour, 0, 0, 0, time.UTC) }
	ended := func(n, hour int) *Purchase { return &Purchase{Number: n, Ended: at(hour)} }
	stays := Account{
		Active: []Purchase{{Number: 1, Created: at(1)}, {Number: 4, Created: at(4)}}, UserTasks: map[int]int{7: 70, 8: 80}, LastLimited: ended(11, 3),
	}
	goes := Account{
		Active: []Purchase{{Number: 2, Created: at(2)}, {Number: 3, Created: at(3)}}, UserTasks: map[int]int{8: 81, 9: 91},
		LastLimited: ended(12, 5), LastDated: ended(13, 6),
	}
	merged, moved, err := Merge(stays, goes)
	if err != nil || len(moved) != 2 {
		t.Fatalf("moved %v, error %v", moved, err)
	}
	want := Account{
		Active:    []Purchase{{Number: 1, Created: at(1)}, {Number: 2, Created: at(2)}, {Number: 3, Created: at(3)}, {Number: 4, Created: at(4)}},
		UserTasks: map[int]int{7: 70, 8: 80, 9: 91}, LastLimited: ended(12, 5), LastDated: ended(13, 6),
	}
	if diff := cmp.Diff(want, merged, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	kept, back := Unmerge(stays, goes, merged)
	if diff := cmp.Diff([]Account{stays, goes}, []Account{kept, back}, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("unmerged at once (-before +after):\n%s", diff)
	}

	now, on, _ := merged.run(9, map[int]Product{0: {Links: []Link{{Task: 9}}}}, at(9))
	now, over := now.end(now.Active[1], Product{Days: new(int)}, at(10), true) // of the one that goes
	now.Active = append(now.Active, Purchase{Number: 5, Created: at(11)})
	kept, back = Unmerge(stays, goes, now)
	wantKept, wantBack := stays, goes
	wantKept.Active = []Purchase{{Number: 1, Created: at(1), Consumed: 1}, {Number: 4, Created: at(4)}, {Number: 5, Created: at(11)}}
	wantBack.Active, wantBack.LastDated = []Purchase{{Number: 3, Created: at(3)}}, &over
	if diff := cmp.Diff([]Account{wantKept, wantBack}, []Account{kept, back}, cmpopts.EquateEmpty()); diff != "" || on.Number != 1 {
		t.Errorf("unmerged later, ran on %d (-want +got):\n%s", on.Number, diff)
	}

	stays.Active = make([]Purchase, MaxActive-1)
	if _, _, err := Merge(stays, goes); !errors.Is(err, errs.New(errs.FailedPrecondition, "too_many_purchases", "")) {
		t.Errorf("error %v, want too_many_purchases", err)
	}
}
