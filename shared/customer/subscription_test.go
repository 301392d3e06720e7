package customer_test

import (
	"encoding/json"
	"errors"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
	"regulars/shared/value"
)

func ptr[T any](v T) *T { return &v }

func TestSubscribe(t *testing.T) {
	there := customer.Subscription{
		Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com", Status: "unsubscribed",
		Priority: ptr(int64(3)), Cats: []string{"news"}, Custom: map[string]any{"a": "1", "b": "2"}, Created: noon.Add(-time.Hour),
	}
	edit := customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com"}
	tests := []struct {
		name   string
		before []customer.Subscription
		edit   func(e *customer.SubscriptionEdit)
		want   func(s *customer.Subscription) // of the one there
		added  *customer.Subscription
	}{
		{name: "a new one is subscribed now", edit: func(*customer.SubscriptionEdit) {},
			added: &customer.Subscription{Resource: 1, Channel: "email", Contact: "ada@x.com", Status: "subscribed", Created: noon}},
		{name: "a new one as it is given", edit: func(e *customer.SubscriptionEdit) {
			e.Status, e.Priority, e.Cats, e.Created = ptr(customer.Status("unconfirmed")), ptr(int64(2)), ptr([]string{"x"}), ptr(noon.Add(-time.Minute))
			e.Custom = map[string]any{"k": json.Number("1"), "null": nil}
		}, added: &customer.Subscription{Resource: 1, Channel: "email", Contact: "ada@x.com", Status: "unconfirmed", Priority: ptr(int64(2)),
			Cats: []string{"x"}, Custom: map[string]any{"k": json.Number("1")}, Created: noon.Add(-time.Minute)}},
		{name: "what is not given stays", before: []customer.Subscription{there}, edit: func(*customer.SubscriptionEdit) {}},
		{name: "status alone", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Status = ptr(customer.Subscribed) },
			want: func(s *customer.Subscription) { s.Status = "subscribed" }},
		{name: "priority alone", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Priority = ptr(int64(0)) },
			want: func(s *customer.Subscription) { s.Priority = ptr(int64(0)) }},
		{name: "priority 0 where there is none", edit: func(e *customer.SubscriptionEdit) { e.Priority = ptr(int64(0)) },
			added: &customer.Subscription{Resource: 1, Channel: "email", Contact: "ada@x.com", Status: "subscribed", Created: noon}},
		{name: "no categories", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Cats = &[]string{} },
			want: func(s *customer.Subscription) { s.Cats = []string{} }},
		{name: "from where, which stays", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.IP, e.URL = ptr("8.8.8.8"), ptr("https://x.com") },
			want: func(s *customer.Subscription) { s.IP, s.URL = "8.8.8.8", "https://x.com" }},
		{name: "custom fields beside those there, null leaves alone", before: []customer.Subscription{there},
			edit: func(e *customer.SubscriptionEdit) { e.Custom = map[string]any{"b": "3", "c": true, "a": nil} },
			want: func(s *customer.Subscription) { s.Custom = map[string]any{"a": "1", "b": "3", "c": true} }},
		{name: "another spelling of the address is the same", before: []customer.Subscription{there},
			edit: func(e *customer.SubscriptionEdit) { e.Contact = "ADA@X.com" }},
		{name: "a deleted one is restored", before: []customer.Subscription{deleted(there)}, edit: func(*customer.SubscriptionEdit) {},
			want: func(s *customer.Subscription) { s.Deleted = false }},
		{name: "another resource", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Resource = 2 },
			added: &customer.Subscription{Resource: 2, Channel: "email", Contact: "ada@x.com", Status: "subscribed", Created: noon}},
		{name: "another channel", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Channel = "notify" },
			added: &customer.Subscription{Resource: 1, Channel: "notify", Contact: "ada@x.com", Status: "subscribed", Created: noon}},
		{name: "another contact", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Contact = "eve@x.com" },
			added: &customer.Subscription{Resource: 1, Channel: "email", Contact: "eve@x.com", Status: "subscribed", Created: noon}},
		{name: "another provider", before: []customer.Subscription{there}, edit: func(e *customer.SubscriptionEdit) { e.Provider = "p" },
			added: &customer.Subscription{Resource: 1, Channel: "email", Contact: "ada@x.com", Provider: "p", Status: "subscribed", Created: noon}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := customer.Customer{Subscriptions: tt.before}.Clone()
			e := edit
			tt.edit(&e)
			if err := c.Subscribe(e, noon.Add(999*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			want := customer.Customer{Subscriptions: tt.before}.Clone().Subscriptions
			if tt.want != nil {
				tt.want(&want[0])
			}
			if tt.added != nil {
				want = append(want, *tt.added)
			}
			if diff := cmp.Diff(want, c.Subscriptions); diff != "" {
				t.Errorf("subscriptions (-want +got):\n%s", diff)
			}
			once := c.Clone()
			if err := c.Subscribe(e, noon.Add(time.Hour)); err != nil {
				t.Fatal(err)
			}
			if !c.Same(once) {
				t.Errorf("the same again changed (-want +got):\n%s", cmp.Diff(once, c))
			}
		})
	}
}

func deleted(s customer.Subscription) customer.Subscription {
	s.Deleted = true
	return s
}

// Push tokens are compared to the letter.
func TestPushTokensAreNoAddresses(t *testing.T) {
	var c customer.Customer
	c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelPush, Provider: "p", Contact: "AbC"}, noon)
	c.Subscribe(customer.SubscriptionEdit{Resource: 1, Channel: customer.ChannelPush, Provider: "p", Contact: "abc"}, noon)
	if len(c.Subscriptions) != 2 {
		t.Errorf("%d subscriptions, want 2", len(c.Subscriptions))
	}
}

func TestSubscriptionHash(t *testing.T) {
	s := customer.Subscription{Resource: 1, Channel: customer.ChannelPush, Provider: "a b", Contact: "c"}
	if !regexp.MustCompile(`^[0-9a-f]{8}$`).MatchString(s.Hash()) {
		t.Errorf("hash = %q, want 8 hex characters", s.Hash())
	}
	changed := s
	changed.Status, changed.Priority, changed.Deleted, changed.Created = "invalid", ptr(int64(1)), true, noon
	if changed.Hash() != s.Hash() {
		t.Errorf("hash = %q, want %q whatever becomes of the subscription", changed.Hash(), s.Hash())
	}
	for name, other := range map[string]customer.Subscription{
		"resource":                 {Resource: 2, Channel: customer.ChannelPush, Provider: "a b", Contact: "c"},
		"provider":                 {Resource: 1, Channel: customer.ChannelPush, Provider: "a", Contact: "c"},
		"provider and contact":     {Resource: 1, Channel: customer.ChannelPush, Provider: "a", Contact: "b c"},
		"channel":                  {Resource: 1, Channel: customer.ChannelNotify, Provider: "a b", Contact: "c"},
		"capital in the contact":   {Resource: 1, Channel: customer.ChannelPush, Provider: "a b", Contact: "C"},
		"separator in the contact": {Resource: 1, Channel: customer.ChannelPush, Provider: "a b", Contact: "c "},
	} {
		if other.Hash() == s.Hash() {
			t.Errorf("another %s: the hash is the same", name)
		}
	}
}

func TestParseStatus(t *testing.T) {
	tests := []struct {
		word string
		want customer.Status // empty: rejected
	}{
		{"0", "subscribed"}, {"1", "unsubscribed"}, {"2", "complained"}, {"3", "hardbounced"},
		{"4", "unconfirmed"}, {"5", "suspended"}, {"6", "invalid"},
		{"subscribed", "subscribed"}, {"unsubscribed", "unsubscribed"}, {"complained", "complained"}, {"hardbounced", "hardbounced"},
		{"unconfirmed", "unconfirmed"}, {"suspended", "suspended"}, {"invalid", "invalid"},
		{word: "7"}, {word: "-1"}, {word: ""}, {word: "Subscribed"}, {word: "0.5"}, {word: " 0"}, {word: "active"}, {word: "99999999999999999999"},
	}
	for _, tt := range tests {
		t.Run(tt.word, func(t *testing.T) {
			got, err := customer.ParseStatus("data._status", tt.word)
			if tt.want == "" {
				clientErr, ok := errs.AsClient(err)
				if !ok || got != "" || clientErr.Code != "bad_status" || clientErr.Path != "data._status" {
					t.Errorf("ParseStatus = %q, error %v, want a bad_status", got, err)
				}
				return
			}
			if err != nil || got != tt.want {
				t.Errorf("ParseStatus = %q, error %v, want %q", got, err, tt.want)
			}
		})
	}
}

func TestSubscribeByFunctions(t *testing.T) {
	there := customer.Subscription{
		Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com", Status: "subscribed", Cats: []string{"news"},
		Custom: map[string]any{"visits": json.Number("2"), "level": "gold", "likes": []any{"tea"}}, Created: noon,
	}
	function := func(name string, action fieldop.Action, v string) fieldop.Function {
		f, err := fieldop.New("subscriptions[0]."+name, action, fieldValue(t, v), "")
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	e := customer.SubscriptionEdit{
		Resource: 1, Channel: customer.ChannelEmail, Contact: "ada@x.com", Custom: map[string]any{"new": true},
		CatsBy: ptr(function("cats", "add", `["sale","news"]`)),
		CustomBy: map[string]fieldop.Function{
			"visits": function("visits", "incr", `3`), "level": function("level", "unset", ``),
			"likes": function("likes", "delete", `["tea"]`), "wins": function("wins", "incr", `-1`), "none": function("none", "unset", ``),
		},
	}
	if e.Idempotent() {
		t.Error("an edit that counts up is idempotent")
	}

	before := customer.Customer{Subscriptions: []customer.Subscription{there}}
	got := before.Clone()
	if err := got.Subscribe(e, noon); err != nil {
		t.Fatal(err)
	}
	want := there
	want.Cats = []string{"news", "sale"}
	want.Custom = map[string]any{"visits": json.Number("5"), "likes": []any{}, "wins": json.Number("-1"), "new": true}
	if diff := cmp.Diff([]customer.Subscription{want}, got.Subscriptions); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}

	var made customer.Customer
	if err := made.Subscribe(e, noon); err != nil {
		t.Fatal(err)
	}
	want.Cats = []string{"sale", "news"}
	want.Custom = map[string]any{"visits": json.Number("3"), "wins": json.Number("-1"), "new": true}
	if diff := cmp.Diff([]customer.Subscription{want}, made.Subscriptions); diff != "" {
		t.Errorf("new subscription (-want +got):\n%s", diff)
	}

	e.CustomBy["level"] = function("level", "incr", `1`)
	rejected := before.Clone()
	if err := rejected.Subscribe(e, noon); !errors.Is(err, &errs.Client{Code: "function_unfit"}) || !rejected.Same(before) {
		t.Errorf("error = %v, customer %+v, want a refusal and nothing changed", err, rejected)
	}
}

// fieldValue is the value of a JSON text; an empty one is none.
func fieldValue(t *testing.T, text string) any {
	if text == "" {
		return nil
	}
	v, err := value.Parse([]byte(text))
	if err != nil {
		t.Fatal(text, err)
	}
	return v
}
