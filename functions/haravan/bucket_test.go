package haravan

import (
	"net/http"
	"testing"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// The bucket holds 80 and leaks 4 a second (Haravan 3.5).
func TestBucketLeaks(t *testing.T) {
	b, limit := newBuckets(), access.RateLimit{Size: 80, Leak: 4}
	now := noon
	pass := func(tenant int) (http.Header, error) {
		header := http.Header{}
		err := b.pass(header, tenant, limit, now)
		return header, err
	}
	for range 79 {
		if _, err := pass(1); err != nil {
			t.Fatal(err)
		}
	}
	if header, err := pass(1); err != nil || header.Get("X-Haravan-Api-Call-Limit") != "80/80" || header.Get("Retry-After") != "" {
		t.Errorf("the 80th request = %v, %v", header, err)
	}
	header, err := pass(1)
	clientErr, rejected := errs.AsClient(err)
	if !rejected || statusFor(clientErr) != http.StatusTooManyRequests || header.Get("X-Haravan-Api-Call-Limit") != "80/80" || header.Get("Retry-After") != "1.0" {
		t.Errorf("the 81st request = %v, %v, want 429", header, err)
	}
	if header, err := pass(2); err != nil || header.Get("X-Haravan-Api-Call-Limit") != "1/80" {
		t.Errorf("the first request of another shop = %v, %v", header, err)
	}
	now = now.Add(10 * time.Second)
	if header, err := pass(1); err != nil || header.Get("X-Haravan-Api-Call-Limit") != "41/80" {
		t.Errorf("after ten seconds = %v, %v, want 41/80", header, err)
	}
	now = now.Add(-time.Hour) // a clock that was set back leaks nothing
	if header, err := pass(1); err != nil || header.Get("X-Haravan-Api-Call-Limit") != "42/80" {
		t.Errorf("an hour before = %v, %v, want 42/80", header, err)
	}
	now = now.Add(24 * time.Hour)
	if header, err := pass(1); err != nil || header.Get("X-Haravan-Api-Call-Limit") != "1/80" {
		t.Errorf("the next day = %v, %v, want 1/80", header, err)
	}
}

// A slow leak makes one wait longer, and no size at all is no limit.
func TestBucketOfOne(t *testing.T) {
	b := newBuckets()
	header := http.Header{}
	for range 3 {
		header = http.Header{}
		_ = b.pass(header, 1, access.RateLimit{Size: 1, Leak: 1}, noon)
	}
	if header.Get("Retry-After") != "1.0" {
		t.Errorf("Retry-After = %q, want 1.0", header.Get("Retry-After"))
	}
	header = http.Header{}
	if err := b.pass(header, 1, access.RateLimit{Leak: 1}, noon); err != nil || len(header) != 0 {
		t.Errorf("without a limit = %v, %v", header, err)
	}
}

func TestBucketsAreBounded(t *testing.T) {
	b := newBuckets()
	for tenant := range maxBuckets + 2 {
		if err := b.pass(http.Header{}, tenant, access.RateLimit{Size: 1, Leak: 1}, noon); err != nil {
			t.Fatal(err)
		}
	}
	if len(b.of) > maxBuckets {
		t.Errorf("%d buckets, want at most %d", len(b.of), maxBuckets)
	}
}
