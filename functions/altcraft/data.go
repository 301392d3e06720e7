package altcraft

import (
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// A setter makes one thing that a client wrote true of a customer, or rejects
// where that customer cannot bear it.
type setter struct {
	set   setFunc
	value any // what set is given
	// keyless: it gives nobody a match key, whatever the customer.
	keyless bool
}

// A setFunc makes a value that was read true of a customer.
type setFunc func(c *customer.Customer, v any, now time.Time) error

// does is a setter that has its value in it.
func does(set func(c *customer.Customer, now time.Time) error) setter {
	return setter{set: func(c *customer.Customer, _ any, now time.Time) error { return set(c, now) }}
}

// sets is a [setFunc] that every customer can bear, of values of one type.
func sets[T any](set func(c *customer.Customer, v T)) setFunc {
	return func(c *customer.Customer, v any, _ time.Time) error {
		set(c, v.(T))
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
	v := c.profileData()
	if v == nil {
		return nil, errs.New(errs.Invalid, "missing/data", "data")
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, wrongType("data", v, "an object")
	}
	return c.readProfile(c.data(), s)
}

// readProfile reads profile data (Altcraft 3) into setters, in the order of the
// names. Whatever is wrong with it is rejected here, before anything is read from the
// table.
func (c *call) readProfile(data profile, s switches) ([]setter, error) {
	setters := make([]setter, 0, len(data)+len(s.segments))
	for _, m := range data {
		if m.Value == nil {
			continue // null leaves the field as it is
		}
		setter, err := c.readField(m, s.skipInvalid)
		if err != nil {
			return nil, err
		}
		if setter.set != nil {
			setters = append(setters, setter)
		}
	}
	return append(setters, s.segments...), nil
}

// readField reads one member of data; a setter of nothing is one that is ignored.
func (c *call) readField(m value.Member, skipInvalid bool) (setter, error) {
	field := c.field(m.Name)
	f, isFunction, err := readFunction(field.path, m.Value)
	if err != nil || field.ignored {
		return setter{}, err
	}
	if isFunction && f.Action != fieldop.Set {
		return readFieldFunction(m.Name, f, c.Settings)
	}
	v := bare(m.Value)
	if v == nil {
		return setter{}, nil
	}
	if m.Name == "subscriptions" {
		edits, err := c.readSubscriptions(v, skipInvalid)
		return subscribeAll(edits, skipInvalid), err
	}
	if v, err = field.read(field.path, v, c.Settings); err != nil {
		return setter{}, err
	}
	return setter{field.set, v, field.keyless}, nil
}

// A field is what is known of a member of data by its name.
type field struct {
	path             string // of its client errors
	ignored, keyless bool
	fieldForm
}

// A fieldForm is how a member of data is read, into the value that set is given.
type fieldForm struct {
	read func(path string, v any, settings access.Settings) (any, error)
	set  setFunc
}

// maxKnown bounds the fields that a call of many profiles remembers.
const maxKnown = 1000

// field is the field of that name. A call of many profiles finds out once.
func (c *call) field(name string) field {
	f, known := c.fields[name]
	if known {
		return f
	}
	f = field{path: "data." + name, ignored: readOnly[name], fieldForm: coreFields[name]}
	_, matched := c.Settings.MatchFields.Find(customer.OfCustomer, name)
	f.keyless = name != "email" && name != "phones" && !matched
	if f.read == nil {
		f.read = readCustomField(name, c.Settings)
	}
	if f.set == nil {
		f.set = setsCustom(name)
	}
	if c.fields != nil && len(c.fields) < maxKnown {
		c.fields[name] = f
	}
	return f
}

// requestOf changes the customer that is found, or a new one, as the setters of
// data say.
func requestOf(data profile, setters []setter, m match, create bool) customer.Request {
	return customer.Request{Search: m.search, Create: create && m.search.ID == 0, Edit: edit(setters, m), Idempotent: data.plain()}
}

// edit is what the setters make of a customer, and of a new one the match, too.
func edit(setters []setter, m match) customer.Edit {
	return func(c *customer.Customer, now time.Time) error {
		for _, s := range setters {
			if err := s.set(c, s.value, now); err != nil {
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
