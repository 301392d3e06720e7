package haravan

import (
	"context"

	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// ofPoint are the members of a point that is subtracted, ofGrant those of one that is
// added: with the terms of its points.
var (
	ofPoint = []string{"value", "reason", "ref_id"}
	ofGrant = []string{"value", "reason", "ref_id", "campaign", "usable_at", "expires_at"}
)

// addPoints is P5.
func (d *Dialect) addPoints(c *call) (httpapi.Answer, error) {
	point, err := c.object("point", ofGrant...)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var g points.Grant
	if g.Points, g.Reason, g.RefID, err = readPoint(point); err != nil {
		return httpapi.Answer{}, err
	}
	if g.Terms, err = readTerms(point); err != nil {
		return httpapi.Answer{}, err
	}
	meaning := []any{g.Points, g.Reason, g.RefID}
	if g.Terms != (points.Terms{}) { // one without terms compares as ever
		meaning = append(meaning, g.Terms)
	}
	return c.change(d.points, meaning, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Grant(ctx, r, g)
	})
}

func readTerms(point map[string]any) (t points.Terms, err error) {
	if t.Campaign, err = text(point, "campaign", maxText, false); err != nil {
		return t, err
	}
	usable, err := text(point, "usable_at", maxText, false)
	if err != nil {
		return t, err
	}
	if usable != "" {
		if t.Usable, err = instant("usable_at", usable); err != nil {
			return t, err
		}
	}
	expires, err := text(point, "expires_at", maxText, false)
	if err == nil && expires != "" {
		t.Expires, err = instant("expires_at", expires)
	}
	return t, err
}
