package customer_test

import (
	"context"
	"fmt"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// throttledOnce rejects the first commit, as the table does when it has too much
// to do.
type throttledOnce struct {
	*table
	sent []string
}

func (o *throttledOnce) Commit(ctx context.Context, c customer.Commit) error {
	if o.sent = append(o.sent, c.ID); len(o.sent) == 1 {
		return fmt.Errorf("throttled: %w", errs.ErrConflict)
	}
	return o.table.Commit(ctx, c)
}

// A claim that is made again is another commit: under the id of the first it would
// be taken for that with other content.
func TestClaimAgain(t *testing.T) {
	inTime(t, func(t *testing.T, ctx context.Context, world *table, _ *customer.Service) {
		store := &throttledOnce{table: world}
		service := customer.NewService(store, world.now)
		again, err := service.Claim(ctx, tenant, idempotency.Key{Value: "k", Fingerprint: "m"})
		if err != nil || again {
			t.Fatalf("Claim = %t, error %v, want false and none", again, err)
		}
		if len(store.sent) != 2 || store.sent[0] == store.sent[1] {
			t.Errorf("commits %v, want two", store.sent)
		}
	})
}
