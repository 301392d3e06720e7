package altcraft

import (
	"encoding/json"
	"strconv"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// Rows reads the rows of a file as importBatch reads its items. It is not for
// concurrent use.
type Rows struct {
	call    *call
	matcher matcher
}

// NewRows makes the reader of a file's rows: matching, fieldName and resource are the
// members matching, field_name and resource_id of importBatch, empty or 0 where they
// are not given. The client errors name these.
func NewRows(settings access.Settings, matching, fieldName string, resource int64) (Rows, error) {
	body := map[string]any{}
	if matching != "" {
		body["matching"] = matching
	}
	if fieldName != "" {
		body["field_name"] = fieldName
	}
	if resource != 0 {
		body["resource_id"] = json.Number(strconv.FormatInt(resource, 10))
	}
	r := Rows{call: &call{Call: &httpapi.Call{}, body: body, fields: map[string]field{}}}
	r.call.Settings = settings
	var err error
	r.matcher, err = r.call.readBatchMatcher()
	return r, err
}

// Read reads the fields of one row, in the order of their names. Its client errors name
// members of data.
func (r Rows) Read(data []value.Member) (customer.BatchItem, error) {
	item, err := r.call.readItem(data, batch{search: true, create: true}, r.matcher, switches{})
	item.Rejected = err
	return item, err
}

// Search reads the search of one row. Its client errors are some of those of Read.
func (r Rows) Search(data []value.Member) (customer.Search, error) {
	found, err := r.matcher.read(profile(data).unwrap(r.call.Settings))
	return found.search, err
}
