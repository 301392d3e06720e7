package altcraft

import (
	"strings"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// texts are the sentences of this dialect.
var texts = func() errs.Texts {
	texts := httpapi.Texts.With(formats)
	texts.Spell = spell
	return texts
}()

var formats = map[string]string{
	"bad_idempotency_key":             "%[1]v: 1 to %v printable ASCII characters are expected.",
	"customer_too_large":              "data: the profile would grow to %v bytes; %v is the limit.",
	"too_many_segments":               "The profile would be in %v static segments; %v is the limit.",
	"too_many_keys/match_keys":        "data: the profile would hold %v different e-mails, phones, push tokens and match field values; %v is the limit.",
	"too_many_keys/identification":    "data: the profile would be identified by %v different values; %v is the limit.",
	"too_many_changes/items":          "data: the request would change %v items (e-mails, phones, push tokens, match field and identification values); %v is the limit. Send it in parts.",
	"too_many_changes/match_keys":     "data: the request would change %v e-mails, phones, push tokens and match field values; %v is the limit. Send it in parts.",
	"ambiguous/several":               "%v profiles match: %v.",
	"ambiguous/many":                  "%v profiles match: %v and others.",
	"ambiguous/overflowed":            "More than %v profiles hold this %v; it is crowded and no longer leads to one.",
	"not_unique_key":                  "%[1]v: profile %v has the same %v, and the identification key %[1]v is unique.",
	"email_taken":                     "email: profile %v has this address.",
	"subscription_not_found":          "The profile has no such subscription; resource, channel and contact name one.",
	"bad_status":                      "%[1]v: %.40q is no status; a number from 0 to 6 or its word is: %v.",
	"function_unknown":                "%[1]v: %.40q is no action of a function.",
	"bad_submatch/missing":            "%[1]v: the path to the property is missing.",
	"bad_submatch/not_for_action":     "%[1]v: upsert, add and delete alone are about a property.",
	"bad_submatch/too_long":           "%[1]v: the path is too long.",
	"bad_submatch/form":               "%[1]v: a path like level or card.level is expected.",
	"bad_submatch/too_deep":           "%[1]v: it would have more than %v levels of arrays and objects.",
	"wrong_type/number":               "%[1]v: a number is expected, this is %v.",
	"wrong_type/texts_or_objects":     "%[1]v: an array of texts, or of objects, is expected, this is %v.",
	"wrong_type/value":                "%[1]v: a value is expected, this is %v.",
	"bad_sum/digits":                  "%[1]v: %v and %v make a number of more than 38 digits.",
	"bad_sum/range":                   "%[1]v: %v and %v make a number outside of the range 1e-130 to 9.9e125.",
	"function_unfit/property":         "%[1]v: %v needs an object with the property %v; what is there is %v.",
	"function_unfit/objects":          "%[1]v: %v needs an array of objects; what is there is %v.",
	"function_unfit/number":           "%[1]v: %v needs a number; what is there is %v.",
	"function_unfit/texts_or_objects": "%[1]v: %v needs an array of texts, or of objects; what is there is %v.",
	"function_unfit/mixed":            "%[1]v: %v is for an array of texts, or of objects, and does not mix them.",
	"bad_query/json":                  "%[1]v: as a JSON text it is refused: %v",
}

// spell writes customers by their ids in hex and match keys by what they are.
func spell(arg any) any {
	switch arg := arg.(type) {
	case customer.ID:
		return arg.Hex()
	case []customer.ID:
		ids := make([]string, len(arg))
		for i, id := range arg {
			ids[i] = id.Hex()
		}
		return strings.Join(ids, ", ")
	case customer.Kind:
		return nounOf(arg)
	case customer.Named: // by the id under which the Genesys API knows it
		if arg.ClientID != "" {
			return arg.ClientID
		}
		return arg.ID.Base36()
	}
	return arg
}

// nounOf is what a match key of the kind is called.
func nounOf(kind customer.Kind) string {
	switch kind {
	case customer.KindEmail, customer.KindPhone:
		return string(kind)
	case customer.KindPush:
		return "push token"
	}
	return "value"
}
