package console

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
)

// An editable is a field of a customer that the form of fields has.
type editable struct {
	name, kind string
	get        func(c customer.Customer) string
	// set reads the input and changes the customer.
	set func(in *call, c *customer.Customer) error
}

// editables are the fields in the order of the form.
var editables = []editable{
	textField("first_name", func(c *customer.Customer) *string { return &c.FirstName }),
	textField("last_name", func(c *customer.Customer) *string { return &c.LastName }),
	textField("title", func(c *customer.Customer) *string { return &c.Title }),
	{"emails", "area", func(c customer.Customer) string { return strings.Join(c.Emails, "\n") }, setEmails},
	{"phones", "area", func(c customer.Customer) string { return strings.Join(c.Phones, "\n") }, setPhones},
	{"birth_date", "date", func(c customer.Customer) string { return c.BirthDate.Date() }, setBirthDate},
	{"sex", "select", func(c customer.Customer) string { return string(c.Sex) }, setSex},
	textField("country", func(c *customer.Customer) *string { return &c.Country }),
	textField("region", func(c *customer.Customer) *string { return &c.Region }),
	textField("city", func(c *customer.Customer) *string { return &c.City }),
	textField("street", func(c *customer.Customer) *string { return &c.Street }),
	{"tags", "text", func(c customer.Customer) string { return strings.Join(c.Tags, ", ") }, setTags},
	{"status", "select", statusOf, setStatus},
}

func textField(name string, of func(c *customer.Customer) *string) editable {
	return editable{name, "text", func(c customer.Customer) string { return *of(&c) }, func(in *call, c *customer.Customer) error {
		text, err := in.text(name)
		if err == nil {
			*of(c) = text
		}
		return err
	}}
}

func setEmails(in *call, c *customer.Customer) error {
	lines, err := in.lines("emails")
	if err != nil {
		return err
	}
	var emails []string
	seen := map[customer.Key]bool{}
	for _, line := range lines {
		address, err := customer.ParseEmail("emails", line, c.Emails...)
		if err != nil {
			return err
		}
		spelling := c.Spelling(address)
		if key := customer.EmailKey(spelling); !seen[key] {
			seen[key] = true
			emails = append(emails, spelling)
		}
	}
	c.Emails = emails
	return nil
}

func setPhones(in *call, c *customer.Customer) error {
	lines, err := in.lines("phones")
	if err != nil {
		return err
	}
	for i, line := range lines {
		if slices.Contains(c.Phones, line) { // also one that would be rejected today
			continue
		}
		if lines[i], err = customer.ParsePhone("phones", line, in.Settings.Country); err != nil {
			return err
		}
	}
	c.SetPhones(lines)
	return nil
}

// setBirthDate leaves the time of day alone where the date stays.
func setBirthDate(in *call, c *customer.Customer) error {
	text := in.field("birth_date")
	if text == c.BirthDate.Date() {
		return nil
	}
	if text == "" {
		c.BirthDate = ""
		return nil
	}
	if _, err := time.Parse(time.DateOnly, text); err != nil {
		return errs.New(errs.Invalid, "bad_date", "birth_date")
	}
	birth, err := customer.ParseBirthDate("birth_date", text)
	if err == nil {
		c.BirthDate = birth
	}
	return err
}

func setSex(in *call, c *customer.Customer) error {
	sex := customer.Sex(in.field("sex"))
	if sex != customer.SexUnknown && sex != customer.Male && sex != customer.Female {
		return errs.New(errs.Invalid, "bad_choice", "sex")
	}
	c.Sex = sex
	return nil
}

func setTags(in *call, c *customer.Customer) error {
	text := in.field("tags")
	if text == strings.Join(c.Tags, ", ") { // a tag may have a comma in it
		return nil
	}
	if len(text) > maxArea {
		return errs.New(errs.Invalid, "too_long", "tags", maxArea)
	}
	c.Tags = wordsIn(text)
	return nil
}

func statusOf(c customer.Customer) string {
	if c.Disabled {
		return "disabled"
	}
	return "enabled"
}

func setStatus(in *call, c *customer.Customer) error {
	status := in.field("status")
	if status != "enabled" && status != "disabled" {
		return errs.New(errs.Invalid, "bad_choice", "status")
	}
	c.Disabled = status == "disabled"
	return nil
}

// options are the choices of a field, where it has any.
func (l *language) options(name string) []option {
	switch name {
	case "sex":
		return []option{{"", l.say("sex.unknown")}, {string(customer.Male), l.say("sex.male")}, {string(customer.Female), l.say("sex.female")}}
	case "status":
		return []option{{"enabled", l.say("status.enabled")}, {"disabled", l.say("status.disabled")}}
	}
	return nil
}

// seenField says which state of the customer the form was filled from.
const seenField = "seen"

// editFields changes names, contacts and fields.
func (d *Console) editFields(c *call) (httpapi.Answer, error) {
	who, err := d.existing(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	f := form{Title: c.say("act.edit.title", c.nameOf(who)), Action: c.cardOf(c.id) + "/edit", Back: c.cardOf(c.id), Values: c.form}
	f.Inputs = []input{{Name: seenField, Kind: "hidden"}}
	for _, e := range editables {
		f.Inputs = append(f.Inputs, input{Name: e.name, Label: c.say("field." + e.name), Kind: e.kind, Help: c.helpOf(e.name), Options: c.options(e.name)})
	}
	custom, whole := c.customFields(who)
	for _, own := range custom {
		f.Inputs = append(f.Inputs, c.customInput(own, who.Custom[own.name]))
	}
	f.Inputs = append(f.Inputs, c.newFieldInputs()...)
	if !whole {
		f.Note = c.say("custom.more")
	}
	if c.form == nil {
		f.Values = url.Values{seenField: {seenOf(who)}}
		for _, e := range editables {
			f.Values.Set(e.name, e.get(who))
		}
		for _, own := range custom {
			f.Values.Set(customPrefix+own.name, own.text(who.Custom[own.name]))
		}
	}
	return d.change(c, d.customerChange(c, who, changer{form: f, done: "edited"}, func(c *call, edited *customer.Customer) error {
		for _, e := range editables {
			if err := e.set(c, edited); err != nil {
				return err
			}
		}
		for _, own := range custom {
			if err := own.set(c, edited); err != nil {
				return err
			}
		}
		return c.setNewField(edited)
	}))
}

// helpOf is what stands below an input, where there is anything to say.
func (l *language) helpOf(name string) string {
	key := "field." + name + ".help"
	if !l.has(key) {
		return ""
	}
	return l.say(key)
}

func seenOf(c customer.Customer) string { return strconv.FormatInt(c.Changed.UnixMicro(), 10) }

// customerChange is a change of the customer itself. It is made on the state that was
// looked at, or not at all.
func (d *Console) customerChange(c *call, who customer.Customer, ch changer, edit func(c *call, edited *customer.Customer) error) changer {
	request := customer.Request{
		Rules: c.Settings.CustomerRules(), Search: customer.Search{ID: c.id},
		Edit: func(edited *customer.Customer, _ time.Time) error {
			if seenOf(*edited) != c.field(seenField) {
				return errs.New(errs.FailedPrecondition, "changed_meanwhile", "")
			}
			return edit(c, edited)
		},
	}
	ch.where = map[string]string{"email": "emails"}
	ch.plan = func(ctx context.Context) (plan, error) {
		dry := d.customers.DryRun()
		if _, err := dry.Apply(ctx, request); err != nil {
			return plan{}, err
		}
		edited := who.Clone()
		if err := edit(c, &edited); err != nil {
			return plan{}, err
		}
		return c.differences(who, edited), nil
	}
	ch.do = func(ctx context.Context, key idempotency.Key) error {
		r := request
		r.IdempotencyKey = &key
		_, err := d.customers.Apply(ctx, r)
		return err
	}
	return ch
}

// differences are what an edit makes of a customer.
func (l *language) differences(was, comes customer.Customer) plan {
	var p plan
	for _, e := range editables {
		before, after := e.get(was), e.get(comes)
		if before == after {
			continue
		}
		p.Lines = append(p.Lines, planLine{l.say("field." + e.name), l.shownChoice(e.name, before), l.shownChoice(e.name, after)})
	}
	names := map[string]bool{}
	for _, c := range []customer.Customer{was, comes} {
		for name := range c.Custom {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if before, after := plain(was.Custom[name]), plain(comes.Custom[name]); before != after {
			p.Lines = append(p.Lines, planLine{name, before, after})
		}
	}
	for _, s := range comes.Subscriptions {
		before, err := was.Subscription(s.Key())
		if err != nil || before.Status != s.Status {
			p.Lines = append(p.Lines, planLine{
				l.say("channel."+string(s.Channel)) + " " + s.Contact, l.say("status." + string(before.Status)), l.say("status." + string(s.Status)),
			})
		}
	}
	p.Nothing = len(p.Lines) == 0
	return p
}

// shownChoice is what people read of a value.
func (l *language) shownChoice(name, value string) string {
	for _, o := range l.options(name) {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// setConsent changes the status of a subscription.
func (d *Console) setConsent(c *call) (httpapi.Answer, error) {
	who, err := d.existing(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	hash := c.PathValue("subscription")
	i := slices.IndexFunc(who.Subscriptions, func(s customer.Subscription) bool { return s.Hash() == hash && !s.Deleted })
	if i < 0 {
		return httpapi.Answer{}, customer.ErrNoSubscription
	}
	s := who.Subscriptions[i]
	f := form{
		Title: c.say("act.consent.title", c.say("channel."+string(s.Channel)), s.Contact), Action: c.cardOf(c.id) + "/consent/" + url.PathEscape(hash),
		Back: c.cardOf(c.id), Values: c.form,
		Inputs: []input{{Name: seenField, Kind: "hidden"}, {Name: "consent", Label: c.say("form.consent"), Kind: "select"}},
	}
	for _, status := range customer.Statuses {
		f.Inputs[1].Options = append(f.Inputs[1].Options, option{string(status), c.say("status." + string(status))})
	}
	if c.form == nil {
		f.Values = url.Values{seenField: {seenOf(who)}, "consent": {string(s.Status)}}
	}
	return d.change(c, d.customerChange(c, who, changer{form: f, done: "consent"}, func(c *call, edited *customer.Customer) error {
		status := customer.Status(c.field("consent"))
		if !slices.Contains(customer.Statuses, status) {
			return errs.New(errs.Invalid, "bad_choice", "consent")
		}
		return edited.Subscribe(customer.SubscriptionEdit{
			Resource: s.Resource, Channel: s.Channel, Contact: s.Contact, Provider: s.Provider, Status: &status,
		}, d.now())
	}))
}
