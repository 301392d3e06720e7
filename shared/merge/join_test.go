package merge

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

var schemas = extension.Schemas{
	{Name: "Phone", Number: 1, Multi: true, Attributes: []extension.Attribute{{Name: "n", Type: "string"}, {Name: "kind", Type: "string", Mandatory: true}}, Unique: [][]string{{"n"}}},
	{Name: "Card", Number: 2, Attributes: []extension.Attribute{{Name: "n", Type: "string"}}},
}

func some(t *rapid.T, name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }

// drawn is any customer.
func drawn(t *rapid.T, id customer.ID, emails ...string) customer.Customer {
	c := customer.Customer{
		ID: id, Changed: noon.Add(time.Duration(rapid.IntRange(0, 9).Draw(t, "changed")) * time.Hour),
		FirstName: some(t, "first name", "", "Ada", "Bo"), City: some(t, "city", "", "Oslo", "Rome"),
		Sex: customer.Sex(some(t, "sex", "", "male", "female")), Disabled: rapid.Bool().Draw(t, "disabled"),
		BirthDate: customer.BirthDate(some(t, "birth date", "", "1990-01-02")), ClientID: some(t, "client's id", "", "c"+id.Decimal()),
	}
	for _, e := range emails {
		if rapid.Bool().Draw(t, "has "+e) {
			c.Emails = append(c.Emails, e)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "numbers") {
		c.JoinSegments(rapid.Int64Range(1, 4).Draw(t, "segment"))
		n := "+4790000000" + strconv.Itoa(rapid.IntRange(1, 4).Draw(t, "phone"))
		if !slices.Contains(c.Phones, n) {
			c.Phones = append(c.Phones, n)
		}
		c.SetCustom(some(t, "custom", "a", "b", "c"), rapid.SampledFrom([]any{"x", json.Number("7"), []any{"x", "y"}, []any{"y"}, nil}).Draw(t, "value"))
		s := customer.Subscription{
			Resource: 1, Channel: customer.ChannelSMS, Contact: n, Created: noon, Deleted: rapid.Bool().Draw(t, "deleted"),
			Status: rapid.SampledFrom(customer.Statuses).Draw(t, "status"), Custom: map[string]any{"f": some(t, "field", "1", "2")},
		}
		if !slices.ContainsFunc(c.Subscriptions, func(o customer.Subscription) bool { return o.Key() == s.Key() }) {
			c.Subscriptions = append(c.Subscriptions, s)
		}
	}
	for _, schema := range schemas {
		var records []extension.Record
		for n := range rapid.IntRange(0, 2).Draw(t, "records") {
			if schema.Multi || n == 0 {
				records = append(records, extension.Record{"n": id.Decimal() + some(t, "n", "1") + strconv.Itoa(n), "kind": some(t, "kind", "home", "work")})
			}
		}
		if len(records) > 0 {
			if c.Extensions == nil {
				c.Extensions = map[int]customer.Extension{}
			}
			c.Extensions[schema.Number] = customer.Extension{Commit: "x", Records: records, Bytes: 9}
		}
	}
	return c
}

func drawnRules(t *rapid.T) Rules {
	rules := Rules{"extension.card": Kept}
	for _, field := range append(Fields(), "custom.a", "custom.b") {
		if rule := Rule(some(t, field, "", "kept", "other", "newest")); rule != "" {
			rules[field] = rule
		}
	}
	if rapid.Bool().Draw(t, "unites a") {
		rules["custom.a"] = Union
	}
	return rules
}

// stamps and sizes say what was written, not what a customer is.
var plain = []cmp.Option{cmpopts.IgnoreFields(customer.Extension{}, "Commit", "Bytes"), cmpopts.EquateEmpty()}

// What nobody has touched is given back to both as it was, by whatever rules they became one.
func TestSplitGivesBackWhatWasJoined(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		stays := drawn(t, 1<<20, "a@x.org", "both@x.org")
		goes := drawn(t, 2<<20, "b@x.org", "both@x.org", "c@x.org")
		first, second := stays.Clone(), goes.Clone()
		merged, _, err := joined(stays, goes, drawnRules(t), schemas)
		if err != nil {
			t.Fatal(err)
		}
		kept, back, changed := split(stays, goes, merged, merged.Clone())
		if diff := cmp.Diff(first, kept, append(plain, cmpopts.IgnoreFields(customer.Customer{}, "Changed"))...); diff != "" || len(changed) > 0 {
			t.Errorf("the one that stays (-before +after), changed %v:\n%s", changed, diff)
		}
		if diff := cmp.Diff(second, back, plain...); diff != "" {
			t.Errorf("the one that goes (-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]customer.Customer{first, second}, []customer.Customer{stays, goes}); diff != "" {
			t.Errorf("what was joined was altered:\n%s", diff)
		}
	})
}

func TestJoined(t *testing.T) {
	t.Parallel()
	stays := customer.Customer{
		ID: 1, Changed: noon, FirstName: "Ada", Emails: []string{"a@x.org"}, Tags: []string{"x"},
		Custom: map[string]any{"n": "1", "list": []any{"p"}},
		Subscriptions: []customer.Subscription{
			{Resource: 1, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "subscribed"},
			{Resource: 2, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "complained"},
			{Resource: 3, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "subscribed"},
		},
	}
	goes := customer.Customer{
		ID: 2, Changed: noon.Add(time.Hour), FirstName: "Bo", LastName: "Berg", Emails: []string{"B@x.org", "A@x.org"}, Tags: []string{"y", "x"},
		Custom: map[string]any{"n": "2", "m": "3", "list": []any{"q", "p"}}, ClientID: "crm-2", Formerly: []customer.Named{{ID: 3}},
		Subscriptions: []customer.Subscription{
			{Resource: 1, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "unsubscribed"},
			{Resource: 2, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "unsubscribed"},
			{Resource: 3, Channel: customer.ChannelSMS, Contact: "+4790000001", Status: "subscribed", Deleted: true},
		},
	}
	after, choices, err := joined(stays, goes, Rules{"custom.n": Newest, "custom.list": Union, "tags": Other}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := customer.Customer{
		ID: 1, Changed: noon, FirstName: "Ada", LastName: "Berg", Emails: []string{"a@x.org", "B@x.org"}, Tags: []string{"y", "x"},
		Custom: map[string]any{"n": "2", "m": "3", "list": []any{"p", "q"}}, Formerly: []customer.Named{{ID: 3}, {ID: 2, ClientID: "crm-2"}},
		Subscriptions: []customer.Subscription{goes.Subscriptions[0], stays.Subscriptions[1], goes.Subscriptions[2]},
	}
	if diff := cmp.Diff(want, after, plain...); diff != "" {
		t.Errorf("joined (-want +got):\n%s", diff)
	}
	var fields []string
	for _, c := range choices {
		fields = append(fields, c.Field)
	}
	if want := []string{"first_name", "last_name", "emails", "tags", "custom.list", "custom.m", "custom.n", "subscriptions"}; !slices.Equal(fields, want) {
		t.Errorf("choices about %v, want %v", fields, want)
	}
}

func TestJoinedRejects(t *testing.T) {
	t.Parallel()
	with := func(number int, records ...extension.Record) customer.Customer {
		return customer.Customer{Extensions: map[int]customer.Extension{number: {Records: records}}}
	}
	for name, tt := range map[string]struct {
		stays, goes customer.Customer
		rules       Rules
		want        string
	}{
		"no such field":            {rules: Rules{"name": Kept}, want: "bad_rule/field"},
		"no such rule":             {rules: Rules{"city": "oldest"}, want: "bad_rule/rule"},
		"a scalar is not united":   {rules: Rules{"city": Union}, want: "bad_rule/rule"},
		"strict alone of consent":  {rules: Rules{"tags": Stricter}, want: "bad_rule/rule"},
		"no such extension":        {rules: Rules{"extension.Cards": Kept}, want: "extension_unknown"},
		"single records differ":    {stays: with(2, extension.Record{"n": "1"}), goes: with(2, extension.Record{"n": "2"}), want: "records_differ"},
		"one of them is chosen":    {stays: with(2, extension.Record{"n": "1"}), goes: with(2, extension.Record{"n": "2"}), rules: Rules{"extension.Card": Other}},
		"they are the same":        {stays: with(2, extension.Record{"n": "1"}), goes: with(2, extension.Record{"n": "1"})},
		"unique values differ":     {stays: with(1, extension.Record{"n": "1", "kind": "a"}), goes: with(1, extension.Record{"n": "1", "kind": "b"}), want: "records_differ"},
		"unique values, all other": {stays: with(1, extension.Record{"n": "1"}), goes: with(1, extension.Record{"n": "2"})},
	} {
		_, _, err := joined(tt.stays, tt.goes, tt.rules, schemas)
		clientErr, _ := errs.AsClient(err)
		switch {
		case tt.want == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case tt.want != "" && (clientErr == nil || clientErr.ID() != tt.want):
			t.Errorf("%s: error %v, want %s", name, err, tt.want)
		}
	}
	if !errors.Is(errs.New(errs.Invalid, "bad_rule", ""), Rules{"x": Kept}.check()) {
		t.Error("check does not reject an unknown field")
	}
}

// What changed after the merge stays where it was changed; consent is not given again.
func TestSplitAfterChanges(t *testing.T) {
	t.Parallel()
	sms := func(contact string, s customer.Status) customer.Subscription {
		return customer.Subscription{Resource: 1, Channel: customer.ChannelSMS, Contact: contact, Status: s}
	}
	stays := customer.Customer{ID: 1, FirstName: "Ada", City: "Oslo", Emails: []string{"a@x.org"}, Subscriptions: []customer.Subscription{sms("+4790000001", "subscribed")}}
	goes := customer.Customer{
		ID: 2, FirstName: "Bo", City: "Rome", Emails: []string{"b@x.org"}, Tags: []string{"y"}, Phones: []string{"+4790000002"},
		Subscriptions: []customer.Subscription{sms("+4790000001", "subscribed"), sms("+4790000002", "subscribed")},
	}
	merged, _, err := joined(stays, goes, Rules{"city": Other}, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := merged.Clone()
	now.FirstName = "Ada Maria"
	now.Emails = []string{"new@x.org", "a@x.org", "b@x.org"}
	now.Tags = append(now.Tags, "z")
	for i := range now.Subscriptions {
		now.Subscriptions[i].Status = "unsubscribed"
	}
	kept, back, changed := split(stays, goes, merged, now)
	if want := []string{"first_name", "emails", "tags", "subscriptions"}; !slices.Equal(changed, want) {
		t.Errorf("changed %v, want %v", changed, want)
	}
	wantKept := customer.Customer{
		ID: 1, FirstName: "Ada Maria", City: "Oslo", Emails: []string{"new@x.org", "a@x.org"}, Tags: []string{"z"},
		Subscriptions: []customer.Subscription{sms("+4790000001", "unsubscribed")},
	}
	wantBack := goes.Clone()
	for i := range wantBack.Subscriptions {
		wantBack.Subscriptions[i].Status = "unsubscribed"
	}
	if diff := cmp.Diff([]customer.Customer{wantKept, wantBack}, []customer.Customer{kept, back}, plain...); diff != "" {
		t.Errorf("split (-want +got):\n%s", diff)
	}
}
