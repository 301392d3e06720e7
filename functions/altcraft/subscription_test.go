package altcraft

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

func clientErrOf(err error) (errs.Client, bool) {
	if r, ok := errs.AsClient(err); ok {
		return *r, true
	}
	return errs.Client{}, false
}

func ptr[T any](v T) *T { return &v }

func TestReadSubscription(t *testing.T) {
	type edit = customer.SubscriptionEdit
	mail := edit{Resource: 7, Channel: customer.ChannelEmail, Contact: "Ada@X.com"}
	with := func(change func(e *edit)) edit {
		e := mail
		change(&e)
		return e
	}
	const start = `{"channel":"email","resource_id":7,"email":"Ada@X.com",`
	tests := []struct {
		name        string
		entry       string
		want        edit
		code, field string // below data.subscriptions[0]
	}{
		{name: "email", entry: `{"channel":"email","resource_id":7,"email":" Ada@X.com"}`, want: mail},
		{name: "email nested", entry: `{"channel":"email","resource_id":"7","email_data":{"email":"Ada@X.com","domain":"x.com"}}`, want: mail},
		{name: "email flat before nested", entry: `{"channel":"email","resource_id":7,"email":"Ada@X.com","email_data":{"email":"eve@x.com"}}`, want: mail},
		{name: "sms", entry: `{"channel":"sms","resource_id":7,"phone":"0901234567"}`, want: edit{Resource: 7, Channel: "sms", Contact: "+84901234567"}},
		{name: "sms nested", entry: `{"channel":"sms","resource_id":7,"phone_data":{"phone":"+84901234567"}}`, want: edit{Resource: 7, Channel: "sms", Contact: "+84901234567"}},
		{name: "push", entry: `{"channel":"push","resource_id":7,"provider":"Firefox","subscription_id":"AbC"}`, want: edit{Resource: 7, Channel: "push", Provider: "Firefox", Contact: "AbC"}},
		{name: "push nested", entry: `{"channel":"push","resource_id":7,"push_data":{"provider":"Firefox","subscription_id":"AbC"}}`, want: edit{Resource: 7, Channel: "push", Provider: "Firefox", Contact: "AbC"}},
		{name: "push partly nested", entry: `{"channel":"push","resource_id":7,"provider":"Firefox","push_data":{"subscription_id":"AbC"}}`, want: edit{Resource: 7, Channel: "push", Provider: "Firefox", Contact: "AbC"}},
		{name: "telegram", entry: `{"channel":"telegram_bot","resource_id":7,"cc_data":{"id":1234567890123}}`, want: edit{Resource: 7, Channel: "telegram_bot", Contact: "1234567890123"}},
		{name: "telegram as text", entry: `{"channel":"telegram_bot","resource_id":7,"cc_data":{"id":"12"}}`, want: edit{Resource: 7, Channel: "telegram_bot", Contact: "12"}},
		{name: "whatsapp", entry: `{"channel":"whatsapp","resource_id":7,"cc_data":{"phone":"+7 999 1234567"}}`, want: edit{Resource: 7, Channel: "whatsapp", Contact: "+79991234567"}},
		{name: "viber", entry: `{"channel":"viber","resource_id":7,"cc_data":{"phone":"+79991234567"}}`, want: edit{Resource: 7, Channel: "viber", Contact: "+79991234567"}},
		{name: "notify", entry: `{"channel":"notify","resource_id":7,"cc_data":{"phone":"+79991234567"}}`, want: edit{Resource: 7, Channel: "notify", Contact: "+79991234567"}},

		{name: "status word", entry: start + `"status":"suspended"}`, want: with(func(e *edit) { e.Status = ptr(customer.Status("suspended")) })},
		{name: "status number", entry: start + `"status":4}`, want: with(func(e *edit) { e.Status = ptr(customer.Status("unconfirmed")) })},
		{name: "status 0", entry: start + `"status":0}`, want: with(func(e *edit) { e.Status = ptr(customer.Subscribed) })},
		{name: "status to keep", entry: start + `"status":-1}`, want: mail},
		{name: "status null", entry: start + `"status":null}`, want: mail},
		{name: "status: 7", entry: start + `"status":7}`, code: "bad_status", field: ".status"},
		{name: "status: boolean", entry: start + `"status":true}`, code: "wrong_type", field: ".status"},
		{name: "status: array", entry: start + `"status":[0]}`, code: "wrong_type", field: ".status"},
		{name: "priority", entry: start + `"priority":0}`, want: with(func(e *edit) { e.Priority = ptr(int64(0)) })},
		{name: "priority to keep", entry: start + `"priority":-1}`, want: mail},
		{name: "priority: -2", entry: start + `"priority":-2}`, code: "out_of_range", field: ".priority"},
		{name: "priority: word", entry: start + `"priority":"high"}`, code: "wrong_type", field: ".priority"},
		{name: "categories", entry: start + `"cats":["a","b"]}`, want: with(func(e *edit) { e.Cats = &[]string{"a", "b"} })},
		{name: "no categories", entry: start + `"cats":[]}`, want: with(func(e *edit) { e.Cats = &[]string{} })},
		{name: "categories null", entry: start + `"cats":null}`, want: mail},
		{name: "categories: number", entry: start + `"cats":[1]}`, code: "wrong_type", field: ".cats[0]"},
		{name: "custom fields", entry: start + `"custom_fields":{"_os":"Linux","n":null}}`, want: with(func(e *edit) { e.Custom = map[string]any{"_os": "Linux", "n": nil} })},
		{name: "custom fields: word", entry: start + `"custom_fields":"subscribed"}`, code: "wrong_type", field: ".custom_fields"},
		{name: "custom fields: functions", entry: start + `"custom_fields":{"n":{"action":"incr","value":1},"m":{"action":"set","value":2},"o":{"action":"set","value":null}}}`, want: with(func(e *edit) {
			e.Custom = map[string]any{"m": json.Number("2"), "o": nil}
			e.CustomBy = map[string]fieldop.Function{"n": {Field: "data.subscriptions[0].custom_fields.n", Action: "incr", Value: json.Number("1")}}
		})},
		{name: "custom fields: an object with more members", entry: start + `"custom_fields":{"n":{"action":"incr","by":1}}}`, want: with(func(e *edit) {
			e.Custom = map[string]any{"n": map[string]any{"action": "incr", "by": json.Number("1")}}
		})},
		{name: "custom fields: a field called action", entry: start + `"custom_fields":{"action":"click","value":1}}`, want: with(func(e *edit) {
			e.Custom = map[string]any{"action": "click", "value": json.Number("1")}
		})},
		{name: "custom fields: unknown function", entry: start + `"custom_fields":{"n":{"action":"decr","value":1}}}`, code: "function_unknown", field: ".custom_fields.n"},
		{name: "custom fields: function with a bad value", entry: start + `"custom_fields":{"n":{"action":"incr","value":"x"}}}`, code: "wrong_type", field: ".custom_fields.n.value"},
		{name: "custom fields: upsert", entry: start + `"custom_fields":{"n":{"action":"upsert","value":1,"submatch":"x"}}}`, code: "function_unfit", field: ".custom_fields.n"},
		{name: "custom fields: a submatch", entry: start + `"custom_fields":{"n":{"action":"add","value":["a"],"submatch":"x"}}}`, code: "function_unfit", field: ".custom_fields.n"},
		{name: "custom fields: a function on all", entry: start + `"custom_fields":{"action":"unset"}}`, code: "function_unfit", field: ".custom_fields"},
		{name: "categories: add", entry: start + `"cats":{"action":"add","value":"a"}}`, want: with(func(e *edit) {
			e.CatsBy = &fieldop.Function{Field: "data.subscriptions[0].cats", Action: "add", Value: []any{"a"}}
		})},
		{name: "categories: set", entry: start + `"cats":{"action":"set","value":["a"]}}`, want: with(func(e *edit) { e.Cats = &[]string{"a"} })},
		{name: "categories: set to null", entry: start + `"cats":{"action":"set","value":null}}`, want: mail},
		{name: "categories: unset", entry: start + `"cats":{"action":"unset","value":["a"]}}`, want: with(func(e *edit) { e.Cats = &[]string{} })},
		{name: "categories: add objects", entry: start + `"cats":{"action":"add","value":[{}]}}`, code: "wrong_type", field: ".cats.value[0]"},
		{name: "categories: delete by a path", entry: start + `"cats":{"action":"delete","value":["a"],"submatch":"x"}}`, code: "bad_submatch", field: ".cats.submatch"},
		{name: "categories: incr", entry: start + `"cats":{"action":"incr","value":1}}`, code: "function_unfit", field: ".cats"},
		{name: "categories: upsert", entry: start + `"cats":{"action":"upsert","value":1,"submatch":"x"}}`, code: "function_unfit", field: ".cats"},
		{name: "categories: unknown function", entry: start + `"cats":{"action":"x"}}`, code: "function_unknown", field: ".cats"},

		{name: "no object", entry: `"email"`, code: "wrong_type"},
		{name: "no channel", entry: `{"resource_id":7,"email":"ada@x.com"}`, code: "missing", field: ".channel"},
		{name: "unknown channel", entry: `{"channel":"pigeon","resource_id":7}`, code: "bad_channel", field: ".channel"},
		{name: "channel is a number", entry: `{"channel":1,"resource_id":7}`, code: "wrong_type", field: ".channel"},
		{name: "no resource", entry: `{"channel":"email","email":"ada@x.com"}`, code: "missing", field: ".resource_id"},
		{name: "resource 0", entry: `{"channel":"email","resource_id":0,"email":"ada@x.com"}`, code: "out_of_range", field: ".resource_id"},
		{name: "no contact", entry: `{"channel":"email","resource_id":7}`, code: "missing", field: ".email"},
		{name: "empty contact", entry: `{"channel":"email","resource_id":7,"email":""}`, code: "missing", field: ".email"},
		{name: "bad contact", entry: `{"channel":"email","resource_id":7,"email":"ada"}`, code: "bad_email", field: ".email"},
		{name: "bad contact nested", entry: `{"channel":"email","resource_id":7,"email_data":{"email":"ada"}}`, code: "bad_email", field: ".email_data.email"},
		{name: "bad phone nested", entry: `{"channel":"whatsapp","resource_id":7,"cc_data":{"phone":"1"}}`, code: "bad_phone", field: ".cc_data.phone"},
		{name: "push without a provider", entry: `{"channel":"push","resource_id":7,"subscription_id":"AbC"}`, code: "missing", field: ".provider"},
		{name: "push without a token", entry: `{"channel":"push","resource_id":7,"provider":"p"}`, code: "missing", field: ".subscription_id"},
		{name: "telegram without a chat", entry: `{"channel":"telegram_bot","resource_id":7,"cc_data":{}}`, code: "missing", field: ".cc_data.id"},
		{name: "telegram with an empty chat", entry: `{"channel":"telegram_bot","resource_id":7,"cc_data":{"id":""}}`, code: "missing", field: ".cc_data.id"},
		{name: "telegram with a boolean", entry: `{"channel":"telegram_bot","resource_id":7,"cc_data":{"id":true}}`, code: "wrong_type", field: ".cc_data.id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			const path = "data.subscriptions[0]"
			list := parse(t, `{"x":[`+tt.entry+`]}`)["x"]
			settings := access.Settings{Preferences: access.Defaults()}
			settings.Country = "84"
			c := &call{Call: &httpapi.Call{Grant: access.Grant{Settings: settings}}}
			got, err := c.readSubscriptions(list, false)
			checkClientErr(t, err, tt.code, path+tt.field)
			if tt.code == "" {
				if diff := cmp.Diff([]edit{tt.want}, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
			}
			// Where invalid ones are skipped this one is, and the next is not.
			list = parse(t, `{"x":[`+tt.entry+`,{"channel":"sms","resource_id":1,"phone":"+79991234567"}]}`)["x"]
			got, err = c.readSubscriptions(list, true)
			if want := 2 - len(tt.code)/max(len(tt.code), 1); err != nil || len(got) != want {
				t.Errorf("%d subscriptions, error %v, want %d", len(got), err, want)
			}
		})
	}
}

func TestDeclaredResources(t *testing.T) {
	c := aCall(t, `{"data":{"subscriptions":[{"channel":"email","resource_id":7,"email":"ada@x.com"}]}}`)
	tests := []struct {
		name      string
		openness  access.Openness
		resources map[int64]access.Resource
		code      string
	}{
		{name: "open", openness: access.Open},
		{name: "declared, with all channels", openness: access.Declared, resources: map[int64]access.Resource{7: {}}},
		{name: "declared, with the channel", openness: access.Declared, resources: map[int64]access.Resource{7: {Channels: []customer.Channel{"sms", "email"}}}},
		{name: "declared, without the channel", openness: access.Declared, resources: map[int64]access.Resource{7: {Channels: []customer.Channel{"sms"}}}, code: "channel_undeclared"},
		{name: "another is declared", openness: access.Declared, resources: map[int64]access.Resource{8: {}}, code: "resource_undeclared"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c.Settings.Resources, c.Settings.DeclaredResources = tt.openness, tt.resources
			got, err := written(t, c)
			clientErr, _ := clientErrOf(err)
			if clientErr.Code != tt.code || clientErr.DependsOnSettings != (tt.code != "") || (len(got.Subscriptions) == 1) != (tt.code == "") {
				t.Errorf("%d subscriptions, error %+v, want code %q", len(got.Subscriptions), err, tt.code)
			}
		})
	}
}
