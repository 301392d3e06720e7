package altcraft

import (
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
)

// A setter makes one thing that a client wrote true of a customer, or rejects
// where that customer cannot bear it.
type setter func(c *customer.Customer, now time.Time) error

// sets is a setter that every customer can bear.
func sets(set func(c *customer.Customer)) setter {
	return func(c *customer.Customer, _ time.Time) error {
		set(c)
		return nil
	}
}

// A call's switches are what it says beside the data of one profile or of many.
type switches struct {
	skipInvalid bool // subscriptions
	segments    []setter
}

// readSwitches reads them. Triggers there are none, so skip_triggers is looked at
// only.
func (c *call) readSwitches() (s switches, err error) {
	if s.skipInvalid, err = optionalBool(c.body, "skip_invalid_subscriptions"); err != nil {
		return s, err
	}
	if _, err = optionalBool(c.body, "skip_triggers"); err != nil {
		return s, err
	}
	if _, err = optionalBool(c.body, "detect_geo"); err != nil {
		return s, err
	}
	s.segments, err = c.readSegments()
	return s, err
}

// readData reads the profile data of a call into setters.
func (c *call) readData() ([]setter, error) {
	s, err := c.readSwitches()
	if err != nil {
		return nil, err
	}
	return c.readProfile(c.profileData(), s)
}

// readProfile reads the profile data object (Altcraft 3) into setters, in the order
// of the names. Whatever is wrong with it is rejected here, before anything is
// read from the table.
func (c *call) readProfile(v any, s switches) ([]setter, error) {
	if v == nil {
		return nil, errs.New(errs.Invalid, "missing/data", "data")
	}
	data, ok := v.(map[string]any)
	if !ok {
		return nil, wrongType("data", v, "an object")
	}
	var setters []setter
	for _, name := range slices.Sorted(maps.Keys(data)) {
		if data[name] == nil {
			continue // null leaves the field as it is
		}
		set, err := c.readField(name, data[name], s.skipInvalid)
		if err != nil {
			return nil, err
		}
		if set != nil {
			setters = append(setters, set)
		}
	}
	setters = append(setters, s.segments...)
	return setters, nil
}

// readField reads one member of data; a nil setter is one that is ignored.
func (c *call) readField(name string, v any, skipInvalid bool) (setter, error) {
	field := "data." + name
	f, isFunction, err := readFunction(field, v)
	if err != nil || readOnly[name] {
		return nil, err
	}
	if isFunction && f.Action != fieldop.Set {
		return readFieldFunction(name, f, c.Settings)
	}
	if v = bare(v); v == nil {
		return nil, nil
	}
	if name == "subscriptions" {
		edits, err := c.readSubscriptions(v, skipInvalid)
		return subscribeAll(edits, skipInvalid), err
	}
	if read, ok := coreFields[name]; ok {
		return read(field, v, c.Settings)
	}
	return readCustomField(name, v, c.Settings)
}

// requestOf changes the customer that is found, or a new one, as the setters of
// data say.
func requestOf(data map[string]any, setters []setter, m match, create bool) customer.Request {
	return customer.Request{Search: m.search, Create: create && m.search.ID == 0, Edit: edit(setters, m), Idempotent: plain(data)}
}

// edit is what the setters make of a customer, and of a new one the match, too.
func edit(setters []setter, m match) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		for _, set := range setters {
			if err := set(c, now); err != nil {
				return err
			}
		}
		if c.Changed.IsZero() && m.onCreate != nil {
			return m.onCreate(c, now)
		}
		return nil
	}
}

// readOnly are the fields of Altcraft 3.2, which a client that sends back what it
// read writes in vain, and the ids.
var readOnly = map[string]bool{
	"id": true, "_id": true, "db_id": true, "_segments": true, "profile_id": true, "_createtime": true, "_acid": true,
	"_domaingroup": true, "_emaildomain": true, "_md5": true, "_xxh": true, "_xxm": true,
	"_is_test": true, "_is_desktop": true, "_lat": true, "_lon": true,
	"_click_exist": true, "_click_push_exist": true, "_click_sms_exist": true, "_confirm_exist": true,
	"_deliv_exist": true, "_deliv_date": true, "_deliv_push_exist": true, "_deliv_sms_exist": true,
	"_deliv_sms_date": true, "_open_date": true,
}
