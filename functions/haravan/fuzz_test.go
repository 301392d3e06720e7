package haravan

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// shown demands that err is one that a client may be shown.
func shown(t *testing.T, err error) {
	t.Helper()
	if _, rejected := errs.AsClient(err); err != nil && !rejected {
		t.Errorf("error %v, want a refusal", err)
	}
}

// FuzzBody: whatever a body holds, reading it ends with a client error or with figures
// within their bounds.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"point":{"value":10,"reason":"Mini game quay số 11/11","ref_id":""}}`, `{"point":{"value":1e1,"ref_id":1234}}`,
		`{"order":{"id":"A1","total":1000,"points_used":5,"paid_at":"2024-03-05T14:08:09+07:00"}}`,
		`{"return":{"amount":1,"reason":null}}`, `{"transfer":{"to":"360455","value":3,"ref_id":7}}`,
		`{"order":{"id":"A1","total":1000,"line_items":[{"sku":"A","category":"B","amount":600},{"amount":4e2}]}}`, `{"reverse":{}}`, `{"hold":{"points":5,"expires_in":60,"expires_at":"2024-03-05"}}`, `{"point":{"value":-1e40}}`, `{"point":null}`, `{}`, `[]`, "\xff", "",
	} {
		f.Add([]byte(seed))
	}
	d := &Dialect{now: func() time.Time { return noon }}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, name := range []string{"point", "transfer", "order", "return", "reverse", "hold"} {
			r := httptest.NewRequest(http.MethodPut, "/", bytes.NewReader(body))
			r.Header.Set("Content-Type", "application/json")
			c := &call{Call: &httpapi.Call{Request: r}}
			object, err := c.object(name)
			if shown(t, err); err != nil {
				continue
			}
			for _, member := range []string{"value", "amount"} {
				n, err := amount(object, member, 1)
				if shown(t, err); err == nil && (n < 1 || n > points.Max) {
					t.Errorf("amount(%s) = %d", member, n)
				}
			}
			o, err := d.readOrder(object)
			if shown(t, err); err == nil && (o.ID == "" || o.Total < 0 || o.Total > points.Max || o.PointsUsed < 0 || o.PointsUsed > points.Max) {
				t.Errorf("order = %+v", o)
			}
			_, err = text(object, "reason", maxText, false)
			shown(t, err)
			money := int64(0)
			for _, i := range o.Items {
				money += i.Amount
			}
			if money > o.Total {
				t.Errorf("items of %d in an order of %d", money, o.Total)
			}
			for _, name := range []string{"to", "profile_id"} {
				id, err := profileOf(object, name)
				if shown(t, err); err == nil && id > points.Max {
					t.Errorf("%s = %d", name, id)
				}
			}
			h, err := readHold(object)
			if shown(t, err); err == nil && (h.Points < 1 || h.Points > points.Max || h.For < 0) {
				t.Errorf("hold = %+v", h)
			}
		}
	})
}

// FuzzQuery: whatever a query holds, it is rejected or makes a filter and a
// period within bounds.
func FuzzQuery(f *testing.F) {
	for _, seed := range []string{
		"since_id=5&limit=10&page=2&fields=id,,x", "phone=+84909977921", "updated_at_min=2020-07-21T08:33:36 07:00&updated_at_max=2020-10-23",
		"page=99999999999999999999&limit=-1", "since_id=-99999999999999999999", "%zz=1&since_id=%00",
		"from=2020-10-23&to=2020-10-23T08:33:36 07&ref_id=a&limit=250&cursor=7", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		values, _ := url.ParseQuery(query)
		c := &call{query: values, Call: &httpapi.Call{Grant: access.Grant{Settings: access.Settings{Preferences: access.Defaults()}}}}
		filter, _, err := c.filter(noon)
		if shown(t, err); err == nil && (filter.Limit < 1 || filter.Limit > pageSize || filter.Page < 1) {
			t.Errorf("filter = %+v", filter)
		}
		c.fields()
		period, err := c.period()
		if shown(t, err); err == nil && (period.Limit < 1 || period.Limit > maxEntries || period.Below < 0) {
			t.Errorf("period = %+v", period)
		}
	})
}
