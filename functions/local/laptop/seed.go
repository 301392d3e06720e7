package laptop

import (
	"context"
	"errors"
	"fmt"

	"regulars/shared/access"
	"regulars/shared/customer"
)

// The tenant of a laptop, and the secrets that open it with all scopes. The
// second is the one printed in the Altcraft document, so that its requests work
// as printed. Functions on AWS refuse both.
const (
	Tenant      = 5
	DemoToken   = "reg_local_demo"
	DocsToken   = "abcdefghklmnopqrstzxc"
	tenantName  = "Demo shop"
	callingCode = "84"
)

// matchFields are those of the local tenant.
var matchFields = []customer.MatchField{
	{Name: "CRM_ID", Of: customer.OfCustomer},
	{Name: "CRM_ID", Of: customer.OfSubscription},
	{Name: "interests", Of: customer.OfCustomer, Tags: true},
}

// levels are those of the local tenant. The first one is that of the Haravan
// document.
var levels = map[string]any{
	"2020": map[string]any{"name": "Member", "from": 0},
	"2021": map[string]any{"name": "Silver", "from": 20_000},
	"2022": map[string]any{"name": "Gold", "from": 50_000},
}

// Seed makes the local tenant and its tokens, where they are not there yet.
func (l *Laptop) Seed(ctx context.Context) error {
	if err := l.seedTenant(ctx); err != nil {
		return fmt.Errorf("local tenant: %w", err)
	}
	for name, secret := range map[string]string{"demo": DemoToken, "Altcraft document": DocsToken} {
		token := access.Token{Name: name, Tenants: []int{Tenant}, Scopes: access.Scopes}
		if err := l.Registrar.SaveLocalToken(ctx, secret, token); err != nil {
			return fmt.Errorf("local token: %w", err)
		}
	}
	return nil
}

// seedTenant makes the tenant. Its match fields are ready at once: there is
// nobody yet whose keys would be missing. A start that was cut short is completed
// by the next one.
func (l *Laptop) seedTenant(ctx context.Context) error {
	_, err := l.Registrar.CreateTenant(ctx, Tenant, tenantName, map[string]any{"country": callingCode, "levels": levels})
	if err != nil && !errors.Is(err, access.ErrTenantExists) {
		return err
	}
	settings, err := l.Registrar.Tenant(ctx, Tenant)
	if err != nil || settings.LastNumber >= len(matchFields) {
		return err // all were declared once; what became of them since is not ours
	}
	for _, f := range matchFields {
		field, err := l.Registrar.DeclareMatchField(ctx, Tenant, f.Name, f.Of, f.Tags)
		if err != nil {
			return err
		}
		if err := l.Registrar.MatchFieldReady(ctx, Tenant, field.Number); err != nil {
			return err
		}
	}
	return nil
}
