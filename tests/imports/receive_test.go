package imports_test

import (
	"fmt"
	"testing"

	"regulars/shared/imports"
	"regulars/tests/faults"
)

// Whatever call the table throttles while a file is received, more often than the SDK
// repeats it: the file is imported for its tenant. (An import of nobody was saved instead,
// and the file never imported.)
func TestReceiveFromABusyTable(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	transport := &faults.Transport{}
	e.open(t, transport, e.bucket)
	for call := range 3 { // the settings are read, and the import; then it is saved
		key := fmt.Sprintf("imports/tenant=5/matching=email/file%d.csv", call)
		event := e.upload(key, "email\nann@example.com\n", nil)
		transport.Begin(faults.At(call, 4, faults.Throttled))
		if err := e.service.Receive(t.Context(), event); err != nil {
			t.Errorf("call %d throttled: %v", call, err)
		}
		calls := len(transport.Calls())
		transport.Begin(nil)
		list, err := e.service.List(t.Context(), tenant, "", 1)
		if err != nil || len(list) != 1 || list[0].Key != key || list[0].State != imports.Planning || list[0].PlanJob == "" {
			t.Errorf("call %d of %d throttled: the file was received, and the newest import is %+v, %v", call, calls, list, err)
		}
	}
}
