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

// quickTexts are those of the quick import, whose parameters are not in data.
var quickTexts = func() errs.Texts {
	quick := texts
	quick.Path = func(path string) string { return texts.Path(strings.TrimPrefix(path, "data.")) }
	return quick
}()

var formats = map[string]string{
	"missing/profiles":                   "data: the profiles are missing.",
	"too_many/profiles":                  "data: there are %v profiles; %v is the limit of one request. Larger files go through the bulk import.",
	"bad_name/field":                     "data: the name of a field has at most %v bytes.",
	"field_undeclared":                   "%[1]v: this field is not declared.",
	"bad_option":                         "%[1]v: one of these is expected: %v.",
	"missing/data":                       "data: the profile data is missing.",
	"unknown_path":                       "There is no such method. Methods are paths like %vprofiles/import.",
	"wrong_verb":                         "Every method is a POST.",
	"bad_sex":                            "%[1]v: unknown, male, female or 0, 1, 2 is expected.",
	"bad_date/time":                      "%[1]v: incorrect date; a text like 2001-12-31T23:59:59+03:00 or milliseconds since 1970 are expected.",
	"bad_loyalty_status":                 "%[1]v: enabled or disabled is expected.",
	"bad_ip":                             "%[1]v: incorrect ip; an address like 8.8.8.8 is expected.",
	"missing/member":                     "%[1]v is missing.",
	"function_unfit/subscriptions":       "%[1]v: %v is for single fields; subscriptions are added and changed by naming them.",
	"bad_submatch/texts":                 "%[1]v: texts have no properties.",
	"function_unfit/fields":              "%[1]v: %v is for %v.",
	"function_unfit/type":                "%[1]v: %v is for fields of the type %v; this one is of the type %v.",
	"bad_result":                         "%[1]v: what %v makes of it is not of the type %v.",
	"bad_from_id":                        "from_id: %.40q is no pointer; send \"\" first, and then the next_from_id of the answer before.",
	"out_of_range/limit":                 "limit: %v is the most, this is %v.",
	"match_field_undeclared":             "field_name: %.100q is not a declared match field of a %v. Declare it: make admin ACTION=declare-match-field TENANT=... NAME=... OF=%v.",
	"bad_matching":                       "matching: %.40q is no search mode; one of these is: %v.",
	"too_many_values":                    "matching: there are %v values to search by; %v is the limit.",
	"missing/search_value":               "%[1]v: there is no value to search by, neither beside matching nor in data; a batch has it in each item.",
	"never_found":                        "%[1]v: nobody matches by %v, and a new profile needs a subscription with the value searched for, or resource_id to make one.",
	"too_many/texts":                     "%[1]v: there are %v texts; %v is the limit.",
	"out_of_range/least":                 "%[1]v: a number from %v up is expected, this is %v.",
	"wrong_type/flat":                    "%[1]v: parameters of the quick import are flat; this is %v.",
	"resource_undeclared/quick":          "resource_id: there is no resource %v.",
	"bad_form/encoding":                  "The parameters are not encoded as those of a form or URL are.",
	"bad_form/utf8":                      "The parameters are not valid UTF-8.",
	"token_missing/bearer":               "Authorization: only Bearer is understood.",
	"missing/db_id":                      "db_id: the number of the database is missing.",
	"wrong_type/expected":                "%[1]v: %v is expected, this is %v.",
	"missing/resource":                   "id: the number of the resource is missing.",
	"unknown_resource":                   "id: there is no declared resource %v.",
	"missing/channel":                    "channel: the name of a channel is missing; one of these is: %v.",
	"bad_channel/named":                  "channel: %.40q is no channel; one of these is: %v.",
	"channel_undeclared/named":           "channel: resource %v does not have the channel %v.",
	"segment_both_ways":                  "remove_from_segments: %v is in add_to_segments, too.",
	"too_many/segments":                  "%[1]v: there are %v segments; %v is the limit.",
	"missing/segment":                    "%[1]v: the number of a segment is missing.",
	"unknown_segment":                    "%[1]v: there is no segment %v. Declare it: make admin ACTION=declare-segment TENANT=... ID=%v NAME=...",
	"too_many/subscriptions":             "%[1]v: there are %v subscriptions; %v is the limit.",
	"channel_undeclared/subscription":    "%[1]v: resource %v does not have the channel %v.",
	"resource_undeclared/subscription":   "%[1]v: %v is not a declared resource.",
	"bad_channel/subscription":           "%[1]v: %.40q is no channel; one of these is: %v.",
	"function_unfit/subscription_fields": "%[1]v: %v is for the fields in it.",
	"function_unfit/submatch":            "%[1]v: fields of subscriptions take no submatch.",
	"missing/profile_id":                 "profile_id: the id of the profile is missing.",
	"not_for_one":                        "%[1]v: this method concerns all profiles of the database; one subscription is suspended by subscriptions/set.",
	"missing/job":                        "id: the id of the job is missing.",
	"bad_format":                         "format: json or xml is expected, this is %.40q.",

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
	"bad_xml/utf8":                    "The body is not valid UTF-8.",
	"bad_xml/encoding":                "The body is in the encoding %.40q; only UTF-8 is understood.",
	"bad_xml/empty":                   "The body has no element; <%v> is expected.",
	"bad_xml/text_outside":            "The body has text outside of <%v>.",
	"bad_xml/second_root":             "The body has a second root element, <%.40v>.",
	"bad_xml/root":                    "The root element is <%.40v>; <%v> without attributes and namespaces is expected.",
	"bad_xml/text_in_root":            "<%v> holds text; an element for each parameter is expected.",
	"bad_xml/tag_too_long":            "The body has a tag of more than %v bytes, at byte %v.",
	"bad_xml/syntax":                  "The body is not XML: %v.",
	"bad_xml/surrogate":               "The body has a reference to half of a surrogate pair, before byte %v.",
	"bad_xml/doctype":                 "The body has a document type or the like (<!...>), which is not understood; entities are not, either.",
	"bad_xml/instruction":             "The body has a processing instruction, <?%.40v?>; only an XML declaration at its start is understood.",
	"bad_xml/too_deep":                "The body has more than %v levels of elements.",
	"bad_xml/mixed":                   "%v holds both text and elements.",
	"bad_xml/namespace":               "%v: namespaces are not understood.",
	"bad_xml/array":                   "%v: array='%.40v' is not understood; array='true' is, or no such attribute.",
	"bad_xml/attribute":               "%v: the attribute %.40v is not understood; array='true' and name='...' are.",
	"bad_xml/repeated":                "%v stands more than once; array='true' is expected where that is an array.",

	"bad_query/object":                 "%[1]v: an object is expected, or its JSON as a text; this is %v.",
	"bad_query/too_deep":               "%[1]v: $and and $or may be nested %v levels deep, not deeper.",
	"bad_query/operator_without_field": "%[1]v: the operator %v belongs below the name of a field.",
	"bad_query/objects":                "%[1]v: an array of objects is expected, with one at least.",
	"bad_query/no_object":              "%[1]v: an array of objects is expected; there is %v in it.",
	"bad_query/name":                   "%[1]v: a name has at most %v parts with dots between.",
	"bad_query/beside_operators":       "%[1]v: %.40q stands beside operators; say it of a field of its own, such as \"field.%.40v\".",
	"bad_query/too_many_conditions":    "%[1]v: a query has at most %v conditions.",
	"bad_query/array":                  "%[1]v: an array is expected, this is %v.",
	"bad_query/too_many_values":        "%[1]v: $in may name %v values in all.",
	"bad_query/operator_in_value":      "%[1]v: the operator %v stands within a value; name the field with dots instead, such as \"card.level\".",
	"bad_query/boolean":                "%[1]v: true or false is expected, this is %v.",
	"bad_query/number_or_text":         "%[1]v: a number or a text is expected, this is %v.",
	"bad_query/operator":               "%[1]v: the operator %.40v is not supported; there are $and, $or, $eq, $in, $gt, $gte, $lt, $lte and $exists.",
	"bad_query/json":                   "%[1]v: as a JSON text it is refused: %v",
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
