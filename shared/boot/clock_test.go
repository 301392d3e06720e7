package boot

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// A clock that is wrong goes by the table's; one that is about right goes by itself.
func TestClock(t *testing.T) {
	tests := []struct {
		name string
		off  time.Duration // what the table's clock is behind this machine's
		want time.Duration
	}{
		{"right", 0, 0},
		{"a moment ahead", 2 * time.Second, 0},
		{"ten minutes ahead", 600 * time.Second, 600 * time.Second},
		{"an hour behind", -time.Hour, -time.Hour},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Date", time.Now().Add(-tt.off).UTC().Format(http.TimeFormat))
			}))
			defer server.Close()
			clock := new(Clock)
			client := clock.observe(http.DefaultClient)
			for range 3 {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, nil)
				if err != nil {
					t.Fatal(err)
				}
				response, err := client.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				response.Body.Close()
				if got := time.Since(clock.Now()) - tt.want; got.Abs() > jitter {
					t.Errorf("the clock is corrected by %v, want %v", time.Since(clock.Now()), tt.want)
				}
			}
		})
	}
}

// An answer without a Date, or with one that is none, changes nothing; and one that is
// right again ends the correction.
func TestClockIsSetByDatesAlone(t *testing.T) {
	clock, now := new(Clock), time.Now()
	date := func(behind time.Duration) string { return now.Add(-behind).UTC().Format(http.TimeFormat) }
	clock.set(now, date(time.Hour))
	for _, wrong := range []string{"", "yesterday"} {
		clock.set(now, wrong)
	}
	if got := time.Since(clock.Now()); got < time.Hour-jitter {
		t.Errorf("the clock is corrected by %v, want an hour", got)
	}
	clock.set(now, date(0))
	if got := time.Since(clock.Now()); got > jitter {
		t.Errorf("the clock is corrected by %v, want nothing", got)
	}
}
