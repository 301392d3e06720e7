package mojodex

import (
	"net/http"
	"slices"

	"regulars/shared/catalog"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// createTask makes a task (Mojodex 3.3).
func (d Dialect) createTask(c *call) (httpapi.Answer, error) {
	err := catalog.CheckDatetime(c.body)
	if err == nil && c.flaw != nil {
		err = schemaFlaw(c.flaw)
	}
	if err != nil {
		return httpapi.Answer{}, ofTask("creating", err)
	}
	delete(c.body, "datetime")
	return d.once(c, func(s *catalog.Service) ([]int, error) {
		n, err := s.CreateTask(c.Context(), c.Settings.Tenant, c.body)
		return []int{n}, ofTask("creating", err)
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]int{"task_pk": numbers[0]})
	})
}

// updateTask replaces the members of a task that are sent.
func (d Dialect) updateTask(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", "task_pk"); err != nil {
		return httpapi.Answer{}, err
	}
	if c.flaw != nil {
		return httpapi.Answer{}, ofTask("editing", schemaFlaw(c.flaw))
	}
	task := c.body["task_pk"]
	delete(c.body, "datetime")
	delete(c.body, "task_pk")
	return d.once(c, func(s *catalog.Service) ([]int, error) {
		return nil, ofTask("editing", s.UpdateTask(c.Context(), c.Settings.Tenant, ref(task), c.body))
	}, func([]int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, map[string]any{"task_pk": task})
	})
}

// schemaFlaw is what may not be kept, told like what the schema forbids.
func schemaFlaw(flaw error) error {
	clientErr, _ := errs.AsClient(flaw)
	return errs.New(errs.Invalid, catalog.CodeSchema+"/flaw", clientErr.Path, clientErr)
}

// ofTask puts before a client error what the reference puts there, which for some is
// nothing.
func ofTask(doing string, err error) error {
	clientErr, rejected := errs.AsClient(err)
	switch {
	case !rejected:
		return err
	case clientErr.Code == catalog.CodeSchema && doing == "creating":
		return prefixed("Error creating new task : _validate_json_input :: ", err)
	case clientErr.Code == catalog.CodePlatform, clientErr.Code == catalog.CodeStep, clientErr.Kind == errs.NotFound:
		return err
	}
	return prefixed("Error "+doing+" task : ", err)
}

// getTask shows one task, or all.
func (d Dialect) getTask(c *call) (httpapi.Answer, error) {
	if query := c.URL.Query(); query.Has("task_pk") {
		task, err := d.catalog.Task(c.Context(), c.Settings.Tenant, ref(query.Get("task_pk")))
		if err != nil {
			return httpapi.Answer{}, err
		}
		return httpapi.JSON(http.StatusOK, showTask(task))
	}
	tasks, err := d.catalog.Tasks(c.Context(), c.Settings.Tenant)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown := []object{}
	for _, t := range tasks {
		shown = append(shown, append(object{{"task_pk", t.Number}}, showTask(t)...))
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"tasks": shown})
}

// taskMembers are in the order of Mojodex 3.3.
var taskMembers = []string{
	"task_type", "platforms", "predefined_actions", "task_displayed_data", "name_for_system", "definition_for_system", "output_type", "icon",
	"result_chat_enabled", "final_instruction", "output_format_instruction_title", "output_format_instruction_draft", "infos_to_extract", "steps",
}

func showTask(t catalog.Task) object {
	var shown object
	for _, name := range taskMembers {
		if v, ok := t.Definition[name]; ok {
			shown = append(shown, member{name, v})
		}
	}
	return shown
}

// maxUserTasks is how many user tasks one answer has at most.
const maxUserTasks = 50

// getUserTasks shows the enabled tasks of a user that a platform offers (Mojodex
// 3.7).
func (d Dialect) getUserTasks(c *call) (httpapi.Answer, error) {
	user, err := c.queriedUser()
	if err != nil {
		return httpapi.Answer{}, err
	}
	page, err := readPage(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, tasks, err := d.catalog.UserTasks(c.Context(), user)
	if err != nil {
		return httpapi.Answer{}, err
	}
	tasks = slices.DeleteFunc(tasks, func(t catalog.UserTask) bool {
		return !t.Task.On(page.platform) || page.userTask != nil && t.Number != page.userTask.Number
	})
	tasks = tasks[min(page.offset, len(tasks)):]
	tasks = tasks[:min(page.limit, len(tasks))]
	shown := []object{}
	for _, t := range tasks {
		shown = append(shown, showUserTask(t, catalog.Language(found)))
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"user_tasks": shown})
}

// A page is which user tasks are asked for.
type page struct {
	platform      string
	offset, limit int
	userTask      *catalog.Ref // nil: all
}

func readPage(c *call) (page, error) {
	query := c.URL.Query()
	p := page{platform: "webapp", limit: maxUserTasks}
	if query.Has("platform") {
		p.platform = query.Get("platform")
	}
	if !slices.Contains(catalog.Platforms, p.platform) {
		return page{}, errs.New(errs.NotFound, "platform_unknown", "platform", p.platform)
	}
	for name, to := range map[string]*int{"offset": &p.offset, "n_user_tasks": &p.limit} {
		if !query.Has(name) {
			continue
		}
		n, ok := wholeNumber(query.Get(name))
		if !ok || n < 0 {
			return page{}, errs.New(errs.Invalid, "wrong_value/count", name, query.Get(name))
		}
		*to = n
	}
	p.limit = min(p.limit, maxUserTasks)
	if query.Has("user_task_pk") {
		userTask := ref(query.Get("user_task_pk"))
		p.userTask = &userTask
	}
	return p, nil
}

func showUserTask(t catalog.UserTask, language string) object {
	text := t.Task.Shown(language)
	return object{
		{"user_task_pk", t.Number}, {"task_pk", t.Task.Number}, {"task_name", text.Name}, {"task_description", text.Description},
		{"task_icon", t.Task.Text("icon")}, {"task_type", t.Task.Text("task_type")}, {"steps", showSteps(t.Task, language)}, {"enabled", true},
	}
}

// showSteps is null for what is no workflow.
func showSteps(t catalog.Task, language string) []object {
	if t.Text("task_type") != catalog.Workflow {
		return nil
	}
	steps := []object{}
	for _, s := range t.Steps(language) {
		steps = append(steps, object{{"name_for_user", s.Name}, {"definition_for_user", s.Description}})
	}
	return steps
}

// runTask counts a run of a task.
func (d Dialect) runTask(c *call) (httpapi.Answer, error) {
	if err := c.require("datetime", "task_pk"); err != nil {
		return httpapi.Answer{}, err
	}
	if c.flaw != nil {
		return httpapi.Answer{}, c.flaw
	}
	user, err := c.user(c.body["user_id"], c.body["user_email"])
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.once(c, func(s *catalog.Service) ([]int, error) {
		run, err := s.RunTask(c.Context(), user, ref(c.body["task_pk"]))
		return []int{run.Execution, run.Purchase}, err
	}, func(numbers []int) (httpapi.Answer, error) {
		return httpapi.JSON(http.StatusOK, object{{"user_task_execution_pk", numbers[0]}, {"purchase_pk", numbers[1]}})
	})
}
