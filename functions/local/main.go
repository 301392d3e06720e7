// Command local serves everything on this machine: make run. It starts DynamoDB
// Local unless DYNAMODB_ENDPOINT names one, makes the table of template.yaml and
// a tenant, and prints what to try.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"regulars/functions/local/anchorkey"
	"regulars/functions/local/devserver"
	"regulars/shared/audit"
	"regulars/shared/dynamolocal"
	"regulars/shared/httpapi"
)

func main() {
	seedOnly := flag.Bool("seed-only", false, "make the table and the tenant at DYNAMODB_ENDPOINT, and end")
	flag.Parse()
	log.SetFlags(0)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *seedOnly); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, seedOnly bool) error {
	root, err := dynamolocal.Root()
	if err != nil {
		return err
	}
	endpoint, data := os.Getenv("DYNAMODB_ENDPOINT"), os.Getenv("DATA")
	if endpoint == "" {
		if _, set := os.LookupEnv("DATA"); !set {
			data = filepath.Join(root, ".cache", "data")
		}
		db, err := dynamolocal.Start(ctx, dynamolocal.Options{Root: root, Dir: data})
		if err != nil {
			return err
		}
		defer db.Stop()
		endpoint = db.Endpoint()
	}
	files := &files{}
	if !seedOnly {
		if files, err = openBucket(data); err != nil {
			return err
		}
		defer files.close()
	}
	trail, closeTrail, err := openTrail(root)
	if err != nil {
		return err
	}
	defer closeTrail()
	key, err := anchorkey.New()
	if data != "" {
		key, err = anchorkey.Open(data)
	}
	if err != nil {
		return err
	}
	everything, err := prepare(ctx, root, endpoint, files, trail, key)
	if err != nil || seedOnly {
		return err
	}
	listener, err := listen()
	if err != nil {
		return err
	}
	files.admit(listener.Addr().(*net.TCPAddr).Port)
	fmt.Printf(examples, listener.Addr().(*net.TCPAddr).Port, files.endpoint)
	ctx, cancel := context.WithCancel(ctx)
	files.deliver(everything.Imports)
	var worked sync.WaitGroup
	worked.Go(func() { everything.Work(ctx) })
	worked.Go(func() { files.run(ctx) })
	err = serve(ctx, listener, ownMachine(inTime(everything, bodyTime)), func(ctx context.Context) error {
		return watch(ctx, endpoint, watchEvery)
	})
	cancel()
	worked.Wait()
	return err
}

// openTrail appends the audit trail to a file: on the terminal it would double each
// line of a request. Metrics nobody collects here.
func openTrail(root string) (trail *audit.Trail, closeTrail func() error, err error) {
	if err := os.MkdirAll(filepath.Join(root, ".cache"), 0o755); err != nil {
		return nil, nil, err
	}
	file, err := os.OpenFile(filepath.Join(root, ".cache", "audit.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, nil, err
	}
	return audit.New(slog.New(slog.NewJSONHandler(file, nil))), file.Close, nil
}

// prepare makes the table and the tenant, where they are not there yet.
func prepare(ctx context.Context, root, endpoint string, files *files, trail *audit.Trail, key anchorkey.Key) (*devserver.Server, error) {
	table := cmp.Or(os.Getenv("TABLE_NAME"), "regulars")
	definition, err := dynamolocal.Definition(filepath.Join(root, "template.yaml"))
	if err != nil {
		return nil, err
	}
	db := dynamolocal.Client(endpoint)
	if err := dynamolocal.Create(ctx, db, table, definition); err != nil {
		return nil, err
	}
	everything := devserver.New(devserver.Options{
		DB: db, Table: table, Log: slog.New(slog.NewTextHandler(os.Stderr, nil)), Bucket: files.bucket, Gate: files.gate,
		Operating: httpapi.Operating{Audit: trail}, Anchors: key, KeepUses: true,
	})
	return everything, everything.Seed(ctx)
}

// defaultPort is that of requests; the bucket is on the one after that.
const defaultPort = "3000"

// listen listens on the loopback interface alone.
func listen() (net.Listener, error) {
	port := cmp.Or(os.Getenv("PORT"), defaultPort)
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
	if err != nil {
		return nil, fmt.Errorf("PORT=%s: %w", port, err)
	}
	return listener, nil
}

// shutdownTime is how long requests under way may take after Ctrl-C.
const shutdownTime = 5 * time.Second

// serve answers until ctx is done, or until watch returns why there is no answer any
// more: then the requests under way end at once.
func serve(ctx context.Context, listener net.Listener, h http.Handler, watch func(context.Context) error) error {
	requests, drop := context.WithCancel(context.WithoutCancel(ctx))
	defer drop()
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: idleTime,
		BaseContext: func(net.Listener) context.Context { return requests },
	}
	ended := make(chan error, 2)
	watching, stop := context.WithCancel(ctx)
	defer stop()
	go func() { ended <- server.Serve(listener) }()
	go func() { ended <- watch(watching) }()
	err := <-ended
	if err != nil {
		drop()
	}
	within, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if shutdown := server.Shutdown(within); shutdown != nil && !errors.Is(shutdown, context.DeadlineExceeded) {
		return errors.Join(err, shutdown)
	}
	return err
}

const examples = `
Look at customers: http://localhost:%[1]d/console, with the token reg_local_demo.

Import a profile, and read it back:

curl -w '\n' http://localhost:%[1]d/api/v1.1/profiles/import -H 'Content-Type: application/json' -d '{
  "token": "reg_local_demo", "db_id": 5, "matching": "email", "email": "i.petrov@example.com",
  "data": {"email": "i.petrov@example.com", "_fname": "Ivan", "phones": ["+79000000000"]}}'

curl -w '\n' http://localhost:%[1]d/api/v1.1/profiles/get -H 'Content-Type: application/json' -d '{
  "token": "reg_local_demo", "db_id": 5, "matching": "phone", "phone": "+79000000000"}'

Create a profile with the Genesys API, and find it by its phone (done before, the first
command says that the e-mail is there):

curl -w '\n' -u any:reg_local_demo http://localhost:%[1]d/profiles/ -H 'Content-Type: application/json' -d '{
  "FirstName": "Peter", "LastName": "Parker", "EmailAddress": ["p.parker@example.com", "peter@example.org"],
  "Phone": [{"PhoneType": 2, "prefix": "+1", "PhoneNumber": "2125550119"}]}'

curl -w '\n' -u any:reg_local_demo 'http://localhost:%[1]d/profiles?Phone.PhoneNumber=2125550119&extensions=Phone&include_profile=yes'

See its points with the Haravan API (docs/haravan.md gives it some):

curl -w '\n' -H 'Authorization: Bearer reg_local_demo' 'http://localhost:%[1]d/loy/profiles.json?limit=1'

See a task with the Mojodex API (docs/mojodex.md makes products of them):

curl -w '\n' -H 'Authorization: reg_local_demo' 'http://localhost:%[1]d/task?task_pk=1'

Import a file (docs/imports.md says what it may be), put into the bucket at %[2]s:

make import FILE=customers.csv MATCHING=email TENANT=5

docs/words.md says who is who in these, and README.md how to start afresh.

ready http://localhost:%[1]d
`
