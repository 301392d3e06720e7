package whole_test

import (
	"slices"
	"testing"

	"regulars/functions/altcraft"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	importsapi "regulars/functions/imports"
	"regulars/functions/mojodex"
	"regulars/shared/httpapi"
	"regulars/tests/openapi"
)

// What the documents say that a call reads of the query, its route names: else an
// answer would say that it is not used.
func TestRoutesReadWhatIsDocumented(t *testing.T) {
	t.Parallel()
	readsWhatIsDocumented(t, "altcraft", altcraft.Routes, "format", "dry_run") // which its frame reads
	readsWhatIsDocumented(t, "genesys", genesys.Routes)
	readsWhatIsDocumented(t, "haravan", haravan.Routes)
	readsWhatIsDocumented(t, "imports", importsapi.Routes)
	readsWhatIsDocumented(t, "mojodex", mojodex.Routes)
}

func readsWhatIsDocumented[D, C any](t *testing.T, dialect string, routes []httpapi.Route[D, C], all ...string) {
	t.Helper()
	document, err := openapi.Load("../../docs/openapi/" + dialect + ".yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, route := range routes {
		documented := document.Queries(route.Method, route.Path)
		for _, name := range documented {
			if !slices.Contains(route.Reads, name) && !slices.Contains(all, name) && !slices.Contains(route.Reads, httpapi.AnyParameter) {
				t.Errorf("%s %s: the document has the parameter %s, the route does not read it", route.Method, route.Path, name)
			}
		}
		if !route.Strict {
			continue
		}
		for _, name := range route.Reads {
			if !slices.Contains(documented, name) {
				t.Errorf("%s %s: the route reads %s, which the document does not have", route.Method, route.Path, name)
			}
		}
	}
}
