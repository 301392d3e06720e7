package genesys

import (
	"slices"
	"strconv"
	"strings"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
)

// show is a profile with the extensions that were asked for (Genesys 1.1).
func show(settings access.Settings, c customer.Customer, extensions []extension.Schema) map[string]any {
	shown := attributesOf(settings, c)
	withExtensions(shown, c, extensions)
	return shown
}

// withExtensions adds the id and the records of extensions.
func withExtensions(shown map[string]any, c customer.Customer, extensions []extension.Schema) {
	shown[memberID] = idOf(c)
	for _, schema := range extensions {
		var records []extension.Record
		for _, record := range c.Records(schema) {
			records = append(records, withDates(schema, record))
		}
		switch {
		case schema.Multi && records == nil:
			shown[schema.Name] = []extension.Record{}
		case schema.Multi:
			shown[schema.Name] = records
		case len(records) > 0:
			shown[schema.Name] = records[0]
		}
	}
}

// attributesOf are the core attributes that this dialect shows, and a replacement
// covers: one value as such, several as an array with the primary first.
func attributesOf(settings access.Settings, c customer.Customer) map[string]any {
	shown := make(map[string]any, len(c.Custom)+len(customer.CoreAttributes)+1)
	for name := range c.Custom {
		if showsCustom(settings, name) {
			values := c.Attribute(name)
			if isDate(settings.DeclaredAttributes[name].Type) {
				values = datesOf(values)
			}
			showValues(shown, name, values)
		}
	}
	for _, name := range customer.CoreAttributes {
		showValues(shown, name, c.Attribute(name))
	}
	if c.BirthDate != "" {
		shown[customer.AttributeBirthDate] = documentDate(string(c.BirthDate))
	}
	return shown
}

// showsCustom reports whether a custom field of the name is a core attribute here:
// it must not bear the name of something else, and be declared where that is
// demanded.
func showsCustom(settings access.Settings, name string) bool {
	if name == memberID || slices.Contains(customer.CoreAttributes, name) {
		return false
	}
	if _, isExtension := settings.Extensions.Find(name); isExtension {
		return false
	}
	_, declared := settings.DeclaredAttributes[name]
	return settings.Attributes != access.Declared || declared
}

// datesOf are values in the document's form, as far as they are dates.
func datesOf(values []any) []any {
	shown := make([]any, len(values))
	for i, v := range values {
		shown[i] = v
		if text, ok := v.(string); ok {
			shown[i] = documentDate(text)
		}
	}
	return shown
}

func showValues(shown map[string]any, name string, values []any) {
	switch len(values) {
	case 0:
	case 1:
		shown[name] = values[0]
	default:
		shown[name] = values
	}
}

// askedFor are the extensions that a query parameter names (Genesys 1.3).
func askedFor(settings access.Settings, list string) ([]extension.Schema, error) {
	var asked []extension.Schema
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name == "" {
			continue
		}
		schema, ok := settings.Extensions.Find(name)
		if !ok {
			return nil, errs.New(errs.Invalid, access.ErrExtensionUnknown.Code+"/extensions", "extensions", name).DependingOnSettings()
		}
		if !slices.ContainsFunc(asked, func(s extension.Schema) bool { return s.Number == schema.Number }) {
			asked = append(asked, schema)
		}
	}
	return asked, nil
}

func element(name string, i int) string { return short(name) + "[" + strconv.Itoa(i) + "]" }
