package haravan

import (
	"context"
	"path"
	"strings"
	"time"
	"unicode/utf8"

	"regulars/shared/httpapi"
	"regulars/shared/points"
)

// subtractPoints is P6.
func (d *Dialect) subtractPoints(c *call) (httpapi.Answer, error) {
	point, err := c.object("point", ofPoint...)
	if err != nil {
		return httpapi.Answer{}, err
	}
	n, reason, refID, err := readPoint(point)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{n, reason, refID}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Subtract(ctx, r, n, reason, refID)
	})
}

func readPoint(point map[string]any) (n int64, reason, refID string, err error) {
	if n, err = amount(point, "value", 1); err != nil {
		return 0, "", "", err
	}
	if reason, err = text(point, "reason", maxText, false); err != nil {
		return 0, "", "", err
	}
	refID, err = text(point, "ref_id", maxText, true)
	return n, reason, refID, err
}

// transferPoints moves points to another profile.
func (d *Dialect) transferPoints(c *call) (httpapi.Answer, error) {
	transfer, err := c.object("transfer", "to", "value", "reason", "ref_id")
	if err != nil {
		return httpapi.Answer{}, err
	}
	to, err := profileOf(transfer, "to")
	if err != nil {
		return httpapi.Answer{}, err
	}
	n, reason, refID, err := readPoint(transfer)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{to, n, reason, refID}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Transfer(ctx, r, c.wallet.ledgerOf(to), n, reason, refID)
	})
}

// reverseEntry undoes an entry or a part of it.
func (d *Dialect) reverseEntry(c *call) (httpapi.Answer, error) {
	seq, err := c.number("seq")
	if err != nil {
		return httpapi.Answer{}, err
	}
	reverse, err := c.object("reverse", "value", "reason")
	if err != nil {
		return httpapi.Answer{}, err
	}
	n, _, err := whole(reverse, "value", 1)
	if err != nil {
		return httpapi.Answer{}, err
	}
	reason, err := text(reverse, "reason", maxText, false)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return c.change(d.points, []any{seq, n, reason}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Reverse(ctx, r, int64(min(seq, points.Max)), n, reason)
	})
}

// maxAhead is how far ahead of ours the clock of a till may be.
const maxAhead = 24 * time.Hour

// firstPaid is before any order there was: older ones are a slip of the pen.
var firstPaid = time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC)

// payOrder takes in an order that was paid.
func (d *Dialect) payOrder(c *call) (httpapi.Answer, error) {
	proposed, err := c.proposal("order")
	if err != nil {
		return httpapi.Answer{}, err
	}
	order, err := c.object("order", "id", "total", "points_used", "paid_at", "line_items")
	if err != nil {
		return httpapi.Answer{}, err
	}
	o, err := d.readOrder(order)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if proposed != nil {
		return d.tryOrder(c, o, *proposed)
	}
	meaning := []any{o.ID, o.Total, o.PointsUsed, o.PaidAt}
	if len(o.Items) > 0 { // one without compares as ever
		meaning = append(meaning, o.Items)
	}
	return c.change(d.points, meaning, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Pay(ctx, r, o)
	})
}

func (d *Dialect) readOrder(order map[string]any) (o points.Order, err error) {
	if o.ID, err = text(order, "id", maxOrder, true); err != nil {
		return o, err
	}
	if o.ID == "" {
		return o, reject("missing", "id")
	}
	if path.Clean("/"+o.ID) != "/"+o.ID {
		return o, reject("bad_id/part", "id")
	}
	if o.Total, err = amount(order, "total", 0); err != nil {
		return o, err
	}
	if o.PointsUsed, _, err = whole(order, "points_used", 0); err != nil {
		return o, err
	}
	if o.Items, err = readItems(order, o.Total); err != nil {
		return o, err
	}
	paid, err := text(order, "paid_at", maxText, false)
	if err != nil || paid == "" {
		return o, err
	}
	if o.PaidAt, err = instant("paid_at", paid); err != nil {
		return o, err
	}
	if o.PaidAt.After(d.now().Add(maxAhead)) || o.PaidAt.Before(firstPaid) {
		return o, reject("bad_date/range", "paid_at")
	}
	return o, nil
}

// returnOrder takes back what an order, or a part of it, earned.
func (d *Dialect) returnOrder(c *call) (httpapi.Answer, error) {
	id, ok := strings.CutSuffix(c.PathValue("order"), returnPath)
	if !ok {
		return httpapi.Answer{}, errPath
	}
	back, err := c.object("return", "amount", "reason")
	if err != nil {
		return httpapi.Answer{}, err
	}
	n, err := amount(back, "amount", 0)
	if err != nil {
		return httpapi.Answer{}, err
	}
	reason, err := text(back, "reason", maxText, false)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if utf8.RuneCountInString(id) > maxOrder {
		return httpapi.Answer{}, points.ErrOrderUnknown
	}
	return c.change(d.points, []any{id, n, reason}, func(ctx context.Context, r points.Request) (points.Result, error) {
		return d.points.Return(ctx, r, id, n, reason)
	})
}
