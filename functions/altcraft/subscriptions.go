package altcraft

import (
	"net/http"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// setSubscription adds or edits a subscription (Altcraft 6.11). One that was
// deleted is a subscription again, as it is for an import.
func (d Dialect) setSubscription(w http.ResponseWriter, r *http.Request) error {
	return d.changeSubscription(w, r, (*call).readSet)
}

// deleteSubscription marks a subscription as deleted; restoreSubscription takes
// that back.
func (d Dialect) deleteSubscription(w http.ResponseWriter, r *http.Request) error {
	return d.markSubscription(w, r, customer.DeleteSubscription)
}

func (d Dialect) restoreSubscription(w http.ResponseWriter, r *http.Request) error {
	return d.markSubscription(w, r, customer.RestoreSubscription)
}

func (d Dialect) markSubscription(w http.ResponseWriter, r *http.Request, mark func(customer.SubscriptionKey) customer.Edit) error {
	return d.changeSubscription(w, r, func(c *call) (customer.Request, error) {
		key, err := c.readSubscriptionKey()
		return customer.Request{Edit: mark(key), Idempotent: true}, err
	})
}

// changeSubscription carries out a request about a subscription of one profile,
// and answers.
func (d Dialect) changeSubscription(w http.ResponseWriter, r *http.Request, read func(*call) (customer.Request, error)) error {
	c, err := d.accept(r, access.AltWrite)
	if err != nil {
		return err
	}
	result, err := d.carryOut(r, c, func() (customer.Request, error) {
		id, err := c.readProfileID()
		if err != nil {
			return customer.Request{}, err
		}
		request, err := read(c)
		request.Search.ID = id
		return request, err
	})
	if err != nil {
		return err
	}
	return answer(w, result, outcome{0, success})
}

// getSubscription shows one subscription, also one that was deleted.
func (d Dialect) getSubscription(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.AltRead)
	if err != nil {
		return err
	}
	id, err := c.readProfileID()
	if err != nil {
		return err
	}
	key, err := c.readSubscriptionKey()
	if err != nil {
		return err
	}
	found, err := d.customers.Find(r.Context(), c.settings.CustomerRules(), customer.Search{ID: id})
	if err != nil {
		return err
	}
	subscription, err := found.Subscription(key)
	if err != nil {
		return err
	}
	return httpapi.WriteJSON(w, http.StatusOK, struct {
		Data flatSubscription `json:"data"`
		outcome
	}{flatten(subscription), outcome{0, success}})
}

// listSubscriptions shows the subscriptions of a profile, those that were deleted
// among them.
func (d Dialect) listSubscriptions(w http.ResponseWriter, r *http.Request) error {
	c, err := d.accept(r, access.AltRead)
	if err != nil {
		return err
	}
	id, err := c.readProfileID()
	if err != nil {
		return err
	}
	found, err := d.customers.Find(r.Context(), c.settings.CustomerRules(), customer.Search{ID: id})
	if err != nil {
		return err
	}
	list := make([]flatSubscription, len(found.Subscriptions))
	for i, s := range found.Subscriptions {
		list[i] = flatten(s)
	}
	return httpapi.WriteJSON(w, http.StatusOK, struct {
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
