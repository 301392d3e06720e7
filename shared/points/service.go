package points

import (
	"context"
	"crypto/rand"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
	"regulars/shared/together"
)

// A Service changes accounts: it loads, decides and commits, and does so
// again after each conflict with another writer. Whatever is due is settled first.
// Changes of one account that meet in it wait for each other, and additions and
// subtractions are committed together.
type Service struct {
	store Store
	now   func() time.Time
	queue *together.Line[ledgerKey, *change]
}

// NewService makes a service on a store.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now, queue: together.New[ledgerKey, *change](maxTogether)}
}

// A Request is what all changes of an account bear.
type Request struct {
	Tenant int
	ID     customer.ID
	Rules  access.Preferences
	// Actor is who asks.
	Actor string
	// IdempotencyKey, unless nil, makes the request safe to repeat.
	IdempotencyKey *idempotency.Key
	// DryRun, unless nil, makes it one that is not carried out.
	DryRun *DryRun
	// Show makes the answer of the profile as it is after the change. What is
	// recorded of a request is this answer.
	Show func(Profile) ([]byte, error)

	// formerly are the ledgers that were merged into that of the request.
	formerly []customer.ID
}

func (r Request) text(reason, refID string) Text {
	return Text{Reason: reason, RefID: refID, Actor: r.Actor}
}

// A Result is the answer to a request.
type Result struct {
	Answer []byte
	// Replayed: it is that of an earlier request, and nothing was done.
	Replayed bool
}

// Add gives points at once, which expire as the tenant's earning says. It rejects
// with [ErrNotFound] or [ErrTooMany].
func (s *Service) Add(ctx context.Context, r Request, points int64, reason, refID string) (Result, error) {
	return s.Grant(ctx, r, Grant{Points: points, Reason: reason, RefID: refID})
}

// Subtract takes points. It rejects with [ErrNotFound], [ErrInsufficient],
// [ErrDisabled] or [ErrTooMany].
func (s *Service) Subtract(ctx context.Context, r Request, points int64, reason, refID string) (Result, error) {
	return s.change(ctx, r, step{
		unique: r.reference(Debit, refID), joins: true,
		decide: func(d *draft, _ loaded, _ *Commit) error { return d.subtract(points, r.text(reason, refID)) },
	})
}

// reference is what may happen once where the tenant says so; nil where not.
func (r Request) reference(d Direction, refID string) *Reference {
	if refID == "" || !r.Rules.UniqueRefID {
		return nil
	}
	return &Reference{Direction: d, RefID: refID}
}

// Reverse undoes an entry, or so many points of it; 0 is all that is left. It
// rejects with [ErrNotFound], [ErrEntryUnknown], [ErrNotReversible],
// [ErrAlreadyReversed], or [ErrInsufficient] where it would leave a debt.
func (s *Service) Reverse(ctx context.Context, r Request, seq, points int64, reason string) (Result, error) {
	return s.change(ctx, r, step{load: func(ctx context.Context, r Request, l *loaded) (err error) {
		l.line, err = s.line(ctx, r.Tenant, r.ID, seq)
		return err
	}, decide: func(d *draft, l loaded, c *Commit) error {
		if l.line == nil {
			return ErrEntryUnknown
		}
		after, err := d.reverse(l.line.Entry, l.line.Undone.Reversal, points, r.text(reason, ""))
		c.Reversal = &ReversalChange{Seq: seq, Before: l.line.Undone, After: after}
		return err
	}})
}

// Pay takes in an order. The same order again answers the first result; with
// other content it is rejected with [ErrOrderOther], and one of another customer of
// the tenant with [ErrOrderOfOther]. The other client errors are those of Subtract.
func (s *Service) Pay(ctx context.Context, r Request, o Order) (Result, error) {
	o.PaidAt, o.ItemsDigest = o.PaidAt.Truncate(time.Microsecond), itemsDigest(o.Items)
	return s.change(ctx, r, step{load: s.loadOrder(o.ID), repeated: func(l loaded) ([]byte, error) {
		if !l.order.Absent() && !l.order.same(o) {
			return nil, ErrOrderOther
		}
		return l.order.Answer, nil
	}, decide: func(d *draft, l loaded, c *Commit) error {
		after, err := d.order(o, r.Actor)
		c.Order = &OrderChange{Before: l.order, After: after}
		return err
	}})
}

// Return takes back what so much of an order's money earned. It rejects with
// [ErrNotFound], [ErrOrderUnknown], [ErrReturn], or [ErrInsufficient] where it
// would leave a debt.
func (s *Service) Return(ctx context.Context, r Request, order string, amount int64, reason string) (Result, error) {
	return s.change(ctx, r, step{load: s.loadOrder(order), decide: func(d *draft, l loaded, c *Commit) error {
		if l.order.Absent() {
			return ErrOrderUnknown
		}
		return d.returned(l.order, amount, r.text(reason, order), c)
	}})
}

// ReturnAll is [Service.Return] of all that is left of the order.
func (s *Service) ReturnAll(ctx context.Context, r Request, order, reason string) (Result, error) {
	return s.change(ctx, r, step{load: s.loadOrder(order), decide: func(d *draft, l loaded, c *Commit) error {
		if l.order.Absent() {
			return ErrOrderUnknown
		}
		return d.returned(l.order, l.order.left(), r.text(reason, order), c)
	}})
}

// loadOrder reads an order of the account, or of one that was merged into it.
func (s *Service) loadOrder(id string) func(context.Context, Request, *loaded) error {
	return func(ctx context.Context, r Request, l *loaded) (err error) {
		if l.order, err = s.store.Order(ctx, r.Tenant, r.ID, id); err != nil || !l.order.Absent() {
			return err
		}
		for _, ledger := range r.formerly {
			if l.order, err = s.store.Order(ctx, r.Tenant, ledger, id); err != nil || !l.order.Absent() {
				l.order.In = ledger
				return err
			}
		}
		return nil
	}
}

// returned takes back what so much of an order's money earned. Which points one of
// another ledger earned is not told in this one.
func (d *draft) returned(order OrderRecord, amount int64, text Text, c *Commit) error {
	o := order.Order
	if order.In != 0 {
		o.Entry = 0
	}
	after, err := d.takeBack(o, amount, text)
	after.Entry = order.Entry
	c.Order = &OrderChange{Before: order, After: after}
	return err
}

// A step is what one kind of request does.
type step struct {
	// unique, unless nil, may happen once.
	unique *Reference
	// joins: it needs nothing beside the profile, and may be committed with others.
	joins bool
	// load reads what it needs beside the profile.
	load func(ctx context.Context, r Request, l *loaded) error
	// repeated returns the answer of an earlier request that did the same, or nil.
	repeated func(l loaded) ([]byte, error)
	// decide alters the account, and says in c what else changes.
	decide func(d *draft, l loaded, c *Commit) error
}

// loaded is what a step read beside the profile.
type loaded struct {
	order OrderRecord
	line  *LineRecord // nil: there is none
	peer  Profile     // the other one of a transfer
}

// A change is a request that is being carried out.
type change struct {
	ctx     context.Context
	request Request
	step    step
	// about is the request as one about the customer that its id means.
	about Request
	// apart: it cannot be decided together with others.
	apart  bool
	result Result
	err    error
}

// change carries a request out when its turn comes. A client error of a request that was
// carried out before, under the same key, gives way to the first answer.
func (s *Service) change(ctx context.Context, r Request, st step) (Result, error) {
	c := &change{ctx: ctx, request: r, step: st}
	if r.DryRun != nil {
		s.carryOut(c)
	} else {
		s.inTurn(c)
	}
	if _, rejected := errs.AsClient(c.err); !rejected {
		return c.result, c.err
	}
	return s.RejectUnlessReplayed(ctx, c.about, c.err)
}

// carryOut carries out a change by itself.
func (s *Service) carryOut(c *change) {
	c.err = errs.Retry(c.ctx, func(int) (err error) {
		c.about = c.request
		c.result, err = s.attempt(c.ctx, &c.about, c.step)
		return err
	})
}

// RejectUnlessReplayed rejects a request with err, unless it was carried out before
// under its key: then it answers the first result.
func (s *Service) RejectUnlessReplayed(ctx context.Context, r Request, err error) (Result, error) {
	first, found, lookupErr := s.replay(ctx, r)
	switch {
	case lookupErr != nil:
		return Result{}, lookupErr
	case found:
		return first, nil
	}
	return Result{}, err
}

// replay returns the first answer to a request that was carried out, by now or before
// its customer was merged into another.
func (s *Service) replay(ctx context.Context, r Request) (Result, bool, error) {
	return s.replayIn(ctx, r, append([]customer.ID{r.ID}, r.formerly...))
}

// replayIn is replay for a request that was about one of some ledgers.
func (s *Service) replayIn(ctx context.Context, r Request, ledgers []customer.ID) (Result, bool, error) {
	for _, ledger := range ledgers {
		first, found, err := idempotency.Lookup(ctx, r.IdempotencyKey, func(ctx context.Context, value string) (*IdempotencyRecord, error) {
			return s.store.IdempotentAnswer(ctx, r.Tenant, ledger, value)
		})
		if err != nil || found {
			return Result{Answer: first, Replayed: true}, found, err
		}
	}
	return Result{}, false, nil
}

// referenceAnswer is what was answered when a reference happened in the account, or in
// one that was merged into it; nil where it did not.
func (s *Service) referenceAnswer(ctx context.Context, r Request, ref Reference) ([]byte, error) {
	first, err := s.store.ReferenceAnswer(ctx, r.Tenant, r.ID, ref)
	for _, ledger := range r.formerly {
		if err != nil || first != nil {
			break
		}
		first, err = s.store.ReferenceAnswer(ctx, r.Tenant, ledger, ref)
	}
	return first, err
}

// attempt loads, decides and commits once. It makes the request one about the customer
// that its id means.
func (s *Service) attempt(ctx context.Context, about *Request, st step) (Result, error) {
	profile, err := s.profile(ctx, about.Tenant, about.ID)
	if err != nil {
		return Result{}, err
	}
	if profile = about.DryRun.on(profile); profile.Gone() {
		return Result{}, ErrNotFound
	}
	about.ID, about.formerly = profile.ledger(), profile.formerly()
	r := *about
	if first, done, err := s.replayIn(ctx, r, r.formerly); err != nil || done {
		return first, err
	}
	l, first, err := s.before(ctx, r, st)
	if err != nil {
		return Result{}, err
	}
	if first != nil {
		return s.again(ctx, r, profile, first)
	}
	c, err := s.decide(r, st, profile, l)
	if err != nil {
		return Result{}, err
	}
	return s.save(ctx, r, c)
}

// decide is what the request comes to, with its answer.
func (s *Service) decide(r Request, st step, profile Profile, l loaded) (Commit, error) {
	d := newDraft(profile, r.Rules, s.now())
	c := Commit{ID: rand.Text(), Tenant: r.Tenant, Before: profile.Account, Customer: profile.Customer, Request: r.IdempotencyKey, Unique: st.unique}
	d.settle()
	if err := st.decide(d, l, &c); err != nil {
		return c, err
	}
	d.settle() // an old order may have earned what has expired since
	d.into(&c)
	profile.Account.Account = c.After
	var err error
	c.Answer, err = r.Show(profile)
	return c, err
}

// before reads what the step needs, and the answer of an earlier request that did
// the same.
func (s *Service) before(ctx context.Context, r Request, st step) (l loaded, first []byte, err error) {
	if st.load != nil {
		if err := st.load(ctx, r, &l); err != nil {
			return l, nil, err
		}
	}
	switch {
	case st.unique != nil:
		first, err = s.referenceAnswer(ctx, r, *st.unique)
	case st.repeated != nil:
		first, err = st.repeated(l)
	}
	return l, first, err
}

// again answers what an earlier request did. The key of this one may belong to
// another request: that rejects. A new key answers the same from now on, whatever
// becomes of the settings.
func (s *Service) again(ctx context.Context, r Request, profile Profile, first []byte) (Result, error) {
	if r.IdempotencyKey == nil {
		return Result{Answer: first, Replayed: true}, nil
	}
	if first, found, err := s.replay(ctx, r); err != nil || found {
		return first, err
	}
	result, err := s.save(ctx, r, Commit{
		ID: rand.Text(), Tenant: r.Tenant, Before: profile.Account, After: profile.Account.Account, Request: r.IdempotencyKey, Answer: first,
	})
	result.Replayed = err == nil
	return result, err
}

// save commits under the key of the request, and answers what was recorded
// under it where that came first.
func (s *Service) save(ctx context.Context, r Request, c Commit) (Result, error) {
	first, found, err := idempotency.OfCommit[[]byte](s.commit(ctx, r, c), r.IdempotencyKey)
	switch {
	case err != nil:
		return Result{}, err
	case found:
		return Result{Answer: first, Replayed: true}, nil
	}
	return Result{Answer: c.Answer}, nil
}

// Profile returns customer and account that an id means, or rejects with [ErrNotFound].
// One that was merged into another means that one.
func (s *Service) Profile(ctx context.Context, tenant int, id customer.ID) (Profile, error) {
	var profile Profile
	err := errs.Retry(ctx, func(int) (err error) {
		profile, err = s.profile(ctx, tenant, id)
		return err
	})
	if err == nil && profile.Gone() {
		err = ErrNotFound
	}
	return profile, err
}
