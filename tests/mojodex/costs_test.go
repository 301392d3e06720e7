package mojodex

import (
	"fmt"
	"net/http"
	"testing"

	"regulars/tests/client"
)

// TestBackofficeCosts demands the figures of docs/performance.md.
func TestBackofficeCosts(t *testing.T) {
	o := office{t: t, h: client.NewService(t)}
	user := o.user(1)
	byID := func(more map[string]any) map[string]any {
		more["user_id"] = user
		return more
	}
	steps := []struct {
		name, method, path string
		body               map[string]any
		want               string
	}{
		{"new category", "PUT", "/profile_category", categoryBody("sales"), "rt=3;r=1;w=5"},
		{"new profile", "PUT", "/profile", profileBody("seller", 1), "rt=3;r=2;w=5"},
		{"association", "PUT", "/profile_task_association", map[string]any{"profile_pk": 1, "task_pk": 1}, "rt=3;r=2;w=3"},
		{"refused", "PUT", "/profile", profileBody("seller", 1), "rt=1;r=2;w=0"},
		{"first assignment", "PUT", "/manual_purchase", byID(map[string]any{"profile_pk": 1}), "rt=4;r=4;w=10"},
		{"the same again", "PUT", "/manual_purchase", byID(map[string]any{"profile_pk": 1}), "rt=3;r=3;w=13"},
		{"by e-mail", "PUT", "/manual_purchase", map[string]any{"profile_pk": 1, "user_email": client.Email(1)}, "rt=4;r=4;w=13"},
		{"a run", "POST", "/user_task_execution", byID(map[string]any{"task_pk": 1}), "rt=4;r=4;w=5"},
		{"user tasks", "GET", "/user_task?user_id=" + user, nil, "rt=3;r=4;w=0"},
		{"purchases", "GET", "/purchase?user_id=" + user, nil, "rt=3;r=4;w=0"},
		{"end", "POST", "/role", map[string]any{"role_pk": 3}, "rt=4;r=4;w=7"},
		{"end again", "POST", "/role", map[string]any{"role_pk": 3}, "rt=2;r=3;w=0"},
		{"without a right", "GET", "/profile", nil, "rt=1;r=1;w=0"},
		{"nothing is over", "POST", "/check_expired_purchases", map[string]any{}, "rt=1;r=1;w=0"},
	}
	for _, step := range steps {
		got := o.ask(step.method, step.path, step.body)
		if got.Status != http.StatusOK && step.name != "refused" {
			t.Fatalf("%s: %v", step.name, got)
		}
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, use, step.want)
		}
	}
}

// TestProveExpiryReads: of many purchases those that are over are found with reads
// in proportion to these, not to all.
func TestProveExpiryReads(t *testing.T) {
	o := office{t: t, h: client.NewService(t)}
	users, each, over := client.Size(2000), 5, client.Size(200)
	o.must("PUT", "/product_category", categoryBody("sales"))
	o.must("PUT", "/product", productBody("month", 1, false, 30, nil))
	o.must("PUT", "/product", productBody("over", 1, false, -1, nil))
	o.must("PUT", "/product", productBody("tasks", 1, false, nil, 3))
	client.Together(16, func(i int) bool {
		for n := i; n < users; n += 16 {
			user := o.user(n)
			for k := range each {
				product := 1
				if n < over && k == 0 {
					product = 2
				}
				o.must("PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": product, "custom_purchase_id": "x"})
			}
		}
		return true
	})
	ended, reads := 0, 0.0
	for {
		a := o.ask("POST", "/check_expired_purchases", map[string]any{})
		if a.Status != http.StatusOK {
			t.Fatalf("check = %v", a)
		}
		var trips, writes int
		var read float64
		if _, err := fmt.Sscanf(a.Header.Get("X-Consumed-Capacity"), "rt=%d;r=%g;w=%d", &trips, &read, &writes); err != nil {
			t.Fatal(err)
		}
		reads += read
		n := len(a.Body["purchase_pks"].([]any))
		if ended += n; n == 0 {
			break
		}
	}
	t.Logf("%d purchases, %d over: %g read units", users*each, ended, reads)
	if ended != over {
		t.Errorf("%d ended, want %d", ended, over)
	}
	// Each that is over: the customer and its account, and the product; and a few
	// for each shard and call.
	if most := float64(4*over + 100); reads > most {
		t.Errorf("%g read units for %d of %d purchases, want at most %g", reads, over, users*each, most)
	}
}
