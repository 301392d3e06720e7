package errs_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"regulars/shared/errs"
)

func TestClient(t *testing.T) {
	clientErr := errs.Reject(errs.Invalid, "bad_email", "data.email", "%s: incorrect email, %d.", "data.email", 7)
	if want := "data.email: incorrect email, 7."; clientErr.Detail != want {
		t.Errorf("detail = %q, want %q", clientErr.Detail, want)
	}

	wrapped := fmt.Errorf("customer: %w", clientErr)
	if got, ok := errs.AsClient(wrapped); !ok || got != clientErr {
		t.Errorf("AsRefusal = %v, %t, want the refusal", got, ok)
	}
	sameCode := errs.Reject(errs.FailedPrecondition, "bad_email", "", "Another text.")
	if !errors.Is(wrapped, sameCode) {
		t.Error("errors.Is of the same code = false, want true")
	}
	for name, other := range map[string]error{
		"another code": errs.Reject(errs.Invalid, "bad_phone", "data.email", "%s", clientErr.Detail),
		"stale":        errs.ErrConflict,
		"busy":         &errs.Unavailable{},
	} {
		if errors.Is(wrapped, other) || errors.Is(other, clientErr) {
			t.Errorf("errors.Is of %s = true, want false", name)
		}
		if _, rejected := errs.AsClient(other); rejected != (name == "another code") {
			t.Errorf("AsRefusal of %s = %t", name, rejected)
		}
	}
}

// BySettings must not change a client error that others share.
func TestBySettings(t *testing.T) {
	shared := errs.Reject(errs.Invalid, "field_undeclared", "data.x", "data.x: this field is not declared.")
	marked := shared.DependingOnSettings()
	if !marked.DependsOnSettings || shared.DependsOnSettings {
		t.Errorf("OfSettings = %t of the copy, %t of the original, want true and false", marked.DependsOnSettings, shared.DependsOnSettings)
	}
	if marked.DependsOnSettings = false; !reflect.DeepEqual(marked, shared) {
		t.Errorf("copy = %+v, want %+v", *marked, *shared)
	}
}

func TestBusy(t *testing.T) {
	cause := errors.New("throttled")
	tests := []struct {
		name string
		busy errs.Unavailable
		text string
		err  string
	}{
		{name: "plain", text: "The service is busy. Send the same request again.", err: "busy: The service is busy. Send the same request again."},
		{name: "with a cause", busy: errs.Unavailable{Err: cause}, text: "The service is busy. Send the same request again.",
			err: "busy: The service is busy. Send the same request again.: throttled"},
		{name: "with a detail", busy: errs.Unavailable{Detail: "Later."}, text: "Later.", err: "busy: Later."},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.busy.Text(); got != tt.text {
				t.Errorf("Text = %q, want %q", got, tt.text)
			}
			if got := tt.busy.Error(); got != tt.err {
				t.Errorf("Error = %q, want %q", got, tt.err)
			}
			if got, ok := errs.AsUnavailable(fmt.Errorf("import: %w", &tt.busy)); !ok || got != &tt.busy {
				t.Errorf("AsBusy = %v, %t, want the busy", got, ok)
			}
			if errors.Is(&tt.busy, cause) != (tt.busy.Err != nil) {
				t.Errorf("errors.Is of the cause = %t", errors.Is(&tt.busy, cause))
			}
		})
	}
	if _, ok := errs.AsUnavailable(errs.ErrConflict); ok {
		t.Error("AsBusy of stale = true, want false")
	}
}
