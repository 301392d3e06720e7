package altcraft

import (
	"fmt"
	"testing"

	"regulars/tests/client"
)

// TestProveOneCustomerEach: 64 parallel imports of one new customer, through two
// processes, make one customer, whatever they match by.
func TestProveOneCustomerEach(t *testing.T) {
	processes := client.StartTwo(t)
	modes := []struct {
		name string
		body func(n int) map[string]any
	}{
		{"email and phone", func(n int) map[string]any { return client.Person(n, nil) }},
		{"phone", func(n int) map[string]any {
			return map[string]any{"matching": "phone", "data": map[string]any{"phones": []string{client.Phone(n)}}}
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
			for round := range client.Size(50) {
				body := mode.body(1000*m + round)
				ids := map[string]int{}
				created := 0
				for _, got := range client.Together(64, func(i int) client.Answer { return processes[i%2].Post(t, "import", body) }) {
					if got.Code() != 0 {
						t.Fatalf("round %d: %v", round, got)
					}
					ids[got.ID()]++
					if got.Body["created"] == true {
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
	processes := client.StartTwo(t)
	for round := range client.Size(20) {
		processes[0].Post(t, "import", client.Person(round, nil))
		client.Together(64, func(i int) client.Answer {
			body := map[string]any{"email": client.Email(round), "data": map[string]any{fmt.Sprintf("field_%d", i): i}}
			got := processes[i%2].Post(t, "update", body)
			if got.Code() != 0 {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		data := processes[0].Post(t, "get", map[string]any{"email": client.Email(round)}).Data()
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
	processes := client.StartTwo(t)
	writers := max(6, client.Size(64))
	for round := range client.Size(20) {
		processes[0].Post(t, "import", client.Person(round, nil))
		client.Together(writers, func(i int) client.Answer {
			got := processes[i%2].Post(t, "update", map[string]any{"email": client.Email(round), "data": map[string]any{
				"visits": client.Function("incr", 1), "sum": client.Function("incr", i), "tenths": client.Function("incr", 0.1),
				"likes": client.Function("add", []string{fmt.Sprint(i)}), "tags": client.Function("add", []string{fmt.Sprint(i), "all"}),
			}})
			if got.Code() != 0 || got.Body["changed"] != true {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		data := processes[0].Post(t, "get", map[string]any{"email": client.Email(round)}).Data()
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
	processes := client.StartTwo(t)
	for round := range client.Size(10) {
		id := processes[0].Post(t, "import", client.Person(round, nil)).ID()
		client.Together(64, func(i int) client.Answer {
			got := processes[i%2].Post(t, "subscriptions/set", map[string]any{
				"profile_id": id, "resource_id": 2 + i/8, "channel": "sms", "phone": client.Phone(1000*round + i%8), "priority": i,
			})
			if got.Code() != 0 {
				t.Errorf("round %d: %v", round, got)
			}
			return got
		})
		list := processes[0].Post(t, "subscriptions/list", map[string]any{"profile_id": id}).Body["data"].([]any)
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
// and the other is rejected and unchanged.
func TestProveRaceForAnAddress(t *testing.T) {
	processes := client.StartTwo(t)
	for round := range client.Size(50) {
		first, second, wanted := 3*round, 3*round+1, 3*round+2
		processes[0].Post(t, "import", client.Person(first, nil))
		processes[0].Post(t, "import", client.Person(second, nil))
		owners := []int{first, second}
		answers := client.Together(2, func(i int) client.Answer {
			body := map[string]any{"email": client.Email(owners[i]), "data": map[string]any{"email": client.Email(wanted), "_city": "Paris"}}
			return processes[i].Post(t, "update", body)
		})
		won := 0
		if answers[1].Code() == 0 {
			won = 1
		}
		lost := 1 - won
		if answers[won].Code() != 0 || answers[lost].Code() != 409 {
			t.Fatalf("round %d: %v and %v, want one success and one 409", round, answers[0], answers[1])
		}
		if got := processes[0].Post(t, "get", map[string]any{"email": client.Email(owners[won])}); got.Code() != 404 {
			t.Errorf("round %d: the winner's old address leads to %v, want 404", round, got)
		}
		got := processes[0].Post(t, "get", map[string]any{"email": client.Email(owners[lost])})
		if got.Code() != 0 || got.Data()["_city"] != nil || got.Data()["phones"].([]any)[0] != client.Phone(owners[lost]) {
			t.Errorf("round %d: the loser is %v, want unchanged", round, got)
		}
	}
}
