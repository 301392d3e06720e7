package altcraft

import (
	"net/http"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// setSubscription adds or edits a subscription (Altcraft 6.11). One that was
// deleted is a subscription again, as it is for an import.
func (d Dialect) setSubscription(c *call) (httpapi.Answer, error) {
	return d.changeSubscription(c, (*call).readSet)
}

// deleteSubscription marks a subscription as deleted; restoreSubscription takes
// that back.
func (d Dialect) deleteSubscription(c *call) (httpapi.Answer, error) {
	return d.markSubscription(c, customer.DeleteSubscription)
}

func (d Dialect) restoreSubscription(c *call) (httpapi.Answer, error) {
	return d.markSubscription(c, customer.RestoreSubscription)
}

func (d Dialect) markSubscription(c *call, mark func(customer.SubscriptionKey) customer.Edit) (httpapi.Answer, error) {
	return d.changeSubscription(c, func(c *call) (customer.Request, error) {
		key, err := c.readSubscriptionKey()
		return customer.Request{Edit: mark(key), Idempotent: true}, err
	})
}

// changeSubscription carries out a request about a subscription of one profile,
// and answers.
func (d Dialect) changeSubscription(c *call, read func(*call) (customer.Request, error)) (httpapi.Answer, error) {
	result, err := d.apply(c, func() (customer.Request, error) {
		id, err := c.readProfileID()
		if err != nil {
			return customer.Request{}, err
		}
		request, err := read(c)
		request.Search.ID = id
		return request, err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(result, outcome{0, success})
}

// getSubscription shows one subscription, also one that was deleted.
func (d Dialect) getSubscription(c *call) (httpapi.Answer, error) {
	id, err := c.readProfileID()
	if err != nil {
		return httpapi.Answer{}, err
	}
	key, err := c.readSubscriptionKey()
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, err := d.customers.Find(c.Context(), c.Settings.CustomerRules(), customer.Search{ID: id})
	if err != nil {
		return httpapi.Answer{}, err
	}
	subscription, err := found.Subscription(key)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data flatSubscription `json:"data"`
		outcome
	}{flatten(subscription), outcome{0, success}})
}

// listSubscriptions shows the subscriptions of a profile, those that were deleted
// among them.
func (d Dialect) listSubscriptions(c *call) (httpapi.Answer, error) {
	id, err := c.readProfileID()
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, err := d.customers.Find(c.Context(), c.Settings.CustomerRules(), customer.Search{ID: id})
	if err != nil {
		return httpapi.Answer{}, err
	}
	list := make([]flatSubscription, len(found.Subscriptions))
	for i, s := range found.Subscriptions {
		list[i] = flatten(s)
	}
	return httpapi.JSON(http.StatusOK, struct {
		Data []flatSubscription `json:"data"`
		outcome
	}{list, outcome{0, success}})
}

// readProfileID reads the id of the profile. One that is none is nobody's.
func (c *call) readProfileID() (customer.ID, error) {
	text, err := optionalText(c.body, "profile_id")
	if err != nil {
		return 0, err
	}
	if text == "" {
		return 0, errs.New(errs.Invalid, "missing/profile_id", "profile_id")
	}
	id, err := customer.ParseHex(text)
	if err != nil {
		return 0, customer.ErrNotFound
	}
	return id, nil
}
