package faults_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"regulars/tests/faults"
)

// Each plan is tried on six calls, Get and Put in turn, after one that does not
// count. An x is a call that met the fault.
func TestPlans(t *testing.T) {
	table := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(table.Close)
	for _, tt := range []struct {
		name string
		plan faults.Plan
		want string
	}{
		{"nil", nil, "......"},
		{"none", faults.None, "......"},
		{"always", faults.Always(faults.LostRequest), "xxxxxx"},
		{"one", faults.At(0, 1, faults.LostRequest), "x....."},
		{"three in a row", faults.At(2, 3, faults.LostRequest), "..xxx."},
		{"from one on", faults.From(3, faults.LostRequest), "...xxx"},
		{"of an operation", faults.From(2, faults.LostRequest).Of("Put"), "...x.x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			transport := &faults.Transport{}
			send := func(operation string) string {
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, table.URL, strings.NewReader("{}"))
				r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
				response, err := transport.RoundTrip(r)
				if err != nil {
					return "x"
				}
				response.Body.Close()
				return "."
			}
			send("Get")
			transport.Begin(tt.plan)
			met := ""
			for range 3 {
				met += send("Get") + send("Put")
			}
			if met != tt.want || len(transport.Calls()) != 6 {
				t.Errorf("met %s in %d calls, want %s in 6", met, len(transport.Calls()), tt.want)
			}
		})
	}
}
