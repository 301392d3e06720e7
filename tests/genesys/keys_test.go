package genesys

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// A key over customers that are there is built, chosen, searched by in part, and
// removed; an extension that is deleted leaves nothing in the table.
func TestUCSKeys(t *testing.T) {
	t.Parallel()
	l, table := client.WorkingService(t)
	u := ucs{t: t, h: l}
	var lees []string
	for n := range 30 {
		profile := map[string]any{"LastName": []string{"Lee", "Banner"}[n%2], "FirstName": fmt.Sprint("F", n%5), "Phone": records(2, 10*n)}
		if n%3 == 0 {
			delete(profile, "FirstName")
		}
		if id := u.must("POST", "/profiles", profile).id(); n%2 == 0 {
			lees = append(lees, id)
		}
	}
	slices.Sort(lees)
	u.must("POST", "/metadata/identification-keys", map[string]any{"name": "NameKey", "attributes": []string{"LastName", "FirstName"}})
	if got := u.call("GET", "/profiles?id_key=NameKey&LastName=Lee", nil); got.status != 503 {
		t.Errorf("a search by a key that is being built = %v, want 503", got)
	}
	client.Eventually(t, "NameKey", func() bool { return u.keyState("NameKey") == "ready" })
	ids := func(query string) []string {
		var found []string
		for _, one := range u.must("GET", "/profiles?"+query, nil).list() {
			found = append(found, one["customer_id"].(string))
		}
		return found
	}
	if got := ids("LastName=Lee"); !slices.Equal(got, lees) {
		t.Errorf("by the first attribute = %v, want %v", got, lees)
	}
	if got := ids("id_key=namekey&LastName=Lee&_after=" + lees[3]); !slices.Equal(got, lees[4:]) {
		t.Errorf("behind the fourth = %v, want %v", got, lees[4:])
	}
	if got := ids("LastName=Lee&FirstName=F2"); len(got) != 2 {
		t.Errorf("by both attributes = %v, want two", got)
	}
	if got := ids("LastName=Lee&Phone.PhoneNumber=1"); len(got) != 1 {
		t.Errorf("by the key whose attributes are all there, filtered = %v, want one", got)
	}

	for _, path := range []string{"/metadata/identification-keys/NameKey", "/metadata/identification-keys/PhoneKey", "/metadata/profiles/extensions/Phone"} {
		u.must("DELETE", path, nil)
	}
	client.Eventually(t, "the removal", func() bool {
		return !slices.ContainsFunc(client.Dump(t, table), func(item string) bool {
			return strings.Contains(item, `"EXT#`) || strings.Contains(item, `"IDENT#`)
		})
	})
	client.Eventually(t, "forgetting", func() bool {
		settings, err := l.Registrar.Tenant(t.Context(), devserver.Tenant)
		return err == nil && len(settings.Extensions) == 0 && len(settings.IdentKeys) == 1
	})
}

// TestProveKilledIdentKey: a key is declared over customers that are there, the
// process that builds it is killed again and again while others write, and in the
// end each customer is found by it.
func TestProveKilledIdentKey(t *testing.T) {
	t.Parallel()
	table := dynamotest.Table(t)
	l := client.ServiceOn(t, dynamotest.Client(t), table) // does no jobs
	client.Seed(t, l, table)
	u, alt := ucs{t: t, h: l}, client.Altcraft{T: t, Handler: l}
	customers := client.Size(2000)
	client.Together(8, func(w int) bool {
		for n := w; n < customers; n += 8 {
			u.must("POST", "/profiles", map[string]any{"EmailAddress": client.Email(n), "Phone": []any{map[string]any{"description": fmt.Sprint("line ", n)}}})
		}
		return true
	})
	key := map[string]any{"name": "LineKey", "source": "Phone", "attributes": []string{"description"}, "unique": true}
	u.must("POST", "/metadata/identification-keys", key)
	kills := 0
	for range 10 {
		p := client.Start(t, table)
		for began := time.Now(); time.Since(began) < 300*time.Millisecond+rand.N(3*time.Second) && u.keyState("LineKey") == "building"; {
			alt.Must("update", map[string]any{"email": client.Email(rand.IntN(customers)), "data": map[string]any{"_city": fmt.Sprint(kills)}})
		}
		p.Command.Process.Kill()
		p.Command.Wait()
		if u.keyState("LineKey") != "building" {
			break
		}
		kills++
	}
	// Parts that were killed five times before they got anywhere are parked; to
	// declare the key again is what an operator does about it.
	p := client.Start(t, table)
	if status := declareKey(t, p, key); status != 201 && u.keyState("LineKey") == "building" {
		t.Errorf("declared again = %d, want 201", status)
	}
	client.Eventually(t, "LineKey", func() bool {
		if u.keyState("LineKey") == "ready" {
			return true
		}
		declareKey(t, p, key) // one that was on its last visit is parked only now
		return false
	})
	t.Logf("%d customers, %d kills", customers, kills)
	time.Sleep(1100 * time.Millisecond)
	for n := range customers {
		got := u.must("GET", fmt.Sprintf("/profiles?Phone.description=line%%20%d&EmailAddress=%s&id_key=LineKey", n, client.Email(n)), nil).list()
		if len(got) != 1 {
			t.Errorf("line %d finds %v", n, got)
		}
	}
	if got := u.call("POST", "/profiles", map[string]any{"Phone": []any{map[string]any{"description": "line 1"}}}); got.status != 400 {
		t.Errorf("a value that somebody has = %v, want refused", got)
	}
}

// declareKey declares an identification key at the process, which then does the
// job itself.
func declareKey(t *testing.T, p client.Process, key map[string]any) int {
	t.Helper()
	text, err := json.Marshal(key)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, p.Address+"/metadata/identification-keys", bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.SetBasicAuth("test", devserver.DemoToken)
	response, err := client.HTTP.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
