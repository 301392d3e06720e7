package privacy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/table"
	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/errs"
	"regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/shared/privacy"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// Whatever fails at whichever call, an export is all of it, or there is none.
func exportUnderFaults(t *testing.T, w *world) {
	transport := &faults.Transport{}
	store := dynamo.New(client.FaultyDB(t, transport), w.Table, time.Now)
	left := imports.Records{Store: w.Store, Bucket: w.Files}
	service := privacy.NewService(store, left, access.NewAdminService(store, time.Now), func() time.Time { return time.Unix(1, 0) })
	// export is the document, and whether all imports were looked at. Where time did not
	// suffice for that, which it says, it is without imports.
	export := func(limit time.Duration) (document string, complete bool, err error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		d, err := service.Export(ctx, 5, w.id)
		if err != nil {
			return "", false, err
		}
		complete = d["imports_complete"].(bool)
		delete(d, "imports_complete")
		if !complete {
			delete(d, "imports")
		}
		text, err := json.Marshal(sorted(d))
		return string(text), complete, err
	}
	transport.Begin(faults.None)
	whole, _, err := export(time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	calls := transport.Calls()
	withoutImports, _, err := export(reserveOfExport - time.Second)
	if err != nil || withoutImports == whole {
		t.Fatalf("an export in no time: %v\n%s", err, withoutImports)
	}
	played, done := 0, 0
	play := func(what string, plan faults.Plan, limit time.Duration) {
		transport.Begin(plan)
		got, complete, err := export(limit)
		want := whole
		if !complete {
			want = withoutImports
		}
		if _, rejected := errs.AsClient(err); rejected || err == nil && got != want {
			t.Errorf("%s: %v (-want +got):\n%s", what, err, cmp.Diff(want, got))
		}
		if played++; err == nil {
			done++
		}
	}
	for what, plan := range client.OneIn(29, client.PassingAt(calls, client.InARow()...)) {
		play(what, plan, time.Minute)
	}
	if done < played/2 {
		t.Errorf("%d of %d exports are carried out in spite of faults that pass", done, played)
	}
	for what, plan := range client.OneIn(37, client.StayingFrom(calls)) {
		play(what, plan, reserveOfExport-time.Second)
	}
}

// reserveOfExport is how much of its time an export keeps from looking at imports.
const reserveOfExport = 5 * time.Second

// sorted is a document whose lists of items are in the order of their texts: they are
// found in any.
func sorted(d privacy.Document) map[string][]string {
	all := map[string][]string{}
	for name, v := range d {
		members, ok := v.([]any)
		if !ok {
			members = []any{v}
		}
		for _, m := range members {
			text, _ := json.Marshal(m)
			all[name] = append(all[name], string(text))
		}
		if name != "imports" {
			slices.Sort(all[name])
		}
	}
	return all
}

// Whatever fails at whichever call, an erasing ends with nothing left.
func TestErasingUnderFaults(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30}}`)
	n := 0
	erase := func(plan faults.Plan) (email string, calls []faults.Call) {
		n++
		email = fmt.Sprintf("p%d@example.com", n)
		id := w.person(fmt.Sprint("p", n), fmt.Sprintf("+8490%07d", n))
		w.send("PUT", "/loy/profiles/"+id.Decimal()+"/points/add.json", `{"point": {"value": 3, "reason": "to `+email+`"}}`, "add-"+email)
		w.send("POST", "/loy/profiles/"+id.Decimal()+"/orders.json", `{"order": {"id": "of `+email+`", "total": 25000}}`, "")
		transport := &faults.Transport{}
		transport.Begin(plan)
		w.eraseBy(id, client.FaultyDB(t, transport))
		return email, transport.Calls()
	}
	_, calls := erase(faults.None)
	erased := map[string]string{} // e-mail addresses, and what failed
	for what, plan := range client.OneIn(41, client.PassingAt(calls, client.InARow()...)) {
		email, _ := erase(plan)
		erased[email] = what
	}
	w.nothingTells(erased)
	if err := table.Audit(t.Context(), w.Store, nil, io.Discard); err != nil {
		t.Error(err)
	}
}

// eraseBy has an erasing done by a process with that client of the table, as often as it
// is asked again, up to five times; then by one without faults.
func (w *world) eraseBy(id customer.ID, db *dynamodb.Client) {
	w.t.Helper()
	job, err := jobs.NewService(w.Store, nobody{}, time.Now, 0).StartErase(w.t.Context(), 5, id, "test")
	if err != nil {
		w.t.Fatal(err)
	}
	for round := range 10 {
		if round == 5 {
			db = w.DB
		}
		store := dynamo.New(db, w.Table, time.Now)
		customers, ledgers, registrar := customer.NewService(store, time.Now), points.NewService(store, time.Now), access.NewAdminService(store, time.Now)
		upkeep := kinds.NewUpkeep(store, registrar, catalog.NewService(store, customers, time.Now), ledgers, merge.NewService(customers, store, time.Now))
		known := kinds.Erasing(upkeep, ledgers, store, imports.Records{Store: store, Bucket: w.Files}, customers, time.Now)
		_, err := jobs.NewWorker(store, known, time.Now).Process(w.t.Context(), jobs.Ref{Tenant: 5, Job: job.ID})
		if err != nil {
			w.t.Logf("round %d: %v", round, err)
		}
		if e, err := w.Store.Erasure(w.t.Context(), 5, id); err != nil {
			w.t.Fatal(err)
		} else if !e.Ended.IsZero() {
			return
		}
	}
	w.t.Fatalf("the erasing of %s does not end", id.Decimal())
}

// Sixteen writers of all dialects write to a person while it is erased: from some moment
// on they are told that there is none, and nothing that they wrote is left.
func TestErasingAmongWriters(t *testing.T) {
	t.Parallel()
	w := &world{Scene: client.NewScene(t), t: t}
	w.admin(`{"action":"change-settings","tenant":5,"settings":{"history_days":30,"rate_limit":{"size":0}}}`)
	w.id = w.person("ann", "+84909000001")
	w.product()
	loy, stop := "/loy/profiles/"+w.id.Decimal(), make(chan struct{})
	var group sync.WaitGroup
	var written atomic.Int64
	write := func(writer, n int) (wrote bool) {
		name, code := fmt.Sprint("w", writer, "-", n), 0
		switch writer % 4 {
		case 0:
			a := client.Altcraft{T: t, Handler: w.Server}.Call("update", map[string]any{
				"matching": "profile_id", "profile_id": w.id.Hex(), "data": map[string]any{"visits": client.Function("incr", 1), "note": "Secret " + name},
			}, "Idempotency-Key", name)
			return a.Code() == 0
		case 1:
			code, _ = w.send("PUT", loy+"/points/add.json", `{"point": {"value": 1, "reason": "Secret `+name+`", "ref_id": "Secret `+name+`"}}`, name)
		case 2:
			code, _ = w.send("POST", "/profiles/"+w.id.Base36()+"/extensions", `{"Phone": [{"prefix": "+1", "PhoneNumber": "Secret`+name+`"}]}`, "")
		case 3:
			code, _ = w.send("PUT", "/manual_purchase", `{"datetime":"2024-02-14T11:53:58Z","user_id":"`+w.id.Hex()+`","profile_pk":1,"custom_purchase_id":"Secret `+name+`"}`, name)
		}
		return code < 300
	}
	for writer := range 16 {
		group.Go(func() {
			for n := 0; ; n++ {
				select {
				case <-stop:
					if write(writer, n) {
						t.Errorf("writer %d still writes", writer)
					}
					return
				case <-time.After(time.Duration(10+n*n*(100+10*writer)) * time.Millisecond): // a deletion must get in between
				}
				if write(writer, n) {
					written.Add(1)
				}
			}
		})
	}
	client.Eventually(t, "some writing", func() bool { return written.Load() > 30 })
	w.eraseBy(w.id, w.DB)
	close(stop)
	group.Wait()
	for name, row := range w.Items(t) {
		if text, _ := json.Marshal(row); strings.Contains(string(text), "Secret") || strings.Contains(string(text), "ann@example") {
			t.Errorf("%s is left: %s", name, text)
		}
	}
	if err := table.Audit(t.Context(), w.Store, nil, io.Discard); err != nil {
		t.Error(err)
	}
}
