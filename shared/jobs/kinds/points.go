package kinds

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"regulars/shared/access"
	"regulars/shared/points"
)

// DuePoints books what has fallen due in points accounts: points that become available or
// expire, and ledgers of deleted customers whose texts are to be erased.
type DuePoints struct {
	service   *points.Service
	registrar *access.AdminService
}

// NewDuePoints makes it.
func NewDuePoints(service *points.Service, registrar *access.AdminService) DuePoints {
	return DuePoints{service, registrar}
}

// Settle goes through the tenants until all is settled or ctx
// ends; one that fails stops no other.
func (p DuePoints) Settle(ctx context.Context) error {
	var failed error
	for after, more := 0, true; more && ctx.Err() == nil; {
		tenants, err := p.registrar.Tenants(ctx, after)
		if err != nil {
			return errors.Join(failed, err)
		}
		for _, settings := range tenants {
			after = settings.Tenant
			settled, err := p.service.SettleDue(ctx, settings.Tenant, settings.Preferences)
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("points of tenant %d: %w", settings.Tenant, err))
			}
			if settled.Seen > 0 {
				slog.InfoContext(ctx, "points settled", "tenant", settings.Tenant,
					"seen", settled.Seen, "changed", settled.Changed, "failed", settled.Failed)
			}
		}
		more = len(tenants) == access.PageSize
	}
	return failed
}
