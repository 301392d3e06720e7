package altcraft

import (
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A fieldReader reads one member of data.
type fieldReader func(field string, v any, settings access.Settings) (setter, error)

// coreFields are the members of data that are core fields of the customer, and
// those custom fields that the contract gives a form (Altcraft 3.1). All others
// are custom fields as they come.
var coreFields = map[string]fieldReader{
	"email":          readEmail,
	"phones":         readPhones,
	"_fname":         readText(func(c *customer.Customer, s string) { c.FirstName = s }),
	"_lname":         readText(func(c *customer.Customer, s string) { c.LastName = s }),
	"Title":          readText(func(c *customer.Customer, s string) { c.Title = s }),
	"_country":       readText(func(c *customer.Customer, s string) { c.Country = s }),
	"_region":        readText(func(c *customer.Customer, s string) { c.Region = s }),
	"_city":          readText(func(c *customer.Customer, s string) { c.City = s }),
	"address":        readText(func(c *customer.Customer, s string) { c.Street = s }),
	"_sex":           readSex,
	"_bdate":         readBirth,
	"loyalty_status": readLoyaltyStatus,
	"tags":           readTags,

	"_regdate":     readDateField,
	"_regip":       readIPField,
	"_ip":          readIPField,
	"_status":      readStatusField,
	"_postal_code": readPostalCode,
	"_regurl":      readTextField,
	"_regcity":     readTextField,
	"_regcountry":  readTextField,
	"_tz":          readTextField,
	"_vendor":      readTextField,
	"_browser":     readTextField,
	"_os":          readTextField,
}

// clears are how core fields are unset. The e-mail cannot be.
var clears = map[string]func(c *customer.Customer){
	"phones":         func(c *customer.Customer) { c.Phones = nil },
	"_fname":         func(c *customer.Customer) { c.FirstName = "" },
	"_lname":         func(c *customer.Customer) { c.LastName = "" },
	"Title":          func(c *customer.Customer) { c.Title = "" },
	"_country":       func(c *customer.Customer) { c.Country = "" },
	"_region":        func(c *customer.Customer) { c.Region = "" },
	"_city":          func(c *customer.Customer) { c.City = "" },
	"address":        func(c *customer.Customer) { c.Street = "" },
	"_sex":           func(c *customer.Customer) { c.Sex = customer.SexUnknown },
	"_bdate":         func(c *customer.Customer) { c.BirthDate = "" },
	"loyalty_status": func(c *customer.Customer) { c.Disabled = false },
	"tags":           func(c *customer.Customer) { c.Tags = nil },
}

func readEmail(field string, v any, _ access.Settings) (setter, error) {
	text, ok := v.(string)
	if !ok {
		return nil, wrongType(field, v, "a text")
	}
	address, rejected := customer.ParseEmail(field, text)
	if rejected != nil && !contact.MayBeStored(text) {
		return nil, rejected
	}
	return func(c *customer.Customer, _ time.Time) error {
		switch {
		case rejected == nil:
			c.SetEmail(c.Spelling(address))
		case c.HasEmail(text):
			c.SetEmail(text)
		default:
			return rejected
		}
		return nil
	}, nil
}

// readPhones reads an array of phones, or one phone.
func readPhones(field string, v any, settings access.Settings) (setter, error) {
	numbers, err := readTexts(field, v, customer.MaxKeys)
	if err != nil {
		return nil, err
	}
	for i, text := range numbers {
		if numbers[i], err = customer.ParsePhone(field, text, settings.Country); err != nil {
			return nil, err
		}
	}
	return sets(func(c *customer.Customer) { c.SetPhones(numbers) }), nil
}

func readText(set func(c *customer.Customer, s string)) fieldReader {
	return func(field string, v any, _ access.Settings) (setter, error) {
		text, ok := v.(string)
		if !ok {
			return nil, wrongType(field, v, "a text")
		}
		return sets(func(c *customer.Customer) { set(c, text) }), nil
	}
}

// sexes are the accepted forms of Altcraft 3.3, in lower case, and how the Haravan
// documents spell unknown (Altcraft 2.4 there).
var sexes = map[string]customer.Sex{
	"0": customer.SexUnknown, "1": customer.Male, "2": customer.Female,
	"unknown": customer.SexUnknown, "unknow": customer.SexUnknown, "male": customer.Male, "female": customer.Female,
}

func readSex(field string, v any, _ access.Settings) (setter, error) {
	text, _ := value.Text(v)
	sex, ok := sexes[strings.ToLower(text)]
	if !ok {
		return nil, errs.New(errs.Invalid, "bad_sex", field)
	}
	return sets(func(c *customer.Customer) { c.Sex = sex }), nil
}

// readBirth reads a date; a number is milliseconds since 1970. One that is sent
// back as it is shown, in UTC, must not move the day that was once written.
func readBirth(field string, v any, _ access.Settings) (setter, error) {
	text, err := dateText(field, v)
	if err != nil {
		return nil, err
	}
	birth, err := customer.ParseBirthDate(field, text)
	return sets(func(c *customer.Customer) {
		if c.BirthDate == "" || text != formDate(c.BirthDate.Time()) {
			c.BirthDate = birth
		}
	}), err
}

// dateText turns milliseconds since 1970 into text, and leaves texts alone.
func dateText(field string, v any) (string, error) {
	switch v := v.(type) {
	case string:
		return v, nil
	case json.Number:
		ms, err := strconv.ParseInt(string(v), 10, 64)
		if t := time.UnixMilli(ms).UTC(); err == nil && t.Year() >= 1 && t.Year() <= 9999 {
			return t.Format(dateForm), nil
		}
	}
	return "", errs.New(errs.Invalid, "bad_date/time", field)
}

func readLoyaltyStatus(field string, v any, _ access.Settings) (setter, error) {
	if v != "enabled" && v != "disabled" {
		return nil, errs.New(errs.Invalid, "bad_loyalty_status", field)
	}
	return sets(func(c *customer.Customer) { c.Disabled = v == "disabled" }), nil
}

// readTags reads an array of texts; of a repeated tag the first counts.
func readTags(field string, v any, _ access.Settings) (setter, error) {
	if _, isText := v.(string); isText {
		return nil, wrongType(field, v, "an array of texts")
	}
	words, err := readTexts(field, v, maxTexts)
	if err != nil {
		return nil, err
	}
	var tags []string
	seen := map[string]bool{"": true}
	for _, word := range words {
		if !seen[word] {
			seen[word] = true
			tags = append(tags, word)
		}
	}
	return sets(func(c *customer.Customer) { c.Tags = tags }), nil
}

// nameOf is the custom field's name of a client error's field.
func nameOf(field string) string { return strings.TrimPrefix(field, "data.") }

func setCustom(field string, v any) setter {
	return sets(func(c *customer.Customer) { c.SetCustom(nameOf(field), v) })
}

func readTextField(field string, v any, _ access.Settings) (setter, error) {
	if _, ok := v.(string); !ok {
		return nil, wrongType(field, v, "a text")
	}
	return setCustom(field, v), nil
}

func readDateField(field string, v any, _ access.Settings) (setter, error) {
	t, err := readDate(field, v)
	return setCustom(field, t), err
}

// readDate reads a date into the form in which dates are emitted.
func readDate(field string, v any) (string, error) {
	text, err := dateText(field, v)
	if err != nil {
		return "", err
	}
	t, _, err := value.ParseTime(field, text)
	return formDate(t), err
}

func readIPField(field string, v any, _ access.Settings) (setter, error) {
	return setCustom(field, v), checkIP(field, v)
}

func checkIP(field string, v any) error {
	text, _ := v.(string)
	if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
		return errs.New(errs.Invalid, "bad_ip", field)
	}
	return nil
}

// readStatusField keeps the global status as its number.
func readStatusField(field string, v any, _ access.Settings) (setter, error) {
	text, ok := value.Text(v)
	if _, isBool := v.(bool); !ok || isBool {
		return nil, wrongType(field, v, "a number from 0 to 6 or its word")
	}
	status, err := customer.ParseStatus(field, text)
	if err != nil {
		return nil, err
	}
	return setCustom(field, statusNumber(status)), nil
}

// readPostalCode keeps it as text, since it may start with zeros.
func readPostalCode(field string, v any, _ access.Settings) (setter, error) {
	text, ok := value.Text(v)
	if _, isBool := v.(bool); !ok || isBool {
		return nil, wrongType(field, v, "a text or number")
	}
	return setCustom(field, text), nil
}
