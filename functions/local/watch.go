package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"time"
)

const (
	// watchEvery is the pause between two looks at the database.
	watchEvery = time.Second
	// failuresInARow are how many looks must fail: one may be a connection too many.
	failuresInARow = 3
)

// watch returns an error once nobody listens at the database's endpoint any more, or nil
// when ctx is done. A database that is slow is there.
func watch(ctx context.Context, endpoint string, every time.Duration) error {
	address, err := url.Parse(endpoint)
	if err != nil {
		return fmt.Errorf("DYNAMODB_ENDPOINT: %w", err)
	}
	for failures := 0; ; {
		connection, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", address.Host)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			failures = 0
			_ = connection.Close()
		default:
			if failures++; failures == failuresInARow {
				return fmt.Errorf("the database at %s is gone: %w", endpoint, err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(every):
		}
	}
}
