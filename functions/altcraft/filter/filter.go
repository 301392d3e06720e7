// Package filter decides which profiles a query in the style of MongoDB means
// (docs/contracts/altcraft.md, Altcraft 6.8). It knows equality, $eq, $in, $gt,
// $gte, $lt, $lte, $exists, $and and $or, and rejects every other operator by its
// name. It is pure: a query is read once and then asked about documents as package
// value keeps them.
package filter

import "strings"

// A Filter is a query that was read. It is safe for concurrent use.
type Filter struct {
	root  test
	names []string
}

// Names are the members of a document that the filter looks at, each once. Others
// need not be in the documents that it is asked about.
func (f Filter) Names() []string { return f.names }

// Matches reports whether the query means the document.
func (f Filter) Matches(document map[string]any) bool {
	return f.root == nil || f.root(document)
}

// A test says something of a document.
type test func(document map[string]any) bool

func all(tests []test) test {
	return func(document map[string]any) bool {
		for _, t := range tests {
			if !t(document) {
				return false
			}
		}
		return true
	}
}

func anyOf(tests []test) test {
	return func(document map[string]any) bool {
		for _, t := range tests {
			if t(document) {
				return true
			}
		}
		return false
	}
}

// A path leads to the values of a document that a query compares.
type path struct {
	name  string   // as it is written; a member of just this name goes before the steps
	steps []string // the name at its dots
}

func pathOf(name string) path { return path{name, strings.Split(name, ".")} }

// values are what stands at the path: more than one where an array of objects is
// on the way, none where there is nothing.
func (p path) values(document map[string]any) []any {
	if v, found := document[p.name]; found {
		return []any{v}
	}
	found := []any{document}
	for _, step := range p.steps {
		found = members(found, step)
	}
	return found
}

// members are the members of that name of all the objects, and of those that are
// elements of the arrays.
func members(of []any, name string) []any {
	var found []any
	for _, v := range of {
		switch v := v.(type) {
		case map[string]any:
			if m, ok := v[name]; ok {
				found = append(found, m)
			}
		case []any:
			for _, e := range v {
				if object, ok := e.(map[string]any); ok {
					if m, ok := object[name]; ok {
						found = append(found, m)
					}
				}
			}
		}
	}
	return found
}

// holds reports whether the value, or an element of it where it is an array,
// passes.
func holds(v any, passes func(any) bool) bool {
	if passes(v) {
		return true
	}
	list, _ := v.([]any)
	for _, e := range list {
		if passes(e) {
			return true
		}
	}
	return false
}
