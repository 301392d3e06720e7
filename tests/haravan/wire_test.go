package haravan

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
)

// A wire is one request byte for byte, and what must be in its answer.
type wire struct {
	name, method, path string // path below the profile; one with /loy stands for itself
	header             http.Header
	body               string
	status             int
	want               string // part of the answer
}

// play sends the request as the development machine's token, unless the row brings its own
// Authorization, with a JSON Content-Type, unless it brings its own.
func (w wire) play(t *testing.T, m member) *httptest.ResponseRecorder {
	t.Helper()
	path := w.path
	if !strings.HasPrefix(path, "/loy") {
		path = m.below(path)
	}
	r := httptest.NewRequest(w.method, path, strings.NewReader(w.body))
	r.Header = http.Header{"Content-Type": {"application/json"}, "Authorization": {"Bearer " + devserver.DemoToken}}
	maps.Copy(r.Header, w.header)
	answer := httptest.NewRecorder()
	m.h.ServeHTTP(answer, r)
	if answer.Code != w.status || !strings.Contains(answer.Body.String(), w.want) {
		t.Errorf("%s: %d %.300s, want %d with %s", w.name, answer.Code, answer.Body, w.status, w.want)
	}
	return answer
}

func point(members string) string { return `{"point": {` + members + `}}` }

// TestHaravanRejections sends what no conversation can: each is rejected in the
// dialect's form, by field and reason, shortly, and writes nothing.
func TestHaravanRejections(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	ann.add(100, "Idempotency-Key", "k1").Done(t)
	ann.order(`{"id": "A1", "total": 5000}`).Done(t)

	const notFound = `{"errors":"Not Found"}`
	long := strings.Repeat("é", 256)
	add := func(name, body string, status int, want string) wire {
		return wire{name, "PUT", "/points/add.json", nil, body, status, want}
	}
	get := func(path string, status int, want string) wire {
		return wire{"GET " + path, "GET", path, nil, "", status, want}
	}
	keyed := func(name string, keys []string) wire {
		return wire{name, "PUT", "/points/add.json", http.Header{"Idempotency-Key": keys}, point(`"value": 1`), 422, `{"errors":{"Idempotency-Key":["must have 1 to 128 characters"]}}`}
	}
	of := func(kind string) wire {
		return wire{"Content-Type " + kind, "PUT", "/points/add.json", http.Header{"Content-Type": {kind}}, point(`"value": 1`), 400, `{"errors":"Content-Type must be application/json"}`}
	}
	tests := []wire{
		add("empty", "", 400, `{"errors":"The body is empty`),
		add("a byte order mark", "\ufeff"+point(`"value": 1`), 400, "not JSON"),
		add("invalid UTF-8", point("\"value\": 1, \"reason\": \"a\xffb\""), 400, "UTF-8"),
		add("something behind it", point(`"value": 1`)+"{}", 400, "follows its end"),
		add("10,000 levels", strings.Repeat(`{"point":`, 10_000), 400, "32 levels"),
		add("10,000 brackets that never close", strings.Repeat("[", 10_000), 400, "32 levels"),
		add("more than 100,000 bytes", point(`"value": 1, "x": "`+strings.Repeat("x", 100_000)+`"`), 413, "100000 bytes"),
		add("of a repeated member the last counts", point(`"value": 1, "value": 0`), 422, `{"errors":{"value":["must be greater than 0"]}}`),
		add("minus zero", point(`"value": -0.0`), 422, `{"errors":{"value":["must be greater than 0"]}}`),
		add("beyond what is kept", point(`"value": 1e999999999`), 422, `{"errors":{"value":["is a number outside of the range 1e-130 to 9.9e125"]}}`),
		add("39 digits", point(`"value": `+strings.Repeat("9", 39)), 422, `{"errors":{"value":["is a number of more than 38 digits"]}}`),
		add("2^64", point(`"value": 18446744073709551616`), 422, `{"errors":{"value":["must be at most 9007199254740991"]}}`),
		add("half a surrogate pair", point(`"value": 1, "reason": "\ud800"`), 422, `{"errors":{"reason":["contains half of a surrogate pair"]}}`),
		add("a control character elsewhere", `{"x": {"y": "\u001b"}, "point": {"value": 1}}`, 422, `{"errors":{"x.y":["contains the control character U+001B"]}}`),
		add("a long name", point(`"`+strings.Repeat("n", 50_000)+`": "\u0000"`), 422, `U+0000`),
		add("a reason of 256", point(`"value": 1, "reason": "`+long+`"`), 422, `{"errors":{"reason":["is too long (maximum is 255 characters)"]}}`),
		add("a ref_id of 256", point(`"value": 1, "ref_id": "`+long+`"`), 422, `{"errors":{"ref_id":["is too long (maximum is 255 characters)"]}}`),
		{"a reason of a reversal", "POST", "/points/entries/1/reverse.json", nil, `{"reverse": {"reason": "` + long + `"}}`, 422, `{"errors":{"reason":[`},
		{"a reason of a return", "POST", "/orders/A1/return.json", nil, `{"return": {"amount": 1, "reason": "` + long + `"}}`, 422, `{"errors":{"reason":[`},
		{"a return of a long id", "POST", "/orders/" + strings.Repeat("x", 5000) + "/return.json", nil, `{"return": {"amount": 1}}`, 404, notFound},
		{"a return of an id that is no text", "POST", "/orders/%FF%00/return.json", nil, `{"return": {"amount": 1}}`, 404, notFound},
		{"paid before 1990", "POST", "/orders.json", nil, `{"order": {"id": "A2", "total": 1, "paid_at": "1989-12-31"}}`, 422, `{"errors":{"paid_at":["must be from 1990 on and not in the future"]}}`},

		keyed("an empty key", []string{""}),
		keyed("a key of 129", []string{strings.Repeat("é", 129)}),
		{"another reason under the key", "PUT", "/points/add.json", http.Header{"Idempotency-Key": {"k1"}}, point(`"value": 100, "reason": "x"`), 422, `{"errors":{"Idempotency-Key":["this key came before with another request"]}}`},
		{"another ref_id under the key", "PUT", "/points/add.json", http.Header{"Idempotency-Key": {"k1"}}, point(`"value": 100, "ref_id": "x"`), 422, `{"errors":{"Idempotency-Key":[`},
		of("text/json"), of("application/vnd.api+json"), of("application/json, text/plain"), of("multipart/form-data; boundary=x"),

		get("/loy/profiles/+5.json", 422, `{"errors":{"id":["is not a number"]}}`),
		get("/loy/profiles/1e3.json", 422, `{"errors":{"id":["is not a number"]}}`),
		get("/loy/profiles/%FF.json", 422, `{"errors":{"id":["is not a number"]}}`),
		get("/loy/profiles/.json", 422, `{"errors":{"id":["is not a number"]}}`),
		get("/loy/profiles/5%2Ftags.json", 422, `{"errors":{"id":["is not a number"]}}`),
		get("/loy/profiles/9007199254740992.json", 404, notFound),
		get("/loy/profiles/18446744073709551616.json", 404, notFound),
		get("/loy/profiles/"+strings.Repeat("9", 400)+"/tags.json", 404, notFound),
		get("/points/entries/+1.json", 422, `{"errors":{"seq":["is not a number"]}}`),
		get("/points/entries/0.json", 404, notFound),
		get("/points/entries/18446744073709551616.json", 404, notFound),
		get("", 404, notFound),
		get("/tags", 404, notFound),
		get("/points/entries/1.csv", 404, notFound),
		get("/loy/profiles.JSON", 404, notFound),
		get("/loy/Profiles.json", 404, notFound),
		get("/loy%2Fprofiles.json", 404, notFound),
		get("/loy/%FF", 404, notFound),

		// A query that cannot be read must not count as one without parameters: the
		// entries of ref_id=50% are not all entries.
		get("/points/entries.json?ref_id=50%", 400, `{"errors":"The query of the address cannot be read`),
		get("/points/entries.csv?ref_id=%zz", 400, `{"errors":"The query`),
		get("/loy/profiles.json?since_id=5;limit=1", 400, `{"errors":"The query`),
	}
	before := client.Dump(t, c.table)
	for _, tt := range tests {
		w := tt.play(t, ann)
		if w.Body.Len() > 400 || w.Header().Get("Content-Type") != "application/json; charset=utf-8" {
			t.Errorf("%s: %d bytes of %s", tt.name, w.Body.Len(), w.Header().Get("Content-Type"))
		}
	}
	if !slices.Equal(before, client.Dump(t, c.table)) {
		t.Error("what was refused wrote")
	}
}

// TestHaravanVerbs: every other verb on a path of the dialect is a 404, as the
// contract has it (Haravan 2.7), and changes nothing.
func TestHaravanVerbs(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	ann.add(100).Done(t)
	ann.order(`{"id": "A1", "total": 5000}`).Done(t)
	reads := []string{
		"/loy/profiles.json", ".json", "/tags.json", "/attributes.json",
		"/points/entries.json", "/points/entries.csv", "/points/entries/1.json",
	}
	writes := map[string]string{
		"/points/add.json": "PUT", "/points/subtract.json": "PUT", "/points/entries/1/reverse.json": "POST",
		"/orders.json": "POST", "/orders/A1/return.json": "POST",
	}
	body := `{"point": {"value": 1}, "reverse": {}, "order": {"id": "A2", "total": 5000}, "return": {"amount": 1000}}`
	before := client.Dump(t, c.table)
	for _, verb := range []string{"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "get", "FOO"} {
		for _, path := range reads {
			if verb == "HEAD" {
				wire{verb + " " + path, verb, path, nil, "", 200, ""}.play(t, ann)
			} else if verb != "GET" {
				wire{verb + " " + path, verb, path, nil, body, 404, `{"errors":"Not Found"}`}.play(t, ann)
			}
		}
		for path, right := range writes {
			if verb != right {
				wire{verb + " " + path, verb, path, nil, body, 404, `{"errors":"Not Found"}`}.play(t, ann)
			}
		}
	}
	if !slices.Equal(before, client.Dump(t, c.table)) {
		t.Error("a wrong verb wrote")
	}
}

// TestHaravanTokens: another shop's token finds nothing on any path, and one that
// may only read changes nothing on any.
func TestHaravanTokens(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	ann.add(100, "Idempotency-Key", "k1").Done(t)
	ann.order(`{"id": "A1", "total": 5000}`).Done(t)
	const otherShop = devserver.Tenant + 1
	if _, err := c.Registrar.CreateTenant(t.Context(), otherShop, "Other shop", map[string]any{"rate_limit": map[string]any{"size": 0}}); err != nil {
		t.Fatal(err)
	}
	bearer := func(tenant int, scope access.Scope) http.Header {
		secret, _, err := c.Registrar.CreateToken(t.Context(), access.Token{Name: "t", Tenants: []int{tenant}, Scopes: []access.Scope{scope}})
		if err != nil {
			t.Fatal(err)
		}
		return http.Header{"Authorization": {"Bearer " + secret}}
	}
	other, viewer := bearer(otherShop, access.LoyWrite), bearer(devserver.Tenant, access.LoyRead)
	keyed := maps.Clone(other)
	keyed["Idempotency-Key"] = []string{"k1"}
	before := client.Dump(t, c.table)
	for _, path := range []string{".json", "/tags.json", "/attributes.json", "/points/entries.json", "/points/entries.csv", "/points/entries/1.json"} {
		wire{"other " + path, "GET", path, other, "", 404, `{"errors":"Not Found"}`}.play(t, ann)
		wire{"viewer " + path, "GET", path, viewer, "", 200, ""}.play(t, ann)
	}
	for _, w := range []wire{
		{method: "PUT", path: "/points/add.json", body: point(`"value": 100`)},
		{method: "PUT", path: "/points/subtract.json", body: point(`"value": 1`)},
		{method: "POST", path: "/points/entries/1/reverse.json", body: `{"reverse": {}}`},
		{method: "POST", path: "/orders.json", body: `{"order": {"id": "A1", "total": 5000}}`},
		{method: "POST", path: "/orders/A1/return.json", body: `{"return": {"amount": 1000}}`},
	} {
		w.name, w.header, w.status, w.want = "other "+w.path, other, 404, `{"errors":"Not Found"}`
		w.play(t, ann)
		w.name, w.header = "other, keyed "+w.path, keyed
		w.play(t, ann)
		w.name, w.header, w.status, w.want = "viewer "+w.path, viewer, 403, `{"errors":"The token lacks the scope loy.write_profiles."}`
		w.play(t, ann)
	}
	for _, value := range []string{"Bearer", "Bearer ", devserver.DemoToken, "Bearer: " + devserver.DemoToken, "Token " + devserver.DemoToken} {
		wire{value, "GET", ".json", http.Header{"Authorization": {value}}, "", 401, `{"errors":"The request bears no token."}`}.play(t, ann)
	}
	for _, value := range []string{"Bearer " + strings.ToUpper(devserver.DemoToken), "Bearer " + strings.Repeat("x", 9000), "Bearer \xff"} {
		wire{"a token that is none", "GET", ".json", http.Header{"Authorization": {value}}, "", 401, `{"errors":"The token is unknown`}.play(t, ann)
	}
	for _, value := range []string{"bearer " + devserver.DemoToken, "BEARER   " + devserver.DemoToken + " "} {
		wire{value, "GET", ".json", http.Header{"Authorization": {value}}, "", 200, ""}.play(t, ann)
	}
	if !slices.Equal(before, client.Dump(t, c.table)) {
		t.Error("a token wrote what it may not")
	}
}

// TestHaravanAccepted sends what is taken, though another server might not.
func TestHaravanAccepted(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann, ben := c.join(), c.join()
	available := func(n int) string { return fmt.Sprintf(`"point_available":%d,`, n) }
	add := func(m member, header http.Header, members, want string) http.Header {
		t.Helper()
		return wire{members, "PUT", "/points/add.json", header, point(members), 200, want}.play(t, m).Header()
	}
	typed := func(kind string) http.Header { return http.Header{"Content-Type": {kind}} }
	add(ann, typed("application/json; charset=utf-8"), `"value": 1`, available(1))
	add(ann, typed("Application/JSON"), `"value": 9007199254740990.0, "value": 1`, available(2))
	long := strings.Repeat("é", 255)
	add(ann, nil, `"value": 1, "reason": "`+long+`", "ref_id": "`+long+`"`, available(3))
	add(ann, nil, `"value": 1, "reason": "<b>&\u2028é", "ref_id": 12345678901234567890123`, available(4))
	// Text stands there as it is, and a reference of digits keeps them all.
	wire{"raw text", "GET", "/points/entries.json?limit=1", nil, "", 200, `"reason":"<b>&\u2028é","ref_id":"12345678901234567890123"`}.play(t, ann)

	// A key of 128 characters; one that is repeated, joined as API Gateway does it;
	// for a profile and a route alone.
	for _, key := range [][]string{{strings.Repeat("é", 128)}, {"\xff"}, {"a", "b"}, {"a", "c"}} {
		header := http.Header{"Idempotency-Key": key}
		before := int(ann.profile()["point_available"].(float64))
		for i, hit := range []string{"", "true"} {
			if got := add(ann, header, `"value": 1`, available(before+1)).Get("Idempotency-Hit"); got != hit {
				t.Errorf("key %.20q: Idempotency-Hit of answer %d = %q, want %q", key, i, got, hit)
			}
		}
	}
	if got := add(ann, http.Header{"Idempotency-Key": {"a,b"}}, `"value": 1`, available(7)).Get("Idempotency-Hit"); got != "true" {
		t.Error("a repeated key is not its values with a comma between")
	}
	if got := add(ben, http.Header{"Idempotency-Key": {"a,b"}}, `"value": 1`, available(1)).Get("Idempotency-Hit"); got != "" {
		t.Error("the key of one profile counts for another")
	}
	for _, path := range []string{"//points/entries.json", "/points/./entries.json/", "/points/entries%2Ejson", "/points/entries.json?limit=1&limit=x"} {
		wire{path, "GET", path, nil, "", 200, `{"entries":[`}.play(t, ann)
	}
	order := func(body string, hit string) {
		t.Helper()
		w := wire{body, "POST", "/orders.json", http.Header{"Idempotency-Key": {"o"}}, body, 200, ""}.play(t, ben)
		if got := w.Header().Get("Idempotency-Hit"); got != hit {
			t.Errorf("%s: Idempotency-Hit = %q, want %q", body, got, hit)
		}
	}
	id := strings.Repeat("é", 64)
	order(`{"order": {"id": "`+id+`", "total": 5000, "paid_at": "1990-01-01"}}`, "")
	order(`{"order": {"paid_at": "1990-01-01T07:00:00+07:00", "total": 5e3, "points_used": 0, "id": "`+id+`"}}`, "true")
}

// TestHaravanFile: the statement as a file, to the letter. What a spreadsheet would
// take for a formula has a ' in front.
func TestHaravanFile(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	wire{"add", "PUT", "/points/add.json", nil, point(`"value": 9, "reason": "=1+1", "ref_id": "a,\"b\""`), 200, ""}.play(t, ann)
	wire{"subtract", "PUT", "/points/subtract.json", nil, point(`"value": 4, "reason": "@x", "ref_id": "-7"`), 200, ""}.play(t, ann)
	ann.reverse(2, `{"value": 1}`).Done(t)
	ann.reverse(2, `{"reason": "số"}`).Done(t)
	var statement struct {
		Entries []struct {
			Actor   string
			Created string `json:"created_at"`
			Hash    string
		}
	}
	if err := json.Unmarshal(wire{"statement", "GET", "/points/entries.json", nil, "", 200, ""}.play(t, ann).Body.Bytes(), &statement); err != nil {
		t.Fatal(err)
	}
	want := "seq,kind,value,balance,reason,ref_id,actor,created_at,reverses,reversed_by,hash," +
		"wallet,expires,usable_at,campaign,held,hold,hold_expires_at,not_taken,rules,peer_id,peer_seq\n"
	for i, row := range []string{
		"4,reverse,3,9,số,'-7,%s,%s,2,,%s,points,,,,,,,,,,\n",
		"3,reverse,1,6,,'-7,%s,%s,2,,%s,points,,,,,,,,,,\n",
		"2,subtract,-4,5,'@x,'-7,%s,%s,,3 4,%s,points,,,,,,,,,,\n",
		"1,add,9,9,'=1+1,\"a,\"\"b\"\"\",%s,%s,,,%s,points,,,,,,,,,,\n",
	} {
		e := statement.Entries[i]
		want += fmt.Sprintf(row, e.Actor, e.Created, e.Hash)
	}
	if got := (wire{"file", "GET", "/points/entries.csv", nil, "", 200, ""}).play(t, ann).Body.String(); got != want {
		t.Errorf("file =\n%s\nwant\n%s", got, want)
	}
}

// TestHaravanFileHasAll: what an entry of the statement has, its row of the file has in
// the column of that name.
func TestHaravanFileHasAll(t *testing.T) {
	t.Parallel()
	c := newClub(t, map[string]any{
		"campaigns": map[string]any{"BDAY": map[string]any{"name": "Birthday", "usable_after_hours": 48, "expires_after_days": 90}},
		"wallets":   map[string]any{"1": map[string]any{"code": "stamps", "name": "Stamps", "expires_after_days": 365}},
		"earning":   map[string]any{"rules": map[string]any{"double": map[string]any{"bonus_percent": 100}}},
	})
	ann, ben := c.join(), c.join()
	ben.add(5).Done(t)
	wire{"wait", "PUT", "/points/add.json", nil, point(`"value": 9, "campaign": "BDAY"`), 200, ""}.play(t, ann)
	ann.order(`{"id": "1", "total": 100000}`).Done(t)
	ann.hold(`{"points": 40, "expires_in": 60}`).Done(t)
	ann.end(4, "commit", `{"points": 30}`).Done(t)
	ann.transfer(ben, 150).Done(t)
	wire{"back", "POST", "/orders/1/return.json", nil, `{"return": {"amount": 100000}}`, 200, ""}.play(t, ann)
	wire{"stamp", "PUT", "/points/add.json?wallet=stamps", nil, point(`"value": 3`), 200, ""}.play(t, ann)
	filled := map[string]bool{}
	for wallet, rows := range map[string]int{"points": 7, "stamps": 1} {
		query := "?wallet=" + wallet
		var statement struct{ Entries []map[string]any }
		decoder := json.NewDecoder(wire{"statement", "GET", "/points/entries.json" + query, nil, "", 200, ""}.play(t, ann).Body)
		decoder.UseNumber()
		if err := decoder.Decode(&statement); err != nil {
			t.Fatal(err)
		}
		file, err := csv.NewReader(wire{"file", "GET", "/points/entries.csv" + query, nil, "", 200, ""}.play(t, ann).Body).ReadAll()
		if err != nil || len(file) != rows+1 || len(statement.Entries) != rows {
			t.Fatalf("the file of %s is %v, %v, want %d rows and a header", wallet, file, err, rows)
		}
		for i, e := range statement.Entries {
			e["wallet"] = wallet
			if other, ok := e["peer"].(map[string]any); ok {
				e["peer_id"], e["peer_seq"] = other["id"], other["seq"]
				delete(e, "peer")
			}
			for j, name := range file[0] {
				want := ""
				if v := e[name]; v != nil {
					want = strings.Trim(fmt.Sprint(v), "[]")
				}
				if file[i+1][j] != want {
					t.Errorf("%s of the row %v is %q, want %q", name, file[i+1], file[i+1][j], want)
				}
				filled[name] = filled[name] || want != ""
				delete(e, name)
			}
			if len(e) > 0 {
				t.Errorf("the file has no column for %v", e)
			}
		}
	}
	for _, name := range []string{"wallet", "expires", "usable_at", "campaign", "held", "hold", "hold_expires_at", "not_taken", "rules", "peer_id", "peer_seq"} {
		if !filled[name] {
			t.Errorf("no entry has %s: this tells nothing of it", name)
		}
	}
}

// TestHaravanFileIsSafe: whatever a reason is, no cell of the file is a formula to a
// spreadsheet, also where that splits cells at semicolons or tabs.
func TestHaravanFileIsSafe(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	for reason, want := range map[string]string{
		`\n=1+1`:  "\"\n'=1+1\"",
		`＝1+1`:    "'＝1+1",
		`x;=1+1`:  "\"x;'=1+1\"",
		`a;b`:     "\"a;b\"",
		`x, @sum`: "\"x, @sum\"",
	} {
		wire{"add", "PUT", "/points/add.json", nil, point(`"value": 1, "reason": "` + reason + `"`), 200, ""}.play(t, ann)
		got := wire{"file", "GET", "/points/entries.csv?limit=1", nil, "", 200, ""}.play(t, ann).Body.String()
		if !strings.Contains(got, ","+want+",") {
			t.Errorf("the reason %q is in the file\n%s\nwant %s", reason, got, want)
		}
	}
}

// TestHaravanParts: an entry is undone in 100 parts and no more (section Limits of
// docs/haravan.md).
func TestHaravanParts(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann := c.join()
	ann.add(1000).Done(t)
	for range 100 {
		ann.reverse(1, `{"value": 1}`).Done(t)
	}
	wire{
		"the 101st part", "POST", "/points/entries/1/reverse.json", nil, `{"reverse": {}}`,
		422, `{"errors":{"value":["the entry was reversed in 100 parts, and no more are possible"]}}`,
	}.play(t, ann)
	if got := ann.profile()["point_available"]; got != 900.0 {
		t.Errorf("%v points are left, want 900", got)
	}
}
