package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// accounts is how many customers there are from the beginning, each with an account.
const accounts = 300

// A system is what is driven.
type system interface {
	name() string
	// fill makes so many customers.
	fill(ctx context.Context, n int) error
	// add gives a point to an account, under a key and a reference of their own.
	add(ctx context.Context, account int, key string) error
	// get reads a customer by e-mail.
	get(ctx context.Context, customer int) error
	// upsert changes or makes a customer.
	upsert(ctx context.Context, customer int, city string) error
	// added is how many points were given and answered.
	added() *atomic.Int64
	// addUp fails where the points of all accounts are not those.
	addUp(ctx context.Context) error
	// calls is how many reads and writes DynamoDB was sent.
	calls() (reads, writes int64)
}

// A workload is what clients ask for again and again.
type workload struct {
	name    string
	clients int
	// oneItem: all change one item, so that DynamoDB's own times say nothing of the rate.
	oneItem bool
	do      func(ctx context.Context, s system, n int) error
}

var workloads = []workload{
	{"points added to 300 accounts, 8 clients", 8, false, func(ctx context.Context, s system, n int) error {
		return s.add(ctx, n%accounts, rand.Text())
	}},
	{"points added to one account, 16 clients", 16, true, func(ctx context.Context, s system, _ int) error {
		return s.add(ctx, 0, rand.Text())
	}},
	{"customer by e-mail, 8 clients", 8, false, func(ctx context.Context, s system, n int) error {
		return s.get(ctx, n%accounts)
	}},
	{"customer changed, 8 clients", 8, false, func(ctx context.Context, s system, n int) error {
		return s.upsert(ctx, n%accounts, rand.Text())
	}},
	{"customer created, 8 clients", 8, false, func(ctx context.Context, s system, n int) error {
		return s.upsert(ctx, int(created.Add(1)), "Paris")
	}},
}

// created is the number of the customer that was created last.
var created atomic.Int64

func init() { created.Store(accounts) }

// block lets the clients work for so long.
func (w workload) block(ctx context.Context, s system, long time.Duration) (figure, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var numbers atomic.Int64
	took := make([][]time.Duration, w.clients)
	own, database := ownCPU(), childrenCPU()
	reads, writes := s.calls()
	began := time.Now()
	var clients sync.WaitGroup
	for c := range w.clients {
		clients.Go(func() {
			for ctx.Err() == nil && time.Since(began) < long {
				asked := time.Now()
				if err := w.do(ctx, s, int(numbers.Add(1))); err != nil {
					cancel(err)
					return
				}
				took[c] = append(took[c], time.Since(asked))
			}
		})
	}
	clients.Wait()
	if err := context.Cause(ctx); err != nil {
		return figure{}, err
	}
	elapsed := time.Since(began)
	readsNow, writesNow := s.calls()
	all := slices.Concat(took...)
	slices.Sort(all)
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	n := float64(len(all))
	return figure{
		PerSecond: n / elapsed.Seconds(), Median: ms(all[len(all)/2]), Late: ms(all[len(all)*99/100]),
		Go: ms(ownCPU()-own) / n, Database: ms(childrenCPU()-database) / n,
		Reads: float64(readsNow-reads) / n, Writes: float64(writesNow-writes) / n,
	}, nil
}

// A counter counts what is sent to DynamoDB.
type counter struct {
	reads, writes atomic.Int64
}

func (c *counter) client(db *dynamodb.Client) *dynamodb.Client {
	options := db.Options()
	options.HTTPClient = &http.Client{Transport: c}
	return dynamodb.New(options)
}

// transport keeps as many connections as there are clients.
var transport = func() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.MaxIdleConnsPerHost = 64
	return t
}()

// RoundTrip implements [http.RoundTripper].
func (c *counter) RoundTrip(r *http.Request) (*http.Response, error) {
	_, name, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if strings.HasSuffix(name, "GetItem") || name == "Query" {
		c.reads.Add(1)
	} else {
		c.writes.Add(1)
	}
	return transport.RoundTrip(r)
}

// errStatus is an answer that is not 200.
type errStatus struct {
	status int
	body   string
}

func (e errStatus) Error() string { return fmt.Sprintf("%d %s", e.status, e.body) }
