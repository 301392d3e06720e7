package haravan

import "regulars/shared/httpapi"

// texts are the sentences of this dialect.
var texts = httpapi.Texts.With(map[string]string{
	"bad_idempotency_key":    "must have 1 to %v characters",
	"idempotency_key_reused": "this key came before with another request",
})
