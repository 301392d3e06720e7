package mojodex

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/tests/client"
)

// hostile are values that nobody means.
var hostile = []any{
	nil, true, false, 0, -1, 1.5, 1e300, json.Number("99999999999999999999999999999999999999"), json.Number("-0"), "", " ", "0", "1e3", "١", "x",
	"\u0000", "\ud7ff", "</script>", "'; DROP TABLE", "#", "~", "a#b", strings.Repeat("é", 255), strings.Repeat("x", 5000),
	[]any{}, []any{nil}, []any{[]any{}}, []any{map[string]any{}}, map[string]any{}, map[string]any{"a": map[string]any{}},
	[]any{map[string]any{"language_code": nil}}, []any{map[string]any{"language_code": "en", "name": []any{}, "name_for_user": 1}},
}

// TestBackofficeBadInput puts each hostile value into each member of each body. It
// is taken or rejected, in the dialect's form and without a fault.
func TestBackofficeBadInput(t *testing.T) {
	o := office{t: t, h: client.NewService(t)}
	user := o.user(1)
	stock(o)
	bodies := []struct {
		method, path string
		body         map[string]any
	}{
		{"PUT", "/profile_category", categoryBody("x")}, {"PUT", "/profile", profileBody("x", 1)},
		{"PUT", "/product", productBody("x", 1, true, 1, 1)},
		{"POST", "/product_category", map[string]any{"product_category_pk": 1, "label": "x", "emoji": "e", "displayed_data": named("x"), "visible": false}},
		{"POST", "/product", map[string]any{"product_pk": 2, "label": "y", "displayed_data": named("x"), "product_category_fk": 1, "is_free": true,
			"n_days_validity": 1, "n_tasks_limit": 1, "product_stripe_id": "s", "product_apple_id": "a"}},
		{"PUT", "/product_task_association", linkBody(1, 5)},
		{"PUT", "/manual_purchase", map[string]any{"product_pk": 3, "user_id": user, "user_email": client.Email(1), "custom_purchase_id": "x"}},
		{"PUT", "/role", map[string]any{"profile_pk": 1, "user_email": client.Email(1)}},
		{"POST", "/role", map[string]any{"role_pk": 1}},
		{"POST", "/user_task_execution", map[string]any{"task_pk": 1, "user_id": user}},
		{"POST", "/task", map[string]any{"task_pk": 6, "task_type": "workflow", "steps": []any{}, "platforms": []any{}, "icon": "i", "output_type": "o",
			"task_displayed_data": []any{}, "predefined_actions": []any{}, "infos_to_extract": []any{}, "name_for_system": "n"}},
		{"POST", "/check_expired_purchases", map[string]any{"n_purchases": 1}},
	}
	for _, b := range bodies {
		for member := range b.body {
			for _, v := range hostile {
				body := map[string]any{}
				for name, w := range b.body {
					body[name] = w
				}
				body[member] = v
				a := o.ask(b.method, b.path, body)
				text, told := a.Body["error"].(string)
				switch {
				case a.Status == http.StatusOK && !told:
				case (a.Status == http.StatusBadRequest || a.Status == http.StatusPaymentRequired || a.Status == http.StatusNotFound) && text != "":
				default:
					t.Errorf("%s %s with %s = %.60v: %v", b.method, b.path, member, v, a)
				}
				if len(text) > 2000 {
					t.Errorf("%s %s with %s = %.60v is answered with %d bytes", b.method, b.path, member, v, len(text))
				}
			}
		}
	}
	for _, query := range []string{"user_id=%00", "user_id=%ff", "user_email=%F0%9F", "user_id=" + strings.Repeat("9", 3000), "user_email=a%23b"} {
		for _, path := range []string{"/purchase", "/user_task", "/product_category"} {
			if a := o.ask("GET", path+"?"+query, nil); a.Status != http.StatusBadRequest {
				t.Errorf("GET %s?%.40s = %v, want 400", path, query, a)
			}
		}
	}
}

// TestBackofficeTooMuch: a schema of 1,000 levels, a body over the limit, and
// things that an item could not hold are rejected by name.
func TestBackofficeTooMuch(t *testing.T) {
	l := client.NewService(t)
	o := office{t: t, h: l}
	o.must("PUT", "/product_category", categoryBody("sales"))
	raw := func(method, path, body string) client.Answer {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Authorization", devserver.DemoToken)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		l.ServeHTTP(w, r)
		return client.Parse(t, w.Code, w.Header(), w.Body.Bytes())
	}
	deep := `{"datetime": "", "task_displayed_data": ` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `}`
	texts := make([]any, 2000)
	for i := range texts {
		texts[i] = map[string]any{"language_code": "en", "name_for_user": strings.Repeat("n", 200), "description_for_user": "d"}
	}
	large := categoryBody("large")
	large["displayed_data"] = texts
	document := o.document(large)
	tests := []struct{ name, method, path, body, want string }{
		{"1,000 levels", "PUT", "/task", deep, "Error creating new task : _validate_json_input :: The body has more than 32 levels of arrays and objects."},
		{"1,000 levels of an edit", "POST", "/task", `{"datetime": 1, "task_pk": 1, "steps": ` + deep + `}`, "Error editing task : The body has more than 32 levels of arrays and objects."},
		{"a body over a million bytes", "PUT", "/profile", `{"a": "` + strings.Repeat("x", 1_000_000) + `"}`, "The body of the request is larger than 1000000 bytes."},
		{"a category over 300,000 bytes", "PUT", "/product_category", document, "Error while creating product category: create_product_category:: The category would have "},
	}
	for _, tt := range tests {
		a := raw(tt.method, tt.path, tt.body)
		if text, _ := a.Body["error"].(string); a.Status != http.StatusBadRequest || !strings.HasPrefix(text, tt.want) {
			t.Errorf("%s: %.300v, want 400 %s", tt.name, a, tt.want)
		}
	}
	if a := raw("PUT", "/profile", "{\"datetime\": \"\xff\"}"); a.Status != http.StatusBadRequest || a.Body["message"] == nil {
		t.Errorf("bytes that are not UTF-8: %v", a)
	}
}

// TestProductWithTooManyTasks: one more than a product may have is rejected by name
// when it is associated, and the most can be given.
func TestProductWithTooManyTasks(t *testing.T) {
	l := client.NewService(t)
	o := office{t: t, h: l}
	user := o.user(1)
	o.must("PUT", "/product_category", categoryBody("sales"))
	o.must("PUT", "/profile", profileBody("seller", 1))
	task := o.ask("GET", "/task?task_pk=1", nil).Body
	const most = 200
	for n := 7; n <= most+1; n++ {
		o.must("PUT", "/task", map[string]any{
			"datetime": "", "task_type": "workflow", "platforms": []any{"webapp"}, "name_for_system": "t", "definition_for_system": "d", "icon": "i",
			"output_type": "x", "task_displayed_data": task["task_displayed_data"], "steps": []any{},
		})
	}
	for n := 1; n <= most; n++ {
		o.must("PUT", "/profile_task_association", map[string]any{"profile_pk": 1, "task_pk": n})
	}
	a := o.ask("PUT", "/profile_task_association", map[string]any{"profile_pk": 1, "task_pk": most + 1})
	want := fmt.Sprintf("Error while creating profile_task_association: associate_product_tasks: Product pk 1 has %d tasks; no more are possible", most)
	if a.Status != http.StatusBadRequest || a.Body["error"] != want {
		t.Errorf("one too many: %v, want %s", a, want)
	}
	o.must("PUT", "/role", map[string]any{"user_id": user, "profile_pk": 1})
	tasks := 0
	for offset := 0; ; offset += 50 {
		n := len(o.ask("GET", fmt.Sprintf("/user_task?user_id=%s&offset=%d", user, offset), nil).Body["user_tasks"].([]any))
		if tasks += n; n == 0 {
			break
		}
	}
	if tasks != most {
		t.Errorf("the user has %d tasks, want %d", tasks, most)
	}
}
