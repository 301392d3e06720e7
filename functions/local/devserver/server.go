// Package devserver runs all functions in one process on localhost, against
// DynamoDB Local: what make run starts and what the tests of the whole play
// with. It is not deployed.
package devserver

import (
	"context"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/admin"
	"regulars/functions/altcraft"
	"regulars/functions/console"
	"regulars/functions/genesys"
	"regulars/functions/haravan"
	"regulars/functions/imports"
	"regulars/functions/imports/rows"
	"regulars/functions/mojodex"
	"regulars/functions/work"
	"regulars/shared/access"
	"regulars/shared/anchor"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/history"
	"regulars/shared/httpapi"
	domain "regulars/shared/imports"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
	"regulars/shared/merge"
	"regulars/shared/metrics"
	"regulars/shared/objects"
	"regulars/shared/partqueue"
	"regulars/shared/points"
	"regulars/shared/privacy"
	"regulars/shared/session"
	"regulars/shared/usage"
)

// The times of the development server, where nobody waits for what only AWS needs.
const (
	// deadline is how long a request may take: long enough to look around in a
	// debugger.
	deadline = 10 * time.Minute
	// remember is how long tokens and settings that were read count as true.
	remember = time.Second
	// wait is how long after a declaration every writer knows it.
	wait = 2 * time.Second
)

// Options are what a server needs.
type Options struct {
	DB    *dynamodb.Client
	Table string
	Log   *slog.Logger
	// Operating is optional. Budgets are those of the table where there are none.
	Operating httpapi.Operating
	// KeepUses keeps when tokens were last used, a call of the table beside requests.
	KeepUses bool
	// Around, unless nil, is put around the handler of each function.
	Around func(function string, h http.Handler) http.Handler
	// ConsoleLanguages are documents of languages that the console speaks besides English.
	ConsoleLanguages [][]byte
	// Anchors signs what ledgers are once a day; nil: nobody does.
	Anchors anchor.Signer
	// Bucket is where files are imported from; nil: one in memory.
	Bucket objects.Bucket
	// Gate lets browsers put files into it; nil: nobody does.
	Gate objects.Gate
}

// A Server is the whole service in one process.
type Server struct {
	Store     *dynamo.Store
	Registrar *access.AdminService
	Jobs      *jobs.Service
	Catalog   *catalog.Service
	Merges    *merge.Service
	// Imports takes in what the bucket tells of files.
	Imports *imports.Queue

	queue    *work.InProcess
	parts    *partqueue.InProcess // of imports
	due      work.Due
	altcraft http.Handler
	console  http.Handler
	genesys  http.Handler
	haravan  http.Handler
	imports  http.Handler
	mojodex  http.Handler
	admin    http.Handler
}

// New makes a server on a table that exists.
func New(o Options) *Server {
	if o.Bucket == nil {
		o.Bucket = objects.NewMemory()
	}
	store := dynamo.New(o.DB, o.Table, time.Now)
	left := domain.Records{Store: store, Bucket: o.Bucket}
	customers := customer.NewService(store, time.Now).WithSettling(0).WithOwners(store)
	guard := access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{Remember: remember, LocalTokens: true})
	registrar := access.NewAdminService(store, time.Now)
	products := catalog.NewService(store, customers, time.Now)
	ledgers := points.NewService(store, time.Now)
	merges := merge.NewService(customers, store, time.Now)
	upkeep := kinds.NewUpkeep(store, registrar, products, ledgers, merges).
		WithReconciliation(kinds.NewReconciliation(customers, ledgers, store, store, registrar))
	if o.Anchors != nil {
		upkeep.WithAnchoring(kinds.NewAnchoring(store, store, store, registrar, o.Anchors, time.Now))
	}
	known := kinds.New(customers, merges, store, registrar, time.Now)
	maps.Copy(known, upkeep.Kinds())
	maps.Copy(known, kinds.Erasing(upkeep, ledgers, store, left, customers, time.Now))
	worker := jobs.NewWorker(store, known, time.Now).WithTexts(httpapi.Texts)
	operating := o.Operating
	counted := usage.NewMemory(time.Now)
	if operating.Metrics == nil {
		operating.Metrics = metrics.New(nil, "", "", time.Now)
	}
	operating.Metrics.Tell(counted.Count)
	if operating.Budgets == nil {
		operating.Budgets = access.NewBudgets(store, time.Now)
	}
	if o.KeepUses {
		operating.Uses = access.NewUses(store, time.Now)
	}
	queue := work.NewInProcess(worker, upkeep, partqueue.Observer{Metrics: operating.Metrics, Audit: operating.Audit})
	service := jobs.NewService(store, queue, time.Now, wait).WithTexts(httpapi.Texts)
	around := o.Around
	if around == nil {
		around = func(_ string, h http.Handler) http.Handler { return h }
	}
	files, parts := newImports(store, guard, o.Bucket, partqueue.Observer{Metrics: operating.Metrics, Audit: operating.Audit})
	service.WithQueue(jobs.ImportKinds, parts)
	histories := history.NewService(customers, store)
	shown := privacy.NewService(store, left, registrar, time.Now)
	return &Server{
		Store: store, Registrar: registrar, Jobs: service, Catalog: products, Merges: merges, queue: queue,
		Imports: imports.NewQueue(files, nil), // parts come by a queue of their own
		due:     kinds.NewDuePoints(ledgers, registrar), parts: parts,
		altcraft: around("altcraft", altcraft.New(altcraft.Options{
			Customers: customers, Guard: guard, Jobs: service, Worker: worker, Log: o.Log, Deadline: deadline, Operating: operating,
		})),
		console: around("console", console.New(console.Options{
			Customers: customers, Points: ledgers, List: points.NewList(store, time.Now, 0).WithNewest(customers.NewestListed), Catalog: products,
			Merges: merges, Jobs: service, Registrar: registrar, Privacy: shown, Usage: counted, Histories: histories, Sessions: session.NewService(store, guard, time.Now), Imports: files, Gate: o.Gate,
			Guard: guard, Log: o.Log, Now: time.Now, Deadline: deadline,
			Insecure: true, Hint: DemoToken, Languages: o.ConsoleLanguages, Operating: operating,
		})),
		genesys: around("genesys", genesys.New(genesys.Options{
			Customers: customers, Guard: guard, Registrar: registrar, Jobs: service, Log: o.Log, Deadline: deadline,
			Prefix: genesys.DefaultPrefix, Operating: operating,
		})),
		haravan: around("haravan", haravan.New(haravan.Options{
			Points: ledgers, List: points.NewList(store, time.Now, 0).WithNewest(customers.NewestListed),
			Guard: guard, Log: o.Log, Now: time.Now, Deadline: deadline, Operating: operating,
		})),
		imports: around("imports", imports.New(imports.Options{
			Imports: files, Texts: rows.Texts(), Guard: guard, Log: o.Log, Deadline: deadline, Operating: operating,
		})),
		mojodex: around("mojodex", mojodex.New(mojodex.Options{
			Catalog: products, Guard: guard, Log: o.Log, Deadline: deadline, Now: time.Now, Operating: operating,
		})),
		admin: around("admin", admin.HTTPHandler(admin.New(registrar, service, ledgers, shown, merges, histories).WithObserver(operating.Metrics, operating.Audit))),
	}
}

// newImports makes the service of imports, and the queue and the workers of their
// parts.
func newImports(store *dynamo.Store, guard *access.Authorizer, bucket objects.Bucket, observer partqueue.Observer) (*domain.Service, *partqueue.InProcess) {
	known, texts := map[string]jobs.Kind{}, rows.Texts()
	parts := partqueue.NewInProcess(jobs.NewWorker(store, known, time.Now).WithTexts(texts), observer)
	service := domain.NewService(domain.Parts{
		Store: store, Bucket: bucket, Customers: store, Ledger: store, Settings: guard,
		Jobs:    jobs.NewService(store, parts, time.Now, 0).WithTexts(texts),
		Dialect: rows.Dialect, Texts: texts, BucketName: "imports", Now: time.Now,
	})
	maps.Copy(known, domain.Kinds(service))
	return service, parts
}

// Work does the parts of jobs and what falls due until ctx is done. It goes on
// with what another process left.
func (s *Server) Work(ctx context.Context) {
	var running sync.WaitGroup
	running.Go(func() { work.RunDue(ctx, s.due) })
	running.Go(func() { s.parts.Run(ctx) })
	s.queue.Run(ctx, s.Jobs)
	running.Wait()
}

// ServeHTTP routes as template.yaml does, with one greedy path for each dialect;
// a path that begins with several slashes goes where the one with one would.
// The admin function, which has no route on AWS, has one here.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := "/" + strings.TrimLeft(r.URL.Path, "/"); {
	case below(path, "/api"):
		s.altcraft.ServeHTTP(w, r)
	case below(path, "/console"):
		s.console.ServeHTTP(w, r)
	case below(path, "/profiles"), below(path, "/metadata"), below(path, "/genesys"):
		s.genesys.ServeHTTP(w, r)
	case below(path, "/loy"):
		s.haravan.ServeHTTP(w, r)
	case below(path, "/imports"):
		s.imports.ServeHTTP(w, r)
	case r.URL.EscapedPath() == admin.Path: // no other spelling
		s.admin.ServeHTTP(w, r)
	default:
		s.mojodex.ServeHTTP(w, r)
	}
}

// below reports whether path is top or below it.
func below(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }
