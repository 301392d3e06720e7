package altcraft

import (
	"encoding/json"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// maxTexts bounds tags and categories: far more than anybody reads, and few
// enough to fit a customer.
const maxTexts = 10_000

// What a member of an object is read as. A member that is absent or null is the
// zero value.

func optionalText(object map[string]any, member string) (string, error) {
	return textOrNone(member, object[member])
}

func textOrNone(field string, v any) (string, error) {
	switch v := v.(type) {
	case nil:
		return "", nil
	case string:
		return v, nil
	default:
		return "", wrongType(field, v, "a text")
	}
}

// optionalTexts reads an array of texts, most of them at the most, or one text.
func optionalTexts(object map[string]any, path, member string, most int) ([]string, error) {
	return readTexts(path+member, object[member], most)
}

func readTexts(field string, v any, most int) ([]string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return []string{v}, nil
	case []any:
		if len(v) > most {
			return nil, errs.New(errs.Invalid, "too_many/texts", field, len(v), most)
		}
		texts := make([]string, len(v))
		for i, e := range v {
			text, ok := e.(string)
			if !ok {
				return nil, wrongType(field+"["+strconv.Itoa(i)+"]", e, "a text")
			}
			texts[i] = text
		}
		return texts, nil
	default:
		return nil, wrongType(field, v, "an array of texts")
	}
}

// optionalWhole reads a whole number, or its digits as text, that is not below
// least.
func optionalWhole(object map[string]any, member string, least int64) (int64, error) {
	v := object[member]
	if v == nil {
		return 0, nil
	}
	return readWhole(member, v, least)
}

func readWhole(field string, v any, least int64) (int64, error) {
	_, isBool := v.(bool)
	text, isScalar := value.Text(v)
	n, err := strconv.ParseInt(text, 10, 64)
	if isBool || !isScalar || err != nil {
		return 0, wrongType(field, v, "a whole number")
	}
	if n < least {
		return 0, errs.New(errs.Invalid, "out_of_range/least", field, least, n)
	}
	return n, nil
}

// optionalBool reads a boolean, also as the words and digits that clients use.
func optionalBool(object map[string]any, member string) (bool, error) {
	switch v := object[member].(type) {
	case nil:
		return false, nil
	case bool:
		return v, nil
	case string, json.Number:
		text, _ := value.Text(v)
		switch strings.ToLower(text) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	}
	return false, wrongType(member, object[member], "true or false")
}
