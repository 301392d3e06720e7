// Package haravan speaks the loyalty profile API of that platform, as
// docs/contracts/haravan.md has it, and our own calls below a profile's points and
// orders: it parses requests, asks the domain, and answers. It decides nothing
// about points itself.
package haravan

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// A Dialect serves everything below /loy.
type Dialect struct {
	points *points.Service
	list   *points.List
	guard  *access.Authorizer
	bucket *buckets
	now    func() time.Time
}

// Options are what the dialect needs; all of them are required.
type Options struct {
	Points *points.Service
	List   *points.List
	Guard  *access.Authorizer
	Log    *slog.Logger
	Now    func() time.Time
	// Deadline is how long a request may take.
	Deadline time.Duration
}

// A route is a method and a path below /loy/ that answer something.
type route struct {
	method, path string
	scope        access.Scope
	answer       func(d *Dialect, w http.ResponseWriter, c *call) error
}

// routes are P1 to P6 of the contract, and then our own.
var routes = []route{
	{http.MethodGet, "profiles.json", access.LoyRead, (*Dialect).listProfiles},
	{http.MethodGet, "profiles/{id}.json", access.LoyRead, (*Dialect).getProfile},
	{http.MethodGet, "profiles/{id}/tags.json", access.LoyRead, (*Dialect).getTags},
	{http.MethodGet, "profiles/{id}/attributes.json", access.LoyRead, (*Dialect).getAttributes},
	{http.MethodPut, "profiles/{id}/points/add.json", access.LoyWrite, (*Dialect).addPoints},
	{http.MethodPut, "profiles/{id}/points/subtract.json", access.LoyWrite, (*Dialect).subtractPoints},

	{http.MethodGet, "profiles/{id}/points/entries.json", access.LoyRead, (*Dialect).listEntries},
	{http.MethodGet, "profiles/{id}/points/entries.csv", access.LoyRead, (*Dialect).exportEntries},
	{http.MethodGet, "profiles/{id}/points/entries/{seq}.json", access.LoyRead, (*Dialect).getEntry},
	{http.MethodPost, "profiles/{id}/points/entries/{seq}/reverse.json", access.LoyWrite, (*Dialect).reverseEntry},
	{http.MethodPost, "profiles/{id}/orders.json", access.LoyWrite, (*Dialect).payOrder},
	{http.MethodPost, "profiles/{id}/orders/{order}" + returnPath, access.LoyWrite, (*Dialect).returnOrder},
}

// Routes are the paths that answer something, below /loy/.
var Routes = func() (paths []string) {
	for _, r := range routes {
		paths = append(paths, r.path)
	}
	return paths
}()

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	d := &Dialect{points: o.Points, list: o.List, guard: o.Guard, bucket: newBuckets(), now: o.Now}
	mux := http.NewServeMux()
	for _, r := range routes {
		mux.Handle(pattern(r.path), writeError.Handle(func(w http.ResponseWriter, request *http.Request) error {
			return d.serve(w, request, r)
		}))
	}
	mux.Handle("/", writeError.Handle(unknownPath))
	return httpapi.Wrap(httpapi.CleanPath(mux), writeError, httpapi.Options{Log: o.Log, Deadline: o.Deadline})
}

// pattern is the path as the mux has it, where a name is a whole segment, or all
// that is left: API Gateway hands an escaped slash in the id of an order over as a
// slash.
func pattern(path string) string {
	return "/loy/" + strings.NewReplacer("{order}"+returnPath, "{order...}", "}.json", "}").Replace(path)
}

// returnPath is what follows the id of an order in a path.
const returnPath = "/return.json"

// serve lets a request pass that has the verb of the route and a token with its
// scope, and for which the tenant's bucket has room.
func (d *Dialect) serve(w http.ResponseWriter, r *http.Request, to route) error {
	if r.Method != to.method {
		return unknownPath(w, r)
	}
	c, err := d.accept(w, r, to)
	if err != nil {
		return err
	}
	return to.answer(d, w, c)
}
