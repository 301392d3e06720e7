package devserver

import (
	"context"
	"errors"
	"fmt"

	"regulars/functions/genesys"
	"regulars/shared/access"
	"regulars/shared/customer"
)

// The tenant of the development server, and the secrets that open it with all scopes. The
// second is the one printed in the Altcraft document, so that its requests work
// as printed. Functions on AWS reject both.
const (
	Tenant      = 5
	DemoToken   = "reg_local_demo"
	DocsToken   = "abcdefghklmnopqrstzxc"
	tenantName  = "Demo shop"
	callingCode = "84"
)

// settings are those of the local tenant: its resource and segments are there for
// examples to name. Any other resource may be named, too.
var settings = map[string]any{
	"country": callingCode, "levels": levels,
	"declared_resources": map[string]any{
		"1": map[string]any{"name": "Demo shop news", "url": "https://shop.example.com"},
	},
	"segments": map[string]any{
		"1": map[string]any{"name": "Regular guests"},
		"2": map[string]any{"name": "Autumn offer"},
	},
}

// matchFields are those of the local tenant.
var matchFields = []customer.MatchField{
	{Name: "CRM_ID", Of: customer.OfCustomer},
	{Name: "CRM_ID", Of: customer.OfSubscription},
	{Name: "interests", Of: customer.OfCustomer, Tags: true},
}

// phoneExtension is that of the Genesys document, spelled as there.
const phoneExtension = `{"name": "Phone", "type": "multi-valued", "attributes": [
	{"name": "PhoneType", "type": "integer"},
	{"name": "prefix", "type": "string", "length": 8},
	{"name": "PhoneNumber", "type": "string", "length": 32},
	{"name": "description", "type": "string", "length": 128},
	{"name": "start_availabilty", "type": "datetime"},
	{"name": "end_availabilty", "type": "datetime"}
], "unique": ["prefix", "PhoneNumber"]}`

// identKeys are those of the local tenant.
var identKeys = []customer.IdentKey{
	{Name: "EmailKey", Attributes: []string{customer.AttributeEmail}},
	{Name: "PhoneKey", Source: "Phone", Attributes: []string{customer.AttributePhone}},
}

// levels are those of the local tenant. The first one is that of the Haravan
// document.
var levels = map[string]any{
	"2020": map[string]any{"name": "Member", "from": 0},
	"2021": map[string]any{"name": "Silver", "from": 20_000},
	"2022": map[string]any{"name": "Gold", "from": 50_000},
}

// Seed makes the local tenant, its tokens and tasks, where they are not there yet.
func (s *Server) Seed(ctx context.Context) error {
	if err := s.seedTenant(ctx); err != nil {
		return fmt.Errorf("local tenant: %w", err)
	}
	for name, secret := range map[string]string{"demo": DemoToken, "Altcraft document": DocsToken} {
		token := access.Token{Name: name, Tenants: []int{Tenant}, Scopes: access.Scopes}
		if err := s.Registrar.SaveLocalToken(ctx, secret, token); err != nil {
			return fmt.Errorf("local token: %w", err)
		}
	}
	definitions, err := tasks()
	if err == nil {
		err = s.Catalog.FirstTasks(ctx, Tenant, definitions)
	}
	if err != nil {
		return fmt.Errorf("local tasks: %w", err)
	}
	return nil
}

// seedTenant makes the tenant. What it declares is ready at once: there is nobody
// yet whose values would be missing. A start that was cut short is completed by
// the next one; what became of a declaration since is not ours, so what was made
// once is not made again.
func (s *Server) seedTenant(ctx context.Context) error {
	_, err := s.Registrar.CreateTenant(ctx, Tenant, tenantName, settings)
	if err != nil && !errors.Is(err, access.ErrTenantExists) {
		return err
	}
	tenant, err := s.Registrar.Tenant(ctx, Tenant)
	if err != nil {
		return err
	}
	if tenant.LastNumber < len(matchFields) {
		if err := s.seedMatchFields(ctx); err != nil {
			return err
		}
	}
	if tenant.LastNumber < len(matchFields)+1+len(identKeys) {
		return s.seedGenesys(ctx, tenant)
	}
	return nil
}

func (s *Server) seedMatchFields(ctx context.Context) error {
	for _, f := range matchFields {
		field, err := s.Registrar.DeclareMatchField(ctx, Tenant, f.Name, f.Of, f.Tags)
		if err != nil {
			return err
		}
		if err := s.Registrar.MatchFieldReady(ctx, Tenant, field.Number); err != nil {
			return err
		}
	}
	return nil
}

// seedGenesys declares the extension and the identification keys that are not
// there.
func (s *Server) seedGenesys(ctx context.Context, tenant access.Settings) error {
	schema, err := genesys.ParseSchema([]byte(phoneExtension))
	if err != nil {
		return err
	}
	if _, there := tenant.Extensions.Find(schema.Name); !there {
		if err := s.Registrar.DeclareExtension(ctx, Tenant, schema); err != nil {
			return err
		}
	}
	for _, k := range identKeys {
		if _, there := tenant.IdentKeys.Find(k.Name); there {
			continue
		}
		key, err := s.Registrar.DeclareIdentKey(ctx, Tenant, k)
		if err != nil {
			return err
		}
		if _, err := s.Registrar.IdentKeyReady(ctx, Tenant, key.Number); err != nil {
			return err
		}
	}
	return nil
}
