package altcraft

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// coreFields are the members of data that are core fields of the customer, and
// those custom fields that the contract gives a form (Altcraft 3.1): they have no set
// here. All others are custom fields as they come.
var coreFields = map[string]fieldForm{
	"email":          {readEmail, setEmail},
	"phones":         {readPhones, sets((*customer.Customer).SetPhones)},
	"_fname":         {readText, sets(func(c *customer.Customer, s string) { c.FirstName = s })},
	"_lname":         {readText, sets(func(c *customer.Customer, s string) { c.LastName = s })},
	"Title":          {readText, sets(func(c *customer.Customer, s string) { c.Title = s })},
	"_country":       {readText, sets(func(c *customer.Customer, s string) { c.Country = s })},
	"_region":        {readText, sets(func(c *customer.Customer, s string) { c.Region = s })},
	"_city":          {readText, sets(func(c *customer.Customer, s string) { c.City = s })},
	"address":        {readText, sets(func(c *customer.Customer, s string) { c.Street = s })},
	"_sex":           {readSex, sets(func(c *customer.Customer, sex customer.Sex) { c.Sex = sex })},
	"_bdate":         {readBirth, sets(setBirth)},
	"loyalty_status": {readLoyaltyStatus, sets(func(c *customer.Customer, disabled bool) { c.Disabled = disabled })},
	"tags":           {readTags, sets(func(c *customer.Customer, tags []string) { c.Tags = tags })},

	"_regdate":     {read: readDateField},
	"_regip":       {read: readIPField},
	"_ip":          {read: readIPField},
	"_status":      {read: readStatusField},
	"_postal_code": {read: readPostalCode},
	"_regurl":      {read: readText},
	"_regcity":     {read: readText},
	"_regcountry":  {read: readText},
	"_tz":          {read: readText},
	"_vendor":      {read: readText},
	"_browser":     {read: readText},
	"_os":          {read: readText},
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

// An email is an address that was written, or one that is rejected but that somebody
// may have.
type email struct {
	address  contact.Email
	text     string
	rejected error
}

func readEmail(field string, v any, _ access.Settings) (any, error) {
	text, ok := v.(string)
	if !ok {
		return nil, wrongType(field, v, "a text")
	}
	address, rejected := customer.ParseEmail(field, text)
	if rejected != nil && !contact.MayBeStored(text) {
		return nil, rejected
	}
	return &email{address, text, rejected}, nil
}

func setEmail(c *customer.Customer, v any, _ time.Time) error {
	e := v.(*email)
	switch {
	case e.rejected == nil:
		c.SetEmail(c.Spelling(e.address))
	case c.HasEmail(e.text):
		c.SetEmail(e.text)
	default:
		return e.rejected
	}
	return nil
}

// readPhones reads an array of phones, or one phone.
func readPhones(field string, v any, settings access.Settings) (any, error) {
	numbers, err := readTexts(field, v, customer.MaxKeys)
	if err != nil {
		return nil, err
	}
	for i, text := range numbers {
		if numbers[i], err = customer.ParsePhone(field, text, settings.Country); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// readText reads a text, which stays the value it is.
func readText(field string, v any, _ access.Settings) (any, error) {
	if _, ok := v.(string); !ok {
		return nil, wrongType(field, v, "a text")
	}
	return v, nil
}

// sexes are the accepted forms of Altcraft 3.3, in lower case, and how the Haravan
// documents spell unknown (Altcraft 2.4 there).
var sexes = map[string]any{
	"0": customer.SexUnknown, "1": customer.Male, "2": customer.Female,
	"unknown": customer.SexUnknown, "unknow": customer.SexUnknown, "male": customer.Male, "female": customer.Female,
}

func readSex(field string, v any, _ access.Settings) (any, error) {
	text, _ := value.Text(v)
	sex, ok := sexes[strings.ToLower(text)]
	if !ok {
		return nil, errs.New(errs.Invalid, "bad_sex", field)
	}
	return sex, nil
}

// A birth is a birth date as it was written and as it is kept.
type birth struct {
	text string
	date customer.BirthDate
}

// readBirth reads a date; a number is milliseconds since 1970.
func readBirth(field string, v any, _ access.Settings) (any, error) {
	text, err := dateText(field, v)
	if err != nil {
		return nil, err
	}
	date, err := customer.ParseBirthDate(field, text)
	if err != nil {
		return nil, err
	}
	return &birth{text, date}, nil
}

// setBirth leaves a date that is sent back as it is shown, in UTC: it must not move the
// day that was once written.
func setBirth(c *customer.Customer, b *birth) {
	if c.BirthDate == "" || c.BirthDate != b.date && b.text != formDate(c.BirthDate.Time()) {
		c.BirthDate = b.date
	}
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

func readLoyaltyStatus(field string, v any, _ access.Settings) (any, error) {
	if v != "enabled" && v != "disabled" {
		return nil, errs.New(errs.Invalid, "bad_loyalty_status", field)
	}
	return v == "disabled", nil
}

// readTags reads an array of texts; of a repeated tag the first counts.
func readTags(field string, v any, _ access.Settings) (any, error) {
	if _, isText := v.(string); isText {
		return nil, wrongType(field, v, "an array of texts")
	}
	words, err := readTexts(field, v, maxTexts)
	if err != nil {
		return nil, err
	}
	return distinct(words), nil
}

// distinct are the texts that are not empty, each once. It takes over the list.
func distinct(texts []string) []string {
	var seen map[string]bool
	if len(texts) > 16 { // else the list itself is looked through as fast
		seen = make(map[string]bool, len(texts))
	}
	few := texts[:0]
	for _, text := range texts {
		if text == "" || seen[text] || seen == nil && slices.Contains(few, text) {
			continue
		}
		few = append(few, text)
		if seen != nil {
			seen[text] = true
		}
	}
	if len(few) == 0 {
		return nil
	}
	return few
}

// setsCustom sets the custom field of that name; nil removes it.
func setsCustom(name string) setFunc {
	return func(c *customer.Customer, v any, _ time.Time) error {
		c.SetCustom(name, v)
		return nil
	}
}

func readDateField(field string, v any, _ access.Settings) (any, error) {
	return orNil(readDate(field, v))
}

// orNil is v without the typed zero of a failure.
func orNil[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
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

func readIPField(field string, v any, _ access.Settings) (any, error) { return v, checkIP(field, v) }

func checkIP(field string, v any) error {
	text, _ := v.(string)
	if address, err := netip.ParseAddr(text); err != nil || !address.Is4() {
		return errs.New(errs.Invalid, "bad_ip", field)
	}
	return nil
}

// readStatusField keeps the global status as its number.
func readStatusField(field string, v any, _ access.Settings) (any, error) {
	text, ok := value.Text(v)
	if _, isBool := v.(bool); !ok || isBool {
		return nil, wrongType(field, v, "a number from 0 to 6 or its word")
	}
	status, err := customer.ParseStatus(field, text)
	if err != nil {
		return nil, err
	}
	return statusNumber(status), nil
}

// readPostalCode keeps it as text, since it may start with zeros.
func readPostalCode(field string, v any, _ access.Settings) (any, error) {
	text, ok := value.Text(v)
	if _, isBool := v.(bool); !ok || isBool {
		return nil, wrongType(field, v, "a text or number")
	}
	return text, nil
}
