package altcraft

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

// The pair that the document prints for one id.
func TestHashOfTheDocument(t *testing.T) {
	digest := xxhash.Sum64String("5a61f87d69d42678a8dc6dd9")
	if got, want := fmt.Sprintf("%016x %d", digest, digest%10000), "aa05bb4b309bec57 8663"; got != want {
		t.Errorf("hash = %s, want %s", got, want)
	}
}

func TestShow(t *testing.T) {
	id := customer.NewID(noon.Add(50*time.Millisecond), 7)
	digest := xxhash.Sum64String(id.Hex())
	system := map[string]any{
		"id": id.Hex(), "db_id": 5, "_createtime": "2026-03-01T12:00:00.05Z", "loyalty_status": "enabled", "_sex": "unknown",
		"_xxh": fmt.Sprintf("%016x", digest), "_xxm": digest % 10000, "subscriptions": []shownSubscription{},
	}
	with := func(more map[string]any) map[string]any {
		all := map[string]any{}
		for _, m := range []map[string]any{system, more} {
			for name, v := range m {
				all[name] = v
			}
		}
		return all
	}
	tests := []struct {
		name     string
		customer customer.Customer
		want     map[string]any
	}{
		{name: "nothing is known", want: system},
		{name: "core fields", customer: customer.Customer{
			Emails: []string{"Ada@X.com", "more@x.com"}, Phones: []string{"+1111111", "+2222222"}, FirstName: "Ada", LastName: "L",
			Title: "Countess", BirthDate: "2001-12-31T00:00:00+03:00", Sex: customer.Female, Country: "GB", Region: "R", City: "C", Street: "S",
			Disabled: true, Tags: []string{"t"},
		}, want: with(map[string]any{
			"email": "Ada@X.com", "_emaildomain": "x.com", "_md5": "65d80dc6bd72089111f3a8605cf3388a",
			"phones": []string{"+1111111", "+2222222"}, "_fname": "Ada", "_lname": "L", "Title": "Countess",
			"_bdate": "2001-12-30T21:00:00Z", "_sex": "female", "_country": "GB", "_region": "R", "_city": "C", "address": "S",
			"loyalty_status": "disabled", "tags": []string{"t"},
		})},
		{name: "a bare birth date is midnight", customer: customer.Customer{BirthDate: "2001-12-31"}, want: with(map[string]any{"_bdate": "2001-12-31T00:00:00Z"})},
		{name: "custom fields beside them", customer: customer.Customer{Custom: map[string]any{"x": json.Number("1"), "_regdate": "2010-10-20T00:00:00Z"}},
			want: with(map[string]any{"x": json.Number("1"), "_regdate": "2010-10-20T00:00:00Z"})},
		{name: "custom fields of another dialect under our names", customer: customer.Customer{Custom: map[string]any{
			"email": "x", "phones": "x", "id": "x", "_sex": "x", "subscriptions": "x", "db_id": "x", "_xxh": "x", "loyalty_status": "x", "_bdate": "x",
			"tags": "x", "Title": "x", "address": "x", "_md5": "x", "_emaildomain": "x", "_createtime": "x",
		}}, want: system},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.customer.ID = id
			custom := len(tt.customer.Custom)
			if diff := cmp.Diff(tt.want, show(5, tt.customer)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(tt.customer.Custom) != custom {
				t.Error("showing a customer altered its custom fields")
			}
		})
	}
}

func TestShowSubscription(t *testing.T) {
	tests := []struct {
		name         string
		subscription customer.Subscription
		want         string // but for hash_id
	}{
		{name: "email", subscription: customer.Subscription{Channel: customer.ChannelEmail, Contact: "Ada@X.com"},
			want: `{"resource_id":7,"channel":"email","email_data":{"email":"Ada@X.com","domain":"x.com","domain_group":"other","md5":"65d80dc6bd72089111f3a8605cf3388a"},` +
				`"status":"subscribed","priority":0,"cats":[],"custom_fields":{},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":false}`},
		{name: "sms, with all there is", subscription: customer.Subscription{
			Channel: customer.ChannelSMS, Contact: "+1111111", Priority: ptr(int64(3)), Cats: []string{"news"},
			Custom: map[string]any{"_os": "Linux"}, Deleted: true,
		}, want: `{"resource_id":7,"channel":"sms","phone_data":{"phone":"+1111111"},"status":"subscribed","priority":3,"cats":["news"],` +
			`"custom_fields":{"_os":"Linux"},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":true}`},
		{name: "push", subscription: customer.Subscription{Channel: customer.ChannelPush, Provider: "p", Contact: "t"},
			want: `{"resource_id":7,"channel":"push","push_data":{"provider":"p","subscription_id":"t"},` +
				`"status":"subscribed","priority":0,"cats":[],"custom_fields":{},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":false}`},
		{name: "telegram", subscription: customer.Subscription{Channel: customer.ChannelTelegram, Contact: "12"},
			want: `{"resource_id":7,"channel":"telegram_bot","cc_data":{"id":12},` +
				`"status":"subscribed","priority":0,"cats":[],"custom_fields":{},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":false}`},
		{name: "telegram, of a chat that is no number", subscription: customer.Subscription{Channel: customer.ChannelTelegram, Contact: "012"},
			want: `{"resource_id":7,"channel":"telegram_bot","cc_data":{"id":"012"},` +
				`"status":"subscribed","priority":0,"cats":[],"custom_fields":{},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":false}`},
		{name: "viber", subscription: customer.Subscription{Channel: customer.ChannelViber, Contact: "+1111111"},
			want: `{"resource_id":7,"channel":"viber","cc_data":{"phone":"+1111111"},` +
				`"status":"subscribed","priority":0,"cats":[],"custom_fields":{},"reg_info":{"date":"2026-03-01T12:00:00Z"},"hash_id":"","is_delete":false}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.subscription.Resource, tt.subscription.Status, tt.subscription.Created = 7, customer.Subscribed, noon
			got := showSubscription(tt.subscription)
			if got.Hash != tt.subscription.Hash() {
				t.Errorf("hash_id = %q, want %q", got.Hash, tt.subscription.Hash())
			}
			got.Hash = ""
			if diff := cmp.Diff(tt.want, string(marshal(t, got))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// What is read can be written again, and changes nothing.
func TestShownSubscriptionsAreAccepted(t *testing.T) {
	var c customer.Customer
	for _, e := range []customer.SubscriptionEdit{
		{Channel: customer.ChannelEmail, Contact: "Ada@x.com"}, {Channel: customer.ChannelSMS, Contact: "+1111111"},
		{Channel: customer.ChannelPush, Provider: "p", Contact: "t"}, {Channel: customer.ChannelTelegram, Contact: "12"},
		{Channel: customer.ChannelWhatsApp, Contact: "+1111111"}, {Channel: customer.ChannelNotify, Contact: "+1111111"},
	} {
		e.Resource = 7
		c.Subscribe(e, noon)
	}
	c.Subscriptions[0].Deleted = true
	document := marshal(t, map[string]any{"data": map[string]any{"subscriptions": showSubscriptions(c.Subscriptions)}})
	call := aCall(t, string(document))
	setters, err := call.readData()
	if err != nil {
		t.Fatal(err)
	}
	again := c.Clone()
	if err := edit(setters, match{})(&again, noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if !c.Same(again) {
		t.Errorf("(-want +got):\n%s", cmp.Diff(c, again))
	}
}
