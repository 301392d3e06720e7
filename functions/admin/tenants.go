package admin

import (
	"context"

	"regulars/shared/access"
	"regulars/shared/customer"
)

type tenantBody struct {
	Tenant      int                `json:"tenant"`
	Settings    access.Preferences `json:"settings"`
	MatchFields []matchFieldBody   `json:"match_fields"`
	Extensions  []extensionBody    `json:"extensions"`
	IdentKeys   []identKeyBody     `json:"identification_keys"`
}

// An extensionBody is one of those that the Genesys API declares and shows whole.
type extensionBody struct {
	Name     string `json:"name"`
	Number   int    `json:"number"`
	Removing bool   `json:"removing"`
}

type identKeyBody struct {
	Name   string              `json:"name"`
	Number int                 `json:"number"`
	State  customer.FieldState `json:"state"`
	// Trouble says why a key failed.
	Trouble string `json:"trouble,omitempty"`
}

type matchFieldBody struct {
	Name   string              `json:"name"`
	Of     customer.Holder     `json:"of"`
	Tags   bool                `json:"tags"`
	Number int                 `json:"number"`
	State  customer.FieldState `json:"state"`
}

type declarationBody struct {
	MatchField matchFieldBody `json:"match_field"`
	// Job is absent where nothing is left to do.
	Job *jobBody `json:"job,omitempty"`
}

type tenantsBody struct {
	Tenants []tenantLine `json:"tenants"`
	// Next, unless 0, shows the further ones: after=next.
	Next int `json:"next,omitempty"`
}

type tenantLine struct {
	Tenant int    `json:"tenant"`
	Name   string `json:"name"`
}

func newTenantBody(s access.Settings) tenantBody {
	body := tenantBody{
		Tenant: s.Tenant, Settings: s.Preferences,
		MatchFields: []matchFieldBody{}, Extensions: []extensionBody{}, IdentKeys: []identKeyBody{},
	}
	for _, e := range s.Extensions {
		body.Extensions = append(body.Extensions, extensionBody{e.Name, e.Number, e.Removing})
	}
	for _, k := range s.IdentKeys {
		body.IdentKeys = append(body.IdentKeys, identKeyBody{k.Name, k.Number, k.State, texts.Of(k.Failure())})
	}
	for _, f := range s.MatchFields {
		body.MatchFields = append(body.MatchFields, matchFieldBody(f))
	}
	return body
}

func listTenants(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenants, err := h.registrar.Tenants(ctx, arg[int](a, "after"))
	if err != nil {
		return nil, err
	}
	body := tenantsBody{Tenants: []tenantLine{}}
	for _, s := range tenants {
		body.Tenants = append(body.Tenants, tenantLine{s.Tenant, s.Name})
	}
	if len(tenants) == access.PageSize {
		body.Next = tenants[len(tenants)-1].Tenant
	}
	return body, nil
}

func createTenant(ctx context.Context, h *Handler, a arguments) (any, error) {
	patch := arg[map[string]any](a, "settings")
	settings, err := h.registrar.CreateTenant(ctx, arg[int](a, "tenant"), arg[string](a, "name"), patch)
	return newTenantBody(settings), err
}

func showTenant(ctx context.Context, h *Handler, a arguments) (any, error) {
	settings, err := h.registrar.Tenant(ctx, arg[int](a, "tenant"))
	return newTenantBody(settings), err
}

func changeSettings(ctx context.Context, h *Handler, a arguments) (any, error) {
	settings, err := h.registrar.ChangeSettings(ctx, arg[int](a, "tenant"), arg[map[string]any](a, "settings"))
	return newTenantBody(settings), err
}

func declareMatchField(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	field, err := h.registrar.DeclareMatchField(ctx, tenant, arg[string](a, "name"), holder(a), arg[bool](a, "tags"))
	if err != nil {
		return nil, err
	}
	if field.State == customer.FieldReady {
		return declarationBody{MatchField: matchFieldBody(field)}, nil
	}
	return h.startMatchField(ctx, tenant, field)
}

func removeMatchField(ctx context.Context, h *Handler, a arguments) (any, error) {
	tenant := arg[int](a, "tenant")
	field, err := h.registrar.RemoveMatchField(ctx, tenant, arg[string](a, "name"), holder(a))
	if err != nil {
		return nil, err
	}
	return h.startMatchField(ctx, tenant, field)
}

// startMatchField starts the field's job. When it cannot, the settings have
// changed all the same, and the same action again starts the job.
func (h *Handler) startMatchField(ctx context.Context, tenant int, field customer.MatchField) (any, error) {
	job, err := h.jobs.StartMatchField(ctx, tenant, field)
	if err != nil {
		return nil, err
	}
	body := newJobBody(job)
	return declarationBody{matchFieldBody(field), &body}, nil
}

func holder(a arguments) customer.Holder {
	if of, given := a["of"].(string); given {
		return customer.Holder(of)
	}
	return customer.OfCustomer
}
