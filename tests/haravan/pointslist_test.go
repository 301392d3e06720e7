package haravan

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"regulars/tests/client"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// ids are those of the profiles that a list shows, in its order.
func (m member) ids(query string) (ids []string, got client.Answer) {
	m.t.Helper()
	got = m.send(http.MethodGet, "/loy/profiles.json?fields=id&"+query, "")
	profiles, ok := got.Body["profiles"].([]any)
	if !ok {
		m.t.Errorf("list %s = %v", query, got)
	}
	for _, p := range profiles {
		n, _ := p.(map[string]any)["id"].(float64)
		ids = append(ids, strconv.FormatFloat(n, 'f', -1, 64))
	}
	return ids, got
}

// TestProveWalks: a walk by since_id meets each profile that was there from the
// beginning once, while others are made and all of them change. A walk by page
// meets each once while nobody writes, and reads little more than its ids.
func TestProveWalks(t *testing.T) {
	c := newClub(t, nil)
	customers := client.Size(10_000)
	plain := c.template(time.Now)
	var account, first []map[string]types.AttributeValue
	for _, it := range plain {
		if it["sk"].(*types.AttributeValueMemberS).Value == "CUSTOMER" {
			first = append(first, it)
		}
		account = append(account, it)
	}
	c.fill(customers/2, func(int) []map[string]types.AttributeValue { return first })
	c.fill(customers/2-1, func(int) []map[string]types.AttributeValue { return account })
	m := member{t: t, h: c.Server}

	pages, seen := 0, map[string]bool{}
	for page := 1; ; page++ {
		ids, got := m.ids(fmt.Sprintf("page=%d", page))
		for _, id := range ids {
			if seen[id] {
				t.Fatalf("page %d shows %s again", page, id)
			}
			seen[id] = true
		}
		var trips, wrote int
		var read float64
		if _, err := fmt.Sscanf(got.Header.Get("X-Consumed-Capacity"), "rt=%d;r=%f;w=%d", &trips, &read, &wrote); err != nil {
			t.Fatal(err)
		}
		// Half a unit for each 4 KB of keys, of some 110 bytes, and begun in 8
		// shards; for each profile shown half a unit and one for its account.
		if most := float64(page*50)*150/4096/2 + 8*float64(trips)/2 + 50; read > most || trips > 4+page*50/4000 {
			t.Errorf("page %d consumed %s, want r of at most %.0f", page, got.Header.Get("X-Consumed-Capacity"), most)
		}
		if pages++; len(ids) < 50 {
			break
		}
	}
	if len(seen) != customers {
		t.Errorf("a walk by page met %d profiles, want %d", len(seen), customers)
	}

	var stop atomic.Bool
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() { // makes new ones, and changes old ones
			a := client.Altcraft{T: t, Handler: c.Server}
			for n := 0; !stop.Load(); n++ {
				a.Must("import", client.Person(1_000_000*(w+1)+n, nil))
				for id := range seen {
					member{t: t, h: c.Server, id: id}.add(1)
					break
				}
			}
		})
	}
	met := map[string]int{}
	for since := "0"; ; {
		ids, _ := m.ids("since_id=" + since)
		for _, id := range ids {
			met[id]++
			if len(since) > len(id) || len(since) == len(id) && since >= id {
				t.Errorf("%s follows %s", id, since)
			}
			since = id
		}
		if len(ids) < 50 {
			break
		}
	}
	stop.Store(true)
	writers.Wait()
	for id := range seen {
		if met[id] != 1 {
			t.Errorf("a walk by since_id met %s %d times", id, met[id])
		}
	}
	t.Logf("%d pages, %d profiles, %d met by since_id", pages, len(seen), len(met))
}

// TestChangedSince: polling by updated_at_min meets what changed, in whatever hour,
// once.
func TestChangedSince(t *testing.T) {
	c := newClub(t, nil)
	old := c.template(func() time.Time { return time.Now().Add(-50 * time.Hour) })
	var before []map[string]types.AttributeValue
	for _, it := range old {
		// The customer as of two days ago as well.
		hour := time.Now().Add(-50 * time.Hour)
		if it["sk"].(*types.AttributeValueMemberS).Value == "CUSTOMER" {
			it["u"] = &types.AttributeValueMemberN{Value: strconv.FormatInt(hour.UnixMicro(), 10)}
			place := it["gsi2sk"].(*types.AttributeValueMemberS).Value
			it["gsi2sk"] = &types.AttributeValueMemberS{Value: hour.UTC().Format("2006-01-02T15") + place[13:]}
		}
		before = append(before, it)
	}
	c.fill(120, func(int) []map[string]types.AttributeValue { return before })
	m := member{t: t, h: c.Server}
	all, _ := m.ids("limit=50")
	since := time.Now().UTC().Format(time.RFC3339Nano)
	for _, id := range all[10:20] {
		member{t: t, h: c.Server, id: id}.add(1).Done(t)
	}
	ids, _ := m.ids("updated_at_min=" + since)
	if len(ids) != 10 {
		t.Errorf("%d profiles changed since, want 10", len(ids))
	}
	// Two days back, page by page: each once, those that changed since as well.
	seen := map[string]int{}
	from := time.Now().Add(-51 * time.Hour).UTC().Format(time.RFC3339)
	for page := 1; page <= 3; page++ {
		ids, _ := m.ids(fmt.Sprintf("updated_at_min=%s&page=%d", from, page))
		for _, id := range ids {
			seen[id]++
		}
	}
	if len(seen) != 121 {
		t.Errorf("%d profiles changed within two days, want 121", len(seen))
	}
	for id, n := range seen {
		if n != 1 {
			t.Errorf("%s was shown %d times", id, n)
		}
	}
	// What changed since is not among what changed before.
	to := time.Now().Add(-49 * time.Hour).UTC().Format(time.RFC3339)
	counted := 0
	for page := 1; page <= 3; page++ {
		ids, _ := m.ids(fmt.Sprintf("updated_at_min=%s&updated_at_max=%s&page=%d", from, to, page))
		counted += len(ids)
		for _, id := range ids {
			for _, late := range all[10:20] {
				if id == late {
					t.Errorf("%s changed later", id)
				}
			}
		}
	}
	if counted != 110 {
		t.Errorf("%d profiles changed before, want 110", counted)
	}
}
