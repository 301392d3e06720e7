package customer

import (
	"slices"
	"testing"
)

func TestAffected(t *testing.T) {
	keys := IdentKeys{
		{Number: 1, Attributes: []string{AttributeEmail, AttributeFirstName}, Unique: true},
		{Number: 2, Attributes: []string{"card"}, Unique: true},
		{Number: 3, Attributes: []string{"card"}},
		{Number: 4, Attributes: []string{"card"}, Unique: true, Extension: 9},
		{Number: 5, Attributes: []string{AttributeBirthDate}, Unique: true},
	}
	tests := []struct {
		name string
		edit func(*Customer)
		want []Kind
	}{
		{"nothing", func(*Customer) {}, nil},
		{"another field", func(c *Customer) { c.City = "Riga"; c.SetCustom("x", "1") }, nil},
		{"what it had", func(c *Customer) { c.SetCustom("card", c.Custom["card"]) }, nil},
		{"an e-mail", func(c *Customer) { c.SetEmail("a@x.com") }, []Kind{"i1"}},
		{"one that is taken away", func(c *Customer) { c.FirstName = "" }, []Kind{"i1"}},
		{"a custom field", func(c *Customer) { c.SetCustom("card", "7") }, []Kind{"i2"}},
		{"one that is taken away", func(c *Customer) { c.SetCustom("card", nil) }, []Kind{"i2"}},
		{"several", func(c *Customer) { c.BirthDate = "1990-01-02"; c.FirstName = "Ann" }, []Kind{"i1", "i5"}},
	}
	for _, tt := range tests {
		if got := keys.Affected(tt.edit); !slices.Equal(got, tt.want) {
			t.Errorf("%s: Affected() = %v, want %v", tt.name, got, tt.want)
		}
	}
}
