package genesys

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// The types of an extension (Genesys 3.3). A classifier is a single-valued one
// without attributes.
const (
	typeSingle     = "single-valued"
	typeMulti      = "multi-valued"
	typeClassifier = "classifier"
)

// ParseSchema reads the declaration of an extension, a JSON document.
func ParseSchema(document []byte) (extension.Schema, error) {
	body, err := value.ParseObject(document)
	if err != nil {
		return extension.Schema{}, err
	}
	return readSchema(body)
}

// A schemaBody is an extension as it is shown, in the form in which it came.
type schemaBody struct {
	Name       string          `json:"name"`
	Type       string          `json:"type"`
	Attributes []attributeBody `json:"attributes"`
	Unique     any             `json:"unique,omitempty"`
}

type attributeBody struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	Default any    `json:"default,omitempty"`
	Length  int    `json:"length,omitempty"`
	// Mandatory is a boolean or its word, as it came.
	Mandatory any `json:"mandatory,omitempty"`
}

// readSchema reads the declaration of an extension (Genesys 3.3). Members that no
// page knows are left out.
func readSchema(body map[string]any) (extension.Schema, error) {
	var schema extension.Schema
	shown := schemaBody{Attributes: []attributeBody{}, Unique: body["unique"]}
	var err error
	if schema.Name, err = requiredText(body, "name", "name"); err != nil {
		return schema, err
	}
	if shown.Type, err = requiredText(body, "type", "type"); err != nil {
		return schema, err
	}
	switch shown.Type {
	case typeMulti:
		schema.Multi = true
	case typeSingle, typeClassifier:
	default:
		return schema, errs.New(errs.Invalid, "bad_schema/type", "type", shown.Type, typeSingle, typeMulti, typeClassifier)
	}
	attributes, err := optionalList(body, "attributes")
	if err != nil {
		return schema, err
	}
	if len(attributes) > 0 && shown.Type == typeClassifier {
		return schema, errs.New(errs.Invalid, "bad_schema/classifier", "attributes")
	}
	for i, v := range attributes {
		attribute, form, err := readAttributeSchema(fmt.Sprintf("attributes[%d]", i), v)
		if err != nil {
			return schema, err
		}
		schema.Attributes, shown.Attributes = append(schema.Attributes, attribute), append(shown.Attributes, form)
	}
	if schema.Unique, err = readUnique(body); err != nil {
		return schema, err
	}
	shown.Name = schema.Name
	schema.Form, err = json.Marshal(shown)
	return schema, err
}

// readAttributeSchema reads one attribute (Genesys 3.2). length is a number or its
// digits, mandatory a boolean or its word: the examples have both.
func readAttributeSchema(at string, v any) (a extension.Attribute, form attributeBody, err error) {
	body, ok := v.(map[string]any)
	if !ok {
		return a, form, wrongType(at, v, "an object")
	}
	if a.Name, err = requiredText(body, "name", at+".name"); err != nil {
		return a, form, err
	}
	if a.Type, err = requiredText(body, "type", at+".type"); err != nil {
		return a, form, err
	}
	a.Default = body["default"]
	if v := body["length"]; v != nil {
		text, _ := value.Text(v)
		if a.Length, err = strconv.Atoi(text); err != nil || a.Length < 1 {
			return a, form, wrongType(at+".length", v, "a whole number above zero")
		}
	}
	if a.Mandatory, err = readFlag(body, "mandatory", at+".mandatory"); err != nil {
		return a, form, err
	}
	return a, attributeBody{a.Name, a.Type, a.Default, a.Length, body["mandatory"]}, nil
}

// readUnique reads the unique combinations (Genesys 2.6): all names together are
// one, each array of names is a further one.
func readUnique(body map[string]any) ([][]string, error) {
	list, err := optionalList(body, "unique")
	if err != nil {
		return nil, err
	}
	var flat []string
	var nested [][]string
	for i, v := range list {
		at := element("unique", i)
		switch v := v.(type) {
		case string:
			flat = append(flat, v)
		case []any:
			names, err := readNames(at, v)
			if err != nil {
				return nil, err
			}
			nested = append(nested, names)
		default:
			return nil, wrongType(at, v, "a name or an array of names")
		}
	}
	if len(flat) > 0 {
		nested = append([][]string{flat}, nested...)
	}
	return nested, nil
}

func readNames(at string, list []any) ([]string, error) {
	if len(list) == 0 {
		return nil, errs.New(errs.Invalid, "missing/empty", at)
	}
	names := make([]string, len(list))
	for i, v := range list {
		name, ok := v.(string)
		if !ok {
			return nil, wrongType(element(at, i), v, "a name")
		}
		names[i] = strings.TrimSpace(name)
	}
	return names, nil
}

// sourceProfile is the source of keys over core attributes.
const sourceProfile = "profile"

// readKey reads the declaration of an identification key (Genesys 3.7).
func readKey(body map[string]any) (key customer.IdentKey, err error) {
	if key.Name, err = requiredText(body, "name", "name"); err != nil {
		return key, err
	}
	if v := body["source"]; v != nil {
		source, ok := v.(string)
		if !ok {
			return key, wrongType("source", v, "a text")
		}
		if source != "" && !strings.EqualFold(source, sourceProfile) {
			key.Source = source
		}
	}
	list, err := optionalList(body, "attributes")
	if err != nil {
		return key, err
	}
	if key.Attributes, err = readNames("attributes", list); err != nil {
		return key, err
	}
	key.Unique, err = readFlag(body, "unique", "unique")
	return key, err
}

func requiredText(body map[string]any, member, at string) (string, error) {
	switch v := body[member].(type) {
	case nil:
		return "", errs.New(errs.Invalid, "missing/member", at)
	case string:
		return v, nil
	default:
		return "", wrongType(at, v, "a text")
	}
}

func optionalList(body map[string]any, member string) ([]any, error) {
	v := body[member]
	list, ok := v.([]any)
	if v != nil && !ok {
		return nil, wrongType(member, v, "an array")
	}
	return list, nil
}

// readFlag reads a boolean or its word.
func readFlag(body map[string]any, member, at string) (bool, error) {
	v := body[member]
	text, scalar := value.Text(v)
	flag, err := strconv.ParseBool(text)
	switch {
	case v == nil:
		return false, nil
	case !scalar || err != nil || text != "true" && text != "false":
		return false, wrongType(at, v, "true or false")
	}
	return flag, nil
}
