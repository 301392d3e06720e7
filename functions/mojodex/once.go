package mojodex

import (
	"maps"
	"net/http"

	"regulars/shared/catalog"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
)

// once carries out what do does, once for each Idempotency-Key, and answers with the
// numbers that it returned first. The reference has no such header; who sends none is
// answered as there.
func (d Dialect) once(c *call, do func(*catalog.Service) ([]int, error), answer func(numbers []int) (httpapi.Answer, error)) (httpapi.Answer, error) {
	numbers, replayed, err := d.catalog.Once(c.Context(), c.Settings.Tenant, c.key, do)
	if err != nil {
		return httpapi.Answer{}, err
	}
	a, err := answer(numbers)
	if replayed && err == nil {
		a.Set("Idempotency-Hit", "true")
	}
	return a, err
}

// keyOf reads the Idempotency-Key. What is compared of a request is its method, its
// path, its query and its body, without the time at which it was sent. A key is none of
// another dialect's, for no client's has a line break in it.
func (c *call) keyOf() (*idempotency.Key, error) {
	key, sent, err := idempotency.Parse(c.Header.Values(idempotency.Header), idempotency.PrintableASCII)
	if err != nil || !sent || c.Method == http.MethodGet {
		return nil, err
	}
	meaning := maps.Clone(c.body)
	delete(meaning, "datetime")
	fingerprint, err := idempotency.Fingerprint(c.Method+" "+c.URL.Path+"?"+c.URL.RawQuery+"\n", meaning)
	return &idempotency.Key{Value: "mojodex\n" + key, Fingerprint: fingerprint}, err
}
