package haravan

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"regulars/shared/access"
	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/points"
	"regulars/shared/value"
)

// A profile as answers show it (Haravan 2.4).
type profile struct {
	ID           uint64  `json:"id"`
	FirstName    string  `json:"first_name"`
	LastName     string  `json:"last_name"`
	Phone        string  `json:"phone"`
	Email        string  `json:"email"`
	Gender       string  `json:"gender"`
	Birthday     *string `json:"birthday"`
	CardNumber   *string `json:"profile_card_number,omitempty"` // of the list set
	Address      string  `json:"address"`
	CountryCode  string  `json:"country_code"`
	CountryName  string  `json:"country_name"`
	ProvinceCode string  `json:"province_code"`
	ProvinceName string  `json:"province_name"`
	DistrictCode string  `json:"district_code"`
	DistrictName string  `json:"district_name"`
	WardCode     string  `json:"ward_code"`
	WardName     string  `json:"ward_name"`

	Used      int64  `json:"point_used"`
	Available int64  `json:"point_available"`
	Incoming  int64  `json:"point_incoming"`
	Held      int64  `json:"point_held,omitempty"`     // our own, where points are held
	Expiring  int64  `json:"point_expiring,omitempty"` // our own, in a list of whose points expire
	Ranking   int64  `json:"point_ranking"`
	LevelID   int64  `json:"level_id"`
	LevelName string `json:"level_name"`
	Spent     int64  `json:"total_spent"`
	Orders    int64  `json:"total_order"`

	Status     string       `json:"status"`
	Attributes *[]attribute `json:"attributes,omitempty"` // of the resource set
	LastOrder  *string      `json:"last_order_at"`
	Created    string       `json:"created_at"`
	Updated    string       `json:"updated_at"`
}

// An attribute is a custom field. Its id is the same wherever its key is.
type attribute struct {
	ID    uint32 `json:"id"`
	Key   string `json:"key"`
	Value string `json:"value"`
}

// The custom fields that are shown in places of their own.
const (
	fieldCard     = "profile_card_number"
	fieldProvince = "province_code"
	fieldDistrict = "district_code"
	fieldWardCode = "ward_code"
	fieldWardName = "ward_name"
)

var placed = []string{fieldCard, fieldProvince, fieldDistrict, fieldWardCode, fieldWardName}

// previousLevel is the key under which the level before the last change is shown.
const previousLevel = "customer_level_prev_id"

// newProfile is what both sets of fields have.
func newProfile(p points.Profile, rules access.Preferences) profile {
	c, a := p.Customer.Customer, p.Account.Account
	own := func(name string) string { s, _ := c.Custom[name].(string); return s }
	shown := profile{
		ID: uint64(c.ID), FirstName: c.FirstName, LastName: c.LastName, Phone: phone(c, rules), Email: first(c.Emails),
		Gender: c.Sex.Word(), Birthday: optional(c.BirthDate.Date()), Address: c.Street,
		ProvinceCode: own(fieldProvince), ProvinceName: c.Region, DistrictCode: own(fieldDistrict), DistrictName: c.City,
		WardCode: own(fieldWardCode), WardName: own(fieldWardName),
		Used: a.Used, Available: a.Available, Incoming: a.Incoming, Held: a.Held, Ranking: a.Ranking, Spent: a.Spent, Orders: a.Orders,
		Status: "enabled", Created: stamp(c.ID.Created()), Updated: stamp(p.Changed()),
	}
	shown.LevelID, shown.LevelName = points.Level(rules, a.Ranking)
	if twoLetters(c.Country) {
		shown.CountryCode = c.Country
	} else {
		shown.CountryName = c.Country
	}
	if c.Disabled {
		shown.Status = "disabled"
	}
	if !a.LastOrder.IsZero() {
		shown.LastOrder = optional(stamp(a.LastOrder))
	}
	return shown
}

// asListed is the list set: P1 and P2.
func (s profile) asListed(p points.Profile) profile {
	card, _ := p.Customer.Custom[fieldCard].(string)
	s.CardNumber = &card
	return s
}

// asResource is the resource set: what a change answers.
func (s profile) asResource(p points.Profile) profile {
	all := attributes(p)
	s.Attributes = &all
	return s
}

// attributes are the custom fields that hold a text, number or boolean, by key.
func attributes(p points.Profile) []attribute {
	all := []attribute{}
	fields := maps.Clone(p.Customer.Custom)
	if level := p.Account.PreviousLevel; level != 0 {
		if fields == nil {
			fields = map[string]any{}
		}
		fields[previousLevel] = strconv.FormatInt(level, 10)
	}
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		if text, ok := value.Text(fields[key]); ok && !slices.Contains(placed, key) {
			all = append(all, attribute{attributeID(key), key, text})
		}
	}
	return all
}

// attributeID is a number of 31 bits that stands for the key.
func attributeID(key string) uint32 {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint32(sum[:]) >> 1
}

// countryOf is the calling code that a leading 0 stands for; the platform is
// Vietnamese.
func countryOf(rules access.Preferences) string {
	if rules.Country == "" {
		return "84"
	}
	return rules.Country
}

// phone is the first one, at home as it is dialled there: with the trunk zero.
func phone(c customer.Customer, rules access.Preferences) string {
	return contact.National(first(c.Phones), countryOf(rules))
}

func first(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return texts[0]
}

func twoLetters(s string) bool {
	letter := func(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
	return len(s) == 2 && letter(s[0]) && letter(s[1])
}

// optional is null where there is nothing.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// stamp writes a time with exactly six digits of a second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

// only is a profile with no other members than those named; with all where none of
// them is one.
func only(profile any, fields []string) (any, error) {
	if len(fields) == 0 {
		return profile, nil
	}
	text, err := httpapi.Encode(profile)
	if err != nil {
		return nil, err
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	chosen := map[string]json.RawMessage{}
	for _, name := range fields {
		if v, ok := members[name]; ok {
			chosen[name] = v
		}
	}
	if len(chosen) == 0 {
		return profile, nil
	}
	return chosen, nil
}

// ShowProfile is the answer to a change of a profile's points, as it is kept with an
// order.
func ShowProfile(p points.Profile, rules access.Preferences) ([]byte, error) {
	return httpapi.Encode(newProfile(p, rules).asResource(p))
}
