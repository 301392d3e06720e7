package mojodex

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/tests/client"
	"regulars/tests/faults"
)

// TestAssignedWhile lets somebody else act before each call of an assignment by
// e-mail. What comes of both is what comes of one after the other.
func TestAssignedWhile(t *testing.T) {
	tests := []struct {
		name string
		// act does it to person n, whose id is user.
		act func(s *backstage, n int, user string)
		// want are the outcomes that are right.
		want []string
	}{
		{"he is given another product", func(s *backstage, n int, user string) {
			s.clean.must("PUT", "/manual_purchase", map[string]any{"user_id": user, "product_pk": 2})
		}, []string{
			"seller 0, had trial, task 1, task 2, goal goal of sales of 1",
			"trial 0, task 3, goal goal of sales of 1", // the other came later: only where ours was committed before
		}},
		{"his goal and category are written", func(s *backstage, n int, user string) {
			client.Altcraft{T: s.t, Handler: s.clean.h}.Must("update", map[string]any{"email": client.Email(n), "data": map[string]any{"goal": "mine", "product_category_fk": 7}})
		}, []string{"seller 0, task 1, task 2, goal mine of 7", "seller 0, task 1, task 2, goal goal of sales of 1"}},
		{"another field of his is written", func(s *backstage, n int, user string) {
			client.Altcraft{T: s.t, Handler: s.clean.h}.Must("update", map[string]any{"email": client.Email(n), "data": map[string]any{"_city": "Paris"}})
		}, []string{"seller 0, task 1, task 2, goal goal of sales of 1"}},
		{"a product gets a task", func(s *backstage, n int, user string) {
			s.clean.ask("PUT", "/product_task_association", linkBody(1, 6))
		}, []string{"seller 0, task 1, task 2, task 6, goal goal of sales of 1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newBackstage(t)
			d := testCases[0]
			calls := len(s.play(d, time.Minute, faults.None).calls)
			for at := range calls {
				somebody := faults.Before(func() { tt.act(s, s.n, s.id(s.n)) })
				run := s.play(d, time.Minute, faults.At(at, 1, somebody))
				right := false
				for _, want := range tt.want {
					right = right || run.after == want
				}
				if run.answer.Status != http.StatusOK || !right {
					t.Errorf("before call %d: %v, and he has %q, want one of %q", at, run.answer, run.after, tt.want)
				}
			}
		})
	}
}

// id is the id of person n.
func (s *backstage) id(n int) string {
	return client.Altcraft{T: s.t, Handler: s.clean.h}.Must("get", map[string]any{"email": client.Email(n)}).Data()["id"].(string)
}

// TestAssignedWhileGone: who is deleted, or gives his e-mail to another, before any
// call of an assignment by e-mail has nothing; the other has it, or nobody. Who had
// a category and a goal before is only checked, not written.
func TestAssignedWhileGone(t *testing.T) {
	s := client.NewStage(t)
	o := office{t: t, h: s.Clean.Handler}
	stock(o)
	for _, how := range []struct{ handedOn, before bool }{{false, false}, {false, true}, {true, false}} {
		handedOn := how.handedOn
		for at := 0; ; at++ {
			s.N += 2
			n := s.N
			ada, other := o.user(n), ""
			if how.before {
				o.must("PUT", "/role", map[string]any{"user_id": ada, "profile_pk": 1})
			}
			acted := false
			h, _ := client.WarmOn(t, s.Table, faults.At(at, 1, faults.Before(func() {
				acted = true
				if !handedOn {
					s.Clean.Must("delete", map[string]any{"email": client.Email(n)})
					return
				}
				s.Clean.Must("update", map[string]any{"email": client.Email(n), "data": map[string]any{"email": client.Email(n + 1)}})
				other = s.Clean.Must("import", map[string]any{"email": client.Email(n), "data": map[string]any{"email": client.Email(n)}}).ID()
			})))
			during := office{t: t, h: h, deadline: time.Minute}
			got := during.ask("PUT", "/role", map[string]any{"user_email": client.Email(n), "profile_pk": 1})
			if !acted {
				break
			}
			text, _ := got.Body["error"].(string)
			switch {
			case handedOn && got.Status == http.StatusOK:
				// By the id the customer was found before: he has it then, as if it had
				// been given before the e-mail went.
				if has := o.has(ada) + o.has(other); strings.Count(has, "seller") != 1 {
					t.Errorf("before call %d: they have %q, want one role", at, has)
				}
			case !handedOn && got.Status == http.StatusBadRequest && strings.HasSuffix(text, "User "+client.Email(n)+" does not exist"):
			default:
				t.Errorf("before call %d, %+v: %v", at, how, got)
			}
		}
	}
}

// What the conversations cannot say: a secret that is sent empty, and what stands
// at the root.
func TestBackofficeAtTheDoor(t *testing.T) {
	l := client.NewService(t)
	r := httptest.NewRequest(http.MethodGet, "/profile", nil)
	r.Header["Authorization"] = []string{""}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, r)
	if want := `{"error":"Authentication error : Invalid secret"}`; w.Code != http.StatusForbidden || w.Body.String() != want {
		t.Errorf("an empty secret: %d %s, want 403 %s", w.Code, w.Body, want)
	}
	w = httptest.NewRecorder()
	r = httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "secret")
	l.ServeHTTP(w, r)
	if want := "Welcome to Mojodex Backend Service."; w.Code != http.StatusOK || w.Body.String() != want {
		t.Errorf("GET / of a client of Mojodex = %d %s, want 200 %s", w.Code, w.Body, want)
	}
	w = httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", nil))
	for _, want := range []string{"Regulars", "/api/v1.1", "/profiles", "/loy", "/task"} {
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), want) {
			t.Errorf("GET / = %d %s, want 200 and %s", w.Code, w.Body, want)
		}
	}
	// Two slashes in front lead where one does.
	w = httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "//api/v1.1/profiles/get", strings.NewReader("{}")))
	if want := `{"error":401,`; !strings.HasPrefix(w.Body.String(), want) {
		t.Errorf("POST //api/v1.1/profiles/get = %d %s, want %s", w.Code, w.Body, want)
	}
}
