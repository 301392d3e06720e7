package filter

import (
	"maps"
	"slices"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// The bounds of a query: what asks thousands of documents must be quick to ask.
const (
	// maxLevels is how deep $and and $or may be nested.
	maxLevels = 8
	// maxConditions is how many conditions a query may have in all.
	maxConditions = 100
	// maxValues is how many values all $in of a query may have together.
	maxValues = 1000
	// maxSteps is how many names with dots between one may have.
	maxSteps = 16
)

// Parse reads a query: an object, or the JSON text of one. nil, an empty object
// and an empty text mean every document. It rejects with bad_query, saying where
// in the query; field is what the client calls the query.
func Parse(field string, v any) (Filter, error) {
	if text, ok := v.(string); ok && strings.TrimSpace(text) != "" {
		object, err := value.ParseObject([]byte(text))
		if clientErr, rejected := errs.AsClient(err); rejected {
			return Filter{}, errs.New(errs.Invalid, "bad_query/json", short(field), clientErr)
		}
		v = object
	} else if ok {
		v = nil
	}
	if v == nil {
		return Filter{}, nil
	}
	object, ok := v.(map[string]any)
	if !ok {
		return Filter{}, reject("object", field, value.TypeName(v))
	}
	p := parser{names: map[string]bool{}}
	root, err := p.object(field, object, 0)
	if err != nil {
		return Filter{}, err
	}
	return Filter{root, slices.Sorted(maps.Keys(p.names))}, nil
}

// A parser counts what a query consists of.
type parser struct {
	conditions int
	values     int
	names      map[string]bool
}

// object reads an object of conditions, all of which must hold.
func (p *parser) object(at string, object map[string]any, level int) (test, error) {
	if level > maxLevels {
		return nil, reject("too_deep", at, maxLevels)
	}
	var tests []test
	for _, name := range slices.Sorted(maps.Keys(object)) {
		read := p.field
		if strings.HasPrefix(name, "$") {
			read = p.combination
		}
		t, err := read(at+"."+name, name, object[name], level)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return all(tests), nil
}

// combination reads $and and $or, the operators that stand where fields do.
func (p *parser) combination(at, name string, v any, level int) (test, error) {
	if name != "$and" && name != "$or" {
		if _, known := operators[name]; known {
			return nil, reject("operator_without_field", at, name)
		}
		return nil, unknownOperator(at, name)
	}
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, reject("objects", at)
	}
	var tests []test
	for _, e := range list {
		object, ok := e.(map[string]any)
		if !ok {
			return nil, reject("no_object", at, value.TypeName(e))
		}
		if err := p.count(at); err != nil { // an empty one costs something, too
			return nil, err
		}
		t, err := p.object(at, object, level+1)
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	if name == "$or" {
		return anyOf(tests), nil
	}
	return all(tests), nil
}

// field reads what is said of one field: a value that it must equal, or an object
// of operators.
func (p *parser) field(at, name string, v any, _ int) (test, error) {
	if strings.Count(name, ".") >= maxSteps {
		return nil, reject("name", at, maxSteps)
	}
	where := pathOf(name)
	for _, step := range where.steps {
		if strings.HasPrefix(step, "$") {
			return nil, unknownOperator(at, step)
		}
	}
	p.names[name] = true
	p.names[where.steps[0]] = true
	object, isObject := v.(map[string]any)
	if !isObject || !hasOperator(object) {
		return p.operator(at, "$eq", where, v)
	}
	var tests []test
	for _, operator := range slices.Sorted(maps.Keys(object)) {
		if !strings.HasPrefix(operator, "$") {
			return nil, reject("beside_operators", at, operator, operator)
		}
		t, err := p.operator(at+"."+operator, operator, where, object[operator])
		if err != nil {
			return nil, err
		}
		tests = append(tests, t)
	}
	return all(tests), nil
}

func hasOperator(object map[string]any) bool {
	for name := range object {
		if strings.HasPrefix(name, "$") {
			return true
		}
	}
	return false
}

// operators are those that stand below the name of a field.
var operators = map[string]func(p *parser, at string, where path, v any) (test, error){
	"$eq":     func(_ *parser, at string, where path, v any) (test, error) { return equals(at, where, []any{v}) },
	"$in":     (*parser).in,
	"$exists": exists,
	"$gt":     ordered(func(order int) bool { return order > 0 }),
	"$gte":    ordered(func(order int) bool { return order >= 0 }),
	"$lt":     ordered(func(order int) bool { return order < 0 }),
	"$lte":    ordered(func(order int) bool { return order <= 0 }),
}

func (p *parser) operator(at, name string, where path, v any) (test, error) {
	read, known := operators[name]
	if !known {
		return nil, unknownOperator(at, name)
	}
	if err := p.count(at); err != nil {
		return nil, err
	}
	return read(p, at, where, v)
}

func (p *parser) count(at string) error {
	if p.conditions++; p.conditions > maxConditions {
		return reject("too_many_conditions", at, maxConditions)
	}
	return nil
}

func (p *parser) in(at string, where path, v any) (test, error) {
	list, ok := v.([]any)
	if !ok {
		return nil, reject("array", at, value.TypeName(v))
	}
	if p.values += len(list); p.values > maxValues {
		return nil, reject("too_many_values", at, maxValues)
	}
	return equals(at, where, list)
}

// equals: a value at the path is one of those, or contains one. null also means
// that there is nothing.
func equals(at string, where path, values []any) (test, error) {
	for _, v := range values {
		if name := operatorWithin(v); name != "" {
			return nil, reject("operator_in_value", at, name)
		}
	}
	wanted := setOf(values)
	return func(document map[string]any) bool {
		found := where.values(document)
		if len(found) == 0 {
			return wanted.null()
		}
		return slices.ContainsFunc(found, func(v any) bool { return holds(v, wanted.has) })
	}, nil
}

// operatorWithin is the name of an operator within a value, or empty.
func operatorWithin(v any) string {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			if strings.HasPrefix(name, "$") {
				return name
			}
			if within := operatorWithin(member); within != "" {
				return within
			}
		}
	case []any:
		for _, e := range v {
			if within := operatorWithin(e); within != "" {
				return within
			}
		}
	}
	return ""
}

func exists(_ *parser, at string, where path, v any) (test, error) {
	wanted, ok := v.(bool)
	if !ok {
		return nil, reject("boolean", at, value.TypeName(v))
	}
	return func(document map[string]any) bool { return len(where.values(document)) > 0 == wanted }, nil
}

func ordered(passes func(order int) bool) func(*parser, string, path, any) (test, error) {
	return func(_ *parser, at string, where path, v any) (test, error) {
		b, ok := boundOf(v)
		if !ok {
			return nil, reject("number_or_text", at, value.TypeName(v))
		}
		beyond := func(v any) bool {
			order, comparable := b.compare(v)
			return comparable && passes(order)
		}
		return func(document map[string]any) bool {
			return slices.ContainsFunc(where.values(document), func(v any) bool { return holds(v, beyond) })
		}, nil
	}
}

func unknownOperator(at, name string) error {
	return reject("operator", at, name)
}

func reject(reason, at string, args ...any) error {
	for i, arg := range args {
		if text, ok := arg.(string); ok {
			args[i] = short(text)
		}
	}
	return errs.New(errs.Invalid, "bad_query/"+reason, short(at), args...)
}

// short keeps a hostile name from filling the answer.
func short(at string) string {
	const longest = 100
	if len(at) <= longest {
		return at
	}
	return strings.ToValidUTF8(at[:longest], "") + "..."
}
