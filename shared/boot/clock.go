package boot

import (
	"net/http"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	// tolerance is how far the clock of this machine may be from the table's: less than
	// lists withhold the youngest customers for.
	tolerance = 3 * time.Second
	// jitter is how far two measurements may be apart that say the same: a Date has whole
	// seconds, and answers take their time.
	jitter = 2 * time.Second
)

// A Clock tells the time. Where the clock of this machine is wrong it goes by that of the
// table, which says the time in each answer: an id that lies ahead would be withheld from
// lists, and a token would end too early. The zero Clock has seen no answer yet.
type Clock struct {
	ahead atomic.Int64 // of this machine's clock, in nanoseconds
}

// Now is [time.Now], corrected.
func (c *Clock) Now() time.Time {
	now := time.Now()
	if ahead := c.ahead.Load(); ahead != 0 {
		return now.Add(-time.Duration(ahead))
	}
	return now
}

// observe returns a client by whose answers the clock is set.
func (c *Clock) observe(client aws.HTTPClient) aws.HTTPClient { return observed{client, c} }

type observed struct {
	aws.HTTPClient
	clock *Clock
}

// Do implements [aws.HTTPClient].
func (o observed) Do(r *http.Request) (*http.Response, error) {
	sent := time.Now()
	response, err := o.HTTPClient.Do(r)
	if err == nil {
		o.clock.set(sent.Add(time.Since(sent)/2), response.Header.Get("Date"))
	}
	return response, err
}

// set learns that the table said date at a time of this machine's clock.
func (c *Clock) set(local time.Time, date string) {
	said, err := http.ParseTime(date)
	if err != nil {
		return
	}
	ahead := local.Round(0).Sub(said.Add(time.Second / 2)) // it is cut to the second
	if ahead.Abs() <= tolerance {
		ahead = 0
	}
	if before := time.Duration(c.ahead.Load()); (ahead - before).Abs() > jitter {
		c.ahead.Store(int64(ahead))
	}
}
