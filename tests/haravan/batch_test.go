package haravan

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"regulars/tests/client"
	"regulars/tests/faults"
)

// An item is one of a batch.
type item struct {
	Profile json.Number `json:"profile_id"`
	Action  string      `json:"action"`
	Value   int         `json:"value"`
}

func (m member) batch(items []item, header ...string) client.Answer {
	m.t.Helper()
	body, err := json.Marshal(map[string]any{"points": items})
	if err != nil {
		m.t.Fatal(err)
	}
	return m.send(http.MethodPost, "/loy/points/batch.json", string(body), header...)
}

// results are what a batch answered, item by item.
func results(t *testing.T, a client.Answer) []map[string]any {
	t.Helper()
	list, ok := a.Body["result"].([]any)
	if !ok {
		t.Fatalf("batch = %v", a)
	}
	items := make([]map[string]any, len(list))
	for i, v := range list {
		items[i] = v.(map[string]any)
	}
	return items
}

// TestProveBatch: a batch that two processes get at the same time, and once more, under
// one key is carried out once, and the items of a profile in their order: each could
// not be done before the one in front of it.
func TestProveBatch(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	members := make([]member, 10)
	for i := range members {
		members[i] = c.join()
	}
	var items []item
	for n := range client.Size(1000) {
		// 3, -2, 3, -2 ... of each
		to := members[n%len(members)]
		one := item{Profile: json.Number(to.id), Action: "add", Value: 3}
		if n/len(members)%2 == 1 {
			one.Action, one.Value = "subtract", 2
		}
		items = append(items, one)
	}
	seen := c.twoProcesses(t, members[0])
	answers := client.Together(3, func(i int) client.Answer { return seen[i%2].batch(items, "Idempotency-Key", "k") })
	answers = append(answers, seen[0].batch(items, "Idempotency-Key", "k"))
	for n, a := range answers {
		for i, got := range results(t, a.Done(t)) {
			pair, first := i/len(members)/2, i/len(members)%2 == 0
			want := float64(pair + 1)
			if first {
				want += 2
			}
			if got["status"] != 200.0 || got["point_available"] != want {
				t.Fatalf("answer %d, item %d = %v, want %v points", n, i, got, want)
			}
		}
	}
	if answers[3].Header.Get("Idempotency-Hit") != "true" {
		t.Errorf("the repeat does not say that all of it was done before: %v", answers[3].Header)
	}
	for i, m := range members {
		if account, want := c.verified(m), int64(len(items)/len(members)); account.Version != want {
			t.Errorf("profile %d has %d entries, want %d", i, account.Version, want)
		}
	}
}

// TestBatchInTime: what is not begun before the deadline is unavailable, and the same
// batch under its key does the rest.
func TestBatchInTime(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann, ben := c.join(), c.join()
	slow := c.with(ann, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
		if call.Operation == "TransactWriteItems" {
			return faults.Slow(120 * time.Millisecond)
		}
		return nil
	}})
	slow.deadline = 4 * time.Second // of which a batch leaves 3
	var items []item
	for range 20 {
		items = append(items, item{json.Number(ann.id), "add", 1}, item{json.Number(ben.id), "add", 1})
	}
	late := 0
	for i, got := range results(t, slow.batch(items, "Idempotency-Key", "k").Done(t)) {
		switch {
		case got["status"] == 200.0 && late < 2: // those of the other profile may still be done
		case got["status"] == 503.0:
			late++
			if text := fmt.Sprint(got["errors"]); !strings.Contains(text, "ran out of time") && !strings.Contains(text, "busy") {
				t.Errorf("item %d = %v", i, got)
			}
		}
	}
	// Of each profile one may be done although its answer came too late.
	if done := c.verified(ann).Version + c.verified(ben).Version; late == 0 || done == 0 || int(done)+late < len(items) || int(done)+late > len(items)+2 {
		t.Errorf("%d were late and %d done, of %d", late, done, len(items))
	}
	for i, got := range results(t, ann.batch(items, "Idempotency-Key", "k").Done(t)) {
		if got["status"] != 200.0 || got["point_available"] != float64(i/2+1) {
			t.Errorf("item %d again = %v", i, got)
		}
	}
	for _, m := range []member{ann, ben} {
		if account := c.verified(m); account.Available != 20 || account.Version != 20 {
			t.Errorf("the account has %d points after %d entries, want 20 after 20", account.Available, account.Version)
		}
	}
}

// A batch has at most 1,000 items.
func TestBatchIsBounded(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	items := make([]item, 1001)
	for i := range items {
		items[i] = item{json.Number(ann.id), "add", 1}
	}
	if got := ann.batch(items); got.Status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(got.Body), "more than 1000 items: 1001") {
		t.Errorf("a batch of 1,001 = %v", got)
	}
	if got := ann.profile()["point_available"]; got != 0.0 {
		t.Errorf("%v points, want 0", got)
	}
}
