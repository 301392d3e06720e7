package httpapi

import (
	"strings"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Texts are the sentences that all dialects have in common. A dialect adds its own.
var Texts = errs.Texts{
	Spell: Spell,
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
		"bad_json/too_many":          "The body has more than %v values in all.",
		"bad_json/too_nested":        "The body has more than %v objects and arrays.",
		"bad_json/too_long":          "The body has texts of more than %v bytes in all.",
		"bad_json/no_name":           "%[1]v has a member without a name.",
		"bad_json/digits":            "%[1]v is a number of more than 38 digits.",
		"bad_json/range":             "%[1]v is a number outside of the range 1e-130 to 9.9e125.",
		"bad_json/surrogate":         "%[1]v contains half of a surrogate pair.",
		"bad_json/control_character": "%[1]v contains the control character %v.",

		"bad_email/empty":                   "%[1]v: incorrect email, it is empty.",
		"bad_email/not_utf8":                "%[1]v: incorrect email, it is not valid UTF-8.",
		"bad_email/too_long":                "%[1]v: incorrect email, it is longer than %v bytes.",
		"bad_email/form":                    "%[1]v: incorrect email, it is not an address like name@example.com.",
		"bad_email/local_too_long":          "%[1]v: incorrect email, the part before @ is longer than %v bytes.",
		"bad_email/domain":                  "%[1]v: incorrect email, the part after @ is not a domain name.",
		"bad_email/invisible_character":     "%[1]v: incorrect email, it contains the invisible character %v.",
		"bad_email/blank":                   "%[1]v: incorrect email, it contains the blank %v.",
		"bad_email/control_character":       "%[1]v: incorrect email, it contains the control character %v.",
		"bad_email/private_use_character":   "%[1]v: incorrect email, it contains the private-use character %v.",
		"bad_email/unassigned_character":    "%[1]v: incorrect email, it contains the unassigned character %v.",
		"bad_phone/empty":                   "%[1]v: Incorrect phone, it is empty.",
		"bad_phone/not_utf8":                "%[1]v: Incorrect phone, it is not valid UTF-8.",
		"bad_phone/characters":              "%[1]v: Incorrect phone, it has other characters than digits and separators.",
		"bad_phone/invisible_character":     "%[1]v: Incorrect phone, it contains the invisible character %v.",
		"bad_phone/too_many_bytes":          "%[1]v: Incorrect phone, it has more than %v bytes.",
		"bad_phone/misplaced_separator":     "%[1]v: Incorrect phone, a separator or bracket is not where one belongs.",
		"bad_phone/number_of_a_spreadsheet": "%[1]v: Incorrect phone, a spreadsheet turned it into a number.",
		"bad_phone/date":                    "%[1]v: Incorrect phone, it is a date.",
		"bad_phone/extension":               "%[1]v: Incorrect phone, it has an extension.",
		"bad_phone/short_last_group":        "%[1]v: Incorrect phone, its last group is too short and may be an extension.",
		"bad_phone/misplaced_trunk_zero":    "%[1]v: Incorrect phone, (0) stands neither first nor after a country code.",
		"bad_phone/two_trunk_zeros":         "%[1]v: Incorrect phone, two zeros follow the country code.",
		"bad_phone/too_short":               "%[1]v: Incorrect phone, it has fewer than %v digits.",
		"bad_phone/too_long":                "%[1]v: Incorrect phone, it has more than %v digits.",
		"bad_phone/no_country":              "%[1]v: Incorrect phone, it starts with 0 and has no country code.",
		"bad_date/date":                     "%[1]v: incorrect date; 2001-12-31 and 2001-12-31T23:59:59+03:00 are correct ones.",

		"not_found":              "No profile matches.",
		"ambiguous":              "Several profiles match.",
		"bad_idempotency_key":    "%[1]v: 1 to %v printable ASCII characters are expected.",
		"idempotency_key_reused": "Idempotency-Key: this key came before with another request.",
		"budget_used_up/token":   "The token has used up what it may ask for just now. Send the same request again in %v seconds.",
		"budget_used_up":         "The tenant has used up what it may ask for just now. Send the same request again in %v seconds.",
		"out_of_time":            "The request ran out of time before this item. Send it again.",

		// What access and jobs say, to whichever dialect asked.
		"token_missing":                "The request bears no token.",
		"token_invalid":                "The token is unknown, expired or revoked.",
		"scope_missing":                "The token lacks the scope %v.",
		"tenant_unknown/unreached":     "There is no tenant %.40v, or the token does not reach it.",
		"extension_exists":             "name: there is an extension %v already; case does not tell names apart.",
		"too_many_extensions/number":   "The tenant has %v extensions, and no more are possible.",
		"too_many_extensions/bytes":    "attributes: the schemas of all extensions have more than %v bytes as JSON.",
		"extension_unknown":            "There is no extension %.60q.",
		"extension_in_use/by_key":      "The identification key %v is built on the extension %v; delete it first.",
		"extension_in_use/not_deleted": "The extension %v was not deleted.",
		"ident_key_exists":             "name: there is an identification key %v already; case does not tell names apart.",
		"too_many_ident_keys":          "The tenant has %v identification keys, and no more are possible.",
		"bad_key/number":               "attributes: a key is over 1 to %v attributes, these are %v.",
		"bad_key/source":               "source: there is no extension %.60q.",
		"bad_key/twice":                "attributes: %.100q stands twice.",
		"bad_key/other_source":         "attributes: %.100q is of an extension; a key is over attributes of its source alone.",
		"bad_key/no_attribute":         "attributes: the extension %v has no attribute %.100q.",
		"bad_key/extension":            "attributes: %.100q is an extension, not an attribute.",
		"bad_key/undeclared":           "attributes: %.100q is not in the core schema.",
		"ident_key_unknown/deleted":    "The identification key was deleted meanwhile.",
		"ident_key_unknown":            "There is no identification key %.60q.",
		"ident_key_in_use":             "The identification key %v was not deleted.",
		"match_field_other":            "%v is a match field already, with tags=%v. Remove it first.",
		"too_many_match_fields":        "The tenant has %v match fields, and no more are possible.",
		"match_field_in_use":           "The match field %v is not being removed.",
		"bad_holder":                   "of must be customer or subscription.",
		"match_field_removing":         "The match field %v is being removed. Declare it again when that is done.",
		"bad_name/empty":               "%.150[1]v: bad name, it is empty.",
		"bad_name/too_long":            "%.150[1]v: bad name, it has more than %v bytes.",
		"bad_name/not_plain":           "%.150[1]v: bad name, it is not plain text.",
		"match_field_unknown/number":   "There is no match field with the number %v.",
		"match_field_unknown/name":     "There is no match field %.100q of a %v.",
		"ident_key_failed":             "The key is to be unique, and these profiles share values: %v.",
		"rebuild_in_vain":              "More than %v customers hold the value, or did while they were looked at. It is still overflowed; start the job again once they are fewer.",
		"job_unknown":                  "There is no job %.60q.",
		"job_continued":                "Job %v goes on with it.",
		"job_unfinished":               "It could not be finished; the log says why.",
		"body_unreadable":              "The body of the request broke off before its end.",
		"body_too_large":               "The body of the request is larger than %v bytes. Larger files go through the bulk import.",
		"bad_content_encoding":         "Content-Encoding: %.40q is not understood; send the body as it is.",
		"bad_charset":                  "Content-Type: the charset %.40q is not understood; send UTF-8.",
		"bad_content_type":             "Content-Type: %.60q is not understood; send %v.",
	},
}

// Spell writes customers by their ids in hex and match keys by what they are. A
// [customer.Named] is written by the id that a client brought, else in base 36, as
// the Genesys API does.
func Spell(arg any) any {
	switch arg := arg.(type) {
	case customer.ID:
		return arg.Hex()
	case []customer.ID:
		ids := make([]string, len(arg))
		for i, id := range arg {
			ids[i] = id.Hex()
		}
		return strings.Join(ids, ", ")
	case customer.Named:
		if arg.ClientID != "" {
			return arg.ClientID
		}
		return arg.ID.Base36()
	case []customer.Named:
		ids := make([]string, len(arg))
		for i, named := range arg {
			ids[i] = Spell(named).(string)
		}
		return strings.Join(ids, ", ")
	case customer.Kind:
		switch arg {
		case customer.KindEmail, customer.KindPhone:
			return string(arg)
		case customer.KindPush:
			return "push token"
		}
		return "value"
	}
	return arg
}
