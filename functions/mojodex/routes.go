// Package mojodex speaks the backoffice API of that platform, as
// docs/contracts/mojodex.md has it: it parses requests, asks the domain, and
// answers, in both its vocabularies (category, product, purchase; profile
// category, profile, role). It decides nothing about products and purchases
// itself.
package mojodex

import (
	"log/slog"
	"net/http"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/httpapi"
)

// A Dialect serves all paths that are no other dialect's.
type Dialect struct {
	catalog *catalog.Service
	guard   *access.Authorizer
	log     *slog.Logger
	now     func() time.Time
}

// Options are what the dialect needs; all of them are required.
type Options struct {
	Catalog *catalog.Service
	Guard   *access.Authorizer
	Log     *slog.Logger
	// Deadline is how long a request may take.
	Deadline time.Duration
	Now      func() time.Time
}

// A handler answers a request or returns what it is refused for.
type handler func(w http.ResponseWriter, r *http.Request) error

// routes are the methods of each path.
func (d Dialect) routes() map[string]map[string]handler {
	routes := map[string]map[string]handler{
		"/":                        {"GET": welcome},
		"/task":                    {"GET": d.getTask, "PUT": d.createTask, "POST": d.updateTask},
		"/purchase":                {"GET": d.getPurchases},
		"/user_task":               {"GET": d.getUserTasks},
		"/user_task_execution":     {"POST": d.runTask},
		"/check_expired_purchases": {"POST": d.checkExpired},
	}
	for _, v := range []vocabulary{{productWords, d}, {profileWords, d}} {
		routes[v.categoryPath] = map[string]handler{"GET": v.getCategories, "PUT": v.createCategory, "POST": v.updateCategory}
		routes[v.productPath] = map[string]handler{"GET": v.getProducts, "PUT": v.createProduct, "POST": v.updateProduct}
		routes[v.linkPath] = map[string]handler{"PUT": v.associate}
		routes[v.purchasePath] = map[string]handler{"PUT": v.assign, "POST": v.end}
	}
	return routes
}

// Routes are the paths that answer something, without their slash.
func Routes() []string {
	var paths []string
	for path := range (Dialect{}).routes() {
		if path != "/" {
			paths = append(paths, path[1:])
		}
	}
	slices.Sort(paths)
	return paths
}

// New makes the handler of the dialect.
func New(o Options) http.Handler {
	d := Dialect{o.Catalog, o.Guard, o.Log, o.Now}
	return httpapi.Wrap(router(d.routes()), writeError, httpapi.Options{Log: o.Log, Deadline: o.Deadline})
}

func welcome(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err := w.Write([]byte("Welcome to Mojodex Backend Service."))
	return err
}
