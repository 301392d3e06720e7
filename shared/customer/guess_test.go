package customer

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// A customer that was read with the keys counts only where these name it alone, and it
// holds what they say.
func TestProves(t *testing.T) {
	ada := Customer{ID: adaID, Emails: []string{"ada@x.com"}, Phones: []string{"+1111111"}}
	gone := Customer{ID: adaID, Deleted: true}
	away := Customer{ID: adaID, Emails: []string{"countess@x.com"}}
	skis := Customer{ID: adaID, Emails: []string{"ada@x.com"}, Custom: map[string]any{"interests": "ski"}}
	hers := map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary})}
	for _, test := range []struct {
		name    string
		search  Search
		guessed Customer
		keys    map[Key]KeyRecord
		want    bool
	}{
		{"hers", anyOf(Profile, wanted), ada, hers, true},
		{"of hers and another that nobody holds", anyOf(Profile, wanted, EmailKey("no@x.com")), ada,
			map[Key]KeyRecord{wanted: hers[wanted], EmailKey("no@x.com"): {}}, true},
		{"not there", anyOf(Profile, wanted), Customer{}, hers, false},
		{"deleted", anyOf(Profile, wanted), gone, hers, false},
		{"given away", anyOf(Profile, wanted), away, hers, false},
		{"nobody's", anyOf(Profile, wanted), ada, map[Key]KeyRecord{wanted: {}}, false},
		{"another's", anyOf(Profile, wanted), ada, map[Key]KeyRecord{wanted: named(map[ID]Roles{eveID: Primary})}, false},
		{"in another role", anyOf(InSubscription, wanted), ada, hers, false},
		{"shared", anyOf(Profile, other), ada, map[Key]KeyRecord{other: named(map[ID]Roles{adaID: Secondary, eveID: Secondary})}, false},
		{"overflowed", anyOf(Profile, other), ada, map[Key]KeyRecord{other: overflowedKey()}, false},
		{"of a match field", anyOf(InCustom, ski), skis, map[Key]KeyRecord{ski: named(map[ID]Roles{adaID: InCustom})}, true},
		{"of a match field, left over", anyOf(InCustom, tea), skis, map[Key]KeyRecord{tea: named(map[ID]Roles{adaID: InCustom})}, false},
		{"hers, and a match field's that is left over", anyOf(Profile|InCustom, wanted, tea), skis,
			map[Key]KeyRecord{wanted: hers[wanted], tea: named(map[ID]Roles{adaID: InCustom})}, false},
	} {
		guessed := Record{Customer: test.guessed}
		if guessed.ID != 0 {
			guessed.Rev = rev
		}
		if got := test.search.proves(guessed, hobbies, test.keys); got != test.want {
			t.Errorf("%s: proves = %t, want %t", test.name, got, test.want)
		}
	}
}

// What is remembered is bounded, and who was asked for lately stays. A tenant's owners
// are not another's, nor those in one role others' in another.
func TestOwnersRemembered(t *testing.T) {
	o := NewService(nil, time.Now).WithOwners(nil).owners
	search := func(n int) Search { return anyOf(Profile, EmailKey(strconv.Itoa(n)+"@x.com")) }
	for n := range 3 * ownersRemembered {
		o.remember(5, search(n), ID(n+1))
		if size := len(o.recent) + len(o.former); size > ownersRemembered || o.guess(5, search(0)) != 1 {
			t.Fatalf("of %d owners %d are remembered; the first, asked for each time, is %d", n+1, size, o.guess(5, search(0)))
		}
	}
	last := 3 * ownersRemembered
	for _, test := range []struct {
		name   string
		tenant int
		search Search
		want   ID
	}{
		{"the last", 5, search(last - 1), ID(last)},
		{"one of long ago", 5, search(1), 0},
		{"of another tenant", 6, search(last - 1), 0},
		{"in another role", 5, anyOf(InSubscription, search(last - 1).Any[0].Key), 0},
	} {
		if id := o.guess(test.tenant, test.search); id != test.want {
			t.Errorf("%s: guess = %d, want %d", test.name, id, test.want)
		}
	}
	o.remember(5, search(last-1), 0)
	if id := o.guess(5, search(last-1)); id != 0 {
		t.Errorf("who was forgotten is guessed: %d", id)
	}
}

// BenchmarkGuessed says which share of searches by a match key is read in one round trip.
// Customers are asked for by Zipf's law, by instances that get the requests in turn and
// live for 20,000 of them each.
func BenchmarkGuessed(b *testing.B) {
	for _, customers := range []uint64{1_000, 100_000, 10_000_000} {
		for _, instances := range []int{1, 10, 100} {
			b.Run(fmt.Sprintf("%d customers, %d instances", customers, instances), func(b *testing.B) {
				asked := rand.NewZipf(rand.New(rand.NewPCG(1, 2)), 1.01, 1, customers-1)
				services := make([]*Service, instances)
				for i := range services {
					services[i] = NewService(nil, time.Now).WithOwners(nil)
				}
				guessed, requests := 0, 0
				for b.Loop() {
					o := services[requests%instances].owners
					if requests/instances%20_000 == 0 {
						o.recent, o.former = nil, nil
					}
					id := ID(asked.Uint64() + 1)
					search := anyOf(Profile, EmailKey(id.Hex()+"@example.com"))
					if o.guess(5, search) == id {
						guessed++
					} else {
						o.remember(5, search, id)
					}
					requests++
				}
				b.ReportMetric(100*float64(guessed)/float64(requests), "%guessed")
			})
		}
	}
}
