package errs_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"regulars/shared/errs"
)

func TestClient(t *testing.T) {
	clientErr := errs.New(errs.Invalid, "bad_email/too_long", "data.email", 7)
	if want := "bad_email/too_long at data.email: [7]"; clientErr.Error() != want {
		t.Errorf("Error() = %q, want %q", clientErr.Error(), want)
	}

	wrapped := fmt.Errorf("customer: %w", clientErr)
	if got, ok := errs.AsClient(wrapped); !ok || got != clientErr {
		t.Errorf("AsClient = %v, %t, want the client error", got, ok)
	}
	sameCode := errs.New(errs.FailedPrecondition, "bad_email", "")
	if !errors.Is(wrapped, sameCode) {
		t.Error("errors.Is of the same code = false, want true")
	}
	for name, other := range map[string]error{
		"another code": errs.New(errs.Invalid, "bad_phone/too_long", "data.email", 7),
		"conflict":     errs.ErrConflict,
		"unavailable":  &errs.Unavailable{},
	} {
		if errors.Is(wrapped, other) || errors.Is(other, clientErr) {
			t.Errorf("errors.Is of %s = true, want false", name)
		}
		if _, rejected := errs.AsClient(other); rejected != (name == "another code") {
			t.Errorf("AsClient of %s = %t", name, rejected)
		}
	}
}

// DependingOnSettings must not change a client error that others share.
func TestDependingOnSettings(t *testing.T) {
	shared := errs.New(errs.Invalid, "field_undeclared", "data.x")
	marked := shared.DependingOnSettings()
	if !marked.DependsOnSettings || shared.DependsOnSettings {
		t.Errorf("DependsOnSettings = %t of the copy, %t of the original, want true and false", marked.DependsOnSettings, shared.DependsOnSettings)
	}
	if marked.DependsOnSettings = false; !reflect.DeepEqual(marked, shared) {
		t.Errorf("copy = %+v, want %+v", *marked, *shared)
	}
}

func TestUnavailable(t *testing.T) {
	cause := errors.New("throttled")
	tests := []struct {
		name string
		busy errs.Unavailable
		err  string
	}{
		{name: "plain", err: "unavailable"},
		{name: "with a cause", busy: errs.Unavailable{Err: cause}, err: "unavailable: throttled"},
		{name: "with a code", busy: errs.Unavailable{Code: "building", Args: []any{"card"}}, err: "building: [card]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.busy.Error(); got != tt.err {
				t.Errorf("Error = %q, want %q", got, tt.err)
			}
			if got, ok := errs.AsUnavailable(fmt.Errorf("import: %w", &tt.busy)); !ok || got != &tt.busy {
				t.Errorf("AsUnavailable = %v, %t, want the error", got, ok)
			}
			if errors.Is(&tt.busy, cause) != (tt.busy.Err != nil) {
				t.Errorf("errors.Is of the cause = %t", errors.Is(&tt.busy, cause))
			}
		})
	}
	if _, ok := errs.AsUnavailable(errs.ErrConflict); ok {
		t.Error("AsUnavailable of a conflict = true, want false")
	}
}
