package imports

import (
	"net/http"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	domain "regulars/shared/imports"
)

// list shows the imports of the tenant, the newest first.
func (d *Dialect) list(c *call) (httpapi.Answer, error) {
	limit, err := c.limit()
	if err != nil {
		return httpapi.Answer{}, err
	}
	found, err := d.imports.List(c.Context(), c.Settings.Tenant, c.query.Get("before"), limit+1)
	if clientErr, ok := errs.AsClient(err); ok && clientErr.Is(domain.ErrUnknown) {
		err = clientErr.At("before")
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	page := importsAnswer{Imports: []importSummary{}}
	if len(found) > limit {
		page.Next = &found[limit-1].ID
		found = found[:limit]
	}
	for _, im := range found {
		page.Imports = append(page.Imports, d.summary(im))
	}
	return httpapi.JSON(http.StatusOK, page)
}

// show shows one import and how far it is.
func (d *Dialect) show(c *call) (httpapi.Answer, error) {
	return d.answer(d.imports.Import(c.Context(), c.Settings.Tenant, c.PathValue("id")))
}

// cancel ends an import; what it did stays done.
func (d *Dialect) cancel(c *call) (httpapi.Answer, error) {
	if _, err := c.switches(); err != nil {
		return httpapi.Answer{}, err
	}
	return d.answer(d.imports.Cancel(c.Context(), c.Settings.Tenant, c.PathValue("id")))
}

// resume makes parts that were given up try again.
func (d *Dialect) resume(c *call) (httpapi.Answer, error) {
	if _, err := c.switches(); err != nil {
		return httpapi.Answer{}, err
	}
	return d.answer(d.imports.Resume(c.Context(), c.Settings.Tenant, c.PathValue("id")))
}

// undo takes back what an import has changed, or says what that would do.
func (d *Dialect) undo(c *call) (httpapi.Answer, error) {
	on, err := c.switches("plan")
	if err != nil {
		return httpapi.Answer{}, err
	}
	if !on["plan"] {
		return d.answer(d.imports.Undo(c.Context(), c.Settings.Tenant, c.PathValue("id")))
	}
	plan, err := d.imports.PlanUndo(c.Context(), c.Settings.Tenant, c.PathValue("id"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, planAnswer{newPlan(plan)})
}

// answer is that of what shows one import.
func (d *Dialect) answer(p domain.Progress, err error) (httpapi.Answer, error) {
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, importAnswer{d.progress(p)})
}
