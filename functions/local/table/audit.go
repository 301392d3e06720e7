// Package table walks a whole table: it audits it, exports the items of a tenant and
// restores them. It is for operators and tests; no function may scan.
package table

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/jobs/kinds"
	"regulars/shared/points"
)

// ErrFlaws ends an audit that found something.
var ErrFlaws = errors.New("the table is not whole")

// sideBySide is how many items are checked at once.
const sideBySide = 16

// Audit walks the table and says what does not fit: each item by itself and beside those
// it belongs together with, and each customer with its match keys, ledger and purchases.
// It ends with [ErrFlaws] where there was anything.
func Audit(ctx context.Context, store *dynamo.Store, out io.Writer) error {
	registrar := access.NewAdminService(store, time.Now)
	settings, err := tenants(ctx, registrar)
	if err != nil {
		return err
	}
	whole := kinds.NewReconciliation(customer.NewService(store, time.Now), points.NewService(store, time.Now), store, store, registrar)

	var mutex sync.Mutex
	seen, flaws := map[string]int{}, 0
	report := func(name string, problems []string) {
		mutex.Lock()
		defer mutex.Unlock()
		for _, problem := range problems {
			flaws++
			fmt.Fprintf(out, "%s: %s\n", name, problem)
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	err = store.Scan(ctx, func(it map[string]types.AttributeValue) error {
		place := dynamo.PlaceOf(it)
		mutex.Lock()
		seen[place.Kind]++
		mutex.Unlock()
		group.Go(func() error {
			problems, err := store.CheckItem(ctx, settings, it)
			if err != nil {
				return fmt.Errorf("%s: %w", place.Name, err)
			}
			report(place.Name, problems)
			tenant, known := settings[place.Tenant]
			if place.Kind != "CUSTOMER" || !known {
				return nil
			}
			if problems, err = whole.Flaws(ctx, tenant.CustomerRules(), place.Customer); err != nil {
				return fmt.Errorf("%s: %w", place.Name, err)
			}
			report(place.Name, problems)
			return nil
		})
		return ctx.Err()
	})
	if failed := group.Wait(); failed != nil {
		err = failed
	}
	if err != nil {
		return err
	}
	total := 0
	for _, kind := range slices.Sorted(maps.Keys(seen)) {
		total += seen[kind]
		fmt.Fprintf(out, "%-10s %d\n", kind, seen[kind])
	}
	fmt.Fprintf(out, "%d items, %d flaws\n", total, flaws)
	if flaws > 0 {
		return ErrFlaws
	}
	return nil
}

// tenants are the settings of all tenants, by number.
func tenants(ctx context.Context, registrar *access.AdminService) (map[int]access.Settings, error) {
	all := map[int]access.Settings{}
	for after := 0; ; {
		page, err := registrar.Tenants(ctx, after)
		if err != nil || len(page) == 0 {
			return all, err
		}
		for _, s := range page {
			all[s.Tenant], after = s, s.Tenant
		}
	}
}
