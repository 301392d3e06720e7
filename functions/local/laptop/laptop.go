// Package laptop runs all functions in one process on localhost, against
// DynamoDB Local: what make run starts and what the tests of the whole play
// with. It is not deployed.
package laptop

import (
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/altcraft"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
)

// The times of a laptop, where nobody waits for what only AWS needs.
const (
	// Deadline is how long a request may take: long enough to look around in a
	// debugger.
	Deadline = 10 * time.Minute
	// Remember is how long tokens and settings that were read count as true.
	Remember = time.Second
	// Settle is how long after a declaration every writer knows it.
	Settle = 2 * time.Second
)

// Options are what a laptop needs; all of them are required.
type Options struct {
	DB    *dynamodb.Client
	Table string
	Log   *slog.Logger
}

// A Laptop is the whole service in one process.
type Laptop struct {
	Store     *dynamo.Store
	Registrar *access.Registrar
	altcraft  http.Handler
}

// New makes a laptop on a table that exists.
func New(o Options) *Laptop {
	store := dynamo.New(o.DB, o.Table, time.Now)
	guard := access.NewGuard(store, time.Now, access.GuardOptions{Remember: Remember, LocalTokens: true})
	return &Laptop{
		Store:     store,
		Registrar: access.NewRegistrar(store, time.Now),
		altcraft: altcraft.New(altcraft.Options{
			Customers: customer.NewService(store, time.Now), Guard: guard, Log: o.Log, Deadline: Deadline,
		}),
	}
}

// ServeHTTP routes as template.yaml does: one greedy path for each dialect.
func (l *Laptop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/api", strings.HasPrefix(path, "/api/"):
		l.altcraft.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}
