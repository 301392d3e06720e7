package dynamo

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/idempotency"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

var update = flag.Bool("update", false, "write testdata/keys.golden anew")

// Keys are what tables that exist are read by: who changes one must mean to, and
// run this test with -update.
func TestKeysAreAsTheyWere(t *testing.T) {
	t.Parallel()
	const tenant, golden = 5, "testdata/keys.golden"
	noon := time.Date(2026, 3, 1, 12, 34, 56, 789_000, time.FixedZone("", 3*60*60))
	id := customer.NewID(noon, 7)
	ann := customer.Customer{ID: id, Changed: noon}
	token := access.Token{Hash: access.HashOf("secret"), Tenants: []int{tenant, 6}, Created: noon}
	job := jobs.Job{Tenant: tenant, ID: "20260301T093456Z-ABCDEFGH", Kind: "backfill", Subject: jobs.Subject{Number: 3, Name: "CRM_ID"}, State: jobs.Running}
	long := strings.Repeat("x", maxKeyValue)

	var lines strings.Builder
	line := func(name string, it item, err error) {
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		fmt.Fprintf(&lines, "%-32s %s | %s", name, text(it, attrPK), text(it, attrSK))
		for _, attribute := range []string{"gsi1pk", "gsi1sk", "gsi2pk", "gsi2sk"} {
			if it[attribute] != nil {
				fmt.Fprintf(&lines, " | %s", text(it, attribute))
			}
		}
		lines.WriteString("\n")
	}

	it, err := newCustomerItem(tenant, ann, "commit", noon)
	line("customer", it, err)
	it, err = newCustomerItem(tenant, customer.Customer{ID: id, Changed: noon, Deleted: true}, "commit", noon)
	line("deleted customer", it, err)
	for _, k := range []struct {
		name string
		key  customer.Key
	}{
		{"e-mail", customer.EmailKey("Ann#Lee@Example.com")},
		{"phone", customer.PhoneKey("+79000000000")},
		{"push token", customer.PushKey("ios/apns #1", "to/ken")},
		{"match field", customer.Key{Kind: customer.MatchField{Number: 12}.Kind(), Value: "A-1"}},
		{"match field, 128 bytes", customer.Key{Kind: "f12", Value: long}},
		{"match field, 129 bytes", customer.Key{Kind: "f12", Value: long + "x"}},
	} {
		line(k.name, newMatchKeyItem(matchKey(tenant, k.key), customer.Owners{}, "commit"), nil)
	}
	it, err = newExtensionItem(extensionKey(tenant, id, 14), customer.Extension{Commit: "commit"})
	line("extension", it, err)
	for _, texts := range [][]string{{"a#b"}, {"Lee", "", "1990-01-02"}, {long + "x"}} {
		value := make(attributes)
		value.setPlaces(identKey(tenant, id, 15, "0123456789abcdef0123456789abcdef"), identIndexKeys(tenant, id, 15, texts))
		line(fmt.Sprintf("identification, %d values", len(texts)), item(value), nil)
	}
	it, err = newRequestItem(tenant, customer.IdempotencyRecord{Key: idempotency.Key{Value: "k1"}, Outcome: customer.Recorded{ID: id}}, "commit", noon)
	line("remembered request", it, err)
	account := points.Account{ID: id, Version: 1, Changed: noon, Lots: []points.Lot{{Day: points.Never, Points: 5}}}
	line("points account", newAccountItem(tenant, account, "commit"), nil)
	account.Lots[0].Day = 20_000
	line("points account, due", newAccountItem(tenant, account, "commit"), nil)
	account.Deleted = true
	line("points account, to be erased", newAccountItem(tenant, account, "commit"), nil)
	account.Erased = 1
	line("points account, erased", newAccountItem(tenant, account, "commit"), nil)
	line("entry", newEntryItem(tenant, id, points.Entry{Seq: 7}, "commit"), nil)
	line("entry with a reference", newEntryItem(tenant, id, points.Entry{Seq: 7, Text: points.Text{RefID: "A#1"}}, "commit"), nil)
	it, err = newOrderItem(orderKey(tenant, id, "A#1"), points.Order{}, "commit", nil)
	line("order", it, err)
	it, err = newAnswerItem(uniqueKey(tenant, id, points.Reference{Direction: points.Debit, RefID: "A#1"}), "commit", "", nil, time.Time{})
	line("unique reference", it, err)
	line("reversal", newReversalItem(reversalKey(tenant, id, 7), points.Reversal{}, "commit"), nil)
	wallet := account
	wallet.ID, wallet.Deleted, wallet.Lots = points.LedgerOf(id, 3), false, []points.Lot{{Day: 20600, Points: 1}}
	line("account of a wallet, due", newAccountItem(tenant, wallet, "commit"), nil)
	line("entry of a wallet", newEntryItem(tenant, wallet.ID, points.Entry{Seq: 12, Text: points.Text{RefID: "R-1"}}, "commit"), nil)
	mark := make(attributes, 2)
	mark.setPlaces(walletKey(tenant, id, 3), indexKeys{})
	line("wallet of a customer", item(mark), nil)
	line("end of a hold", newHoldEndItem(holdEndKey(tenant, id, 7), points.HoldEnd{}, "commit"), nil)
	it, err = newAnswerItem(answerKey(tenant, id, "k1"), "commit", "", nil, noon)
	line("answer to a request", it, err)
	it, err = newSettingsItem(access.Settings{Tenant: tenant}, "commit")
	line("settings", it, err)
	it, err = newTokenItem(token, "commit")
	line("token", it, err)
	it, err = newJobItem(job, "commit")
	line("job", it, err)
	it, err = newPartItem(jobs.Part{Ref: jobs.Ref{Tenant: tenant, Job: job.ID, Number: 42}}, "commit")
	line("part of a job", it, err)
	it, err = newOpenJobItem(job, "commit")
	line("open job", it, err)
	job.Subject.Name = long + "x"
	it, err = newOpenJobItem(job, "commit")
	line("open job, long name", it, err)

	for _, k := range []key{anchorKey(tenant, "2026-11-29"), headsKey(tenant, "2026-11-29", 7, id), headsKey(tenant, "2026-11-29", 0, 0)} {
		anchored := make(attributes, 2)
		anchored.setPlaces(k, indexKeys{})
		line("anchor of a day, heads", item(anchored), nil)
	}

	purchase := catalog.Purchase{Number: 12, Product: 3, Created: noon}
	line("category", newCategoryItem(tenant, catalog.Category{Number: 1}, "commit"), nil)
	line("product", newProductItem(tenant, catalog.Product{Number: 2}, "commit"), nil)
	it, err = newTaskItem(tenant, catalog.Task{Number: 3}, "commit")
	line("task", it, err)
	for _, l := range []catalog.Label{
		{Kind: catalog.CategoryLabel, Text: "Sales #1"}, {Kind: catalog.ProductLabel, Text: ""}, {Kind: catalog.ProductLabel, Text: long + "x"},
		{Kind: catalog.NoProductLabel}, {Kind: catalog.StripeLabel, Text: "prod_1"}, {Kind: catalog.AppleLabel, Text: "prod_1"},
	} {
		line("label", newLabelItem(tenant, catalog.LabelChange{Label: l}, "commit"), nil)
	}
	line("active purchases", newPurchasesItem(tenant, catalog.Account{Customer: customer.Record{Customer: ann}}, "commit"), nil)
	line("purchase", newPurchaseItem(tenant, id, purchase, "commit"), nil)
	purchase.Ended = noon
	line("ended purchase", newPurchaseItem(tenant, id, purchase, "commit"), nil)
	line("owner of a purchase", newOwnerItem(tenant, id, purchase, "commit"), nil)
	for _, s := range []catalog.Sequence{catalog.Categories, catalog.Products, catalog.Links, catalog.Tasks, catalog.Purchases, catalog.UserTasks, catalog.Executions} {
		line("numbers: "+string(s), sequenceKey(tenant, s).attributes(), nil)
	}

	if *update {
		if err := os.WriteFile(golden, []byte(lines.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), lines.String()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

// Different values have different keys, however they are made.
func TestMatchKeysDiffer(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxKeyValue+1)
	values := []string{
		long, long + "y", "~" + hash(long), hash(long), "~", "", "a#b", "a", "b", strings.Repeat("x", maxKeyValue),
	}
	seen := map[key]string{}
	for _, tenant := range []int{5, 51} {
		for _, kind := range []customer.Kind{"f1", "f11", customer.KindEmail} {
			for _, v := range values {
				name := fmt.Sprintf("tenant %d, %s, %.20q... of %d bytes", tenant, kind, v, len(v))
				k := matchKey(tenant, customer.Key{Kind: kind, Value: v})
				if other, ok := seen[k]; ok {
					t.Errorf("%s has the key of %s", name, other)
				}
				seen[k] = name
				if len(k.PK) > 2048 {
					t.Errorf("%s has a key of %d bytes, more than the table takes", name, len(k.PK))
				}
			}
		}
	}
}

// What is read from a key is what was written into it.
func TestKeysAreReadBack(t *testing.T) {
	t.Parallel()
	id := customer.NewID(time.Now(), 7)
	if got, err := idOfCustomer(customerKey(5, id)); got != id || err != nil {
		t.Errorf("idOfCustomer = %v, %v, want %v", got, err, id)
	}
	if n, ok := numberOfExtension(extensionKey(5, id, 14)); n != 14 || !ok {
		t.Errorf("numberOfExtension = %d, %t, want 14", n, ok)
	}
	if _, ok := numberOfExtension(customerKey(5, id)); ok {
		t.Error("numberOfExtension takes a customer for an extension")
	}
	if got := hashOfIdent(identKey(5, id, 15, "abc")); got != "abc" {
		t.Errorf("hashOfIdent = %q, want abc", got)
	}
	if got, err := tenantOfSettings(settingsKey(access.MaxTenant)); got != access.MaxTenant || err != nil {
		t.Errorf("tenantOfSettings = %d, %v, want %d", got, err, access.MaxTenant)
	}
	if got, err := hashOfToken(tokenKey(access.HashOf("s"))); got != access.HashOf("s") || err != nil {
		t.Errorf("hashOfToken = %v, %v", got, err)
	}
	if got := jobOfKey(jobKey(5, "20260301T093456Z-ABCDEFGH")); got != "20260301T093456Z-ABCDEFGH" {
		t.Errorf("jobOfKey = %q", got)
	}
	ref := jobs.Ref{Tenant: 5, Job: "20260301T093456Z-ABCDEFGH", Number: 42}
	if n, ok := partNumber(partKey(ref)); n != 42 || !ok {
		t.Errorf("partNumber = %d, %t, want 42", n, ok)
	}
	if _, ok := partNumber(jobKey(5, ref.Job)); ok {
		t.Error("partNumber takes a job for a part")
	}
}
