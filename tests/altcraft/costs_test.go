package altcraft

import (
	"maps"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// TestCosts demands the figures of docs/performance.md.
func TestCosts(t *testing.T) {
	full := map[string]any{
		"email": client.Email(1), "_fname": "Ivan", "_lname": "Petrov", "_sex": "male", "_bdate": "1990-01-15T12:00:00Z", "_city": "Moscow",
		"phones": []string{client.Phone(1)}, "subscriptions": []any{
			map[string]any{"channel": "email", "email": client.Email(1), "resource_id": 1},
			map[string]any{"channel": "sms", "phone": client.Phone(1), "resource_id": 1},
			map[string]any{"channel": "push", "provider": "Firefox", "subscription_id": "abcdefghijklmnqrstuvwxyz", "resource_id": 1},
		},
	}
	search := map[string]any{"email": client.Email(1)}
	with := func(data map[string]any) map[string]any {
		return map[string]any{"email": client.Email(1), "data": data}
	}
	steps := []struct {
		name, method string
		body         map[string]any
		header       []string
		want         string
		again        string // where the owner of the e-mail is remembered, unless empty
	}{
		{name: "creates", method: "import", body: with(full), want: "rt=2;r=1;w=10"},
		{name: "changes nothing", method: "import", body: with(full), want: "rt=2;r=2;w=0", again: "rt=1;r=2;w=0"},
		{name: "updates", method: "import", body: with(map[string]any{"_city": "Paris"}), want: "rt=3;r=2;w=1", again: "rt=2;r=2;w=1"},
		{name: "updates, naming all keys again", method: "update", body: with(full), want: "rt=3;r=2;w=1", again: "rt=2;r=2;w=1"},
		{name: "get", method: "get", body: search, want: "rt=2;r=2;w=0", again: "rt=1;r=2;w=0"},
		{name: "get nobody", method: "get", body: map[string]any{"email": "nobody@example.com"}, want: "rt=1;r=1;w=0"},
		{name: "get by id that is none", method: "get", body: map[string]any{"matching": "profile_id", "profile_id": "none"}, want: "rt=0;r=0;w=0"},
		{name: "keyed, updates", method: "import", body: with(map[string]any{"_city": "Oslo"}), header: []string{"Idempotency-Key", "a"}, want: "rt=3;r=2;w=5", again: "rt=2;r=2;w=5"},
		{name: "keyed, again", method: "import", body: with(map[string]any{"_city": "Oslo"}), header: []string{"Idempotency-Key", "a"}, want: "rt=3;r=3;w=0", again: "rt=2;r=3;w=0"},
		{name: "keyed, changes nothing", method: "import", body: with(map[string]any{"_city": "Oslo"}), header: []string{"Idempotency-Key", "b"}, want: "rt=4;r=3;w=3", again: "rt=3;r=3;w=3"},
		{name: "counts", method: "update", body: with(map[string]any{"visits": client.Function("incr", 1)}), want: "rt=3;r=2;w=2", again: "rt=2;r=2;w=2"},
		{name: "counts by 0", method: "update", body: with(map[string]any{"visits": client.Function("incr", 0)}), want: "rt=2;r=2;w=0", again: "rt=1;r=2;w=0"},
		{name: "keyed, counts", method: "update", body: with(map[string]any{"visits": client.Function("incr", 1)}), header: []string{"Idempotency-Key", "c"}, want: "rt=3;r=2;w=5", again: "rt=2;r=2;w=5"},
		{name: "adds a tag", method: "update", body: with(map[string]any{"tags": client.Function("add", []string{"a"})}), want: "rt=3;r=2;w=1", again: "rt=2;r=2;w=1"},
		{name: "adds the tag again", method: "update", body: with(map[string]any{"tags": client.Function("add", []string{"a"})}), want: "rt=2;r=2;w=0", again: "rt=1;r=2;w=0"},
		{name: "unsets", method: "update", body: with(map[string]any{"tags": client.Function("unset", nil), "visits": client.Function("unset", nil)}), want: "rt=3;r=2;w=1", again: "rt=2;r=2;w=1"},
		{name: "gains a phone", method: "import", body: with(map[string]any{"phones": []string{client.Phone(1), client.Phone(2)}}), want: "rt=3;r=2;w=4", again: "rt=2;r=2;w=4"},
		{name: "loses a phone", method: "import", body: with(map[string]any{"phones": []string{client.Phone(1)}}), want: "rt=4;r=3;w=4", again: "rt=3;r=3;w=4"},
		{name: "delete", method: "delete", body: search, want: "rt=5;r=5;w=13", again: "rt=4;r=5;w=13"},
	}
	for _, remembered := range []bool{false, true} {
		next := services(t, nil, remembered)
		client.AwaitNewHour(t, 20*time.Second) // an update in the next hour moves index entries
		for _, step := range steps {
			got := next().Call(step.method, step.body, step.header...)
			if got.Status != 200 || got.Code() != 0 && got.Code() != 404 {
				t.Fatalf("%s: %v", step.name, got)
			}
			want := step.want
			if remembered && step.again != "" {
				want = step.again
			}
			if use := got.Header.Get("X-Consumed-Capacity"); use != want {
				t.Errorf("%s, owners remembered %t: consumed %s, want %s", step.name, remembered, use, want)
			}
		}
	}
}

// services returns what makes the service of each step, on one table, with the tenant's
// settings: a new one for each or, where owners are to be remembered, always the same. It
// remembers token and settings.
func services(t *testing.T, settings map[string]any, remembered bool) func() client.Altcraft {
	t.Helper()
	stage := client.NewStage(t)
	warm := func() client.Altcraft {
		s := client.ServiceOn(t, dynamotest.Client(t), stage.Table)
		if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, settings); err != nil {
			t.Fatal(err)
		}
		c := client.Altcraft{T: t, Handler: s}
		c.Call("get", map[string]any{"matching": "profile_id", "profile_id": "none"})
		return c
	}
	if !remembered {
		return warm
	}
	same := warm()
	return func() client.Altcraft { return same }
}

// TestHistoryCosts demands the figures of docs/costs.md for a tenant that keeps the history
// of its customers: two items more of each change, of a unit each, and a transaction where
// there was a single write.
func TestHistoryCosts(t *testing.T) {
	search := map[string]any{"email": client.Email(1)}
	with := func(data map[string]any) map[string]any {
		return map[string]any{"email": client.Email(1), "data": data}
	}
	full := with(map[string]any{
		"email": client.Email(1), "_fname": "Ivan", "phones": []string{client.Phone(1)},
		"subscriptions": []any{map[string]any{"channel": "email", "email": client.Email(1), "resource_id": 1}},
	})
	steps := []struct {
		name, method string
		body         map[string]any
		want, again  string
	}{
		{name: "creates", method: "import", body: full, want: "rt=2;r=1;w=12"},
		{name: "changes nothing", method: "import", body: full, want: "rt=2;r=2;w=0", again: "rt=1;r=2;w=0"},
		{name: "updates", method: "import", body: with(map[string]any{"_city": "Paris"}), want: "rt=3;r=2;w=6", again: "rt=2;r=2;w=6"},
		{name: "counts", method: "update", body: with(map[string]any{"visits": client.Function("incr", 1)}), want: "rt=3;r=2;w=6", again: "rt=2;r=2;w=6"},
		{name: "gains a phone", method: "import", body: with(map[string]any{"phones": []string{client.Phone(1), client.Phone(2)}}), want: "rt=3;r=2;w=8", again: "rt=2;r=2;w=8"},
		{name: "delete", method: "delete", body: search, want: "rt=5;r=5;w=13", again: "rt=4;r=5;w=13"},
	}
	for _, remembered := range []bool{false, true} {
		next := services(t, map[string]any{"history_days": 30}, remembered)
		client.AwaitNewHour(t, 20*time.Second) // an update in the next hour moves index entries
		for _, step := range steps {
			got := next().Call(step.method, step.body)
			want := step.want
			if remembered && step.again != "" {
				want = step.again
			}
			if use := got.Header.Get("X-Consumed-Capacity"); use != want || got.Code() != 0 {
				t.Errorf("%s, owners remembered %t: consumed %s, want %s", step.name, remembered, use, want)
			}
		}
	}
}

// TestSubscriptionCosts demands the figures of docs/performance.md for the methods
// that name a profile by its id.
func TestSubscriptionCosts(t *testing.T) {
	c := client.Altcraft{T: t, Handler: client.NewService(t)}
	client.AwaitNewHour(t, 20*time.Second)
	id := c.Must("import", map[string]any{"email": client.Email(1), "data": map[string]any{"phones": []string{client.Phone(1)}}}).ID()
	with := func(phone string, more map[string]any) map[string]any {
		body := map[string]any{"profile_id": id, "resource_id": 1, "channel": "sms", "phone": phone}
		maps.Copy(body, more)
		return body
	}
	steps := []struct {
		name, method string
		body         map[string]any
		header       []string
		want         string
	}{
		{name: "adds, a contact of its own", method: "set", body: with(client.Phone(1), nil), want: "rt=3;r=2;w=4"},
		{name: "adds, a new contact", method: "set", body: with(client.Phone(2), nil), want: "rt=2;r=1;w=4"},
		{name: "changes nothing", method: "set", body: with(client.Phone(2), nil), want: "rt=1;r=1;w=0"},
		{name: "edits", method: "set", body: with(client.Phone(2), map[string]any{"status": 5}), want: "rt=2;r=1;w=1"},
		{name: "keyed, edits", method: "set", body: with(client.Phone(2), map[string]any{"status": 0}), header: []string{"Idempotency-Key", "a"}, want: "rt=2;r=1;w=5"},
		{name: "get", method: "get", body: with(client.Phone(2), nil), want: "rt=1;r=1;w=0"},
		{name: "list", method: "list", body: with(client.Phone(2), nil), want: "rt=1;r=1;w=0"},
		{name: "delete", method: "delete", body: with(client.Phone(2), nil), want: "rt=3;r=2;w=4"},
		{name: "delete again", method: "delete", body: with(client.Phone(2), nil), want: "rt=1;r=1;w=0"},
		{name: "restore", method: "restore", body: with(client.Phone(2), nil), want: "rt=2;r=1;w=4"},
	}
	for _, step := range steps {
		got := c.Must("subscriptions/"+step.method, step.body, step.header...)
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, use, step.want)
		}
	}
}

// TestCapacityWithoutToken: what is rejected at the door reads nothing.
func TestCapacityWithoutToken(t *testing.T) {
	c := client.Altcraft{T: t, Handler: client.NewService(t)}
	got := c.Call("import", map[string]any{"token": nil, "db_id": devserver.Tenant, "data": map[string]any{}})
	if use := got.Header.Get("X-Consumed-Capacity"); got.Code() != 401 || use != "rt=0;r=0;w=0" {
		t.Errorf("a request without a token = %v, consumed %s", got, use)
	}
}
