package altcraft

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/value"
)

// A population is a table of customers that nobody changes. Their ids are 1, 2 and
// so on.
type population struct {
	blank
	customers []customer.Customer
	asked     int // how often it was asked for ids
	// fails, unless nil, is what the nth question for ids ends with.
	fails func(n int) error
}

// populated makes n customers, each of which has a first name that says whether
// its number is even, and a note.
func populated(n int, note string) *population {
	p := &population{customers: make([]customer.Customer, n)}
	for i := range p.customers {
		p.customers[i] = customer.Customer{
			ID: customer.ID(i + 1), Changed: noon, FirstName: []string{"even", "odd"}[(i+1)%2],
			Custom: map[string]any{"note": note, "n": json.Number(fmt.Sprint(i + 1))},
		}
	}
	return p
}

func (p *population) IDs(_ context.Context, _ int, after, upTo customer.ID, limit int) ([]customer.ID, error) {
	p.asked++
	if p.fails != nil {
		if err := p.fails(p.asked); err != nil {
			return nil, err
		}
	}
	var ids []customer.ID
	for id := after + 1; id <= min(upTo, customer.ID(len(p.customers))) && len(ids) < limit; id++ {
		ids = append(ids, id)
	}
	return ids, nil
}

func (p *population) Customers(_ context.Context, _ int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	records := make(map[customer.ID]customer.Record, len(ids))
	for _, id := range ids {
		records[id] = customer.Record{Customer: p.customers[id-1], Rev: customer.Rev{Commit: "c"}}
	}
	return records, nil
}

func (p *population) FirstCustomers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, int, error) {
	records, err := p.Customers(ctx, tenant, ids)
	return records, len(ids), err
}

// list reads the listing of a body and collects a page of it.
func (p *population) list(t *testing.T, ctx context.Context, body string) (profilePage, error) {
	t.Helper()
	c := &call{Call: new(httpapi.Call), body: parse(t, body)}
	asked, err := c.readListing()
	if err != nil {
		t.Fatal(err)
	}
	d := Dialect{customers: customer.NewService(p, func() time.Time { return noon })}
	return d.collect(ctx, c, asked)
}

// numbers are the members n of the profiles.
func numbers(t *testing.T, page profilePage) []int {
	t.Helper()
	var all []int
	for _, text := range page.profiles {
		var shown struct{ N int }
		if err := json.Unmarshal(text, &shown); err != nil {
			t.Fatal(err)
		}
		all = append(all, shown.N)
	}
	return all
}

func upFrom(first, step, n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = first + i*step
	}
	return all
}

// A page ends at each of its bounds, and the next goes on just after it.
func TestPageEnds(t *testing.T) {
	many := populated(5250, "x")
	large := populated(30, strings.Repeat("<", 299_000)) // 13 of them are below 4 MB
	tests := []struct {
		name  string
		of    *population
		body  string
		want  []int
		at    customer.ID
		more  bool
		asked int
	}{
		{"at the default limit", many, `{}`, upFrom(1, 1, 1000), 1000, true, 10},
		{"at a limit within a piece", many, `{"limit": 250}`, upFrom(1, 1, 250), 250, true, 3},
		{"at the end", many, `{"from_id": "000000000000000000001450", "limit": 100}`, upFrom(5201, 1, 50), 5250, false, 1},
		{"at limit and end", many, `{"from_id": "000000000000000000001450", "limit": 50}`, upFrom(5201, 1, 50), 5250, false, 1},
		{"at the limit of those meant", many, `{"limit": 60, "query": {"_fname": "even"}}`, upFrom(2, 2, 60), 121, true, 2},
		{"at the last one meant", many, `{"limit": 25, "query": {"n": {"$gt": 5225}}, "from_id": "000000000000000000001388"}`, upFrom(5226, 1, 25), 5250, false, 3},
		{"at those looked at", many, `{"query": {"n": 5001}}`, nil, 5000, true, 50},
		{"with what was left", many, `{"query": {"n": 5001}, "from_id": "000000000000000000001388"}`, []int{5001}, 5250, false, 3},
		{"at 4 MB", large, `{}`, upFrom(1, 1, 13), 13, true, 1},
		{"at 4 MB, not of what is not shown", large, `{"fields": ["n"]}`, upFrom(1, 1, 30), 30, false, 1},
		{"at the end of nobody", populated(0, ""), `{}`, nil, 0, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.of.asked = 0
			page, err := tt.of.list(t, t.Context(), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if got := numbers(t, page); !slices.Equal(got, tt.want) || page.more != tt.more {
				t.Errorf("%d profiles %.60v, more %t, want %d %.60v, %t", len(got), got, page.more, len(tt.want), tt.want, tt.more)
			}
			if page.at != tt.at {
				t.Errorf("the page ends at %d, want %d", page.at, tt.at)
			}
			if tt.of.asked != tt.asked {
				t.Errorf("asked for ids %d times, want %d", tt.of.asked, tt.asked)
			}
		})
	}
}

// One profile is shown however large it is, or nobody could ever get past it.
func TestPageOfOneLargeProfile(t *testing.T) {
	page, err := populated(3, strings.Repeat("\t", 2_500_000)).list(t, t.Context(), `{}`)
	if got := numbers(t, page); err != nil || !slices.Equal(got, []int{1}) || !page.more || page.at != 1 {
		t.Errorf("page of %v at %d, more %t, error %v, want the first and a next page", got, page.at, page.more, err)
	}
}

// A walk along the pointers meets each profile that is meant once, whatever the
// limit.
func TestPagesJoin(t *testing.T) {
	p := populated(777, "x")
	for _, limit := range []int{1, 7, 99, 100, 101, 500, 777, 778} {
		var met []int
		body := fmt.Sprintf(`{"limit": %d, "query": {"_fname": "odd"}}`, limit)
		for pages := 1; ; pages++ {
			page, err := p.list(t, t.Context(), body)
			if err != nil {
				t.Fatal(err)
			}
			met = append(met, numbers(t, page)...)
			if !page.more {
				break
			}
			if pages > 1000 {
				t.Fatal("the walk has no end")
			}
			body = fmt.Sprintf(`{"limit": %d, "query": {"_fname": "odd"}, "from_id": %q}`, limit, page.at.Hex())
		}
		if want := upFrom(1, 2, 389); !slices.Equal(met, want) {
			t.Errorf("limit %d: met %d profiles, want each of %d once", limit, len(met), len(want))
		}
	}
}

// Where the time runs out, or the table cannot go on, a page ends with what it
// has; without anything it is busy, and a fault is a fault.
func TestPageInAHurry(t *testing.T) {
	stale := fmt.Errorf("throttled: %w", errs.ErrConflict)
	broken := errors.New("broken")
	from := func(first int, err error) func(int) error {
		return func(n int) error {
			if n >= first {
				return err
			}
			return nil
		}
	}
	tests := []struct {
		name  string
		left  time.Duration
		fails func(int) error
		want  int // profiles
		busy  bool
		fault error
	}{
		{name: "little time", left: 9 * time.Second, want: 100},
		{name: "time enough", left: 25 * time.Second, want: 1000},
		{name: "throttled from the start", left: 2 * time.Second, fails: from(1, stale), busy: true},
		{name: "throttled later", left: 11500 * time.Millisecond, fails: from(3, stale), want: 200},
		{name: "broken later", left: 25 * time.Second, fails: from(3, broken), fault: broken},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { // the pauses between attempts take no time
				p := populated(1500, "x")
				p.fails = tt.fails
				ctx, cancel := context.WithTimeout(t.Context(), tt.left)
				defer cancel()
				page, err := p.list(t, ctx, `{}`)
				if _, busy := errs.AsUnavailable(err); busy != tt.busy || !errors.Is(err, tt.fault) && !tt.busy {
					t.Fatalf("error = %v, want busy %t, fault %v", err, tt.busy, tt.fault)
				}
				if n := len(page.profiles); n != tt.want || n > 0 && (!page.more || page.at != customer.ID(n)) {
					t.Errorf("%d profiles up to %d, more %t, want %d and a next page", n, page.at, page.more, tt.want)
				}
			})
		})
	}
}

// FuzzListing: whatever a call of profiles/list holds, it is rejected, or shows
// profiles that are JSON and have an id.
func FuzzListing(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"from_id": "", "limit": 2, "fields": ["_id", "n"], "query": {"_fname": "odd"}}`, `{"from_id": "000000000000000000000002", "query": "{\"n\": {\"$gte\": 2}}"}`,
		`{"fields": "note", "query": {"_id": "000000000000000000000001"}}`, `{"query": {"subscriptions": []}}`, `{"limit": "1", "query": {"$or": [{}]}}`, `{"from_id": 7}`, `{"fields": ["subscriptions", "_xxm", "_segments"], "query": {"_xxm": {"$lt": 5000}}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p := populated(3, "x")
		p.customers[1].Segments = []int64{1}
		c := &call{Call: new(httpapi.Call), body: map[string]any{}}
		if object, err := value.ParseObject(body); err == nil {
			c.body = object
		}
		asked, err := c.readListing()
		if shownToClients(t, err); err != nil {
			return
		}
		d := Dialect{customers: customer.NewService(p, func() time.Time { return noon })}
		page, err := d.collect(t.Context(), c, asked)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range page.profiles {
			var shown struct{ ID string }
			if err := json.Unmarshal(text, &shown); err != nil || len(shown.ID) != 24 {
				t.Fatalf("%s lists %s, error %v, want an id", body, text, err)
			}
		}
	})
}
