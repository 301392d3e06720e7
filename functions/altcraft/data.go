package altcraft

import (
	"maps"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// A setter makes one thing that a client wrote true of a customer.
type setter func(c *customer.Customer, now time.Time)

// readData reads the profile data of a call into setters.
func (c *call) readData() ([]setter, error) {
	skipInvalid, err := c.readSwitches()
	if err != nil {
		return nil, err
	}
	return c.readProfile(c.body["data"], skipInvalid)
}

// readSwitches reads what a call says about all of its data.
func (c *call) readSwitches() (skipInvalid bool, err error) {
	if skipInvalid, err = optionalBool(c.body, "skip_invalid_subscriptions"); err != nil {
		return false, err
	}
	return skipInvalid, c.checkSwitches()
}

// readProfile reads the profile data object (section 3) into setters, in the order
// of the names. Whatever is wrong with it is refused here, before anything is
// read from the table.
func (c *call) readProfile(v any, skipInvalid bool) ([]setter, error) {
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
	return setters, nil
}

// checkSwitches looks at what has no effect: triggers there are none, and no
// source of places for addresses. There are no segments either, so whoever names
// one is told so.
func (c *call) checkSwitches() error {
	for _, member := range []string{"skip_triggers", "detect_geo"} {
		if _, err := optionalBool(c.body, member); err != nil {
			return err
		}
	}
	for _, member := range []string{"add_to_segments", "remove_from_segments"} {
		list, ok := c.body[member].([]any)
		if !ok && c.body[member] != nil {
			return wrongType(member, c.body[member], "an array of whole numbers")
		}
		for _, v := range list {
			id, err := readWhole(member, v, 1)
			if err != nil {
				return err
			}
			return outcome.Refuse(outcome.Invalid, "unknown_segment", member, "%s: there is no segment %d.", member, id)
		}
	}
	return nil
}

// readField reads one member of data; a nil setter is one that is ignored.
func (c *call) readField(name string, v any, skipInvalid bool) (setter, error) {
	field := "data." + name
	if err := refuseFunction(field, v); err != nil {
		return nil, err
	}
	if readOnly[name] {
		return nil, nil
	}
	if name == "subscriptions" {
		edits, err := c.readSubscriptions(v, skipInvalid)
		return func(c *customer.Customer, now time.Time) {
			for _, e := range edits {
				c.Subscribe(e, now)
			}
		}, err
	}
	if read, ok := coreFields[name]; ok {
		return read(field, v, c.settings)
	}
	return readCustomField(name, v, c.settings)
}

// requestOf changes the customer that is found, or a new one, as the setters say.
func requestOf(setters []setter, m match, create bool) customer.Request {
	return customer.Request{Search: m.search, Create: create && m.search.ID == 0, Edit: edit(setters, m), Plain: true}
}

// edit is what the setters make of a customer, and of a new one the match, too.
func edit(setters []setter, m match) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		for _, set := range setters {
			set(c, now)
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
	"id": true, "_id": true, "db_id": true, "profile_id": true, "_createtime": true, "_acid": true,
	"_domaingroup": true, "_emaildomain": true, "_md5": true, "_xxh": true, "_xxm": true,
	"_is_test": true, "_is_desktop": true, "_lat": true, "_lon": true,
	"_click_exist": true, "_click_push_exist": true, "_click_sms_exist": true, "_confirm_exist": true,
	"_deliv_exist": true, "_deliv_date": true, "_deliv_push_exist": true, "_deliv_sms_exist": true,
	"_deliv_sms_date": true, "_open_date": true,
}

// functions are the actions of section 4.1.
var functions = map[string]bool{"set": true, "unset": true, "incr": true, "add": true, "delete": true, "upsert": true}

// refuseFunction refuses a function object, which would be wrong to store.
func refuseFunction(field string, v any) error {
	object, ok := v.(map[string]any)
	if !ok || object["action"] == nil {
		return nil
	}
	for member := range object {
		if member != "action" && member != "value" && member != "submatch" {
			return nil
		}
	}
	action, _ := object["action"].(string)
	if functions[action] {
		return outcome.Refuse(outcome.Invalid, "function_unsupported", field, "%s: the function %s is not supported.", field, action)
	}
	return outcome.Refuse(outcome.Invalid, "function_unknown", field, "%s: %.40q is no action of a function.", field, action)
}
