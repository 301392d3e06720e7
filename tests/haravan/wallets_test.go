package haravan

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// stamps is the setting of a wallet.
var stamps = map[string]any{"wallets": map[string]any{"3": map[string]any{"code": "stamps", "name": "Stamps", "expires_after_days": 30}}}

func (m member) stamp(way string, n int, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPut, m.below("/points/"+way+".json?wallet=stamps"), fmt.Sprintf(`{"point": {"value": %d, "reason": "secret"}}`, n), header...)
}

// ledger is the number of the member's wallet's.
func (m member) ledger() customer.ID {
	m.t.Helper()
	id, err := customer.ParseDecimal(m.id)
	if err != nil {
		m.t.Fatal(err)
	}
	return points.LedgerOf(id, 3)
}

// verifiedWallet demands that the entries of a wallet prove it.
func (c *club) verifiedWallet(m member) points.Account {
	c.t.Helper()
	report, err := points.NewService(c.Store, time.Now).Verify(c.t.Context(), devserver.Tenant, m.ledger())
	if err != nil || report.Mismatch != nil || report.Entries != report.Account.Version {
		c.t.Fatalf("verify the wallet of %s = %+v %v, %v", m.id, report, report.Mismatch, err)
	}
	return report.Account
}

// TestWalletCosts demands the figures of docs/costs.md: a change of a wallet checks the
// customer.
func TestWalletCosts(t *testing.T) {
	t.Parallel()
	c := newClub(t, stamps)
	ann := c.join()
	ann.profile()
	for _, step := range []struct {
		name string
		do   func() client.Answer
		want string
	}{
		{"first stamp", func() client.Answer { return ann.stamp("add", 3) }, "rt=2;r=2;w=9"},
		{"stamp", func() client.Answer { return ann.stamp("add", 3) }, "rt=2;r=2;w=6"},
		{"stamp with a key", func() client.Answer { return ann.stamp("subtract", 3, "Idempotency-Key", "k") }, "rt=2;r=2;w=8"},
		{"wallets", func() client.Answer { return ann.send(http.MethodGet, ann.below("/wallets.json"), "") }, "rt=3;r=3;w=0"},
	} {
		got := step.do().Done(t)
		if use := got.Header.Get("X-Consumed-Capacity"); use != step.want {
			t.Errorf("%s consumed %s, want %s", step.name, use, step.want)
		}
	}
	c.verifiedWallet(ann)
}

// TestWalletMeanwhile: who is disabled or deleted between the calls of a change spends
// from no wallet and gets nothing into one, new or not.
func TestWalletMeanwhile(t *testing.T) {
	t.Parallel()
	c := newClub(t, stamps)
	altcraft := client.Altcraft{T: t, Handler: c.Server}
	for _, opened := range []bool{true, false} {
		t.Run(fmt.Sprintf("opened %t", opened), func(t *testing.T) {
			between := func(m member, somebody func()) member {
				did := false
				return c.with(m, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
					if call.Operation != "TransactWriteItems" || did {
						return nil
					}
					did = true
					return faults.Before(somebody)
				}})
			}
			ann := c.join()
			address := client.Email(c.n)
			entries := int64(0)
			if opened {
				ann.stamp("add", 10).Done(t)
				entries++
				disable := func() {
					altcraft.Must("update", map[string]any{"email": address, "data": map[string]any{"loyalty_status": "disabled"}})
				}
				if got := between(ann, disable).stamp("subtract", 1); got.Status != http.StatusUnprocessableEntity {
					t.Errorf("subtract from a profile that is disabled meanwhile = %v, want 422", got)
				}
			}
			remove := func() { altcraft.Must("delete", map[string]any{"email": address}) }
			if got := between(ann, remove).stamp("add", 1); got.Status != http.StatusNotFound {
				t.Errorf("add to a profile that is deleted meanwhile = %v, want 404", got)
			}
			if opened {
				if account := c.verifiedWallet(ann); account.Version != entries {
					t.Errorf("%d entries, want %d", account.Version, entries)
				}
			}
		})
	}
}

// TestWalletFallsDueAndIsErased: what is in a wallet expires by the schedule, and the
// texts of its ledger go when its customer is deleted.
func TestWalletFallsDueAndIsErased(t *testing.T) {
	t.Parallel()
	c := newClub(t, stamps)
	ann := c.join()
	ann.add(5).Done(t)
	ann.stamp("add", 10).Done(t)
	later := points.NewService(c.Store, func() time.Time { return time.Now().Add(40 * 24 * time.Hour) })
	if settled, err := later.SettleDue(t.Context(), devserver.Tenant, c.rules()); err != nil || settled.Changed != 1 || settled.Failed != 0 {
		t.Errorf("SettleDue() = %+v, %v, want one changed", settled, err)
	}
	if account := c.verifiedWallet(ann); account.Available != 0 || account.Version != 2 {
		t.Errorf("40 days later the wallet has %+v after %d entries, want nothing after 2", account.Figures, account.Version)
	}
	client.Altcraft{T: t, Handler: c.Server}.Must("delete", map[string]any{"email": client.Email(c.n)})
	for range 2 { // once more does nothing
		id, _ := points.OwnerOf(ann.ledger())
		if err := points.NewService(c.Store, time.Now).Remove(t.Context(), devserver.Tenant, id); err != nil {
			t.Fatal(err)
		}
	}
	if account := c.verifiedWallet(ann); account.Erased != account.Version || !account.Deleted {
		t.Errorf("the wallet is %+v, want erased", account)
	}
	entries, err := c.Store.Entries(t.Context(), devserver.Tenant, ann.ledger(), 1, 10, 10)
	if err != nil || len(entries) != 2 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, e := range entries {
		if !e.Erased() || e.Text != (points.Text{}) {
			t.Errorf("entry %d says %+v still", e.Seq, e.Text)
		}
	}
	if account := c.verified(ann); account.Available != 5 {
		t.Errorf("the points are %+v", account.Figures)
	}
}
