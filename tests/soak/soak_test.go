// Package soak runs the whole service for minutes as a bad day has it, and looks
// afterwards whether anything is lost, left over or grown.
package soak_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"regulars/functions/local/bucket"
	"regulars/functions/local/devserver"
	"regulars/functions/local/table"
	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/s3bucket"
	"regulars/tests/client"
)

const (
	// clients speak at once, each about customers of its own and about some of all.
	clients = 6
	// looks at memory and goroutines, while the clients pause.
	looks = 5
	// The most that memory and goroutines may grow from the first look to the last.
	memoryGrowth    = 12_000_000
	goroutineGrowth = 20
)

// TestProveSoak lets clients of all dialects and imports work at three processes on one
// table while one in twenty calls of the table and the bucket fails, and while two of the
// processes are killed and started again. A client repeats a request until it is told what
// came of it. In the end everything is as the clients were told, the audit finds no flaw,
// and the process that lived all the time has not grown. SOAK says how long: 10m.
func TestProveSoak(t *testing.T) {
	if !client.Proving() {
		t.Skip("PROVE=1 runs it")
	}
	lasts := 10 * time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SOAK: %v", err)
		}
	}
	slog.SetDefault(slog.New(slog.DiscardHandler)) // parts of jobs are lines
	w := newWorld(t)
	crowd := newCrowd(t, w)

	stop, stopped := context.WithCancel(t.Context())
	defer stopped()
	var working sync.WaitGroup
	for n := range clients {
		working.Go(func() { crowd.speak(stop, n) })
	}
	working.Go(func() { crowd.importFiles(stop) })
	for n := range w.victims {
		working.Go(func() { w.kill(stop, n) })
	}
	var first, last state
	for n := range looks {
		time.Sleep(lasts / looks)
		last = crowd.look(w)
		if n == 0 {
			first = last
		}
		t.Logf("%3.0f%%: %v, %v", 100*float64(n+1)/looks, last, crowd)
	}
	stopped()
	working.Wait()
	for _, s := range w.storms() {
		s.calm.Store(true)
	}

	crowd.check()
	if grown := int64(last.heap) - int64(first.heap); grown > memoryGrowth {
		t.Errorf("the heap has grown by %.1f MB", float64(grown)/1e6)
	}
	if grown := last.goroutines - first.goroutines; grown > goroutineGrowth {
		t.Errorf("there are %d goroutines more:\n%s", grown, last.stacks)
	}
	var audited bytes.Buffer
	if err := table.Audit(t.Context(), w.direct.Store, nil, &audited); err != nil {
		t.Errorf("audit: %v\n%s", err, audited.String())
	}
	t.Logf("%v of load: %v\n%d of %d calls of the table and %d of %d of the bucket met a fault; %d kills\n%s", lasts, crowd,
		w.table.struck.Load()+w.hanging.struck.Load(), w.table.calls.Load()+w.hanging.calls.Load(), w.bucket.struck.Load(), w.bucket.calls.Load(), w.kills.Load(), audited.String())
}

// A world is the service: one process that is this one, and two that are killed, on one
// table and one bucket, each behind a storm.
type world struct {
	t              *testing.T
	table, hanging *storm // before the table, of the victims and of this process
	bucket         *storm
	uploads        string            // where files are put: an upload that is repeated would be another version
	name           string            // of the table
	direct         *devserver.Server // on the table without a storm
	own            *httptest.Server
	victims        [2]*victim
	kills          atomic.Int64
}

func (w *world) storms() []*storm { return []*storm{w.table, w.hanging, w.bucket} }

// A victim is a process that is killed.
type victim struct {
	mu      sync.Mutex
	process client.Process
}

// address is where the victim listens now.
func (v *victim) address() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.process.Address
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, name: dynamotest.Table(t)}
	w.direct = client.ServiceOn(t, dynamotest.Client(t), w.name)
	if err := w.direct.Seed(t.Context()); err != nil {
		t.Fatal(err)
	}
	free := map[string]any{"budget": map[string]any{"requests": 0, "write_units": 0}, "rate_limit": map[string]any{"size": 0}}
	if _, err := w.direct.Registrar.ChangeSettings(t.Context(), devserver.Tenant, free); err != nil {
		t.Fatal(err)
	}
	w.table, w.hanging = newStorm(t, dynamotest.Endpoint(t), ofTable(false)), newStorm(t, dynamotest.Endpoint(t), ofTable(true))

	var queue atomic.Pointer[devserver.Server]
	files, err := bucket.New(bucket.Options{Dir: t.TempDir(), Name: "imports", Log: slog.New(slog.DiscardHandler), Handle: func(ctx context.Context, e events.SQSEvent) (events.SQSEventResponse, error) {
		if rand.Float64() < share {
			return events.SQSEventResponse{}, fmt.Errorf("the message comes again")
		}
		return queue.Load().Imports.Handle(ctx, e)
	}})
	if err != nil {
		t.Fatal(err)
	}
	calm := httptest.NewServer(files)
	t.Cleanup(calm.Close)
	w.uploads, w.bucket = calm.URL, newStorm(t, calm.URL, ofBucket())

	everything := devserver.New(devserver.Options{
		DB: impatient(w.hanging.URL), Table: w.name, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
		Bucket: s3bucket.New(s3bucket.NewClient(aws.Config{
			Region: "us-east-1", BaseEndpoint: &w.bucket.URL, Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		}), "imports"),
	})
	queue.Store(everything)
	w.own = httptest.NewServer(everything)
	t.Cleanup(w.own.Close)
	ctx, cancel := context.WithCancel(context.Background())
	var working sync.WaitGroup
	working.Go(func() { everything.Work(ctx) })
	working.Go(func() { files.Run(ctx) })
	t.Cleanup(func() { cancel(); working.Wait() })
	for n := range w.victims {
		w.victims[n] = &victim{process: w.start()}
	}
	return w
}

// impatient is a client that ends an attempt as that of a function does.
func impatient(endpoint string) *dynamodb.Client {
	return dynamodb.New(dynamolocal.Client(endpoint).Options(), func(o *dynamodb.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().WithTimeout(3 * time.Second)
	})
}

// start starts a process. Where a fault meets it before it is ready, it ends, and is
// started again.
func (w *world) start() (p client.Process) {
	for n := 0; ; n++ {
		var err error
		if p, err = client.TryStart(w.t, w.name, "DYNAMODB_ENDPOINT="+w.table.URL, "S3_ENDPOINT="+w.bucket.URL); err == nil {
			return p
		}
		if n == 20 {
			w.t.Errorf("a process was started %d times: %v", n, err)
			return p
		}
	}
}

// kill ends a process in the middle of what it does, again and again, and starts it again.
func (w *world) kill(ctx context.Context, n int) {
	v := w.victims[n]
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(5*time.Second + rand.N(15*time.Second)):
		}
		v.mu.Lock()
		_ = v.process.Command.Process.Kill()
		_ = v.process.Command.Wait()
		v.process = w.start()
		v.mu.Unlock()
		w.kills.Add(1)
	}
}

// addresses are those of all processes, as they are now. One that is being started is
// waited for.
func (w *world) addresses() []string {
	return []string{w.own.URL, w.victims[0].address(), w.victims[1].address()}
}

// A state is how much of what this process has.
type state struct {
	heap       uint64
	goroutines int
	stacks     string
}

func (s state) String() string {
	return fmt.Sprintf("%.1f MB, %d goroutines", float64(s.heap)/1e6, s.goroutines)
}

// look lets the clients pause, and looks at this process.
func (c *crowd) look(w *world) state {
	c.pause.Lock()
	defer c.pause.Unlock()
	time.Sleep(2 * time.Second) // parts of jobs end, or wait
	connections.CloseIdleConnections()
	idle.CloseIdleConnections()
	w.own.CloseClientConnections() // each is goroutines, of both sides
	for _, s := range w.storms() {
		s.CloseClientConnections()
	}
	time.Sleep(time.Second)
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	var stacks strings.Builder
	_ = pprof.Lookup("goroutine").WriteTo(&stacks, 1) // a builder takes all
	return state{m.HeapAlloc, runtime.NumGoroutine(), stacks.String()}
}

// idle are the connections of the clients.
var idle = &http.Transport{MaxIdleConnsPerHost: 20}
