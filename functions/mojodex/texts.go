package mojodex

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
	"customer_too_large":           "data: the profile would grow to %v bytes; %v is the limit.",
	"too_many_segments":            "The profile would be in %v static segments; %v is the limit.",
	"too_many_keys/match_keys":     "data: the profile would hold %v different e-mails, phones, push tokens and match field values; %v is the limit.",
	"too_many_keys/identification": "data: the profile would be identified by %v different values; %v is the limit.",
	"too_many_changes/items":       "data: the request would change %v items (e-mails, phones, push tokens, match field and identification values); %v is the limit. Send it in parts.",
	"too_many_changes/match_keys":  "data: the request would change %v e-mails, phones, push tokens and match field values; %v is the limit. Send it in parts.",
	"ambiguous/several":            "%v profiles match: %v.",
	"ambiguous/many":               "%v profiles match: %v and others.",
	"ambiguous/overflowed":         "More than %v profiles hold this %v; it is crowded and no longer leads to one.",
	"not_unique_key":               "%[1]v: profile %v has the same %v, and the identification key %[1]v is unique.",
	"email_taken":                  "email: profile %v has this address.",
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
