package catalog

import (
	"slices"
	"unicode/utf8"
)

// CheckDatetime refuses a body of a task whose datetime the schema forbids.
func CheckDatetime(body map[string]any) error {
	v, ok := body["datetime"]
	if !ok {
		return refuse(CodeSchema, "datetime", "'datetime' is a required property")
	}
	if wrong := isText.check(v); wrong != "" {
		return refuse(CodeSchema, "datetime", "%s", wrong)
	}
	return nil
}

// checkTask refuses what is no definition of a task.
func checkTask(definition map[string]any) error {
	if wrong := taskRule.check(definition); wrong != "" {
		return refuse(CodeSchema, "", "%s", wrong)
	}
	ofType := rule{kind: "object", required: forType[definition["task_type"].(string)]}
	if wrong := ofType.check(definition); wrong != "" {
		return refuse(CodeSchema, "", "%s", wrong)
	}
	for _, p := range elements(definition["platforms"]) {
		if !slices.Contains(Platforms, p.(string)) {
			return refuse(CodePlatform, "platforms", "Platform '%s' is an invalid platform", cut(p.(string)))
		}
	}
	for _, e := range elements(definition["steps"]) {
		if name := e.(map[string]any)["name_for_system"].(string); !slices.Contains(library, name) {
			return refuse(CodeStep, "steps", "Step %s not found in steps library", cut(name))
		}
	}
	return checkLengths(definition)
}

// checkLengths refuses what is longer than the reference can keep.
func checkLengths(definition map[string]any) error {
	for _, name := range []string{"name_for_system", "icon", "output_type", "output_format_instruction_title", "output_format_instruction_draft"} {
		if err := CheckLength(name, Str(definition[name]), MaxText); definition[name] != nil && err != nil {
			return err
		}
	}
	for _, text := range textsOf(definition["task_displayed_data"]) {
		err := first(CheckLength("language_code", text.Language, MaxLanguage), CheckLength("name_for_user", text.Name, MaxText))
		if err != nil {
			return err
		}
	}
	return nil
}

// CheckLength refuses a text of more than so many characters.
func CheckLength(name, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return refuse("too_long", name, "%s: at most %d characters are possible, this has %d", name, most, n)
	}
	return nil
}
