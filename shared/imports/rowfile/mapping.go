package rowfile

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// A Mapping says what a file's columns and formats mean. Its JSON:
//
//	{
//	  "columns":   {"E-Mail-Adresse": "email", "Geburtstag": "_bdate"},
//	  "ignore":    ["Bemerkung"],
//	  "constants": {"_country": "DE", "subscriptions.0.resource_id": 1},
//	  "dates":     "DD.MM.YYYY",
//	  "numbers":   "1.234,50",
//	  "delimiter": ";",
//	  "charset":   "windows-1252",
//	  "empty":     "clear"
//	}
//
// All members are optional. Columns that it does not name keep their meaning.
type Mapping struct {
	// Columns are targets by what the file calls them; case and blanks around do
	// not count. A target is what a header could have instead.
	Columns map[string]string `json:"columns,omitempty"`
	// Ignore are columns that are not read.
	Ignore []string `json:"ignore,omitempty"`
	// Constants are values that each row has, by target: texts as a cell has them,
	// or JSON as profiles/import takes it.
	Constants map[string]any `json:"constants,omitempty"`
	// Dates is how dates are written: YYYY, MM, DD, hh, mm, ss and what stands
	// between. Empty: as profiles/import takes them.
	Dates string `json:"dates,omitempty"`
	// Numbers is how 1234.5 is written: 1.234,50 for example. Empty: 1234.50.
	Numbers string `json:"numbers,omitempty"`
	// Delimiter, Charset and Empty ("clear" or "leave") are as in [Options].
	Delimiter string `json:"delimiter,omitempty"`
	Charset   string `json:"charset,omitempty"`
	Empty     string `json:"empty,omitempty"`
}

// MaxMapping is the longest mapping, in bytes.
const MaxMapping = 200_000

// ParseMapping reads a mapping. Its errors are bad_mapping, bad_json and those of
// targets; the path is that of the member.
func ParseMapping(document []byte) (Mapping, error) {
	var m Mapping
	if len(document) > MaxMapping {
		return m, reject("bad_mapping/too_long", "", MaxMapping)
	}
	object, err := value.ParseObject([]byte(strings.TrimPrefix(string(document), byteOrderMark)))
	if err != nil {
		return m, err
	}
	texts := map[string]*string{
		"dates": &m.Dates, "numbers": &m.Numbers, "delimiter": &m.Delimiter, "charset": &m.Charset, "empty": &m.Empty,
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		v := object[name]
		switch name {
		case "columns":
			m.Columns, err = textsByName(name, v)
		case "ignore":
			m.Ignore, err = textList(name, v)
		case "constants":
			var ok bool
			if m.Constants, ok = v.(map[string]any); !ok {
				err = wrongMember(name, v, "an object")
			}
		default:
			text, known := texts[name]
			if !known {
				return m, reject("bad_mapping/unknown_member", name)
			}
			*text, err = textMember(name, v)
		}
		if err != nil {
			return m, err
		}
	}
	return m, m.check()
}

// UnmarshalJSON reads a mapping as [ParseMapping] does.
func (m *Mapping) UnmarshalJSON(document []byte) (err error) {
	*m, err = ParseMapping(document)
	return err
}

func textsByName(path string, v any) (map[string]string, error) {
	object, ok := v.(map[string]any)
	if !ok {
		return nil, wrongMember(path, v, "an object")
	}
	texts := make(map[string]string, len(object))
	for name, v := range object {
		text, err := textMember(path+"."+name, v)
		if err != nil {
			return nil, err
		}
		texts[name] = text
	}
	return texts, nil
}

func textList(path string, v any) ([]string, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, wrongMember(path, v, "an array of texts")
	}
	var texts []string
	for _, e := range list {
		text, err := textMember(path, e)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	return texts, nil
}

func textMember(path string, v any) (string, error) {
	text, ok := v.(string)
	if !ok || text == "" {
		return "", wrongMember(path, v, "a text that is not empty")
	}
	return text, nil
}

func wrongMember(path string, v any, expected string) *errs.Client {
	return reject("bad_mapping/type", path, expected, value.TypeName(v))
}

// check rejects what cannot be right whatever the file and the tenant.
func (m Mapping) check() error {
	if _, err := m.Apply(Options{}); err != nil {
		return err
	}
	if _, err := formatsOf(m); err != nil {
		return err
	}
	seen := map[string]string{} // where a name was, by its folded form
	for _, name := range slices.Sorted(maps.Keys(m.Columns)) {
		if seen[fold(name)] != "" {
			return reject("bad_mapping/doubled", "columns."+name)
		}
		seen[fold(name)] = "columns"
		if _, err := parseTarget(m.Columns[name]); err != nil {
			return within("columns."+name, err)
		}
	}
	for _, name := range m.Ignore {
		if seen[fold(name)] == "columns" {
			return reject("bad_mapping/doubled", "ignore", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.Constants)) {
		if _, err := parseTarget(name); err != nil {
			return within("constants."+name, err)
		}
	}
	return nil
}

// within says in which member of a mapping a target is wrong.
func within(path string, err error) error {
	if wrong, ok := errs.AsClient(err); ok {
		return wrong.At(shortName(path))
	}
	return err
}

// Apply returns the options with what the mapping says where they say nothing.
func (m Mapping) Apply(o Options) (Options, error) {
	o.Mapping = m
	if m.Delimiter != "" {
		r, size := utf8.DecodeRuneInString(m.Delimiter)
		if size != len(m.Delimiter) {
			return o, reject("bad_file/delimiter", "", m.Delimiter)
		}
		if o.Delimiter == 0 {
			o.Delimiter = r
		}
		if _, err := delimiterOf(Options{Delimiter: r}); err != nil {
			return o, err
		}
	}
	if m.Charset != "" {
		if _, err := charsetOf(m.Charset); err != nil {
			return o, err
		}
		if o.Charset == "" {
			o.Charset = m.Charset
		}
	}
	switch m.Empty {
	case "", "leave":
	case "clear":
		o.EmptyClears = true
	default:
		return o, reject("bad_mapping/empty", "empty", m.Empty)
	}
	return o, nil
}

// fold is the form in which names of columns are compared.
func fold(name string) string { return strings.ToLower(strings.TrimSpace(name)) }
