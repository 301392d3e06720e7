package whole_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/admin"
	"regulars/functions/altcraft"
	"regulars/functions/console"
	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// A target is an operation and a request of it that is as it should be.
type target struct {
	operation
	methods     []string          // all that its path has
	names       map[string]string // what stands for the {name}s of its path
	contentType string
	body        string
	header      map[string]string
}

// TestBadInputOnEveryRoute sends what nobody means to every route: of the dialects, of
// the imports, of the console, and every action of administrators. Nothing is answered
// with 5xx; what is rejected is told in the dialect's own form, has written nothing,
// and took little CPU time and memory. In make prove each route gets all of it, else
// each its share, so that all of it is sent somewhere.
func TestBadInputOnEveryRoute(t *testing.T) {
	const share = 40
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as in template.yaml
	defer slog.SetDefault(slog.Default())
	slog.SetDefault(slog.New(slog.DiscardHandler)) // each action of administrators is a line
	s := newSpoiledShop(t)
	sent, rejected := 0, 0
	worst := map[string]cost{}
	for at, target := range s.targets(t) {
		n := 0
		for what, request := range spoil(target) {
			if n++; !client.Proving() && (n+at)%share != 0 {
				continue
			}
			sent++
			c, refused := s.send(t, target, what, request)
			if refused {
				rejected++
				worst[target.dialect] = worst[target.dialect].or(c)
			}
		}
	}
	if sent < 1000 || rejected < sent/2 {
		t.Errorf("%d requests, of which %d were rejected", sent, rejected)
	}
	t.Logf("%d requests, %d rejected", sent, rejected)
	for _, dialect := range slices.Sorted(maps.Keys(worst)) {
		t.Logf("%s: at most %v of CPU and %.1f MB for a rejection", dialect, worst[dialect].cpu.Round(time.Microsecond), float64(worst[dialect].memory)/1e6)
	}
}

// A spoiledShop is the whole service with somebody in it, and an eye on what is written.
type spoiledShop struct {
	*devserver.Server
	writes *writes
	names  map[string]string // what stands for the {name}s of paths
	cookie string            // of a session of the console
	form   string            // its token of forms
}

func newSpoiledShop(t *testing.T) spoiledShop {
	t.Helper()
	seen := &writes{}
	db := dynamodb.New(dynamotest.Client(t).Options(), func(o *dynamodb.Options) { o.HTTPClient = &http.Client{Transport: seen} })
	s := spoiledShop{Server: devserver.New(devserver.Options{DB: db, Table: dynamotest.Table(t), Log: slog.New(slog.DiscardHandler)}), writes: seen}
	if err := s.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	free := map[string]any{"budget": map[string]any{"requests": 0, "write_units": 0}, "rate_limit": map[string]any{"size": 0}}
	if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, free); err != nil {
		t.Fatal(err)
	}
	alt := client.Altcraft{T: t, Handler: s}
	id, err := customer.ParseHex(alt.Must("import", map[string]any{"email": "ada@example.com", "data": map[string]any{
		"email": "ada@example.com", "phones": []string{"+79000000001"},
		"subscriptions": []any{map[string]any{"channel": "email", "resource_id": 1, "email": "ada@example.com"}},
	}}).ID())
	if err != nil {
		t.Fatal(err)
	}
	s.names = map[string]string{"extension": "Phone", "key": "EmailKey", "seq": "1", "order": "A-1", "list": "newest", "version": "1", "name": "x", "subscription": "1", "id": id.Decimal()}
	do := func(method, path, body string) string {
		code, answer := send(s, method, path, body)
		if code >= 300 {
			t.Fatalf("%s %s = %d %s", method, path, code, answer)
		}
		return answer
	}
	do("POST", "/profiles/"+id.Base36()+"/extensions", `{"Phone": [{"PhoneType": 2, "prefix": "+1", "PhoneNumber": "2125550119"}]}`)
	profile := "/loy/profiles/" + id.Decimal()
	do("PUT", profile+"/points/add.json", `{"point": {"value": 1000}}`)
	do("POST", profile+"/orders.json", `{"order": {"id": "A-1", "total": 100000, "paid_at": "2024-03-05T07:08:09Z"}}`)
	var held struct {
		Hold struct{ ID any }
	}
	if err := json.Unmarshal([]byte(do("POST", profile+"/points/holds.json", `{"hold": {"points": 10}}`)), &held); err != nil {
		t.Fatal(err)
	}
	s.names["hold"] = fmt.Sprint(held.Hold.ID)
	s.signIn(t)
	return s
}

// signIn begins a session of the console.
func (s *spoiledShop) signIn(t *testing.T) {
	t.Helper()
	r := httptest.NewRequest("POST", "/console/login", strings.NewReader("token="+devserver.DemoToken))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	cookie, _, _ := strings.Cut(w.Header().Get("Set-Cookie"), ";")
	page := httptest.NewRequest("GET", "/console", nil)
	page.Header.Set("Cookie", cookie)
	w = httptest.NewRecorder()
	s.ServeHTTP(w, page)
	token := regexp.MustCompile(`name="form_token" value="([^"]+)"`).FindStringSubmatch(w.Body.String())
	if cookie == "" || token == nil {
		t.Fatalf("no session: %q, %.500s", cookie, w.Body)
	}
	s.cookie, s.form = cookie, token[1]
}

// writes are the calls that changed the table, but for the counts of budgets.
type writes struct {
	mu   sync.Mutex
	done []string
}

// RoundTrip implements [http.RoundTripper].
func (w *writes) RoundTrip(r *http.Request) (*http.Response, error) {
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	answer, err := http.DefaultTransport.RoundTrip(r)
	changes := slices.Contains([]string{"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}, operation)
	if changes && err == nil && answer.StatusCode == http.StatusOK && !bytes.Contains(body, []byte(`"Q#`)) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.done = append(w.done, fmt.Sprintf("%s %.300s", operation, body))
	}
	return answer, err
}

// taken are those since it was called last.
func (w *writes) taken() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	done := w.done
	w.done = nil
	return done
}

// targets are all routes and actions, with the bodies that the conversations have for
// them; those that delete come last.
func (s spoiledShop) targets(t *testing.T) []target {
	t.Helper()
	said := conversations(t)
	methods := map[string][]string{}
	for _, o := range operations() {
		methods[o.route] = append(methods[o.route], o.method)
	}
	var all []target
	for _, o := range operations() {
		names := maps.Clone(s.names)
		if o.dialect == "genesys" {
			id, err := customer.ParseDecimal(names["id"])
			if err != nil {
				t.Fatal(err)
			}
			names["id"] = id.Base36()
		}
		body := said[o.method+" "+o.route]
		if body == "" && o.method != "GET" {
			body = "{}"
		}
		all = append(all, target{o, methods[o.route], names, "application/json", body, nil})
	}
	for _, o := range operationsOf("console", console.Routes) {
		p := target{o, []string{"GET", "POST"}, s.names, "application/x-www-form-urlencoded", "", map[string]string{"Cookie": s.cookie}}
		if o.method == "POST" {
			p.body = url.Values{"form_token": {s.form}, "step": {"plan"}, "amount": {"5"}, "q": {"ada@example.com"}, "reason": {"x"}, "tenant": {"5"}, "token": {"x"}}.Encode()
		}
		if o.path != "/console/logout" { // it ends the session of the others
			all = append(all, p)
		}
	}
	all = append(all, actions(t)...)
	deletes := func(p target) int {
		if p.method == "DELETE" || strings.Contains(p.route, "delete") {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b target) int { return deletes(a) - deletes(b) })
	return all
}

// actions are all of the administrators'.
func actions(t *testing.T) (all []target) {
	t.Helper()
	var help bytes.Buffer
	if err := admin.Help(&help); err != nil {
		t.Fatal(err)
	}
	for block := range strings.SplitSeq(help.String(), "\n\n") {
		name, _, ok := strings.Cut(strings.TrimSpace(block), ":")
		if !ok || strings.Contains(name, " ") {
			continue
		}
		call := map[string]any{"action": name}
		for _, m := range regexp.MustCompile(`(?m)^ {4}\[?([A-Z_]+)=\]? .*\((.*)\)$`).FindAllStringSubmatch(block, -1) {
			call[strings.ToLower(m[1])] = "7"
			if strings.Contains(m[2], "number") {
				call[strings.ToLower(m[1])] = 7
			}
		}
		body, err := json.Marshal(call)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, target{
			operation{dialect: "admin", method: "POST", path: admin.Path, route: admin.Path}, []string{"POST"}, nil,
			"application/json", string(body), map[string]string{admin.Header: "1"},
		})
	}
	if len(all) < 20 {
		t.Fatalf("the help names %d actions", len(all))
	}
	return all
}

// conversations are the longest bodies in JSON that the conversations have for routes.
func conversations(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("../*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("conversations: %v, %v", files, err)
	}
	routes := map[string]*regexp.Regexp{}
	for _, o := range operations() {
		segment := regexp.MustCompile(`\\\{\w+\\\}`)
		routes[o.method+" "+o.route] = regexp.MustCompile("^" + segment.ReplaceAllString(regexp.QuoteMeta(o.route), "[^/]+") + "$")
	}
	longest := map[string]string{}
	note := func(request []string) {
		method, path, _ := strings.Cut(request[0], " ")
		path, _, _ = strings.Cut(path, "?")
		body := strings.Join(request[1:], "\n")
		if i := strings.Index(body, "{"); i >= 0 {
			body = regexp.MustCompile(`\$\w+`).ReplaceAllString(body[i:], "7")
		}
		if !json.Valid([]byte(body)) || len(body) > 3000 {
			return
		}
		for route, pattern := range routes {
			if strings.HasPrefix(route, method+" ") && pattern.MatchString(path) && len(body) > len(longest[route]) {
				longest[route] = body
			}
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var request []string
		for line := range strings.Lines(string(text)) {
			if said, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), ">"); ok {
				request = append(request, strings.TrimPrefix(said, " "))
				continue
			}
			if len(request) > 0 {
				note(request)
			}
			request = nil
		}
	}
	return longest
}

// A spoiled request is one of a target with something wrong.
type spoiled struct {
	method, path, query string
	contentType, body   string
	header              map[string]string
}

// request makes it one that can be sent. What no client can say at all is left out.
func (p spoiled) request(of target) (*http.Request, bool) {
	address := p.path
	if p.query != "" {
		address += "?" + p.query
	}
	u, err := url.ParseRequestURI(address)
	if err != nil {
		return nil, false
	}
	r := of.operation.request(devserver.DemoToken, p.contentType, []byte(p.body))
	r.URL, r.RequestURI, r.Method = u, address, p.method
	if of.dialect == "console" || of.dialect == "admin" {
		r.Header.Del("Authorization")
		r.Host = "localhost"
	}
	for name, v := range of.header {
		r.Header.Set(name, v)
	}
	for name, v := range p.header {
		r.Header.Set(name, v)
	}
	return r, true
}

// plain is the target's request as it should be.
func (p target) plain() spoiled {
	return spoiled{method: p.method, path: p.pathWith(p.names), contentType: p.contentType, body: p.body}
}

func (p target) pathWith(names map[string]string) string {
	path := p.route
	for name, v := range names {
		path = strings.ReplaceAll(path, "{"+name+"}", v)
	}
	return path
}

// What takes the place of what is right.
var (
	badBodies = []string{
		"", " ", "null", "7", `"x"`, "[]", "[{}]", "{", "{]", `{"a":}`, `{"a":1,}`, "{'a':1}", `{"a":01}`, `{"a":NaN}`, "\xff\xfe{\x00}\x00", "\ufeff{}", `{} {}`,
		`{"":1}`, `{"a":"\ud800"}`, `{"a":"\u0000"}`, "{\"a\":\"\xff\"}", "{\"a\x00\":1}", `{"a":1e400}`, `{"a":123456789012345678901234567890123456789}`,
		strings.Repeat("[", 10_000), `{"a":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 41), strings.Repeat(`{"a":1}`, 100), "<xml></xml>",
		"a=b&c=%zz", "--x\r\nContent-Disposition: form-data\r\n\r\n", `{"__proto__":{"a":1},"constructor":{}}`,
	}
	badTypes = []string{
		"", "text/plain", "application/json; charset=utf-16", "application/xml; charset=koi8-r", "application/xml", "text/xml", "multipart/form-data; boundary=x",
		"application/x-www-form-urlencoded", "application/json;;;=", ";", "\xff", strings.Repeat("a", 5000), "application/problem+json",
	}
	badQueries = []string{
		"%zz", "%00", "%ff=%ff", "=&=&&", strings.Repeat("a", 8000), strings.Repeat("a&", 4000), "limit=-1", "limit=1e9", "limit=99999999999999999999", "page=%D9%A3",
		"page=0&limit=0", "since_id=x", "fields=%00", "fields=id,id,,%2F", "dry_run=perhaps", "db_id=5&db_id=6", "token=%00", "format=yaml", "offset=-1", "n_purchases=1.5",
		"user_id=%00", "user_email=a%23b", "extensions=%F0%9F", "EmailAddress=%00", "id_key=x&id_key=y", "below=-1&kind=x", "days=99999999999", "tenant=0", "before=%ff",
		"updated_at_min=yesterday", "wallet=%00", "state=x&cursor=x", "_after=AAAA", "as_of=1e9",
	}
	badSegments = []string{
		"0", "-1", "+7", "18446744073709551616", "9007199254740993", "%00", "%ff", "%20", "%2e%2e", "..%2f..", "%D9%A3", "7%3Bdrop", "%E2%80%AE", strings.Repeat("k", 5000), "7.json", "%C0%AF",
	}
	badHeaders = []map[string]string{
		{"Content-Encoding": "gzip"}, {"Content-Encoding": "br, identity"}, {"Idempotency-Key": strings.Repeat("k", 5000)}, {"Idempotency-Key": "\xff\n"}, {"Idempotency-Key": ""},
		{"If-Match": "W/\"x\""}, {"If-Match": "\""}, {"If-Match": "*, \"a\""}, {"X-Genesys-TenantId": "٣"}, {"X-Genesys-TenantId": "99999999999999999999"}, {"X-Genesys-TenantId": "6"},
		{"Accept": "application/xml;q=NaN, */*;q=-1"}, {"Accept": strings.Repeat("a/b,", 2000)}, {"X-Forwarded-Prefix": "//evil.example/%0d%0a"}, {"Transfer-Encoding": "chunked, x"},
		{"Authorization": "Basic %%%"}, {"Authorization": "Bearer "}, {"Authorization": "\x00"}, {"Cookie": "regulars_console=\xff; ="}, {"Range": "bytes=0-0"}, {"Expect": "200-maybe"}, {"Wallet": "\x00"},
		{"X-Http-Method-Override": "DELETE"}, {"Origin": "http://evil.example"},
	}
	badMethods = []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "HEAD", "CANARY"}
	// badValues take the place of each member of a body.
	badValues = []any{
		nil, true, false, 0, -1, 1.5, 1e15, json.Number("99999999999999999999999999999999999999"), json.Number("1e125"), "", " ", "0", "-7", "1e3", "١", "x", "null", "NaN", "\ud7ff\u202e",
		"</script>", "'; DROP TABLE", "a\r\nSet-Cookie: b", "#", "~", "{{7*7}}", "../../etc/passwd", "2024-02-30", "9999-12-31T23:59:59Z", "%00", "a@b@c", "+0000000000000000", strings.Repeat("é", 300),
		strings.Repeat("x", 50_000), []any{}, []any{nil}, []any{[]any{[]any{}}}, []any{1, "1", true, nil}, map[string]any{}, map[string]any{"a": map[string]any{"b": []any{}}}, map[string]any{"action": "incr", "value": "x"},
		map[string]any{"$gt": ""}, manyOf(2000, "x"), manyOf(2000, map[string]any{"a": 0}), manyOf(500, "p@example.com"),
	}
)

func manyOf(n int, v any) []any { return slices.Repeat([]any{v}, n) }

// spoil spoils each part of a target's request in turn.
func spoil(p target) iter.Seq2[string, spoiled] {
	return func(yield func(string, spoiled) bool) {
		changed := func(what string, change func(*spoiled)) bool {
			request := p.plain()
			change(&request)
			return yield(what, request)
		}
		for _, body := range badBodies {
			if !changed(fmt.Sprintf("the body %.40q", body), func(r *spoiled) { r.body = body }) {
				return
			}
		}
		for _, kind := range badTypes {
			if !changed(fmt.Sprintf("Content-Type %.40q", kind), func(r *spoiled) { r.contentType = kind }) {
				return
			}
		}
		for _, query := range badQueries {
			if !changed(fmt.Sprintf("the query %.40q", query), func(r *spoiled) { r.query = query }) {
				return
			}
		}
		for _, header := range badHeaders {
			if !changed(fmt.Sprintf("the header %.60q", header), func(r *spoiled) { r.header = header }) {
				return
			}
		}
		for _, method := range badMethods {
			if slices.Contains(p.methods, method) {
				continue
			}
			if !changed("the method "+method, func(r *spoiled) { r.method = method }) {
				return
			}
		}
		for name := range p.names {
			if !strings.Contains(p.route, "{"+name+"}") {
				continue
			}
			for _, v := range badSegments {
				names := maps.Clone(p.names)
				names[name] = v
				if !changed(fmt.Sprintf("{%s} = %.40q", name, v), func(r *spoiled) { r.path = p.pathWith(names) }) {
					return
				}
			}
		}
		for what, body := range spoilMembers(p) {
			if !changed(what, func(r *spoiled) { r.body = body }) {
				return
			}
		}
	}
}

// spoilMembers puts each bad value into each member of a body, and of what is in it.
func spoilMembers(p target) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		if p.contentType != "application/json" {
			form, err := url.ParseQuery(p.body)
			if err != nil {
				return
			}
			for name := range form {
				for _, v := range badValues {
					spoiled := maps.Clone(form)
					spoiled.Set(name, fmt.Sprint(v))
					if text := spoiled.Encode(); !yield(fmt.Sprintf("%s = %.40v", name, v), text) {
						return
					}
				}
			}
			return
		}
		var body any
		if json.Unmarshal([]byte(p.body), &body) != nil {
			return
		}
		put := func(at string, set func(any), was any) bool {
			defer set(was)
			for _, v := range badValues {
				set(v)
				text, err := json.Marshal(body)
				if err == nil && !yield(fmt.Sprintf("%s = %.40v", at, v), string(text)) {
					return false
				}
			}
			return true
		}
		var walk func(at string, v any) bool
		walk = func(at string, v any) bool {
			switch v := v.(type) {
			case map[string]any:
				for _, name := range slices.Sorted(maps.Keys(v)) {
					was := v[name]
					if name == "token" || name == "db_id" && at != "" || name == "action" && p.dialect == "admin" {
						continue
					}
					if !put(at+"."+name, func(x any) { v[name] = x }, was) || !walk(at+"."+name, was) {
						return false
					}
				}
			case []any:
				for i := range min(len(v), 1) {
					was := v[i]
					if !put(fmt.Sprintf("%s[%d]", at, i), func(x any) { v[i] = x }, was) || !walk(fmt.Sprintf("%s[%d]", at, i), was) {
						return false
					}
				}
			}
			return true
		}
		walk("", body)
	}
}

// send sends a spoiled request and looks at what comes of it. It reports what a rejection
// cost, and whether it was one.
func (s spoiledShop) send(t *testing.T, of target, what string, p spoiled) (c cost, refused bool) {
	t.Helper()
	r, ok := p.request(of)
	if !ok {
		return c, false
	}
	s.writes.taken()
	w := httptest.NewRecorder()
	c = costOnce(t, func() int { s.ServeHTTP(w, r); return w.Code })
	if w.Code >= 500 {
		t.Errorf("%s with %s = %d %.500s", of, what, w.Code, w.Body)
	}
	if w.Code >= 500 || !rejects(of.operation, w) {
		return c, false
	}
	for range 2 { // what was rejected can be timed again
		if c.cpu > rejectionCPU/2 {
			r, _ := p.request(of)
			c.cpu = min(c.cpu, costOnce(t, func() int { s.ServeHTTP(httptest.NewRecorder(), r); return 0 }).cpu)
		}
	}
	wrote := s.writes.taken()
	if len(wrote) > 0 {
		t.Errorf("%s with %s = %d %.300s, and wrote %v", of, what, w.Code, w.Body, wrote)
	}
	if flaw := badForm(of, p, w); flaw != "" {
		t.Errorf("%s with %s = %d %v %.300s: %s", of, what, w.Code, w.Header(), w.Body, flaw)
	}
	if c.cpu > mostCPU() || c.memory > rejectionMemory {
		t.Errorf("%s with %s took %v of CPU and %.1f MB", of, what, c.cpu, float64(c.memory)/1e6)
	}
	return c, true
}

// rejects reports whether an answer says that nothing was done.
func rejects(of operation, w *httptest.ResponseRecorder) bool {
	if of.dialect == "altcraft" && w.Code == http.StatusOK {
		return !strings.Contains(w.Body.String(), `"error":0`) && !strings.Contains(w.Body.String(), "<error>0<")
	}
	if of.dialect == "admin" && w.Code == http.StatusOK {
		return strings.HasPrefix(w.Body.String(), `{"error":`)
	}
	return w.Code >= 300 && w.Code != http.StatusSeeOther
}

// badForm says what is wrong with the form of a rejection.
func badForm(of target, p spoiled, w *httptest.ResponseRecorder) string {
	if p.method == http.MethodHead {
		return ""
	}
	if w.Body.Len() > 3000+len(p.path)+len(p.query) && of.dialect != "console" {
		return fmt.Sprintf("it has %d bytes", w.Body.Len())
	}
	if strings.Contains(w.Body.String(), "Set-Cookie") && w.Header().Get("Set-Cookie") != "" {
		return "it sets a cookie"
	}
	var body map[string]any
	text := func(name string) bool { s, ok := body[name].(string); return ok && s != "" }
	if of.dialect == "console" {
		if !strings.Contains(w.Header().Get("Content-Type"), "text/html") || w.Body.Len() == 0 {
			return "it is no page"
		}
		return ""
	}
	if strings.Contains(w.Header().Get("Content-Type"), "xml") && of.dialect == "altcraft" {
		if !regexp.MustCompile(`<xml><error>[1-9]\d*</error><error_text>[^<]+</error_text>`).Match(w.Body.Bytes()) {
			return "it is none of Altcraft in XML"
		}
		return ""
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		return "it is no JSON"
	}
	ok := false
	switch of.dialect {
	case "altcraft":
		n, isNumber := body["error"].(float64)
		ok = isNumber && n > 0 && text("error_text") && (w.Code == http.StatusOK || w.Code == int(n) || of.route == altcraft.QuickImport)
	case "genesys":
		ok = body["http_code"] == float64(w.Code) && text("error_code") && text("description") && text("http_method") && text("uri")
	case "haravan":
		fields, isObject := body["errors"].(map[string]any)
		ok = text("errors") || isObject && len(fields) > 0
	case "mojodex":
		ok = text("error") || text("message")
	case "imports", "admin":
		told, isObject := body["error"].(map[string]any)
		ok = isObject && told["code"] != "" && told["code"] != nil
	}
	if !ok {
		return "it is not in the form of " + of.dialect
	}
	return ""
}
