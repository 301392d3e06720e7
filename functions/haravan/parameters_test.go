package haravan

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

func callWith(t *testing.T, query string) *call {
	t.Helper()
	values, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return &call{query: values, Call: &httpapi.Call{Request: &http.Request{Method: "GET", URL: &url.URL{RawQuery: query}}, Strict: true, Reads: ofStatement, Grant: access.Grant{Settings: access.Settings{Preferences: access.Defaults()}}}}
}

// Sections 2.1 and 2.2: what is no limit is 50, what is no page is the first, an
// empty parameter is not given.
func TestListParameters(t *testing.T) {
	at := func(text string) time.Time {
		moment, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return moment
	}
	tests := []struct {
		query string
		want  points.Filter // of 50 and the first page, unless it says otherwise
	}{
		{"", points.Filter{}},
		{"since_id=&fields=&phone=&updated_at_min=&updated_at_max=&limit=&page=", points.Filter{}},
		{"since_id=+&phone=+&updated_at_min=+&updated_at_max=+&limit=+&page=+", points.Filter{}},
		{"limit=1&page=2", points.Filter{Limit: 1, Page: 2}},
		{"limit=49", points.Filter{Limit: 49}},
		{"limit=50", points.Filter{}},
		{"limit=51", points.Filter{}},
		{"limit=250", points.Filter{}},
		{"limit=99999999999999999999", points.Filter{}},
		{"limit=0&page=0", points.Filter{}},
		{"limit=-1&page=-1", points.Filter{}},
		{"limit=1.5&page=1.5", points.Filter{}},
		{"limit=many&page=first", points.Filter{}},
		{"since_id=7", points.Filter{Since: true, SinceID: 7}},
		{"since_id=+7+", points.Filter{Since: true, SinceID: 7}},
		{"since_id=007", points.Filter{Since: true, SinceID: 7}},
		{"since_id=0", points.Filter{Since: true}},
		{"since_id=-7", points.Filter{Since: true}}, // every id is after it
		{"since_id=-99999999999999999999", points.Filter{Since: true}},
		{"since_id=7&since_id=8&_=1595320416", points.Filter{Since: true, SinceID: 7}},
		{"updated_at_min=2020-10-23", points.Filter{Min: at("2020-10-23T00:00:00Z")}},
		{"updated_at_max=2020-10-23", points.Filter{Max: at("2020-10-23T00:00:00Z")}},
		{"updated_at_max=2008-12-31T02:01:27.483Z", points.Filter{Max: at("2008-12-31T02:01:27.483Z")}},
		{"updated_at_max=2008-12-31T02:01:27.123456789Z", points.Filter{Max: at("2008-12-31T02:01:27.123456789Z")}},
		{"updated_at_max=2020-10-23T12:00:00-04:00", points.Filter{Max: at("2020-10-23T16:00:00Z")}},
		{"updated_at_max=2020-10-23T12:00:00%2B07:00", points.Filter{Max: at("2020-10-23T05:00:00Z")}},
		{"updated_at_max=2020-10-23T12:00:00+07:00", points.Filter{Max: at("2020-10-23T05:00:00Z")}},
		{"updated_at_max=2020-10-23T12:00:00+0700", points.Filter{Max: at("2020-10-23T05:00:00Z")}},
		{"updated_at_max=2020-10-23T12:00:00+07", points.Filter{Max: at("2020-10-23T05:00:00Z")}},
		{"updated_at_max=+2020-10-23+12:00:00+07:00+", points.Filter{Max: at("2020-10-23T05:00:00Z")}},
		// The zero time stands for no bound, and is a moment all the same.
		{"updated_at_max=0001-01-01", points.Filter{Max: at("0001-01-01T00:00:00.000000001Z")}},
	}
	for _, tt := range tests {
		if tt.want.Limit == 0 {
			tt.want.Limit = 50
		}
		if tt.want.Page == 0 {
			tt.want.Page = 1
		}
		got, nobody, err := callWith(t, tt.query).filter(noon)
		if err != nil || nobody {
			t.Errorf("%s: nobody %t, error %v", tt.query, nobody, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}

// What the parameters of lists and statements reject, and by which name.
func TestParametersRejected(t *testing.T) {
	list := func(c *call) error { _, _, err := c.filter(noon); return err }
	statement := func(c *call) error { _, err := c.period(); return err }
	only := func(c *call) error { return c.only() }
	tests := []struct {
		name   string
		values []string
		read   func(*call) error
	}{
		{"since_id", []string{"abc", "1.5", "1e3", "0x10", "%2B5", "5;", "٣", "%00", "%FF"}, list},
		{"updated_at_min", []string{"yesterday", "2020-13-01", "2020-02-30", "2020-1-1", "20200101", "1595320416", "2020-07-21T08:33:36.1234567890Z", "2020-07-21T08:33:36.Z", "0000-01-01", "12020-01-01", "2020-07-21T24:00:00Z", "%00", "%FF"}, list},
		{"updated_at_max", []string{"now", "2020-07-21T08:33:36%2B99:00"}, list},
		{"from", []string{"now", "2020-02-30"}, statement},
		{"to", []string{"now", "2020-02-30"}, statement},
		{"colour", []string{"red", ""}, only},
		{"level_id", []string{"2021"}, only},
		{"kind", []string{"add"}, only},
		{"cursor", []string{"0", "-1", "x", "1.5", "99999999999999999999", "%FF"}, statement},
	}
	for _, tt := range tests {
		for _, value := range tt.values {
			query := url.Values{tt.name: {value}}.Encode()
			if decoded, err := url.QueryUnescape(value); err == nil {
				query = url.Values{tt.name: {decoded}}.Encode()
			}
			err := tt.read(callWith(t, query))
			clientErr, rejected := errs.AsClient(err)
			if !rejected || clientErr.Path != tt.name || texts.Of(clientErr) == "" || statusFor(clientErr) != 422 {
				t.Errorf("%s: error = %v, want a refusal of %s", query, err, tt.name)
			}
		}
	}
}

func TestStatementParameters(t *testing.T) {
	day := time.Date(2020, 10, 23, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		query string
		want  points.Period // of 50, unless it says otherwise
	}{
		{"", points.Period{}},
		{"from=&to=&ref_id=&limit=&cursor=", points.Period{}},
		{"from=+&to=+&limit=+&cursor=+", points.Period{}},
		{"limit=0", points.Period{}},
		{"limit=-5", points.Period{}},
		{"limit=x", points.Period{}},
		{"limit=1", points.Period{Limit: 1}},
		{"limit=250", points.Period{Limit: 250}},
		{"limit=251", points.Period{Limit: 250}},
		{"ref_id=+a+", points.Period{RefID: " a "}}, // it is the reference, blanks and all
		{"cursor=7", points.Period{Below: 7}},
		{"from=2020-10-23", points.Period{From: day}},
		{"to=2020-10-23", points.Period{To: day.Add(24*time.Hour - time.Microsecond)}},
		{"to=+2020-10-23+", points.Period{To: day.Add(24*time.Hour - time.Microsecond)}},
		{"to=2020-10-23T00:00:00Z", points.Period{To: day}},
		{"from=2020-10-23T07:00:00+07:00", points.Period{From: day}},
		{"from=+2020-10-23T07:00:00+07", points.Period{From: day}},
	}
	for _, tt := range tests {
		if tt.want.Limit == 0 {
			tt.want.Limit = 50
		}
		got, err := callWith(t, tt.query).period()
		if err != nil {
			t.Errorf("%s: %v", tt.query, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.query, diff)
		}
	}
}
