package boot

import "time"

// The times of a deployed function (docs/design.md).
const (
	// Deadline is how long an API function works on a request. The gateway gives
	// up after 30 seconds, a cold start included.
	Deadline = 25 * time.Second
	// Remember is how long tokens and settings that were read count as true.
	Remember = 10 * time.Second
	// patience is for how long a request waits for a table that only throttles, where
	// nothing else is set.
	patience = 5 * time.Second
)
