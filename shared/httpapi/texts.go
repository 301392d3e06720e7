package httpapi

import "regulars/shared/errs"

// Texts are the sentences that all dialects have in common. A dialect adds its own.
var Texts = errs.Texts{
	Path: func(path string) string {
		if path == "" {
			return "The body"
		}
		return path
	},
	Formats: map[string]string{
		errs.CodeUnavailable: "The service is busy. Send the same request again.",

		"bad_json/encoding":          "The body is not valid UTF-8.",
		"bad_json/more":              "The body is not one JSON document: something follows its end at byte %v.",
		"bad_json/empty":             "The body is empty; a JSON object is expected.",
		"bad_json/no_object":         "The body is %v; a JSON object is expected.",
		"bad_json/syntax":            "The body is not JSON: %v at byte %v.",
		"bad_json/end":               "The body is not JSON: it ends too early.",
		"bad_json/too_deep":          "The body has more than %v levels of arrays and objects.",
		"bad_json/no_name":           "%[1]v has a member without a name.",
		"bad_json/digits":            "%[1]v is a number of more than 38 digits.",
		"bad_json/range":             "%[1]v is a number outside of the range 1e-130 to 9.9e125.",
		"bad_json/surrogate":         "%[1]v contains half of a surrogate pair.",
		"bad_json/control_character": "%[1]v contains the control character %v.",

		"bad_email/empty":          "%[1]v: incorrect email, it is empty.",
		"bad_email/too_long":       "%[1]v: incorrect email, it is longer than %v bytes.",
		"bad_email/form":           "%[1]v: incorrect email, it is not an address like name@example.com.",
		"bad_email/local_too_long": "%[1]v: incorrect email, the part before @ is longer than %v bytes.",
		"bad_email/domain":         "%[1]v: incorrect email, the part after @ is not a domain name.",
		"bad_phone/characters":     "%[1]v: Incorrect phone, it has other characters than digits and separators.",
		"bad_phone/too_short":      "%[1]v: Incorrect phone, it has fewer than %v digits.",
		"bad_phone/too_long":       "%[1]v: Incorrect phone, it has more than %v digits.",
		"bad_phone/no_country":     "%[1]v: Incorrect phone, it starts with 0 and has no country code.",
		"bad_date/date":            "%[1]v: incorrect date; 2001-12-31 and 2001-12-31T23:59:59+03:00 are correct ones.",

		"not_found":              "No profile matches.",
		"ambiguous":              "Several profiles match.",
		"idempotency_key_reused": "Idempotency-Key: this key came before with another request.",
		"out_of_time":            "The request ran out of time before this item. Send it again.",
	},
}
