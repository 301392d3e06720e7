package points

import (
	"context"
	"crypto/rand"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/idempotency"
)

// A Service changes accounts: it loads, decides and commits, and does so
// again after each conflict with another writer. Whatever is due is settled first.
type Service struct {
	store Store
	now   func() time.Time
}

// NewService makes a service on a store.
func NewService(store Store, now func() time.Time) *Service {
	return &Service{store: store, now: now}
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
		unique: r.reference(Debit, refID),
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
	return s.change(ctx, r, step{load: func(ctx context.Context, l *loaded) (err error) {
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
	return s.change(ctx, r, step{load: s.loadOrder(r, o.ID), repeated: func(l loaded) ([]byte, error) {
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
	return s.change(ctx, r, step{load: s.loadOrder(r, order), decide: func(d *draft, l loaded, c *Commit) error {
		if l.order.Absent() {
			return ErrOrderUnknown
		}
		after, err := d.takeBack(l.order.Order, amount, r.text(reason, order))
		c.Order = &OrderChange{Before: l.order, After: after}
		return err
	}})
}

// ReturnAll is [Service.Return] of all that is left of the order.
func (s *Service) ReturnAll(ctx context.Context, r Request, order, reason string) (Result, error) {
	return s.change(ctx, r, step{load: s.loadOrder(r, order), decide: func(d *draft, l loaded, c *Commit) error {
		if l.order.Absent() {
			return ErrOrderUnknown
		}
		after, err := d.takeBack(l.order.Order, l.order.left(), r.text(reason, order))
		c.Order = &OrderChange{Before: l.order, After: after}
		return err
	}})
}

func (s *Service) loadOrder(r Request, id string) func(context.Context, *loaded) error {
	return func(ctx context.Context, l *loaded) (err error) {
		l.order, err = s.store.Order(ctx, r.Tenant, r.ID, id)
		return err
	}
}

// A step is what one kind of request does.
type step struct {
	// unique, unless nil, may happen once.
	unique *Reference
	// load reads what it needs beside the profile.
	load func(ctx context.Context, l *loaded) error
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

// change carries a request out. A client error of a request that was carried out
// before, under the same key, gives way to the first answer.
func (s *Service) change(ctx context.Context, r Request, st step) (Result, error) {
	var result Result
	err := errs.Retry(ctx, func(int) (err error) {
		result, err = s.attempt(ctx, r, st)
		return err
	})
	if _, rejected := errs.AsClient(err); !rejected {
		return result, err
	}
	return s.RejectUnlessReplayed(ctx, r, err)
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

// replay returns the first answer to a request that was carried out.
func (s *Service) replay(ctx context.Context, r Request) (Result, bool, error) {
	first, found, err := idempotency.Lookup(ctx, r.IdempotencyKey, func(ctx context.Context, value string) (*IdempotencyRecord, error) {
		return s.store.IdempotentAnswer(ctx, r.Tenant, r.ID, value)
	})
	return Result{Answer: first, Replayed: true}, found, err
}

// attempt loads, decides and commits once.
func (s *Service) attempt(ctx context.Context, r Request, st step) (Result, error) {
	profile, err := s.store.Profile(ctx, r.Tenant, r.ID)
	if err != nil {
		return Result{}, err
	}
	if profile = r.DryRun.on(profile); profile.Gone() {
		return Result{}, ErrNotFound
	}
	l, first, err := s.before(ctx, r, st)
	if err != nil {
		return Result{}, err
	}
	if first != nil {
		return s.again(ctx, r, profile, first)
	}
	d := newDraft(profile, r.Rules, s.now())
	commit := Commit{ID: rand.Text(), Tenant: r.Tenant, Before: profile.Account, Customer: profile.Customer, Unique: st.unique}
	d.settle()
	if err := st.decide(d, l, &commit); err != nil {
		return Result{}, err
	}
	d.settle() // an old order may have earned what has expired since
	d.into(&commit)
	return s.commit(ctx, r, profile, commit)
}

// before reads what the step needs, and the answer of an earlier request that did
// the same.
func (s *Service) before(ctx context.Context, r Request, st step) (l loaded, first []byte, err error) {
	if st.load != nil {
		if err := st.load(ctx, &l); err != nil {
			return l, nil, err
		}
	}
	switch {
	case st.unique != nil:
		first, err = s.store.ReferenceAnswer(ctx, r.Tenant, r.ID, *st.unique)
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
		ID: rand.Text(), Tenant: r.Tenant, Before: profile.Account, After: profile.Account.Account, Answer: first,
	})
	result.Replayed = err == nil
	return result, err
}

func (s *Service) commit(ctx context.Context, r Request, profile Profile, c Commit) (Result, error) {
	profile.Account.Account = c.After
	var err error
	if c.Answer, err = r.Show(profile); err != nil {
		return Result{}, err
	}
	return s.save(ctx, r, c)
}

// save commits under the key of the request, and answers what was recorded
// under it where that came first.
func (s *Service) save(ctx context.Context, r Request, c Commit) (Result, error) {
	c.Request = r.IdempotencyKey
	first, found, err := idempotency.OfCommit[[]byte](s.carryOut(ctx, r, c), r.IdempotencyKey)
	switch {
	case err != nil:
		return Result{}, err
	case found:
		return Result{Answer: first, Replayed: true}, nil
	}
	return Result{Answer: c.Answer}, nil
}

// Profile returns customer and account, or rejects with [ErrNotFound].
func (s *Service) Profile(ctx context.Context, tenant int, id customer.ID) (Profile, error) {
	var profile Profile
	err := errs.Retry(ctx, func(int) (err error) {
		profile, err = s.store.Profile(ctx, tenant, id)
		return err
	})
	if err == nil && profile.Gone() {
		err = ErrNotFound
	}
	return profile, err
}
