package haravan

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/dynamo"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/points"
	"regulars/tests/client"
	"regulars/tests/faults"
)

// An operation is one change of an account that is asked for.
type operation struct {
	kind points.Kind // add, subtract, reverse, order, return, hold, commit, void, or either half of a transfer
	// of a transfer: to whom, and what is known of it once the giver's half was audited.
	to    *guest
	moved *movement
	// value is points, or the money of a return; 0 points of a reversal are all
	// that is left.
	value int64
	seq   int64         // of the entry that is reversed, or of the hold that is ended
	lasts time.Duration // of a hold; 0: as the settings say
	terms points.Terms  // of an add
	order points.Order  // of an order; of a return its id
	ref   string
	// batch: it is the one item of a batch.
	batch bool
	// rules are the settings that the writer remembers.
	rules access.Preferences
	// disabled: the customer was so before, and nobody changed that meanwhile.
	disabled bool
}

// A movement is what left an account in a transfer.
type movement struct {
	known        bool
	grants       []grant
	number       string // of the giver's account
	seq, peerSeq int64
}

// do asks for it.
func (d operation) do(ctx context.Context, s *points.Service, r points.Request) (points.Result, error) {
	if d.batch {
		item := points.Item{Request: r, Direction: points.Direction(d.kind), Points: d.value, Reason: "of many", RefID: d.ref, Terms: d.terms}
		done := s.ApplyAll(ctx, []points.Item{item})
		return done[0].Result, done[0].Err
	}
	switch d.kind {
	case points.KindAdd:
		return s.Grant(ctx, r, points.Grant{Points: d.value, Reason: "given", RefID: d.ref, Terms: d.terms})
	case points.KindSubtract:
		return s.Subtract(ctx, r, d.value, "taken", d.ref)
	case points.KindReverse:
		return s.Reverse(ctx, r, d.seq, d.value, "undone")
	case points.KindOrder:
		return s.Pay(ctx, r, d.order)
	case points.KindHold:
		return s.Hold(ctx, r, points.NewHold{Points: d.value, Reason: "held", RefID: d.ref, For: d.lasts}, showVersion)
	case points.KindCommit:
		return s.CommitHold(ctx, r, d.seq, d.value, "paid", showVersion)
	case points.KindVoid:
		return s.VoidHold(ctx, r, d.seq, "left", showVersion)
	case points.KindTransferOut:
		return s.Transfer(ctx, r, d.to.id, d.value, "moved", d.ref)
	}
	return s.Return(ctx, r, d.order.ID, d.value, "came back")
}

func showVersion(p points.Profile, _ points.HoldLine) ([]byte, error) {
	return json.Marshal(p.Account.Version)
}

// A run is an operation, asked for once or several times under one key, by a writer with
// a clock and faults of its own.
type run struct {
	wish  operation
	guest *guest
	times int
	key   string
	skew  time.Duration
	// service is a process of its own, or that of other writers, with faults by the number
	// of the call.
	service *points.Service

	done, rejected bool // came to it; neither: repeated
}

func (r *run) came() string {
	switch {
	case r.done:
		return "done"
	case r.rejected:
		return "refused"
	}
	return "repeated"
}

// passes are the faults that a writer meets; each comes and goes. The last one says
// that a guard broke, which the table never says of what it carried out before.
var passes = []faults.Fault{
	nil, faults.Throttled, faults.Conflict, faults.InProgress, faults.LostRequest, faults.LostAnswer, faults.FailedAfter,
	faults.Garbled, guardBroke,
}

func guardBroke(c faults.Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
	if r.Header.Get(sentBefore) != "" {
		return send()
	}
	return faults.Cancelled("ConditionalCheckFailed")(c, r, send)
}

// sentBefore is a header of a transaction that was sent before.
const sentBefore = "Sent-Before"

// skews are how far a writer's clock is from that of the history.
var skews = []time.Duration{0, 0, 0, -3 * time.Hour, 40 * time.Minute}

// throwRun makes one; where it is beside another it is about the same account, in the same
// process.
func (h *history) throwRun(d *dice, n int, beside *run) *run {
	r := &run{times: 1 + 2*d.roll(2), key: fmt.Sprintf("%d-%d", h.n, n)}
	if beside != nil {
		r.guest, r.skew, r.service = beside.guest, beside.skew, beside.service
	} else {
		r.guest, r.skew = h.members[d.roll(len(h.members))], skews[d.roll(len(skews))]
		met := map[int]faults.Fault{d.roll(3): passes[d.roll(len(passes))]}
		met[d.roll(5)] = passes[d.roll(len(passes))]
		transport := &faults.Transport{Plan: func(c faults.Call) faults.Fault { return h.checked(c, met[c.N]) }}
		now := func() time.Time { return h.now().Add(r.skew) }
		r.service = points.NewService(dynamo.New(client.FaultyDB(h.t, transport), h.table, now), now)
	}
	r.wish = h.throwOperation(d, r.guest)
	r.wish.rules = h.rules
	if d.roll(3) == 0 {
		r.wish.rules = h.before
	}
	return r
}

func (h *history) throwOperation(d *dice, g *guest) operation {
	value := int64(1 + d.roll(40))
	ref := []string{"", fmt.Sprintf("ref-%d", d.roll(6))}[d.roll(2)]
	known := slices.Sorted(maps.Keys(g.model.orders))
	order := fmt.Sprintf("order-%d-%d", slices.Index(h.members, g), d.roll(4)+4*(h.n/8))
	if len(known) > 0 && d.roll(4) > 0 {
		order = known[d.roll(len(known))]
	}
	switch d.roll(23) {
	case 21, 22:
		to := h.members[d.roll(len(h.members))] // or to itself
		if len(h.gone) > 0 && d.roll(8) == 0 {
			to = h.gone[d.roll(len(h.gone))]
		}
		return operation{kind: points.KindTransferOut, value: value, ref: ref, to: to, moved: &movement{}, disabled: g.disabled}
	case 14, 15, 16:
		return operation{kind: points.KindHold, value: value, ref: ref, lasts: time.Duration(d.roll(6)*10) * time.Hour, disabled: g.disabled}
	case 17, 18, 19:
		kind := []points.Kind{points.KindCommit, points.KindVoid}[d.roll(2)]
		open := slices.Sorted(maps.Keys(g.model.holds))
		o := operation{kind: kind, seq: int64(1 + d.roll(len(g.model.lines)+1)), disabled: g.disabled}
		if len(open) == 0 {
			o.kind = points.KindAdd // there is nothing to end, and soon will be
		} else if d.roll(6) > 0 {
			o.seq = open[d.roll(len(open))]
		}
		if kind == points.KindCommit {
			o.value = int64(d.roll(2)) * value / 2
		}
		return o
	case 0, 1, 2, 20:
		given := value
		if d.roll(3) > 0 {
			given *= 10 // else there is seldom enough to take
		}
		return operation{kind: points.KindAdd, value: given, ref: ref, terms: h.throwTerms(d), batch: d.roll(4) == 0, disabled: g.disabled}
	case 3, 4, 5:
		return operation{kind: points.KindSubtract, value: value, ref: ref, batch: d.roll(4) == 0, disabled: g.disabled}
	case 6, 7:
		seq := int64(1 + d.roll(len(g.model.lines)+1))
		if undone := slices.IndexFunc(g.model.lines, func(l line) bool { return l.undone > 0 }); d.roll(3) == 0 && undone >= 0 {
			seq = int64(1 + undone) // the rest of it, or too much
		}
		waits := slices.IndexFunc(g.model.lines, func(l line) bool { return l.kind == points.KindAdd && l.usable.After(h.now()) && l.undone < l.points })
		if d.roll(2) == 0 && waits >= 0 {
			seq = int64(1 + waits)
		}
		return operation{kind: points.KindReverse, seq: seq, value: int64(d.roll(2)) * value, disabled: g.disabled}
	case 8, 9, 10:
		o := points.Order{ID: order, Total: value * 1000, PointsUsed: int64(d.roll(2)) * value / 2}
		if o.PointsUsed > 0 && d.roll(3) == 0 {
			o.Total = 0 // paid in points alone
		}
		o.Items = throwItems(d, o.Total)
		if d.roll(3) == 0 {
			o.PaidAt = h.now().Add(time.Duration(24-d.roll(100)) * time.Hour)
		}
		if p, ok := g.model.orders[order]; ok && d.roll(3) > 0 {
			o = p.said // the same again
		}
		return operation{kind: points.KindOrder, order: o, disabled: g.disabled}
	}
	money := value * 300
	if p, ok := g.model.orders[order]; ok && d.roll(3) == 0 {
		money = p.said.Total - p.returned // all that is left, or nothing
	}
	return operation{kind: points.KindReturn, order: points.Order{ID: order}, value: money, disabled: g.disabled}
}

// throwTerms are those of an add: mostly none, else of a campaign or its own.
func (h *history) throwTerms(d *dice) (t points.Terms) {
	switch d.roll(8) {
	case 0:
		t.Campaign = []string{"gift", "none"}[d.roll(3)/2]
	case 1:
		t.Usable = h.now().Add(time.Duration(d.roll(30)-5) * 97 * time.Minute)
	case 2:
		t.Usable = h.now().Add(time.Duration(d.roll(20)) * 131 * time.Minute)
		t.Expires = h.now().Add(time.Duration(d.roll(20)-2) * 7 * time.Hour)
	case 3:
		t.Campaign, t.Expires = "gift", h.now().Add(time.Duration(d.roll(20))*5*time.Hour)
	}
	return t
}

// request is what a run asks with.
func (h *history) request(r *run) points.Request {
	request := points.Request{
		Tenant: h.tenant, ID: r.guest.id, Rules: r.wish.rules, Actor: "history",
		Show: func(p points.Profile) ([]byte, error) { return json.Marshal(p.Account.Version) },
	}
	if r.times > 1 {
		request.IdempotencyKey = &idempotency.Key{Value: r.key, Fingerprint: "same"}
	}
	return request
}

// triesFirst asks for the operation as a dry run, which comes to what it will come to.
func (h *history) triesFirst(r *run, want string) {
	now := func() time.Time { return h.now().Add(r.skew) }
	request := h.request(r)
	request.DryRun = &points.DryRun{}
	result, err := r.wish.do(h.t.Context(), points.NewService(dynamo.New(dynamotest.Client(h.t), h.table, now), now), request)
	tried := run{done: err == nil && !result.Replayed}
	if _, tried.rejected = errs.AsClient(err); err != nil && !tried.rejected {
		h.t.Fatalf("a dry run of %s: %v", r.wish.kind, err)
	}
	if got := tried.came(); got != want {
		h.t.Fatalf("a dry run of %s came to %s, want %s: %v %+v", r.wish.kind, got, want, err, r.wish)
	}
}

// carryOut asks for the operation as often as said. One of them is done, at most.
func (h *history) carryOut(r *run) {
	type answer struct {
		points.Result
		err error
	}
	answers := client.Together(r.times, func(int) answer {
		ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
		defer cancel()
		result, err := r.wish.do(ctx, r.service, h.request(r))
		return answer{result, err}
	})
	h.mutex.Lock()
	defer h.mutex.Unlock()
	var first []byte
	for _, got := range answers {
		if _, rejected := errs.AsClient(got.err); rejected {
			r.rejected = true
			continue
		}
		if got.err != nil {
			h.t.Errorf("%s: %v, want done or refused", r.wish.kind, got.err)
			continue
		}
		if first != nil && string(first) != string(got.Answer) {
			h.t.Errorf("%s, %d times under one key, was answered %s and %s", r.wish.kind, r.times, first, got.Answer)
		}
		first = got.Answer
		if !got.Replayed {
			h.wasDone(r, got.Answer)
		}
	}
	if first != nil && r.times > 1 {
		h.idempotent = append(h.idempotent, idempotent{*r, first, h.now().Add(r.skew)})
	}
}

// wasDone notes the operation under the last entry that it made.
func (h *history) wasDone(r *run, answer []byte) {
	var version int64
	if err := json.Unmarshal(answer, &version); err != nil {
		h.t.Error(err)
	}
	if _, twice := r.guest.wishes[version]; twice || r.done {
		h.t.Errorf("%s, %d times under one key, was done more than once", r.wish.kind, r.times)
	}
	r.done = true
	done := r.wish
	done.disabled = done.disabled && !r.guest.unsure // who was enabled meanwhile may spend
	r.guest.wishes[version] = done
	if done.kind == points.KindTransferOut {
		h.wasReceived(r, version)
	}
}

// wasReceived notes the other half of a transfer under the entry that the first names.
func (h *history) wasReceived(r *run, version int64) {
	_, entries := h.read(r.guest.id)
	for _, e := range slices.Backward(entries[:version]) {
		if e.Kind == points.KindTransferOut {
			half := r.wish
			half.kind = points.KindTransferIn
			r.wish.to.wishes[e.PeerSeq] = half
			return
		}
	}
	h.t.Errorf("no entry up to %d of %s is of a transfer", version, r.guest.id.Decimal())
}

// An idempotent request is one with a key that was answered.
type idempotent struct {
	run
	answer []byte
	at     time.Time
}

// comesAgain sends an old request again, under the settings of today: it is
// answered as it was, or rejected where its key comes with another meaning.
func (h *history) comesAgain(d *dice) {
	if len(h.idempotent) == 0 {
		return
	}
	k := h.idempotent[d.roll(len(h.idempotent))]
	if h.now().Sub(k.at) > 29*24*time.Hour {
		return // it is forgotten
	}
	k.wish.rules = h.rules
	request := h.request(&k.run)
	other := d.roll(4) == 0
	if other {
		request.IdempotencyKey.Fingerprint = "other"
	}
	got, err := k.wish.do(h.t.Context(), h.clean, request)
	switch {
	case k.guest.deleted && (errors.Is(err, points.ErrNotFound) || other):
	case other && !errors.Is(err, idempotency.ErrKeyReused):
		h.t.Fatalf("%s under the key of another: %s %v", k.wish.kind, got.Answer, err)
	case !other && (err != nil || !got.Replayed || string(got.Answer) != string(k.answer)):
		h.t.Fatalf("%+v again under its key: %s %t %v, want %s as before", k.wish, got.Answer, got.Replayed, err, k.answer)
	}
}

// checked keeps what a transaction said, whatever becomes of it.
func (h *history) checked(c faults.Call, fault faults.Fault) faults.Fault {
	if c.Items == 0 {
		return fault
	}
	return func(c faults.Call, r *http.Request, send func() (*http.Response, error)) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		// A new request, since a clone would be cancelled with this one.
		late, err := http.NewRequestWithContext(context.Background(), r.Method, r.URL.String(), bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		late.Header = r.Header.Clone()
		token := string(requestToken.Find(body))
		h.mutex.Lock()
		if h.tokens[token] {
			r.Header.Set(sentBefore, "yes")
		}
		h.tokens[token] = true
		h.sent = append(h.sent, late)
		h.mutex.Unlock()
		if fault == nil {
			return send()
		}
		return fault(c, r, send)
	}
}

var requestToken = regexp.MustCompile(`"ClientRequestToken":"[^"]*"`)

// arriveLate lets a transaction of the step arrive once more when the table has
// forgotten its token: its guards keep it out.
func (h *history) arriveLate(d *dice, after string) {
	sent := h.sent
	h.sent = nil
	if len(sent) == 0 {
		return
	}
	r := sent[d.roll(len(sent))]
	body, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	body = requestToken.ReplaceAll(body, []byte(`"ClientRequestToken":"`+rand.Text()+`"`))
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		h.t.Fatal(err)
	}
	defer response.Body.Close()
	if text, _ := io.ReadAll(response.Body); !bytes.Contains(text, []byte("ConditionalCheckFailed")) {
		h.t.Fatalf("after %s: a transaction that arrived late: %d %s", after, response.StatusCode, text)
	}
}
