package imports_test

import (
	"context"
	"testing"

	"regulars/shared/access"
	"regulars/shared/imports"
)

// A remembering has settings that were changed since they were remembered.
type remembering struct {
	now        imports.Settings
	remembered access.Settings
}

func (r remembering) Reload(ctx context.Context, tenant int) (access.Settings, error) {
	return r.now.Reload(ctx, tenant)
}

func (r remembering) Settings(context.Context, int) (access.Settings, error) {
	return r.remembered, nil
}

// Rows are decided by settings that may be a little old, but none is rejected by these:
// what they reject is decided by the settings of now.
func TestNoRowIsRejectedByRememberedSettings(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	old, err := e.service.Settings.Reload(t.Context(), tenant)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.registrar.ChangeSettings(t.Context(), tenant, map[string]any{"country": "84"}); err != nil {
		t.Fatal(err)
	}
	e.service.Settings = remembering{e.service.Settings, old}
	p := e.drop(t, "imports/tenant=5/a.csv", "email,phones\na@example.com,0901234567\nb@example.com,not a phone\n", nil)
	if p.Tally.Created != 1 || p.Tally.Rejected["bad_phone"] != 1 {
		t.Fatalf("import = %s %+v", p.State, p.Tally)
	}
	if c := e.find(t, "a@example.com"); len(c.Phones) != 1 || c.Phones[0] != "+84901234567" {
		t.Errorf("phones = %v", c.Phones)
	}
}
