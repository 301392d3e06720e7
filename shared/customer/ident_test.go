package customer

import (
	"slices"
	"testing"

	"regulars/shared/customer/extension"
)

func TestChoose(t *testing.T) {
	keys := IdentKeys{
		{Name: "building", Number: 1, Attributes: []string{"a"}, State: FieldBuilding},
		{Name: "abc", Number: 2, Attributes: []string{"a", "b", "c"}, State: FieldReady},
		{Name: "ac", Number: 3, Attributes: []string{"a", "c"}, State: FieldReady},
		{Name: "b", Number: 4, Attributes: []string{"b"}, State: FieldReady},
		{Name: "failed", Number: 5, Attributes: []string{"d"}, State: FieldFailed},
		{Name: "ext", Number: 6, Extension: 9, Attributes: []string{"a", "d"}, State: FieldReady},
	}
	tests := []struct {
		name     string
		supplied []string // an attribute of the extension with a dot before it
		want     string
	}{
		{"nothing", nil, ""},
		{"the first whose attributes are all there wins", []string{"a", "b", "c"}, "abc"},
		{"also where another scores more", []string{"a", "b"}, "b"},
		{"the highest score from the left, without a gap", []string{"a"}, "abc"},
		{"a gap ends the score", []string{"a", "c"}, "ac"},
		{"only later attributes", []string{"c"}, ""},
		{"a key that is being built or failed is not chosen", []string{"d"}, ""},
		{"an extension's attribute is not a core attribute", []string{".a"}, "ext"},
		{"a tie goes to the lowest number", []string{"a", ".a"}, "abc"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := keys.Choose(func(k IdentKey, name string) bool {
				if k.Extension != 0 {
					name = "." + name
				}
				return slices.Contains(tt.supplied, name)
			})
			if got.Name != tt.want || ok != (tt.want != "") {
				t.Errorf("Choose() = %q, %t, want %q", got.Name, ok, tt.want)
			}
		})
	}
}

func TestIdentValues(t *testing.T) {
	c := Customer{
		FirstName: "Ann", Emails: []string{"A@x.com", "b@x.com"}, BirthDate: "1990-01-02",
		Custom:     map[string]any{"card": []any{"1", "2", "1"}, "pet": map[string]any{"a": "b"}, "none": []any{}},
		Extensions: map[int]Extension{9: {Records: []extension.Record{{"n": "1", "p": "x"}, {"n": "1", "p": "x", "q": true}, {"n": "2"}, {"p": "y"}}}},
	}
	tests := []struct {
		name string
		key  IdentKey
		want [][]string
	}{
		{"e-mails ignore case", IdentKey{Attributes: []string{AttributeEmail}, Unique: true}, [][]string{{"a@x.com"}, {"b@x.com"}}},
		{"the match keys answer", IdentKey{Attributes: []string{AttributeEmail}}, nil},
		{"each with each", IdentKey{Attributes: []string{"card", AttributeFirstName}}, [][]string{{"1", "Ann"}, {"2", "Ann"}}},
		{"a further one is missing", IdentKey{Attributes: []string{AttributeFirstName, AttributeTitle, AttributeBirthDate}}, [][]string{{"Ann", "", "1990-01-02"}}},
		{"the first is missing", IdentKey{Attributes: []string{AttributeTitle, AttributeFirstName}}, nil},
		{"an object has no values", IdentKey{Attributes: []string{"pet"}}, nil},
		{"an empty array has none", IdentKey{Attributes: []string{"none"}}, nil},
		{"records, each value once", IdentKey{Extension: 9, Attributes: []string{"n", "p"}}, [][]string{{"1", "x"}, {"2", ""}}},
		{"another extension", IdentKey{Extension: 8, Attributes: []string{"n"}}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got [][]string
			for _, v := range c.identValues(tt.key) {
				got = append(got, v.Texts())
			}
			if !slices.EqualFunc(got, tt.want, slices.Equal) {
				t.Errorf("identValues() = %v, want %v", got, tt.want)
			}
		})
	}
}

// A value comes and goes as long as the key is used; of one that is going away
// values are only released.
func TestIdentChanges(t *testing.T) {
	before, after := Customer{FirstName: "Ann"}, Customer{FirstName: "Eve"}
	for state, want := range map[FieldState]int{FieldBuilding: 2, FieldReady: 2, FieldRemoving: 1, FieldFailed: 1} {
		changes := identChanges(before, after, IdentKeys{{Number: 7, Attributes: []string{AttributeFirstName}, State: state}})
		if len(changes) != want {
			t.Errorf("%s: %+v, want %d changes", state, changes, want)
		}
		for _, c := range changes {
			if name := c.Texts; c.Put() && name[0] != "Eve" || c.Key != 7 {
				t.Errorf("%s: %+v", state, c)
			}
		}
	}
}
