package customer_test

import (
	"errors"
	"slices"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// formerly puts a customer into the table as a writer did before values were
// compared as package contact has it: former are the values of its keys.
func (t *table) formerly(c customer.Customer, former map[customer.Key]customer.Roles) {
	rev := customer.Rev{Commit: "former"}
	t.customers[c.ID] = customer.Record{Customer: c, Rev: rev}
	for key, roles := range former {
		record := t.keys[key]
		t.keys[key] = customer.KeyRecord{Owners: record.With(c.ID, roles), Rev: rev}
	}
}

func emailKey(text string) customer.Key { return customer.Key{Kind: customer.KindEmail, Value: text} }

var crm = customer.MatchField{Name: "CRM_ID", Number: 3, Of: customer.OfCustomer, State: customer.FieldReady}

func TestRekey(t *testing.T) {
	const nfd, nfc, id = "jose\u0301@x.com", "jos\u00e9@x.com", customer.ID(7)
	rules := customer.Rules{Tenant: tenant, MatchFields: customer.MatchFields{crm}}
	field := func(text string) customer.Key { return customer.Key{Kind: crm.Kind(), Value: text} }
	phone := func(text string) customer.Key { return customer.Key{Kind: customer.KindPhone, Value: text} }
	tests := []struct {
		name     string
		stored   customer.Customer
		former   map[customer.Key]customer.Roles
		want     map[customer.Key]customer.Roles // afterwards, all of them
		phones   []string
		findings []customer.Finding
	}{
		{
			name: "nothing to do", stored: customer.Customer{Emails: []string{"Ada@x.com"}, Phones: []string{"+84909700009"}},
			former: map[customer.Key]customer.Roles{emailKey("ada@x.com"): customer.Primary, phone("+84909700009"): customer.Secondary},
			want:   map[customer.Key]customer.Roles{emailKey("ada@x.com"): customer.Primary, phone("+84909700009"): customer.Secondary},
			phones: []string{"+84909700009"},
		}, {
			name: "composition", stored: customer.Customer{Emails: []string{nfd}},
			former: map[customer.Key]customer.Roles{emailKey(nfd): customer.Primary},
			want:   map[customer.Key]customer.Roles{emailKey(nfc): customer.Primary},
		}, {
			name: "a dotted capital I", stored: customer.Customer{Emails: []string{"\u0130nci@x.com"}},
			former: map[customer.Key]customer.Roles{emailKey("inci@x.com"): customer.Primary},
			want:   map[customer.Key]customer.Roles{emailKey("i\u0307nci@x.com"): customer.Primary},
		}, {
			name: "an address that would be rejected", stored: customer.Customer{Emails: []string{"nora\u200b@x.com"}},
			former:   map[customer.Key]customer.Roles{emailKey("nora\u200b@x.com"): customer.Primary},
			want:     map[customer.Key]customer.Roles{emailKey("nora\u200b@x.com"): customer.Primary},
			findings: []customer.Finding{{Customer: id, Field: "emails[0]", Reason: "bad_email/invisible_character"}},
		}, {
			name: "a trunk zero", stored: customer.Customer{Phones: []string{"+840909700009", "+84909700009", "+84909700008"}},
			former: map[customer.Key]customer.Roles{
				phone("+840909700009"): customer.Secondary, phone("+84909700009"): customer.Secondary, phone("+84909700008"): customer.Secondary,
			},
			want:   map[customer.Key]customer.Roles{phone("+84909700009"): customer.Secondary, phone("+84909700008"): customer.Secondary},
			phones: []string{"+84909700009", "+84909700008"},
		}, {
			name: "blanks around a value", stored: customer.Customer{Custom: map[string]any{"CRM_ID": "\u200b 70001 "}},
			former: map[customer.Key]customer.Roles{field("\u200b 70001 "): customer.InCustom},
			want:   map[customer.Key]customer.Roles{field("70001"): customer.InCustom},
		}, {
			name: "nothing but blanks", stored: customer.Customer{Custom: map[string]any{"CRM_ID": "   "}},
			former: map[customer.Key]customer.Roles{field("   "): customer.InCustom},
			want:   map[customer.Key]customer.Roles{},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			world := newTable()
			service := customer.NewService(world, world.now)
			tt.stored.ID = id
			world.formerly(tt.stored, tt.former)
			findings, err := service.FindRekey(t.Context(), rules, "84", id)
			if err != nil || !slices.Equal(findings, tt.findings) {
				t.Fatalf("FindRekey() = %+v, %v, want %+v", findings, err, tt.findings)
			}
			if _, err := service.Rekey(t.Context(), rules, "84", id); err != nil {
				t.Fatal(err)
			}
			for key, record := range world.keys {
				if roles := record.Roles[id]; roles != tt.want[key] {
					t.Errorf("key %q names it for %b, want %b", key.Value, roles, tt.want[key])
				}
			}
			for key := range tt.want {
				if world.keys[key].Roles[id] == 0 {
					t.Errorf("key %q does not name it", key.Value)
				}
			}
			if got := world.customers[id].Phones; !slices.Equal(got, tt.phones) {
				t.Errorf("phones = %v, want %v", got, tt.phones)
			}
			if changed, err := service.Rekey(t.Context(), rules, "84", id); err != nil || changed {
				t.Errorf("Rekey() once more changed something: %t, %v", changed, err)
			}
		})
	}
}

// Two customers that now have one value stay two, and are named.
func TestRekeyFindsSameValues(t *testing.T) {
	const nfd, nfc = "jose\u0301@x.com", "jos\u00e9@x.com"
	world := newTable()
	service := customer.NewService(world, world.now)
	world.formerly(customer.Customer{ID: 7, Emails: []string{nfd}, Phones: []string{"+840909700009"}},
		map[customer.Key]customer.Roles{emailKey(nfd): customer.Primary, {Kind: customer.KindPhone, Value: "+840909700009"}: customer.Secondary})
	world.formerly(customer.Customer{ID: 8, Emails: []string{nfc}, Phones: []string{"+84909700009"}},
		map[customer.Key]customer.Roles{emailKey(nfc): customer.Primary, {Kind: customer.KindPhone, Value: "+84909700009"}: customer.Secondary})
	want := []customer.Finding{
		{Customer: 7, Field: "email", Reason: "same_value", Other: 8}, {Customer: 7, Field: "phone", Reason: "same_value", Other: 8},
	}
	if findings, err := service.FindRekey(t.Context(), customer.Rules{Tenant: tenant}, "84", 7); err != nil || !slices.Equal(findings, want) {
		t.Errorf("FindRekey() = %+v, %v, want %+v", findings, err, want)
	}
	if _, err := service.Rekey(t.Context(), customer.Rules{Tenant: tenant}, "84", 7); err != nil {
		t.Fatal(err)
	}
	found, err := service.Find(t.Context(), customer.Rules{Tenant: tenant}, email(nfd))
	if err != nil || found.ID != 8 {
		t.Errorf("Find() = %v, %v, want the one that has the address in its canonical form", found.ID, err)
	}
	if len(world.customers[7].Emails) != 1 {
		t.Error("the other one lost its address")
	}
}

// Until the customers are rekeyed nobody is found by what is another address now,
// and no search fails.
func TestFormerKeyIsNoMatch(t *testing.T) {
	world := newTable()
	service := customer.NewService(world, world.now)
	world.formerly(customer.Customer{ID: 7, Emails: []string{"\u0130nci@x.com"}}, map[customer.Key]customer.Roles{emailKey("inci@x.com"): customer.Primary})
	if _, err := service.Find(t.Context(), customer.Rules{Tenant: tenant}, email("inci@x.com")); !errors.Is(err, customer.ErrNotFound) {
		t.Errorf("Find() error = %v, want %v", err, customer.ErrNotFound)
	}
	_, err := service.Apply(t.Context(), imports(email("inci@x.com"), setEmail("inci@x.com")))
	if !errors.Is(err, customer.ErrTaken) {
		t.Errorf("Apply() error = %v, want %v until the key is released", err, customer.ErrTaken)
	}
	if _, err := service.Rekey(t.Context(), customer.Rules{Tenant: tenant}, "", 7); err != nil {
		t.Fatal(err)
	}
	if result, err := service.Apply(t.Context(), imports(email("inci@x.com"), setEmail("inci@x.com"))); err != nil || !result.Created {
		t.Errorf("Apply() = %+v, %v, want a customer of its own", result, err)
	}
}

// A customer is found by an address that would be rejected today, and nobody is
// made for one.
func TestRejectedSearch(t *testing.T) {
	const stored = "nora\u200b@x.com"
	rejected := errs.New(errs.Invalid, "bad_email/invisible_character", "email", "U+200B")
	world := newTable()
	service := customer.NewService(world, world.now)
	search := email(stored)
	search.Rejected = rejected
	if _, err := service.Apply(t.Context(), imports(search, setEmail(stored))); !errors.Is(err, rejected) || len(world.customers) != 0 {
		t.Errorf("Apply() error = %v, want %v and nobody made", err, rejected)
	}
	world.formerly(customer.Customer{ID: 7, Emails: []string{stored}}, map[customer.Key]customer.Roles{emailKey(stored): customer.Primary})
	if found, err := service.Find(t.Context(), customer.Rules{Tenant: tenant}, search); err != nil || found.ID != 7 {
		t.Errorf("Find() = %v, %v", found.ID, err)
	}
}
