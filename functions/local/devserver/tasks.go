package devserver

import (
	"fmt"

	"regulars/shared/value"
)

// tasks are those of the local tenant, which get the numbers 1 to 6: for trying
// products out, the assistant that would run them is somewhere else.
func tasks() ([]map[string]any, error) {
	var all []map[string]any
	for _, t := range []struct{ system, icon, output, name, does string }{
		{"write_meeting_minutes", "📝", "meeting_minutes", "Meeting minutes", "Write the minutes of a meeting"},
		{"write_follow_up_email", "✉️", "email", "Follow-up e-mail", "Write to somebody after a meeting"},
		{"prepare_sales_call", "📞", "document", "Prepare a sales call", "Collect what to say and to ask"},
		{"qualify_lead", "🎯", "document", "Qualify a lead", "Say how well a prospect fits"},
		{"write_quote", "🧾", "document", "Write a quote", "Write an offer from what was said"},
	} {
		definition, err := value.ParseObject(fmt.Appendf(nil, instruct, t.system, t.does, t.icon, t.output, t.name, t.does, t.does))
		if err != nil {
			return nil, err
		}
		all = append(all, definition)
	}
	poem, err := value.ParseObject([]byte(workflow))
	return append(all, poem), err
}

const instruct = `{
  "task_type": "instruct", "platforms": ["mobile", "webapp"], "name_for_system": %q, "definition_for_system": %q,
  "icon": %q, "output_type": %q,
  "task_displayed_data": [{"language_code": "en", "name_for_user": %q, "definition_for_user": %q, "json_input": [
    {"type": "text_area", "input_name": "notes", "description_for_user": "Your notes", "description_for_system": "The user's notes"}]}],
  "final_instruction": %q, "output_format_instruction_title": "A short title", "output_format_instruction_draft": "Plain text",
  "infos_to_extract": [{"info_name": "subject", "description": "What it is about"}]
}`

const workflow = `{
  "task_type": "workflow", "platforms": ["mobile", "webapp"], "name_for_system": "write_poem", "definition_for_system": "Write a poem",
  "icon": "🪶", "output_type": "poem",
  "task_displayed_data": [{"language_code": "en", "name_for_user": "Poem", "definition_for_user": "Write a poem", "json_input": [
    {"type": "text_area", "input_name": "theme", "description_for_user": "The theme", "description_for_system": "The theme of the poem"}]}],
  "steps": [
    {"name_for_system": "stanza_divider", "definition_for_system": "Divide the theme into stanzas",
     "step_displayed_data": [{"language_code": "en", "name_for_user": "Divide", "definition_for_user": "Divide the theme into stanzas"}]},
    {"name_for_system": "stanza_writer", "definition_for_system": "Write each stanza", "user_validation_required": false,
     "step_displayed_data": [{"language_code": "en", "name_for_user": "Write", "definition_for_user": "Write each stanza"}]}]
}`
