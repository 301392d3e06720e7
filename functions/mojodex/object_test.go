package mojodex

import (
	"net/http/httptest"
	"testing"

	"regulars/shared/httpapi"
)

func TestObject(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]object{
		`{}`:                                 {},
		`{"z":1,"a":[{"b":null}],"\"":"é<"}`: {{"z", 1}, {"a", []object{{{"b", nil}}}}, {`"`, "é<"}},
	} {
		w := httptest.NewRecorder()
		if err := httpapi.WriteJSON(w, 200, o); err != nil || w.Body.String() != want {
			t.Errorf("WriteJSON() = %s, %v, want %s", w.Body, err, want)
		}
	}
}
