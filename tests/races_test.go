package tests

import (
	"fmt"
	"sync"
	"testing"
)

// together calls f from n goroutines at once and returns what they answered.
func together[T any](n int, f func(i int) T) []T {
	var group sync.WaitGroup
	start := make(chan struct{})
	answers := make([]T, n)
	for i := range n {
		group.Go(func() {
			<-start
			answers[i] = f(i)
		})
	}
	close(start)
	group.Wait()
	return answers
}

// TestProveOneCustomerEach: 64 parallel imports of one new customer, through two
// processes, make one customer, whatever they match by.
func TestProveOneCustomerEach(t *testing.T) {
	processes := startTwo(t)
	modes := []struct {
		name string
		body func(n int) map[string]any
	}{
		{"email and phone", func(n int) map[string]any { return person(n, nil) }},
		{"phone", func(n int) map[string]any {
			return map[string]any{"matching": "phone", "data": map[string]any{"phones": []string{phone(n)}}}
		}},
		{"push_sub", func(n int) map[string]any {
			return map[string]any{"matching": "push_sub", "data": map[string]any{"subscriptions": []any{map[string]any{
				"channel": "push", "provider": "Firefox", "subscription_id": fmt.Sprintf("token-%d", n), "resource_id": 1,
			}}}}
		}},
		{"custom", func(n int) map[string]any {
			return map[string]any{"matching": "custom", "field_name": "CRM_ID", "field_value": n, "data": map[string]any{}}
		}},
	}
	for m, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			for round := range size(50) {
				body := mode.body(1000*m + round)
				ids := map[string]int{}
				created := 0
				for _, got := range together(64, func(i int) answered { return processes[i%2].post(t, "import", body) }) {
					if got.code() != 0 {
						t.Fatalf("round %d: %v", round, got)
					}
					ids[got.id()]++
					if got.body["created"] == true {
						created++
					}
				}
				if len(ids) != 1 || created != 1 {
					t.Errorf("round %d: %d customers, created %d times: %v", round, len(ids), created, ids)
				}
			}
		})
	}
}

// TestProveNoUpdateIsLost: 64 parallel updates of different fields of one
// customer are all there.
func TestProveNoUpdateIsLost(t *testing.T) {
	processes := startTwo(t)
	for round := range size(20) {
		processes[0].post(t, "import", person(round, nil))
		together(64, func(i int) answered {
			body := map[string]any{"email": email(round), "data": map[string]any{fmt.Sprintf("field_%d", i): i}}
			got := processes[i%2].post(t, "update", body)
			if got.code() != 0 {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		data := processes[0].post(t, "get", map[string]any{"email": email(round)}).data()
		for i := range 64 {
			if got := data[fmt.Sprintf("field_%d", i)]; got != float64(i) {
				t.Errorf("round %d: field_%d = %v, want %d", round, i, got, i)
			}
		}
	}
}

// TestProveNoCountIsLost: what many writers count up and add at once is all
// there, exactly.
func TestProveNoCountIsLost(t *testing.T) {
	processes := startTwo(t)
	writers := size(64)
	for round := range size(20) {
		processes[0].post(t, "import", person(round, nil))
		together(writers, func(i int) answered {
			got := processes[i%2].post(t, "update", map[string]any{"email": email(round), "data": map[string]any{
				"visits": function("incr", 1), "sum": function("incr", i), "tenths": function("incr", 0.1),
				"likes": function("add", []string{fmt.Sprint(i)}), "tags": function("add", []string{fmt.Sprint(i), "all"}),
			}})
			if got.code() != 0 || got.body["changed"] != true {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		data := processes[0].post(t, "get", map[string]any{"email": email(round)}).data()
		if data["visits"] != float64(writers) || data["sum"] != float64(writers*(writers-1)/2) || data["tenths"] != float64(writers)/10 {
			t.Errorf("round %d: %d writers came to visits %v, sum %v, tenths %v", round, writers, data["visits"], data["sum"], data["tenths"])
		}
		likes, _ := data["likes"].([]any)
		tags, _ := data["tags"].([]any)
		if len(likes) != writers || len(tags) != writers+1 {
			t.Errorf("round %d: %d writers added %d and %d tags", round, writers, len(likes), len(tags))
		}
	}
}

// TestProveNoSubscriptionIsLost: 64 parallel sets of different subscriptions of one
// customer are all there.
func TestProveNoSubscriptionIsLost(t *testing.T) {
	processes := startTwo(t)
	for round := range size(10) {
		id := processes[0].post(t, "import", person(round, nil)).id()
		together(64, func(i int) answered {
			got := processes[i%2].post(t, "subscriptions/set", map[string]any{
				"profile_id": id, "resource_id": 2 + i/8, "channel": "sms", "phone": phone(1000*round + i%8), "priority": i,
			})
			if got.code() != 0 {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		list := processes[0].post(t, "subscriptions/list", map[string]any{"profile_id": id}).body["data"].([]any)
		seen := map[any]bool{}
		for _, entry := range list {
			seen[entry.(map[string]any)["priority"]] = true
		}
		if len(list) != 65 || len(seen) != 64 { // the first has no priority, which is 0, too
			t.Errorf("round %d: %d subscriptions with %d priorities, want 65 with 64", round, len(list), len(seen))
		}
	}
}

// TestProveRaceForAnAddress: of two customers that want one address one gets it,
// and the other is refused and unchanged.
func TestProveRaceForAnAddress(t *testing.T) {
	processes := startTwo(t)
	for round := range size(50) {
		first, second, wanted := 3*round, 3*round+1, 3*round+2
		processes[0].post(t, "import", person(first, nil))
		processes[0].post(t, "import", person(second, nil))
		owners := []int{first, second}
		answers := together(2, func(i int) answered {
			body := map[string]any{"email": email(owners[i]), "data": map[string]any{"email": email(wanted), "_city": "Paris"}}
			return processes[i].post(t, "update", body)
		})
		won := 0
		if answers[1].code() == 0 {
			won = 1
		}
		lost := 1 - won
		if answers[won].code() != 0 || answers[lost].code() != 409 {
			t.Fatalf("round %d: %v and %v, want one success and one 409", round, answers[0], answers[1])
		}
		if got := processes[0].post(t, "get", map[string]any{"email": email(owners[won])}); got.code() != 404 {
			t.Errorf("round %d: the winner's old address leads to %v, want 404", round, got)
		}
		got := processes[0].post(t, "get", map[string]any{"email": email(owners[lost])})
		if got.code() != 0 || got.data()["_city"] != nil || got.data()["phones"].([]any)[0] != phone(owners[lost]) {
			t.Errorf("round %d: the loser is %v, want unchanged", round, got)
		}
	}
}
