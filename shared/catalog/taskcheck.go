package catalog

import (
	"slices"
	"unicode/utf8"
)

// CheckDatetime rejects a body of a task whose datetime the schema forbids.
func CheckDatetime(body map[string]any) error {
	v, ok := body["datetime"]
	if !ok {
		return reject(CodeSchema, "datetime", "'datetime' is a required property")
	}
	if wrong := isText.check(v); wrong != "" {
		return reject(CodeSchema, "datetime", "%s", wrong)
	}
	return nil
}

// checkTask rejects what is no definition of a task.
func checkTask(definition map[string]any) error {
	if wrong := taskRule.check(definition); wrong != "" {
		return reject(CodeSchema, "", "%s", wrong)
	}
	ofType := rule{kind: "object", required: forType[definition["task_type"].(string)]}
	if wrong := ofType.check(definition); wrong != "" {
		return reject(CodeSchema, "", "%s", wrong)
	}
	for _, p := range elements(definition["platforms"]) {
		if !slices.Contains(Platforms, p.(string)) {
			return reject(CodePlatform, "platforms", "Platform '%s' is an invalid platform", cut(p.(string)))
		}
	}
	for _, e := range elements(definition["steps"]) {
		if name := e.(map[string]any)["name_for_system"].(string); !slices.Contains(library, name) {
			return reject(CodeStep, "steps", "Step %s not found in steps library", cut(name))
		}
	}
	return checkLengths(definition)
}

// checkLengths rejects what is longer than the reference can keep.
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

// CheckLength rejects a text of more than so many characters.
func CheckLength(name, text string, most int) error {
	if n := utf8.RuneCountInString(text); n > most {
		return reject("too_long", name, "%s: at most %d characters are possible, this has %d", name, most, n)
	}
	return nil
}
