package whole_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/devserver"
	"regulars/functions/local/table"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

func TestAuditFindsDamage(t *testing.T) {
	t.Parallel()
	all := append(damages[:len(damages):len(damages)], []struct {
		name, pk, sk string
		change       func(it map[string]types.AttributeValue)
		want         string
	}{
		{"a customer is gone", "C#5#", "CUSTOMER", nil, "it names customer"},
		{"a customer lies elsewhere in an index", "C#5#", "CUSTOMER", func(it map[string]types.AttributeValue) {
			it["gsi1pk"] = &types.AttributeValueMemberS{Value: "L#5#9"}
		}, "it lies in the indexes at"},
		{"an order is nobody's", "O#5#", "ORDER", nil, "its id is not claimed"},
		{"an order is gone", "C#5#", "ORDER#", nil, "its customer has no such order"},
		{"a tenant is gone", "T#5", "SETTINGS", nil, "its tenant does not exist"},
		{"an item is none of ours", "K#5#email#", "KEY", func(it map[string]types.AttributeValue) {
			it["sk"] = &types.AttributeValueMemberS{Value: "OTHER"}
		}, "there is no such kind of item"},
	}...)
	for _, d := range all {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			var before, after bytes.Buffer
			if err := table.Audit(t.Context(), s.store, nil, &before); err != nil {
				t.Fatalf("before: %v\n%s", err, before.String())
			}
			s.damage(t, d.pk, d.sk, d.change)
			if err := table.Audit(t.Context(), s.store, nil, &after); !errors.Is(err, table.ErrFlaws) || !strings.Contains(after.String(), d.want) {
				t.Errorf("audit = %v, want %q in\n%s", err, d.want, after.String())
			}
			if strings.Contains(after.String(), "example.com") {
				t.Errorf("the audit shows contacts:\n%s", after.String())
			}
		})
	}
}

// What was exported and restored into another table is item by item what it was, is
// whole, and answers as before. A file that is not whole changes nothing.
func TestExportAndRestore(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var file bytes.Buffer
	if _, err := table.Export(t.Context(), s.store, devserver.Tenant, &file); err != nil {
		t.Fatal(err)
	}
	name := dynamotest.Table(t)
	store := dynamo.New(s.db, name, time.Now)
	text := file.String()
	for what, broken := range map[string]string{
		"cut":     text[:len(text)/2],
		"no end":  text[:strings.LastIndex(strings.TrimSpace(text), "\n")+1],
		"changed": strings.Replace(text, "welcome", "Welcome", 1),
		"other":   strings.Replace(text, `"tenant":5`, `"tenant":6`, 1),
		"empty":   "",
	} {
		if _, _, err := table.Restore(t.Context(), store, strings.NewReader(broken)); err == nil {
			t.Errorf("%s: it was restored", what)
		}
	}
	if items := client.Dump(t, name); len(items) > 0 {
		t.Fatalf("broken files left %v", items)
	}
	if _, _, err := table.Restore(t.Context(), store, strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	sorted := cmp.Transformer("sorted", func(items []string) map[string]bool {
		all := map[string]bool{}
		for _, it := range items {
			all[it] = true
		}
		return all
	})
	if diff := cmp.Diff(client.Dump(t, s.table), client.Dump(t, name), sorted); diff != "" {
		t.Errorf("restored (-was +is):\n%s", diff)
	}
	if err := table.Audit(t.Context(), store, nil, io.Discard); err != nil {
		t.Error(err)
	}
	code, body := send(client.ServiceOn(t, s.db, name), "GET", "/loy/profiles/"+s.id.Decimal()+".json", "")
	if code != 200 || !strings.Contains(body, `"point_available":55`) {
		t.Errorf("the restored customer is %d %s", code, body)
	}
	if _, _, err := table.Restore(t.Context(), store, strings.NewReader(text)); err == nil {
		t.Error("a tenant was restored over another")
	}
}
