package access_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

func shop(t *testing.T) access.Settings {
	t.Helper()
	s, err := access.NewSettings(5, "Shop")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChange(t *testing.T) {
	tests := []struct {
		name    string
		patches []string
		want    func(*access.Preferences)
	}{
		{"nothing", []string{`{}`}, func(*access.Preferences) {}},
		{"a text", []string{`{"country": "84"}`}, func(c *access.Preferences) { c.Country = "84" }},
		{"null gives back the default", []string{`{"country": "84"}`, `{"country": null}`}, func(*access.Preferences) {}},
		{"a member of a member", []string{`{"earning": {"rounding": "nearest"}}`},
			func(c *access.Preferences) { c.Earning.Rounding = access.RoundNearest }},
		{"declared ones add up", []string{
			`{"fields": "declared", "declared_fields": {"CRM_ID": {"type": "string"}}}`,
			`{"declared_fields": {"SIZE": {"type": "enum", "options": ["S", "M"]}}}`,
		}, func(c *access.Preferences) {
			c.Fields = access.Declared
			c.DeclaredFields = map[string]access.FieldType{
				"CRM_ID": {Type: "string"}, "SIZE": {Type: "enum", Options: []string{"S", "M"}},
			}
		}},
		{"one is taken away", []string{
			`{"declared_resources": {"1": {"name": "News", "channels": ["email"]}, "2": {"name": "Offers"}}}`,
			`{"declared_resources": {"2": null}}`,
		}, func(c *access.Preferences) {
			c.DeclaredResources[1] = access.Resource{Name: "News", Channels: []customer.Channel{"email"}}
		}},
		{"a resource with an address", []string{`{"declared_resources": {"1": {"name": "News", "url": "https://shop.example.com/news"}}}`},
			func(c *access.Preferences) {
				c.DeclaredResources[1] = access.Resource{Name: "News", URL: "https://shop.example.com/news"}
			}},
		{"segments", []string{`{"segments": {"1": {"name": "VIP"}, "2147483647": {"name": "Guests"}}}`, `{"segments": {"1": {"name": "Best"}}}`},
			func(c *access.Preferences) {
				c.Segments = map[int64]access.Segment{1: {Name: "Best"}, 2147483647: {Name: "Guests"}}
			}},
		{"campaigns", []string{
			`{"campaigns": {"BDAY": {"name": "Birthday", "usable_after_hours": 24, "expires_after_days": 0}, "X": {"name": "X"}}}`,
			`{"campaigns": {"X": null}, "holds": {"expires_in": 60}, "own_terms": {"max_expires_after_days": 30}}`,
		}, func(c *access.Preferences) {
			c.Campaigns = map[string]access.Campaign{"BDAY": {Name: "Birthday", UsableAfterHours: 24, ExpiresAfterDays: new(int64)}}
			c.Holds.ExpiresIn, c.OwnTerms.MaxExpiresAfterDays = 60, 30
		}},
		{"levels with their rates", []string{
			`{"levels": {"11": {"name": "Member", "from": 0}, "12": {"name": "Silver", "from": 500}},
			  "earning": {"percent_of_level": {"12": 150}}, "rate_limit": {"size": 0}, "languages": ["en", "vi"]}`,
		}, func(c *access.Preferences) {
			c.Levels = map[int64]access.Level{11: {Name: "Member"}, 12: {Name: "Silver", From: 500}}
			c.Earning.PercentOfLevel[12] = 150
			c.RateLimit.Size = 0
			c.Languages = []string{"en", "vi"}
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			settings := shop(t)
			for _, patch := range tt.patches {
				settings = change(t, settings, patch)
			}
			want := shop(t)
			tt.want(&want.Preferences)
			if diff := cmp.Diff(want, settings); diff != "" {
				t.Errorf("Change (-want +got):\n%s", diff)
			}
			kept, err := json.Marshal(settings.Preferences)
			if err != nil {
				t.Fatal(err)
			}
			read, err := access.ParsePreferences(kept)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(settings.Preferences, read); diff != "" {
				t.Errorf("kept and read (-want +got):\n%s", diff)
			}
		})
	}
}

func change(t *testing.T, s access.Settings, patch string) access.Settings {
	t.Helper()
	object, err := value.ParseObject([]byte(patch))
	if err != nil {
		t.Fatal(err)
	}
	if s, err = s.Change(object); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestChangeRejects(t *testing.T) {
	tests := []struct{ patch, field string }{
		{`{"colour": "red"}`, "colour"},
		{`{"Country": "84"}`, "Country"},
		{`{"match_fields": []}`, "match_fields"},
		{`{"earning": {"bonus": 1}}`, "earning.bonus"},
		{`{"country": 84}`, "country"},
		{`{"country": "+84"}`, "country"},
		{`{"country": {"code": "84"}}`, "country"},
		{`{"name": " "}`, "name"},
		{`{"name": null}`, "name"},
		{`{"name": "` + strings.Repeat("n", 101) + `"}`, "name"},
		{`{"fields": "closed"}`, "fields"},
		{`{"resources": "OPEN"}`, "resources"},
		{`{"declared_fields": {"A": {"type": "text"}}}`, "declared_fields.A.type"},
		{`{"declared_fields": {"A": {"type": "enum"}}}`, "declared_fields.A.options"},
		{`{"declared_fields": {"A": {"type": "int", "options": ["1"]}}}`, "declared_fields.A.options"},
		{`{"declared_fields": {"A": {"type": "enum", "options": ["1", "1"]}}}`, "declared_fields.A.options"},
		{`{"declared_fields": []}`, "declared_fields"},
		{`{"declared_resources": {"one": {"name": "News"}}}`, "declared_resources.one"},
		{`{"declared_resources": {"0": {"name": "News"}}}`, "declared_resources.0"},
		{`{"declared_resources": {"1": {"name": "News", "channels": ["fax"]}}}`, "declared_resources.1.channels"},
		{`{"declared_resources": {"1": {"name": "News", "url": "shop.example.com"}}}`, "declared_resources.1.url"},
		{`{"declared_resources": {"1": {"name": "News", "url": "javascript:alert(1)"}}}`, "declared_resources.1.url"},
		{`{"declared_resources": {"1": {"name": "News", "url": "https://` + strings.Repeat("x", 500) + `"}}}`, "declared_resources.1.url"},
		{`{"segments": {"0": {"name": "VIP"}}}`, "segments.0"},
		{`{"segments": {"2147483648": {"name": "VIP"}}}`, "segments.2147483648"},
		{`{"segments": {"vip": {"name": "VIP"}}}`, "segments.vip"},
		{`{"segments": {"1": {"name": ""}}}`, "segments.1.name"},
		{`{"segments": {"1": "VIP"}}`, "segments"},
		{`{"declared_attributes": {"A": {"type": "int"}}}`, "declared_attributes.A.type"},
		{`{"campaigns": {"BDAY": {}}}`, "campaigns.BDAY.name"},
		{`{"campaigns": {"BDAY": {"name": "Birthday", "usable_after_hours": -1}}}`, "campaigns.BDAY.usable_after_hours"},
		{`{"campaigns": {"BDAY": {"name": "Birthday", "expires_after_days": 5000}}}`, "campaigns.BDAY.expires_after_days"},
		{`{"campaigns": {"BDAY": {"name": "Birthday", "expires": 5}}}`, "campaigns.BDAY.expires"},
		{`{"own_terms": {"max_usable_after_hours": 100000}}`, "own_terms.max_usable_after_hours"},
		{`{"own_terms": {"max_expires_after_days": -1}}`, "own_terms.max_expires_after_days"},
		{`{"holds": {"expires_in": 0}}`, "holds.expires_in"},
		{`{"holds": {"expires_in": 61, "max_expires_in": 60}}`, "holds.expires_in"},
		{`{"holds": {"max_expires_in": 10000000}}`, "holds.max_expires_in"},
		{`{"levels": {"0": {"name": "None", "from": 0}}}`, "levels.0"},
		{`{"levels": {"01": {"name": "One", "from": 0}}}`, "levels.01"}, // 1 may be there, too
		{`{"levels": {"+1": null}}`, "levels.+1"},
		{`{"levels": {"1": {"name": "", "from": 0}}}`, "levels.1.name"},
		{`{"levels": {"1": {"name": "A", "from": -1}}}`, "levels.1.from"},
		{`{"earning": {"percent_of_level": {"9": 100}}}`, "earning.percent_of_level.9"},
		{`{"earning": {"rules": {"a": {}}}}`, "earning.rules.a.bonus_percent"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 10001}}}}`, "earning.rules.a.bonus_percent"},
		{`{"earning": {"rules": {"a": {"percent": 100}}}}`, "earning.rules.a.percent"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "levels": [9]}}}}`, "earning.rules.a.levels"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "weekdays": ["Sunday"]}}}}`, "earning.rules.a.weekdays"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "skus": [""]}}}}`, "earning.rules.a.skus[0]"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "from": "2026-11-11"}}}}`, "earning.rules.a.from"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "until": "soon"}}}}`, "earning.rules.a.until"},
		{`{"earning": {"rules": {"a": {"bonus_percent": 1, "from": "2026-11-11T00:00:00Z", "until": "2026-11-11T07:00:00+07:00"}}}}`, "earning.rules.a.until"},
		{`{"earning": {"offset_minutes": 1000}}`, "earning.offset_minutes"},
		{`{"overdraft": -1}`, "overdraft"},
		{`{"wallets": {"0": {"code": "stamps", "name": "Stamps"}}}`, "wallets.0"},
		{`{"wallets": {"21": {"code": "stamps", "name": "Stamps"}}}`, "wallets.21"},
		{`{"wallets": {"stamps": {"code": "stamps", "name": "Stamps"}}}`, "wallets.stamps"},
		{`{"wallets": {"1": {"code": "Stamps", "name": "Stamps"}}}`, "wallets.1.code"},
		{`{"wallets": {"1": {"code": "points", "name": "Points"}}}`, "wallets.1.code"},
		{`{"wallets": {"1": {"code": "stamps", "name": ""}}}`, "wallets.1.name"},
		{`{"wallets": {"1": {"code": "stamps", "name": "Stamps", "overdraft": -1}}}`, "wallets.1.overdraft"},
		{`{"wallets": {"1": {"code": "stamps", "name": "Stamps", "expires_after_days": 5000}}}`, "wallets.1.expires_after_days"},
		{`{"earning": {"money_per_point": 0}}`, "earning.money_per_point"},
		{`{"earning": {"money_per_point": 1.5}}`, "earning.money_per_point"},
		{`{"earning": {"rounding": "up"}}`, "earning.rounding"},
		{`{"earning": {"usable_after_hours": -1}}`, "earning.usable_after_hours"},
		{`{"earning": {"expires_after_days": 5000}}`, "earning.expires_after_days"},
		{`{"money_per_ranking_point": 0}`, "money_per_ranking_point"},
		{`{"unique_ref_id": "yes"}`, "unique_ref_id"},
		{`{"rate_limit": {"size": -1}}`, "rate_limit.size"},
		{`{"rate_limit": {"leak": 0}}`, "rate_limit.leak"},
		{`{"languages": ["English"]}`, "languages"},
		{`{"languages": "en"}`, "languages"},
	}
	for _, tt := range tests {
		t.Run(tt.patch, func(t *testing.T) {
			patch, err := value.ParseObject([]byte(tt.patch))
			if err != nil {
				t.Fatal(err)
			}
			_, err = shop(t).Change(patch)
			clientErr, ok := errs.AsClient(err)
			if !ok {
				t.Fatalf("Change = %v, want a refusal", err)
			}
			if clientErr.Path != tt.field || clientErr.Reason == "" {
				t.Errorf("Change = %v, want it to name %s and a reason", err, tt.field)
			}
		})
	}
}

func TestChangeRejectsTooMuch(t *testing.T) {
	fields := make(map[string]any)
	for i := range 4000 {
		fields[strings.Repeat("f", 20)+string(rune(0x4e00+i))] = map[string]any{"type": "string"}
	}
	_, err := shop(t).Change(map[string]any{"declared_fields": fields})
	if clientErr, ok := errs.AsClient(err); !ok || clientErr.Code != "bad_setting" {
		t.Errorf("Change = %v, want a refusal", err)
	}
}

func TestNewSettingsRejects(t *testing.T) {
	for _, tenant := range []int{0, -1, access.MaxTenant + 1} {
		if _, err := access.NewSettings(tenant, "Shop"); err == nil {
			t.Errorf("NewSettings(%d) is no refusal", tenant)
		}
	}
	if _, err := access.NewSettings(access.MaxTenant, "Shop"); err != nil {
		t.Errorf("NewSettings(%d) = %v", access.MaxTenant, err)
	}
}

func TestLifeOfAMatchField(t *testing.T) {
	s := shop(t)
	s, first, err := s.DeclareMatchField("CRM_ID", customer.OfCustomer, false)
	want := customer.MatchField{Name: "CRM_ID", Of: customer.OfCustomer, Number: 1, State: customer.FieldBuilding}
	if err != nil || first != want {
		t.Fatalf("DeclareMatchField = %+v, %v, want %+v", first, err, want)
	}
	again, same, err := s.DeclareMatchField("CRM_ID", customer.OfCustomer, false)
	if err != nil || same != first || !cmp.Equal(again, s) {
		t.Errorf("declared again = %+v, %v, want no change", same, err)
	}
	if _, _, err := s.DeclareMatchField("CRM_ID", customer.OfCustomer, true); !errors.Is(err, access.ErrMatchFieldOther) {
		t.Errorf("declared another way = %v, want %v", err, access.ErrMatchFieldOther)
	}
	s, other, err := s.DeclareMatchField("CRM_ID", customer.OfSubscription, false)
	if err != nil || other.Number != 2 {
		t.Errorf("of subscriptions = %+v, %v, want number 2", other, err)
	}
	for range 2 {
		if s, err = s.MatchFieldReady(1); err != nil || s.MatchFields[0].State != customer.FieldReady {
			t.Fatalf("MatchFieldReady = %+v, %v", s.MatchFields, err)
		}
	}
	if _, err := s.MatchFieldRemoved(1); err == nil {
		t.Error("MatchFieldRemoved forgets a field that is in use")
	}
	for range 2 {
		if s, _, err = s.RemoveMatchField("CRM_ID", customer.OfCustomer); err != nil || s.MatchFields[0].State != customer.FieldRemoving {
			t.Fatalf("RemoveMatchField = %+v, %v", s.MatchFields, err)
		}
	}
	if _, err := s.MatchFieldReady(1); !errors.Is(err, access.ErrMatchFieldRemoving) {
		t.Errorf("ready while it is removed = %v, want %v", err, access.ErrMatchFieldRemoving)
	}
	if _, _, err := s.DeclareMatchField("CRM_ID", customer.OfCustomer, false); !errors.Is(err, access.ErrMatchFieldRemoving) {
		t.Errorf("declared while it is removed = %v, want %v", err, access.ErrMatchFieldRemoving)
	}
	for range 2 {
		if s, err = s.MatchFieldRemoved(1); err != nil || len(s.MatchFields) != 1 {
			t.Fatalf("MatchFieldRemoved = %+v, %v", s.MatchFields, err)
		}
	}
	if _, err := s.MatchFieldReady(1); !errors.Is(err, access.ErrMatchFieldUnknown) {
		t.Errorf("ready when it is gone = %v, want %v", err, access.ErrMatchFieldUnknown)
	}
	_, later, err := s.DeclareMatchField("CRM_ID", customer.OfCustomer, false)
	if err != nil || later.Number != 3 {
		t.Errorf("declared anew = %+v, %v, want a new number", later, err)
	}
}

// Settings are remembered and shared, so what follows from them leaves them alone.
func TestSettingsAreValues(t *testing.T) {
	before := change(t, shop(t), `{"declared_fields": {"A": {"type": "int"}}}`)
	before, _, err := before.DeclareMatchField("A", customer.OfCustomer, false)
	if err != nil {
		t.Fatal(err)
	}
	want := change(t, before, `{}`)
	change(t, before, `{"declared_fields": {"A": null, "B": {"type": "int"}}}`)
	if _, err := before.MatchFieldReady(1); err != nil {
		t.Fatal(err)
	}
	removed, _, err := before.RemoveMatchField("A", customer.OfCustomer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := removed.MatchFieldRemoved(1); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Preferences, before.Preferences); diff != "" || before.MatchFields[0].State != customer.FieldBuilding {
		t.Errorf("settings changed (-want +got):\n%s", diff)
	}
}

// Two administrators who start from the same settings do not share a list.
func TestDeclarationsDoNotShareTheirList(t *testing.T) {
	s := shop(t)
	s.MatchFields = make(customer.MatchFields, 0, 10)
	first, _, err := s.DeclareMatchField("A", customer.OfCustomer, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.DeclareMatchField("B", customer.OfCustomer, false); err != nil {
		t.Fatal(err)
	}
	if got := first.MatchFields[0].Name; got != "A" {
		t.Errorf("the first declared %s, want A", got)
	}
}

func TestDeclareMatchFieldRejects(t *testing.T) {
	tests := []struct {
		name, field string
		of          customer.Holder
	}{
		{"", "name", customer.OfCustomer},
		{strings.Repeat("x", 101), "name", customer.OfCustomer},
		{"CRM\x00ID", "name", customer.OfCustomer},
		{"CRM_ID", "of", "account"},
	}
	for _, tt := range tests {
		_, _, err := shop(t).DeclareMatchField(tt.name, tt.of, false)
		if clientErr, ok := errs.AsClient(err); !ok || clientErr.Path != tt.field {
			t.Errorf("DeclareMatchField(%q, %q) = %v, want a refusal that names %s", tt.name, tt.of, err, tt.field)
		}
	}
	s := shop(t)
	var err error
	for i := range 50 {
		if s, _, err = s.DeclareMatchField(strings.Repeat("x", i+1), customer.OfCustomer, false); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := s.DeclareMatchField("one more", customer.OfCustomer, false); err == nil {
		t.Error("51 match fields are not refused")
	}
}
