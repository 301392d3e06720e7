package altcraft

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/customer"
)

// An atlas is a source of places.
type atlas map[string]Place

func (a atlas) Place(address netip.Addr) (Place, bool) {
	p, ok := a[address.String()]
	return p, ok
}

func TestDetectGeo(t *testing.T) {
	places := atlas{
		"8.8.8.8": {Country: "US", Region: "California", City: "Mountain View", TimeZone: "America/Los_Angeles", PostalCode: "94043"},
		"9.9.9.9": {Country: "CH"},
	}
	tests := []struct {
		name, body string
		before     customer.Customer
		want       customer.Customer
	}{
		{name: "all that is known", body: `{"detect_geo": true, "data": {"_regip": "8.8.8.8"}}`, want: customer.Customer{
			Country: "US", Region: "California", City: "Mountain View",
			Custom: map[string]any{"_regip": "8.8.8.8", "_tz": "America/Los_Angeles", "_postal_code": "94043"},
		}},
		{name: "a part is known", body: `{"detect_geo": 1, "data": {"_ip": "9.9.9.9"}}`,
			want: customer.Customer{Country: "CH", Custom: map[string]any{"_ip": "9.9.9.9"}}},
		{name: "the address now goes before the one of the registration", body: `{"detect_geo": true, "data": {"_regip": "8.8.8.8", "_ip": "9.9.9.9"}}`,
			want: customer.Customer{Country: "CH", Custom: map[string]any{"_ip": "9.9.9.9", "_regip": "8.8.8.8"}}},
		{name: "what the data gives stays", body: `{"detect_geo": true, "data": {"_regip": "8.8.8.8", "_city": "Oslo", "_postal_code": 42}}`, want: customer.Customer{
			Country: "US", Region: "California", City: "Oslo",
			Custom: map[string]any{"_regip": "8.8.8.8", "_tz": "America/Los_Angeles", "_postal_code": "42"},
		}},
		{name: "what the profile has stays", body: `{"detect_geo": true, "data": {"_ip": "8.8.8.8"}}`,
			before: customer.Customer{Country: "DE", Region: "Hesse", City: "Kassel", Custom: map[string]any{"_tz": "Europe/Berlin", "_postal_code": "34117"}},
			want: customer.Customer{Country: "DE", Region: "Hesse", City: "Kassel",
				Custom: map[string]any{"_ip": "8.8.8.8", "_tz": "Europe/Berlin", "_postal_code": "34117"}}},
		{name: "nothing is known", body: `{"detect_geo": true, "data": {"_ip": "7.7.7.7"}}`, want: customer.Customer{Custom: map[string]any{"_ip": "7.7.7.7"}}},
		{name: "no address", body: `{"detect_geo": true, "data": {"_fname": "Ada"}}`, want: customer.Customer{FirstName: "Ada"}},
		{name: "not asked for", body: `{"detect_geo": false, "data": {"_ip": "8.8.8.8"}}`, want: customer.Customer{Custom: map[string]any{"_ip": "8.8.8.8"}}},
		{name: "not said", body: `{"data": {"_ip": "8.8.8.8"}}`, want: customer.Customer{Custom: map[string]any{"_ip": "8.8.8.8"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := aCall(t, tt.body)
			c.places = places
			setters, err := c.readData()
			if err != nil {
				t.Fatal(err)
			}
			got := tt.before.Clone()
			if err := edit(setters, match{})(&got, noon); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}

	t.Run("no source", func(t *testing.T) {
		setters, err := aCall(t, `{"detect_geo": true, "data": {"_ip": "8.8.8.8"}}`).readData()
		if err != nil {
			t.Fatal(err)
		}
		var got customer.Customer
		if err := edit(setters, match{})(&got, noon); err != nil || got.Country != "" {
			t.Errorf("country = %q, error %v, want none", got.Country, err)
		}
	})
	for _, body := range []string{`{"detect_geo": "maybe", "data": {}}`, `{"detect_geo": [], "data": {}}`} {
		_, err := aCall(t, body).readData()
		checkClientErr(t, err, "wrong_type", "detect_geo")
	}
}
