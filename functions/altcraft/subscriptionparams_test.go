package altcraft

import (
	"testing"
	"time"

	"regulars/shared/customer"
)

// When and from where, beside the rest or as it is shown; what stands beside the
// rest counts.
func TestReadRegInfo(t *testing.T) {
	may := time.Date(2024, 5, 6, 7, 0, 0, 0, time.UTC)
	const entry = `{"channel":"sms","resource_id":1,"phone":"+79005550001",`
	tests := []struct {
		name, body  string
		created     time.Time
		ip, url     string
		code, field string
	}{
		{name: "nothing", body: `"x":1}`, created: noon},
		{name: "flat", body: `"date":"2024-05-06T10:00:00.750+03:00","ip":"8.8.8.8","url":"https://x.com"}`, created: may, ip: "8.8.8.8", url: "https://x.com"},
		{name: "as it is shown", body: `"reg_info":{"date":"2024-05-06T07:00:00Z","ip":"::1","url":"x"}}`, created: may, ip: "::1", url: "x"},
		{name: "both", body: `"ip":"8.8.8.8","reg_info":{"ip":"1.1.1.1","url":"x"}}`, created: noon, ip: "8.8.8.8", url: "x"},
		{name: "milliseconds", body: `"date":1714978800000}`, created: may},
		{name: "null", body: `"date":null,"ip":null,"url":null,"reg_info":null}`, created: noon},
		{name: "a date that is none", body: `"date":"soon"}`, code: "bad_date", field: "date"},
		{name: "an address that is none", body: `"reg_info":{"ip":"8.8"}}`, code: "bad_ip", field: "reg_info.ip"},
		{name: "a page that is none", body: `"url":7}`, code: "wrong_type", field: "url"},
		{name: "no object", body: `"reg_info":"x"}`, code: "wrong_type", field: "reg_info"},
		{name: "no resource", body: `"resource_id":null}`, code: "missing", field: "resource_id"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			request, err := aCall(t, entry+tt.body).readSet()
			clientErr, _ := clientErrOf(err)
			if clientErr.Code != tt.code || clientErr.Path != tt.field {
				t.Fatalf("readSet() error = %v, want %s of %s", err, tt.code, tt.field)
			}
			if tt.code != "" {
				return
			}
			var c customer.Customer
			if err := request.Edit(&c, noon); err != nil || len(c.Subscriptions) != 1 {
				t.Fatalf("edit: %v, %+v", err, c)
			}
			if s := c.Subscriptions[0]; !s.Created.Equal(tt.created.Truncate(time.Second)) || s.IP != tt.ip || s.URL != tt.url {
				t.Errorf("subscription = %+v, want %v, %q, %q", s, tt.created, tt.ip, tt.url)
			}
		})
	}
}

// What counts must not be carried out twice.
func TestSetIsPlain(t *testing.T) {
	for members, want := range map[string]bool{
		`"custom_fields":{"n":1,"o":{"value":1}},"cats":["x"]`:        true,
		`"custom_fields":{"n":1,"m":{"action":"incr","value":1}}`:     false,
		`"cats":{"action":"add","value":["x"]}`:                       true,
		`"data":{"action":"incr"},"custom_fields":{"n":["action"]}`:   true,
		`"custom_fields":{"n":{"action":"delete","value":["x","y"]}}`: false,
	} {
		request, err := aCall(t, `{"resource_id":1,"channel":"sms","phone":"+79991234567",`+members+`}`).readSet()
		if err != nil || request.Idempotent != want {
			t.Errorf("readSet(%s) = plain %t, error %v, want plain %t", members, request.Idempotent, err, want)
		}
	}
}
