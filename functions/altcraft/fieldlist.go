package altcraft

import (
	"maps"
	"net/http"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
)

// A shownField is how fields_get shows a field (Altcraft 6.12). No field is
// required.
type shownField struct {
	Category   string   `json:"category"` // system or custom
	Title      string   `json:"title"`
	Name       string   `json:"name"`
	Required   bool     `json:"required"`
	Type       string   `json:"type"`
	Dictionary string   `json:"dictionary,omitempty"`
	Options    []string `json:"options,omitempty"` // of an enum
}

func fieldsAnswer(fields []shownField) (httpapi.Answer, error) {
	if fields == nil {
		fields = []shownField{}
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data []shownField `json:"data"`
		outcome
	}{fields, outcome{0, success}})
}

func systemField(name, title, kind string, options ...string) shownField {
	return shownField{Category: "system", Title: title, Name: name, Type: kind, Options: options}
}

func customField(name, kind string, options ...string) shownField {
	return shownField{Category: "custom", Title: name, Name: name, Type: kind, Options: options}
}

// unicodeText is the wire's word for the type that declarations call string.
const unicodeText = "unicode"

// profileFields are the fields of Altcraft 3.1 that can be written.
var profileFields = []shownField{
	systemField("email", "E-mail", unicodeText),
	systemField("phones", "Phones", "tags"),
	systemField("_fname", "First name", unicodeText),
	systemField("_lname", "Last name", unicodeText),
	systemField("Title", "Title", unicodeText),
	systemField("_sex", "Sex", "enum", "unknown", "male", "female"),
	systemField("_bdate", "Birth date", "date"),
	systemField("_country", "Country", unicodeText),
	systemField("_region", "Region", unicodeText),
	systemField("_city", "City", unicodeText),
	systemField("address", "Address", unicodeText),
	systemField("_postal_code", "Postal code", unicodeText),
	systemField("_tz", "Time zone", unicodeText),
	systemField("tags", "Tags", "tags"),
	systemField("loyalty_status", "Loyalty status", "enum", "enabled", "disabled"),
	systemField("_status", "Status", "int"),
	systemField("_regdate", "Registration date", "date"),
	systemField("_regip", "Registration IP", "ip"),
	systemField("_regurl", "Registration URL", unicodeText),
	systemField("_regcity", "Registration city", unicodeText),
	systemField("_regcountry", "Registration country", unicodeText),
	systemField("_ip", "IP", "ip"),
	systemField("_vendor", "Vendor", unicodeText),
	systemField("_browser", "Browser", unicodeText),
	systemField("_os", "Operating system", unicodeText),
}

// subscriptionFields are the fields of subscriptions by channel. The devices that
// push messages reach have some. What is written to them is kept as it comes.
var subscriptionFields = map[customer.Channel][]shownField{
	customer.ChannelPush: {
		{"system", "Device type", "_device_type", false, "int", "devices", nil},
		systemField("_device_model", "Device model", unicodeText),
		systemField("_device_name", "Device name", unicodeText),
		{"system", "Operating system", "_os", false, "int", "oses", nil},
		systemField("_os_ver", "OS version", "version"),
		{"system", "Time zone", "_os_tz", false, unicodeText, "tz", nil},
		{"system", "Language", "_os_language", false, unicodeText, "languages", nil},
		systemField("_ad_track", "Ad tracking", "bool"),
		systemField("_ad_id", "Ad id", unicodeText),
		systemField("_app_id", "Application id", unicodeText),
		systemField("_app_iid", "Application instance id", unicodeText),
	},
}

// customFields are the declared fields of customers by name: those with a type, and
// match fields without one. What bears a name of the contract is listed there.
func customFields(settings access.Settings) []shownField {
	named := matchFieldsOf(settings, customer.OfCustomer)
	for name, declared := range settings.DeclaredFields {
		kind := declared.Type
		if kind == "string" {
			kind = unicodeText
		}
		named[name] = customField(name, kind, declared.Options...)
	}
	for name := range coreFields {
		delete(named, name)
	}
	return byName(named)
}

func customSubscriptionFields(settings access.Settings) []shownField {
	return byName(matchFieldsOf(settings, customer.OfSubscription))
}

func matchFieldsOf(settings access.Settings, of customer.Holder) map[string]shownField {
	named := map[string]shownField{}
	for _, f := range settings.MatchFields {
		switch {
		case f.Of != of || f.State == customer.FieldRemoving:
		case f.Tags:
			named[f.Name] = customField(f.Name, "tags")
		default:
			named[f.Name] = customField(f.Name, unicodeText)
		}
	}
	return named
}

func byName(named map[string]shownField) []shownField {
	var fields []shownField
	for _, name := range slices.Sorted(maps.Keys(named)) {
		fields = append(fields, named[name])
	}
	return fields
}
