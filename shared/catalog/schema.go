package catalog

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
)

// A rule is what a JSON value must be, as far as the schema of tasks needs it
// (Mojodex 3.3). What is found wrong first is what the validator of the reference
// finds first.
type rule struct {
	kind     string // string, array, object, boolean or integer
	pattern  *regexp.Regexp
	enum     []string
	items    *rule
	members  []member
	required []string
	closed   bool // has no other members
}

type member struct {
	name string
	rule rule
}

var (
	isText    = rule{kind: "string"}
	isFlag    = rule{kind: "boolean"}
	isSystem  = rule{kind: "string", pattern: regexp.MustCompile(`^[a-z0-9_]+$`)}
	isNumber  = rule{kind: "integer"}
	isObjects = listOf(rule{kind: "object"})
)

func listOf(r rule) rule { return rule{kind: "array", items: &r} }

// objectOf is an object whose members are all needed.
func objectOf(members ...member) rule {
	r := rule{kind: "object", members: members}
	for _, m := range members {
		r.required = append(r.required, m.name)
	}
	return r
}

// textMembers are members that are texts.
func textMembers(names ...string) []member {
	var members []member
	for _, name := range names {
		members = append(members, member{name, isText})
	}
	return members
}

var jsonInput = objectOf(append([]member{
	{"type", rule{kind: "string", enum: []string{"text_area", "image", "drop_down_list", "multiple_images", "audio_file", "video"}}},
}, textMembers("input_name", "description_for_user", "description_for_system")...)...)

var taskDisplayed = objectOf(append(textMembers("language_code", "name_for_user", "definition_for_user"),
	member{"json_input", listOf(jsonInput)})...)

var predefinedAction = objectOf(member{"task_pk", isNumber}, member{"displayed_data", listOf(objectOf(
	member{"language_code", isText}, member{"data", objectOf(member{"name", isText})}))})

var step = rule{kind: "object", required: []string{"name_for_system", "definition_for_system", "step_displayed_data"}, members: []member{
	{"name_for_system", isText}, {"definition_for_system", isText}, {"step_displayed_data", isObjects},
	{"review_chat_enabled", isFlag}, {"user_validation_required", isFlag},
}}

// forAll are the members that every task must have, forType those of its type.
var (
	forAll = []string{"task_type", "platforms", "name_for_system", "definition_for_system", "icon", "output_type", "task_displayed_data"}

	forType = map[string][]string{
		Instruct: {"final_instruction", "output_format_instruction_title", "output_format_instruction_draft", "infos_to_extract"},
		Workflow: {"steps"},
	}
)

// taskRule is the schema of a task, without what depends on its type.
var taskRule = rule{kind: "object", closed: true, required: forAll, members: []member{
	{"task_type", rule{kind: "string", enum: []string{Instruct, Workflow}}},
	{"platforms", listOf(isText)}, {"name_for_system", isSystem}, {"definition_for_system", isText}, {"icon", isText},
	{"output_type", isText}, {"task_displayed_data", listOf(taskDisplayed)},
	{"final_instruction", isText}, {"output_format_instruction_title", isText}, {"output_format_instruction_draft", isText},
	{"infos_to_extract", listOf(objectOf(textMembers("info_name", "description")...))}, {"steps", listOf(step)},
	{"predefined_actions", listOf(predefinedAction)}, {"result_chat_enabled", isFlag},
}}

// A Value is a JSON value among the arguments of a client error.
type Value struct{ JSON any }

// check rejects what v has that the rule forbids, as [CodeSchema].
func (r rule) check(v any) error {
	if !r.isKind(v) {
		return reject(CodeSchema+"/type", "", Value{v}, r.kind)
	}
	switch v := v.(type) {
	case string:
		return r.checkText(v)
	case []any:
		for _, e := range v {
			if err := r.checkItem(e); err != nil {
				return err
			}
		}
	case map[string]any:
		return r.checkObject(v)
	}
	return nil
}

func (r rule) isKind(v any) bool {
	switch v := v.(type) {
	case string:
		return r.kind == "string"
	case bool:
		return r.kind == "boolean"
	case json.Number:
		return r.kind == "integer" && !strings.ContainsAny(string(v), ".eE")
	case []any:
		return r.kind == "array"
	case map[string]any:
		return r.kind == "object"
	}
	return false
}

func (r rule) checkText(v string) error {
	switch {
	case r.enum != nil && !slices.Contains(r.enum, v):
		return reject(CodeSchema+"/value", "", Value{v}, r.enum)
	case r.pattern != nil && !r.pattern.MatchString(v):
		return reject(CodeSchema+"/pattern", "", Value{v}, r.pattern.String())
	}
	return nil
}

func (r rule) checkItem(v any) error {
	if r.items == nil {
		return nil
	}
	return r.items.check(v)
}

func (r rule) checkObject(v map[string]any) error {
	for _, name := range r.required {
		if _, ok := v[name]; !ok {
			return reject(CodeSchema+"/required", name, name)
		}
	}
	known := 0
	for _, m := range r.members {
		e, ok := v[m.name]
		if !ok {
			continue
		}
		known++
		if err := m.rule.check(e); err != nil {
			return err
		}
	}
	if r.closed && known < len(v) {
		return r.unexpected(v)
	}
	return nil
}

func (r rule) unexpected(v map[string]any) error {
	var names []string
	for name := range v {
		if !slices.ContainsFunc(r.members, func(m member) bool { return m.name == name }) {
			names = append(names, name)
		}
	}
	return reject(CodeSchema+"/unexpected", "", Value{slices.Min(names)})
}
