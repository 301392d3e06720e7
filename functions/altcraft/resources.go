package altcraft

import (
	"maps"
	"net/http"
	"slices"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// A resource is how resources/get shows a declared one. It belongs to one
// database.
type resource struct {
	ID             int64              `json:"id"`
	Name           string             `json:"name"`
	URL            string             `json:"url"`
	TrackingDomain string             `json:"trk_domain"` // there are none
	Channels       []customer.Channel `json:"channels"`
	Databases      []int              `json:"dbs_ids"`
}

func newResource(settings access.Settings, id int64) resource {
	declared := settings.DeclaredResources[id]
	return resource{ID: id, Name: declared.Name, URL: declared.URL, Channels: channelsOf(declared), Databases: []int{settings.Tenant}}
}

// channelsOf are the channels of a resource: all, where none are named.
func channelsOf(r access.Resource) []customer.Channel {
	if len(r.Channels) == 0 {
		return customer.Channels
	}
	return r.Channels
}

// listResources shows the declared resources by number (Altcraft 6.12). Groups of
// resources there are none.
func (d Dialect) listResources(c *call) (httpapi.Answer, error) {
	if err := c.only("from_id", "limit"); err != nil {
		return httpapi.Answer{}, err
	}
	declared := slices.Collect(maps.Keys(c.Settings.DeclaredResources))
	page, next, err := pageOf(c.body, declared)
	if err != nil {
		return httpapi.Answer{}, err
	}
	resources := make([]resource, len(page))
	for i, id := range page {
		resources[i] = newResource(c.Settings, id)
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data []resource `json:"data"`
		outcome
		Next  int64 `json:"next_from_id,omitempty"`
		Total int   `json:"total_count"`
	}{resources, outcome{0, success}, next, len(declared)})
}

// getResource shows one declared resource (Altcraft 6.12).
func (d Dialect) getResource(c *call) (httpapi.Answer, error) {
	id, err := c.readResourceID()
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data resource `json:"data"`
		outcome
	}{newResource(c.Settings, id), outcome{0, success}})
}

// resourceFields shows the fields of subscriptions to a resource on a channel
// (Altcraft 6.12).
func (d Dialect) resourceFields(c *call) (httpapi.Answer, error) {
	id, err := c.readResourceID()
	if err != nil {
		return httpapi.Answer{}, err
	}
	channel, err := c.readChannelOf(id)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return fieldsAnswer(append(slices.Clone(subscriptionFields[channel]), customSubscriptionFields(c.Settings)...))
}

// readResourceID reads the number of a declared resource.
func (c *call) readResourceID() (int64, error) {
	v := c.body["id"]
	if v == nil {
		return 0, errs.New(errs.Invalid, "missing/resource", "id")
	}
	id, err := readWhole("id", v, 1)
	if err != nil {
		return 0, err
	}
	if _, declared := c.Settings.DeclaredResources[id]; !declared {
		return 0, errs.New(errs.NotFound, "unknown_resource", "id", id).DependingOnSettings()
	}
	return id, nil
}

// readChannelOf reads the name of a channel that the resource has.
func (c *call) readChannelOf(resource int64) (customer.Channel, error) {
	text, err := optionalText(c.body, "channel")
	if err != nil {
		return "", err
	}
	channel := customer.Channel(text)
	switch {
	case text == "":
		return "", errs.New(errs.Invalid, "missing/channel", "channel", customer.Channels)
	case !slices.Contains(customer.Channels, channel):
		return "", errs.New(errs.Invalid, "bad_channel/named", "channel", text, customer.Channels)
	case !slices.Contains(channelsOf(c.Settings.DeclaredResources[resource]), channel):
		return "", errs.New(errs.Invalid, "channel_undeclared/named", "channel", resource, channel).DependingOnSettings()
	}
	return channel, nil
}
