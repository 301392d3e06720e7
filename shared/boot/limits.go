package boot

import "time"

// The times of a deployed function (design sections 6 and 7).
const (
	// Deadline is how long an API function works on a request. The gateway gives
	// up after 30 seconds, a cold start included.
	Deadline = 25 * time.Second
	// Remember is how long tokens and settings that were read count as true.
	Remember = 10 * time.Second
	// Settle is how long after a declaration every writer knows it: what is
	// remembered, and a request that began with it, are over, with time to spare
	// for the indexes.
	Settle = 40 * time.Second
)
