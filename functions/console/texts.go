package console

import (
	"regulars/shared/httpapi"
)

// texts are the sentences of client errors, for people who look at a page.
var texts = httpapi.Texts.With(map[string]string{
	"internal":        "Something went wrong on our side. Nothing is known to have changed; look again before you repeat it.",
	"unavailable":     "The service is busy. Try again in a moment; look first whether it has happened.",
	"session_ended":   "Your session has ended. Sign in again.",
	"unknown_path":    "There is no such page.",
	"foreign_form":    "This form is not from a page of your session. Open the page again, and send it from there.",
	"bad_form":        "The form could not be read.",
	"token_missing":   "Enter a token.",
	"token_invalid":   "This token is unknown, has expired, or was revoked.",
	"scope_missing":   "Your token does not allow this. It needs the scope %v.",
	"tenant_unknown":  "Your token does not reach this tenant.",
	"bad_tenant":      "This is not the number of a tenant.",
	"not_found":       "There is no such customer.",
	"profile_unknown": "There is no such customer.",
	"user_unknown":    "There is no such customer.",
	"missing":         "Fill this in.",
	"too_long":        "This is too long: at most %v characters.",
	"bad_number":      "Enter a whole number from %v to %v.",
	"bad_date":        "Enter a date like 2026-05-31.",
	"bad_kind":        "There is no such kind of entry.",
	"too_deep":        "This list would look at too many customers. Ask for a shorter time.",

	"bad_choice":             "Choose one of the list.",
	"bad_text":               "This has characters that are no text.",
	"changed_meanwhile":      "Somebody has changed this customer since you opened the form. Open it again, and look what is different.",
	"idempotency_key_reused": "This was confirmed before with other content. Look whether it has happened.",
	"subscription_not_found": "There is no such subscription any more.",

	"profile_disabled":              "This customer is disabled and spends no points.",
	"insufficient_points/available": "%v points are available, %v are not.",
	"insufficient_points/overdraft": "%v points are available and %[4]v may be overdrawn; %[3]v are not.",
	"insufficient_points/negative":  "This would leave %v points, which the program does not allow.",
	"too_many_points/figure":        "No figure of a customer may come to more than %v.",
	"too_many_points/debt":          "No debt of a customer may come to more than %v.",
	"entry_unknown":                 "There is no such entry.",
	"not_reversible":                "Only what was added, subtracted or spent from a hold can be undone, not an entry of the kind %v.",
	"already_reversed/all":          "This entry was undone already, all of it.",
	"already_reversed/left":         "%v points of this entry are left to undo; %v are not.",
	"already_reversed/parts":        "This entry was undone in %v parts, and no more are possible.",
	"too_deep/bounds":               "This list would look at more than %v customers. Ask for a shorter time.",
	"too_deep/pages":                "Pages end after %v customers. Ask for a shorter time.",

	"product_unknown/assigning": "There is no such product.",
	"product_unknown":           "There is no such product.",
	"too_many_purchases":        "This customer has %[3]v active purchases. End some of them first.",
	"list_too_long":             "There are too many products to show them together.",

	"email_taken":                  "Another customer has this address as the first one: %v.",
	"id_taken":                     "Another customer has this id: %v.",
	"not_unique_key":               "Customer %v has the same %v, and the identification key %[1]v is unique.",
	"customer_too_large":           "The customer would grow to %v bytes; %v is the limit.",
	"customer_too_large/values":    "The customer would have %v values; %v is the limit.",
	"too_many_segments":            "The customer would be in %v segments; %v is the limit.",
	"too_many_keys/match_keys":     "The customer would hold %v different contacts and match field values; %v is the limit.",
	"too_many_keys/identification": "The customer would be identified by %v different values; %v is the limit.",
	"too_many_changes/items":       "This would change %v items at once; %v is the limit. Do it in parts.",
	"too_many_changes/match_keys":  "This would change %v contacts at once; %v is the limit. Do it in parts.",

	"ambiguous/several":    "%v customers match: %v.",
	"ambiguous/many":       "%v customers match: %v and others.",
	"ambiguous":            "Several customers match.",
	"ambiguous/overflowed": "More than %v customers have this %v, so that it leads to none.",
})
