package haravan

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// A member speaks the Haravan dialect about one profile: to a handler, or where
// address is set to a process.
type member struct {
	t       testing.TB
	h       http.Handler
	address string
	id      string
	// deadline, unless 0, is how long a request to a handler may take.
	deadline time.Duration
}

// send makes a request.
func (m member) send(method, path, body string, header ...string) client.Answer {
	m.t.Helper()
	request := func(url string) *http.Request {
		r := httptest.NewRequest(method, url, bytes.NewReader([]byte(body)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	if m.address != "" {
		r := request(m.address + path)
		r.RequestURI = ""
		response, err := client.HTTP.Do(r)
		if err != nil {
			m.t.Errorf("%s %s: %v", method, path, err)
			return client.Answer{}
		}
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		if err != nil {
			m.t.Error(err)
		}
		return client.Parse(m.t, response.StatusCode, response.Header, text)
	}
	r := request(path)
	if m.deadline > 0 {
		ctx, cancel := context.WithTimeout(r.Context(), m.deadline)
		defer cancel()
		r = r.WithContext(ctx)
	}
	w := httptest.NewRecorder()
	m.h.ServeHTTP(w, r)
	return client.Parse(m.t, w.Code, w.Header(), w.Body.Bytes())
}

// below is what stands below the profile.
func (m member) below(path string) string { return "/loy/profiles/" + m.id + path }

func (m member) add(n int, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPut, m.below("/points/add.json"), fmt.Sprintf(`{"point": {"value": %d}}`, n), header...)
}

func (m member) subtract(n int, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPut, m.below("/points/subtract.json"), fmt.Sprintf(`{"point": {"value": %d}}`, n), header...)
}

func (m member) reverse(seq int, body string, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPost, m.below(fmt.Sprintf("/points/entries/%d/reverse.json", seq)), `{"reverse": `+body+`}`, header...)
}

func (m member) order(body string, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPost, m.below("/orders.json"), `{"order": `+body+`}`, header...)
}

func (m member) hold(body string, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPost, m.below("/points/holds.json"), `{"hold": `+body+`}`, header...)
}

// end ends a hold: how is commit or void.
func (m member) end(number int, how, body string, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPost, m.below(fmt.Sprintf("/points/holds/%d/%s.json", number, how)), `{"`+how+`": `+body+`}`, header...)
}

// profile is what P2 shows.
func (m member) profile() map[string]any {
	m.t.Helper()
	got := m.send(http.MethodGet, m.below(".json"), "")
	profile, ok := got.Body["profile"].(map[string]any)
	if !ok {
		m.t.Fatalf("profile %s = %v", m.id, got)
	}
	return profile
}

// A club is a service without a rate limit on a table of its own.
type club struct {
	*devserver.Server
	t     testing.TB
	table string
	n     int
	// filled counts the customers that were put in past the service.
	filled atomic.Int64
}

func newClub(t testing.TB, settings map[string]any) *club {
	t.Helper()
	c := &club{t: t, table: dynamotest.Table(t)}
	c.Server = client.ServiceOn(t, dynamotest.Client(t), c.table)
	client.Seed(t, c.Server, c.table)
	all := map[string]any{"rate_limit": map[string]any{"size": 0}}
	for name, v := range settings {
		all[name] = v
	}
	if _, err := c.Registrar.ChangeSettings(t.Context(), devserver.Tenant, all); err != nil {
		t.Fatal(err)
	}
	return c
}

// join imports a new customer through the Altcraft dialect.
func (c *club) join() member {
	c.t.Helper()
	c.n++
	hex := client.Altcraft{T: c.t, Handler: c.Server}.Must("import", map[string]any{
		"email": client.Email(c.n), "data": map[string]any{"email": client.Email(c.n), "_fname": "Ann"},
	}).ID()
	id, err := customer.ParseHex(hex)
	if err != nil {
		c.t.Fatal(err)
	}
	return member{t: c.t, h: c.Server, id: id.Decimal()}
}

// with is the member as seen by a service whose calls go through transport. It
// remembers token and settings already.
func (c *club) with(m member, transport *faults.Transport) member {
	c.t.Helper()
	plan := transport.Plan
	transport.Plan = nil
	m.h = client.ServiceOn(c.t, client.FaultyDB(c.t, transport), c.table)
	m.send(http.MethodGet, "/loy/profiles/x.json", "")
	warm := len(transport.Calls())
	transport.Plan = func(call faults.Call) faults.Fault {
		if call.N -= warm; plan == nil {
			return nil
		}
		return plan(call)
	}
	return m
}

// verified demands that the entries prove the account, and returns it.
func (c *club) verified(m member) points.Account {
	c.t.Helper()
	id, err := customer.ParseDecimal(m.id)
	if err != nil {
		c.t.Fatal(err)
	}
	report, err := points.NewService(c.Store, time.Now).Verify(c.t.Context(), devserver.Tenant, id)
	if err != nil || report.Mismatch != nil || report.Entries != report.Account.Version {
		c.t.Fatalf("verify %s = %+v %v, %v", m.id, report, report.Mismatch, err)
	}
	return report.Account
}

// rules are the settings of the local tenant.
func (c *club) rules() access.Preferences {
	c.t.Helper()
	settings, err := c.Registrar.Tenant(c.t.Context(), devserver.Tenant)
	if err != nil {
		c.t.Fatal(err)
	}
	return settings.Preferences
}
