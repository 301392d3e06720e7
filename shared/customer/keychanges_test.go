package customer

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	rev   = Rev{Commit: "c", Bytes: 10}
	adaID = ID(4096)
	eveID = ID(8192)
)

// named is a key that these owners hold.
func named(roles map[ID]Roles) KeyRecord { return KeyRecord{Owners{Roles: roles}, rev} }

func TestKeyChanges(t *testing.T) {
	crm := MatchField{Name: "CRM_ID", Of: OfCustomer, Number: 1, State: FieldReady}
	removing := crm
	removing.State = FieldRemoving
	ada := Record{Customer{ID: adaID, Emails: []string{"ada@x.com", "more@x.com"}, Phones: []string{"+1111111"}}, rev}
	withCRM := Record{Customer{ID: adaID, Custom: map[string]any{"CRM_ID": "7"}}, rev}
	crmKey := Key{crm.Kind(), "7"}

	type change struct {
		Key   Key
		After map[ID]Roles // nil: nobody
	}
	tests := []struct {
		name     string
		before   Record
		after    func(c *Customer)
		fields   MatchFields
		loaded   map[Key]KeyRecord
		thorough bool
		want     []change
		missing  []Key
		err      error
	}{
		{name: "nothing changes", before: ada, after: func(*Customer) {}},
		{name: "a spelling is no other key", before: ada, after: func(c *Customer) { c.SetEmail("ADA@x.com") }},
		{name: "a new key is taken for absent", before: ada, after: func(c *Customer) { c.SetPhones([]string{"+1111111", "+2222222"}) },
			want: []change{{PhoneKey("+2222222"), map[ID]Roles{adaID: Secondary}}}},
		{name: "thoroughly, it is read", before: ada, after: func(c *Customer) { c.SetPhones([]string{"+1111111", "+2222222"}) },
			thorough: true, missing: []Key{PhoneKey("+2222222")}},
		{name: "a key that was held is read", before: ada, after: func(c *Customer) { c.SetPhones(nil) }, missing: []Key{PhoneKey("+1111111")}},
		{name: "it is released for its holder alone", before: ada, after: func(c *Customer) { c.SetPhones(nil) },
			loaded: map[Key]KeyRecord{PhoneKey("+1111111"): named(map[ID]Roles{adaID: Secondary, eveID: Secondary})},
			want:   []change{{PhoneKey("+1111111"), map[ID]Roles{eveID: Secondary}}}},
		{name: "released by the last", before: ada, after: func(c *Customer) { c.SetPhones(nil) },
			loaded: map[Key]KeyRecord{PhoneKey("+1111111"): named(map[ID]Roles{adaID: Secondary})},
			want:   []change{{Key: PhoneKey("+1111111")}}},
		{name: "two e-mails change places", before: ada, after: func(c *Customer) { slices.Reverse(c.Emails) },
			loaded: map[Key]KeyRecord{
				EmailKey("ada@x.com"):  named(map[ID]Roles{adaID: Primary}),
				EmailKey("more@x.com"): named(map[ID]Roles{adaID: Secondary, eveID: InSubscription}),
			},
			want: []change{
				{EmailKey("ada@x.com"), map[ID]Roles{adaID: Secondary}},
				{EmailKey("more@x.com"), map[ID]Roles{adaID: Primary, eveID: InSubscription}},
			}},
		{name: "the first e-mail is another's first", before: ada, after: func(c *Customer) { c.SetEmail("eve@x.com") },
			loaded: map[Key]KeyRecord{
				EmailKey("ada@x.com"): named(map[ID]Roles{adaID: Primary}),
				EmailKey("eve@x.com"): named(map[ID]Roles{eveID: Primary}),
			}, err: ErrTaken},
		{name: "the first e-mail is another's first and crowded", before: ada, after: func(c *Customer) { c.SetEmail("eve@x.com") },
			loaded: map[Key]KeyRecord{
				EmailKey("ada@x.com"): named(map[ID]Roles{adaID: Primary}),
				EmailKey("eve@x.com"): {Owners{Roles: map[ID]Roles{eveID: Primary}, Overflowed: true}, rev},
			}, err: ErrTaken},
		{name: "the first e-mail is another's further one", before: ada, after: func(c *Customer) { c.SetEmail("eve@x.com") },
			loaded: map[Key]KeyRecord{
				EmailKey("ada@x.com"): named(map[ID]Roles{adaID: Primary}),
				EmailKey("eve@x.com"): named(map[ID]Roles{eveID: Secondary}),
			}, want: []change{
				{Key: EmailKey("ada@x.com")},
				{EmailKey("eve@x.com"), map[ID]Roles{adaID: Primary, eveID: Secondary}},
			}},
		{name: "a further e-mail is another's first", before: ada, after: func(c *Customer) { c.Emails = append(c.Emails, "eve@x.com") },
			loaded: map[Key]KeyRecord{EmailKey("eve@x.com"): named(map[ID]Roles{eveID: Primary})},
			want:   []change{{EmailKey("eve@x.com"), map[ID]Roles{eveID: Primary, adaID: Secondary}}}},
		{name: "a crowded key is not written", before: ada, after: func(c *Customer) { c.SetPhones([]string{"+2222222"}) },
			loaded: map[Key]KeyRecord{
				PhoneKey("+1111111"): {Owners{Overflowed: true}, rev},
				PhoneKey("+2222222"): {Owners{Overflowed: true}, rev},
			}},
		{name: "a field of another holder is no key", before: ada, after: func(c *Customer) { c.SetCustom("CRM_ID", "7") },
			fields: MatchFields{{Name: "CRM_ID", Of: OfSubscription, Number: 1, State: FieldReady}}},
		{name: "a match field", before: ada, after: func(c *Customer) { c.SetCustom("CRM_ID", "7") }, fields: MatchFields{crm},
			want: []change{{crmKey, map[ID]Roles{adaID: InCustom}}}},
		{name: "a match field that is being removed gets no key", before: ada, after: func(c *Customer) { c.SetCustom("CRM_ID", "7") }, fields: MatchFields{removing}},
		{name: "a match field that is being removed is released", before: withCRM, after: func(c *Customer) { c.SetCustom("CRM_ID", "8") }, fields: MatchFields{removing},
			loaded: map[Key]KeyRecord{crmKey: named(map[ID]Roles{adaID: InCustom})},
			want:   []change{{Key: crmKey}}},
		{name: "a value that the backfill has not reached yet", before: withCRM, after: func(c *Customer) { c.SetCustom("CRM_ID", "8") }, fields: MatchFields{crm},
			loaded: map[Key]KeyRecord{crmKey: {}},
			want:   []change{{Key{crm.Kind(), "8"}, map[ID]Roles{adaID: InCustom}}}},
		{name: "deleted", before: ada, after: func(c *Customer) { *c = Customer{ID: c.ID, Deleted: true} },
			missing: []Key{EmailKey("ada@x.com"), EmailKey("more@x.com"), PhoneKey("+1111111")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			after := tt.before.Clone()
			tt.after(&after)
			changes, _, missing, err := keyChanges(tt.before, after, Rules{MatchFields: tt.fields}, tt.loaded, tt.thorough)
			if !errors.Is(err, tt.err) {
				t.Fatalf("keyChanges error = %v, want %v", err, tt.err)
			}
			if diff := cmp.Diff(tt.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
			var got []change
			for _, c := range changes {
				if len(missing) > 0 {
					break // the answer does not count before all is read
				}
				if diff := cmp.Diff(tt.loaded[c.Key], c.Before); diff != "" {
					t.Errorf("before of %v (-want +got):\n%s", c.Key, diff)
				}
				if len(c.After.Roles) == 0 {
					c.After.Roles = nil
				}
				got = append(got, change{c.Key, maps.Clone(c.After.Roles)})
			}
			if diff := cmp.Diff(tt.want, got); diff != "" && len(missing) == 0 {
				t.Errorf("changes (-want +got):\n%s", diff)
			}
		})
	}
}

// The limit of key values stands in nobody's way but of those who would pass it.
func TestKeyChangesMaxKeys(t *testing.T) {
	phones := func(n int) Record {
		r := Record{Customer: Customer{ID: adaID}, Rev: rev}
		for i := range n {
			r.Phones = append(r.Phones, fmt.Sprintf("+1%07d", i))
		}
		return r
	}
	tests := []struct {
		name          string
		before, after int
		rejected      bool
	}{
		{name: "up to the limit", before: 0, after: MaxKeys},
		{name: "one more", before: 0, after: MaxKeys + 1, rejected: true},
		{name: "one more of those who have the limit", before: MaxKeys, after: MaxKeys + 1, rejected: true},
		{name: "fewer, though above", before: MaxKeys + 10, after: MaxKeys + 9},
		{name: "as many, though above", before: MaxKeys + 10, after: MaxKeys + 10},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, _, err := keyChanges(phones(tt.before), phones(tt.after).Customer, Rules{}, nil, false)
			if (err != nil) != tt.rejected {
				t.Errorf("keyChanges error = %v, want refused %t", err, tt.rejected)
			}
		})
	}
}
