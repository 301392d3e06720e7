package haravan

import (
	"net/http"
	"strconv"

	"regulars/shared/httpapi"
	"regulars/shared/points"
)

const (
	// scheduleDays is how many days a schedule shows by default, and maxScheduleDays how
	// many at most: as far as points may expire.
	scheduleDays    = 365
	maxScheduleDays = 3_660
)

// What happens to points on a day of a schedule, or after its last one.
type happening struct {
	Date     string `json:"date,omitempty"`
	Expires  int64  `json:"expires"`
	Usable   int64  `json:"usable"`
	HoldEnds int64  `json:"hold_ends"`
}

func newHappening(d points.DayOf) happening {
	h := happening{Expires: d.Expires, Usable: d.Usable, HoldEnds: d.HoldEnds}
	if d.Day != 0 {
		h.Date = date(d.Day)
	}
	return h
}

// getSchedule shows what becomes of the points of a profile, day by day.
func (d *Dialect) getSchedule(c *call) (httpapi.Answer, error) {
	days, err := c.daysOf("days", scheduleDays)
	if err != nil {
		return httpapi.Answer{}, err
	}
	s, err := d.points.Schedule(c.Context(), c.Settings.Tenant, c.id, c.Settings.Preferences, days)
	if err != nil {
		return httpapi.Answer{}, err
	}
	all := []happening{}
	for _, day := range s.Days {
		all = append(all, newHappening(day))
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"schedule": struct {
		At        string      `json:"at"`
		Available int64       `json:"point_available"`
		Incoming  int64       `json:"point_incoming"`
		Held      int64       `json:"point_held"`
		Days      []happening `json:"days"`
		Later     happening   `json:"later"`
		Never     int64       `json:"never_expires"`
	}{stamp(s.At), s.Account.Available, s.Account.Incoming, s.Account.Held, all, newHappening(s.Later), s.Never}})
}

// daysOf reads a number of days from 1 to maxScheduleDays; none is the default.
func (c *call) daysOf(name string, otherwise int) (int, error) {
	text := c.trimmed(name)
	if text == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxScheduleDays {
		return 0, reject("bad_days", name, maxScheduleDays)
	}
	return n, nil
}
