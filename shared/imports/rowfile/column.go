package rowfile

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/customer/fieldop"
	"regulars/shared/errs"
)

// Types are what the tenant's settings declare of columns.
type Types struct {
	// Fields are the custom fields of customers by name, with their type (one of
	// those of Altcraft 3.6: "int", "date" ...), or an empty one for a field that is
	// known otherwise, as one to match by.
	Fields map[string]string
	// Extensions are the types of attributes by extension and attribute (those of
	// Genesys: "integer", "boolean" ...).
	Extensions map[string]map[string]string
	// Closed rejects a column that is a custom field and has no type here.
	Closed bool
}

// kind says of which part of a row a column is.
type kind int

const (
	ofField kind = iota
	ofSubscription
	ofExtension
	ofPoints
	ofOrder
	ofNothing // it is not read
	unnamed   // it must be empty
)

// A target is what a column, a member of JSON Lines or a constant sets.
type target struct {
	kind kind
	// column is what it is called in the file, for client errors.
	column string
	// id tells targets apart: a row has each once. Functions on a field share it.
	id string
	// name of the field, the extension, or the member of points or order.
	name string
	// index of the subscription, or of the record of an extension.
	index int
	// path in a subscription; the attribute of an extension.
	path []string
	// action and submatch of a function; empty: none.
	action   fieldop.Action
	submatch string
	// form is how a cell is read.
	form form
	// known columns have a meaning of their own; others are custom fields that
	// nobody declared, and undeclared where they would have to be.
	known, undeclared bool
}

// form is how a cell is read.
type form int

const (
	asText form = iota
	asList
	asWhole
	asNumber
	asBoolean
	asDate
	asJSON
)

// coreForms are the fields that docs/contracts/altcraft.md names (3.1 and 3.2), and
// how their cells are read.
var coreForms = map[string]form{
	"email": asText, "phones": asList, "_fname": asText, "_lname": asText, "Title": asText, "_country": asText, "_region": asText,
	"_city": asText, "address": asText, "_sex": asText, "_bdate": asDate, "loyalty_status": asText, "tags": asList,
	"_regdate": asDate, "_regip": asText, "_ip": asText, "_status": asText, "_postal_code": asText, "_regurl": asText,
	"_regcity": asText, "_regcountry": asText, "_tz": asText, "_vendor": asText, "_browser": asText, "_os": asText,

	"id": asText, "_id": asText, "db_id": asText, "_segments": asText, "profile_id": asText, "_createtime": asText, "_acid": asText,
	"_domaingroup": asText, "_emaildomain": asText, "_md5": asText, "_xxh": asText, "_xxm": asText, "_is_test": asText,
	"_is_desktop": asText, "_lat": asText, "_lon": asText, "_click_exist": asText, "_click_push_exist": asText,
	"_click_sms_exist": asText, "_confirm_exist": asText, "_deliv_exist": asText, "_deliv_date": asText,
	"_deliv_push_exist": asText, "_deliv_sms_exist": asText, "_deliv_sms_date": asText, "_open_date": asText,
}

// subscriptionForms are the members of a subscription (Altcraft 5.1).
var subscriptionForms = map[string]form{
	"resource_id": asWhole, "channel": asText, "status": asText, "priority": asNumber, "cats": asList, "is_delete": asBoolean,
	"email": asText, "phone": asText, "provider": asText, "subscription_id": asText,
	"email_data.email": asText, "phone_data.phone": asText, "push_data.provider": asText, "push_data.subscription_id": asText,
	"cc_data.phone": asText, "cc_data.id": asText,
}

var pointsForms = map[string]form{"add": asWhole, "subtract": asWhole, "reason": asText, "ref_id": asText}

var orderForms = map[string]form{"id": asText, "total": asWhole, "paid_at": asDate}

// declaredForms are the forms of declared types. Others are read as texts.
var declaredForms = map[string]form{
	"int": asWhole, "float": asNumber, "bool": asBoolean, "date": asDate, "tags": asList, "object": asJSON, "arr_object": asJSON,
}

var attributeForms = map[string]form{
	"integer": asWhole, "long": asWhole, "double": asNumber, "currency": asNumber, "boolean": asBoolean, "date": asDate, "datetime": asDate,
}

// customFields is where a subscription has fields that nobody named before.
const customFields = "custom_fields"

// maxIndex bounds the number in subscriptions.<n> and of records of extensions.
const maxIndex = 999

// parseTarget reads a name as the header of a file has it: a field, with a function
// behind a colon (checks:incr, tags:add, card:upsert:issued.by);
// subscriptions.<n>.<member>; <extension>.<n>.<attribute>; points.<member>;
// order.<member>. Its error is bad_column.
func parseTarget(name string) (target, error) {
	t := target{column: name}
	base, function, isFunction := strings.Cut(name, ":")
	if isFunction {
		action, submatch, _ := strings.Cut(function, ":")
		t.action, t.submatch = fieldop.Action(action), submatch
		if err := checkFunction(name, t); err != nil {
			return t, err
		}
	}
	if base == "" {
		return t, reject("bad_column/name", name)
	}
	t.id, t.name = base, base
	first, rest, _ := strings.Cut(base, ".")
	index, attribute, _ := strings.Cut(rest, ".")
	n, isNumber := parseIndex(index)
	switch {
	case first == "subscriptions":
		return t.ofSubscription(rest)
	case first == "points" && rest != "":
		if t.form, t.known = pointsForms[rest]; !t.known {
			return t, reject("bad_column/points", name)
		}
		t.kind, t.name = ofPoints, rest
	case first == "order" && rest != "":
		if t.form, t.known = orderForms[rest]; !t.known {
			return t, reject("bad_column/order", name)
		}
		t.kind, t.name = ofOrder, rest
	case isNumber && attribute != "":
		t.kind, t.name, t.index, t.path, t.known = ofExtension, first, n, []string{attribute}, true
	default:
		t.form, t.known = coreForms[base]
		return t, nil
	}
	if isFunction {
		return t, reject("bad_column/no_function", name)
	}
	return t, nil
}

// checkFunction rejects an action that there is none, and a submatch that is not
// for it.
func checkFunction(name string, t target) error {
	if !slices.Contains(fieldop.Actions, t.action) {
		return reject("bad_column/function", name, string(t.action), actionNames())
	}
	var sample any = "a"
	if t.action == fieldop.Incr {
		sample = json.Number("1")
	}
	if _, err := fieldop.New(name, t.action, sample, t.submatch); err != nil {
		return reject("bad_column/submatch", name, string(t.action))
	}
	return nil
}

func actionNames() string {
	names := make([]string, len(fieldop.Actions))
	for i, action := range fieldop.Actions {
		names[i] = string(action)
	}
	return strings.Join(names, ", ")
}

func (t target) ofSubscription(rest string) (target, error) {
	index, member, _ := strings.Cut(rest, ".")
	n, isNumber := parseIndex(index)
	form, known := subscriptionForms[member]
	custom, isCustom := strings.CutPrefix(member, customFields+".")
	if !isNumber || !known && (!isCustom || custom == "") {
		return t, reject("bad_column/subscription", t.column)
	}
	if t.action != "" && !isCustom && member != "cats" {
		return t, reject("bad_column/no_function", t.column)
	}
	t.kind, t.index, t.form, t.known = ofSubscription, n, form, true
	t.path = strings.Split(member, ".")
	if isCustom {
		t.path = []string{customFields, custom} // its name may have dots
	}
	return t, nil
}

func parseIndex(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0 && n <= maxIndex && strconv.Itoa(n) == text
}

// typed gives the target the form of its declared type.
func (t target) typed(types Types) target {
	switch t.kind {
	case ofField:
		if declared, ok := types.Fields[t.name]; ok && !t.known {
			t.known, t.form = true, declaredForms[declared]
		}
		_, isCore := coreForms[t.name]
		t.undeclared = types.Closed && !isCore && types.Fields[t.name] == ""
	case ofExtension:
		t.form = attributeForms[types.Extensions[t.name][t.path[0]]]
	}
	return t
}

// A speller finds the spelling of names whose case does not count: the known ones.
// Those that only case tells apart are spelled as they are.
type speller struct {
	exact  map[string]bool
	folded map[string]string // empty where there are several
}

func newSpeller(types Types) speller {
	s := speller{map[string]bool{}, map[string]string{}}
	for name := range types.Fields {
		s.add(name)
	}
	for name := range coreForms {
		s.add(name)
	}
	for name, attributes := range types.Extensions {
		for attribute := range attributes {
			s.add(name + "." + attribute)
		}
	}
	return s
}

func (s speller) add(name string) {
	if s.exact[name] {
		return
	}
	s.exact[name] = true
	lower := strings.ToLower(name)
	if _, taken := s.folded[lower]; taken {
		name = ""
	}
	s.folded[lower] = name
}

// known returns the known name that is meant, else the name itself.
func (s speller) known(name string) string {
	if spelled := s.folded[strings.ToLower(name)]; spelled != "" && !s.exact[name] {
		return spelled
	}
	return name
}

// spell returns a column's name as [parseTarget] takes it.
func (s speller) spell(name string) string {
	base, function, isFunction := strings.Cut(name, ":")
	base = strings.TrimSpace(base)
	parts := strings.SplitN(base, ".", 4)
	first := strings.ToLower(parts[0])
	switch {
	case s.known(base) != base || s.exact[base]:
		base = s.known(base)
	case len(parts) > 1 && (first == "points" || first == "order"):
		base = strings.ToLower(base)
	case len(parts) > 1 && first == "subscriptions":
		for i := range parts {
			if i < 3 || parts[2] != customFields {
				parts[i] = strings.ToLower(parts[i])
			}
		}
		base = strings.Join(parts, ".")
	case len(parts) > 2:
		extension, attribute, _ := strings.Cut(s.known(parts[0]+"."+strings.Join(parts[2:], ".")), ".")
		base = extension + "." + parts[1] + "." + attribute
	}
	if isFunction {
		action, submatch, hasSubmatch := strings.Cut(function, ":")
		base += ":" + fold(action)
		if hasSubmatch {
			base += ":" + strings.TrimSpace(submatch)
		}
	}
	return base
}

// reportColumns are what [AppendRejectedHeader] adds. A file that has all of them
// is a report that was mended; they are not read.
var reportColumns = []string{"row", "error", "error_text"}

// reportIn returns which of the columns are those of a report; nil where not all of
// them are there. Of one that occurs twice it is the last: a file may have a column
// of that name itself.
func reportIn(columns []string) []int {
	var report []int
	for _, name := range reportColumns {
		last := -1
		for i, column := range columns {
			if fold(column) == name {
				last = i
			}
		}
		if last < 0 {
			return nil
		}
		report = append(report, last)
	}
	return report
}

// called gives a client error the path under which the file knows the column.
func called(column string, err error) error {
	if wrong, ok := errs.AsClient(err); ok {
		return wrong.At(shortName(column))
	}
	return err
}
