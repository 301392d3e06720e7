package genesys

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// A ucs speaks the Genesys dialect to a handler.
type ucs struct {
	t testing.TB
	h http.Handler
	// deadline, unless 0, is how long a request may take.
	deadline time.Duration
}

// A said is what a request of that dialect came to.
type said struct {
	status int
	header http.Header
	text   string
}

func (s said) String() string { return fmt.Sprintf("HTTP %d %.300s", s.status, s.text) }
func (s said) use() string    { return s.header.Get("X-Consumed-Capacity") }

// object is the body, which must be one.
func (s said) object() map[string]any {
	var object map[string]any
	_ = json.Unmarshal([]byte(s.text), &object) // nil is seen by who asks
	return object
}

// list is the body, which must be an array of objects.
func (s said) list() []map[string]any {
	var list []map[string]any
	_ = json.Unmarshal([]byte(s.text), &list)
	return list
}

func (s said) id() string {
	id, _ := s.object()["customer_id"].(string)
	return id
}

// call sends a request; body may be nil. Header is a list of names and values.
func (u ucs) call(method, path string, body any, header ...string) said {
	u.t.Helper()
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			u.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("test:"+devserver.DemoToken)))
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	if u.deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), u.deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	u.h.ServeHTTP(w, r)
	return said{w.Code, w.Header(), w.Body.String()}
}

// must fails the test unless the request succeeds.
func (u ucs) must(method, path string, body any, header ...string) said {
	u.t.Helper()
	s := u.call(method, path, body, header...)
	if s.status >= 300 {
		u.t.Fatalf("%s %s %v = %v, want success", method, path, body, s)
	}
	return s
}

func (u ucs) keyState(name string) string {
	state, _ := u.call("GET", "/metadata/identification-keys/"+name, nil).object()["state"].(string)
	return state
}

func records(n int, from int) []any {
	var list []any
	for i := range n {
		list = append(list, map[string]any{"prefix": "+33", "PhoneNumber": fmt.Sprint(from + i)})
	}
	return list
}

// TestUCSCosts demands the figures of the docs/costs.md.
func TestUCSCosts(t *testing.T) {
	var calls []faults.Call
	transport := &faults.Transport{}
	table := dynamotest.Table(t)
	client.Seed(t, client.ServiceOn(t, dynamotest.Client(t), table), table)
	u := ucs{t: t, h: client.ServiceOn(t, client.FaultyDB(t, transport), table)}
	u.call("GET", "/profiles/nobody", nil) // remembers token and settings
	client.AwaitNewHour(t, 20*time.Second)
	id := ""
	steps := []struct {
		name, method, path string
		body               func() any
		want               string
		writes             []int // items of each transaction
	}{
		// Customer 2 and 2 index, two addresses 2 each, extension 2, three values 2 and 1 index each.
		{"create with three phone records", "POST", "/profiles", func() any {
			return map[string]any{"FirstName": "Bruce", "LastName": "Banner", "DOB": "1962-05-10",
				"EmailAddress": []string{"bruce.banner@marvelous.com", "b.banner@hulk.dom"}, "Phone": records(3, 0)}
		}, "rt=1;r=0;w=19", []int{7}},
		{"query", "GET", "/profiles/$id", nil, "rt=1;r=1;w=0", nil},
		{"query with extensions", "GET", "/profiles/$id?extensions=Phone", nil, "rt=1;r=1;w=0", nil},
		{"identify, one match with extensions", "GET", "/profiles?Phone.PhoneNumber=1&extensions=Phone&include_profile=yes", nil, "rt=2;r=1.5;w=0", nil},
		{"identify by e-mail", "GET", "/profiles?EmailAddress=b.banner@hulk.dom", nil, "rt=2;r=2;w=0", nil},
		{"identify nobody", "GET", "/profiles?Phone.PhoneNumber=none", nil, "rt=1;r=0.5;w=0", nil},
		{"replace that changes one attribute", "PUT", "/profiles/$id", func() any {
			return map[string]any{"FirstName": "Bruce", "LastName": "Banner", "DOB": "1962-05-11",
				"EmailAddress": []string{"bruce.banner@marvelous.com", "b.banner@hulk.dom"}}
		}, "rt=2;r=1;w=1", nil},
		{"replace with the same records", "PUT", "/profiles/$id", func() any {
			return map[string]any{"FirstName": "Robert", "LastName": "Banner", "DOB": "1962-05-11",
				"EmailAddress": []string{"bruce.banner@marvelous.com", "b.banner@hulk.dom"}, "Phone": records(3, 0)}
		}, "rt=2;r=1;w=1", nil},
		{"replace that changes nothing", "PUT", "/profiles/$id", func() any {
			return map[string]any{"FirstName": "Robert", "LastName": "Banner", "DOB": "1962-05-11",
				"EmailAddress": []string{"bruce.banner@marvelous.com", "b.banner@hulk.dom"}, "Phone": records(3, 0)}
		}, "rt=1;r=1;w=0", nil},
		// Extension and customer, which says what its extensions are.
		{"update of a record", "PUT", "/profiles/$id/extensions/Phone/by/unique", func() any {
			return map[string]any{"prefix": "+33", "PhoneNumber": "1", "PhoneType": 5}
		}, "rt=2;r=1;w=4", []int{2}},
		{"one record more", "POST", "/profiles/$id/extensions", func() any {
			return map[string]any{"Phone": records(1, 7)}
		}, "rt=2;r=1;w=7", []int{3}},
		{"one record less", "PUT", "/profiles/$id/extensions/Phone/delete/by/unique", func() any {
			return map[string]any{"prefix": "+33", "PhoneNumber": "7"}
		}, "rt=2;r=1;w=7", []int{3}},
		{"replaced by itself", "POST", "/profiles/$id/extensions", func() any {
			return map[string]any{"Phone": records(1, 0)}
		}, "rt=1;r=1;w=0", nil},
		// The tombstone and 2 index, addresses are read before, extension, three values.
		{"delete", "DELETE", "/profiles/$id", nil, "rt=5;r=5;w=22", []int{8}},
	}
	for _, step := range steps {
		var body any
		if step.body != nil {
			body = step.body()
		}
		before := len(transport.Calls())
		got := u.call(step.method, replaceID(step.path, id), body)
		if got.status >= 300 {
			t.Fatalf("%s: %v", step.name, got)
		}
		if id == "" {
			id = got.id()
		}
		if got.use() != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, got.use(), step.want)
		}
		calls = transport.Calls()[before:]
		var writes []int
		for _, call := range calls {
			if call.Operation == "TransactWriteItems" {
				writes = append(writes, call.Items)
			}
		}
		if fmt.Sprint(writes) != fmt.Sprint(step.writes) {
			t.Errorf("%s made transactions of %v items, want %v", step.name, writes, step.writes)
		}
	}
}

func replaceID(path, id string) string {
	return string(bytes.ReplaceAll([]byte(path), []byte("$id"), []byte(id)))
}

// A tag of a query holds for what it shows: a write to that makes it stale, any
// other does not.
func TestUCSTags(t *testing.T) {
	l := client.NewService(t)
	u, alt := ucs{t: t, h: l}, client.Altcraft{T: t, Handler: l}
	id := u.must("POST", "/profiles", map[string]any{"EmailAddress": "ann@example.com", "Phone": records(1, 0)}).id()
	tag := func(query string) string { return u.must("GET", "/profiles/"+id+query, nil).header.Get("ETag") }
	insert := func(n int) { u.must("POST", "/profiles/"+id+"/extensions", map[string]any{"Phone": records(1, n)}) }
	put := func(name, match string) int {
		return u.call("PUT", "/profiles/"+id, map[string]any{"EmailAddress": "ann@example.com", "FirstName": name}, "If-Match", match).status
	}

	core, whole := tag(""), tag("?extensions=Phone")
	if core == whole || core != tag("") || whole != tag("?extensions=Phone") {
		t.Fatalf("tags = %s and %s, want two that stay", core, whole)
	}
	insert(1)
	if core != tag("") || whole == tag("?extensions=Phone") {
		t.Errorf("an inserted record makes the tags %s and %s of %s and %s", tag(""), tag("?extensions=Phone"), core, whole)
	}
	if got := put("A", whole); got != 412 {
		t.Errorf("PUT with the tag before the insert = %d, want 412", got)
	}
	if got := put("A", core); got != 200 {
		t.Errorf("PUT with the tag of the core = %d, want 200", got)
	}
	if got := put("B", core); got != 412 {
		t.Errorf("PUT again with the same tag = %d, want 412", got)
	}
	now := tag("?extensions=Phone")
	alt.Must("update", map[string]any{"email": "ann@example.com", "data": map[string]any{"_city": "Oslo"}})
	if got := put("C", `"0123456789abcdef", `+now); got != 200 {
		t.Errorf("PUT after another dialect wrote what is not shown = %d, want 200", got)
	}
	now = tag("")
	alt.Must("update", map[string]any{"email": "ann@example.com", "data": map[string]any{"_fname": "Ann"}})
	if got := put("D", now); got != 412 {
		t.Errorf("PUT after another dialect wrote what is shown = %d, want 412", got)
	}
	if got := u.call("DELETE", "/profiles/"+id, nil, "If-Match", now); got.status != 412 {
		t.Errorf("DELETE with an old tag = %v, want 412", got)
	}
	u.must("DELETE", "/profiles/"+id, nil, "If-Match", tag("?extensions=Phone"))
}

// A list of many goes on behind its Link until all were shown once, in the order
// of ids. An answer ends before it is too large for Lambda.
func TestProveUCSPages(t *testing.T) {
	t.Parallel()
	u := ucs{t: t, h: client.NewService(t)}
	note := string(bytes.Repeat([]byte("x"), 120))
	heavy := func(n int) []any {
		list := []any{map[string]any{"PhoneNumber": "shared"}}
		for i := range 80 {
			list = append(list, map[string]any{"prefix": fmt.Sprint(n), "PhoneNumber": fmt.Sprint(n, "-", i), "description": note})
		}
		return list
	}
	customers := 60
	if client.Proving() {
		customers = 2500
	}
	ids := client.Together(8, func(w int) []string {
		var mine []string
		for n := w; n < customers; n += 8 {
			profile := map[string]any{"FirstName": "A", "Phone": []any{map[string]any{"PhoneNumber": "shared"}}}
			if n < 60 {
				profile["Note"] = string(bytes.Repeat([]byte("y"), 100_000))
			}
			if n == 0 {
				profile["Phone"] = heavy(n)
			}
			mine = append(mine, u.must("POST", "/profiles", profile).id())
		}
		return mine
	})
	want := map[string]bool{}
	for _, mine := range ids {
		for _, id := range mine {
			want[id] = true
		}
	}
	path, last, pages := "/profiles?Phone.PhoneNumber=shared&include_profile=yes&extensions=Phone", "", 0
	for path != "" {
		got := u.must("GET", path, nil)
		if len(got.text) > 4_200_000 || len(got.list()) > 1000 {
			t.Errorf("an answer has %d bytes and %d profiles", len(got.text), len(got.list()))
		}
		for _, one := range got.list() {
			id := one["customer_id"].(string)
			if id <= last || !want[id] {
				t.Fatalf("%s comes after %s, or twice", id, last)
			}
			last = id
			delete(want, id)
		}
		pages++
		path = ""
		if link := got.header.Get("Link"); link != "" {
			path = link[1:bytes.IndexByte([]byte(link), '>')]
		}
	}
	if len(want) != 0 || pages < 2 {
		t.Errorf("%d profiles were not shown on %d pages", len(want), pages)
	}
}
