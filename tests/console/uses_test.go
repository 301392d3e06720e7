package console_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/tests/client"
	"regulars/tests/rights"
)

// When a token was last used is on the list, by whichever process it was let in.
func TestLastUseOfTokens(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 3, 1, 12, 59, 59, 0, time.UTC)
	clock := first
	now := func() time.Time { return clock }
	s := client.NewScene(t)
	process := func() *devserver.Server {
		return devserver.New(devserver.Options{
			DB: s.DB, Table: s.Table, Log: slog.New(slog.DiscardHandler), Around: rights.Around,
			Operating: httpapi.Operating{Uses: access.NewUses(s.Store, now)},
		})
	}
	one, other := process(), process()
	secret, till, err := s.Registrar.CreateToken(t.Context(), access.Token{Name: "till", Tenants: []int{devserver.Tenant}, Scopes: []access.Scope{access.LoyRead}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(p *devserver.Server) {
		t.Helper()
		r := httptest.NewRequest("GET", "/loy/profiles.json", nil)
		r.Header.Set("Authorization", "Bearer "+secret)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	v := signIn(t, s, devserver.DemoToken)
	shown := func() string {
		t.Helper()
		_, row, _ := strings.Cut(v.get("/console/tokens").body, till.Hash.Short())
		row, _, _ = strings.Cut(row, "</tr>")
		_, cell, _ := strings.Cut(row, `data-label="Last used">`)
		cell, _, _ = strings.Cut(cell, "</td>")
		return cell
	}
	if got := shown(); got != "Not known" {
		t.Errorf("before it was used: %q", got)
	}
	for _, c := range []struct {
		at   time.Time
		by   *devserver.Server
		want string
	}{
		{first, one, "1 Mar 2026, 12:00"},
		{first.Add(time.Second), one, "1 Mar 2026, 13:00"},
		{first, other, "1 Mar 2026, 13:00"}, // its clock is late
		{first.Add(26 * time.Hour), other, "2 Mar 2026, 14:00"},
	} {
		clock = c.at
		ask(c.by)
		if got := shown(); got != c.want {
			t.Errorf("after a request at %v: %q, want %q", c.at, got, c.want)
		}
	}
	for _, act := range []string{"rotate", "revoke"} {
		page := v.get(fmt.Sprintf("/console/tokens/%s/%s", till.Hash, act))
		if !strings.Contains(page.body, "was last used in the hour that began 2 Mar 2026, 14:00") {
			t.Errorf("%s = %d %s", act, page.code, page.body)
		}
	}
	for range 3 {
		ask(one)
	}
	if again := s.Store.SaveUse(t.Context(), till.Hash, first); again != nil || shown() != "2 Mar 2026, 14:00" {
		t.Errorf("an earlier use takes the place of a later one: %v, %s", again, shown())
	}
}
