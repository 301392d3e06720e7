package catalog

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 3, 10, 12, 0, 0, 0, time.UTC)

func ptr[T any](v T) *T { return &v }

func TestKinds(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name                    string
		product                 Product
		subscription, exclusive bool
	}{
		{"a profile", Product{Free: true}, true, true},
		{"paid, without bounds", Product{}, true, true},
		{"bounds of 0", Product{Days: ptr(0), Limit: ptr(0)}, true, true},
		{"a trial of days", Product{Free: true, Days: ptr(30)}, false, true},
		{"a trial of tasks", Product{Free: true, Limit: ptr(5)}, false, true},
		{"a consumable", Product{Days: ptr(30)}, false, false},
		{"a consumable of tasks", Product{Days: ptr(0), Limit: ptr(5)}, false, false},
	}
	for _, tt := range tests {
		if got := tt.product.Subscription(); got != tt.subscription {
			t.Errorf("%s: Subscription() = %t, want %t", tt.name, got, tt.subscription)
		}
		if got := tt.product.Exclusive(); got != tt.exclusive {
			t.Errorf("%s: Exclusive() = %t, want %t", tt.name, got, tt.exclusive)
		}
	}
}

// A purchase has expired when the midnight before its creation is more than so
// many days ago.
func TestExpired(t *testing.T) {
	t.Parallel()
	midnight := time.Date(2026, 3, 10, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name    string
		days    *int
		created time.Time
		now     time.Time
		want    bool
	}{
		{"exactly 30 days ago", ptr(30), noon.AddDate(0, 0, -30), noon, true},
		{"less than a day short of 30 days ago", ptr(30), noon.AddDate(0, 0, -30).Add(11 * time.Hour), noon, true},
		{"on the next day", ptr(30), noon.AddDate(0, 0, -30).Add(12 * time.Hour), noon, false},
		{"to the nanosecond: not yet", ptr(30), midnight.AddDate(0, 0, -30), midnight, false},
		{"to the nanosecond: now", ptr(30), midnight.AddDate(0, 0, -30), midnight.Add(1), true},
		{"in another zone", ptr(1), time.Date(2026, 3, 9, 1, 0, 0, 0, time.FixedZone("", 2*3600)), midnight, true},
		{"negative", ptr(-1), noon, noon, true},
		{"very negative", ptr(-1 << 31), noon, noon, true},
		{"very long", ptr(1<<31 - 1), noon.AddDate(-2000, 0, 0), noon, false},
		{"longer than a duration", ptr(200_000), noon.AddDate(-400, 0, 0), noon, false},
		{"0 is no bound", ptr(0), noon.AddDate(-5, 0, 0), noon, false},
		{"none", nil, noon.AddDate(-5, 0, 0), noon, false},
	}
	for _, tt := range tests {
		if got := (Product{Days: tt.days}).expired(Purchase{Created: tt.created}, tt.now); got != tt.want {
			t.Errorf("%s: expired() = %t, want %t", tt.name, got, tt.want)
		}
	}
}

func TestRemainingDays(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		days int
		age  time.Duration
		want int
	}{
		{30, time.Second, 30}, {30, 24*time.Hour - time.Second, 30}, {30, 24*time.Hour + time.Second, 29},
		{30, 30*24*time.Hour + time.Second, 0}, {30, 31*24*time.Hour + time.Second, -1}, {0, time.Second, 0}, {-1, time.Second, -1},
	} {
		got := Product{Days: &tt.days}.RemainingDays(Purchase{Created: noon}, noon.Add(tt.age))
		if got == nil || *got != tt.want {
			t.Errorf("RemainingDays(%d, after %v) = %v, want %d", tt.days, tt.age, got, tt.want)
		}
	}
	if got := (Product{}).RemainingDays(Purchase{Created: noon}, noon); got != nil {
		t.Errorf("RemainingDays() without days = %d, want none", *got)
	}
}

func TestLanguages(t *testing.T) {
	t.Parallel()
	texts := Texts{{Language: "en", Name: "e"}, {Language: "fr", Name: "f"}, {Language: "en", Name: "second"}}
	for language, want := range map[string]string{"en": "e", "fr": "f", "fr-CA": "f", "fr_CA": "f", "de": "e", "": "e", "f": "e"} {
		if got, ok := texts.In(language); !ok || got.Name != want {
			t.Errorf("In(%q) = %v, %t, want %s", language, got, ok, want)
		}
	}
	if got, ok := texts[1:2].In("de"); ok {
		t.Errorf("In(de) = %v, want none", got)
	}
}

// Whatever happens to an account: it never holds two subscriptions or trials, a
// purchase is active or has ended but not both, runs stay within their limit, and
// a user task keeps its number.
func TestAccountHolds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		products := map[int]Product{
			1: {Number: 1, Free: true}, 2: {Number: 2}, 3: {Number: 3, Free: true, Days: ptr(3)}, 4: {Number: 4, Limit: ptr(2)}, 5: {Number: 5, Days: ptr(1), Limit: ptr(3)},
		}
		for n, p := range products {
			for _, task := range rapid.SliceOfDistinct(rapid.IntRange(1, 5), rapid.ID[int]).Draw(t, "tasks") {
				p.Links = append(p.Links, Link{len(p.Links) + 1, task})
			}
			products[n] = p
		}
		var account Account
		state := map[int]string{}
		next, numbered := 0, 0
		end := func(ended ...Purchase) {
			for _, p := range ended {
				if state[p.Number] != "active" {
					t.Fatalf("purchase %d ended and was %q", p.Number, state[p.Number])
				}
				state[p.Number] = "ended"
			}
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before := maps.Clone(account.UserTasks)
			switch rapid.IntRange(0, 2).Draw(t, "step") {
			case 0:
				next++
				var ended []Purchase
				account, ended = account.activate(Purchase{Number: next, Product: rapid.IntRange(1, 5).Draw(t, "product"), Created: noon}, products)
				state[next] = "active"
				end(ended...)
				fresh := account.unnumbered(products)
				var numbers []int
				for range fresh {
					numbered++
					numbers = append(numbers, numbered)
				}
				account = account.number(fresh, numbers)
			case 1:
				if len(account.Active) > 0 {
					p := rapid.SampledFrom(account.Active).Draw(t, "purchase")
					var ended Purchase
					account, ended = account.end(p, products[p.Product], noon, false)
					end(ended)
				}
			case 2:
				after, on, ok := account.run(rapid.IntRange(1, 5).Draw(t, "task"), products, noon)
				account = after
				if limit := products[on.Product].Limit; ok && limit != nil && on.Consumed > *limit {
					t.Fatalf("%d runs on a limit of %d", on.Consumed, *limit)
				}
				if !on.Ended.IsZero() {
					end(on)
				}
			}
			exclusive := 0
			for _, p := range account.Active {
				if state[p.Number] != "active" {
					t.Fatalf("purchase %d is active and was %q", p.Number, state[p.Number])
				}
				if products[p.Product].Exclusive() {
					exclusive++
				}
			}
			if exclusive > 1 {
				t.Fatalf("%d subscriptions and trials at once", exclusive)
			}
			for task, n := range before {
				if account.UserTasks[task] != n {
					t.Fatalf("user task of %d was %d and is %d", task, n, account.UserTasks[task])
				}
			}
			if rest := account.unnumbered(products); len(rest) > 0 || !slices.IsSorted(account.covered(products)) {
				t.Fatalf("covered tasks without a number: %v", rest)
			}
		}
	})
}
