package altcraft

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/customer/upkeep"
	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/value"
)

// FuzzBody: whatever a body holds, reading it ends with a client error or a busy, or
// with an edit that a customer bears.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"token":"t","db_id":5,"matching":"email","email":"ada@x.com","data":{"_fname":"Ada","_sex":1,"_bdate":"2001-12-31"}}`,
		`{"matching":"phone","data":{"phones":["0901234567"],"tags":["a"],"_ip":"8.8.8.8","_status":1,"_postal_code":1,"_regdate":1}}`,
		`{"matching":"custom","field_name":"interests","field_value":"ski, tea","data":{"interests":["ski"]}}`,
		`{"matching":"custom_sub","field_name":"CRM_ID","data":{"subscriptions":[{"channel":"email","resource_id":1,"email":"a@b.c","custom_fields":{"CRM_ID":1}}]}}`,
		`{"matching":"push_sub","provider":"p","subscription_id":"t","resource_id":1,"data":{"subscriptions":[{"channel":"push"}]},"skip_invalid_subscriptions":1}`,
		`{"profile_id":"000000000000000000001000","data":{"x":{"action":"incr","value":1}}}`,
		`{"email":"ada@x.com","data":{"tags":{"action":"add","value":["a"]},"x":{"action":"upsert","value":{"a":1},"submatch":"a.b"},"_fname":{"action":"unset"},"y":{"action":"delete","value":[{}]}}}`,
		`{"email":"ada@x.com","data":{"subscriptions":{"action":"set","value":[{"channel":"email","resource_id":1,"email":"a@b.c","cats":{"action":"delete","value":["x"]},"custom_fields":{"n":{"action":"add","value":["x"]}}}]}}}`,
		`{"data":{"subscriptions":[{"channel":"telegram_bot","resource_id":1,"cc_data":{"id":1},"status":-1,"priority":0,"cats":"x"}],"email":"a@b.c"}}`,
		`{"detect_geo":true,"add_to_segments":[1,"2"],"remove_from_segments":[3],"skip_triggers":1,"data":{"_ip":"8.8.8.8"},"email":"a@b.c"}`,
		`{"matching":"phone","data":[{"phones":["0901234567"]},{"data":{"phones":["0901234567"],"CRM_ID":{"action":"incr","value":1}}},7]}`,
		`{"matching":"custom","field_name":"interests","data":[{"interests":["ski"],"email":"a@b.c"},{"interests":"tea"}]}`,
		`{"matching":"CRM_ID","CRM_ID":"7","email":"a@b.c","phone":"0901234567","resource_id":"1","_regip":"::1","tags":"a,b","visits":"7"}`,
		`{}`, `[]`, `{"data":{"`, "\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import", bytes.NewReader(body))
		object, err := bodyOf(r)
		if shownToClients(t, err); err != nil {
			return
		}
		c := aCall(t, `{}`)
		c.body = object
		c.Settings.Segments = map[int64]access.Segment{1: {}, 2: {}, 3: {}}
		_, err = secretOf(r, object)
		shownToClients(t, err)
		_, err = tenantOf(object, false)
		shownToClients(t, err)
		batchBears(t, object)
		quickBears(t, object)
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
		err = edit(setters, m)(&again, noon.Add(time.Hour))
		if shownToClients(t, err); c.data().plain() && (err != nil || !again.Same(made)) {
			t.Fatalf("the same edit again: error %v, %+v became %+v", err, made, again)
		}
		if _, err := json.Marshal(show(5, made)); err != nil {
			t.Fatalf("what was written cannot be shown: %v", err)
		}
	})
}

// batchBears: so does each item of a batch, and the edit gives no key that was not
// said before.
func batchBears(t *testing.T, body map[string]any) {
	for _, b := range []batch{{create: true}, {search: true, create: true}} {
		c := aCall(t, `{}`)
		c.body, c.Fresh = body, true
		data, err := c.readItems()
		if shownToClients(t, err); err != nil {
			continue
		}
		items, err := c.readBatch(b, data)
		shownToClients(t, err)
		for _, item := range items {
			if shownToClients(t, item.Rejected); item.Rejected == nil {
				givesWhatItSays(t, item)
			}
		}
	}
}

func givesWhatItSays(t *testing.T, item customer.BatchItem) {
	made := customer.Customer{ID: customer.NewID(noon, 7)}
	err := item.Edit(&made, noon)
	if shownToClients(t, err); err != nil {
		return
	}
	said := map[customer.Key]customer.Roles{}
	for _, l := range item.Gives {
		said[l.Key] = l.Roles
	}
	for _, l := range append(item.Search.Any, item.Search.All...) {
		said[l.Key] |= customer.Primary | l.Roles
	}
	for key, roles := range made.Keys(item.MatchFields) {
		if said[key] == 0 && !slices.Contains(item.GivesAny, key.Kind) || roles&customer.Primary != 0 && said[key]&customer.Primary == 0 {
			t.Fatalf("an item gives %v in roles %d, and said only %v", key, roles, said)
		}
	}
}

// quickBears: so do the parameters of a quick import.
func quickBears(t *testing.T, body map[string]any) {
	c := aCall(t, `{}`)
	c.body = body
	r, err := c.readQuick()
	if shownToClients(t, err); err != nil {
		return
	}
	made := customer.Customer{ID: customer.NewID(noon, 7)}
	err = r.Edit(&made, noon)
	if shownToClients(t, err); err != nil {
		return
	}
	again := made.Clone()
	again.Changed = noon
	if err := r.Edit(&again, noon.Add(time.Hour)); err != nil || !again.Same(made) {
		t.Fatalf("the same quick import again: error %v, %+v became %+v", err, made, again)
	}
}

// bodyOf reads a body in JSON as an authorized request's is read.
func bodyOf(r *http.Request) (map[string]any, error) {
	document, err := readDocument(r)
	if err != nil {
		return nil, err
	}
	return value.ParseObjectUpTo(ofOne.Values, document)
}

// shownToClients fails if err is one that clients may not see.
func shownToClients(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		return
	}
	_, busy := errs.AsUnavailable(err)
	clientErr, rejected := errs.AsClient(err)
	if !busy && !rejected || rejected && (texts.Of(clientErr) == "" || numberOfKind[clientErr.Kind] == 0) {
		t.Fatalf("error = %#v, want a refusal or busy", err)
	}
}

// A doorkeeper knows one token, which opens the tenant 5 and all of it.
type doorkeeper struct{ access.Store }

func (doorkeeper) Token(_ context.Context, h access.Hash) (access.Token, bool, error) {
	return access.Token{Hash: h, Tenants: []int{5}, Scopes: access.Scopes}, h == access.HashOf("open"), nil
}

func (doorkeeper) Settings(_ context.Context, tenant int) (access.Settings, bool, error) {
	return access.Settings{Tenant: tenant, Preferences: access.Defaults()}, true, nil
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

func (blank) FirstCustomers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	return nil, len(ids), nil
}

func (blank) IDs(context.Context, int, customer.ID, customer.ID, int) ([]customer.ID, error) {
	return nil, nil
}

func (blank) IdempotencyRecord(context.Context, int, string) (*customer.IdempotencyRecord, error) {
	return nil, nil
}
func (blank) Commit(context.Context, customer.Commit) error { return nil }

// Jobs that are none: orders are taken, and nothing is known of them.
type noJobs struct{}

func (noJobs) StartSuspension(context.Context, jobs.SuspensionSpec) (jobs.Started, error) {
	return jobs.Started{New: true}, nil
}

func (noJobs) Show(_ context.Context, _ int, id string) (jobs.Progress, error) {
	return jobs.Progress{}, errs.New(jobs.ErrUnknown.Kind, jobs.ErrUnknown.Code, "job", id)
}

func (noJobs) WorkOn(context.Context, jobs.Job) error { return nil }

// FuzzSubscription: whatever a body holds, reading it as a subscription ends with
// a client error that names a member, or with an edit of the subscription that the body
// names.
func FuzzSubscription(f *testing.F) {
	for _, seed := range []string{
		`{"profile_id":"000000000000000000001000","channel":"email","resource_id":1,"email":"a@b.c","date":"2024-05-06T10:00:00Z","ip":"8.8.8.8","url":"x"}`,
		`{"channel":"push","resource_id":"2","push_data":{"provider":"p","subscription_id":"t"},"reg_info":{"date":1,"ip":"::1","url":null}}`,
		`{"channel":"sms","phone_data":{"phone":"0901234567"},"resource_id":1,"status":5,"priority":-1,"cats":["x"],"custom_fields":{"n":1}}`,
		`{"channel":"viber","resource_id":3}`, `{"resource_id":0}`, `{"reg_info":[]}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := aCall(t, `{}`)
		var err error
		if c.body, err = bodyOf(httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))); err != nil {
			return
		}
		named := func(err error) {
			shownToClients(t, err)
			if clientErr, rejected := errs.AsClient(err); rejected && strings.HasPrefix(texts.Of(clientErr), ".") {
				t.Fatalf("the text begins with a dot: %s", texts.Of(clientErr))
			}
		}
		_, err = c.readProfileID()
		named(err)
		named(c.readSuspension(&upkeep.Suspension{}))
		key, keyErr := c.readSubscriptionKey()
		named(keyErr)
		request, err := c.readSet()
		if named(err); err != nil {
			return
		}
		made := customer.Customer{ID: customer.NewID(noon, 7)}
		if err := request.Edit(&made, noon); err != nil || keyErr != nil {
			t.Fatalf("errors %v and %v", err, keyErr)
		}
		s, err := made.Subscription(key)
		if err != nil {
			t.Fatalf("%v is not among %+v", key, made.Subscriptions)
		}
		if _, err := json.Marshal(flatten(s)); err != nil {
			t.Fatalf("what was written cannot be shown: %v", err)
		}
	})
}

// FuzzPath: whatever path, method and body, the answer is JSON, or XML where that
// is asked for, with an integer `error`, and never a fault.
func FuzzPath(f *testing.F) {
	handler := handlerOn(blank{})
	for _, path := range []string{
		"/api/v1.1/profiles/import", "/api/v1.1/profiles/add", QuickImport, "/api/v1.1/profiles/update/", "/api/v1.1/profiles/segstatic", "/api/v1.1//profiles/get", "/api/v1.1/profiles/delete", "/api/v1.1", "/", "",
		"*", "api", "/api/v1.1/../v1.1/profiles/get", "/api/v1.1/%2e%2e/profiles/get", "/api/v1.1/%2F/profiles%2Fget", "/api/v1.1/profiles/import/%zz", "/\x00", "//host/path",
		"/api/v1.1/subscriptions/set", "/api/v1.1/subscriptions/get", "/api/v1.1/subscriptions/list", "/api/v1.1/subscriptions/suspend_all", "/api/v1.1/jobs/get",
	} {
		f.Add(http.MethodPost, path, `{"token":"open","db_id":5,"email":"ada@x.com","data":{"_fname":"Ada"}}`)
		f.Add(http.MethodGet, path, ``)
	}
	for _, route := range Routes {
		f.Add(http.MethodPost, route.Path, `{"token":"open","id":1,"channel":"push","segment_id":1,"email":"ada@x.com","query":{"a":{"$gt":1}},"db_id":5}`)
	}
	f.Add(http.MethodPost, "/api/v1.1/profiles/import_batch", `{"token":"open","db_id":5,"data":[{"email":"ada@x.com"},{"email":"ada@x.com"},7]}`)
	f.Add(http.MethodPost, QuickImport+"?token=open&db_id=5", `{"email":"ada@x.com","_fname":"Ada"}`)
	f.Add(http.MethodPost, QuickImport+"/", `x`)
	f.Add(http.MethodPost, "/api/v1.1/subscriptions/suspend_all", `{"token":"open","db_id":5}`)
	f.Add(http.MethodPost, "/api/v1.1/jobs/get", `{"token":"open","db_id":5,"id":"x"}`)
	f.Add(http.MethodPost, "/api/v1.1/profiles/get?format=xml", `{"token":"open","db_id":5,"email":"ada@x.com"}`)
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
		var outcome struct {
			Error *int    `xml:"error"`
			Text  *string `json:"error_text" xml:"error_text"`
		}
		read := map[string]func([]byte, any) error{
			"application/json; charset=utf-8": json.Unmarshal, "application/xml; charset=utf-8": xml.Unmarshal,
		}[answer.Header.Get("Content-Type")]
		if read == nil {
			t.Fatalf("%s %q: Content-Type %q, want JSON or XML", method, path, answer.Header.Get("Content-Type"))
		}
		if err := read(document, &outcome); err != nil || outcome.Error == nil || outcome.Text == nil {
			t.Fatalf("%s %q: %d %q, want error and error_text", method, path, answer.StatusCode, document)
		}
		quick := strings.Contains(address.Path, "profile_import") // which has HTTP codes of its own
		switch status := answer.StatusCode; {
		case status == http.StatusOK, status == http.StatusNotFound, status == http.StatusServiceUnavailable, quick && status < 500:
		default:
			t.Fatalf("%s %q: %d %s, want no fault and no redirect", method, path, answer.StatusCode, document)
		}
	})
}
