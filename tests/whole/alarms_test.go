package whole_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/goccy/go-yaml"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/httpapi"
	"regulars/shared/metrics"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// ourNamespace is that of the metrics which the functions print.
const ourNamespace = "Regulars/${AWS::StackName}"

// A watched metric is what an alarm or a widget looks at.
type watched struct {
	namespace, name string
	dimensions      []string // names and values, in turn
}

type alarm struct {
	Description string      `yaml:"AlarmDescription"`
	Namespace   string      `yaml:"Namespace"`
	MetricName  string      `yaml:"MetricName"`
	Dimensions  []dimension `yaml:"Dimensions"`
	Metrics     []struct {
		MetricStat *struct {
			Metric struct {
				Namespace  string      `yaml:"Namespace"`
				MetricName string      `yaml:"MetricName"`
				Dimensions []dimension `yaml:"Dimensions"`
			} `yaml:"Metric"`
		} `yaml:"MetricStat"`
	} `yaml:"Metrics"`
	Actions   any    `yaml:"AlarmActions"`
	Missing   string `yaml:"TreatMissingData"`
	Dashboard string `yaml:"DashboardBody"`
}

type dimension struct {
	Name  string `yaml:"Name"`
	Value string `yaml:"Value"`
}

func (a alarm) watched() []watched {
	flat := func(ds []dimension) (names []string) {
		for _, d := range ds {
			names = append(names, d.Name, d.Value)
		}
		return names
	}
	if a.MetricName != "" {
		return []watched{{a.Namespace, a.MetricName, flat(a.Dimensions)}}
	}
	var all []watched
	for _, m := range a.Metrics {
		if m.MetricStat != nil {
			metric := m.MetricStat.Metric
			all = append(all, watched{metric.Namespace, metric.MetricName, flat(metric.Dimensions)})
		}
	}
	return all
}

// readAlarms are the alarms of the template by name, and the dashboard.
func readAlarms(t *testing.T) (alarms map[string]alarm, dashboard string) {
	t.Helper()
	text, err := os.ReadFile("../../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Resources map[string]struct {
			Type       string `yaml:"Type"`
			Properties any    `yaml:"Properties"`
		} `yaml:"Resources"`
	}
	if err := yaml.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	alarms = map[string]alarm{}
	for name, resource := range read.Resources {
		if resource.Type != "AWS::CloudWatch::Alarm" && resource.Type != "AWS::CloudWatch::Dashboard" {
			continue
		}
		document, err := yaml.Marshal(resource.Properties)
		if err != nil {
			t.Fatal(err)
		}
		var a alarm
		if err := yaml.Unmarshal(document, &a); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if a.Dashboard != "" {
			dashboard = a.Dashboard
			continue
		}
		alarms[name] = a
	}
	return alarms, dashboard
}

// ofAWS are the metrics of AWS that are watched, and the dimensions under which AWS
// keeps them.
var ofAWS = map[string]string{
	"AWS/SQS ApproximateAgeOfOldestMessage":      "QueueName",
	"AWS/SQS ApproximateNumberOfMessagesVisible": "QueueName",
	"AWS/Lambda Errors":                          "FunctionName",
	"AWS/Lambda Throttles":                       "FunctionName",
	"AWS/ApiGateway 5xx":                         "ApiId",
	"AWS/DynamoDB WriteThrottleEvents":           "TableName",
	"AWS/DynamoDB ReadThrottleEvents":            "TableName",
}

// check demands that somebody emits what is watched.
func (w watched) check(t *testing.T, where string, emitted map[string]bool) {
	t.Helper()
	if w.namespace == ourNamespace {
		if key := w.name + " " + strings.Join(w.dimensions, "="); !emitted[key] {
			t.Errorf("%s watches %q, which nothing emits", where, key)
		}
		return
	}
	if want, ok := ofAWS[w.namespace+" "+w.name]; !ok || len(w.dimensions) != 2 || w.dimensions[0] != want {
		t.Errorf("%s watches %s %s by %v, which AWS does not keep", where, w.namespace, w.name, w.dimensions)
	}
}

// emittedBy are the metrics and dimensions that the functions emit: read off the lines
// that a writer of each writes.
func emittedBy(t *testing.T) map[string]bool {
	t.Helper()
	all := map[metrics.Name]float64{}
	for name := range metrics.All {
		all[name] = 1
	}
	emitted := map[string]bool{}
	for function := range readTemplate(t).functions(t) {
		var out bytes.Buffer
		metrics.New(&out, "Regulars", function, time.Now).Write(metrics.Event{Route: "x", Values: all})
		for key := range keysOf(t, out.Bytes()) {
			emitted[key] = true
		}
	}
	return emitted
}

// keysOf are the metrics of lines, each with every set of dimensions it is kept by:
// "Faults", "Faults Function=altcraft".
func keysOf(t *testing.T, lines []byte) map[string]float64 {
	t.Helper()
	keys := map[string]float64{}
	for line := range bytes.Lines(lines) {
		var head struct {
			AWS struct {
				CloudWatchMetrics []struct {
					Dimensions [][]string
					Metrics    []struct{ Name string }
				}
			} `json:"_aws"`
		}
		var members map[string]any
		if json.Unmarshal(line, &head) != nil || json.Unmarshal(line, &members) != nil {
			t.Fatalf("line %s is no JSON", line)
		}
		for _, d := range head.AWS.CloudWatchMetrics {
			for _, set := range d.Dimensions {
				var by []string
				for _, name := range set {
					by = append(by, name, members[name].(string))
				}
				for _, m := range d.Metrics {
					keys[m.Name+" "+strings.Join(by, "=")] += members[m.Name].(float64)
				}
			}
		}
	}
	return keys
}

// Each alarm watches what is emitted, tells the topic, takes silence for health, and
// has its page in the runbook; each page is of an alarm.
func TestAlarmsWatchWhatIsEmitted(t *testing.T) {
	t.Parallel()
	alarms, _ := readAlarms(t)
	emitted := emittedBy(t)
	runbook, err := os.ReadFile("../../docs/runbook.md")
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range alarms {
		if len(a.watched()) == 0 {
			t.Errorf("%s watches nothing", name)
		}
		for _, w := range a.watched() {
			w.check(t, name, emitted)
		}
		if a.Actions == nil || a.Missing != "notBreaching" || !strings.Contains(a.Description, "docs/runbook.md") {
			t.Errorf("%s: actions %v, missing data %q, description %q", name, a.Actions, a.Missing, a.Description)
		}
		if !strings.Contains(string(runbook), "\n## "+name+"\n") {
			t.Errorf("%s has no page in docs/runbook.md", name)
		}
	}
	for line := range strings.Lines(string(runbook)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), "## "); ok && strings.HasSuffix(name, "Alarm") && alarms[name].Description == "" {
			t.Errorf("docs/runbook.md has a page of %s, which is not in template.yaml", name)
		}
	}
}

func TestDashboardShowsWhatIsEmitted(t *testing.T) {
	t.Parallel()
	_, body := readAlarms(t)
	var dashboard struct {
		Widgets []struct {
			Properties struct {
				Title, Query string
				Metrics      [][]any
			}
		}
	}
	if err := json.Unmarshal([]byte(body), &dashboard); err != nil || len(dashboard.Widgets) == 0 {
		t.Fatalf("dashboard %v: %v", dashboard, err)
	}
	emitted := emittedBy(t)
	for _, widget := range dashboard.Widgets {
		if widget.Properties.Query == "" && len(widget.Properties.Metrics) == 0 {
			t.Errorf("%q shows nothing", widget.Properties.Title)
		}
		for _, m := range widget.Properties.Metrics {
			w := watched{namespace: m[0].(string), name: m[1].(string)}
			for _, d := range m[2:] {
				if text, ok := d.(string); ok {
					w.dimensions = append(w.dimensions, text)
				}
			}
			w.check(t, widget.Properties.Title, emitted)
		}
	}
}

// requests are one of each dialect that reads the table.
func requests() map[string]*http.Request {
	altcraft := httptest.NewRequest("POST", "/api/v1.1/profiles/get", strings.NewReader(`{"token":"`+devserver.DemoToken+`","db_id":5,"email":"ada@example.com"}`))
	altcraft.Header.Set("Content-Type", "application/json")
	genesys := httptest.NewRequest("GET", "/profiles/0000008RRT98P3VS", nil)
	genesys.SetBasicAuth("any", devserver.DemoToken)
	haravan := httptest.NewRequest("GET", "/loy/profiles/890829138770920.json", nil)
	haravan.Header.Set("Authorization", "Bearer "+devserver.DemoToken)
	mojodex := httptest.NewRequest("GET", "/product", nil)
	mojodex.Header.Set("Authorization", devserver.DemoToken)
	return map[string]*http.Request{"altcraft": altcraft, "genesys": genesys, "haravan": haravan, "mojodex": mojodex}
}

// observed is the assembled service behind a transport, with the lines of its metrics.
func observed(t *testing.T, transport *faults.Transport, table string) (*devserver.Server, *bytes.Buffer) {
	t.Helper()
	lines := new(bytes.Buffer)
	return devserver.New(devserver.Options{
		DB: client.FaultyDB(t, transport), Table: table, Log: slog.New(slog.DiscardHandler),
		Operating: httpapi.Operating{Metrics: metrics.New(lines, "Regulars", "all", time.Now), Patience: 50 * time.Millisecond},
	}), lines
}

// provoked are the alarms of our own metrics, each with what sets it off. The other
// metrics are AWS's own.
var provoked = map[string]struct {
	metric string
	plan   faults.Plan
	noFind bool // the table is not there
}{
	"FaultsAlarm":      {"Faults", faults.Always(faults.Rejected("AccessDeniedException")), false},
	"TableErrorsAlarm": {"TableErrors", nil, true},
	"BusyAlarm":        {"Busy", faults.Always(faults.Throttled), false},
	"ThrottlingAlarm":  {"Throttled", faults.Always(faults.Throttled), false},
}

// elsewhere are the alarms whose metrics other tests provoke.
var elsewhere = map[string]string{
	"PartsGivenUpAlarm": "functions/work TestFunctionCountsWhatIsGivenUp",
	"JobsFailedAlarm":   "functions/work TestFunctionCountsFailedJobs",
	"FlawsAlarm":        "TestReconcileCountsFlaws",
	"LatencyAlarm":      "TestAlarmsAreProvoked: each request has its latency",
}

// A table that answers nothing but errors is an internal error in each dialect, and is
// counted as one, also where the answer is HTTP 200 or the token cannot be read.
func TestAlarmsAreProvoked(t *testing.T) {
	t.Parallel()
	alarms, _ := readAlarms(t)
	table := dynamotest.Table(t)
	client.Seed(t, client.ServiceOn(t, dynamotest.Client(t), table), table)
	for name, a := range alarms {
		p, here := provoked[name]
		if _, there := elsewhere[name]; !here {
			if !there && a.watched()[0].namespace == ourNamespace {
				t.Errorf("%s is provoked by no test", name)
			}
			continue
		}
		if a.watched()[0].name != p.metric {
			t.Errorf("%s watches %s, and the test provokes %s", name, a.watched()[0].name, p.metric)
		}
		of := table
		if p.noFind {
			of = "absent"
		}
		service, lines := observed(t, &faults.Transport{Plan: p.plan}, of)
		for dialect, r := range requests() {
			lines.Reset()
			w := httptest.NewRecorder()
			service.ServeHTTP(w, r)
			got := keysOf(t, lines.Bytes())
			if got[p.metric+" "] == 0 || got["Latency Function=all"] == 0 {
				t.Errorf("%s: %s answered %d %s and counted %v, want %s", name, dialect, w.Code, w.Body, got, p.metric)
			}
		}
	}
}

// A throttled table is given up after a time, which is a setting, in each dialect.
func TestThrottledTableIsGivenUp(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	client.Seed(t, client.ServiceOn(t, dynamotest.Client(t), table), table)
	service, _ := observed(t, &faults.Transport{Plan: faults.Always(faults.Throttled)}, table)
	for dialect, r := range requests() {
		began := time.Now()
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		if took := time.Since(began); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || took > 10*time.Second {
			t.Errorf("%s: %d %v after %v, want 503 before long", dialect, w.Code, w.Header(), took)
		}
	}
}

// A tenant that has used up its budget is told so by each dialect in its own form, with
// when to come back.
func TestBudgetInEachDialect(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	if _, err := s.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"budget": map[string]any{"requests": 1}}); err != nil {
		t.Fatal(err)
	}
	// Another process takes all of this window and the next.
	for window := time.Now().Unix() / 10; window <= time.Now().Unix()/10+1; window++ {
		if _, _, err := s.Store.AddTaken(t.Context(), access.Payer{Tenant: devserver.Tenant}, window, 100, 0, time.Now().Add(time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{
		"altcraft": `{"error":429,"error_text":"The tenant has used up`,
		"genesys":  `"http_code":429,"error_code":"budget_used_up"`,
		"haravan":  `{"errors":"The tenant has used up`,
		"mojodex":  `{"error":"The tenant has used up`,
	}
	s.ServeHTTP(httptest.NewRecorder(), requests()["haravan"]) // which a process may do without asking
	for dialect, r := range requests() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || !strings.Contains(w.Body.String(), want[dialect]) {
			t.Errorf("%s: %d %v %s", dialect, w.Code, w.Header(), w.Body)
		}
	}
}

// Which process takes how much is counted in one item of each window, that goes by
// itself.
func TestBudgetIsCountedInOneItem(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	until := time.Now().Add(10 * time.Second)
	var _ access.BudgetStore = s.Store
	for n := range int64(3) {
		requests, units, err := s.Store.AddTaken(t.Context(), access.Payer{Tenant: 5}, 7, 10, 100, until)
		if err != nil || requests != 10*(n+1) || units != 100*(n+1) {
			t.Errorf("AddTaken() = %d, %d, %v", requests, units, err)
		}
	}
	out, err := s.DB.Query(t.Context(), &dynamodb.QueryInput{
		TableName: &s.Table, KeyConditionExpression: aws.String("pk = :pk"),
		ExpressionAttributeValues: keyValue("Q#5"),
	})
	if err != nil || len(out.Items) != 1 || !slices.Contains(slices.Collect(maps.Keys(out.Items[0])), "ttl") {
		t.Errorf("items = %v, %v", out, err)
	}
}

func keyValue(pk string) map[string]types.AttributeValue {
	return map[string]types.AttributeValue{":pk": &types.AttributeValueMemberS{Value: pk}}
}
