package altcraft

import (
	"fmt"
	"testing"

	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestProveRealClient is a working day of a client of that platform: it imports
// its whole base in one batch by phone, sends it again, counts with functions,
// subscribes and suspends, and reads everything back.
func TestProveRealClient(t *testing.T) {
	c := clientOf{client.Start(t, dynamotest.Table(t)), t}
	n := client.Size(8000)

	made := c.batch("import_batch", n, func(i int) map[string]any {
		return map[string]any{"phones": []string{client.Phone(i)}, "_fname": fmt.Sprint("Guest ", i), "CRM_ID": i, "visits": 1}
	})
	if made.created != n || made.changed != n {
		t.Errorf("first batch = %+v, want %d created", made, n)
	}
	again := c.batch("import_batch", n, func(i int) map[string]any {
		return map[string]any{"phones": []string{client.Phone(i)}, "_fname": fmt.Sprint("Guest ", i)}
	})
	if again.created != 0 || again.changed != 0 || again.ids[n-1] != made.ids[n-1] {
		t.Errorf("the same batch again = %d created, %d changed, want nothing new", again.created, again.changed)
	}

	// Every tenth came, and is one of the good ones; half of them came twice.
	counted := c.batch("update_batch", n/10, func(i int) map[string]any {
		return map[string]any{"phones": []string{client.Phone(i)}, "visits": client.Function("incr", 1), "tags": client.Function("add", []string{"good"})}
	})
	if counted.changed != n/10 {
		t.Errorf("batch with functions = %d changed, want %d", counted.changed, n/10)
	}
	for i := range n / 20 {
		c.must("update", map[string]any{"profile_id": made.ids[i], "data": map[string]any{"visits": client.Function("incr", 1)}})
	}

	for i := range n / 100 {
		sms := map[string]any{"profile_id": made.ids[i], "resource_id": 1, "channel": "sms", "phone": client.Phone(i)}
		c.must("subscriptions/set", sms)
		if i%2 == 0 {
			c.must("subscriptions/delete", sms)
		}
	}
	suspended := c.must("subscriptions/suspend_all", map[string]any{"channel": "sms"})
	updated := suspended.Body["updated"]
	if job := suspended.Body["job"]; job != nil {
		updated = float64(jobDone(t, c.ask, job))
	}
	if want := float64(n / 200); updated != want {
		t.Errorf("suspend_all updated %v, want %v", updated, want)
	}

	for name, want := range map[string]struct {
		query map[string]any
		count int
	}{
		"everybody":  {nil, n},
		"came again": {map[string]any{"visits": map[string]any{"$gte": 2}, "tags": "good"}, n / 10},
		"came twice": {map[string]any{"visits": 3}, n / 20},
		"suspended":  {map[string]any{"subscriptions.status": "suspended"}, n / 200},
	} {
		if got := c.walk(want.query); len(got) != want.count {
			t.Errorf("%s: the list has %d, want %d", name, len(got), want.count)
		}
	}
}

// A clientOf is a client of a process.
type clientOf struct {
	client.Process
	t *testing.T
}

func (c clientOf) ask(method string, body map[string]any, header ...string) client.Answer {
	return c.Post(c.t, method, body, header...)
}

func (c clientOf) must(method string, body map[string]any) client.Answer {
	c.t.Helper()
	got := c.ask(method, body)
	if got.Code() != 0 {
		c.t.Fatalf("%s %v = %v, want success", method, body, got)
	}
	return got
}

// A batchResult is what became of a batch whose items all succeeded.
type batchResult struct {
	ids              []string
	created, changed int
}

// batch sends n items, found by their phones.
func (c clientOf) batch(method string, n int, item func(i int) map[string]any) batchResult {
	c.t.Helper()
	items := make([]any, n)
	for i := range items {
		items[i] = item(i)
	}
	got := c.must(method, map[string]any{"matching": "phone", "data": items})
	list, _ := got.Body["result"].([]any)
	if len(list) != n {
		c.t.Fatalf("%s of %d items has %d results", method, n, len(list))
	}
	var result batchResult
	for i, entry := range list {
		object := entry.(map[string]any)
		if object["error"] != 0.0 {
			c.t.Fatalf("%s: item %d = %v, want success", method, i, object)
		}
		result.ids = append(result.ids, object["profile_id"].(string))
		if object["created"] == true {
			result.created++
		}
		if object["changed"] == true {
			result.changed++
		}
	}
	return result
}

// walk lists the profiles that a query means, page by page, and demands that none
// comes twice.
func (c clientOf) walk(query map[string]any) map[any]bool {
	c.t.Helper()
	met := map[any]bool{}
	for from := any(""); from != nil; {
		page := c.must("list", map[string]any{"from_id": from, "query": query, "fields": []string{"_id"}})
		list, _ := page.Body["data"].([]any)
		for _, entry := range list {
			id := entry.(map[string]any)["id"]
			if met[id] {
				c.t.Errorf("profile %v is listed twice", id)
			}
			met[id] = true
		}
		from = page.Body["next_from_id"]
	}
	return met
}
