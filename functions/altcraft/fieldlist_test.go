package altcraft

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// Every field that the contract gives a form is listed, and no other is.
func TestProfileFieldsAreTheContracts(t *testing.T) {
	var listed []string
	for _, f := range profileFields {
		if slices.Contains(listed, f.Name) {
			t.Errorf("%s is listed twice", f.Name)
		}
		if _, known := coreFields[f.Name]; !known {
			t.Errorf("%s is listed and cannot be written", f.Name)
		}
		listed = append(listed, f.Name)
	}
	for name := range coreFields {
		if !slices.Contains(listed, name) {
			t.Errorf("%s can be written and is not listed", name)
		}
	}
}

func TestCustomFields(t *testing.T) {
	settings := access.Settings{Preferences: access.Defaults(), MatchFields: customer.MatchFields{
		{Name: "CRM_ID", Of: customer.OfCustomer, State: customer.FieldReady}, {Name: "interests", Of: customer.OfCustomer, Tags: true, State: customer.FieldBuilding},
		{Name: "card", Of: customer.OfCustomer, State: customer.FieldReady}, {Name: "gone", Of: customer.OfCustomer, State: customer.FieldRemoving},
		{Name: "_vendor", Of: customer.OfCustomer, State: customer.FieldReady}, {Name: "device", Of: customer.OfSubscription, State: customer.FieldReady},
	}}
	settings.DeclaredFields = map[string]access.FieldType{
		"card": {Type: "int"}, "size": {Type: "enum", Options: []string{"S", "M"}}, "note": {Type: "string"}, "email": {Type: "string"},
	}
	want := []shownField{
		customField("CRM_ID", "unicode"), customField("card", "int"), customField("interests", "tags"), customField("note", "unicode"), customField("size", "enum", "S", "M"),
	}
	if diff := cmp.Diff(want, customFields(settings)); diff != "" {
		t.Errorf("customFields() (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]shownField{customField("device", "unicode")}, customSubscriptionFields(settings)); diff != "" {
		t.Errorf("customSubscriptionFields() (-want +got):\n%s", diff)
	}
}

// Segments that were removed are not shown.
func TestShownSegments(t *testing.T) {
	c := aCall(t, `{}`)
	c.Settings.Segments = map[int64]access.Segment{2: {Name: "VIP"}, 9: {Name: "Guests"}}
	if diff := cmp.Diff([]int64{2, 9}, c.show(customer.Customer{ID: 1, Segments: []int64{1, 2, 9}})["_segments"]); diff != "" {
		t.Errorf("_segments (-want +got):\n%s", diff)
	}
	if got, shown := c.show(customer.Customer{ID: 1, Segments: []int64{1}})["_segments"]; shown {
		t.Errorf("_segments = %v, want none", got)
	}
}
