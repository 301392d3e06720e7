package points

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/meter"
)

// What one transaction takes. Each answer may be kept twice, under a key and under a
// reference: with the account, and entries of a few KB, that stays below the 4 MB of a
// transaction.
const (
	maxTogether = 32
	maxItems    = 100
	maxAnswers  = 1_500_000 // bytes
)

// A ledgerKey names an account, by the id in requests about it.
type ledgerKey struct {
	tenant int
	id     customer.ID
}

// inTurn carries a change out when its turn comes, together with those of the same
// account that wait with it. What cannot be decided with these goes by itself after them.
func (s *Service) inTurn(c *change) {
	of := ledgerKey{c.request.Tenant, c.request.ID}
	if err := s.queue.Do(c.ctx, of, c, c.step.joins, s.carryOutAll); err != nil {
		c.err = &errs.Unavailable{Err: err}
		return
	}
	if !c.apart {
		return
	}
	first, done, err := s.replay(c.ctx, c.about)
	if done || err != nil {
		c.result, c.err = first, err
		return
	}
	if err := s.queue.Do(c.ctx, of, c, false, s.carryOutAll); err != nil {
		c.err = &errs.Unavailable{Err: err}
	}
}

// carryOutAll carries out changes of one account, in as few transactions as they fit in.
// One alone is carried out as if there were no others.
func (s *Service) carryOutAll(all []*change) {
	if len(all) == 1 {
		s.carryOut(all[0])
		return
	}
	var waiting []*change
	deadline := time.Time{} // the earliest
	for _, c := range all {
		c.err = &errs.Unavailable{Err: errors.New("its turn came too late")}
		if !errs.InTime(c.ctx) {
			continue
		}
		c.err = &errs.Unavailable{Err: errors.New("what it was committed with did not end")}
		waiting = append(waiting, c)
		if d, ok := c.ctx.Deadline(); ok && (deadline.IsZero() || d.Before(deadline)) {
			deadline = d
		}
	}
	ctx, used := meter.With(context.WithoutCancel(all[0].ctx)) // a client that goes away ends nothing for the others
	defer shareOut(used, all)
	if !deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, deadline)
		defer cancel()
	}
	for len(waiting) > 0 {
		g := &group{}
		err := errs.Retry(ctx, func(int) error {
			g = &group{waiting: waiting}
			return s.attemptAll(ctx, g)
		})
		g.end(err)
		waiting = g.left
	}
}

// A group is what is committed in one transaction.
type group struct {
	waiting []*change
	// carried come to commits, rejected are told why, left did not fit in.
	carried, rejected, left []*change
	commits                 []Commit
	items, answers          int // of the transaction, and bytes
}

// attemptAll reads the account, decides the changes one after another, each on what those
// before it come to, and commits all of it.
func (s *Service) attemptAll(ctx context.Context, g *group) error {
	first := g.waiting[0].request
	profile, err := s.profile(ctx, first.Tenant, first.ID)
	if err != nil {
		return err
	}
	id := rand.Text()
	taken := map[string]bool{} // keys and references
	for i, c := range g.waiting {
		if c.apart {
			continue
		}
		if c.about = c.request; profile.Gone() {
			c.err = ErrNotFound
			g.rejected = append(g.rejected, c)
			continue
		}
		c.about.ID, c.about.formerly = profile.ledger(), profile.formerly()
		if c.apart = c.once() && len(c.about.formerly) > 0 || !c.takes(taken); c.apart {
			continue // what it came to before is looked for by itself
		}
		commit, err := s.decideOne(c, profile)
		if _, rejected := errs.AsClient(err); rejected && c.step.unique == nil {
			c.err = err
			g.rejected = append(g.rejected, c)
			continue
		}
		if c.apart = err != nil; c.apart {
			continue
		}
		commit.ID = id
		if !g.add(c, commit) {
			g.left = g.waiting[i:]
			break
		}
		profile.Account = commit.leaves()
	}
	if len(g.commits) == 0 {
		return nil
	}
	recorded, err := s.store.CommitTogether(ctx, g.commits)
	for _, n := range recorded {
		g.carried[n].apart = true
	}
	return err
}

// once reports whether it may be carried out once.
func (c *change) once() bool { return c.request.IdempotencyKey != nil || c.step.unique != nil }

// takes takes its key and its reference, and reports whether both were free.
func (c *change) takes(taken map[string]bool) bool {
	var names []string
	if c.request.IdempotencyKey != nil {
		names = append(names, "key "+c.request.IdempotencyKey.Value)
	}
	if u := c.step.unique; u != nil {
		names = append(names, fmt.Sprintf("%s %s", u.Direction, u.RefID))
	}
	for _, name := range names {
		if taken[name] {
			return false
		}
	}
	for _, name := range names {
		taken[name] = true
	}
	return true
}

// decideOne decides a change. Should it panic, it does so again by itself.
func (s *Service) decideOne(c *change, profile Profile) (commit Commit, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return s.decide(c.about, c.step, profile, loaded{})
}

// add takes a commit into the transaction, unless it does not fit in.
func (g *group) add(of *change, c Commit) bool {
	items := len(c.Entries) + len(c.Ended)
	if c.Request != nil {
		items++
	}
	if c.Unique != nil {
		items++
	}
	if len(g.commits) == 0 {
		items += 3 // the account, its customer, its place in the list of wallets
	} else if g.items+items > maxItems || g.answers+len(c.Answer) > maxAnswers {
		return false
	}
	g.carried, g.commits = append(g.carried, of), append(g.commits, c)
	g.items, g.answers = g.items+items, g.answers+len(c.Answer)
	return true
}

// end says what became of the changes. A rejection rests on what was decided before it,
// so it stands once that is committed. Where it is not known whether the transaction
// happened, or the table throttles, that is the error of each; after any other error
// nothing was done, and each goes by itself.
func (g *group) end(err error) {
	if err == nil {
		for n, c := range g.carried {
			c.result, c.err = Result{Answer: g.commits[n].Answer}, nil
		}
		return
	}
	ended := slices.Concat(g.carried, g.rejected)
	if len(ended) == 0 { // nothing was decided
		ended = g.waiting
	}
	_, unavailable := errs.AsUnavailable(err)
	for _, c := range ended {
		c.err = err
		c.apart = c.apart || !unavailable || errors.Is(err, errs.ErrConflict) && !errors.Is(err, errs.ErrThrottled)
	}
}

// shareOut divides what changes consumed together among their requests, and says which
// of them wrote.
func shareOut(used *meter.Meter, all []*change) {
	var meters []*meter.Meter
	for _, c := range all {
		meters = append(meters, meter.From(c.ctx))
		if c.err != nil || c.apart {
			continue
		}
		for _, subject := range used.Written() {
			meter.From(c.ctx).Wrote(subject)
		}
	}
	used.Share(meters)
}
