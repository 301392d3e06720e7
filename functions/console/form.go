package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
)

// A form is a change that a person makes in two steps: what is filled in is first shown
// as what will happen, and done once that is confirmed.
type form struct {
	Title string
	// Action is where it is sent, Back where it leads when nothing is to be done.
	Action, Back string
	Inputs       []input
	// Values are what was filled in, by input.
	Values url.Values
	// Plan, unless nil, is what will happen.
	Plan *plan
	// Note, unless empty, stands below the inputs.
	Note string
	// Next, unless empty, is what the button of the form says.
	Next string
}

// An input is one field of a form.
type input struct {
	Name, Label string
	// Kind is text, number, date, area, select or hidden.
	Kind     string
	Help     string
	Required bool
	Options  []option
}

type option struct{ Value, Label string }

// ID is the input's name in the page, which has no blanks.
func (in input) ID() string {
	if plainID.MatchString(in.Name) {
		return in.Name
	}
	sum := sha256.Sum256([]byte(in.Name))
	return hex.EncodeToString(sum[:6])
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]+$`)

// A plan is what a form will do.
type plan struct {
	Lines []planLine
	Notes []string
	// Key makes the confirmation one that happens once.
	Key string
	// OnlyThen: the lines say what comes, and nothing was there before.
	OnlyThen bool
	// Nothing: there is nothing to do.
	Nothing bool
}

// A planLine is what changes.
type planLine struct{ Label, Before, After string }

// The steps of a form, as the buttons of it say.
const (
	stepField = "step"
	stepDo    = "do"
	stepForm  = "form"
	keyField  = "key"
)

// Value is what was filled into an input.
func (f form) Value(name string) string { return f.Values.Get(name) }

// Fillable reports whether there is anything to fill in.
func (f form) Fillable() bool {
	return slices.ContainsFunc(f.Inputs, func(in input) bool { return in.Kind != "hidden" })
}

// Placed reports whether a problem stands at an input of the form.
func (v view) Placed() bool {
	f, isForm := v.Data.(form)
	if !isForm || v.Problem == nil {
		return false
	}
	for _, in := range f.Inputs {
		if in.Name == v.Problem.Path && in.Kind != "hidden" {
			return true
		}
	}
	return false
}

// A changer is one kind of change: its form, what it will do, and how it is done.
type changer struct {
	form
	// done is what is said when it is done, a key of the texts without its done.
	done string
	// plan decides what would happen, and changes nothing.
	plan func(ctx context.Context) (plan, error)
	// do makes it happen, once for each key.
	do func(ctx context.Context, key idempotency.Key) error
	// where maps the paths of errors to inputs.
	where map[string]string
	// atOnce: there is nothing to fill in, so that what will happen is shown first.
	atOnce bool
}

// change shows the form, the plan, or does what was confirmed.
func (d *Console) change(c *call, ch changer) (httpapi.Answer, error) {
	v := view{call: c, Template: "form", Title: ch.Title, Here: "find", Data: ch.form}
	if !ch.atOnce {
		if c.Method != http.MethodPost || c.field(stepField) == stepForm {
			return d.show(http.StatusOK, v)
		}
		c.Parsed = v
	}
	if c.field(stepField) != stepDo {
		planned, err := ch.plan(c.Context())
		if err != nil {
			return httpapi.Answer{}, ch.placed(err)
		}
		planned.Key = rand.Text()
		ch.form.Plan, v.Template = &planned, "plan"
		v.Data = ch.form
		return d.show(http.StatusOK, v)
	}
	key, err := c.once()
	if err != nil {
		return httpapi.Answer{}, err
	}
	if err := ch.do(c.Context(), key); err != nil {
		return httpapi.Answer{}, ch.placed(err)
	}
	return c.redirect(ch.Back + "?done=" + ch.done), nil
}

// placed says at which input an error belongs.
func (ch changer) placed(err error) error {
	clientErr, rejected := errs.AsClient(err)
	if !rejected {
		return err
	}
	if name, ok := ch.where[clientErr.Path]; ok {
		return clientErr.At(name)
	}
	return err
}

// once is the key of a confirmation: of its form, and what was filled in.
func (c *call) once() (key idempotency.Key, err error) {
	random := c.field(keyField)
	if len(random) != len(rand.Text()) {
		return key, errs.New(errs.Invalid, "bad_form", "")
	}
	meaning := url.Values{}
	for name, values := range c.form {
		if name != tokenField && name != stepField && name != keyField {
			meaning[name] = values
		}
	}
	fingerprint, err := idempotency.Fingerprint("console "+c.URL.Path+"\n", meaning)
	return idempotency.Key{Value: "console\n" + random, Fingerprint: fingerprint}, err
}

// maxText is the longest text of an input, in characters, and maxArea that of a large one.
const (
	maxText = 255
	maxArea = 10_000
)

// text is what was filled into an input of one line.
func (c *call) text(name string) (string, error) {
	text := c.field(name)
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' }):
		return "", errs.New(errs.Invalid, "bad_text", name)
	case utf8.RuneCountInString(text) > maxText:
		return "", errs.New(errs.Invalid, "too_long", name, maxText)
	}
	return text, nil
}

// lines are the lines of a large input, without empty ones.
func (c *call) lines(name string) (lines []string, err error) {
	text := c.field(name)
	if !utf8.ValidString(text) || utf8.RuneCountInString(text) > maxArea {
		return nil, errs.New(errs.Invalid, "too_long", name, maxArea)
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// existing is the customer of the route.
func (d *Console) existing(c *call) (customer.Customer, error) {
	return d.customers.Find(c.Context(), c.Settings.CustomerRules(), customer.Search{ID: c.id})
}
