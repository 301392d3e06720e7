package altcraft

import (
	"net/http"
	"slices"

	"regulars/shared/httpapi"
)

// A database is how databases/list shows a tenant. There are no tags and no groups
// of databases here.
type database struct {
	ID     int      `json:"id"`
	Name   string   `json:"name"`
	Tags   []string `json:"ui_tags"`
	Groups []string `json:"groups"`
}

// listDatabases shows the tenants that the token reaches, by number (Altcraft 6.12).
func (d Dialect) listDatabases(c *call) (httpapi.Answer, error) {
	var tenants []int64
	for _, tenant := range c.Token.Tenants {
		tenants = append(tenants, int64(tenant))
	}
	page, next, err := pageOf(c.body, tenants)
	if err != nil {
		return httpapi.Answer{}, err
	}
	databases := make([]database, len(page))
	for i, tenant := range page {
		settings, err := d.guard.Settings(c.Context(), int(tenant))
		if err != nil {
			return httpapi.Answer{}, err
		}
		databases[i] = database{ID: settings.Tenant, Name: settings.Name, Tags: []string{}, Groups: []string{}}
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data []database `json:"data"`
		outcome
		Next int64 `json:"next_from_id,omitempty"`
	}{databases, outcome{0, success}, next})
}

// pageOf are those of the numbers that a call asks for with from_id and limit,
// ascending, and the first that it must ask for next; 0: there are no more.
func pageOf(body map[string]any, numbers []int64) (page []int64, next int64, err error) {
	var from int64
	if body["from_id"] != "" { // as a client begins that knows the pointers of profiles/list
		if from, err = optionalWhole(body, "from_id", 0); err != nil {
			return nil, 0, err
		}
	}
	limit, err := readLimit(body)
	if err != nil {
		return nil, 0, err
	}
	page = slices.DeleteFunc(slices.Clone(numbers), func(n int64) bool { return n < from })
	slices.Sort(page)
	if len(page) > limit {
		page, next = page[:limit], page[limit]
	}
	return page, next, nil
}

// databaseFields shows the fields of profiles: those of the contract, and the
// declared ones (Altcraft 6.12).
func (d Dialect) databaseFields(c *call) (httpapi.Answer, error) {
	return fieldsAnswer(append(slices.Clone(profileFields), customFields(c.Settings)...))
}
