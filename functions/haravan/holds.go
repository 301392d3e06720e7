package haravan

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// A hold as answers show it.
type hold struct {
	ID        int64   `json:"id"`
	Points    int64   `json:"points"`
	State     string  `json:"state"`
	Committed int64   `json:"committed"`
	Reason    string  `json:"reason"`
	RefID     string  `json:"ref_id"`
	Actor     string  `json:"actor"`
	Created   string  `json:"created_at"`
	Expires   string  `json:"expires_at"`
	EndedAt   *string `json:"ended_at"`
	EndedBy   *int64  `json:"ended_by"`
}

// The states of a hold. One whose time is over is expired, also before the entry
// that gives its points back.
const (
	holdOpen      = "open"
	holdCommitted = "committed"
	holdVoided    = "voided"
	holdExpired   = "expired"
)

func newHold(l points.HoldLine, now time.Time) hold {
	h := hold{
		ID: l.Entry.Seq, Points: l.Entry.Change.Held, State: holdOpen, Reason: l.Entry.Reason, RefID: l.Entry.RefID,
		Actor: l.Entry.Actor, Created: stamp(l.Entry.Time), Expires: stamp(l.Entry.Ends),
	}
	if !l.Entry.Ends.After(now) {
		h.State = holdExpired
	}
	if l.End == nil {
		return h
	}
	switch l.End.Kind {
	case points.KindCommit:
		h.State = holdCommitted
	case points.KindVoid:
		h.State = holdVoided
	case points.KindRelease:
		h.State = holdExpired
	}
	h.Committed, h.EndedAt, h.EndedBy = l.End.Spent, optional(stamp(l.End.Time)), &l.End.Entry
	return h
}

// answerHold answers a change of a hold: the hold, and the bare profile after it.
func (d *Dialect) answerHold(c *call) points.HoldAnswer {
	return func(p points.Profile, l points.HoldLine) ([]byte, error) {
		return httpapi.Encode(struct {
			Hold    hold    `json:"hold"`
			Profile profile `json:"profile"`
		}{newHold(l, d.now()), newProfile(p, c.Settings.Preferences).asResource(p)})
	}
}

// makeHold sets points aside.
func (d *Dialect) makeHold(c *call) (httpapi.Answer, error) {
	object, err := c.object("hold", "points", "reason", "ref_id", "expires_in", "expires_at")
	if err != nil {
		return httpapi.Answer{}, err
	}
	h, err := readHold(object)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{h.Points, h.Reason, h.RefID, h.For, h.Until}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Hold(ctx, r, h, d.answerHold(c))
	})
}

func readHold(object map[string]any) (h points.NewHold, err error) {
	if h.Points, err = amount(object, "points", 1); err != nil {
		return h, err
	}
	if h.Reason, err = text(object, "reason", maxText, false); err != nil {
		return h, err
	}
	if h.RefID, err = text(object, "ref_id", maxText, true); err != nil {
		return h, err
	}
	seconds, inGiven, err := whole(object, "expires_in", 1)
	if err != nil {
		return h, err
	}
	until, err := text(object, "expires_at", maxText, false)
	switch {
	case err != nil:
		return h, err
	case until != "" && inGiven:
		return h, reject("one_of_two", "expires_at", "expires_in")
	case until != "":
		h.Until, err = instant("expires_at", until)
		return h, err
	}
	h.For = time.Duration(min(seconds, maxSeconds)) * time.Second
	return h, nil
}

// maxSeconds is more than any bound on a number of seconds, and fits a
// [time.Duration].
const maxSeconds = 9_000_000_000

// commitHold spends the points of a hold, or a part of them.
func (d *Dialect) commitHold(c *call) (httpapi.Answer, error) {
	number, object, err := c.holdCall("commit", "points", "reason")
	if err != nil {
		return httpapi.Answer{}, err
	}
	n, _, err := whole(object, "points", 1)
	if err != nil {
		return httpapi.Answer{}, err
	}
	reason, err := text(object, "reason", maxText, false)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{number, n, reason}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.CommitHold(ctx, r, number, n, reason, d.answerHold(c))
	})
}

// voidHold gives the points of a hold back.
func (d *Dialect) voidHold(c *call) (httpapi.Answer, error) {
	number, object, err := c.holdCall("void", "reason")
	if err != nil {
		return httpapi.Answer{}, err
	}
	reason, err := text(object, "reason", maxText, false)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{number, reason}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.VoidHold(ctx, r, number, reason, d.answerHold(c))
	})
}

// holdCall reads the number of the hold and the object of the body.
func (c *call) holdCall(name string, known ...string) (number int64, object map[string]any, err error) {
	n, err := c.number("hold")
	if err != nil {
		return 0, nil, err
	}
	object, err = c.object(name, known...)
	return int64(min(n, points.Max)), object, err
}

// listHolds lists the open holds of a profile, or those that ended, page by page.
func (d *Dialect) listHolds(c *call) (httpapi.Answer, error) {
	period, err := c.pageOfLines()
	if err != nil {
		return httpapi.Answer{}, err
	}
	var lines []points.HoldLine
	next := int64(0)
	switch state := c.trimmed("state"); state {
	case "", holdOpen:
		lines, err = d.points.OpenHolds(c.Context(), c.Settings.Tenant, c.id)
	case "ended":
		lines, next, err = d.points.EndedHolds(c.Context(), c.Settings.Tenant, c.id, period.Below, period.Limit)
	default:
		err = reject("not_one_of", "state", "open, ended")
	}
	if err != nil {
		return httpapi.Answer{}, err
	}
	holds := []hold{}
	for _, l := range lines {
		holds = append(holds, newHold(l, d.now()))
	}
	answer := struct {
		Holds []hold  `json:"holds"`
		Next  *string `json:"next"`
	}{Holds: holds}
	if next > 0 {
		answer.Next = optional(strconv.FormatInt(next, 10))
	}
	return httpapi.JSON(http.StatusOK, answer)
}

// getHold shows one hold.
func (d *Dialect) getHold(c *call) (httpapi.Answer, error) {
	number, err := c.number("hold")
	if err != nil {
		return httpapi.Answer{}, err
	}
	line, err := d.points.OneHold(c.Context(), c.Settings.Tenant, c.id, int64(min(number, points.Max)))
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"hold": newHold(line, d.now())})
}
