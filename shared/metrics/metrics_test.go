package metrics_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/metrics"
)

func TestWrite(t *testing.T) {
	var out bytes.Buffer
	at := time.UnixMilli(1_800_000_000_123)
	w := metrics.New(&out, "Regulars/shop", "altcraft", func() time.Time { return at })
	w.Write(metrics.Event{
		Route: "POST /x/{id}", Properties: map[string]any{"tenant": 5},
		Values: map[metrics.Name]float64{metrics.Requests: 1, metrics.Busy: 2, metrics.Faults: 0, metrics.Latency: 1.5},
	})
	want := `{"Busy":2,"Function":"altcraft","Latency":1.5,"Requests":1,"Route":"POST /x/{id}",` +
		`"_aws":{"CloudWatchMetrics":[` +
		`{"Namespace":"Regulars/shop","Dimensions":[[],["Function"]],"Metrics":[{"Name":"Busy","Unit":"Count"},{"Name":"Latency","Unit":"Milliseconds"},{"Name":"Requests","Unit":"Count"}]},` +
		`{"Namespace":"Regulars/shop","Dimensions":[["Function","Route"]],"Metrics":[{"Name":"Latency","Unit":"Milliseconds"},{"Name":"Requests","Unit":"Count"}]}],` +
		`"Timestamp":1800000000123},"tenant":5}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

// What CloudWatch says of a document: each metric and dimension that it names is a
// member beside, the dimensions are texts, and no more than 30 or 100 of either.
func TestLinesAreWhole(t *testing.T) {
	var out bytes.Buffer
	w := metrics.New(&out, "Regulars", "work", time.Now)
	all := map[metrics.Name]float64{}
	for name := range metrics.All {
		all[name] = 1
	}
	w.Write(metrics.Event{Route: "upkeep", Values: all})
	var line map[string]any
	var head struct {
		AWS struct {
			CloudWatchMetrics []struct {
				Dimensions [][]string
				Metrics    []struct{ Name, Unit string }
			}
		} `json:"_aws"`
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out.Bytes(), &head); err != nil {
		t.Fatal(err)
	}
	for _, d := range head.AWS.CloudWatchMetrics {
		for _, set := range d.Dimensions {
			for _, name := range set {
				if s, ok := line[name].(string); !ok || s == "" || len(set) > 30 {
					t.Errorf("dimension %s is %v", name, line[name])
				}
			}
		}
		for _, m := range d.Metrics {
			if _, ok := line[m.Name].(float64); !ok || len(d.Metrics) > 100 || m.Unit == "" {
				t.Errorf("metric %s is %v %s", m.Name, line[m.Name], m.Unit)
			}
		}
	}
}

func TestNilWriterWritesNothing(t *testing.T) {
	var none *metrics.Writer
	none.Write(metrics.Event{Route: "x", Values: map[metrics.Name]float64{metrics.Requests: 1}})
	w := metrics.New(io.Discard, "Regulars", "work", time.Now)
	w.Write(metrics.Event{Properties: map[string]any{"no JSON": func() {}}})
}
