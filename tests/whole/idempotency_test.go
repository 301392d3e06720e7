package whole_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/functions/local/devserver"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/tests/client"
)

// Every route that writes reads the Idempotency-Key: it rejects one that is none, and
// changes nothing. Haravan names what is wrong with the body first, so each of its routes
// has a good one here. What is done to an import may be repeated without one.
func TestEveryWritingRouteTakesAKey(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	tried := 0
	for _, o := range operations() {
		if o.scope == httpapi.Public || o.method == http.MethodGet || o.dialect == "imports" {
			continue
		}
		body, want := `{}`, "printable ASCII"
		switch o.dialect {
		case "altcraft":
			body = `{"db_id": 5}`
		case "haravan":
			var ok bool
			if body, ok = goodBodies[strings.TrimPrefix(o.route, "/loy/")]; !ok {
				t.Errorf("%s has no good body here", o)
			}
			want = "must have 1 to 128 characters"
		}
		r := o.request(devserver.DemoToken, "application/json", []byte(body))
		r.Header.Set(idempotency.Header, strings.Repeat("k", idempotency.MaxLength+1))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if tried++; !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s with a bad key = %d %.300s", o, w.Code, w.Body)
		}
	}
	t.Logf("%d routes", tried)
}

// goodBodies are those of the routes of Haravan that write.
var goodBodies = map[string]string{
	"profiles/{id}/points/add.json":                   `{"point": {"value": 5}}`,
	"profiles/{id}/points/subtract.json":              `{"point": {"value": 5}}`,
	"profiles/{id}/points/entries/{seq}/reverse.json": `{"reverse": {"reason": "mistake"}}`,
	"profiles/{id}/points/transfer.json":              `{"transfer": {"to": 8, "value": 5}}`,
	"points/batch.json":                               `{"points": [{"id": 7, "op": "add", "value": 5}]}`,
	"profiles/{id}/points/holds.json":                 `{"hold": {"points": 5}}`,
	"profiles/{id}/points/holds/{hold}/commit.json":   `{"commit": {}}`,
	"profiles/{id}/points/holds/{hold}/void.json":     `{"void": {}}`,
	"profiles/{id}/orders.json":                       `{"order": {"id": "A-1", "total": 25000}}`,
	"profiles/{id}/orders/{order}/return.json":        `{"return": {"amount": 100}}`,
}
