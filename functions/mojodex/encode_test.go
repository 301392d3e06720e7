package mojodex

import (
	"testing"

	"regulars/shared/httpapi"
)

func TestObject(t *testing.T) {
	t.Parallel()
	for want, o := range map[string]object{
		`{}`:                                 {},
		`{"z":1,"a":[{"b":null}],"\"":"é<"}`: {{"z", 1}, {"a", []object{{{"b", nil}}}}, {`"`, "é<"}},
	} {
		if got, err := httpapi.Encode(o); err != nil || string(got) != want {
			t.Errorf("Encode() = %s, %v, want %s", got, err, want)
		}
	}
}
