package admin

import "regulars/shared/httpapi"

// texts are the sentences of this function.
var texts = httpapi.Texts
