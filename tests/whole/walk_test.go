package whole_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"regulars/tests/client"
)

// Who walks the customers of a development machine, where the youngest are not withheld,
// meets each of those that are made meanwhile once.
func TestWalkMeetsWhatIsMadeMeanwhile(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 15
	s := client.NewService(t) // a scene's requests are not meant for several at once
	made := make(chan string, writers*each)
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				body := post(t, s, "/api/v1.1/profiles/import", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"email":"w%d-%d@example.com","data":{}}`, w, i))
				var answer struct {
					ID string `json:"profile_id"`
				}
				if err := json.Unmarshal(body, &answer); err != nil {
					t.Error(err)
				}
				made <- answer.ID
			}
		})
	}
	ended := make(chan struct{})
	go func() { group.Wait(); close(made); close(ended) }()

	altcraft, haravan := map[string]int{}, map[int64]int{}
	from, since := "", int64(0)
	for last := false; ; {
		select {
		case <-ended:
			last = true
		default:
		}
		var page struct {
			Data []struct {
				ID string `json:"id"`
			} `json:"data"`
			Next string `json:"next_from_id"`
		}
		if err := json.Unmarshal(post(t, s, "/api/v1.1/profiles/list", fmt.Sprintf(`{"token":"reg_local_demo","db_id":5,"limit":7,"fields":["id"],"from_id":%q}`, from)), &page); err != nil {
			t.Fatal(err)
		}
		for _, p := range page.Data {
			altcraft[p.ID]++
			from = p.ID
		}
		r := httptest.NewRequest(http.MethodGet, fmt.Sprintf("/loy/profiles.json?limit=7&since_id=%d", since), nil)
		r.Header.Set("Authorization", "Bearer reg_local_demo")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var list struct{ Profiles []struct{ ID int64 } }
		if err := json.Unmarshal(w.Body.Bytes(), &list); err != nil {
			t.Fatalf("%d %s: %v", w.Code, w.Body, err)
		}
		for _, p := range list.Profiles {
			haravan[p.ID]++
			since = p.ID
		}
		if last && len(page.Data) == 0 && len(list.Profiles) == 0 {
			break
		}
	}
	for id := range made {
		if altcraft[id] != 1 {
			t.Errorf("Altcraft met %s %d times, want once", id, altcraft[id])
		}
	}
	if len(altcraft) != writers*each || len(haravan) != writers*each {
		t.Errorf("the walks met %d and %d, want %d", len(altcraft), len(haravan), writers*each)
	}
}
