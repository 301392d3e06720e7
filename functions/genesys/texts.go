package genesys

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
	"bad_id/form":                    "%[1]v: 1 to 16 characters are expected, of letters, digits, _ and -.",
	"extension_twice":                "%[1]v: the extension stands twice in the body.",
	"bad_name/attribute":             "%.60q is no name of an attribute: 1 to %v bytes.",
	"too_many_values/single":         "%[1]v: it has one value, these are %v.",
	"extension_unknown/no_objects":   "%.100v: there is no extension of this name, and a core attribute has no objects.",
	"attribute_undeclared/core":      "%.100[1]v: the core schema has no attribute of this name.",
	"too_many_values/limit":          "%[1]v: there are %v values; %v is the limit.",
	"wrong_type/expected":            "%v: %v is expected, this is %v.",
	"precondition_failed":            "If-Match: the profile has changed since; query it again.",
	"extension_unknown/name":         "%.100[1]v: there is no extension of this name.",
	"bad_query/encoding":             "The query of the address is not URL-encoded.",
	"bad_query/twice":                "%.100[1]v: it stands twice in the query.",
	"bad_query/cursor":               "%[1]v: this is not from a link of ours.",
	"bad_query/neither":              "%[1]v: %.40q is neither %v nor %v.",
	"missing/value":                  "%.100[1]v: there is no value.",
	"attribute_undeclared/extension": "%.100[1]v: the extension %v has no attribute %.100q.",
	"no_key/none":                    "No identification key begins with an attribute of the query. There are: %v.",
	"ident_key_unknown/named":        "%[1]v: there is no key %.60q. There are: %v.",
	"ident_key_failed/unusable":      "%[1]v: the key %v cannot be used. %v",
	"building":                       "",
	"no_key/needs":                   "%[1]v: the key %v needs %v.",
	"bad_id/given_out":               "%[1]v: ids of 16 characters that begin with %v are given out by the service. Leave it away, or choose another.",
	"other_id":                       "%[1]v: the body is about %v, the path about %v.",
	"bad_tenant/form":                "%[1]v: a whole number is expected.",
	"unknown_path":                   "There is no such resource. Resources are /profiles and /metadata.",
	"wrong_verb":                     "This resource takes %v.",
	"bad_schema/type":                "type: %.40q is neither %v nor %v nor %v.",
	"bad_schema/classifier":          "attributes: a classifier has none.",
	"missing/empty":                  "%[1]v: it is empty.",
	"missing/member":                 "%[1]v: it is missing.",
	"extension_unknown/extensions":   "extensions: there is no extension %.60q.",

	"too_many_matches":                 "%[1]v: more than %v values begin like this. Name more of its attributes: %v.",
	"customer_too_large":               "the profile would grow to %v bytes; %v is the limit.",
	"too_many_segments":                "The profile would be in %v static segments; %v is the limit.",
	"too_many_keys/match_keys":         "the profile would hold %v different e-mails, phones, push tokens and match field values; %v is the limit.",
	"too_many_keys/identification":     "the profile would be identified by %v different values; %v is the limit.",
	"too_many_changes/items":           "the request would change %v items (e-mails, phones, push tokens, match field and identification values); %v is the limit. Send it in parts.",
	"too_many_changes/match_keys":      "the request would change %v e-mails, phones, push tokens and match field values; %v is the limit. Send it in parts.",
	"ambiguous/several":                "%v profiles match: %v.",
	"ambiguous/many":                   "%v profiles match: %v and others.",
	"ambiguous/overflowed":             "More than %v profiles hold this %v; it is crowded and no longer leads to one.",
	"not_unique_key":                   "%[1]v: profile %v has the same %v, and the identification key %[1]v is unique.",
	"email_taken":                      "EmailAddress: another profile has this address as its first one.",
	"id_taken":                         "customer_id: profile %v has this id.",
	"attribute_undeclared":             "%[1]v: the extension %v has no attribute %.100q.",
	"missing/mandatory":                "%[1]v: it is mandatory.",
	"missing/unique_values":            "%[1]v: the record is named by %v, all of which must be there.",
	"not_unique":                       "%[1]v: another record has the same %v.",
	"no_record":                        "No record has these values.",
	"no_unique":                        "%[1]v: only records of a multi-valued extension with unique attributes can be named.",
	"wrong_type/record":                "%[1]v: a record (an object) is expected, this is %v.",
	"wrong_type/text":                  "%[1]v: a text is expected, this is %v.",
	"wrong_type/number":                "%[1]v: a number is expected, this is %v.",
	"wrong_type/integer":               "%[1]v: a whole number is expected, this is %v.",
	"wrong_type/amount":                "%[1]v: an amount, such as 12.50, is expected, this is %v.",
	"wrong_type/boolean":               "%[1]v: true or false is expected, this is %v.",
	"wrong_type/date":                  "%[1]v: a text with a date is expected, this is %v.",
	"out_of_range":                     "%[1]v: %.40v does not fit into %v bits.",
	"too_long/characters":              "%[1]v: it has %v characters; %v is the limit.",
	"too_long/digits":                  "%[1]v: it has %v digits; %v is the limit.",
	"bad_date/datetime":                "%[1]v: incorrect date and time; 2009-12-18T18:30:00.000Z is a correct one.",
	"bad_name/schema":                  "%[1]v: %.60q is no name: a letter, then letters, digits and _, at most %v.",
	"bad_schema/too_many_attributes":   "%[1]v: an extension has at most %v.",
	"bad_schema/attribute_twice":       "%[1]v: %.100q stands twice.",
	"bad_schema/single_valued":         "%[1]v: a single-valued extension has one record, so nothing can repeat.",
	"bad_schema/too_many_combinations": "%[1]v: an extension has at most %v combinations.",
	"bad_schema/bad_combination":       "%[1]v: %.100q is no attribute, or stands twice in a combination.",
	"bad_schema/attribute_name":        "%[1]v: %.110q is no name: 1 to %v bytes without a dot.",
	"bad_schema/attribute_type":        "%[1]v: %.40q is no type; there are: %v.",
	"bad_schema/attribute_length":      "%[1]v: it is a whole number above zero.",
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
	case customer.Named: // by the id that a client brought, if any
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
