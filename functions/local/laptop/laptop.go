// Package laptop runs all functions in one process on localhost, against
// DynamoDB Local: what make run starts and what the tests of the whole play
// with. It is not deployed.
package laptop

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/admin"
	"regulars/functions/altcraft"
	"regulars/functions/haravan"
	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// The times of a laptop, where nobody waits for what only AWS needs.
const (
	// deadline is how long a request may take: long enough to look around in a
	// debugger.
	deadline = 10 * time.Minute
	// remember is how long tokens and settings that were read count as true.
	remember = time.Second
	// wait is how long after a declaration every writer knows it.
	wait = 2 * time.Second
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
	Jobs      *jobs.Service

	queue    *work.InProcess
	due      work.Due
	altcraft http.Handler
	haravan  http.Handler
	admin    http.Handler
}

// New makes a laptop on a table that exists.
func New(o Options) *Laptop {
	store := dynamo.New(o.DB, o.Table, time.Now)
	customers := customer.NewService(store, time.Now)
	guard := access.NewGuard(store, time.Now, access.GuardOptions{Remember: remember, LocalTokens: true})
	registrar := access.NewRegistrar(store, time.Now)
	queue := work.NewInProcess(jobs.NewWorker(store, work.Kinds(customers, store, registrar), time.Now))
	service := jobs.NewService(store, queue, time.Now, wait)
	ledgers := points.NewService(store, time.Now)
	return &Laptop{
		Store: store, Registrar: registrar, Jobs: service, queue: queue, due: work.NewPoints(ledgers, registrar),
		altcraft: altcraft.New(altcraft.Options{Customers: customers, Guard: guard, Log: o.Log, Deadline: deadline}),
		haravan: haravan.New(haravan.Options{
			Points: ledgers, List: points.NewList(store, time.Now, 0),
			Guard: guard, Log: o.Log, Now: time.Now, Deadline: deadline,
		}),
		admin: admin.HTTPHandler(admin.New(registrar, service, ledgers)),
	}
}

// Work does the parts of jobs and what falls due until ctx is done. It goes on
// with what another process left.
func (l *Laptop) Work(ctx context.Context) {
	var due sync.WaitGroup
	due.Go(func() { work.RunDue(ctx, l.due) })
	l.queue.Run(ctx, l.Jobs)
	due.Wait()
}

// ServeHTTP routes as template.yaml does, with one greedy path for each dialect.
// The admin function, which has no route on AWS, has one here.
func (l *Laptop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := r.URL.Path; {
	case path == "/api", strings.HasPrefix(path, "/api/"):
		l.altcraft.ServeHTTP(w, r)
	case path == "/loy", strings.HasPrefix(path, "/loy/"):
		l.haravan.ServeHTTP(w, r)
	case path == admin.Path:
		l.admin.ServeHTTP(w, r)
	default:
		http.NotFound(w, r)
	}
}
