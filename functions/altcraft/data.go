package altcraft

import (
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// A setter makes one thing that a client wrote true of a customer, or refuses
// where that customer cannot bear it.
type setter func(c *customer.Customer, now time.Time) error

// sets is a setter that every customer can bear.
func sets(set func(c *customer.Customer)) setter {
	return func(c *customer.Customer, _ time.Time) error {
		set(c)
		return nil
	}
}

// readData reads the profile data object (section 3) into setters, in the order
// of the names. Whatever is wrong with it is refused here, before anything is
// read from the table.
func (c *call) readData() ([]setter, error) {
	skipInvalid, err := optionalBool(c.body, "skip_invalid_subscriptions")
	if err != nil {
		return nil, err
	}
	switches, err := c.readSwitches()
	if err != nil {
		return nil, err
	}
	v := c.body["data"]
	if v == nil {
		return nil, outcome.Refuse(outcome.Invalid, "missing", "data", "data: the profile data is missing.")
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
		set, err := c.readField(name, data[name], skipInvalid)
		if err != nil {
			return nil, err
		}
		if set != nil {
			setters = append(setters, set)
		}
	}
	return append(setters, switches...), nil
}

// readSwitches reads what stands beside data and changes the profile, too. Triggers
// there are none, so skip_triggers is looked at only.
func (c *call) readSwitches() ([]setter, error) {
	if _, err := optionalBool(c.body, "skip_triggers"); err != nil {
		return nil, err
	}
	segments, err := c.readSegments()
	if err != nil {
		return nil, err
	}
	place, err := c.readDetectGeo()
	return append(segments, place...), err
}

// readField reads one member of data; a nil setter is one that is ignored.
func (c *call) readField(name string, v any, skipInvalid bool) (setter, error) {
	field := "data." + name
	f, isFunction, err := readFunction(field, v)
	if err != nil || readOnly[name] {
		return nil, err
	}
	if isFunction && f.Action != customer.ActionSet {
		return readFieldFunction(name, f, c.settings)
	}
	if v = bare(v); v == nil {
		return nil, nil
	}
	if name == "subscriptions" {
		edits, err := c.readSubscriptions(v, skipInvalid)
		return subscribeAll(edits, skipInvalid), err
	}
	if read, ok := coreFields[name]; ok {
		return read(field, v, c.settings)
	}
	return readCustomField(name, v, c.settings)
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

// readOnly are the fields of section 3.2, which a client that sends back what it
// read writes in vain, and the ids.
var readOnly = map[string]bool{
	"id": true, "_id": true, "db_id": true, "_segments": true, "profile_id": true, "_createtime": true, "_acid": true,
	"_domaingroup": true, "_emaildomain": true, "_md5": true, "_xxh": true, "_xxm": true,
	"_is_test": true, "_is_desktop": true, "_lat": true, "_lon": true,
	"_click_exist": true, "_click_push_exist": true, "_click_sms_exist": true, "_confirm_exist": true,
	"_deliv_exist": true, "_deliv_date": true, "_deliv_push_exist": true, "_deliv_sms_exist": true,
	"_deliv_sms_date": true, "_open_date": true,
}
