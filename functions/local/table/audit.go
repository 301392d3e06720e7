// Package table walks a whole table: it audits it, exports the items of a tenant and
// restores them. It is for operators and tests; no function may scan.
package table

import (
	"context"
	"crypto/ecdsa"
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
	"regulars/shared/anchor"
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
// it belongs together with, each customer with its match keys, ledger and purchases, and
// the ledgers of each tenant with its anchors. These must be signed with the key; nil: they
// are not looked at. It ends with [ErrFlaws] where there was anything.
func Audit(ctx context.Context, store *dynamo.Store, key *ecdsa.PublicKey, out io.Writer) error {
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
	parent := ctx
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
	if err == nil {
		err = checkAnchors(parent, store, settings, key, out, report)
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

// checkAnchors holds the ledgers of each tenant against its anchors.
func checkAnchors(ctx context.Context, store *dynamo.Store, tenants map[int]access.Settings, key *ecdsa.PublicKey, out io.Writer, report func(name string, problems []string)) error {
	if key == nil {
		fmt.Fprintln(out, "anchors are not looked at without their key")
		return nil
	}
	for _, tenant := range slices.Sorted(maps.Keys(tenants)) {
		n, first, last, err := anchor.Check(ctx, store, tenant, key, time.Now(), func(flaw string) {
			report(fmt.Sprintf("tenant %d", tenant), []string{flaw})
		})
		if err != nil {
			return fmt.Errorf("anchors of tenant %d: %w", tenant, err)
		}
		if n > 0 {
			fmt.Fprintf(out, "tenant %d: %d anchors, of %s to %s\n", tenant, n, first, last)
		}
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
