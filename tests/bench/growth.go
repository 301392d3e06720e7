package main

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"

	"regulars/functions/local/devserver"
)

// growth compares operations among many customers with the same among few: it must
// not matter how many there are.
func (b *bench) growth(t tables) error {
	const few = 10
	const demanded = 1 / 1.2
	name := fmt.Sprintf("among %d beside among %d, %s", b.many, few, onLocal)
	if !slices.ContainsFunc(growing, func(g grown) bool { return b.only.MatchString(g.name + ", " + name) }) {
		return nil
	}
	fmt.Fprintf(b.status, "... %d customers\r", b.many)
	among := func(customers int) (subject, error) {
		s, err := t.subject()
		if err == nil {
			fill(s, customers)
		}
		return s, err
	}
	fewOnes, err := among(few)
	if err != nil {
		return err
	}
	manyOnes, err := among(b.many)
	if err != nil {
		return err
	}
	for _, g := range growing {
		if what := g.name + ", " + name; b.only.MatchString(what) {
			b.compare(what, g.way(manyOnes), g.way(fewOnes), demanded)
		}
	}
	return nil
}

// A grown operation is measured among few and among many.
type grown struct {
	name string
	way  func(subject) way
}

var growing = []grown{
	{"get", func(s subject) way { return func() { s.call("get", getBody()) } }},
	{"import, updates", func(s subject) way {
		n := 0
		return func() { n++; s.call("import", importBody(0, "Town "+strconv.Itoa(n))) }
	}},
	{"points add", func(s subject) way {
		id := s.known()
		return func() { s.point(id, "add") }
	}},
	{"identify with extensions", func(s subject) way {
		return func() {
			ucs(s, http.MethodGet, "/profiles?Phone.PhoneNumber=0&extensions=Phone&include_profile=yes", "")
		}
	}},
}

// fill makes customers, side by side.
func fill(s subject, customers int) {
	const writers = 16
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := w; n < customers; n += writers {
				ucs(s, http.MethodPost, "/profiles", fmt.Sprintf(
					`{"FirstName": "Bruce", "EmailAddress": %q, "Phone": [{"prefix": "+33", "PhoneNumber": "%d"}]}`, email(n), n))
			}
		})
	}
	group.Wait()
}

// ucs sends a request of the Genesys dialect, and ends the program where it fails.
func ucs(s subject, method, path, body string) {
	r, err := http.NewRequestWithContext(s.ctx, method, path, strings.NewReader(body))
	check(err)
	r.SetBasicAuth("bench", devserver.DemoToken)
	w := httptest.NewRecorder()
	s.h.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices || !strings.Contains(w.Body.String(), "customer_id") {
		log.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}
