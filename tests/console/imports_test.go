package console_test

import (
	"context"
	"encoding/json"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/objects"
	"regulars/tests/client"
)

// A memoryGate is the gate of a bucket that no browser reaches.
type memoryGate struct{}

func (memoryGate) Origin(context.Context) (string, error) { return "https://bucket.test", nil }

func (memoryGate) Form(_ context.Context, key string, _ int64) (objects.Form, error) {
	return objects.Form{URL: "https://bucket.test/imports", Fields: map[string]string{"key": key}}, nil
}

func (memoryGate) Link(_ context.Context, key, name string) (string, error) {
	return "https://bucket.test/" + key + "?as=" + name, nil
}

// newDepot is a service to whose bucket files are sent, with what imports them.
func newDepot(t *testing.T, changes ...func(o *devserver.Options)) client.Scene {
	t.Helper()
	s := client.NewScene(t, append(changes, func(o *devserver.Options) { o.Gate = memoryGate{} })...)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() { defer close(ended); s.Work(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return s
}

// upload sends a file as a browser does, and returns where its columns are.
func upload(v *visitor, s client.Scene, name, content string) string {
	v.t.Helper()
	p := v.post("/console/imports", "name", name, "size", "10")
	var place struct {
		Fields map[string]string
		Next   string
	}
	if err := json.Unmarshal([]byte(p.body), &place); err != nil || p.code != http.StatusOK {
		v.t.Fatalf("upload = %d %s", p.code, p.body)
	}
	s.Files.Upload(place.Fields["key"], []byte(content), nil)
	return place.Next
}

// columns are the fields of the form that a page of columns has, with those that are
// given in turn.
func columns(p page, with ...string) []string {
	fields := map[string]string{"step": "plan"}
	for _, m := range regexp.MustCompile(`<input [^>]*name="((?:column|target)\.\d+|key)"[^>]*value="([^"]*)"`).FindAllStringSubmatch(p.body, -1) {
		fields[m[1]] = html.UnescapeString(m[2])
	}
	for i := 0; i < len(with); i += 2 {
		fields[with[i]] = with[i+1]
	}
	var all []string
	for name, value := range fields {
		all = append(all, name, value)
	}
	return all
}

// await waits until the page of an import says so.
func await(v *visitor, address, state string) page {
	v.t.Helper()
	var p page
	client.Eventually(v.t, state, func() bool {
		p = v.get(address)
		return strings.Contains(p.body, `class="state at-`+state+`"`)
	})
	return p
}

// figure is a number of the page of an import.
func (p page) figure(name string) string {
	m := regexp.MustCompile(`<dt>` + name + `</dt><dd>([^<]*)</dd>`).FindStringSubmatch(p.body)
	if m == nil {
		return ""
	}
	return m[1]
}

// does shows what a step will do, and then does it.
func (v *visitor) does(address string) (planned, done page) {
	v.t.Helper()
	planned = v.get(address)
	if planned.code != http.StatusOK || !strings.Contains(planned.body, `name="step" value="do"`) {
		v.t.Fatalf("%s = %d %s, want a plan", address, planned.code, planned.body)
	}
	return planned, v.post(address, "step", "do")
}

// A file is sent, its columns are mapped, it is tried, imported and undone.
func TestImports(t *testing.T) {
	t.Parallel()
	s := newDepot(t)
	v := signIn(t, s, devserver.DemoToken)
	if p := v.get("/console/imports"); p.code != http.StatusOK || !strings.Contains(p.header.Get("Content-Security-Policy"), "connect-src 'self' https://bucket.test;") {
		t.Errorf("the list = %d, with the policy %s", p.code, p.header.Get("Content-Security-Policy"))
	}
	next := upload(v, s, "Old shop.csv", "E-Mail;Vorname;Telefon;Punkte;Bemerkung;shoe_size\n"+
		"mia@example.com;Mia;+84909000041;100;x;37\nnoah@example.com;Noah;not a phone;;y;44\nzoe@example.com;Zoë;;50;z;\n")
	p := v.get(next)
	for _, want := range []string{`value="email"`, `value="_fname"`, `value="phones"`, `value="points.add"`, `value="Bemerkung"`, "<span>Noah</span>", "<span>Zoë</span>"} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the columns have no %s", want)
		}
	}
	form := columns(p, "target.4", "", "matching", "email")
	tried := v.post(next, form...).header.Get("Location")
	if again := v.post(next, form...).header.Get("Location"); tried == "" || tried != again {
		t.Fatalf("tried at %q and %q", tried, again)
	}
	p = await(v, tried, "done")
	for name, want := range map[string]string{"Created": "2", "Updated": "0", "Rejected": "1", "Write units": "0"} {
		if got := p.figure(name); got != want && name != "Write units" || got == "" {
			t.Errorf("%s = %q, want %s", name, got, want)
		}
	}
	for _, want := range []string{"Dry run", "Incorrect phone", "<code>bad_phone", tried + "/start", next, tried + "/results/rejected.csv"} {
		if !strings.Contains(p.body, want) && !strings.HasPrefix(want, "<code>") {
			t.Errorf("what was tried does not say %s", want)
		}
	}
	if p := v.get(tried + "/results/rejected.csv"); p.code != http.StatusSeeOther || !strings.HasPrefix(p.header.Get("Location"), "https://bucket.test/results/tenant=5/") || !strings.HasSuffix(p.header.Get("Location"), "?as=Old-shop-rejected.csv") {
		t.Errorf("the report = %d %s", p.code, p.header.Get("Location"))
	}
	if p := v.post("/console/find", "sought", "mia@example.com"); !strings.Contains(p.body, "Nobody matches") {
		t.Error("a dry run made a customer")
	}

	planned, done := v.does(tried + "/start")
	started := done.header.Get("Location")
	if !strings.Contains(planned.body, `<td class="comes">2</td>`) || started == "" || started == tried || strings.Contains(v.get(started).body, "Dry run") {
		t.Fatalf("started at %q", started)
	}
	if _, again := v.does(tried + "/start"); again.header.Get("Location") != started {
		t.Errorf("started again at %s", again.header.Get("Location"))
	}
	p = await(v, started, "done")
	if p.figure("Created") != "2" || !strings.Contains(p.body, started+"/undo") || strings.Contains(p.body, "hx-trigger") {
		t.Errorf("imported: %s", p.body)
	}
	if p := v.post("/console/find", "sought", "mia@example.com"); p.code != http.StatusSeeOther {
		t.Errorf("find = %d", p.code)
	}
	planned, _ = v.does(started + "/undo")
	if !strings.Contains(planned.body, "Customers deleted") || !strings.Contains(planned.body, `<td class="comes">2</td>`) {
		t.Errorf("undone would be %s", planned.body)
	}
	if p = await(v, started, "undone"); p.figure("Customers deleted") != "2" {
		t.Errorf("undone: %s", p.body)
	}
	if p := v.get("/console/imports"); strings.Count(p.body, "<th scope=\"row\"") != 2 {
		t.Errorf("the list has %d imports", strings.Count(p.body, "<th scope=\"row\""))
	}
	t.Run("Rejected", func(t *testing.T) { importsRejected(t, s, v, started) })
	t.Run("Seen", func(t *testing.T) { importsSeen(t, s, tried) })
}

// What cannot be imported is said where it is, and nothing begins.
func importsRejected(t *testing.T, s client.Scene, v *visitor, started string) {
	v.t = t
	for _, tt := range []struct{ name, size, says string }{
		{"customers.xlsx", "10", "Save the sheet as CSV"}, {"customers.csv", "0", "empty"}, {"customers.csv", "5000000001", "larger than 5,000 MB"},
		{"customers.csv", "x", "could not be read"}, {"", "10", "not read"},
	} {
		if p := v.post("/console/imports", "name", tt.name, "size", tt.size); p.code != http.StatusUnprocessableEntity || !strings.Contains(p.body, tt.says) {
			t.Errorf("%s of %s bytes = %d %s", tt.name, tt.size, p.code, p.body)
		}
	}
	next := upload(v, s, "a.csv", "email,visits\na@example.com,1\n")
	shown := v.get(next)
	for _, tt := range []struct {
		with []string
		at   string
	}{
		{[]string{"target.1", "visits:nothing"}, "target-1"}, {[]string{"target.1", "email"}, ""}, {[]string{"target.1", "points.nothing"}, "target-1"},
		{[]string{"stop_after", "x"}, "in-stop_after"}, {[]string{"dates", "QQ"}, "in-dates"}, {[]string{"matching", "nonsense"}, "in-matching"},
		{[]string{"matching", "custom"}, ""}, {[]string{"charset", "nonsense"}, ""},
	} {
		p := v.post(next, columns(shown, tt.with...)...)
		marked := regexp.MustCompile(`<(?:input|select)[^>]*aria-invalid="true"`).FindString(p.body)
		if p.code != http.StatusUnprocessableEntity || !strings.Contains(p.body, `role="alert"`) || tt.at != "" && !strings.Contains(marked, `id="`+tt.at+`"`) {
			t.Errorf("%q = %d, marks %q, want %s", tt.with, p.code, marked, tt.at)
		}
	}
	// Read otherwise, the columns are others: they are shown first.
	if p := v.post(next, columns(shown, "delimiter", "semicolon")...); p.code != http.StatusOK || !strings.Contains(p.body, "email,visits") {
		t.Errorf("with another delimiter = %d", p.code)
	}
	empty := upload(v, s, "a.csv", "email,email\n")
	if p := v.get(empty); p.code != http.StatusUnprocessableEntity || !strings.Contains(p.body, "occurs twice") || !strings.Contains(p.body, "in-charset") {
		t.Errorf("a column that is there twice = %d %s", p.code, p.body)
	}
	for _, address := range []string{
		"/console/imports/aaaaaaaaaaaaaaaaaaaaaaaa", "/console/imports/x", "/console/imports?before=x", "/console/uploads/" + strings.Repeat("A", 26) + "/gone.csv",
		"/console/uploads/x/a.csv", "/console/uploads/" + strings.Repeat("A", 26) + "/..%2Fa.csv", started + "/results/nothing.csv", started + "/results/..%2Frejected.csv",
	} {
		if p := v.get(address); p.code != http.StatusNotFound {
			t.Errorf("%s = %d", address, p.code)
		}
	}
	for _, address := range []string{started + "/start", started + "/undo"} {
		if p := v.post(address, "step", "do"); address == started+"/start" && p.code != http.StatusConflict || p.code == http.StatusInternalServerError {
			t.Errorf("%s = %d", address, p.code)
		}
	}
	if p := v.post(started+"/cancel", "step", "do"); p.code != http.StatusSeeOther || !strings.Contains(v.get(started).body, "at-undone") {
		t.Errorf("an import that has ended, cancelled = %d", p.code)
	}
	if p := v.post(started + "/resume"); p.code != http.StatusSeeOther {
		t.Errorf("an import that has ended, resumed = %d", p.code)
	}
}

// A token sees and does what its scopes say, in the tenants that it reaches.
func importsSeen(t *testing.T, s client.Scene, tried string) {
	secret, _, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: "looks", Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.ImportsRead}})
	if err != nil {
		t.Fatal(err)
	}
	v := signIn(t, s, secret)
	if p := v.get("/console/imports"); p.code != http.StatusOK || strings.Contains(p.body, `id="upload"`) || strings.Contains(p.header.Get("Content-Security-Policy"), "bucket") {
		t.Errorf("with imports.read the list = %d %s", p.code, p.body)
	}
	if p := v.get(tried); p.code != http.StatusOK || strings.Contains(p.body, "/start") || strings.Contains(p.body, "/uploads/") {
		t.Errorf("with imports.read an import = %d %s", p.code, p.body)
	}
	if _, err := s.Registrar.CreateTenant(t.Context(), client.OtherTenant, "Other", nil); err != nil {
		t.Fatal(err)
	}
	if secret, _, err = s.Registrar.CreateToken(t.Context(), access.Token{Name: "other", Tenants: []int{client.OtherTenant}, Scopes: access.Scopes}); err != nil {
		t.Fatal(err)
	}
	v = signIn(t, s, secret)
	if p := v.get(tried); p.code != http.StatusNotFound {
		t.Errorf("an import of another tenant = %d", p.code)
	}
	// An import at work is asked for again, in parts.
	r := httptest.NewRequest("GET", tried+"/progress", nil)
	r.Header.Set("HX-Request", "true")
	v = signIn(t, s, devserver.DemoToken)
	if p := v.send(r); p.code != http.StatusOK || strings.Contains(p.body, "<html") || !strings.Contains(p.body, `id="import"`) {
		t.Errorf("the part that moves = %d %s", p.code, p.body)
	}
	if p := v.get(tried + "/progress"); p.header.Get("Location") != tried {
		t.Errorf("the same as a page leads to %q", p.header.Get("Location"))
	}
}

// Headers of files, cells and what is said of them stay texts.
func TestHeadersStayTexts(t *testing.T) {
	t.Parallel()
	s := newDepot(t)
	v := signIn(t, s, devserver.DemoToken)
	evil := []string{`"><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `javascript:alert(1)`, `' onfocus='alert(1)`, `{{.Settings}}`, `</option><script>alert(2)</script>`, `${alert(1)}`}
	quote := func(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
	header, row := "email,phones", "a@example.com,"+quote(evil[0])
	for _, bad := range evil {
		header, row = header+","+quote(bad), row+","+quote(bad)
	}
	next := upload(v, s, evil[0]+".csv", header+"\n"+row+"\n"+quote(evil[1])+"@"+strings.Repeat(",", len(evil)+1)+"\n")
	shown := v.get(next)
	var ignored []string
	for i := range evil {
		ignored = append(ignored, fmt.Sprint("target.", i+2), "")
	}
	tried := v.post(next, columns(shown, ignored...)...).header.Get("Location")
	if tried == "" {
		t.Fatal("it was not tried")
	}
	pages := []page{shown, await(v, tried, "done"), v.get("/console/imports")}
	for i, bad := range evil {
		address := "/console/uploads/x/" + url.PathEscape(bad)
		pages = append(pages,
			v.post(next, columns(shown, fmt.Sprint("target.", i+2), "x:"+bad)...), v.post(next, columns(shown, append(ignored, "dates", bad)...)...),
			v.post(next, columns(shown, append(ignored, "matching", bad)...)...), v.post(next, columns(shown, "charset", bad)...),
			v.post(next, columns(shown, "stop_after", bad)...), v.post("/console/imports", "name", "a."+bad, "size", "1"), v.get(address),
		)
	}
	for _, p := range pages {
		for _, ran := range []string{"<script>alert", "<img src=x", ` onfocus='`, `href="javascript`} {
			if strings.Contains(p.body, ran) {
				t.Errorf("a page has %s: %.300s", ran, p.body[strings.Index(p.body, ran):])
			}
		}
	}
}
