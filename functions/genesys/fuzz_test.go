package genesys

import (
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
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/value"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func now() time.Time { return noon }

// shop is a tenant with an extension of each kind and a key over each.
func shop(t testing.TB) access.Settings {
	t.Helper()
	settings, err := access.NewSettings(5, "Shop")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{
		`{"name": "Phone", "type": "multi-valued", "attributes": [{"name": "prefix", "type": "string", "length": 8}, {"name": "n", "type": "integer", "mandatory": "true", "default": 7},
			{"name": "d", "type": "datetime"}, {"name": "c", "type": "currency"}, {"name": "b", "type": "boolean"}], "unique": ["prefix", "n", ["d"]]}`,
		`{"name": "Address", "type": "single-valued", "attributes": [{"name": "city", "type": "string"}, {"name": "since", "type": "date"}, {"name": "x", "type": "double"}, {"name": "l", "type": "long"}]}`,
	} {
		schema, err := ParseSchema([]byte(document))
		if err != nil {
			t.Fatal(err)
		}
		if settings, err = settings.DeclareExtension(schema); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []customer.IdentKey{
		{Name: "EmailKey", Attributes: []string{customer.AttributeEmail}}, {Name: "Name", Attributes: []string{"LastName", "FirstName"}},
		{Name: "PhoneKey", Source: "Phone", Attributes: []string{"n", "prefix"}, Unique: true},
	} {
		declared := customer.IdentKey{}
		if settings, declared, err = settings.DeclareIdentKey(key); err != nil {
			t.Fatal(err)
		}
		if settings, _, err = settings.IdentKeyReady(declared.Number); err != nil {
			t.Fatal(err)
		}
	}
	return settings
}

// FuzzBody: whatever a body holds, reading it ends with a client error, or with a
// profile that can be shown, and put back as it is shown without changing it.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"FirstName": "Bruce", "LastName": ["Banner"], "DOB": "1962-05-10", "EmailAddress": ["a@b.c", "A@b.c"], "PhoneNumber": "0901234567", "Hobbies": ["ski", 7, true], "Shoe": 44.50}`,
		`{"customer_id": "0004Va58A92T0017", "phone": [{"prefix": "+33", "n": "12", "d": "2009-12-18T18:30:00.000Z", "c": "12.50", "b": false}, {"n": 1}]}`,
		`{"Address": {"city": "", "since": "2009-12-18", "x": 1e3, "l": 9223372036854775807}, "Phone": [], "x": null, "y": [1]}`,
		`{"name": "Phone", "type": "multi-valued", "attributes": [{"name": "a", "type": "string", "length": "3", "mandatory": false}], "unique": ["a", ["a"]]}`,
		`{"name": "Key", "source": "Phone", "attributes": ["n "], "unique": "true"}`,
		`{"Phone": {"n": 1}}`, `{"Address": []}`, `{}`, `[]`, `{"":1}`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	settings := shop(f)
	f.Fuzz(func(t *testing.T, document []byte) {
		body, err := value.ParseObject(document)
		if shownToClients(t, err); err != nil {
			return
		}
		_, err = readSchema(body)
		shownToClients(t, err)
		_, err = readKey(body)
		shownToClients(t, err)
		_, err = readExtensions(settings, body)
		shownToClients(t, err)
		p, err := readProfile(settings, body)
		if shownToClients(t, err); err != nil {
			return
		}
		made := customer.Customer{ID: customer.NewID(noon, 7)}
		err = p.replaceIn(&made, settings)
		if shownToClients(t, err); err != nil {
			return
		}
		shown, err := json.Marshal(show(settings, made, settings.Extensions))
		if err != nil {
			t.Fatalf("what was written cannot be shown: %v", err)
		}
		back, err := value.ParseObject(shown)
		if err != nil {
			t.Fatalf("what is shown is refused: %v\n%s", err, shown)
		}
		again := made.Clone()
		if p, err = readProfile(settings, back); err == nil {
			err = p.replaceIn(&again, settings)
		}
		if err != nil || !again.Same(made) {
			t.Fatalf("put back as it is shown: error %v, %+v became %+v", err, made, again)
		}
	})
}

// shownToClients fails if err is one that clients may not see.
func shownToClients(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	clientErr, rejected := errs.AsClient(err)
	if !rejected || texts.Of(clientErr) == "" || statusOf(clientErr) < 400 {
		t.Fatalf("error = %#v, want a refusal", err)
	}
}

// A doorkeeper knows one token, which opens the tenant 5 and all of it.
type doorkeeper struct {
	access.Store
	settings access.Settings
}

func (doorkeeper) Token(_ context.Context, h access.Hash) (access.Token, bool, error) {
	return access.Token{Hash: h, Tenants: []int{5}, Scopes: access.Scopes}, h == access.HashOf("open"), nil
}

func (d doorkeeper) Settings(context.Context, int) (access.Settings, bool, error) {
	return d.settings, true, nil
}

func (doorkeeper) SaveSettings(context.Context, access.Settings) error { return nil }

// A blank table holds nothing and forgets what is written to it.
type blank struct{ customer.Store }

func (blank) Keys(context.Context, int, []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	return nil, nil
}

func (blank) Customers(context.Context, int, []customer.ID) (map[customer.ID]customer.Record, error) {
	return nil, nil
}

func (blank) FirstCustomers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	return nil, len(ids), nil
}

func (blank) CustomerWithExtensions(context.Context, int, customer.ID) (customer.Record, error) {
	return customer.Record{}, nil
}

func (blank) Identified(context.Context, int, customer.IdentKey, []string, customer.ID, int) ([]customer.ID, error) {
	return []customer.ID{4096}, nil
}

func (blank) Commit(context.Context, customer.Commit) error { return nil }

// An idle foreman starts nothing.
type idle struct{}

func (idle) StartIdentKey(context.Context, int, customer.IdentKey) (jobs.Job, error) {
	return jobs.Job{}, nil
}

func (idle) StartExtensionRemoval(context.Context, int, extension.Schema) (jobs.Job, error) {
	return jobs.Job{}, nil
}

// FuzzRequest: whatever method, path, query and body, the answer has the form of
// the dialect, and is never a fault.
func FuzzRequest(f *testing.F) {
	for _, seed := range [][4]string{
		{"GET", "/profiles", "EmailAddress=a@b.c&extensions=phone&include_profile=yes", ""},
		{"GET", "/profiles", "id_key=PhoneKey&Phone.n=1&Phone.prefix=%2B33&include_extensions=unique", ""},
		{"GET", "/profiles/0000000000000011", "extensions=Address", ""},
		{"PUT", "/profiles/abc/extensions/Phone/by/unique", "", `{"prefix": "a", "n": 1}`},
		{"PUT", "/profiles/abc/extensions/Phone/delete/by/unique", "", `{"d": "2009-12-18T18:30:00Z", "x": {}}`},
		{"POST", "/profiles/abc/extensions/", "", `{"Phone": [{"n": 1}]}`},
		{"POST", "/genesys/1/cs/profiles", "", `{"FirstName": "Ann"}`},
		{"DELETE", "/metadata/identification-keys/EmailKey", "", ""},
		{"POST", "/metadata/profiles/extensions", "", `{"name": "a", "type": "classifier"}`},
		{"PATCH", "//profiles/./%2e%2e/%zz", "a;b", "x"},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	h := New(Options{
		Customers: customer.NewService(blank{}, now), Jobs: idle{},
		Guard:     access.NewAuthorizer(doorkeeper{settings: shop(f)}, now, access.AuthorizerOptions{Remember: time.Minute, LocalTokens: true}),
		Registrar: access.NewAdminService(doorkeeper{settings: shop(f)}, now),
		Log:       slog.New(slog.DiscardHandler), Deadline: 25 * time.Second, Prefix: DefaultPrefix,
	})
	f.Fuzz(func(t *testing.T, method, path, query, body string) {
		r, err := http.NewRequest(method, "http://h/", strings.NewReader(body))
		if err != nil || method == http.MethodHead || method == http.MethodConnect {
			return
		}
		unescaped, err := url.PathUnescape(path)
		if err != nil {
			unescaped, path = path, ""
		}
		r.URL = &url.URL{Scheme: "http", Host: "h", Path: "/" + strings.TrimPrefix(unescaped, "/"), RawQuery: query}
		r.SetBasicAuth("fuzz", "open")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		answer, _ := io.ReadAll(w.Body)
		if w.Code >= 500 || w.Code >= 300 && w.Code < 400 || len(answer) > 0 && !json.Valid(answer) {
			t.Errorf("%s %q ? %q %q = %d %s", method, path, query, body, w.Code, answer)
		}
	})
}
