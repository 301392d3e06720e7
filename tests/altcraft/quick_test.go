package altcraft

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/functions/altcraft"
	"regulars/functions/local/devserver"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// The quick import answers what was not decided as the other methods do, and
// logs nothing of the URL that bears its token.
func TestQuickImportWithFaults(t *testing.T) {
	for name, tt := range map[string]struct {
		fault        faults.Fault
		status, code int
		retry        string
	}{
		"none":       {nil, 200, 0, ""},
		"throttled":  {faults.Throttled, 503, 503, "1"},
		"validation": {faults.Cancelled("ValidationError"), 500, 500, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTestbed(t)
			var log bytes.Buffer
			transport := &faults.Transport{}
			h := devserver.New(devserver.Options{DB: client.FaultyDB(t, transport), Table: s.Table, Log: slog.New(slog.NewTextHandler(&log, nil))})
			c := client.Altcraft{T: t, Handler: h, Deadline: 2300 * time.Millisecond}
			c.Call("get", map[string]any{"email": client.Email(1)}) // remembers token and settings
			transport.Plan = func(faults.Call) faults.Fault { return tt.fault }
			url := altcraft.QuickImport + "?token=" + devserver.DemoToken + "&db_id=5&email=" + client.Email(1)
			got := c.Send(httptest.NewRequest(http.MethodPost, url, nil))
			if got.Status != tt.status || got.Code() != tt.code || got.Header.Get("Retry-After") != tt.retry {
				t.Errorf("quick import = %v, Retry-After %q, want HTTP %d, error %d and %q", got, got.Header.Get("Retry-After"), tt.status, tt.code, tt.retry)
			}
			if text := log.String(); strings.Contains(text, devserver.DemoToken) || strings.Contains(text, "@example") || !strings.Contains(text, altcraft.QuickImport) {
				t.Errorf("the log = %s, want the route and nothing of the client's", text)
			}
		})
	}
}
