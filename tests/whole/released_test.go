package whole_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/table"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// Items that released commits wrote are read for ever: each file of testdata/released is
// what the commit that it is named after made of the same requests (an import with
// contacts, match fields and subscriptions, a segment, a deletion, records of an
// extension, points, an order that came back in part, a role), as make export writes it.
// A commit that changes the form of an item adds a file.
func TestReleasedItemsAreRead(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/released/*.jsonl")
	if err != nil || len(files) < 3 {
		t.Fatalf("files = %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".jsonl"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			db, name := dynamotest.Client(t), dynamotest.Table(t)
			store := dynamo.New(db, name, time.Now)
			if _, _, err := table.Restore(t.Context(), store, bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			var audited bytes.Buffer
			if err := table.Audit(t.Context(), store, nil, &audited); err != nil {
				for line := range strings.Lines(audited.String()) {
					// The ids of orders belong to one profile only since 88701ec.
					if strings.Contains(line, ": ") && !strings.Contains(line, "claim-orders does that") || !errors.Is(err, table.ErrFlaws) {
						t.Errorf("audit: %v: %s", err, line)
					}
				}
			}
			readReleased(t, client.ServiceOn(t, db, name))
		})
	}
}

// readReleased reads what the requests made through each dialect, and writes on.
func readReleased(t *testing.T, h http.Handler) {
	alt := client.Altcraft{T: t, Handler: h}
	for _, search := range []map[string]any{
		{"email": "old@example.com"},
		{"matching": "phone", "phone": "+79000000040"},
		{"matching": "custom", "field_name": "CRM_ID", "field_value": "7040"},
		{"matching": "custom", "field_name": "interests", "field_value": "chess"},
	} {
		if data := alt.Must("get", search).Data(); data["_fname"] != "Olga" || len(data["subscriptions"].([]any)) != 2 || data["note"] != 1.5 {
			t.Errorf("%v = %v", search, data)
		}
	}
	if a := alt.Call("get", map[string]any{"email": "gone@example.com"}); a.Code() != 404 {
		t.Errorf("who was deleted is %v", a)
	}
	id, err := customer.ParseHex(alt.Must("import", map[string]any{"email": "old@example.com", "data": map[string]any{}}).ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct{ method, path, body, answer string }{
		{"GET", "/profiles?Phone.PhoneNumber=2125550119&include_profile=yes", "", `Olga`},
		{"GET", "/loy/profiles/" + id.Decimal() + ".json", "", `"point_available":40`},
		{"GET", "/loy/profiles/" + id.Decimal() + "/points/entries.json", "", `"kind":"return"`},
		{"POST", "/loy/profiles/" + id.Decimal() + "/orders/A-1/return.json", `{"return":{"amount":20000}}`, `"point_available":20`},
		{"GET", "/purchase?user_email=old@example.com", "", `Seller`},
	} {
		if code, body := send(h, want.method, want.path, want.body); code != 200 || !regexp.MustCompile(want.answer).MatchString(body) {
			t.Errorf("%s %s = %d %s, want %s", want.method, want.path, code, body, want.answer)
		}
	}
	alt.Must("import", map[string]any{"email": "old@example.com", "data": map[string]any{"_fname": "Olga A."}})
}

// An item that later code wrote is not taken for what it is not.
func TestLaterItemsAreNotRead(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	service := client.ServiceOn(t, s.db, s.table)
	s.damage(t, "C#5#", "CUSTOMER", func(it map[string]types.AttributeValue) { it["sn"] = &types.AttributeValueMemberN{Value: "3"} })
	for path, status := range map[string]int{
		"/profiles/" + s.id.Base36(): 500, "/loy/profiles/" + s.id.Decimal() + ".json": 500,
	} {
		if code, body := send(service, "GET", path, ""); code != status {
			t.Errorf("%s = %d %s, want %d", path, code, body, status)
		}
	}
}
