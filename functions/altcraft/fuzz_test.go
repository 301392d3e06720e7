package altcraft

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/outcome"
)

// FuzzBody: whatever a body holds, reading it ends with a refusal or a busy, or
// with an edit that a customer bears.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"token":"t","db_id":5,"matching":"email","email":"ada@x.com","data":{"_fname":"Ada","_sex":1,"_bdate":"2001-12-31"}}`,
		`{"matching":"phone","data":{"phones":["0901234567"],"tags":["a"],"_ip":"8.8.8.8","_status":1,"_postal_code":1,"_regdate":1}}`,
		`{"matching":"custom","field_name":"interests","field_value":"ski, tea","data":{"interests":["ski"]}}`,
		`{"matching":"custom_sub","field_name":"CRM_ID","data":{"subscriptions":[{"channel":"email","resource_id":1,"email":"a@b.c","custom_fields":{"CRM_ID":1}}]}}`,
		`{"matching":"push_sub","provider":"p","subscription_id":"t","resource_id":1,"data":{"subscriptions":[{"channel":"push"}]},"skip_invalid_subscriptions":1}`,
		`{"profile_id":"000000000000000000001000","data":{"x":{"action":"incr","value":1}}}`,
		`{"data":{"subscriptions":[{"channel":"telegram_bot","resource_id":1,"cc_data":{"id":1},"status":-1,"priority":0,"cats":"x"}],"email":"a@b.c"}}`,
		`{}`, `[]`, `{"data":{"`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import", bytes.NewReader(body))
		object, err := readBody(r)
		if shownToClients(t, err); err != nil {
			return
		}
		c := aCall(t, `{}`)
		c.body = object
		_, err = secretOf(r, object)
		shownToClients(t, err)
		_, err = tenantOf(object)
		shownToClients(t, err)
		m, err := c.readMatch()
		shownToClients(t, err)
		setters, dataErr := c.readData()
		shownToClients(t, dataErr)
		if err != nil || dataErr != nil {
			return
		}

		made := customer.Customer{ID: customer.NewID(noon, 7)}
		err = edit(setters, m)(&made, noon)
		if shownToClients(t, err); err != nil {
			return
		}
		again := made.Clone()
		again.Changed = noon
		if err := edit(setters, m)(&again, noon.Add(time.Hour)); err != nil || !again.Same(made) {
			t.Fatalf("the same edit again: error %v, %+v became %+v", err, made, again)
		}
		if _, err := json.Marshal(show(5, made)); err != nil {
			t.Fatalf("what was written cannot be shown: %v", err)
		}
	})
}

// shownToClients fails if err is one that clients may not see.
func shownToClients(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, busy := outcome.AsBusy(err)
	refusal, refused := outcome.AsRefusal(err)
	if !busy && !refused || refused && (refusal.Detail == "" || codeOf[refusal.Kind] == 0) {
		t.Fatalf("error = %#v, want a refusal or busy", err)
	}
}

// A doorkeeper knows one token, which opens the tenant 5 and all of it.
type doorkeeper struct{ access.Store }

func (doorkeeper) Token(_ context.Context, h access.Hash) (access.Token, bool, error) {
	return access.Token{Hash: h, Tenants: []int{5}, Scopes: access.Scopes}, h == access.HashOf("open"), nil
}

func (doorkeeper) Settings(_ context.Context, tenant int) (access.Settings, bool, error) {
	return access.Settings{Tenant: tenant, Choices: access.Defaults()}, true, nil
}

// A blank table holds nothing and forgets what is written to it. Of what this
// dialect does not ask it has no answer.
type blank struct{ customer.Store }

func (blank) Keys(context.Context, int, []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	return nil, nil
}

func (blank) Customers(context.Context, int, []customer.ID) (map[customer.ID]customer.Record, error) {
	return nil, nil
}

func (blank) Remembered(context.Context, int, string) (*customer.Remembered, error) { return nil, nil }
func (blank) Commit(context.Context, customer.Commit) error                         { return nil }

// FuzzPath: whatever path, method and body, the answer is JSON with an integer
// `error`, and never a fault.
func FuzzPath(f *testing.F) {
	now := func() time.Time { return noon }
	handler := New(Options{
		Customers: customer.NewService(blank{}, now),
		Guard:     access.NewGuard(doorkeeper{}, now, access.GuardOptions{Remember: time.Minute}),
		Log:       slog.New(slog.DiscardHandler),
		Deadline:  25 * time.Second,
	})
	for _, path := range []string{
		"/api/v1.1/profiles/import", "/api/v1.1/profiles/update/", "/api/v1.1//profiles/get", "/api/v1.1/profiles/delete", "/api/v1.1", "/", "",
		"*", "api", "/api/v1.1/../v1.1/profiles/get", "/api/v1.1/%2e%2e/profiles/get", "/api/v1.1/%2F/profiles%2Fget", "/api/v1.1/profiles/import/%zz", "/\x00", "//host/path",
	} {
		f.Add(http.MethodPost, path, `{"token":"open","db_id":5,"email":"ada@x.com","data":{"_fname":"Ada"}}`)
		f.Add(http.MethodGet, path, ``)
	}
	f.Add("CONNECT", "/api/v1.1/profiles/get", `{"token":"open"}`)
	f.Add("OPTIONS", "*", ``)
	f.Add("", "/x/", ``)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		path, query, _ := strings.Cut(path, "?")
		address := &url.URL{Path: path, RawQuery: query}
		if decoded, err := url.PathUnescape(path); err == nil {
			address.Path, address.RawPath = decoded, path
		}
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		r.Method, r.URL = method, address
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)

		answer := w.Result()
		document, _ := io.ReadAll(answer.Body)
		var verdict struct {
			Error *int
			Text  *string `json:"error_text"`
		}
		if err := json.Unmarshal(document, &verdict); err != nil || verdict.Error == nil || verdict.Text == nil {
			t.Fatalf("%s %q: %d %q, want JSON with error and error_text", method, path, answer.StatusCode, document)
		}
		if got := answer.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
			t.Fatalf("%s %q: Content-Type %q, want JSON", method, path, got)
		}
		switch answer.StatusCode {
		case http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable:
		default:
			t.Fatalf("%s %q: %d %s, want no fault and no redirect", method, path, answer.StatusCode, document)
		}
	})
}
