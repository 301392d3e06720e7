package kinds_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/jobs/kinds"
)

// A shop is a world in which things are sold, at any time that its clock says.
type shop struct {
	*world
	table    string
	now      time.Time
	products *catalog.Service
	keep     *kinds.Upkeep
	asked    sync.Map // the customers of whom another domain was asked to remove what it keeps
	// category and product are the last ones made.
	product int
}

// other is a domain that keeps something of customers, too.
type other struct{ *shop }

func (o other) Remove(_ context.Context, _ int, id customer.ID) error {
	o.asked.Store(id, true)
	return nil
}

func newShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{now: time.Now(), world: &world{transport: &killer{}, queue: &basket{}}, table: dynamotest.Table(t)}
	s.world.open(t, s.table)
	clock := func() time.Time { return s.now }
	s.products = catalog.NewService(s.store, s.customers, clock)
	s.keep = kinds.NewUpkeep(s.store, s.registrar, s.products, other{s})
	s.worker = jobs.NewWorker(s.store, s.keep.Kinds(), time.Now)
	name := "month"
	days := 30
	category, err := s.products.CreateCategory(t.Context(), tenant, catalog.CategoryForm{Label: catalog.Sent("sales")})
	if err != nil {
		t.Fatal(err)
	}
	s.product, err = s.products.CreateProduct(t.Context(), tenant, catalog.ProductForm{
		Label: catalog.Sent(&name), Category: catalog.Sent(catalog.Ref{Number: category}), Days: catalog.Sent(&days),
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sell gives the product to a customer, so many days ago.
func (s *shop) sell(t *testing.T, id customer.ID, daysAgo int) int {
	t.Helper()
	s.now = time.Now().AddDate(0, 0, -daysAgo)
	defer func() { s.now = time.Now() }()
	custom := "x"
	n, err := s.products.Assign(t.Context(), catalog.Assignment{
		User: catalog.User{Rules: customer.Rules{Tenant: tenant}, ID: id}, Product: catalog.Ref{Number: s.product}, CustomID: &custom,
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// stride is from one deadly place to the next: every second with PROVE=1, else a
// few.
func stride() int64 {
	if os.Getenv("PROVE") != "" {
		return 2
	}
	return 37
}

// collection is what lies in a customer's collection and is led to from outside.
func (s *shop) collection(t *testing.T, id customer.ID, purchases ...int) []string {
	t.Helper()
	var all []string
	query := func(pk, sk string) {
		out, err := dynamotest.Client(t).Query(t.Context(), &dynamodb.QueryInput{
			TableName: &s.table, ConsistentRead: aws.Bool(true), KeyConditionExpression: aws.String("pk = :pk AND begins_with(sk, :sk)"),
			ExpressionAttributeValues: map[string]types.AttributeValue{
				":pk": &types.AttributeValueMemberS{Value: pk}, ":sk": &types.AttributeValueMemberS{Value: sk},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, it := range out.Items {
			all = append(all, pk+" "+it["sk"].(*types.AttributeValueMemberS).Value)
		}
	}
	query(fmt.Sprintf("C#%d#%s", tenant, id.Base36()), "PURCHASE")
	for _, n := range purchases {
		query(fmt.Sprintf("T#%d", tenant), fmt.Sprintf("PURCHASE#%010d", n))
	}
	return all
}

// log collects what the jobs of this package's tests say.
var log = struct {
	sync.Mutex
	bytes.Buffer
}{}

type logWriter struct{}

func (logWriter) Write(p []byte) (int, error) {
	log.Lock()
	defer log.Unlock()
	return log.Write(p)
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(slog.NewTextHandler(logWriter{}, nil)))
	os.Exit(m.Run())
}

// notices are how often it was said that a purchase expired.
func notices(job string, purchase int) int {
	log.Lock()
	defer log.Unlock()
	return strings.Count(log.String(), fmt.Sprintf("msg=\"purchase expired\" tenant=%d purchase=%d job=%s\n", tenant, purchase, job))
}

// The upkeep starts a job where something is over, and that ends what is, tells of
// each once, and leaves the rest. A kill before or after any call to the table
// loses none.
func TestProveExpiryKilledAnywhere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(t, 6, crm)
	if err := s.keep.Start(t.Context(), s.service); err != nil || len(s.queue.messages) != 0 {
		t.Fatalf("upkeep of a shop where nothing is over: %v, %v", err, s.queue.messages)
	}
	for at := int64(0); ; at += stride() {
		over := map[customer.ID][]int{}
		for i, id := range s.ids {
			if i%2 == 0 {
				over[id] = []int{s.sell(t, id, 31), s.sell(t, id, 31)}
			}
		}
		still := s.sell(t, s.ids[0], 29)
		s.transport.arm(0)
		if err := s.keep.Start(t.Context(), s.service); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settled)
		list, err := s.service.List(t.Context(), tenant)
		if err != nil || list[0].Kind != kinds.ExpirePurchases {
			t.Fatalf("jobs = %+v, %v", list, err)
		}
		job := newestOpen(list)
		s.transport.arm(at)
		s.drain(t)
		killed := at > 0 && s.transport.count.Load() >= at
		s.transport.arm(0)
		if got := s.show(t, job); got.State != jobs.Done {
			t.Fatalf("killed at %d: job = %+v", at, got)
		}
		said := 0
		for id, purchases := range over {
			for _, n := range purchases {
				if s.isActive(t, id, n) {
					t.Errorf("killed at %d: purchase %d is active", at, n)
				}
				times := notices(job.ID, n)
				if said += times; times > 1 {
					t.Errorf("killed at %d: it was said %d times that purchase %d expired", at, times, n)
				}
			}
		}
		if said < 5 || at == 0 && said != 6 {
			t.Errorf("killed at %d: %d of 6 were told", at, said)
		}
		if !s.isActive(t, s.ids[0], still) {
			t.Errorf("killed at %d: a purchase of 29 days expired", at)
		}
		if err := s.products.End(t.Context(), customer.Rules{Tenant: tenant}, catalog.Ref{Number: still}); err != nil {
			t.Fatal(err)
		}
		if at > 0 && !killed {
			return
		}
	}
}

func newestOpen(list []jobs.Job) jobs.Job {
	for _, j := range list {
		if j.Open() {
			return j
		}
	}
	return jobs.Job{}
}

func (s *shop) isActive(t *testing.T, id customer.ID, purchase int) bool {
	t.Helper()
	found, err := s.store.Read(t.Context(), tenant, catalog.Wanted{Customer: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range found.Account.Active {
		if p.Number == purchase {
			return true
		}
	}
	return false
}

// What a deleted customer left is removed, and nothing of the others, whenever the
// process is killed; the tombstone is then listed no more.
func TestProveSweepKilledAnywhere(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for at := int64(0); ; at += stride() {
		s.add(t, 4, func(n int) map[string]any { return map[string]any{"round": fmt.Sprint(at, " ", n)} })
		gone, stays := s.ids[0], s.ids[1]
		var left []int
		for range 3 {
			left = append(left, s.sell(t, gone, 1))
		}
		kept := s.sell(t, stays, 1)
		for _, id := range []customer.ID{gone, s.ids[2]} { // the latter never had anything
			if err := s.edit(t.Context(), id, customer.Delete); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.keep.Start(t.Context(), s.service); err != nil {
			t.Fatal(err)
		}
		time.Sleep(settled)
		s.transport.arm(at)
		s.drain(t)
		killed := at > 0 && s.transport.count.Load() >= at
		s.transport.arm(0)
		if rest := s.collection(t, gone, left...); len(rest) > 0 {
			t.Errorf("killed at %d: %v is left", at, rest)
		}
		if _, asked := s.asked.Load(gone); !asked {
			t.Errorf("killed at %d: the other domain was not asked", at)
		}
		if rest := s.collection(t, stays, kept); len(rest) != 3 || !s.isActive(t, stays, kept) {
			t.Errorf("killed at %d: of who stays %v is left", at, rest)
		}
		for shard := range customer.Shards {
			if ids, err := s.store.Tombstones(t.Context(), tenant, shard, 0, 10); err != nil || len(ids) > 0 {
				t.Errorf("killed at %d: %v, %v are still to be swept", at, ids, err)
			}
		}
		for _, id := range []customer.ID{stays, s.ids[3]} { // so that their addresses are free
			if err := s.edit(t.Context(), id, customer.Delete); err != nil {
				t.Fatal(err)
			}
		}
		if at > 0 && !killed {
			return
		}
	}
}

// More purchases than one transaction removes.
func TestManyPurchasesAreSwept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.add(t, 1, crm)
	id := s.ids[0]
	var all []int
	for range catalog.MaxActive {
		all = append(all, s.sell(t, id, 1))
	}
	custom := "x"
	_, err := s.products.Assign(context.WithoutCancel(t.Context()), catalog.Assignment{
		User: catalog.User{Rules: customer.Rules{Tenant: tenant}, ID: id}, Product: catalog.Ref{Number: s.product}, CustomID: &custom,
	})
	if full, ok := errs.AsClient(err); !ok || full.Code != "too_many_purchases" || full.Args[1] != catalog.MaxActive {
		t.Errorf("one more purchase than possible: %v", err)
	}
	if err := s.products.Remove(t.Context(), tenant, id); err != nil || len(s.collection(t, id)) != catalog.MaxActive+1 {
		t.Errorf("a customer that is there: %v, %v is left", err, s.collection(t, id))
	}
	// A product that becomes a subscription: the next one ends them all at once.
	if err := s.products.UpdateProduct(t.Context(), tenant, catalog.Ref{Number: s.product}, catalog.ProductForm{Days: catalog.Sent[*int](nil)}); err != nil {
		t.Fatal(err)
	}
	last := s.sell(t, id, 0)
	if !s.isActive(t, id, last) || s.isActive(t, id, all[0]) {
		t.Error("the new subscription did not end the others")
	}
	if err := s.edit(t.Context(), id, customer.Delete); err != nil {
		t.Fatal(err)
	}
	if err := s.products.Remove(t.Context(), tenant, id); err != nil {
		t.Fatal(err)
	}
	if rest := s.collection(t, id, append(all, last)...); len(rest) > 0 {
		t.Errorf("%v is left", rest)
	}
}

var _ kinds.Tombstones = (*dynamo.Store)(nil)

// Who deletes a customer may not know yet of an identification key that others
// keep the values of. They are removed with the rest.
func TestForgottenIdentsAreSwept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	key := customer.IdentKey{Number: 1, Name: "Key", Attributes: []string{"list"}, State: customer.FieldReady}
	values := make([]any, customer.MaxKeys)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	var ids []customer.ID
	for range 2 {
		made, err := s.customers.Apply(t.Context(), customer.Request{
			Rules: customer.Rules{Tenant: tenant, IdentKeys: customer.IdentKeys{key}}, Create: true,
			Edit: func(c *customer.Customer, _ time.Time) error { c.SetCustom("list", values); return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, made.ID)
	}
	if err := s.edit(t.Context(), ids[0], customer.Delete); err != nil {
		t.Fatal(err)
	}
	if err := s.store.RemoveLeft(t.Context(), tenant, ids[1]); err != nil {
		t.Fatal(err)
	}
	if err := s.keep.Start(t.Context(), s.service); err != nil {
		t.Fatal(err)
	}
	time.Sleep(settled)
	s.drain(t)
	for i, want := range []int{0, len(values)} {
		if left, err := s.store.Idents(t.Context(), tenant, ids[i], key.Number); err != nil || len(left) != want {
			t.Errorf("of customer %d %d values are left, error %v, want %d", i, len(left), err, want)
		}
	}
}
