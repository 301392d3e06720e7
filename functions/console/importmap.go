package console

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
	"regulars/shared/imports/rowfile"
	"regulars/shared/objects"
)

// maxUpload is how large a file may be that a browser sends: as much as S3 takes at once,
// in bytes.
const maxUpload = 5_000_000_000

// An uploadAnswer says how a browser sends a file, and where to go on.
type uploadAnswer struct {
	objects.Form
	Next string `json:"next"`
}

// newUpload prepares the upload of a file.
func (d *Console) newUpload(c *call) (httpapi.Answer, error) {
	if d.gate == nil {
		return httpapi.Answer{}, errs.New(errs.NotFound, "unknown_path", "")
	}
	name := c.field("name")
	if _, _, err := rowfile.Detect(name, nil); err != nil {
		return httpapi.Answer{}, err
	}
	size, err := strconv.ParseInt(c.field("size"), 10, 64)
	if err != nil || size < 0 {
		return httpapi.Answer{}, errs.New(errs.Invalid, "bad_form", "")
	}
	if size == 0 {
		return httpapi.Answer{}, errs.New(errs.Invalid, "bad_file/empty", "")
	}
	if size > maxUpload {
		return httpapi.Answer{}, errs.New(errs.Invalid, "upload_too_large", "", c.number(maxUpload/1_000_000))
	}
	u := imports.NewUpload(c.Settings.Tenant, name)
	form, err := d.gate.Form(c.Context(), u.Key(), size)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, uploadAnswer{form, c.at("uploads", u.ID, u.Name)})
}

// letUpload lets the page send files to the bucket.
func (d *Console) letUpload(c *call, a *httpapi.Answer) error {
	origin, err := d.gate.Origin(c.Context())
	if err == nil {
		a.Set("Content-Security-Policy", policy(origin))
	}
	return err
}

// A mapPage is the columns of an upload and what becomes of each.
type mapPage struct {
	Name    string
	Size    int64 // in bytes
	Action  string
	Back    string
	Columns []mapColumn
	// Targets are what a column may set, those that are known.
	Targets []string
	// Selects are how rows find customers, and how the file is written.
	Selects map[string][]option
	Values  url.Values
	Key     string // makes the dry run one
}

// A mapColumn is a column of the file.
type mapColumn struct {
	Number  int
	Name    string
	Target  string // empty: it is not imported
	Samples []string
	Wrong   bool // the problem is about it
}

// Value is what was filled in.
func (p mapPage) Value(name string) string { return p.Values.Get(name) }

// mapColumns shows what a file begins with, and takes what its columns mean: the import
// is tried first.
func (d *Console) mapColumns(c *call) (httpapi.Answer, error) {
	u, err := imports.FindUpload(c.Settings.Tenant, c.PathValue("upload"), c.PathValue("name"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	page := mapPage{
		Name: u.Name, Action: c.at("uploads", u.ID, u.Name), Back: c.at("imports"), Values: c.form, Key: rand.Text(),
		Targets: targetsOf(c), Selects: mapSelects(c),
	}
	o, m, err := c.readMapping()
	v := view{call: c, Template: "map", Title: c.say("map.title", u.Name), Here: "imports", Data: page}
	if err != nil {
		c.Parsed = v
		return httpapi.Answer{}, err
	}
	seen, err := d.imports.Look(c.Context(), u, o, rowfile.Mapping{})
	if len(seen.Columns) == 0 && err != nil {
		if seen.Size > 0 {
			c.Parsed = v
		}
		return httpapi.Answer{}, err
	}
	page.Size = seen.Size
	page.fill(c, seen)
	v.Data = page
	if c.Method != http.MethodPost || c.field(stepField) == stepForm || !c.sameColumns(seen.Columns) {
		return d.show(http.StatusOK, v)
	}
	for i, column := range page.Columns {
		switch page.Columns[i].Target = c.field(fmt.Sprintf("target.%d", column.Number)); page.Columns[i].Target {
		case "":
			m.Ignore = append(m.Ignore, column.Name)
		case column.Name:
		default:
			m.Columns[column.Name] = page.Columns[i].Target
		}
	}
	o.DryRun = true
	begun, err := d.imports.Begin(c.Context(), u, o, m, c.field(keyField))
	if err != nil {
		v.Data = page.marked(err)
		c.Parsed = v
		return httpapi.Answer{}, err
	}
	return c.redirect(c.at("imports", begun.ID)), nil
}

// readMapping reads what the form says besides the columns.
func (c *call) readMapping() (o imports.Options, m rowfile.Mapping, err error) {
	m.Columns = map[string]string{}
	o.Matching, o.Charset = c.field("matching"), c.field("charset")
	o.EmptyClears = c.field("empty") == "clear"
	if o.Matching == "custom" {
		o.Field = c.field("field")
	}
	o.Delimiter = delimiters[c.field("delimiter")]
	m.Dates, m.Numbers = c.field("dates"), c.field("numbers")
	if text := c.field("stop_after"); text != "" {
		if o.StopAfter, err = strconv.ParseInt(text, 10, 64); err != nil || o.StopAfter < 1 {
			return o, m, errs.New(errs.Invalid, "bad_number", "stop_after", 1, 1_000_000_000)
		}
	}
	return o, m, nil
}

// delimiters are those that may be chosen, by what the form calls them.
var delimiters = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

// sameColumns reports whether the form is about the columns that the file has.
func (c *call) sameColumns(names []string) bool {
	for i, name := range names {
		if name != "" && c.form.Get(fmt.Sprintf("column.%d", i)) != name {
			return false
		}
	}
	return true
}

// fill sets the columns, with guesses of what they mean.
func (p *mapPage) fill(c *call, seen imports.Preview) {
	known, taken := map[string]string{}, map[string]bool{}
	for _, target := range p.Targets {
		known[plainName(target)] = target
	}
	for i, name := range seen.Columns {
		if name == "" {
			continue
		}
		column := mapColumn{Number: i, Name: name}
		for _, row := range seen.Rows {
			if i < len(row) && row[i] != "" && !slices.Contains(column.Samples, shortened(row[i])) && len(column.Samples) < samplesShown {
				column.Samples = append(column.Samples, shortened(row[i]))
			}
		}
		guess, ok := known[plainName(name)]
		if !ok {
			guess, ok = guesses[plainName(name)]
		}
		if !ok && c.Settings.Fields == "open" && !strings.ContainsAny(name, ".:") {
			guess = name
		}
		if !taken[guess] {
			column.Target = guess
		}
		taken[guess] = true
		p.Columns = append(p.Columns, column)
	}
}

// samplesShown is how many different cells of a column are shown.
const samplesShown = 3

// shortened is the beginning of a cell.
func shortened(text string) string {
	const most = 40
	if letters := []rune(text); len(letters) > most {
		return string(letters[:most]) + "…"
	}
	return text
}

// marked says which column an error is about.
func (p mapPage) marked(err error) mapPage {
	clientErr, rejected := errs.AsClient(err)
	for i := range p.Columns {
		name := p.Columns[i].Name
		p.Columns[i].Wrong = rejected && name != "" && (clientErr.Path == name || clientErr.Path == "columns."+name || clientErr.Path == p.Columns[i].Target)
	}
	return p
}

// coreTargets are the fields that customers have, and what a row does beside them.
var coreTargets = []string{
	"email", "phones", "_fname", "_lname", "_bdate", "_sex", "_country", "_region", "_city", "tags", "tags:add",
	"points.add", "points.subtract", "points.reason", "points.ref_id", "order.id", "order.total", "order.paid_at",
}

// targetsOf are what a column may set in this tenant.
func targetsOf(c *call) []string {
	targets := slices.Clone(coreTargets)
	add := func(name string) {
		if !slices.Contains(targets, name) {
			targets = append(targets, name)
		}
	}
	for name := range c.Settings.DeclaredFields {
		add(name)
	}
	for _, f := range c.Settings.MatchFields {
		if f.Of == customer.OfCustomer {
			add(f.Name)
		}
	}
	slices.Sort(targets[len(coreTargets):])
	for _, e := range c.Settings.Extensions {
		for _, a := range e.Attributes {
			add(e.Name + ".0." + a.Name)
		}
	}
	return targets
}

// guesses are what columns of other systems mean, by their plain names.
var guesses = map[string]string{
	"mail": "email", "emailaddress": "email", "emailadresse": "email", "почта": "email", "thưđiệntử": "email",
	"phone": "phones", "mobile": "phones", "phonenumber": "phones", "telefon": "phones", "телефон": "phones", "sốđiệnthoại": "phones", "điệnthoại": "phones",
	"firstname": "_fname", "givenname": "_fname", "vorname": "_fname", "имя": "_fname", "tên": "_fname",
	"lastname": "_lname", "surname": "_lname", "familyname": "_lname", "nachname": "_lname", "фамилия": "_lname", "họ": "_lname",
	"birthday": "_bdate", "birthdate": "_bdate", "dateofbirth": "_bdate", "geburtstag": "_bdate", "датарождения": "_bdate", "ngàysinh": "_bdate",
	"gender": "_sex", "sex": "_sex", "пол": "_sex", "country": "_country", "land": "_country", "страна": "_country",
	"city": "_city", "town": "_city", "stadt": "_city", "ort": "_city", "город": "_city", "thànhphố": "_city",
	"points": "points.add", "punkte": "points.add", "баллы": "points.add", "điểm": "points.add",
	"orderid": "order.id", "ordernumber": "order.id", "total": "order.total", "ordertotal": "order.total",
}

// plainName is a name in lower case with its letters and digits alone.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

// matchings are how rows may find customers, those that a person would choose.
var matchings = []string{"email", "phone", "email_phone", "profile_id"}

// mapSelects are the choices of the form.
func mapSelects(c *call) map[string][]option {
	selects := map[string][]option{
		"delimiter": {{"", c.say("map.auto")}, {"comma", c.say("map.comma")}, {"semicolon", c.say("map.semicolon")}, {"tab", c.say("map.tab")}, {"pipe", c.say("map.pipe")}},
		"charset":   {{"", c.say("map.auto")}},
		"empty":     {{"leave", c.say("map.leave")}, {"clear", c.say("map.clear")}},
		"numbers":   {{"", "1234.50"}},
	}
	for _, name := range matchings {
		selects["matching"] = append(selects["matching"], option{name, c.say("match." + name)})
	}
	for _, f := range c.Settings.MatchFields {
		if f.Of == customer.OfCustomer && f.State == customer.FieldReady {
			selects["field"] = append(selects["field"], option{f.Name, f.Name})
		}
	}
	if len(selects["field"]) > 0 {
		selects["matching"] = append(selects["matching"], option{"custom", c.say("match.custom")})
	}
	for _, name := range rowfile.Charsets() {
		selects["charset"] = append(selects["charset"], option{name, name})
	}
	for _, form := range []string{"1,234.50", "1.234,50", "1 234,50", "1'234.50", "1234,50"} {
		selects["numbers"] = append(selects["numbers"], option{form, form})
	}
	return selects
}

// A choice is a select of the form of columns.
type choice struct {
	Name, Value string
	Options     []option
	Wrong       bool
}

// newChoice is the select of a name, for templates.
func newChoice(v view, name string) choice {
	page, _ := v.Data.(mapPage)
	path := map[string]string{"field": "field_name"}[name]
	return choice{name, page.Value(name), page.Selects[name], v.Wrong(name) || path != "" && v.Wrong(path)}
}
