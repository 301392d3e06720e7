package altcraft

import (
	"net/netip"
	"time"

	"regulars/shared/customer"
)

// Places knows where addresses are. No source is shipped, so nobody passes one to
// [New] yet; docs/decisions/detect-geo.md says why, and what it would take.
type Places interface {
	// Place returns where an IPv4 address is, and false where nothing is known.
	Place(address netip.Addr) (Place, bool)
}

// A Place is what is known of an address; what is empty is not known.
type Place struct {
	Country, Region, City string
	TimeZone              string // of the IANA: Europe/Moscow
	PostalCode            string
}

// placeOf is what detect_geo makes of data: the place of the address in it, which is
// `_ip`, else `_regip`. Without a source of places it has no effect.
func (c *call) placeOf(data map[string]any) []setter {
	if c.places == nil {
		return nil
	}
	for _, name := range []string{"_ip", "_regip"} {
		text, _ := data[name].(string)
		address, err := netip.ParseAddr(text)
		if err != nil || !address.Is4() {
			continue // a wrong one is rejected where data is read
		}
		place, _ := c.places.Place(address)
		return []setter{place.fill}
	}
	return nil
}

// fill gives the customer of the place what nobody has said otherwise.
func (p Place) fill(c *customer.Customer, _ time.Time) error {
	for _, field := range []struct {
		of    *string
		place string
	}{{&c.Country, p.Country}, {&c.Region, p.Region}, {&c.City, p.City}} {
		if *field.of == "" {
			*field.of = field.place
		}
	}
	for name, text := range map[string]string{"_tz": p.TimeZone, "_postal_code": p.PostalCode} {
		if c.Custom[name] == nil && text != "" {
			c.SetCustom(name, text)
		}
	}
	return nil
}
