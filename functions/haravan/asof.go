package haravan

import (
	"slices"
	"time"

	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// asOf is the parameter that names the moment as of which figures are shown.
const asOf = "as_of"

// readAsOf reads it; zero: it is not given.
func (d *Dialect) readAsOf(c *call) (at time.Time, err error) {
	text := c.trimmed(asOf)
	if text == "" {
		return at, nil
	}
	if at, err = instant(asOf, text); err == nil && at.After(d.now()) {
		err = reject("bad_date/future", asOf)
	}
	return at, err
}

// A past profile is what is known of the figures at a moment: what else a profile has
// is not kept as it was.
type pastProfile struct {
	ID    uint64 `json:"id"`
	AsOf  string `json:"as_of"`
	Entry int64  `json:"entry"` // the last one by then, or 0
	figures
	LevelID   int64  `json:"level_id"`
	LevelName string `json:"level_name"`
}

// getPastProfile shows the figures of a profile at a moment.
func (d *Dialect) getPastProfile(c *call, at time.Time) (httpapi.Answer, error) {
	last, err := d.points.AsOf(c.Context(), c.Settings.Tenant, c.id, at)
	if err != nil {
		return httpapi.Answer{}, err
	}
	shown := pastProfile{ID: uint64(c.id), AsOf: stamp(at), Entry: last.Seq, figures: figures(last.Balance)}
	shown.LevelID, shown.LevelName = points.Level(c.Settings.Preferences, last.Balance.Ranking)
	chosen, err := only(shown, c.fields())
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(chosen)
}

// undoneBy are those of the entries that undid one that were there already.
func undoneBy(by []int64, last int64) []int64 {
	return slices.DeleteFunc(slices.Clone(by), func(seq int64) bool { return seq > last })
}
