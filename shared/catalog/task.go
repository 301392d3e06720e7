package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// The types of task.
const (
	Instruct = "instruct"
	Workflow = "workflow"
)

// Platforms are where a task can be offered.
var Platforms = []string{"mobile", "webapp"}

// library are the steps that a workflow can be made of.
var library = []string{
	"stanza_divider", "stanza_writer", "search_sources", "write_synthesis_note", "transcribe_recording",
	"transcription_to_chapters", "chapters_to_doc",
}

// A Task is something that the assistant can do.
type Task struct {
	Number int
	// Definition has the members of Mojodex 3.3 but datetime, as package value
	// keeps them.
	Definition map[string]any
	customer.Rev
}

// Text is a member that is a text.
func (t Task) Text(name string) string {
	text, _ := t.Definition[name].(string)
	return text
}

// On reports whether the task is offered on a platform.
func (t Task) On(platform string) bool {
	return slices.Contains(elements(t.Definition["platforms"]), any(platform))
}

// Shown is the task's name and definition in a language, English, or the first
// language there is; else its name for the system.
func (t Task) Shown(language string) Text {
	texts := textsOf(t.Definition["task_displayed_data"])
	if text, ok := texts.In(language); ok {
		return text
	}
	if len(texts) > 0 {
		return texts[0]
	}
	return Text{Name: t.Text("name_for_system"), Description: t.Text("definition_for_system")}
}

// Steps are the names and definitions of a workflow's steps in a language.
func (t Task) Steps(language string) Texts {
	var steps Texts
	for _, e := range elements(t.Definition["steps"]) {
		step, _ := e.(map[string]any)
		text, ok := textsOf(step["step_displayed_data"]).In(language)
		if !ok {
			text.Name, _ = step["name_for_system"].(string)
			text.Description, _ = step["definition_for_system"].(string)
		}
		steps = append(steps, text)
	}
	return steps
}

func elements(v any) []any {
	list, _ := v.([]any)
	return list
}

func textsOf(v any) Texts {
	var texts Texts
	for _, e := range elements(v) {
		m, _ := e.(map[string]any)
		var text Text
		text.Language, _ = m["language_code"].(string)
		text.Name, _ = m["name_for_user"].(string)
		text.Description, _ = m["definition_for_user"].(string)
		texts = append(texts, text)
	}
	return texts
}

// The codes of client errors of a task, which have texts of their own in front.
const (
	CodeSchema   = "task_schema"   // not as the schema has it
	CodePlatform = "task_platform" // names a platform that is none
	CodeStep     = "task_step"     // names a step that is none
	CodeNoTask   = "task_unknown"  // there is no such task
)

// normal is the definition as it is kept.
func normal(definition map[string]any) map[string]any {
	kept := maps.Clone(definition)
	delete(kept, "datetime")
	kept["output_type"] = strings.ToLower(strings.TrimSpace(definition["output_type"].(string)))
	if kept["predefined_actions"] == nil {
		kept["predefined_actions"] = []any{}
	}
	if kept["result_chat_enabled"] == nil {
		kept["result_chat_enabled"] = true
	}
	return kept
}

// CreateTask makes a task (Mojodex 3.3) and returns its number.
func (s *Service) CreateTask(ctx context.Context, tenant int, definition map[string]any) (int, error) {
	numbers := s.numbers(tenant)
	var n int
	err := errs.Retry(ctx, func(int) error {
		err := checkTask(definition)
		if err == nil {
			err = s.checkActions(ctx, tenant, definition)
		}
		if err != nil {
			return err
		}
		if n, err = numbers.one(ctx, Tasks); err != nil {
			return err
		}
		change := newChange(tenant)
		change.Task = &Task{Number: n, Definition: normal(definition)}
		return s.save(ctx, change, n)
	})
	return n, err
}

// UpdateTask replaces the members of a task that are sent.
func (s *Service) UpdateTask(ctx context.Context, tenant int, task Ref, sent map[string]any) error {
	return errs.Retry(ctx, func(int) error {
		found, err := s.store.Read(ctx, tenant, Wanted{Tasks: []int{task.Number}})
		if err != nil {
			return err
		}
		t, ok := found.Tasks[task.Number]
		if !ok {
			return noTask(task)
		}
		definition := maps.Clone(t.Definition)
		maps.Copy(definition, sent)
		if err := checkTask(definition); err != nil {
			return err
		}
		if err := s.checkActions(ctx, tenant, definition); err != nil {
			return err
		}
		t.Definition = normal(definition)
		change := newChange(tenant)
		change.Task = &t
		return s.save(ctx, change)
	})
}

// checkActions rejects predefined actions of tasks that there are none of.
func (s *Service) checkActions(ctx context.Context, tenant int, definition map[string]any) error {
	var named []int
	for _, e := range elements(definition["predefined_actions"]) {
		n, err := strconv.Atoi(string(e.(map[string]any)["task_pk"].(json.Number)))
		if err != nil || n < 1 {
			n = 0
		}
		named = append(named, n)
	}
	if len(named) == 0 {
		return nil
	}
	found, err := s.store.Read(ctx, tenant, Wanted{Tasks: named})
	if err != nil {
		return err
	}
	for i, n := range named {
		if _, ok := found.Tasks[n]; !ok {
			return unknownTask(Ref{Raw: elements(definition["predefined_actions"])[i].(map[string]any)["task_pk"]})
		}
	}
	return nil
}

// Task returns a task, or rejects with [CodeNoTask] as NotFound.
func (s *Service) Task(ctx context.Context, tenant int, task Ref) (Task, error) {
	found, err := s.read(ctx, tenant, Wanted{Tasks: []int{task.Number}})
	if err != nil {
		return Task{}, err
	}
	t, ok := found.Tasks[task.Number]
	if !ok {
		return Task{}, noTask(task)
	}
	return t, nil
}

func noTask(task Ref) error {
	return errs.New(errs.NotFound, CodeNoTask+"/asked", "task_pk", task.Raw)
}

// Tasks returns all tasks by number, or rejects with [ErrListTooLong].
func (s *Service) Tasks(ctx context.Context, tenant int) ([]Task, error) {
	var all []Task
	err := errs.Retry(ctx, func(int) (err error) {
		all, err = s.store.TaskList(ctx, tenant)
		return err
	})
	if err != nil {
		return nil, err
	}
	return showable(all, func(t Task) int { return t.Bytes })
}

// FirstTasks makes the first tasks of a tenant, with the numbers from 1 on, where
// they are not there yet. It is for a tenant that nobody works with yet.
func (s *Service) FirstTasks(ctx context.Context, tenant int, definitions []map[string]any) error {
	var all []int
	for i := range definitions {
		all = append(all, i+1)
	}
	found, err := s.read(ctx, tenant, Wanted{Tasks: all})
	if err != nil || len(found.Tasks) == len(definitions) {
		return err
	}
	if _, err := s.numbers(tenant).draw(ctx, map[Sequence]int{Tasks: len(definitions)}); err != nil {
		return err
	}
	for i, definition := range definitions {
		if _, there := found.Tasks[i+1]; there {
			continue
		}
		if err := checkTask(definition); err != nil {
			return err
		}
		change := newChange(tenant)
		change.Task = &Task{Number: i + 1, Definition: normal(definition)}
		if err := s.store.Save(ctx, change); err != nil && !errors.Is(err, errs.ErrConflict) {
			return err
		}
	}
	return nil
}
