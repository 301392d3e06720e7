package haravan

import "regulars/shared/httpapi"

// texts are the sentences of this dialect.
var texts = httpapi.Texts
