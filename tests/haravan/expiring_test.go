package haravan

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// TestListOfWhosePointsExpire: through the due list it has each profile of which points
// expire within the days, whatever else of it falls due before, and no other.
func TestListOfWhosePointsExpire(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	in := func(days int) string { return time.Now().AddDate(0, 0, days).UTC().Format(time.DateOnly) }
	add := func(terms string) string {
		m := c.join()
		m.send(http.MethodPut, m.below("/points/add.json"), `{"point": {"value": 5`+terms+`}}`).Done(t)
		return m.id
	}
	soon := add(`, "expires_at": "` + in(5) + `"`)
	waits := add(`, "usable_at": "` + in(1) + `", "expires_at": "` + in(20) + `"`)
	late := add(`, "expires_at": "` + in(200) + `"`)
	add("")
	add(`, "usable_at": "` + in(1) + `"`)
	c.join()
	for days, want := range map[int][]string{7: {soon}, 30: {soon, waits}, 300: {soon, waits, late}, 2: {}} {
		var got []string
		for page := 1; ; page++ {
			answer := member{t: t, h: c.Server}.send(http.MethodGet, fmt.Sprintf("/loy/profiles.json?expiring_within=%d&limit=1&page=%d", days, page), "").Done(t)
			profiles, _ := answer.Body["profiles"].([]any)
			if len(profiles) == 0 {
				break
			}
			profile := profiles[0].(map[string]any)
			if profile["point_expiring"] != 5.0 {
				t.Errorf("%d days: %v, want 5 points", days, profile)
			}
			got = append(got, fmt.Sprintf("%.0f", profile["id"]))
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%d days: %v, want %v", days, got, want)
		}
	}
}

// TestAsOfReadsFewEntries: the figures of any moment of a ledger take one read for each
// doubling of it.
func TestAsOfReadsFewEntries(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	const entries = 64
	for range entries {
		ann.add(1).Done(t)
	}
	lines := ann.send(http.MethodGet, ann.below("/points/entries.json?limit=250"), "").Done(t).Body["entries"].([]any)
	for _, line := range lines {
		l := line.(map[string]any)
		got := ann.send(http.MethodGet, ann.below(".json?as_of="+l["created_at"].(string)), "").Done(t)
		shown := got.Body["profile"].(map[string]any)
		if shown["point_available"] != l["balance"] || shown["entry"] != l["seq"] {
			t.Errorf("as of entry %v: %v", l["seq"], shown)
		}
		var trips, reads int
		if _, err := fmt.Sscanf(got.Header.Get("X-Consumed-Capacity"), "rt=%d;r=%d", &trips, &reads); err != nil || trips > 9 {
			t.Errorf("as of entry %v took %s", l["seq"], got.Header.Get("X-Consumed-Capacity"))
		}
	}
}
