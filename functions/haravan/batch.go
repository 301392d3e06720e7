package haravan

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/points"
	"regulars/shared/value"
)

const (
	// maxItems is how many items a batch may have.
	maxItems = 1000
	// maxBatchBody is how large a batch may be, in bytes: a thousand of the longest
	// reasons and references.
	maxBatchBody = 3_000_000
	// answerTime is kept of a request's time for the answer of a batch.
	answerTime = time.Second
	// batchPath is its path.
	batchPath = "/loy/points/batch.json"
)

// addBatch adds and subtracts for many profiles, each item as the single call would,
// and answers for each in its place. Only what is wrong with all of them is rejected
// as a whole, and then nothing is written.
func (d *Dialect) addBatch(c *call) (httpapi.Answer, error) {
	if err := c.Reload(); err != nil { // an item is carried out once: it is decided by the settings of now
		return httpapi.Answer{}, err
	}
	items, again, err := d.batchItems(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	ctx, cancel := inTimeToAnswer(c.Context())
	defer cancel()
	shown := make([]json.RawMessage, len(items))
	for i, o := range d.points.ApplyAll(ctx, items) {
		again = again && o.Replayed
		if shown[i], err = newItemAnswer(c, items[i].ID, o); err != nil {
			return httpapi.Answer{}, err
		}
	}
	answer, err := httpapi.JSON(http.StatusOK, map[string]any{"result": shown})
	if again {
		answer.Set("Idempotency-Hit", "true")
	}
	c.sayDryRun(&answer)
	return answer, err
}

// inTimeToAnswer ends before the request does.
func inTimeToAnswer(ctx context.Context) (context.Context, context.CancelFunc) {
	if deadline, ok := ctx.Deadline(); ok {
		return context.WithDeadline(ctx, deadline.Add(-answerTime))
	}
	return context.WithCancel(ctx)
}

// batchItems reads the items and claims the key of the batch, under which, with its
// position, each is safe to repeat. again reports that the same batch had it before.
func (d *Dialect) batchItems(c *call) (items []points.Item, again bool, err error) {
	if err := c.readBody("points"); err != nil {
		return nil, false, err
	}
	if err := c.beside("points"); err != nil {
		return nil, false, err
	}
	list, ok := c.body["points"].([]any)
	switch {
	case c.body["points"] == nil:
		return nil, false, reject("missing", "points")
	case !ok:
		return nil, false, reject("wrong_type/array", "points", value.TypeName(c.body["points"]))
	case len(list) > maxItems:
		return nil, false, reject("too_many/items", "points", maxItems, len(list))
	}
	items = make([]points.Item, len(list))
	for i, v := range list {
		items[i] = c.readItem(v)
	}
	key, sent, err := idempotency.Parse(c.Header.Values(idempotency.Header), nil)
	if err != nil || !sent {
		return items, false, err
	}
	fingerprint, err := idempotency.Fingerprint("", list)
	if err != nil {
		return nil, false, err
	}
	for i := range items {
		items[i].IdempotencyKey = &idempotency.Key{Value: "points/batch.json " + key + "\n" + strconv.Itoa(i), Fingerprint: fingerprint}
	}
	// No client's key has a line break in it, so this is nobody else's.
	claim := d.points.Claim
	if c.dryRun {
		claim = d.points.CheckClaim
	}
	again, err = claim(c.Context(), c.Settings.Tenant, idempotency.Key{Value: "points/batch.json\n" + key, Fingerprint: fingerprint})
	return items, again, err
}

// readItem reads one item. What is wrong with it stands in its place.
func (c *call) readItem(v any) points.Item {
	item := points.Item{Request: c.unkeyed()}
	object, ok := v.(map[string]any)
	if !ok {
		item.Rejected = reject("wrong_type/object", "", value.TypeName(v))
		return item
	}
	item.ID, item.Rejected = profileOf(object, "profile_id")
	if item.Rejected != nil {
		return item
	}
	code, err := text(object, walletParameter, maxText, false)
	var in *wallet
	if err == nil {
		in, err = c.findWallet(code)
	}
	if item.ID, item.Rejected = in.ledgerOf(item.ID), err; err != nil {
		return item
	}
	item.Request = in.into(item.Request)
	item.Direction, item.Rejected = directionOf(object)
	if item.Rejected == nil {
		item.Points, item.Reason, item.RefID, item.Rejected = readPoint(object)
	}
	known := ofPoint
	if item.Direction == points.Credit {
		known = ofGrant
		if item.Rejected == nil {
			item.Terms, item.Rejected = readTerms(object)
		}
	}
	if item.Rejected == nil {
		item.Rejected = onlyMembers("an item", object, slices.Concat([]string{"profile_id", "action"}, known, []string{walletParameter}))
	}
	return item
}

// profileOf reads the number of a profile, or its digits as text. One that is too large
// for an id is nobody's.
func profileOf(object map[string]any, name string) (customer.ID, error) {
	switch v := object[name].(type) {
	case nil:
		return 0, reject("missing", name)
	case string, json.Number:
		text, _ := value.Text(v)
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil || n == 0 {
			return 0, reject("bad_id", name)
		}
		if n > points.Max {
			n = 0 // nobody's
		}
		return customer.ID(n), nil
	default:
		return 0, reject("wrong_type/number", name, value.TypeName(v))
	}
}

func directionOf(object map[string]any) (points.Direction, error) {
	switch v := object["action"]; v {
	case nil:
		return "", reject("missing", "action")
	case string(points.Credit), string(points.Debit):
		return points.Direction(v.(string)), nil
	}
	return "", reject("bad_action", "action")
}

// A balance is what an item of a batch shows of the bare profile that the single call
// would answer.
type balance struct {
	ID        uint64 `json:"id"`
	Available int64  `json:"point_available"`
	Used      int64  `json:"point_used"`
	Incoming  int64  `json:"point_incoming"`
	Held      int64  `json:"point_held,omitempty"`
	Ranking   int64  `json:"point_ranking"`
	LevelID   int64  `json:"level_id"`
	LevelName string `json:"level_name"`
}

// newItemAnswer is how an item is answered for: with the status that the single call
// would have, and the balance or errors.
func newItemAnswer(c *call, id customer.ID, o points.Outcome) (json.RawMessage, error) {
	if o.Err != nil {
		httpapi.Note(c.Context(), o.Err)
		failed := errorAnswer(c.Call, o.Err)
		var body struct {
			Status int             `json:"status"`
			ID     uint64          `json:"id,omitempty"`
			Errors json.RawMessage `json:"errors"`
		}
		if err := json.Unmarshal(failed.Body, &body); err != nil {
			return nil, err
		}
		owner, _ := points.OwnerOf(id)
		body.ID, body.Status = uint64(owner), failed.Status
		return httpapi.Encode(body)
	}
	if _, wallet := points.OwnerOf(id); wallet > 0 {
		return walletItem(o)
	}
	var shown balance
	if err := json.Unmarshal(o.Answer, &shown); err != nil {
		return nil, err
	}
	return httpapi.Encode(struct {
		Status   int  `json:"status"`
		Replayed bool `json:"replayed,omitempty"`
		balance
	}{http.StatusOK, o.Replayed, shown})
}
