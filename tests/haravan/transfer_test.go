package haravan

import (
	"errors"
	"fmt"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

func (m member) transfer(to member, n int, header ...string) client.Answer {
	m.t.Helper()
	return m.send(http.MethodPost, m.below("/points/transfer.json"), fmt.Sprintf(`{"transfer": {"to": %s, "value": %d}}`, to.id, n), header...)
}

// TestProveTransfers: 64 writers move points in a ring and across, through two
// processes: none is lost, none is made, and each half names the other.
func TestProveTransfers(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	members := make([]member, 6)
	var seen [6][2]member
	for i := range members {
		members[i] = c.join()
		members[i].add(100).Done(t)
	}
	processes := c.twoProcesses(t, members[0])
	for i, m := range members {
		for p := range seen[i] {
			seen[i][p] = m
			seen[i][p].address = processes[p].address
		}
	}
	writers := 64
	if !client.Proving() {
		writers = 12
	}
	var next, done atomic.Int64
	client.Together(writers, func(int) bool {
		for {
			n := int(next.Add(1))
			if n > client.Size(1500) {
				return true
			}
			from, to := n%len(members), (n+1+n/7%(len(members)-1))%len(members)
			if from == to {
				continue
			}
			got := seen[from][n%2].transfer(members[to], 1+n%30, "Idempotency-Key", fmt.Sprint(n))
			switch got.Status {
			case http.StatusOK:
				done.Add(1)
			case http.StatusUnprocessableEntity: // there were not enough
			default:
				t.Errorf("transfer %d = %v", n, got)
			}
		}
	})
	sum, entries := int64(0), int64(0)
	for _, m := range members {
		account := c.verified(m)
		sum += account.Available
		entries += account.Version
	}
	if want := int64(len(members)) + 2*done.Load(); sum != int64(len(members))*100 || entries != want || done.Load() == 0 {
		t.Errorf("%d points after %d entries, want %d after %d", sum, entries, len(members)*100, want)
	}
}

// TestTransferMeanwhile: who is disabled or deleted between the calls of a transfer gets
// and gives nothing, with an account or without.
func TestTransferMeanwhile(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	altcraft := client.Altcraft{T: t, Handler: c.Server}
	for name, somebody := range map[string]func(address string){
		"disabled": func(address string) {
			altcraft.Must("update", map[string]any{"email": address, "data": map[string]any{"loyalty_status": "disabled"}})
		},
		"deleted": func(address string) { altcraft.Must("delete", map[string]any{"email": address}) },
	} {
		for _, opened := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, account %t", name, opened), func(t *testing.T) {
				ann := c.join()
				ann.add(10).Done(t)
				ben := c.join()
				if opened {
					ben.add(10).Done(t)
				}
				address, did := client.Email(c.n), false
				m := c.with(ann, &faults.Transport{Plan: func(call faults.Call) faults.Fault {
					if call.Operation != "TransactWriteItems" || did {
						return nil
					}
					did = true
					return faults.Before(func() { somebody(address) })
				}})
				if got := m.transfer(ben, 3); got.Status != http.StatusUnprocessableEntity || got.Body["errors"].(map[string]any)["to"] == nil {
					t.Errorf("transfer to a profile that is %s meanwhile = %v, want 422 of to", name, got)
				}
				if account := c.verified(ann); account.Available != 10 || account.Version != 1 {
					t.Errorf("the giver's account is %+v", account)
				}
			})
		}
	}
}

// TestTransferSaysWhenPointsExpire: the half that gets points says on which day they
// expire, where they do so on one.
func TestTransferSaysWhenPointsExpire(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann, ben := c.join(), c.join()
	day := time.Now().UTC().Add(5 * 24 * time.Hour).Format(time.DateOnly)
	ann.send(http.MethodPut, ann.below("/points/add.json"), `{"point": {"value": 10, "expires_at": "`+day+`"}}`).Done(t)
	ann.add(10).Done(t)
	for i, step := range []struct {
		points int
		want   any
	}{{4, day}, {10, nil}, {4, nil}} { // 6 of the day and 4 that never expire; those alone
		ann.transfer(ben, step.points).Done(t)
		got := ben.send(http.MethodGet, ben.below(fmt.Sprintf("/points/entries/%d.json", i+1)), "").Done(t)
		if e := got.Body["entry"].(map[string]any); e["kind"] != "transfer_in" || e["expires"] != step.want {
			t.Errorf("entry of %d points = %v, want to expire %v", step.points, got, step.want)
		}
	}
	c.verified(ann)
	c.verified(ben)
}

// TestVerifyComparesHalves: where the other half of a transfer is not what the entry
// says, verification names the entry.
func TestVerifyComparesHalves(t *testing.T) {
	t.Parallel()
	c := newClub(t, nil)
	ann, ben := c.join(), c.join()
	ann.add(10).Done(t)
	ann.transfer(ben, 4).Done(t)
	c.verified(ann)
	c.verified(ben)
	id, err := customer.ParseDecimal(ben.id)
	if err != nil {
		t.Fatal(err)
	}
	_, err = dynamotest.Client(t).UpdateItem(t.Context(), &dynamodb.UpdateItemInput{
		TableName: &c.table, Key: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "C#5#" + id.Base36()}, "sk": &types.AttributeValueMemberS{Value: "LEDGER#000000000001"},
		},
		UpdateExpression: aws.String("SET fa = :n"), ExpressionAttributeValues: map[string]types.AttributeValue{":n": &types.AttributeValueMemberN{Value: "5"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	giver, err := customer.ParseDecimal(ann.id)
	if err != nil {
		t.Fatal(err)
	}
	report, err := points.NewService(c.Store, time.Now).Verify(t.Context(), devserver.Tenant, giver)
	if err != nil || report.Mismatch == nil || report.Mismatch.Seq != 2 {
		t.Errorf("Verify() = %+v %v, want a flaw at 2", report.Mismatch, err)
	}
}

// TestOverdraft: with leave a subtraction goes so far below zero and no further, and
// what comes next pays for it; an order and a transfer have no such leave.
func TestOverdraft(t *testing.T) {
	t.Parallel()
	c := newClub(t, map[string]any{"overdraft": 20})
	ann, ben := c.join(), c.join()
	ann.add(10).Done(t)
	if got := ann.order(`{"id": "1", "total": 1000, "points_used": 11}`); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("an order with 11 of 10 points = %v, want refused", got)
	}
	if got := ann.transfer(ben, 11); got.Status != http.StatusUnprocessableEntity {
		t.Errorf("a transfer of 11 of 10 points = %v, want refused", got)
	}
	// Of 12 simultaneous subtractions of 15 points two are covered.
	won := 0
	for _, got := range client.Together(12, func(int) client.Answer { return ann.subtract(15) }) {
		switch got.Status {
		case http.StatusOK:
			won++
		case http.StatusUnprocessableEntity:
		default:
			t.Error(got)
		}
	}
	if account := c.verified(ann); won != 2 || account.Available != -20 || len(account.Lots) != 0 {
		t.Errorf("%d were done, and the account is %+v", won, account)
	}
	if got := ann.add(25).Done(t); got.Figure("point_available") != 5 {
		t.Errorf("after 25 more: %v, want 5", got)
	}
	if account := c.verified(ann); len(account.Lots) != 1 || account.Lots[0].Points != 5 {
		t.Errorf("the lots are %+v, want 5 points", account.Lots)
	}
	if _, err := c.Registrar.ChangeSettings(t.Context(), devserver.Tenant, map[string]any{"overdraft": -1}); err == nil || errors.Is(err, points.ErrNotFound) {
		t.Errorf("an overdraft of -1 = %v, want refused", err)
	}
}
