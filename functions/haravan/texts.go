package haravan

import "regulars/shared/httpapi"

// texts are the sentences of this dialect. Where a field is to blame the answer says
// the sentence below its name.
var texts = httpapi.Texts.With(map[string]string{
	"bad_idempotency_key":    "must have 1 to %v characters",
	"idempotency_key_reused": "this key came before with another request",

	codeBody:                 "Content-Type must be application/json",
	codeQuery:                "The query of the address cannot be read; write %% as %%25 and ; as %%3B.",
	codeLimited:              "Too many requests. Send this one again after the seconds that Retry-After says.",
	"unknown_path":           "Not Found",
	"missing":                "can't be blank",
	"bad_id":                 "is not a number",
	"bad_id/part":            "must not have an empty part, . or .. between slashes: a return names it in a path",
	"unknown_filter":         "is not a filter of this list; there are %v",
	"bad_cursor":             "is not one that an answer named",
	"bad_date/form":          "is not a date like 2020-07-21T08:33:36Z",
	"bad_date/range":         "must be from 1990 on and not in the future",
	"wrong_type/number":      "must be a whole number, not %v",
	"wrong_type/text":        "must be a text, not %v",
	"not_whole":              "must be a whole number",
	"too_small":              "must be greater than 0",
	"too_small/zero":         "must be 0 or greater",
	"too_many_points/number": "must be at most %v",
	"too_long":               "is too long (maximum is %v characters)",

	"bad_json/no_name_below":           "has a member without a name",
	"bad_json/digits_below":            "is a number of more than 38 digits",
	"bad_json/range_below":             "is a number outside of the range 1e-130 to 9.9e125",
	"bad_json/surrogate_below":         "contains half of a surrogate pair",
	"bad_json/control_character_below": "contains the control character %v",

	"profile_unknown":               "Not Found",
	"profile_disabled":              "the profile is disabled and spends no points",
	"too_deep/bounds":               "the list would look at more than %v profiles; ask for a shorter time, or walk on with since_id",
	"insufficient_points/available": "%v points are available, %v are not",
	"too_many_points/figure":        "no figure of a profile may come to more than %v",
	"too_many_points/debt":          "no debt of a profile may come to more than %v",
	"overflowed_key":                "more than 100 profiles have this value",
	"too_deep/pages":                "pages end after %v profiles; walk on with since_id",
	"order_of_other":                "an order with this id came before, from another profile",
	"order_other":                   "an order with this id came before, with other content",
	"order_unknown":                 "Not Found",
	"return_too_large/nothing_left": "nothing of the order is left",
	"return_too_large/left":         "%v of the order are left, %v are not",
	"return_of_nothing":             "must be greater than 0",
	"insufficient_points/negative":  "it would leave %v points, which the setting negative_on_reversal does not allow",
	"entry_unknown":                 "Not Found",
	"not_reversible":                "only what was added or subtracted can be reversed, not an entry of the kind %v",
	"already_reversed/all":          "the entry was reversed already, all of it",
	"already_reversed/left":         "%v points of the entry are left to reverse, %v are not",
	"already_reversed/parts":        "the entry was reversed in %v parts, and no more are possible",
})
