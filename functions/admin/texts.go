package admin

import "regulars/shared/httpapi"

// texts are the sentences of this function.
var texts = httpapi.Texts.With(map[string]string{
	"bad_setting/country":         "country is a calling code of 1 to 3 digits, such as 84, or empty.",
	"bad_setting/language":        "languages: %.20q is not a code of two lower-case letters.",
	"bad_setting/options":         "%[1]v: an enum has options, no other type has.",
	"bad_setting/option":          "%[1]v: an option is not empty and stands there once.",
	"bad_setting/resource_number": "%[1]v: resources are numbered from 1 up.",
	"bad_setting/url":             "%[1]v: an address like https://shop.example.com of at most %v bytes is expected.",
	"bad_setting/segment_number":  "%[1]v: segments are numbered from 1 to %v.",
	"bad_setting/level_number":    "%[1]v: levels are numbered from 1 to %v.",
	"bad_setting/level_twice":     "%[1]v: another level begins at %v, too.",
	"bad_setting/no_level":        "%[1]v: there is no level %v.",
	"bad_setting/out_of_range":    "%[1]v must be from %v to %v.",
	"bad_setting/not_one_of":      "%[1]v must be one of: %v.",
	"bad_setting/bytes":           "The settings have %v bytes as JSON; at most %v are kept.",
	"bad_setting/not_a_number":    "%v has members that are named by a number, not %.100q.",
	"bad_setting/unknown":         "There is no setting %.100[1]q. There are: %v.",
	"bad_setting/unreadable":      "The settings cannot be read: %v.",
	"bad_setting/wrong_type":      "%[1]v must be %v, not a JSON %v.",
	"tenant_exists":               "There is a tenant %v already.",
	"token_unknown":               "There is no such token. Its id is the SHA-256 of its secret, 64 hex digits, as list-tokens shows it.",
	"tenant_unknown/absent":       "There is no tenant %v.",
	"bad_token/no_scope":          "A token needs at least one scope. There are: %v.",
	"bad_token/unknown_scope":     "%.50q is not a scope. There are: %v.",
	"bad_tenant":                  "A tenant is a number from 1 to %v.",
	"bad_token/tenants":           "A token reaches 1 to %v tenants.",
	"bad_token/tenant_twice":      "The tenant %v is named twice.",
	"bad_token/expires":           "%v is not in the future.",
	"profile_unknown":             "Not Found",
})
