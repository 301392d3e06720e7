package whole_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/anchorkey"
	"regulars/functions/local/devserver"
	"regulars/functions/local/table"
	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/anchor"
	"regulars/shared/audit"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/meter"
	"regulars/shared/metrics"
	"regulars/shared/partqueue"
	"regulars/tests/client"
)

// A notary has the ledgers of a shop anchored, by the function that does it on AWS.
type notary struct {
	shop
	key     anchorkey.Key
	kind    *kinds.Anchoring
	service *jobs.Service
	do      func(ctx context.Context, event string) error
	queue   *collected
	now     time.Time
	trail   *bytes.Buffer
	lines   bytes.Buffer // metrics
}

func newNotary(t *testing.T) *notary {
	t.Helper()
	key, err := anchorkey.New()
	if err != nil {
		t.Fatal(err)
	}
	n := &notary{shop: newShop(t), key: key, queue: new(collected), now: time.Now(), trail: new(bytes.Buffer)}
	clock := func() time.Time { return n.now }
	registrar, customers := access.NewAdminService(n.store, time.Now), customer.NewService(n.store, time.Now)
	n.kind = kinds.NewAnchoring(n.store, n.store, n.store, registrar, key, clock)
	upkeep := kinds.NewUpkeep(n.store, registrar, catalog.NewService(n.store, customers, time.Now)).WithAnchoring(n.kind)
	n.service = jobs.NewService(n.store, n.queue, time.Now, 0)
	function := work.NewFunction(jobs.NewWorker(n.store, upkeep.Kinds(), time.Now), n.service, upkeep, nil,
		partqueue.Observer{Metrics: metrics.New(&n.lines, "Regulars", "work", time.Now), Audit: audit.New(slog.New(slog.NewJSONHandler(n.trail, nil)))})
	n.do = func(ctx context.Context, event string) error {
		_, err := function.Handle(ctx, []byte(event))
		return err
	}
	return n
}

// anchor makes the anchor of today, and lets a day pass.
func (n *notary) anchor(t *testing.T) {
	t.Helper()
	n.queue.refs = nil
	n.lines.Reset()
	for range 2 { // the second finds that there was one
		if err := n.do(t.Context(), `{"detail-type":"Upkeep"}`); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.queue.refs) != customer.Shards {
		t.Fatalf("%d parts were started, want %d", len(n.queue.refs), customer.Shards)
	}
	for _, ref := range n.queue.refs {
		if err := n.do(t.Context(), `{"Records":[{"messageId":"1","body":"`+ref.String()+`"}]}`); err != nil {
			t.Fatal(err)
		}
	}
	units := keysOf(t, n.lines.Bytes())
	t.Logf("an anchor of one ledger: %v read units, %v write units", units["ReadUnits "], units["WriteUnits "])
	n.now = n.now.Add(24 * time.Hour)
}

// audit says what make audit finds; with another key where one is given.
func (n *notary) audit(t *testing.T, key *ecdsa.PublicKey) string {
	t.Helper()
	var out bytes.Buffer
	err := table.Audit(t.Context(), n.store, key, &out)
	if err != nil && !errors.Is(err, table.ErrFlaws) || (err == nil) != strings.Contains(out.String(), " 0 flaws") {
		t.Fatalf("%v\n%s", err, out.String())
	}
	return out.String()
}

func publicKey(t *testing.T, k anchorkey.Key) *ecdsa.PublicKey {
	t.Helper()
	der, err := k.PublicKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := anchor.ParseKey(der)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// rewrite makes the customer's ledger another one, of as many entries, which is consistent
// in itself: what was added becomes tenfold.
func (n *notary) rewrite(t *testing.T) {
	t.Helper()
	for _, sk := range []string{"ACCOUNT", "LEDGER#", "ORDER#"} {
		n.damage(t, "C#5#", sk, nil)
	}
	h := client.ServiceOn(t, n.db, n.table)
	for _, r := range []struct{ method, path, body string }{
		{"PUT", "/points/add.json", `{"point": {"value": 300, "reason": "welcome"}}`},
		{"POST", "/orders.json", `{"order": {"id": "A-1", "total": 25000}}`},
	} {
		if code, body := send(h, r.method, "/loy/profiles/"+n.id.Decimal()+r.path, r.body); code >= 300 {
			t.Fatalf("%s = %d %s", r.path, code, body)
		}
	}
}

// A ledger that somebody rewrote with all its hashes is whole in itself, and shows beside
// an anchor from before. What the service does after an anchor does not.
func TestRewrittenLedgerShows(t *testing.T) {
	t.Parallel()
	n := newNotary(t)
	n.anchor(t)
	h := client.ServiceOn(t, n.db, n.table)
	if code, body := send(h, "PUT", "/loy/profiles/"+n.id.Decimal()+"/points/subtract.json", `{"point": {"value": 3}}`); code != 200 {
		t.Fatal(code, body)
	}
	n.anchor(t)
	key := publicKey(t, n.key)
	if out := n.audit(t, key); !strings.Contains(out, " 0 flaws") || !strings.Contains(out, "tenant 5: 2 anchors, of "+time.Now().UTC().Format(anchor.DayForm)) {
		t.Fatalf("before:\n%s", out)
	}
	// The evidence is outside of the table as well.
	lines, err := n.store.Anchors(t.Context(), devserver.Tenant)
	if err != nil || len(lines) != 2 || !strings.Contains(lines[0], " ledgers=1 ") || !strings.Contains(n.trail.String(), "anchor:"+lines[0]) {
		t.Errorf("the audit trail has none of %q (%v):\n%s", lines, err, n.trail.String())
	}

	n.rewrite(t)
	if flaws, err := n.it.Flaws(t.Context(), n.rules, n.id); err != nil || len(flaws) > 0 {
		t.Fatalf("the ledger is not consistent in itself: %v, %v", flaws, err)
	}
	if out := n.audit(t, nil); !strings.Contains(out, " 0 flaws") || !strings.Contains(out, "anchors are not looked at") {
		t.Errorf("without the key:\n%s", out)
	}
	out := n.audit(t, key)
	for _, entry := range []int{2, 3} { // the last of each of both days; the second is gone
		want := fmt.Sprintf("customer %s: entry %d of the ledger of wallet 0 is not the one that was anchored on", n.id.Decimal(), entry)
		if !strings.Contains(out, want) {
			t.Errorf("audit, want %q in\n%s", want, out)
		}
	}
}

// Anchors that somebody altered, or took away, show.
func TestAlteredAnchorShows(t *testing.T) {
	t.Parallel()
	n := newNotary(t)
	for range 3 {
		n.anchor(t)
	}
	key, other := publicKey(t, n.key), newNotaryKey(t)
	if out := n.audit(t, key); !strings.Contains(out, " 0 flaws") {
		t.Fatal(out)
	}
	if out := n.audit(t, other); strings.Count(out, "is not signed with the key") != 3 {
		t.Errorf("with another key:\n%s", out)
	}
	days := make([]string, 3)
	for i := range days {
		days[i] = n.now.Add(time.Duration(i-3) * 24 * time.Hour).UTC().Format(anchor.DayForm)
	}
	lines, err := n.store.Anchors(t.Context(), devserver.Tenant)
	if err != nil || len(lines) != 3 {
		t.Fatal(lines, err)
	}
	for _, tt := range []struct {
		name   string
		change func(it map[string]types.AttributeValue)
		pk, sk string
		want   string
	}{
		{"heads are others", func(it map[string]types.AttributeValue) {
			if b, ok := it["h"].(*types.AttributeValueMemberB); ok {
				b.Value[len(b.Value)-1]++
			}
		}, "A#5#" + days[0], "HEADS#", "anchor of " + days[0] + ": what is kept of its ledgers is not what was signed"},
		{"heads are gone", nil, "A#5#" + days[1], "HEADS#", "anchor of " + days[1] + ": what is kept"},
		{"the middle one is gone", nil, "A#5", "ANCHOR#" + days[1], "anchor of " + days[2] + ": the one before it, of " + days[1] + ", is gone"},
		{"a line is another", func(it map[string]types.AttributeValue) {
			it["l"] = &types.AttributeValueMemberS{Value: strings.Replace(lines[0], "ledgers=1", "ledgers=2", 1)}
		}, "A#5", "ANCHOR#" + days[0], "is not signed with the key"},
	} {
		n.damage(t, tt.pk, tt.sk, tt.change)
		if out := n.audit(t, key); !strings.Contains(out, tt.want) {
			t.Errorf("%s: want %q in\n%s", tt.name, tt.want, out)
		}
	}
}

func newNotaryKey(t *testing.T) *ecdsa.PublicKey {
	t.Helper()
	k, err := anchorkey.New()
	if err != nil {
		t.Fatal(err)
	}
	return publicKey(t, k)
}

// A step whose outcome was lost keeps nothing twice, and does not take in what came
// meanwhile; wallets are anchored like the first.
func TestAnchorStepIsRepeated(t *testing.T) {
	t.Parallel()
	n := newNotary(t)
	if _, err := access.NewAdminService(n.store, time.Now).ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"wallets": map[string]any{"2": map[string]any{"code": "coins", "name": "Coins"}}}); err != nil {
		t.Fatal(err)
	}
	h := client.ServiceOn(t, n.db, n.table)
	add := func() {
		t.Helper()
		if code, body := send(h, "PUT", "/loy/profiles/"+n.id.Decimal()+"/points/add.json?wallet=coins", `{"point": {"value": 3}}`); code != 200 {
			t.Fatal(code, body)
		}
	}
	add()
	job := jobs.Job{Tenant: devserver.Tenant, Kind: jobs.Anchor, Subject: jobs.Subject{Name: "2026-11-29"}}
	shard := -1
	for number := range customer.Shards {
		ids, err := n.store.CustomerIDs(t.Context(), devserver.Tenant, number, 0, 1)
		if err != nil {
			t.Fatal(err)
		}
		if len(ids) > 0 {
			shard = number
		}
	}
	part := jobs.Part{Ref: jobs.Ref{Tenant: devserver.Tenant, Number: shard}, Range: fmt.Sprint(shard)}
	ctx, m := meter.With(t.Context())
	first, err := n.kind.Step(ctx, job, part)
	if err != nil || !first.Done || first.Seen != 1 || !strings.Contains(first.Cursor, "/2/") {
		t.Fatalf("step = %+v, %v", first, err)
	}
	t.Logf("a step over a customer with two ledgers: %v", m.Use())
	add()
	second, err := n.kind.Step(t.Context(), job, part)
	if err != nil || second.Cursor != first.Cursor || !second.Done {
		t.Errorf("again = %+v, %v, want %+v", second, err, first)
	}
	kept := 0
	if err := n.store.EachHeads(t.Context(), devserver.Tenant, "2026-11-29", func(h anchor.Heads) error {
		kept += len(h.Heads)
		return nil
	}); err != nil || kept != 2 {
		t.Errorf("%d heads are kept, %v, want 2", kept, err)
	}
}
