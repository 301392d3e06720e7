package console

import (
	"context"
	"path"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
)

// importStep is a step about the import of the route.
func (d *Console) importStep(c *call, act string, plan func(ctx context.Context) (plan, error), do func(ctx context.Context, tenant int, id string) (imports.Import, error)) (httpapi.Answer, error) {
	im, err := d.imports.Import(c.Context(), c.Settings.Tenant, c.PathValue("import"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	address := c.at("imports", im.ID)
	return d.step(c, step{
		form: form{Title: c.say("act.import."+act, path.Base(im.Key)), Action: address + "/" + act, Back: address},
		here: "imports", plan: plan,
		do: func(ctx context.Context) (string, error) {
			done, err := do(ctx, im.Tenant, im.ID)
			return c.at("imports", done.ID), err
		},
	})
}

// ofProgress makes an import of what a service answers.
func ofProgress(p imports.Progress, err error) (imports.Import, error) { return p.Import, err }

// startImport does what a dry run has tried.
func (d *Console) startImport(c *call) (httpapi.Answer, error) {
	return d.importStep(c, "start", func(ctx context.Context) (plan, error) {
		p, err := d.imports.Import(ctx, c.Settings.Tenant, c.PathValue("import"))
		if err != nil {
			return plan{}, err
		}
		if p.State != imports.Done || !p.Options.DryRun {
			return plan{}, errs.New(errs.FailedPrecondition, "import_state/no_dry_run", "id", p.ID, string(p.State))
		}
		return plan{OnlyThen: true, Lines: []planLine{
			{Label: c.say("imports.created"), After: c.number(p.Tally.Created)},
			{Label: c.say("imports.updated"), After: c.number(p.Tally.Updated)},
			{Label: c.say("imports.unchanged"), After: c.number(p.Tally.Unchanged)},
			{Label: c.say("imports.rejected"), After: c.number(p.Tally.Rejections())},
		}, Notes: []string{c.say("imports.start.note")}}, nil
	}, d.imports.Start)
}

// cancelImport ends an import; what it did stays done.
func (d *Console) cancelImport(c *call) (httpapi.Answer, error) {
	return d.importStep(c, "cancel", func(context.Context) (plan, error) {
		return plan{Notes: []string{c.say("imports.cancel.note")}}, nil
	}, func(ctx context.Context, tenant int, id string) (imports.Import, error) {
		return ofProgress(d.imports.Cancel(ctx, tenant, id))
	})
}

// undoImport takes back what an import has changed.
func (d *Console) undoImport(c *call) (httpapi.Answer, error) {
	return d.importStep(c, "undo", func(ctx context.Context) (plan, error) {
		would, err := d.imports.PlanUndo(ctx, c.Settings.Tenant, c.PathValue("import"))
		if err != nil {
			return plan{}, err
		}
		shown := plan{OnlyThen: true, Lines: []planLine{
			{Label: c.say("imports.restored"), After: c.number(would.Restored)},
			{Label: c.say("imports.deleted"), After: c.number(would.Deleted)},
			{Label: c.say("imports.reversed"), After: c.number(would.Reversed)},
			{Label: c.say("imports.kept"), After: c.number(would.UndoTally.Kept)},
		}}
		if would.UndoTally.Kept > 0 {
			shown.Notes = append(shown.Notes, c.say("imports.kept.note"))
		}
		for _, k := range would.Kept {
			shown.Notes = append(shown.Notes, c.say("imports.kept.row", c.number(k.Row), k.Customer.Decimal()))
		}
		if !would.Complete {
			shown.Notes = append(shown.Notes, c.say("imports.undo.partial"))
		}
		return shown, nil
	}, func(ctx context.Context, tenant int, id string) (imports.Import, error) {
		return ofProgress(d.imports.Undo(ctx, tenant, id))
	})
}

// resumeImport makes parts that were given up try again.
func (d *Console) resumeImport(c *call) (httpapi.Answer, error) {
	p, err := d.imports.Resume(c.Context(), c.Settings.Tenant, c.PathValue("import"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.redirect(c.at("imports", p.ID)), nil
}
