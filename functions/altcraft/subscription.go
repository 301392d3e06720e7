package altcraft

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"

	"regulars/shared/access"
	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// maxSubscriptions is how many of them one call may name.
const maxSubscriptions = 1000

// readSubscriptions reads data.subscriptions. An entry that is none is skipped
// where the call says so, else it rejects the whole call.
func (c *call) readSubscriptions(v any, skipInvalid bool) ([]customer.SubscriptionEdit, error) {
	const field = "data.subscriptions"
	list, ok := v.([]any)
	if !ok {
		return nil, wrongType(field, v, "an array of objects")
	}
	if len(list) > maxSubscriptions {
		return nil, errs.New(errs.Invalid, "too_many/subscriptions", field, len(list), maxSubscriptions)
	}
	var edits []customer.SubscriptionEdit
	for i, entry := range list {
		if isShownDeleted(entry) {
			continue
		}
		path := field + "[" + strconv.Itoa(i) + "]"
		e, err := readSubscription(path, entry, c.Settings.Country)
		if err == nil {
			err = checkResource(path, e, c.Settings)
		}
		switch {
		case err == nil:
			edits = append(edits, e)
		case !skipInvalid, c.Retried(err):
			return nil, err
		}
	}
	return edits, nil
}

// subscribeAll carries out the edits, without those that this customer cannot bear
// where the call says so.
func subscribeAll(edits []customer.SubscriptionEdit, skipInvalid bool) setter {
	return does(func(c *customer.Customer, now time.Time) error {
		for _, e := range edits {
			err := c.Subscribe(e, now)
			if _, rejected := errs.AsClient(err); err != nil && !(rejected && skipInvalid) {
				return err
			}
		}
		return nil
	})
}

// isShownDeleted tells an entry that is sent back as it is shown: it says nothing
// new of the subscription, and must not make one of it again.
func isShownDeleted(entry any) bool {
	object, _ := entry.(map[string]any)
	return object["is_delete"] == true
}

// checkResource: where resources are declared, this one must be, and have the
// channel.
func checkResource(path string, e customer.SubscriptionEdit, settings access.Settings) error {
	if settings.Resources != access.Declared {
		return nil
	}
	resource, ok := settings.DeclaredResources[e.Resource]
	if !ok {
		return undeclaredResource(path+".resource_id", e.Resource)
	}
	if len(resource.Channels) > 0 && !slices.Contains(resource.Channels, e.Channel) {
		return errs.New(errs.Invalid, "channel_undeclared/subscription", path+".channel", e.Resource, e.Channel).DependingOnSettings()
	}
	return nil
}

func undeclaredResource(field string, resource int64) error {
	return errs.New(errs.Invalid, "resource_undeclared/subscription", field, resource).DependingOnSettings()
}

func badChannel(field, channel string) error {
	return errs.New(errs.Invalid, "bad_channel/subscription", field, channel, customer.Channels)
}

// readSubscription reads one entry, its contact flat or nested (Altcraft 5.1).
func readSubscription(path string, v any, country string) (customer.SubscriptionEdit, error) {
	var e customer.SubscriptionEdit
	entry, ok := v.(map[string]any)
	if !ok {
		return e, wrongType(path, v, "an object")
	}
	s := subscriptionEntry{path: path, entry: entry, country: country}
	channel, ok := entry["channel"].(string)
	if !ok && entry["channel"] != nil {
		return e, wrongType(path+".channel", entry["channel"], "a text")
	}
	if channel == "" {
		return e, s.missing("channel")
	}
	e.Channel = customer.Channel(channel)
	read, ok := contactReaders[e.Channel]
	if !ok {
		return e, badChannel(path+".channel", channel)
	}
	if err := s.readResource(&e); err != nil {
		return e, err
	}
	if err := read(s, &e); err != nil {
		return e, err
	}
	return e, s.readOptions(&e)
}

// A subscriptionEntry is an entry of data.subscriptions that is being read.
type subscriptionEntry struct {
	path    string // of the entry, for client errors
	entry   map[string]any
	country string
}

// contactReaders read the contact of each channel. Messengers but telegram bear
// it in cc_data.
var contactReaders = map[customer.Channel]func(subscriptionEntry, *customer.SubscriptionEdit) error{
	customer.ChannelEmail:    subscriptionEntry.readEmail,
	customer.ChannelSMS:      func(s subscriptionEntry, e *customer.SubscriptionEdit) error { return s.readPhone(e, "phone_data") },
	customer.ChannelPush:     subscriptionEntry.readPush,
	customer.ChannelTelegram: subscriptionEntry.readChat,
	customer.ChannelWhatsApp: readMessenger,
	customer.ChannelViber:    readMessenger,
	customer.ChannelNotify:   readMessenger,
}

func readMessenger(s subscriptionEntry, e *customer.SubscriptionEdit) error {
	return s.readPhone(e, "cc_data")
}

func (s subscriptionEntry) readResource(e *customer.SubscriptionEdit) (err error) {
	v := s.entry["resource_id"]
	if v == nil {
		return s.missing("resource_id")
	}
	e.Resource, err = readWhole(s.path+".resource_id", v, 1)
	return err
}

func (s subscriptionEntry) readEmail(e *customer.SubscriptionEdit) error {
	text, field, err := s.contact("email", "email_data")
	if err != nil {
		return err
	}
	address, rejected := customer.ParseEmail(field, text)
	switch {
	case rejected == nil:
		e.Contact = address.Text
	case contact.MayBeStored(text):
		e.Contact, e.Rejected = text, rejected
	default:
		return rejected
	}
	return nil
}

func (s subscriptionEntry) readPhone(e *customer.SubscriptionEdit, nested string) error {
	text, field, err := s.contact("phone", nested)
	if err == nil {
		e.Contact, err = customer.ParsePhone(field, text, s.country)
	}
	return err
}

func (s subscriptionEntry) readPush(e *customer.SubscriptionEdit) (err error) {
	if e.Provider, _, err = s.contact("provider", "push_data"); err != nil {
		return err
	}
	var field string
	e.Contact, field, err = s.contact("subscription_id", "push_data")
	if err == nil && contact.Match(e.Contact) == "" {
		err = errs.New(errs.Invalid, "blank_value/contact", field)
	}
	return err
}

// readChat reads the id of a chat: a number or a text.
func (s subscriptionEntry) readChat(e *customer.SubscriptionEdit) error {
	data, _ := s.entry["cc_data"].(map[string]any)
	switch id := data["id"].(type) {
	case nil:
		return s.missing("cc_data.id")
	case string:
		e.Contact = id
	case json.Number:
		e.Contact = string(id)
	default:
		return wrongType(s.path+".cc_data.id", id, "a number or text")
	}
	if e.Contact == "" {
		return s.missing("cc_data.id")
	}
	return nil
}

// contact reads a text that must be there: of the entry itself, else of the
// object nested in it. It says where the text stood.
func (s subscriptionEntry) contact(member, nested string) (text, field string, err error) {
	object, field := s.entry, s.path+"."+member
	if inner, ok := s.entry[nested].(map[string]any); ok && s.entry[member] == nil {
		object, field = inner, s.path+"."+nested+"."+member
	}
	switch v := object[member].(type) {
	case nil:
		return "", field, s.missing(member)
	case string:
		if v == "" {
			return "", field, s.missing(member)
		}
		return v, field, nil
	default:
		return "", field, wrongType(field, v, "a text")
	}
}

func (s subscriptionEntry) missing(member string) error {
	return errs.New(errs.Invalid, "missing/member", s.path+"."+member)
}

// readOptions reads what may be omitted. -1 keeps a status or a priority.
func (s subscriptionEntry) readOptions(e *customer.SubscriptionEdit) error {
	for _, read := range []func(*customer.SubscriptionEdit) error{s.readDeleted, s.readStatus, s.readPriority, s.readCats, s.readCustom} {
		if err := read(e); err != nil {
			return err
		}
	}
	return nil
}

// readDeleted takes no word or number for true: what is meant as deleted must not
// become a subscription.
func (s subscriptionEntry) readDeleted(*customer.SubscriptionEdit) error {
	v := s.entry["is_delete"]
	if _, ok := v.(bool); v != nil && !ok {
		return wrongType(s.path+".is_delete", v, "true or false")
	}
	return nil
}

func (s subscriptionEntry) readStatus(e *customer.SubscriptionEdit) error {
	v := s.entry["status"]
	text, ok := value.Text(v)
	if _, isBool := v.(bool); v == nil || text == "-1" {
		return nil
	} else if !ok || isBool {
		return wrongType(s.path+".status", v, "a number from 0 to 6 or its word")
	}
	status, err := customer.ParseStatus(s.path+".status", text)
	e.Status = &status
	return err
}

func (s subscriptionEntry) readPriority(e *customer.SubscriptionEdit) error {
	v := s.entry["priority"]
	if text, _ := value.Text(v); v == nil || text == "-1" {
		return nil
	}
	priority, err := readWhole(s.path+".priority", v, 0)
	e.Priority = &priority
	return err
}

// readCats reads the categories, or the function on them.
func (s subscriptionEntry) readCats(e *customer.SubscriptionEdit) error {
	field, v := s.path+".cats", s.entry["cats"]
	f, _, err := readFunction(field, v)
	if err != nil {
		return err
	}
	switch f.Action {
	case fieldop.Unset:
		e.Cats = &[]string{}
		return nil
	case fieldop.Add, fieldop.Delete:
		e.CatsBy = &f
		return checkTexts(f)
	case fieldop.Incr, fieldop.Upsert:
		return unfit(f)
	}
	if v = bare(v); v == nil {
		return nil
	}
	cats, err := readTexts(field, v, maxTexts)
	e.Cats = &cats
	return err
}

// readCustom reads the custom fields: values and functions (Altcraft 4.2).
func (s subscriptionEntry) readCustom(e *customer.SubscriptionEdit) error {
	path, v := s.path+".custom_fields", s.entry["custom_fields"]
	if v == nil {
		return nil
	}
	fields, ok := v.(map[string]any)
	if !ok {
		return wrongType(path, v, "an object")
	}
	if f, isFunction, err := readFunction(path, v); isFunction && err == nil {
		return errs.New(errs.Invalid, "function_unfit/subscription_fields", path, f.Action)
	}
	e.Custom = make(map[string]any, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		f, isFunction, err := readFunction(path+"."+name, fields[name])
		switch {
		case err != nil:
			return err
		case !isFunction, f.Action == fieldop.Set:
			e.Custom[name] = bare(fields[name])
		case f.Action == fieldop.Upsert, len(f.Path) > 0:
			return errs.New(errs.Invalid, "function_unfit/submatch", f.Field)
		case e.CustomBy == nil:
			e.CustomBy = map[string]fieldop.Function{name: f}
		default:
			e.CustomBy[name] = f
		}
	}
	return nil
}
