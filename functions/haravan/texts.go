package haravan

import "regulars/shared/httpapi"

// texts are the sentences of this dialect.
var texts = httpapi.Texts.With(map[string]string{
	"bad_idempotency_key":    "must have 1 to %v characters",
	"idempotency_key_reused": "this key came before with another request",

	"profile_unknown":               "Not Found",
	"profile_disabled":              "the profile is disabled and spends no points",
	"too_deep/bounds":               "the list would look at more than %v profiles; ask for a shorter time, or walk on with since_id",
	"insufficient_points/available": "%v points are available, %v are not",
	"too_many_points/figure":        "no figure of a profile may come to more than %v",
	"too_many_points/debt":          "no debt of a profile may come to more than %v",
	"crowded_phone":                 "more than 100 profiles have this phone",
	"too_deep/pages":                "pages end after %v profiles; walk on with since_id",
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
