package haravan

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/points"
	"regulars/tests/client"
)

// TestHoldAndSubtractOfTheLastPoints: of simultaneous holds and subtractions of the
// last 10 points one succeeds.
func TestHoldAndSubtractOfTheLastPoints(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	seen := c.twoProcesses(t, c.join())
	rounds, writers := client.Size(20), 12
	if client.Proving() {
		writers = 64
	}
	for round := range rounds {
		seen[0].add(10).Done(t)
		won, held := 0, 0
		for i, got := range client.Together(writers, func(i int) client.Answer {
			m := seen[i/2%2]
			if i%2 == 0 {
				return m.subtract(10)
			}
			return m.hold(`{"points": 10}`)
		}) {
			switch {
			case got.Status == http.StatusUnprocessableEntity:
			case got.Status != http.StatusOK:
				t.Errorf("round %d: %v", round, got)
			case i%2 == 1:
				won, held = won+1, holdOf(t, got)
			default:
				won++
			}
		}
		if account := c.verified(seen[0]); won != 1 || account.Available != 0 || account.Held != int64(10*min(held, 1)) {
			t.Fatalf("round %d: %d succeeded, %+v are left", round, won, account.Figures)
		}
		if held > 0 {
			seen[1].end(held, "commit", `{}`).Done(t)
		}
	}
}

// holdOf is the id of the hold in an answer.
func holdOf(t *testing.T, a client.Answer) int {
	t.Helper()
	hold, ok := a.Body["hold"].(map[string]any)
	if !ok {
		t.Fatalf("no hold in %v", a)
	}
	id, _ := hold["id"].(float64)
	return int(id)
}

// TestOneHoldEndsOnce: of twelve simultaneous commits and voids of one hold one is
// done; under one key all are answered alike.
func TestOneHoldEndsOnce(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	seen := c.twoProcesses(t, c.join())
	seen[0].add(10_000).Done(t)
	for round := range client.Size(40) {
		before := c.verified(seen[0])
		hold := holdOf(t, seen[0].hold(`{"points": 7}`).Done(t))
		how := func(int) string { return "commit" }
		var key []string
		switch round % 3 {
		case 1:
			how = func(i int) string { return []string{"commit", "void"}[i%2] }
		case 2:
			key = []string{"Idempotency-Key", strconv.Itoa(round)}
		}
		done, spent := 0, int64(0)
		for i, got := range client.Together(12, func(i int) client.Answer { return seen[i/2%2].end(hold, how(i), `{}`, key...) }) {
			switch {
			case got.Status == http.StatusOK && got.Header.Get("Idempotency-Hit") == "":
				if done++; how(i) == "commit" {
					spent = 7
				}
			case got.Status == http.StatusOK && key != nil, got.Status == http.StatusUnprocessableEntity && key == nil:
			default:
				t.Errorf("round %d: %v", round, got)
			}
		}
		after := c.verified(seen[0])
		if done != 1 || after.Used != before.Used+spent || after.Available != before.Available-spent || after.Held != 0 {
			t.Fatalf("round %d: %d were done, %+v of %+v", round, done, after.Figures, before.Figures)
		}
	}
}

// TestHoldsEndByThemselves: the schedule gives the points of a hold back whose time is
// over, in an entry that names it, and finds the account by what is due.
func TestHoldsEndByThemselves(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	ann.add(10).Done(t)
	hold := holdOf(t, ann.hold(`{"points": 4, "expires_in": 3600}`).Done(t))
	later := points.NewService(c.Store, func() time.Time { return time.Now().Add(2 * time.Hour) })
	soon := points.NewService(c.Store, time.Now)
	if settled, err := soon.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Changed != 0 {
		t.Fatalf("SettleDue() before its time = %+v, %v", settled, err)
	}
	if settled, err := later.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Changed != 1 {
		t.Fatalf("SettleDue() = %+v, %v, want one changed", settled, err)
	}
	if account := c.verified(ann); account.Available != 10 || account.Held != 0 {
		t.Errorf("the account has %+v, want 10 available", account.Figures)
	}
	got := ann.send(http.MethodGet, ann.below("/points/holds/2.json"), "").Done(t)
	if shown := got.Body["hold"].(map[string]any); shown["state"] != "expired" || shown["ended_by"] != 3.0 {
		t.Errorf("the hold is %v, want expired by entry 3", shown)
	}
	if got := ann.end(hold, "commit", `{}`); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("commit = %v, want refused", got)
	}
	if settled, err := later.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Seen != 0 {
		t.Errorf("SettleDue() again = %+v, %v, want nothing due", settled, err)
	}
}

// TestTwentyHoldsFitTheFirstKB: as many holds as may be open cost no more than one, and
// one more is rejected.
func TestTwentyHoldsFitTheFirstKB(t *testing.T) {
	t.Parallel()
	c := newClub(t, map[string]any{"earning": map[string]any{"expires_after_days": 365}})
	ann := c.join()
	ann.add(100_000_000).Done(t)
	client.AwaitNewHour(t, 15*time.Second)
	for n := range 20 {
		got := ann.hold(`{"points": 1000000, "expires_in": 86400}`).Done(t)
		if use := got.Header.Get("X-Consumed-Capacity"); n > 0 && use != "rt=2;r=1;w=4" {
			t.Errorf("hold %d consumed %s, want w=4", n+1, use)
		}
	}
	if got := ann.hold(`{"points": 1}`); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("the 21st hold = %v, want refused", got)
	}
	if account := c.verified(ann); len(account.Holds) != 20 || account.Held != 20_000_000 {
		t.Errorf("%d holds with %d points", len(account.Holds), account.Held)
	}
}
