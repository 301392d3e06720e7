package whole_test

import (
	"bytes"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/functions/altcraft"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	bulk "regulars/functions/imports"
	"regulars/functions/local/devserver"
	"regulars/functions/mojodex"
	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/tests/client"
)

// An operation is a route of a dialect.
type operation struct {
	dialect, method, path string
	route                 string // the path with its {name}s
	scope                 access.Scope
}

func (o operation) String() string { return o.method + " " + o.path }

// operations are all of them, with something for each {name} in their paths.
func operations() []operation {
	all := operationsOf("altcraft", altcraft.Routes)
	all = append(all, operationsOf("genesys", genesys.Routes)...)
	all = append(all, operationsOf("haravan", haravan.Routes)...)
	all = append(all, operationsOf("imports", bulk.Routes)...)
	return append(all, operationsOf("mojodex", mojodex.Routes)...)
}

func operationsOf[D, C any](dialect string, routes []httpapi.Route[D, C]) []operation {
	var all []operation
	for _, route := range routes {
		path := strings.NewReplacer("{id}", "7", "{seq}", "7", "{order}", "7", "{extension}", "Phone", "{key}", "EmailKey", "{hold}", "7", "{list}", "newest", "{subscription}", "1").Replace(route.Path)
		all = append(all, operation{dialect, route.Method, path, route.Path, route.Scope})
	}
	return all
}

// request makes a request of the operation, with a token in the header where its dialect
// has it.
func (o operation) request(secret, contentType string, body []byte) *http.Request {
	r := httptest.NewRequest(o.method, o.path, bytes.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if secret == "" {
		return r
	}
	switch o.dialect {
	case "genesys":
		r.SetBasicAuth("any", secret)
	case "mojodex":
		r.Header.Set("Authorization", secret)
	default:
		r.Header.Set("Authorization", "Bearer "+secret)
	}
	return r
}

// hostile are bodies of up to 5 MB that nobody vouches for.
func hostile() map[string]struct {
	contentType string
	body        []byte
} {
	const size = 4_900_000
	fill := func(before, unit, after string) []byte {
		return []byte(before + strings.Repeat(unit, (size-len(before)-len(after))/len(unit)) + after)
	}
	type body = struct {
		contentType string
		body        []byte
	}
	nested := strings.Repeat("<a>", 30) + strings.Repeat("</a>", 30)
	const (
		kind = "application/json"
		head = `{"db_id":5,"email":"ada@example.com","data":{"email":"ada@example.com",`
		xml  = "<xml><db_id>5</db_id><email>ada@example.com</email><data>"
		end  = "</data></xml>"
	)
	many := func(n int, unit string) string { return strings.TrimSuffix(strings.Repeat(unit+",", n), ",") }
	return map[string]body{
		"XML, nested":                 {"application/xml", fill("<xml>", nested, "</xml>")},
		"XML, of empty elements":      {"text/xml", fill("<xml><data>", "<a/>", end)},
		"XML, of references":          {"application/xml", fill("<xml><a>", "&#65;", "</a></xml>")},
		"XML, of comments":            {"application/xml", fill("<xml>", "<!---->", "</xml>")},
		"XML, a document type":        {"application/xml", fill("<!DOCTYPE xml [", `<!ENTITY a "&b;&b;">`, "]><xml/>")},
		"XML, of 30 KB":               {"application/xml", []byte("<xml>" + strings.Repeat(nested, 140) + "</xml>")},
		"XML, a long text":            {"application/xml", fill(xml+"<a>", "x", "</a>"+end)},
		"XML, a text of 1.9 MB":       {"application/xml", []byte(xml + "<a>" + strings.Repeat("x", 1_900_000) + "</a>" + end)},
		"XML, 24,000 elements":        {"application/xml", []byte(xml + strings.Repeat("<a array='true'>x</a>", 24_000) + end)},
		"XML, 24,000 levels":          {"application/xml", []byte(xml + strings.Repeat(nested, 800) + end)},
		"XML, 50,000 references":      {"application/xml", []byte(xml + "<a>" + strings.Repeat("&#x1F600;", 50_000) + "</a>" + end)},
		"XML, attributes":             {"application/xml", fill("<xml>", "<a "+strings.Repeat("name ", 800)+"/>", "</xml>")},
		"XML, names of members":       {"application/xml", fill("<xml>", "<a name='x'/>", "</xml>")},
		"XML, CDATA":                  {"application/xml", fill("<xml><a><![CDATA[", "<a>", "]]></a></xml>")},
		"JSON of objects":             {kind, fill(`{"db_id":5,"data":[`, `{"a":0},`, `0]}`)},
		"JSON of nothing":             {kind, fill(`{"db_id":5,"data":[`, `{},`, `0]}`)},
		"JSON of escapes":             {kind, fill(`{"db_id":5,"data":"`, `\u0041\n`, `"}`)},
		"JSON of short texts":         {kind, fill(`{"db_id":5,"data":[`, `"\n",`, `0]}`)},
		"JSON of numbers":             {kind, fill(`{"db_id":5,"data":[`, `-1.5e1,`, `0]}`)},
		"JSON, one long text":         {kind, fill(head+`"a":"`, `x`, `"}}`)},
		"JSON, not ASCII":             {kind, fill(head+`"a":"`, `ж`, `"}}`)},
		"JSON, a long token":          {kind, fill(`{"db_id":5,"token":"`, `x`, `"}`)},
		"JSON, a number":              {kind, fill(`{"db_id":5,"data":`, `7`, `}`)},
		"JSON that breaks off":        {kind, fill(`{"db_id":5,"data":["`, `x`, `"`)},
		"JSON that breaks":            {kind, fill(head+`"a":["`, `x`, `"],}}`)},
		"JSON of names":               {kind, fill(`{`, `"abc":0,`, `"a":0}`)},
		"JSON of 36,000 members":      {kind, []byte(head + `"L":[` + many(36_000, `{"a":0}`) + `]}}`)},
		"JSON of 79,000 members":      {kind, []byte(head + `"L":[` + many(79_000, `{}`) + `]}}`)},
		"JSON of 39,000 objects":      {kind, []byte(head + `"L":[` + many(39_000, `{"a":0}`) + `]}}`)},
		"JSON of 79,000 names":        {kind, []byte(head + strings.Repeat(`"n":0,`, 79_000) + `"n":0}}`)},
		"JSON with a flaw at the end": {kind, []byte(head + `"L":[` + many(39_000, `{}`) + `],"a":"\u0000"}}`)},
		"JSON that breaks at the end": {kind, []byte(head + `"L":[` + many(39_000, `{}`) + `],"a":}}`)},
		"JSON of 25,000 phones":       {kind, []byte(head + `"phones":[` + many(25_000, `"+79000000001"`) + `]}}`)},
		"JSON of 9,000 tags":          {kind, []byte(head + `"tags":[` + many(9_000, `"x"`) + `]}}`)},
		"JSON of 19,000 records":      {kind, []byte(`{"db_id":5,"Phone":[` + many(19_000, `{"PhoneType":2,"prefix":"+1","PhoneNumber":"2125550119"}`) + `]}`)},
		"JSON of 70,000 addresses":    {kind, []byte(`{"db_id":5,"EmailAddress":[` + many(70_000, `"ada@example.com"`) + `]}`)},
		"JSON of 95 KB":               {kind, []byte(`{"points":{"amount":1},"order":{"lines":[` + many(11_000, `{"a":0}`) + `]}}`)},
		"JSON, an array":              {kind, fill(`[`, `0,`, `0]`)},
		"JSON, a text":                {kind, fill(`"`, `x`, `"`)},
		"blanks":                      {kind, fill("", " ", "")},
		"more than 5 MB":              {kind, bytes.Repeat([]byte(" "), 5_500_000)},
		"a form of parameters":        {"application/x-www-form-urlencoded", fill("", "a&", "")},
		"a form of one":               {"application/x-www-form-urlencoded", fill("a=", "%41", "")},
		"a form of 9,000":             {"application/x-www-form-urlencoded", []byte("db_id=5&email=ada%40example.com" + strings.Repeat("&a=%41", 9_000))},
		"a form of a text of 900 KB":  {"application/x-www-form-urlencoded", []byte("db_id=5&email=ada%40example.com&a=" + strings.Repeat("x", 900_000))},
		"JSON for no content type":    {"", fill(`{"db_id":5,"data":[`, `[],`, `0]}`)},
	}
}

// The most that a rejection may take.
const (
	rejectionCPU    = 50 * time.Millisecond
	rejectionMemory = 20_000_000
)

// What is rejected is rejected before much is done about it: a hostile body of 5 MB costs
// little CPU time and memory, on every route, with any token and none, and is never a
// fault. A batch of a good token is work that was asked for.
func TestRejectionsAreCheap(t *testing.T) {
	const share = 4
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as in template.yaml
	s := client.NewScene(t)
	bodies := hostile()
	worst := map[string]cost{}
	unknown := "reg_live_" + strings.Repeat("A", 52)
	for i, o := range operations() {
		if o.scope == httpapi.Public || !client.Proving() && i%10 != 0 && o.path != altcraft.QuickImport {
			continue // the routes of a dialect read bodies alike
		}
		for _, secret := range []string{"", unknown, devserver.DemoToken} {
			if secret == devserver.DemoToken && strings.HasSuffix(o.path, "_batch") {
				continue
			}
			for n, name := range slices.Sorted(maps.Keys(bodies)) {
				if !client.Proving() && (n+i/10)%share != 0 {
					continue
				}
				b, refused := bodies[name], false
				c := costOf(t, func() int {
					w := httptest.NewRecorder()
					s.ServeHTTP(w, o.request(secret, b.contentType, b.body))
					refused = rejects(o, w)
					return w.Code
				})
				if c.status >= 500 {
					t.Errorf("%s, %s: status %d", o, name, c.status)
				}
				if !refused {
					continue
				}
				if most := mostCPU(); c.cpu > most || c.memory > rejectionMemory {
					t.Errorf("%s, %s, token %.12q: %v of CPU and %.1f MB, want %v and %.1f MB at most",
						o, name, secret, c.cpu, float64(c.memory)/1e6, most, rejectionMemory/1e6)
				}
				who := o.dialect + map[bool]string{true: ", of a known token"}[secret == devserver.DemoToken]
				worst[who] = worst[who].or(c)
			}
		}
	}
	for _, who := range slices.Sorted(maps.Keys(worst)) {
		t.Logf("%s: at most %v of CPU and %.1f MB for a rejection", who, worst[who].cpu.Round(time.Microsecond), float64(worst[who].memory)/1e6)
	}
}

// mostCPU is what a rejection may take: beside other tests a processor is slower.
func mostCPU() time.Duration {
	if client.Proving() {
		return rejectionCPU
	}
	return 3 * rejectionCPU
}

type cost struct {
	status int
	cpu    time.Duration
	memory uint64 // that was allocated
}

func (c cost) or(d cost) cost { return cost{0, max(c.cpu, d.cpu), max(c.memory, d.memory)} }

// costOf is what do takes: the least CPU time of three times, since other tests and the
// collector of garbage take theirs beside it.
func costOf(t *testing.T, do func() int) cost {
	t.Helper()
	least := cost{cpu: time.Hour, memory: math.MaxInt64}
	for range 3 {
		c := costOnce(t, do)
		least = cost{c.status, min(least.cpu, c.cpu), min(least.memory, c.memory)}
		if c.cpu < rejectionCPU/2 {
			break
		}
	}
	return least
}

// costOnce is what do takes.
func costOnce(t *testing.T, do func() int) cost {
	t.Helper()
	before, began := allocated(), cpuTime(t)
	status := do()
	took := cpuTime(t) - began
	return cost{status, took, allocated() - before}
}

// allocated is how many bytes were allocated so far. It stops nobody, as
// [runtime.ReadMemStats] does, and is some KB behind.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
