package dynamo

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"regulars/shared/points"
)

// An account with shares of orders is read as it was written; one that an older
// version of the code has written since no longer tells whose points are whose.
func TestSharesOfOrders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(1, 1<<40)
		a := points.Account{ID: 7, Number: "n", Version: n.Draw(t, "version"), Untold: rapid.Int64Range(0, 9).Draw(t, "untold"), Changed: time.Unix(1, 0).UTC()}
		small := rapid.Int64Range(0, 5)
		seen := map[any]bool{}
		for range rapid.IntRange(0, 30).Draw(t, "lots") {
			l := points.Lot{Day: points.Day(small.Draw(t, "day")), Order: small.Draw(t, "order"), Points: n.Draw(t, "points")}
			key := points.Lot{Day: l.Day, Order: l.Order}
			if !seen[key] {
				seen[key], a.Lots = true, append(a.Lots, l)
			}
		}
		for range rapid.IntRange(0, 30).Draw(t, "waiting") {
			w := points.Waiting{Hour: points.Hour(small.Draw(t, "hour")), Day: points.Day(small.Draw(t, "day")), Order: small.Draw(t, "order"), Points: n.Draw(t, "points")}
			key := points.Waiting{Hour: w.Hour, Day: w.Day, Order: w.Order}
			if !seen[key] {
				seen[key], a.Waiting = true, append(a.Waiting, w)
			}
		}
		for order := range small.Draw(t, "expired") {
			a.Expired = append(a.Expired, points.Share{Order: order + 1, Points: n.Draw(t, "points")})
		}
		a.Sort()
		it := newAccountItem(5, a, "commit")
		got, err := readAccount(7, it)
		if err != nil || !reflect.DeepEqual(got.Account, a) {
			t.Fatalf("read %+v, %v, want %+v", got.Account, err, a)
		}
		older := attributes(it)
		older.setNumber(attrVersion, a.Version+1)
		if got, err = readAccount(7, item(older)); err != nil || got.Untold != a.Version+1 || len(got.Expired) != 0 ||
			slices.ContainsFunc(got.Lots, func(l points.Lot) bool { return l.Order != 0 }) {
			t.Fatalf("read %+v, %v, want no shares", got.Account, err)
		}
	})
}
