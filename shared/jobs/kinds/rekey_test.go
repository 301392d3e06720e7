package kinds_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/jobs"
)

// written is the n-th customer as the version before canonical forms wrote it, with
// the values of its keys then. Every twentieth has a neighbour with the same address
// in another composition, and another one's number with a trunk zero.
func written(n int, field customer.MatchField) (c customer.Customer, former map[customer.Key]customer.Roles) {
	email, formerEmail := fmt.Sprintf("P%d@example.com", n), fmt.Sprintf("p%d@example.com", n)
	switch n % 20 {
	case 0: // decomposed; n+1 has it composed
		email = fmt.Sprintf("jose\u0301%d@example.com", n)
		formerEmail = email
	case 1:
		email = fmt.Sprintf("jos\u00e9%d@example.com", n-1)
		formerEmail = email
	case 2:
		email = fmt.Sprintf("Re\u0301ne%d@m\u00fcnchen-shop.example", n)
		formerEmail = fmt.Sprintf("re\u0301ne%d@m\u00fcnchen-shop.example", n)
	case 3:
		email = fmt.Sprintf("nora\u200b%d@example.com", n)
		formerEmail = email
	}
	phone := fmt.Sprintf("+84909%06d", n)
	if n%3 == 0 {
		phone = fmt.Sprintf("+840909%06d", n)
	}
	if n%20 == 5 { // the number of n-1, which may have it in another form
		phone = fmt.Sprintf("+84909%06d", n-1)
	}
	id := fmt.Sprintf(" %d\u200b", n)
	c = customer.Customer{
		ID: customer.NewID(time.Now(), mathrand.Uint64()), Emails: []string{email}, Phones: []string{phone},
		Custom: map[string]any{"CRM_ID": id}, Changed: time.Now().UTC().Truncate(time.Microsecond),
	}
	return c, map[customer.Key]customer.Roles{
		{Kind: customer.KindEmail, Value: formerEmail}: customer.Primary,
		{Kind: customer.KindPhone, Value: phone}:       customer.Secondary,
		{Kind: field.Kind(), Value: id}:                customer.InCustom,
	}
}

// TestProveRekey: customers whose keys are those of the version before are found by
// every spelling afterwards, who has the same value as another is named once, and
// values that would be rejected are; however often the job is killed.
func TestProveRekey(t *testing.T) {
	t.Parallel()
	n := 100
	if os.Getenv("PROVE") != "" {
		n = 10_000
	}
	w := newWorld(t)
	field := w.declare(t, "CRM_ID", customer.OfCustomer, false)
	if err := w.registrar.MatchFieldReady(t.Context(), tenant, field.Number); err != nil {
		t.Fatal(err)
	}
	w.learn(t)
	if _, err := w.registrar.ChangeSettings(t.Context(), tenant, map[string]any{"country": "84"}); err != nil {
		t.Fatal(err)
	}
	all := make([]customer.Customer, n)
	var writers errgroup.Group
	writers.SetLimit(8)
	for i := range all {
		writers.Go(func() error {
			c, former := written(i, field)
			all[i] = c
			commit := customer.Commit{ID: rand.Text(), Tenant: tenant, Before: customer.Record{Customer: customer.Customer{ID: c.ID}}, After: c}
			var keys []customer.Key
			for key := range former {
				keys = append(keys, key)
			}
			for { // those who share a phone write its key together
				loaded, err := w.store.Keys(t.Context(), tenant, keys)
				if err != nil {
					return err
				}
				commit.Keys = nil
				for key, roles := range former {
					commit.Keys = append(commit.Keys, customer.KeyChange{Key: key, Before: loaded[key], After: loaded[key].With(c.ID, roles)})
				}
				if err = w.store.Commit(t.Context(), commit); err == nil {
					return nil
				}
			}
		})
	}
	if err := writers.Wait(); err != nil {
		t.Fatal(err)
	}
	job, kills := w.rekeyKilled(t)
	want := 0
	for i := range all {
		want += w.checkRekeyed(t, all, i, field)
	}
	if got := w.show(t, job); got.State != jobs.Done || got.Seen != n || got.Found != want || len(got.Findings) != min(want, len(got.Findings)) {
		t.Errorf("job = %+v, want %d customers seen and %d findings", got, n, want)
	}
	t.Logf("%d customers, %d kills, %d findings", n, kills, want)
}

// rekeyKilled runs the job to its end while its worker is killed at random.
func (w *world) rekeyKilled(t *testing.T) (job jobs.Job, kills int) {
	t.Helper()
	for range 50 {
		var err error
		if job, err = w.service.StartRekey(t.Context(), tenant); err != nil {
			t.Fatal(err)
		}
		for {
			ref, ok := w.queue.take()
			if !ok {
				break
			}
			again := true
			w.transport.arm(1 + mathrand.Int64N(800))
			alive := survived(func() {
				outcome, err := w.worker.Process(t.Context(), ref)
				if err != nil && !errors.Is(err, jobs.ErrDeadLettered) {
					t.Error(err)
				}
				again = outcome.Retry
				if outcome.After <= settled {
					time.Sleep(outcome.After)
				}
			})
			w.transport.arm(0)
			if !alive {
				kills++
			}
			if again {
				w.queue.Send(t.Context(), []jobs.Ref{ref}, 0)
			}
		}
		if w.show(t, job).State == jobs.Done {
			return job, kills
		}
	}
	t.Fatalf("the job is %+v after %d kills", w.show(t, job), kills)
	return job, kills
}

// checkRekeyed demands that the i-th customer is found by all it has, in every
// spelling, and returns how many findings there must be of it.
func (w *world) checkRekeyed(t *testing.T, all []customer.Customer, i int, field customer.MatchField) (findings int) {
	t.Helper()
	owner := all[i].ID // of the address
	var spellings []string
	switch i % 20 {
	case 0:
		if i+1 < len(all) {
			findings, owner = 1, all[i+1].ID
		}
		spellings = []string{fmt.Sprintf("jose\u0301%d@example.com", i), fmt.Sprintf("JOS\u00c9%d@EXAMPLE.com", i)}
	case 1:
		spellings = []string{fmt.Sprintf("jose\u0301%d@example.com", i-1)}
	case 2:
		spellings = []string{fmt.Sprintf("r\u00e9ne%d@xn--mnchen-shop-thb.example", i), fmt.Sprintf("RE\u0301NE%d@M\u00dcNCHEN-SHOP\u3002example", i)}
	case 3:
		findings = 1
		spellings = []string{fmt.Sprintf("nora\u200b%d@example.com", i)}
	default:
		spellings = []string{fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("P%d@Example.com", i)}
	}
	if i%20 == 4 && i%3 == 0 && i+1 < len(all) {
		findings++
	}
	for _, spelling := range spellings {
		w.leadsTo(t, customer.EmailKey(spelling), owner)
	}
	w.leadsTo(t, customer.Key{Kind: field.Kind(), Value: strconv.Itoa(i)}, all[i].ID)
	phone := i
	if i%20 == 5 {
		phone = i - 1
	}
	number, err := customer.ParsePhone("phone", fmt.Sprintf("0909 %06d", phone), "84")
	if err != nil {
		t.Fatal(err)
	}
	w.leadsTo(t, customer.PhoneKey(number), all[i].ID)
	return findings
}

// leadsTo demands that the key names the customer, and that this holds it.
func (w *world) leadsTo(t *testing.T, key customer.Key, id customer.ID) {
	t.Helper()
	loaded, err := w.store.Keys(t.Context(), tenant, []customer.Key{key})
	if err != nil {
		t.Fatal(err)
	}
	records, err := w.store.Customers(t.Context(), tenant, []customer.ID{id})
	if err != nil {
		t.Fatal(err)
	}
	if loaded[key].Roles[id] == 0 || records[id].Keys(*w.fields.Load())[key] == 0 {
		t.Errorf("%v leads to %v, want %d", key, loaded[key].Roles, id)
	}
}
