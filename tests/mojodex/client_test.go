package mojodex

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/tests/client"
)

// An office speaks the Mojodex dialect to a handler.
type office struct {
	t testing.TB
	h http.Handler
	// deadline, unless 0, is how long a request may take.
	deadline time.Duration
}

// ask sends a body, to which datetime is added; nil is none.
func (o office) ask(method, path string, body map[string]any) client.Answer {
	o.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(o.document(body)))
	r.Header.Set("Authorization", devserver.DemoToken)
	r.Header.Set("Content-Type", "application/json")
	if o.deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), o.deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	o.h.ServeHTTP(w, r)
	return client.Parse(o.t, w.Code, w.Header(), w.Body.Bytes())
}

func (o office) document(body map[string]any) string {
	if body == nil {
		return ""
	}
	full := map[string]any{"datetime": nil}
	for name, v := range body {
		full[name] = v
	}
	text, err := json.Marshal(full)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(text)
}

// must fails the test unless the answer is a success, and returns its one number.
func (o office) must(method, path string, body map[string]any) int {
	o.t.Helper()
	a := o.ask(method, path, body)
	if a.Status != http.StatusOK {
		o.t.Fatalf("%s %s %v = %v, want success", method, path, body, a)
	}
	for _, v := range a.Body {
		if n, ok := v.(float64); ok {
			return int(n)
		}
	}
	return 0
}

// user imports a customer and returns its id.
func (o office) user(n int) string {
	o.t.Helper()
	return client.Altcraft{T: o.t, Handler: o.h}.Must("import", map[string]any{"email": client.Email(n), "data": map[string]any{"email": client.Email(n)}}).ID()
}

func categoryBody(label string) map[string]any {
	return map[string]any{"label": label, "displayed_data": []any{}, "emoji": "e", "implicit_goal": "goal of " + label, "visible": false}
}

func named(name string) []any { return []any{map[string]any{"language_code": "en", "name": name}} }

func profileBody(label string, category int) map[string]any {
	return map[string]any{"profile_label": label, "displayed_data": named(label), "profile_category_pk": category}
}

func productBody(label string, category int, free bool, days, tasks any) map[string]any {
	return map[string]any{
		"product_label": label, "displayed_data": named(label), "product_category_pk": category,
		"is_free": free, "n_days_validity": days, "n_tasks_limit": tasks,
	}
}

func linkBody(product, task int) map[string]any {
	return map[string]any{"product_pk": product, "task_pk": task}
}

// has is what a user has, without numbers: purchases, tasks, goal.
func (o office) has(user string) string {
	o.t.Helper()
	purchases, tasks := o.ask("GET", "/purchase?user_id="+user, nil), o.ask("GET", "/user_task?user_id="+user, nil)
	if purchases.Status != http.StatusOK || tasks.Status != http.StatusOK {
		o.t.Fatalf("user %s has %v and %v", user, purchases, tasks)
	}
	var said []string
	for _, p := range purchases.Body["current_purchases"].([]any) {
		p := p.(map[string]any)
		said = append(said, fmt.Sprint(p["product_name"], " ", p["n_tasks_consumed"]))
	}
	for _, p := range purchases.Body["last_expired_purchase"].([]any) {
		said = append(said, fmt.Sprint("had ", p.(map[string]any)["product_name"]))
	}
	numbers := map[any]bool{}
	for _, t := range tasks.Body["user_tasks"].([]any) {
		t := t.(map[string]any)
		said = append(said, fmt.Sprint("task ", t["task_pk"]))
		numbers[t["user_task_pk"]] = true
	}
	if len(numbers) != len(tasks.Body["user_tasks"].([]any)) {
		o.t.Errorf("user %s has two user tasks of one number: %v", user, tasks)
	}
	data := client.Altcraft{T: o.t, Handler: o.h}.Must("get", map[string]any{"matching": "profile_id", "profile_id": user}).Data()
	return strings.Join(append(said, fmt.Sprint("goal ", data["goal"], " of ", data["product_category_fk"])), ", ")
}
