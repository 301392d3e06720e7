package whole_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"regulars/functions/altcraft"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	"regulars/functions/local/devserver"
	"regulars/functions/mojodex"
	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/tests/client"
)

// An operation is a route of a dialect.
type operation struct {
	dialect, method, path string
	scope                 access.Scope
}

func (o operation) String() string { return o.method + " " + o.path }

// operations are all of them, with something for each {name} in their paths.
func operations() []operation {
	all := operationsOf("altcraft", altcraft.Routes)
	all = append(all, operationsOf("genesys", genesys.Routes)...)
	all = append(all, operationsOf("haravan", haravan.Routes)...)
	return append(all, operationsOf("mojodex", mojodex.Routes)...)
}

func operationsOf[D, C any](dialect string, routes []httpapi.Route[D, C]) []operation {
	var all []operation
	for _, route := range routes {
		path := strings.NewReplacer("{id}", "7", "{seq}", "7", "{order}", "7", "{extension}", "Phone", "{key}", "EmailKey").Replace(route.Path)
		all = append(all, operation{dialect, route.Method, path, route.Scope})
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
	return map[string]body{
		"XML, nested":              {"application/xml", fill("<xml>", nested, "</xml>")},
		"XML, of empty elements":   {"text/xml", fill("<xml><data>", "<a/>", "</data></xml>")},
		"XML, of references":       {"application/xml", fill("<xml><a>", "&#65;", "</a></xml>")},
		"XML, of comments":         {"application/xml", fill("<xml>", "<!---->", "</xml>")},
		"XML, a document type":     {"application/xml", fill("<!DOCTYPE xml [", `<!ENTITY a "&b;&b;">`, "]><xml/>")},
		"XML, of 30 KB":            {"application/xml", []byte("<xml>" + strings.Repeat(nested, 140) + "</xml>")},
		"JSON of objects":          {"application/json", fill(`{"data":[`, `{"a":0},`, `0]}`)},
		"JSON of nothing":          {"application/json", fill(`{"data":[`, `{},`, `0]}`)},
		"JSON of escapes":          {"application/json", fill(`{"data":"`, `\u0041\n`, `"}`)},
		"JSON of short texts":      {"application/json", fill(`{"data":[`, `"\n",`, `0]}`)},
		"JSON of numbers":          {"application/json", fill(`{"data":[`, `-1.5e1,`, `0]}`)},
		"JSON, one long text":      {"application/json", fill(`{"data":"`, `x`, `"}`)},
		"JSON, a long token":       {"application/json", fill(`{"db_id":5,"token":"`, `x`, `"}`)},
		"JSON, a number":           {"application/json", fill(`{"data":`, `7`, `}`)},
		"JSON that breaks off":     {"application/json", fill(`{"data":["`, `x`, `"`)},
		"JSON of names":            {"application/json", fill(`{`, `"abc":0,`, `"a":0}`)},
		"JSON of 36,000 members":   {"application/json", []byte(`{"data":{"L":[` + strings.Repeat(`{"a":0},`, 36_000) + `0]}}`)},
		"blanks":                   {"application/json", fill("", " ", "")},
		"more than 5 MB":           {"application/json", bytes.Repeat([]byte(" "), 5_500_000)},
		"a form of parameters":     {"application/x-www-form-urlencoded", fill("", "a&", "")},
		"a form of one":            {"application/x-www-form-urlencoded", fill("a=", "%41", "")},
		"JSON for no content type": {"", fill(`{"data":[`, `[],`, `0]}`)},
	}
}

// The most that a rejection may take.
const (
	rejectionCPU    = 50 * time.Millisecond
	rejectionMemory = 20_000_000
)

// Who cannot show a token is rejected before much is done about what was sent: a hostile
// body of 5 MB costs little CPU time and memory, on every route, and is never a fault.
func TestRejectionsAreCheap(t *testing.T) {
	s := client.NewScene(t)
	bodies := hostile()
	worst := map[string]cost{}
	unknown := "reg_live_" + strings.Repeat("A", 52)
	for i, o := range operations() {
		if o.scope == httpapi.Public || !client.Proving() && i%10 != 0 && o.path != altcraft.QuickImport {
			continue // the routes of a dialect read bodies alike
		}
		if strings.HasSuffix(o.path, "_batch") {
			continue // a batch that is rejected item by item is work that was asked for
		}
		for _, secret := range []string{"", unknown, devserver.DemoToken} {
			for name, b := range bodies {
				c := costOf(t, func() int {
					w := httptest.NewRecorder()
					s.ServeHTTP(w, o.request(secret, b.contentType, b.body))
					return w.Code
				})
				if c.status >= 500 {
					t.Errorf("%s, %s: status %d", o, name, c.status)
				}
				most := cost{cpu: rejectionCPU, memory: rejectionMemory}
				if secret == devserver.DemoToken { // who is known has the body read
					most.cpu *= 2
				}
				if !client.Proving() {
					most.cpu *= 3 // beside other tests a processor is slower
				}
				if c.cpu > most.cpu || c.memory > most.memory {
					t.Errorf("%s, %s, token %.12q: %v of CPU and %.1f MB, want %v and %.1f MB at most",
						o, name, secret, c.cpu, float64(c.memory)/1e6, most.cpu, float64(most.memory)/1e6)
				}
				who := o.dialect + map[bool]string{true: ", of a known token"}[secret == devserver.DemoToken]
				worst[who] = worst[who].or(c)
			}
		}
	}
	for who, c := range worst {
		t.Logf("%s: at most %v of CPU and %.1f MB for a rejection", who, c.cpu.Round(time.Microsecond), float64(c.memory)/1e6)
	}
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
	defer debug.SetGCPercent(debug.SetGCPercent(400)) // as in template.yaml
	least := cost{cpu: time.Hour}
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		began := cpuTime(t)
		status := do()
		took := cpuTime(t) - began
		runtime.ReadMemStats(&after)
		least = cost{status, min(least.cpu, took), after.TotalAlloc - before.TotalAlloc}
		if took < rejectionCPU/2 {
			break
		}
	}
	return least
}
