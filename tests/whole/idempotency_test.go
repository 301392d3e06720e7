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
// changes nothing. Haravan names what is wrong with the body first, so its own tests
// have its routes. What is done to an import may be repeated without one.
func TestEveryWritingRouteTakesAKey(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	tried := 0
	for _, o := range operations() {
		if o.scope == httpapi.Public || o.method == http.MethodGet || o.dialect == "haravan" || o.dialect == "imports" {
			continue
		}
		body := `{}`
		if o.dialect == "altcraft" {
			body = `{"db_id": 5}`
		}
		r := o.request(devserver.DemoToken, "application/json", []byte(body))
		r.Header.Set(idempotency.Header, strings.Repeat("k", idempotency.MaxLength+1))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if tried++; !strings.Contains(w.Body.String(), "printable ASCII") {
			t.Errorf("%s with a bad key = %d %.300s", o, w.Code, w.Body)
		}
	}
	t.Logf("%d routes", tried)
}
