package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal"
)

// How many customers are searched among.
const few, many = 10, 10_000

var identifyName = fmt.Sprintf("identify among %d, and among %d", many, few)

// identify compares a search with extensions among many customers with the same
// among few: it must not matter how many there are.
func identify(ctx context.Context, out io.Writer, root, endpoint string) error {
	const demanded = 1 / 1.2
	definition, err := dynamolocal.Definition(filepath.Join(root, "template.yaml"))
	if err != nil {
		return err
	}
	db := dynamolocal.Client(endpoint)
	among := func(customers int) (way, error) {
		table := fmt.Sprintf("bench-%d-%d", customers, time.Now().UnixNano())
		if err := dynamolocal.Create(ctx, db, table, definition); err != nil {
			return nil, err
		}
		l := newService(db, table)
		if err := l.Seed(ctx); err != nil {
			return nil, err
		}
		fill(ctx, l, customers)
		n := 0
		return func() {
			n++
			ucs(ctx, l, http.MethodGet, fmt.Sprintf("/profiles?Phone.PhoneNumber=%d&extensions=Phone&include_profile=yes", n%few), "")
		}, nil
	}
	fewOnes, err := among(few)
	if err != nil {
		return err
	}
	manyOnes, err := among(many)
	if err != nil {
		return err
	}
	report(out, identifyName+", "+onLocal, compare(manyOnes, fewOnes, blocks, blockOf), demanded)
	return nil
}

// fill makes customers, side by side.
func fill(ctx context.Context, l *devserver.Server, customers int) {
	const writers = 16
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for n := w; n < customers; n += writers {
				ucs(ctx, l, http.MethodPost, "/profiles", fmt.Sprintf(
					`{"FirstName": "Bruce", "EmailAddress": %q, "Phone": [{"prefix": "+33", "PhoneNumber": "%d"}]}`, email(n), n))
			}
		})
	}
	group.Wait()
}

// ucs sends a request of the Genesys dialect, and ends the program where it fails.
func ucs(ctx context.Context, h http.Handler, method, path, body string) {
	r, err := http.NewRequestWithContext(ctx, method, path, strings.NewReader(body))
	check(err)
	r.SetBasicAuth("bench", devserver.DemoToken)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices || !strings.Contains(w.Body.String(), "customer_id") {
		log.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
}
