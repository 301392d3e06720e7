package customer_test

import (
	"testing"

	"regulars/shared/customer"
)

// An id has one spelling in each form (hex takes capitals, too), and all name one customer.
func FuzzID(f *testing.F) {
	for _, seed := range []string{"890829138770920", "0000008RRT98P3VS", "0000000000032a34525f3be8", "0000000000032A34525F3BE8", "007", "-1", "+1", "9007199254740992"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for form, read := range map[string]func(string) (customer.ID, error){"decimal": customer.ParseDecimal, "base 36": customer.ParseBase36, "hex": customer.ParseHex} {
			id, err := read(text)
			if err != nil {
				continue
			}
			decimal, err1 := customer.ParseDecimal(id.Decimal())
			base36, err2 := customer.ParseBase36(id.Base36())
			hex, err3 := customer.ParseHex(id.Hex())
			if id == 0 || id >= 1<<53 || decimal != id || base36 != id || hex != id || err1 != nil || err2 != nil || err3 != nil {
				t.Errorf("%q as %s is %d; spelled and read again %d, %d, %d", text, form, id, decimal, base36, hex)
			}
		}
	})
}
