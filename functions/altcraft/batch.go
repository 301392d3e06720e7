package altcraft

import (
	"context"
	"strconv"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/value"
)

const (
	// maxItems is how many profiles a batch may have (Altcraft 8).
	maxItems = 10_000
	// maxItemText is how long the text of one item may be, in bytes, so that ten
	// thousand of them fit an answer of Lambda, which may have 6 MB.
	maxItemText = 300
	// answerTime is kept of a request's time for the answer of a batch.
	answerTime = time.Second
)

// A batch says what is done with each item.
type batch struct {
	// search: the item names a profile; else each makes one.
	search bool
	// create: where nobody matches one is made.
	create bool
}

// addBatch is addProfile for many (Altcraft 6.3).
func (d Dialect) addBatch(c *call) (httpapi.Answer, error) {
	return d.writeBatch(c, batch{create: true})
}

// importBatch is importProfile for many (Altcraft 6.4).
func (d Dialect) importBatch(c *call) (httpapi.Answer, error) {
	return d.writeBatch(c, batch{search: true, create: true})
}

// updateBatch is updateProfile for many (Altcraft 6.4).
func (d Dialect) updateBatch(c *call) (httpapi.Answer, error) {
	return d.writeBatch(c, batch{search: true})
}

// writeBatch carries out the items of a batch, each as the single method would,
// and answers for each in its place (Altcraft 6.5). Only what is wrong with all of
// them is rejected as a whole, and then nothing is written.
func (d Dialect) writeBatch(c *call, b batch) (httpapi.Answer, error) {
	d = d.forCall(c)
	items, err := d.batchItems(c, b)
	if err != nil {
		return httpapi.Answer{}, err
	}
	again, err := d.keyItems(c, items)
	if err != nil {
		return httpapi.Answer{}, err
	}
	c.body = nil // each item is let go as soon as it is done

	ctx, cancel := inTimeToAnswer(c.Context())
	defer cancel()
	outcomes, err := d.customers.ApplyAll(ctx, items)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answerBatch(c, outcomes, again)
}

// inTimeToAnswer ends before the request does.
func inTimeToAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-answerTime))
	}
	return context.WithCancel(ctx)
}

// readItems are the items of a batch as they came.
func (c *call) readItems() ([]any, error) {
	v := c.profileData()
	if v == nil {
		return nil, errs.New(errs.Invalid, "missing/profiles", "data")
	}
	data, ok := v.([]any)
	if !ok {
		return nil, wrongType("data", v, "an array of objects")
	}
	if len(data) > maxItems {
		return nil, errs.New(errs.Invalid, "too_many/profiles", "data", len(data), maxItems)
	}
	return data, nil
}

// batchItems reads the items. A batch that is rejected as a whole may have been
// carried out before; then each item is answered as it was, or rejected.
func (d Dialect) batchItems(c *call, b batch) ([]customer.BatchItem, error) {
	data, err := c.readItems()
	if err != nil { // no items are none that may have been carried out
		return nil, err
	}
	items, err := c.readBatch(b, data)
	clientErr, rejected := errs.AsClient(err)
	if !rejected || c.Retried(err) {
		return items, err
	}
	if _, err := d.customers.RejectUnlessReplayed(c.Context(), c.Settings.Tenant, c.key, clientErr); err != nil {
		return nil, err
	}
	items = make([]customer.BatchItem, len(data))
	for i := range items {
		items[i] = customer.BatchItem{Request: customer.Request{Rules: c.Settings.CustomerRules()}, Rejected: clientErr}
	}
	return items, nil
}

// readBatch makes a request of each item. What is wrong with one stands in its
// place; an error is what is wrong with all, or rests on remembered settings.
func (c *call) readBatch(b batch, data []any) ([]customer.BatchItem, error) {
	s, err := c.readSwitches()
	if err != nil {
		return nil, err
	}
	var m matcher
	if b.search {
		if m, err = c.readBatchMatcher(); err != nil {
			return nil, err
		}
	}
	items := make([]customer.BatchItem, len(data))
	c.fields = map[string]field{}
	for i, v := range data {
		items[i], err = c.readObject("data["+strconv.Itoa(i)+"]", v, b, m, s)
		if c.Retried(err) {
			return nil, err
		}
		items[i].Rules, items[i].Rejected = c.Settings.CustomerRules(), err
	}
	return items, nil
}

// readObject makes a request of one item, which must be an object.
func (c *call) readObject(path string, v any, b batch, m matcher, s switches) (customer.BatchItem, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return customer.BatchItem{}, wrongType(path, v, "an object")
	}
	return c.readItem(value.Members(object), b, m, s)
}

// readItem makes a request of one item.
func (c *call) readItem(data profile, b batch, m matcher, s switches) (customer.BatchItem, error) {
	data = data.unwrap(c.Settings)
	var found match
	if b.search {
		var err error
		if found, err = m.read(data); err != nil {
			return customer.BatchItem{}, err
		}
	}
	setters, err := c.readProfile(data, s)
	if err != nil {
		return customer.BatchItem{}, err
	}
	return customer.BatchItem{
		Request:  requestOf(data, setters, found, b.create),
		Gives:    gives(setters, c.Settings.MatchFields),
		GivesAny: givesAny(data, setters, c.Settings),
	}, nil
}

// gives are the keys that setters may give whomever they are applied to: each is
// applied to nobody, even where one before it would reject.
func gives(setters []setter, fields customer.MatchFields) []customer.Lookup {
	var nobody customer.Customer
	for _, s := range setters {
		if !s.keyless {
			_ = s.set(&nobody, s.value, time.Time{})
		}
	}
	return nobody.Held(fields)
}

func applyAll(setters []setter, c *customer.Customer) {
	for _, s := range setters {
		_ = s.set(c, s.value, time.Time{})
	}
}

// givesAny are the kinds of keys of which nobody can say beforehand what comes of
// data: match fields to which it applies a function, and unique identification keys,
// whose values may stand on fields that are not in data.
func givesAny(data profile, setters []setter, settings access.Settings) (kinds []customer.Kind) {
	for _, f := range settings.MatchFields {
		if isFunction(data.get(f.Name)) && f.Of == customer.OfCustomer || f.Of == customer.OfSubscription && functionOfSubscription(data, f.Name) {
			kinds = append(kinds, f.Kind())
		}
	}
	return append(kinds, settings.IdentKeys.Affected(func(c *customer.Customer) {
		applyAll(setters, c)
		for _, m := range data {
			if isFunction(m.Value) { // what comes of it depends on what was there
				c.SetCustom(m.Name, nil)
			}
		}
	})...)
}

func functionOfSubscription(data profile, name string) bool {
	list, _ := bare(data.get("subscriptions")).([]any)
	for _, v := range list {
		entry, _ := v.(map[string]any)
		custom, _ := entry["custom_fields"].(map[string]any)
		if isFunction(custom[name]) {
			return true
		}
	}
	return false
}

// keyItems makes each item safe to repeat where the batch is. The key itself is
// claimed first, so that another batch under it is rejected before anything is
// written.
func (d Dialect) keyItems(c *call, items []customer.BatchItem) (again bool, err error) {
	if c.key == nil {
		return false, nil
	}
	for i := range items {
		// No client's key has a line break in it, so these are nobody else's.
		items[i].IdempotencyKey = &idempotency.Key{Value: c.key.Value + "\n" + strconv.Itoa(i), Fingerprint: c.key.Fingerprint}
	}
	return d.customers.Claim(c.Context(), c.Settings.Tenant, *c.key)
}

// answerBatch answers for each item in its place.
func answerBatch(c *call, outcomes []customer.Outcome, again bool) (httpapi.Answer, error) {
	result := make([]appliedAnswer, len(outcomes))
	for i, o := range outcomes {
		again = again && o.Replayed
		if result[i] = applied(o.Result); o.Err == nil {
			continue
		}
		httpapi.Note(c.Context(), o.Err)
		result[i] = appliedAnswer{outcome: outcomeOf(o.Err, texts)}
		if text := &result[i].Text; len(*text) > maxItemText {
			*text = strings.ToValidUTF8((*text)[:maxItemText], "") + "..."
		}
	}
	return answer(customer.Result{Replayed: again}, struct {
		outcome
		Result []appliedAnswer `json:"result"`
	}{outcome{0, success}, result})
}
