package catalog

import (
	"slices"
	"unicode/utf8"
)

// CheckDatetime rejects a body of a task whose datetime the schema forbids.
func CheckDatetime(body map[string]any) error {
	v, ok := body["datetime"]
	if !ok {
		return reject(CodeSchema+"/required", "datetime", "datetime")
	}
	return isText.check(v)
}

// checkTask rejects what is no definition of a task.
func checkTask(definition map[string]any) error {
	if err := taskRule.check(definition); err != nil {
		return err
	}
	ofType := rule{kind: "object", required: forType[definition["task_type"].(string)]}
	if err := ofType.check(definition); err != nil {
		return err
	}
	for _, p := range elements(definition["platforms"]) {
		if !slices.Contains(Platforms, p.(string)) {
			return reject(CodePlatform, "platforms", p)
		}
	}
	for _, e := range elements(definition["steps"]) {
		if name := e.(map[string]any)["name_for_system"].(string); !slices.Contains(library, name) {
			return reject(CodeStep, "steps", name)
		}
	}
	return checkLengths(definition)
}

// checkLengths rejects what is longer than the reference can keep.
func checkLengths(definition map[string]any) error {
	for _, name := range []string{"name_for_system", "icon", "output_type", "output_format_instruction_title", "output_format_instruction_draft"} {
		text, _ := definition[name].(string)
		if err := CheckLength(name, text, MaxText); err != nil {
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
		return reject("too_long", name, most, n)
	}
	return nil
}
