package customer_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"regulars/shared/customer"
)

// fields are match fields of each kind, in use.
var fields = customer.MatchFields{
	{Name: "CRM_ID", Of: customer.OfCustomer, Number: 1, State: customer.FieldReady},
	{Name: "interests", Of: customer.OfCustomer, Tags: true, Number: 2, State: customer.FieldReady},
	{Name: "CRM_ID", Of: customer.OfSubscription, Number: 3, State: customer.FieldReady},
}

// rules are those of a tenant with these match fields.
var rules = customer.Rules{Tenant: tenant, MatchFields: fields}

func fieldKey(number int, text string) customer.Key {
	return customer.Key{Kind: customer.MatchField{Number: number}.Kind(), Value: text}
}

func TestKeys(t *testing.T) {
	email := func(contact string, deleted bool) customer.Subscription {
		return customer.Subscription{Resource: 1, Channel: customer.ChannelEmail, Contact: contact, Deleted: deleted}
	}
	tests := []struct {
		name     string
		customer customer.Customer
		want     map[customer.Key]customer.Roles
	}{
		{name: "nobody", want: map[customer.Key]customer.Roles{}},
		{name: "e-mails in lower case, the first is first", customer: customer.Customer{Emails: []string{"Ada@X.com", "more@x.com"}},
			want: map[customer.Key]customer.Roles{{"email", "ada@x.com"}: customer.Primary, {"email", "more@x.com"}: customer.Secondary}},
		{name: "an address twice", customer: customer.Customer{Emails: []string{"ada@x.com", "ADA@x.com"}},
			want: map[customer.Key]customer.Roles{{"email", "ada@x.com"}: customer.Primary | customer.Secondary}},
		{name: "phones are all further ones", customer: customer.Customer{Phones: []string{"+1111111", "+2222222"}},
			want: map[customer.Key]customer.Roles{{"phone", "+1111111"}: customer.Secondary, {"phone", "+2222222"}: customer.Secondary}},
		{name: "an address in two roles", customer: customer.Customer{
			Emails: []string{"ada@x.com"}, Subscriptions: []customer.Subscription{email("ADA@x.com", false), email("ada@x.com", true)},
		}, want: map[customer.Key]customer.Roles{{"email", "ada@x.com"}: customer.Primary | customer.InSubscription}},
		{name: "a deleted subscription", customer: customer.Customer{Subscriptions: []customer.Subscription{email("ada@x.com", true)}},
			want: map[customer.Key]customer.Roles{}},
		{name: "channels that are searched for", customer: customer.Customer{Subscriptions: []customer.Subscription{
			{Channel: customer.ChannelSMS, Contact: "+1111111"},
			{Channel: customer.ChannelPush, Provider: "a/b", Contact: "c/D"},
		}}, want: map[customer.Key]customer.Roles{{"phone", "+1111111"}: customer.InSubscription, {"push", "a%2Fb/c/D"}: customer.InSubscription}},
		{name: "channels that are not", customer: customer.Customer{Subscriptions: []customer.Subscription{
			{Channel: customer.ChannelWhatsApp, Contact: "+1111111"}, {Channel: customer.ChannelViber, Contact: "+1111111"},
			{Channel: customer.ChannelNotify, Contact: "+1111111"}, {Channel: customer.ChannelTelegram, Contact: "7"},
		}}, want: map[customer.Key]customer.Roles{}},
		{name: "match fields", customer: customer.Customer{
			Custom: map[string]any{"CRM_ID": json.Number("7"), "interests": []any{"ski", "tea", "", json.Number("1"), nil}, "other": "x"},
			Subscriptions: []customer.Subscription{
				{Custom: map[string]any{"CRM_ID": "s1"}}, {Custom: map[string]any{"CRM_ID": "s2"}},
				{Custom: map[string]any{"CRM_ID": "s3"}, Deleted: true},
			},
		}, want: map[customer.Key]customer.Roles{
			fieldKey(1, "7"): customer.InCustom, fieldKey(2, "ski"): customer.InCustom, fieldKey(2, "tea"): customer.InCustom,
			fieldKey(2, "1"): customer.InCustom, fieldKey(3, "s1"): customer.InCustom, fieldKey(3, "s2"): customer.InCustom,
		}},
		{name: "match fields of values that are not matched", customer: customer.Customer{
			Custom: map[string]any{"CRM_ID": []any{"7"}, "interests": map[string]any{"a": "b"}},
		}, want: map[customer.Key]customer.Roles{}},
		{name: "the field of tags with one text", customer: customer.Customer{Custom: map[string]any{"interests": "ski"}},
			want: map[customer.Key]customer.Roles{fieldKey(2, "ski"): customer.InCustom}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.customer.Keys(fields)); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
		})
	}
}

// Two pairs of provider and token never share a key.
func TestPushKey(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a/%2F]{0,4}`)
		p, s := text.Draw(t, "provider"), text.Draw(t, "token")
		q, u := text.Draw(t, "other provider"), text.Draw(t, "other token")
		if same := p == q && s == u; (customer.PushKey(p, s) == customer.PushKey(q, u)) != same {
			t.Fatalf("PushKey(%q, %q) and PushKey(%q, %q) are the same: %t", p, s, q, u, !same)
		}
	})
}

// crowd is owners of ids 1 to n, who hold the key in the roles.
func crowd(n int, roles customer.Roles) customer.Owners {
	var o customer.Owners
	for id := range n {
		o = o.With(customer.ID(id+1), roles)
	}
	return o
}

func TestOwnersWith(t *testing.T) {
	tests := []struct {
		name   string
		before customer.Owners
		id     customer.ID
		roles  customer.Roles
		want   customer.Owners
	}{
		{name: "the first owner", id: 7, roles: customer.Secondary, want: owners(7, customer.Secondary)},
		{name: "other roles replace those before", before: owners(7, customer.Primary|customer.InSubscription), id: 7, roles: customer.Secondary,
			want: owners(7, customer.Secondary)},
		{name: "released by the last", before: owners(7, customer.Primary), id: 7, want: owners()},
		{name: "released by one who did not hold it", before: owners(7, customer.Primary), id: 8, want: owners(7, customer.Primary)},
		{name: "released by one of two", before: owners(7, customer.Primary, 8, customer.Secondary), id: 7, want: owners(8, customer.Secondary)},
		{name: "the 100th", before: crowd(99, customer.Secondary), id: 100, roles: customer.Secondary, want: crowd(100, customer.Secondary)},
		{name: "one of 100 changes roles", before: crowd(100, customer.Secondary), id: 100, roles: customer.InSubscription,
			want: crowd(99, customer.Secondary).With(100, customer.InSubscription)},
		{name: "the 101st crowds it", before: crowd(100, customer.Secondary), id: 101, roles: customer.Secondary, want: overflowed()},
		{name: "the first owner stays named", before: crowd(99, customer.Secondary).With(500, customer.Primary|customer.InSubscription), id: 101, roles: customer.Secondary,
			want: overflowed(500)},
		{name: "the 101st is the first owner", before: crowd(100, customer.Secondary), id: 101, roles: customer.Primary | customer.Secondary, want: overflowed(101)},
		{name: "a crowded key names nobody more", before: overflowed(500), id: 7, roles: customer.Secondary | customer.InSubscription | customer.InCustom, want: overflowed(500)},
		{name: "a crowded key gets a first owner", before: overflowed(), id: 7, roles: customer.Anywhere, want: overflowed(7)},
		{name: "the first owner of a crowded key lets go", before: overflowed(500), id: 500, want: overflowed()},
		{name: "the first owner of a crowded key keeps it in another role", before: overflowed(500), id: 500, roles: customer.InSubscription, want: overflowed()},
		{name: "crowded for good", before: overflowed(), id: 1, want: overflowed()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := maps.Clone(tt.before.Roles)
			got := tt.before.With(tt.id, tt.roles)
			if !got.Equal(tt.want) {
				t.Errorf("With = %v, want %v", got, tt.want)
			}
			if !maps.Equal(before, tt.before.Roles) {
				t.Errorf("With altered the owners before: %v, want %v", tt.before.Roles, before)
			}
			if again := got.With(tt.id, tt.roles); !again.Equal(got) {
				t.Errorf("With again = %v, want %v", again, got)
			}
			if got.Empty() != (len(tt.want.Roles) == 0 && !tt.want.Overflowed) {
				t.Errorf("Empty = %t", got.Empty())
			}
		})
	}
}

// owners makes owners of pairs of an id and roles.
func owners(pairs ...any) customer.Owners {
	o := customer.Owners{Roles: map[customer.ID]customer.Roles{}}
	for i := 0; i < len(pairs); i += 2 {
		o.Roles[customer.ID(pairs[i].(int))] = pairs[i+1].(customer.Roles)
	}
	return o
}

func overflowed(first ...customer.ID) customer.Owners {
	o := customer.Owners{Roles: map[customer.ID]customer.Roles{}, Overflowed: true}
	for _, id := range first {
		o.Roles[id] = customer.Primary
	}
	return o
}

func TestOwnersIn(t *testing.T) {
	o := owners(9, customer.Secondary, 3, customer.Primary|customer.InSubscription, 5, customer.InSubscription, 1, customer.InCustom)
	tests := []struct {
		name  string
		roles customer.Roles
		want  []customer.ID
	}{
		{name: "anywhere", roles: customer.Anywhere, want: []customer.ID{3, 5, 9}},
		{name: "profile", roles: customer.Profile, want: []customer.ID{3, 9}},
		{name: "subscriptions", roles: customer.InSubscription, want: []customer.ID{3, 5}},
		{name: "custom", roles: customer.InCustom, want: []customer.ID{1}},
		{name: "none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, o.In(tt.roles)); diff != "" {
				t.Errorf("In (-want +got):\n%s", diff)
			}
		})
	}
	if got := o.Primary(); got != 3 {
		t.Errorf("First = %d, want 3", got)
	}
	if got := owners(9, customer.Secondary).Primary(); got != 0 {
		t.Errorf("First of a key without one = %d, want 0", got)
	}
}

// With never loses another owner, nor names one who did not ask for it: until the
// key is overflowed it is what a plain map would say, and from then on the first
// owner.
func TestOwnersWithLosesNobody(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o, model, wasCrowded := customer.Owners{}, map[customer.ID]customer.Roles{}, false
		for id := range rapid.SampledFrom([]customer.ID{0, 0, 97, 100}).Draw(t, "owners before") {
			o, model[id+1] = o.With(id+1, customer.Secondary), customer.Secondary
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				want := customer.Owners{Roles: model, Overflowed: wasCrowded}
				if wasCrowded {
					want.Roles = firsts(model)
				}
				if !o.Equal(want) {
					t.Fatalf("owners = %v, want %v", o, want)
				}
			},
			"with": func(t *rapid.T) {
				id := customer.ID(rapid.IntRange(1, 105).Draw(t, "id"))
				roles := customer.Roles(rapid.IntRange(0, 15).Draw(t, "roles"))
				if holder := customer.Primary; roles&holder != 0 && len(firsts(model)) > 0 && model[id]&holder == 0 {
					roles &^= holder // one e-mail has one first owner: the decision's business
				}
				o = o.With(id, roles)
				if model[id] = roles; roles == 0 {
					delete(model, id)
				}
				wasCrowded = wasCrowded || len(model) > 100
			},
		})
	})
}

func firsts(roles map[customer.ID]customer.Roles) map[customer.ID]customer.Roles {
	first := map[customer.ID]customer.Roles{}
	for _, id := range slices.Collect(maps.Keys(roles)) {
		if roles[id]&customer.Primary != 0 {
			first[id] = customer.Primary
		}
	}
	return first
}
