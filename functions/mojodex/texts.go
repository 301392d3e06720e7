package mojodex

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// texts are the sentences of this dialect.
var texts = func() errs.Texts {
	texts := httpapi.Texts.With(formats)
	texts.Spell = spell
	return texts
}()

var formats = map[string]string{
	"customer_too_large":           "data: the profile would grow to %v bytes; %v is the limit.",
	"too_many_segments":            "The profile would be in %v static segments; %v is the limit.",
	"too_many_keys/match_keys":     "data: the profile would hold %v different e-mails, phones, push tokens and match field values; %v is the limit.",
	"too_many_keys/identification": "data: the profile would be identified by %v different values; %v is the limit.",
	"customer_too_large/values":    "data: the profile would have %v values, with all members and elements; %v is the limit.",
	"too_many_changes/items":       "data: the request would change %v items (e-mails, phones, push tokens, match field and identification values); %v is the limit. Send it in parts.",
	"too_many_changes/match_keys":  "data: the request would change %v e-mails, phones, push tokens and match field values; %v is the limit. Send it in parts.",
	"ambiguous/several":            "%v profiles match: %v.",
	"ambiguous/many":               "%v profiles match: %v and others.",
	"ambiguous/overflowed":         "More than %v profiles hold this %v; it is crowded and no longer leads to one.",
	"not_unique_key":               "%[1]v: profile %v has the same %v, and the identification key %[1]v is unique.",
	"email_taken":                  "email: profile %v has this address.",

	codePath:                   "The requested URL was not found on the server. If you entered the URL manually please check your spelling and try again.",
	codeVerb:                   "The method is not allowed for the requested URL.",
	codeBroken:                 "The browser (or proxy) sent a request that this server could not understand. %v",
	"token_missing/header":     "'HTTP_AUTHORIZATION'",
	"token_invalid":            "Invalid secret",
	codeContentType:            "Request must be JSON",
	"bad_content_type/expired": "Invalid request",
	"not_an_object":            "Request must be a JSON object",
	"missing":                  "Missing field '%[1]v'",
	"missing/for_product":      "Missing field %[1]v",
	"missing/user":             "Missing field user_id or user_email",
	"missing/datetime":         "Missing datetime in body",
	"missing/in_displayed":     "Missing %v in displayed_data",
	"missing/in_language":      "Missing %v in displayed_data for language_code: %v",
	"missing/in_new_language":  "Missing %v in displayed_data for language_code %v",
	"bad_displayed_data":       "displayed_data must be a list of dict specifying the corresponding language_code",
	"wrong_value/type":         "%[1]v: %v is expected, this is %v",
	"wrong_value/bound":        "%[1]v: a whole number of 32 bits is expected, or null; this is %v",
	"wrong_value/count":        "%[1]v: a whole number from 0 on is expected, this is %v",
	"too_long":                 "%[1]v: at most %v characters are possible, this has %v",
	"too_large":                "The %v would have %v bytes; %v is the limit.",
	"too_many_changes":         "This would change %v items at once; %v is the limit",
	"list_too_long":            "The list would be longer than an answer may be. Ask for single ones by their pk.",

	"category_unknown":          "Product category pk %v does not exist",
	"category_unknown/creating": "Product category %v does not exist",
	"category_unknown/updating": "Product category %v does not exists",
	"no_trial":                  "Product category pk %v should have a limited free product associated to become visible",
	"product_unknown":           "Product pk %v does not exist",
	"product_unknown/assigning": "Product %v does not exist",
	"product_unknown/updating":  "Product %v does not exists",
	"label_taken":               "Product label %v already exists",
	"label_taken/category":      "Product category label %v already exists",
	"stripe_id_taken":           "Product stripe_id %v already exists",
	"apple_id_taken":            "Product apple_id %v already exists",
	"association_exists":        "Product task association already exists",
	"too_many_tasks":            "Product pk %v has %v tasks; no more are possible",
	"purchase_unknown":          "Purchase %v does not exist",
	"too_many_purchases":        "User %.300v has %v active purchases; end some of them first",
	"no_purchase":               "no_purchase",
	"user_unknown":              "User %.300v does not exist",

	"task_unknown":           "Task pk %v does not exist",
	"task_unknown/asked":     "Task with pk %v not found",
	"task_platform":          "Platform '%v' is an invalid platform",
	"task_step":              "Step %v not found in steps library",
	"platform_unknown":       "the platform '%v' is invalid",
	"task_schema/flaw":       "%v",
	"task_schema/type":       "%v is not of type '%v'",
	"task_schema/value":      "%v is not one of %v",
	"task_schema/pattern":    "%v does not match '%v'",
	"task_schema/required":   "'%v' is a required property",
	"task_schema/unexpected": "Additional properties are not allowed (%v was unexpected)",
}

// spell writes what a client sent as Python prints it, as the reference does.
func spell(arg any) any {
	switch arg := arg.(type) {
	case catalog.Value:
		if text, ok := arg.JSON.(string); ok {
			return "'" + python(text) + "'"
		}
		return python(arg.JSON)
	case []string:
		return "['" + strings.Join(arg, "', '") + "']"
	case nil, bool, string, json.Number, []any, map[string]any:
		return python(arg)
	}
	return httpapi.Spell(arg)
}

// python is a JSON value as Python prints it (a text as it is, None, True), cut to a
// length that fits an answer.
func python(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		return map[bool]string{true: "True", false: "False"}[v]
	}
	if text, ok := value.Text(v); ok {
		return cut(text)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return value.TypeName(v)
	}
	return cut(string(text))
}

func cut(text string) string {
	const longest = 300
	if utf8.RuneCountInString(text) <= longest {
		return text
	}
	return string([]rune(text)[:longest]) + "..."
}
