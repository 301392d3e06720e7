package whole_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/tests/client"
)

// Lists of customers with many values stay within a function's memory and time: a page
// ends sooner, and its cursor goes on. The values are put behind the back of the
// service, which takes no more than 20,000 of a customer.
func TestProveListsOfLargeCustomers(t *testing.T) {
	customers := client.Size(60)
	const (
		mostMemory = 300 << 20
		mostCPU    = 12 * time.Second
	)
	s := client.NewScene(t)
	objects := make([]types.AttributeValue, client.Size(36_000))
	for i := range objects {
		objects[i] = &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": &types.AttributeValueMemberN{Value: "0"}}}
	}
	for i := range customers {
		post(t, s, "/api/v1.1/profiles/import", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"email":"c%d@example.com","data":{"club":"gold"}}`, i))
	}
	setField(t, s, objects)
	objects = nil

	t.Run("altcraft", func(t *testing.T) {
		met, from := 0, ""
		for pages := 0; pages == 0 || from != ""; pages++ {
			body := measured(t, mostMemory, mostCPU, func() []byte {
				return post(t, s, "/api/v1.1/profiles/list", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"limit":60,"fields":["id"],"from_id":%q}`, from))
			})
			var page struct {
				Data []any
				Next string `json:"next_from_id"`
			}
			if err := json.Unmarshal(body, &page); err != nil || pages > customers {
				t.Fatalf("page %d: %v", pages, err)
			}
			met, from = met+len(page.Data), page.Next
		}
		if met != customers {
			t.Errorf("the walk met %d, want %d", met, customers)
		}
	})

	for name, first := range map[string]string{"haravan, by since_id": "/loy/profiles.json?limit=20&since_id=0", "haravan, by page": "/loy/profiles.json?limit=20&page=1"} {
		t.Run(name, func(t *testing.T) {
			met, address := map[int64]bool{}, first
			for pages := 1; address != ""; pages++ {
				var w *httptest.ResponseRecorder
				measured(t, mostMemory, mostCPU, func() []byte {
					r := httptest.NewRequest(http.MethodGet, address, nil)
					r.Header.Set("Authorization", "Bearer reg_local_demo")
					w = httptest.NewRecorder()
					s.ServeHTTP(w, r)
					return nil
				})
				var page struct{ Profiles []struct{ ID int64 } }
				if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || w.Code != http.StatusOK || pages > customers {
					t.Fatalf("page %d = %d %.200s: %v", pages, w.Code, w.Body, err)
				}
				for _, p := range page.Profiles {
					met[p.ID] = true
				}
				switch address = ""; {
				case len(page.Profiles) < 20: // as clients know the end
				case strings.Contains(first, "since_id"):
					address = fmt.Sprintf("/loy/profiles.json?limit=20&since_id=%d", page.Profiles[19].ID)
				default:
					address = fmt.Sprintf("/loy/profiles.json?limit=20&page=%d", pages+1)
				}
			}
			if len(met) != customers {
				t.Errorf("the walk met %d, want %d", len(met), customers)
			}
		})
	}
}

// A page that is too large to answer loses nobody: a walk by since_id goes on behind it,
// a page by its number is rejected and says how many fit.
func TestLargePagesLoseNobody(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	const customers = 15
	street := strings.Repeat("x", 299_000)
	for i := range customers {
		post(t, s, "/api/v1.1/profiles/import", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"email":"c%d@example.com","data":{"ward_name":%q}}`, i, street))
	}
	code, body := send(s, "GET", "/loy/profiles.json", "")
	if code != http.StatusUnprocessableEntity || !strings.Contains(body, `{"errors":{"limit":["13 of these profiles are all`) {
		t.Fatalf("a page = %d %.300s", code, body)
	}
	met := map[string]bool{}
	for page := 1; ; page++ {
		code, body := send(s, "GET", fmt.Sprintf("/loy/profiles.json?limit=13&page=%d", page), "")
		ids := regexp.MustCompile(`"id":[0-9]+`).FindAllString(body, -1)
		if code != http.StatusOK {
			t.Fatalf("page %d = %d %.300s", page, code, body)
		}
		for _, id := range ids {
			met[id] = true
		}
		if len(ids) < 13 {
			break
		}
	}
	if len(met) != customers {
		t.Errorf("pages of 13 met %d, want %d", len(met), customers)
	}
	r := httptest.NewRequest("GET", "/loy/profiles.json?since_id=0", nil)
	r.Header.Set("Authorization", "Bearer reg_local_demo")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK || strings.Count(w.Body.String(), `"ward_name"`) != 13 || !strings.Contains(w.Header().Get("Link"), `rel="next"`) {
		t.Errorf("since_id = %d, %d profiles, Link %q", w.Code, strings.Count(w.Body.String(), `"ward_name"`), w.Header().Get("Link"))
	}
}

// A batch whose customers are large stays within a function's memory and time: two of
// them are under way at a time.
func TestProveBatchesOfLargeCustomers(t *testing.T) {
	customers := client.Size(40)
	const (
		mostMemory = 300 << 20
		mostCPU    = 25 * time.Second
	)
	s := client.NewScene(t)
	objects := make([]types.AttributeValue, client.Size(20_000))
	for i := range objects {
		objects[i] = &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"a": &types.AttributeValueMemberN{Value: "0"}}}
	}
	var rows, points []string
	for i := range customers {
		body := post(t, s, "/api/v1.1/profiles/import", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"email":"c%d@example.com","data":{"club":"gold"}}`, i))
		var made struct {
			ID string `json:"profile_id"`
		}
		if err := json.Unmarshal(body, &made); err != nil {
			t.Fatal(err)
		}
		id, err := customer.ParseHex(made.ID)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, fmt.Sprintf(`{"email":"c%d@example.com","club":"silver"}`, i))
		points = append(points, fmt.Sprintf(`{"action":"add","profile_id":%s,"value":5}`, id.Decimal()))
	}
	setField(t, s, objects)
	objects = nil

	t.Run("altcraft", func(t *testing.T) {
		body := measured(t, mostMemory, mostCPU, func() []byte {
			return post(t, s, "/api/v1.1/profiles/update_batch", `{"token":"reg_local_demo","db_id":5,"matching":"email","data":[`+strings.Join(rows, ",")+`]}`)
		})
		if n := strings.Count(string(body), `"error":0`) - 1; n != customers {
			t.Errorf("%d were changed, want %d: %.500s", n, customers, body)
		}
	})
	t.Run("haravan", func(t *testing.T) {
		body := measured(t, mostMemory, mostCPU, func() []byte {
			_, body := send(s, "POST", "/loy/points/batch.json", `{"points":[`+strings.Join(points, ",")+`]}`)
			return []byte(body)
		})
		if n := strings.Count(string(body), `"status":200`); n != customers {
			t.Errorf("%d were given points, want %d: %.500s", n, customers, body)
		}
	})
}

// post sends an Altcraft request, or fails.
func post(t *testing.T, h http.Handler, path, body string) []byte {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `"error":0`) {
		t.Fatalf("%s = %d %.300s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// measured demands that do takes no more memory at any moment, garbage included, and
// no more CPU time of this process.
func measured(t *testing.T, memory uint64, cpu time.Duration, do func() []byte) []byte {
	t.Helper()
	runtime.GC()
	done, highest := make(chan struct{}), make(chan uint64)
	go func() {
		var high uint64
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			high = max(high, m.HeapAlloc)
			select {
			case <-done:
				highest <- high
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	began := cpuTime(t)
	body := do()
	took := cpuTime(t) - began
	close(done)
	high := <-highest
	t.Logf("%d MB, %v of CPU", high>>20, took.Round(time.Millisecond))
	if high > memory || took > cpu {
		t.Errorf("took %d MB and %v of CPU, want %d MB and %v at most", high>>20, took, memory>>20, cpu)
	}
	return body
}

// cpuTime is what this process has used.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// A customer has at most 20,000 values. One that had more before is read as ever, and
// may shrink and change, but not grow.
func TestValuesOfACustomer(t *testing.T) {
	t.Parallel()
	s := client.NewScene(t)
	list := func(n int) string { return "[" + strings.Repeat("0,", n-1) + "0]" }
	altcraft := func(data string) string {
		r := httptest.NewRequest(http.MethodPost, "/api/v1.1/profiles/import",
			strings.NewReader(`{"token":"reg_local_demo","db_id":5,"email":"ann@example.com","data":`+data+`}`))
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	genesys := func(body string) string {
		r := httptest.NewRequest(http.MethodPost, "/profiles", strings.NewReader(body))
		r.SetBasicAuth("any", "reg_local_demo")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w.Body.String()
	}
	const tooMany = "20000 is the limit"
	if got := altcraft(`{"L":` + list(20_000) + `}`); !strings.Contains(got, `"error":400`) || !strings.Contains(got, "20001 values") || !strings.Contains(got, tooMany) {
		t.Errorf("20,001 values with Altcraft = %.300s, want 400 and %q", got, tooMany)
	}
	if got := genesys(`{"EmailAddress":["bob@example.com"],"L":` + list(20_000) + `}`); !strings.Contains(got, "400") || !strings.Contains(got, tooMany) {
		t.Errorf("20,001 values with Genesys = %.300s, want 400 and %q", got, tooMany)
	}
	if got := altcraft(`{"L":` + list(19_999) + `}`); !strings.Contains(got, `"error":0`) {
		t.Fatalf("20,000 values = %.300s, want 0", got)
	}
	if got := altcraft(`{"more":1}`); !strings.Contains(got, "20001 values") {
		t.Errorf("a value more = %.300s, want 400", got)
	}
	oversize(t, s, 25_000)
	for _, step := range []struct{ data, want string }{
		{`{"_fname":"Ann"}`, `"error":0`},
		{`{"more":1}`, "25002 values"},
		{`{"L":` + list(24_000) + `}`, `"error":0`},
		{`{"L":` + list(24_001) + `}`, tooMany},
		{`{"L":` + list(10) + `}`, `"error":0`},
		{`{"more":1}`, `"error":0`},
	} {
		if got := altcraft(step.data); !strings.Contains(got, step.want) {
			t.Errorf("%.40s = %.300s, want %q", step.data, got, step.want)
		}
	}
}

// oversize gives every customer a field L of so many numbers, behind the back of the
// service.
func oversize(t *testing.T, s client.Scene, n int) {
	t.Helper()
	list := make([]types.AttributeValue, n)
	for i := range list {
		list[i] = &types.AttributeValueMemberN{Value: "0"}
	}
	setField(t, s, list)
}

func setField(t *testing.T, s client.Scene, list []types.AttributeValue) {
	t.Helper()
	for _, row := range s.Items(t) {
		if row["sk"] != "CUSTOMER" {
			continue
		}
		_, err := s.DB.UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
			TableName: aws.String(s.Table), UpdateExpression: aws.String("SET cf.L = :l"),
			Key: map[string]types.AttributeValue{
				"pk": &types.AttributeValueMemberS{Value: row["pk"].(string)}, "sk": &types.AttributeValueMemberS{Value: "CUSTOMER"},
			},
			ExpressionAttributeValues: map[string]types.AttributeValue{":l": &types.AttributeValueMemberL{Value: list}},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
