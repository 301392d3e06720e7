package altcraft

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

func lookups(roles customer.Roles, keys ...customer.Key) []customer.Lookup {
	var list []customer.Lookup
	for _, key := range keys {
		list = append(list, customer.Lookup{Key: key, Roles: roles})
	}
	return list
}

func TestReadMatch(t *testing.T) {
	type search = customer.Search
	var (
		ada, eve     = customer.EmailKey("ada@x.com"), customer.EmailKey("eve@x.com")
		phone, phon2 = customer.PhoneKey("+84901234567"), customer.PhoneKey("+79991234567")
		push         = customer.PushKey("Firefox", "AbC")
		id           = customer.NewID(noon, 7)
		crm          = customer.Key{Kind: customer.MatchField{Number: 1}.Kind(), Value: "7"}
		ski          = customer.Key{Kind: customer.MatchField{Number: 2}.Kind(), Value: "ski"}
		tea          = customer.Key{Kind: customer.MatchField{Number: 2}.Kind(), Value: "tea"}
		subCRM       = customer.Key{Kind: customer.MatchField{Number: 3}.Kind(), Value: "7"}
	)
	const (
		everywhere = customer.Anywhere
		profile    = customer.Profile
		subscribed = customer.InSubscription
		subs       = `"data":{"subscriptions":[{"channel":"sms","resource_id":1,"phone":"0901234567"},{"channel":"pigeon"},
			{"channel":"email","resource_id":1,"email":"Ada@x.com","custom_fields":{"CRM_ID":7}},{"channel":"email","resource_id":2,"email":"Ada@x.com"},
			{"channel":"push","resource_id":1,"provider":"Firefox","subscription_id":"AbC"}],"email":"eve@x.com","phones":["+79991234567"]}`
	)
	tests := []struct {
		name        string
		body        string
		want        customer.Search
		code, field string
	}{
		{name: "email by default", body: `{"email":" Ada@X.com "}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email", body: `{"matching":"email","email":"ada@x.com"}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email in data", body: `{"data":{"email":"ada@x.com"}}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email at the top goes before data", body: `{"email":"ada@x.com","data":{"email":"eve@x.com"}}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email empty at the top", body: `{"email":"","data":{"email":"ada@x.com"}}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email null at the top", body: `{"email":null,"data":{"email":"ada@x.com"}}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "email of the profile", body: `{"matching":"email_profile","email":"ada@x.com"}`, want: search{Any: lookups(profile, ada)}},
		{name: "email of subscriptions", body: `{"matching":"email_sub","email":"ada@x.com","resource_id":7}`, want: search{Any: lookups(subscribed, ada), Resource: 7}},
		{name: "email of subscriptions in data", body: `{"matching":"email_sub",` + subs + `}`, want: search{Any: lookups(subscribed, ada)}},
		{name: "email of subscriptions is not the profile's in data", body: `{"matching":"email_sub","data":{"email":"eve@x.com"}}`, code: "missing", field: "email"},
		{name: "phone", body: `{"matching":"phone","phone":"(090) 1234567"}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "phones in data", body: `{"matching":"phone","data":{"phones":["0901234567","+79991234567"]}}`, want: search{Any: lookups(everywhere, phone, phon2)}},
		{name: "one phone in data", body: `{"matching":"phone","data":{"phones":"0901234567"}}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "phone at the top goes before data", body: `{"matching":"phone","phone":"0901234567",` + subs + `}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "phone of subscriptions", body: `{"matching":"phone_sub",` + subs + `}`, want: search{Any: lookups(subscribed, phone)}},
		{name: "email and phone", body: `{"matching":"email_phone","email":"ada@x.com","phone":"0901234567"}`, want: search{Any: lookups(everywhere, ada, phone)}},
		{name: "email or phone", body: `{"matching":"email_phone","phone":"0901234567"}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "email and phone, each where it is", body: `{"matching":"email_phone","phone":"0901234567","data":{"email":"ada@x.com"}}`, want: search{Any: lookups(everywhere, ada, phone)}},
		{name: "email and phone of subscriptions", body: `{"matching":"email_phone_sub",` + subs + `}`, want: search{Any: lookups(subscribed, ada, phone)}},
		{name: "push", body: `{"matching":"push_sub","provider":"Firefox","subscription_id":"AbC"}`, want: search{Any: lookups(subscribed, push)}},
		{name: "push in data", body: `{"matching":"push_sub",` + subs + `}`, want: search{Any: lookups(subscribed, push)}},
		{name: "push without its provider", body: `{"matching":"push_sub","subscription_id":"AbC"}`, code: "missing", field: "provider"},
		{name: "push without its token", body: `{"matching":"push_sub","provider":"Firefox"}`, code: "missing", field: "subscription_id"},
		{name: "id", body: `{"matching":"profile_id","profile_id":"` + id.Hex() + `"}`, want: search{ID: id}},
		{name: "id in capitals", body: `{"matching":"profile_id","profile_id":"` + strings.ToUpper(id.Hex()) + `"}`, want: search{ID: id}},
		{name: "id in data", body: `{"matching":"profile_id","data":{"id":"` + id.Hex() + `"}}`, want: search{ID: id}},
		{name: "id in data under its other name", body: `{"matching":"profile_id","data":{"profile_id":"` + id.Hex() + `","id":"x"}}`, want: search{ID: id}},
		{name: "id that is none", body: `{"matching":"profile_id","profile_id":"5a61f87d69d42678a8dc6dd9"}`, code: "not_found"},
		{name: "id that is a number", body: `{"matching":"profile_id","profile_id":7}`, code: "wrong_type", field: "profile_id"},
		{name: "custom: number", body: `{"matching":"custom","field_name":"CRM_ID","field_value":7}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "custom: text", body: `{"matching":"custom","field_name":"CRM_ID","field_value":"7"}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "custom: number in another form", body: `{"matching":"custom","field_name":"CRM_ID","field_value":7.0}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "custom: in data", body: `{"matching":"custom","field_name":"CRM_ID","data":{"CRM_ID":7}}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "custom: null at the top", body: `{"matching":"custom","field_name":"CRM_ID","field_value":null,"data":{"CRM_ID":7}}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "custom: words", body: `{"matching":"custom","field_name":"interests","field_value":" ski, tea ,,ski"}`, want: search{All: lookups(customer.InCustom, ski, tea)}},
		{name: "custom: words as an array", body: `{"matching":"custom","field_name":"interests","field_value":["ski","tea"]}`, want: search{All: lookups(customer.InCustom, ski, tea)}},
		{name: "custom: no words", body: `{"matching":"custom","field_name":"interests","field_value":" , "}`, code: "missing", field: "field_value"},
		{name: "custom: array of a field without tags", body: `{"matching":"custom","field_name":"CRM_ID","field_value":[7]}`, code: "wrong_type", field: "field_value"},
		{name: "custom: object", body: `{"matching":"custom","field_name":"CRM_ID","field_value":{"action":"set","value":7}}`, code: "wrong_type", field: "field_value"},
		{name: "custom: empty", body: `{"matching":"custom","field_name":"CRM_ID","field_value":""}`, code: "missing", field: "field_value"},
		{name: "custom: no value", body: `{"matching":"custom","field_name":"CRM_ID","data":{}}`, code: "missing", field: "field_value"},
		{name: "custom: no name", body: `{"matching":"custom","field_value":7}`, code: "missing", field: "field_name"},
		{name: "custom: undeclared", body: `{"matching":"custom","field_name":"nickname","field_value":7}`, code: "match_field_undeclared", field: "field_name"},
		{name: "custom: name in another case", body: `{"matching":"custom","field_name":"crm_id","field_value":7}`, code: "match_field_undeclared", field: "field_name"},
		{name: "custom: being removed", body: `{"matching":"custom","field_name":"going","field_value":7}`, code: "match_field_undeclared", field: "field_name"},
		{name: "custom of a subscription", body: `{"matching":"custom_sub","field_name":"CRM_ID","field_value":7}`, want: search{Any: lookups(customer.InCustom, subCRM)}},
		{name: "custom of a subscription in data", body: `{"matching":"custom_sub","field_name":"CRM_ID",` + subs + `}`, want: search{Any: lookups(customer.InCustom, subCRM)}},
		{name: "custom of a subscription: declared for customers alone", body: `{"matching":"custom_sub","field_name":"interests","field_value":7}`, code: "match_field_undeclared", field: "field_name"},

		{name: "bare id", body: `{"profile_id":"` + id.Hex() + `"}`, want: search{ID: id}},
		{name: "bare phone", body: `{"phone":"0901234567"}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "bare field", body: `{"field_name":"CRM_ID","field_value":7}`, want: search{Any: lookups(customer.InCustom, crm)}},
		{name: "bare push", body: `{"provider":"Firefox","subscription_id":"AbC"}`, want: search{Any: lookups(subscribed, push)}},
		{name: "bare keys beside an email", body: `{"email":"ada@x.com","phone":"0901234567","profile_id":"x"}`, want: search{Any: lookups(everywhere, ada)}},
		{name: "two bare keys", body: `{"phone":"0901234567","profile_id":"` + id.Hex() + `","data":{"email":"eve@x.com"}}`, want: search{Any: lookups(everywhere, eve)}},
		{name: "empty mode", body: `{"matching":"","phone":"0901234567"}`, want: search{Any: lookups(everywhere, phone)}},
		{name: "bare id beside an email of null", body: `{"email":null,"profile_id":"` + id.Hex() + `"}`, want: search{ID: id}},
		{name: "bare id beside a phone of null", body: `{"phone":null,"profile_id":"` + id.Hex() + `"}`, want: search{ID: id}},
		{name: "the mode goes before bare keys", body: `{"matching":"phone","profile_id":"x","data":{"phones":"0901234567"}}`, want: search{Any: lookups(everywhere, phone)}},

		{name: "resource", body: `{"email":"ada@x.com","resource_id":"7"}`, want: search{Any: lookups(everywhere, ada), Resource: 7}},
		{name: "resource 0", body: `{"email":"ada@x.com","resource_id":0}`, code: "out_of_range", field: "resource_id"},
		{name: "resource is a word", body: `{"email":"ada@x.com","resource_id":"site"}`, code: "wrong_type", field: "resource_id"},
		{name: "unknown mode", body: `{"matching":"Email","email":"ada@x.com"}`, code: "bad_matching", field: "matching"},
		{name: "mode that is only a label", body: `{"matching":"push_data"}`, code: "bad_matching", field: "matching"},
		{name: "mode is a number", body: `{"matching":1}`, code: "wrong_type", field: "matching"},
		{name: "no value", body: `{}`, code: "missing", field: "email"},
		{name: "no value in data", body: `{"data":{"_fname":"Ada"}}`, code: "missing", field: "email"},
		{name: "data is no object", body: `{"data":["ada@x.com"]}`, code: "missing", field: "email"},
		{name: "email is no address", body: `{"email":"ada"}`, code: "bad_email", field: "email"},
		{name: "email in data is no address", body: `{"data":{"email":"ada"}}`, code: "bad_email", field: "data.email"},
		{name: "email is a number", body: `{"email":7}`, code: "wrong_type", field: "email"},
		{name: "phone is a number", body: `{"matching":"phone","phone":79991234567}`, code: "wrong_type", field: "phone"},
		{name: "phone in data is none", body: `{"matching":"phone","data":{"phones":["12345"]}}`, code: "bad_phone", field: "data.phones"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := aCall(t, tt.body).readMatch()
			checkClientErr(t, err, tt.code, tt.field)
			if diff := cmp.Diff(tt.want, got.search); diff != "" {
				t.Errorf("search (-want +got):\n%s", diff)
			}
		})
	}
}

// A field whose keys are not all there yet is no client error: the same request will
// succeed later.
func TestFieldInPreparation(t *testing.T) {
	_, err := aCall(t, `{"matching":"custom","field_name":"coming","field_value":7}`).readMatch()
	if busy, ok := errs.AsUnavailable(err); !ok || !strings.Contains(texts.OfUnavailable(busy), "coming") {
		t.Errorf("error = %v, want busy that names the field", err)
	}
}

func TestUndeclaredMatchFieldRestsOnSettings(t *testing.T) {
	_, err := aCall(t, `{"matching":"custom","field_name":"nickname","field_value":7}`).readMatch()
	if clientErr, _ := clientErrOf(err); !clientErr.DependsOnSettings || !strings.Contains(texts.Of(&clientErr), "declare-match-field") {
		t.Errorf("refusal = %+v, want one of settings that says how to declare", clientErr)
	}
}

// finds reports whether a search leads to the customer, as the domain would see.
func finds(s customer.Search, c customer.Customer, fields customer.MatchFields) bool {
	held := c.Keys(fields)
	holds := func(l customer.Lookup) bool {
		roles := held[l.Key] & l.Roles
		return roles&^customer.InSubscription != 0 || roles != 0 && (s.Resource == 0 || slices.ContainsFunc(c.Subscriptions, func(sub customer.Subscription) bool {
			sole := customer.Customer{Subscriptions: []customer.Subscription{sub}}
			return sub.Resource == s.Resource && sole.Keys(nil)[l.Key] != 0
		}))
	}
	lacks := func(l customer.Lookup) bool { return !holds(l) }
	return slices.ContainsFunc(s.Any, holds) || len(s.All) > 0 && !slices.ContainsFunc(s.All, lacks)
}

// The customer that an import makes is the one that the same import finds: else
// each repetition would make another. What cannot be found again is not made.
func TestImportFindsWhatItMade(t *testing.T) {
	sub := func(members string) string { return `"data":{"subscriptions":[{` + members + `}]}` }
	tests := []struct {
		name, body string
		code       string // where it is not made
	}{
		{name: "email at the top", body: `{"email":"ada@x.com","data":{}}`},
		{name: "email in data", body: `{"data":{"email":"ada@x.com"}}`},
		{name: "email of the profile", body: `{"matching":"email_profile","email":"ada@x.com","data":{}}`},
		{name: "phone at the top", body: `{"matching":"phone","phone":"0901234567","data":{}}`},
		{name: "phones in data", body: `{"matching":"phone","data":{"phones":["0901234567","+79991234567"]}}`},
		{name: "email and phone at the top", body: `{"matching":"email_phone","email":"ada@x.com","phone":"0901234567","data":{}}`},
		{name: "email and phone, one of them in data", body: `{"matching":"email_phone","phone":"0901234567","data":{"email":"ada@x.com"}}`},
		{name: "email of subscriptions with a resource", body: `{"matching":"email_sub","email":"ada@x.com","resource_id":7,"data":{}}`},
		{name: "email of subscriptions without one", body: `{"matching":"email_sub","email":"ada@x.com","data":{}}`, code: "never_found"},
		{name: "email of subscriptions in data", body: `{"matching":"email_sub",` + sub(`"channel":"email","resource_id":7,"email":"Ada@x.com"`) + `}`},
		{name: "email of subscriptions, another in data", body: `{"matching":"email_sub","email":"ada@x.com",` + sub(`"channel":"email","resource_id":7,"email":"eve@x.com"`) + `}`, code: "never_found"},
		{name: "email of subscriptions, of another resource in data",
			body: `{"matching":"email_sub","email":"ada@x.com","resource_id":8,` + sub(`"channel":"email","resource_id":7,"email":"ada@x.com"`) + `}`},
		{name: "email of subscriptions in data, of another resource", body: `{"matching":"email_sub","resource_id":8,` + sub(`"channel":"email","resource_id":7,"email":"ada@x.com"`) + `}`},
		{name: "phone of subscriptions, of another resource in data",
			body: `{"matching":"phone_sub","phone":"0901234567","resource_id":8,` + sub(`"channel":"sms","resource_id":7,"phone":"0901234567"`) + `}`},
		{name: "email and phone of subscriptions", body: `{"matching":"email_phone_sub","email":"ada@x.com","phone":"0901234567","resource_id":7,"data":{}}`},
		{name: "push with a resource", body: `{"matching":"push_sub","provider":"p","subscription_id":"t","resource_id":7,"data":{}}`},
		{name: "push without one", body: `{"matching":"push_sub","provider":"p","subscription_id":"t","data":{}}`, code: "never_found"},
		{name: "push in data", body: `{"matching":"push_sub",` + sub(`"channel":"push","resource_id":7,"provider":"p","subscription_id":"t"`) + `}`},
		{name: "push of another resource in data",
			body: `{"matching":"push_sub","provider":"p","subscription_id":"t","resource_id":8,` + sub(`"channel":"push","resource_id":7,"provider":"p","subscription_id":"t"`) + `}`},
		{name: "custom at the top", body: `{"matching":"custom","field_name":"CRM_ID","field_value":7,"data":{}}`},
		{name: "custom in data", body: `{"matching":"custom","field_name":"CRM_ID","data":{"CRM_ID":"7"}}`},
		{name: "words at the top", body: `{"matching":"custom","field_name":"interests","field_value":"ski, tea","data":{}}`},
		{name: "words at the top as an array", body: `{"matching":"custom","field_name":"interests","field_value":["ski","tea"],"data":{}}`},
		{name: "words in data as an array", body: `{"matching":"custom","field_name":"interests","data":{"interests":["ski","tea"]}}`},
		{name: "words in data as one text", body: `{"matching":"custom","field_name":"interests","data":{"interests":"ski, tea"}}`},
		{name: "words in an array with commas in them", body: `{"matching":"custom","field_name":"interests","field_value":["ski, tea"],"data":{}}`},
		{name: "words in data with blanks around them", body: `{"matching":"custom","field_name":"interests","data":{"interests":[" ski "]}}`},
		{name: "custom of a subscription in data", body: `{"matching":"custom_sub","field_name":"CRM_ID",` + sub(`"channel":"email","resource_id":7,"email":"ada@x.com","custom_fields":{"CRM_ID":7}`) + `}`},
		{name: "custom of a subscription at the top", body: `{"matching":"custom_sub","field_name":"CRM_ID","field_value":7,"data":{}}`, code: "never_found"},
		{name: "custom of a subscription, another in data", code: "never_found",
			body: `{"matching":"custom_sub","field_name":"CRM_ID","field_value":7,` + sub(`"channel":"email","resource_id":7,"email":"ada@x.com","custom_fields":{"CRM_ID":8}`) + `}`},
		{name: "custom of a subscription that is skipped", code: "never_found",
			body: `{"matching":"custom_sub","field_name":"CRM_ID","field_value":7,"skip_invalid_subscriptions":true,` + sub(`"channel":"pigeon","custom_fields":{"CRM_ID":7}`) + `}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := aCall(t, tt.body)
			m, err := c.readMatch()
			if err != nil {
				t.Fatal(err)
			}
			setters, err := c.readData()
			if err != nil {
				t.Fatal(err)
			}
			made := customer.Customer{ID: customer.NewID(noon, 7)}
			err = edit(setters, m)(&made, noon)
			if clientErr, _ := clientErrOf(err); clientErr.Code != tt.code {
				t.Fatalf("error = %v, want code %q", err, tt.code)
			}
			if err == nil && !finds(m.search, made, c.Settings.MatchFields) {
				t.Errorf("the same import does not find what it made:\nsearch %+v\nmade %+v", m.search, made)
			}
		})
	}
}

// An existing customer gets nothing of the search.
func TestUpdateStoresNothingOfTheSearch(t *testing.T) {
	c := aCall(t, `{"matching":"email_sub","email":"ada@x.com","data":{"_fname":"Ada"}}`)
	m, err := c.readMatch()
	if err != nil {
		t.Fatal(err)
	}
	setters, err := c.readData()
	if err != nil {
		t.Fatal(err)
	}
	got := customer.Customer{ID: 4096, Changed: noon}
	if err := edit(setters, m)(&got, noon); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(customer.Customer{ID: 4096, Changed: noon, FirstName: "Ada"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
