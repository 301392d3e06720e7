package dynamo

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/idempotency"
	"regulars/shared/points"
)

// CommitPoints implements [points.Store].
func (s *Store) CommitPoints(ctx context.Context, c points.Commit) error {
	t, err := s.pointsTransaction(c)
	if err != nil {
		return err
	}
	err = s.commit(ctx, "commit points", t)
	if broken := t.broken(err); len(broken) > 0 && broken[0].SK == orderClaimSK {
		return s.checkOrderClaim(ctx, broken[0], c.After.ID, err)
	}
	if c.Request == nil {
		return err
	}
	return recorded(err, func(found item) (*points.IdempotencyRecord, error) { return readAnswer(found, s.now()) })
}

// CommitTogether implements [points.Store]. The account is the first write, since its guard
// proves that an earlier send succeeded.
func (s *Store) CommitTogether(ctx context.Context, commits []points.Commit) (recorded []int, err error) {
	first, last := commits[0], commits[len(commits)-1]
	t := &tx{id: first.ID}
	t.putAccount(first.Tenant, t.id, first.Before, last.After)
	for _, c := range commits {
		if err := t.putPoints(c, s.now()); err != nil {
			return nil, err
		}
	}
	t.dropNeedlessChecks() // a further wallet's customer is checked by each of them
	err = s.commit(ctx, "commit points together", t)
	broken := t.broken(err)
	for i, c := range commits {
		id := c.After.ID
		if c.Request != nil && slices.Contains(broken, answerKey(c.Tenant, id, c.Request.Value)) ||
			c.Unique != nil && slices.Contains(broken, uniqueKey(c.Tenant, id, *c.Unique)) {
			recorded = append(recorded, i)
		}
	}
	return recorded, err
}

// pointsTransaction builds the writes of c: the request first, since its guard
// answers; then the account, whose guard keeps all decisions about it in order.
func (s *Store) pointsTransaction(c points.Commit) (*tx, error) {
	t := &tx{id: c.ID}
	return t, t.putPoints(c, s.now())
}

func (t *tx) putPoints(c points.Commit, now time.Time) error {
	id := c.After.ID
	if c.Request != nil {
		it, err := newAnswerItem(answerKey(c.Tenant, id, c.Request.Value), c.ID, c.Request.Fingerprint, c.Answer, now.Add(idempotency.Retention))
		if err != nil {
			return err
		}
		t.put(it, absentOrExpired(now), 0, 0)
	}
	if len(c.Entries) == 0 {
		t.check(accountKey(c.Tenant, id), writtenBy(c.Before.Commit), c.Before.Bytes)
		return nil
	}
	t.putEntries(c.Tenant, c.ID, c.Before, c.After, c.Entries)
	if c.Unique != nil {
		it, err := newAnswerItem(uniqueKey(c.Tenant, id, *c.Unique), c.ID, "", c.Answer, time.Time{})
		if err != nil {
			return err
		}
		t.put(it, absent(), 0, 0)
	}
	if c.Order != nil {
		answer := c.Answer
		if !c.Order.Before.Absent() {
			answer = c.Order.Before.Answer
		}
		it, err := newOrderItem(orderKey(c.Tenant, cmp.Or(c.Order.Before.In, id), c.Order.After.ID), c.Order.After, c.ID, answer)
		if err != nil {
			return err
		}
		t.put(it, writtenBy(c.Order.Before.Commit), c.Order.Before.Bytes, 0)
		if c.Order.Before.Absent() {
			t.putOrderClaim(c.Tenant, c.Order.After.ID, id)
		}
	}
	if c.Reversal != nil {
		it := newReversalItem(reversalKey(c.Tenant, id, c.Reversal.Seq), c.Reversal.After, c.ID)
		t.put(it, writtenBy(c.Reversal.Before.Commit), c.Reversal.Before.Bytes, 0)
	}
	t.putHoldEnds(c.Tenant, c.ID, id, c.Ended)
	t.checkOwner(c.Tenant, c.ID, id, c.Before, c.Customer)
	if p := c.Peer; p != nil {
		t.putEntries(c.Tenant, c.ID, p.Before, p.After, p.Entries)
		t.putHoldEnds(c.Tenant, c.ID, p.After.ID, p.Ended)
		t.checkOwner(c.Tenant, c.ID, p.After.ID, p.Before, p.Customer)
	}
	return nil
}

// putEntries writes an account and the entries that led to it.
func (t *tx) putEntries(tenant int, commit string, before points.Record, after points.Account, entries []points.Entry) {
	if !t.has(accountKey(tenant, after.ID)) { // else by the commit before, as this one leaves it
		t.putAccount(tenant, commit, before, after)
	}
	for _, e := range entries {
		it := newEntryItem(tenant, after.ID, e, commit)
		t.put(it, absent(), 0, indexUnits(indexKeys{}, indexKeysOf(it)))
	}
}

func (t *tx) putHoldEnds(tenant int, commit string, id customer.ID, ended []points.HoldEnd) {
	for _, h := range ended {
		t.put(newHoldEndItem(holdEndKey(tenant, id, h.Number), h, commit), absent(), 0, 0)
	}
}

// putOrderClaim makes the order's id the customer's, who may have it already.
func (t *tx) putOrderClaim(tenant int, order string, id customer.ID) {
	it := make(attributes, 4)
	it.setPlaces(orderClaimKey(tenant, order), indexKeys{})
	it.setText(attrCommit, t.id)
	it.setText(attrOwner, id.Base36())
	t.put(item(it), absentOrOwnedBy(id), 0, 0)
}

// checkOrderClaim returns [points.ErrOrderOfOther] where the claim is another
// customer's, else err.
func (s *Store) checkOrderClaim(ctx context.Context, claim key, id customer.ID, err error) error {
	it, readErr := s.getOne(ctx, "read order claim", claim)
	if readErr != nil {
		return readErr
	}
	if owner := text(it, attrOwner); owner != "" && owner != id.Base36() {
		return points.ErrOrderOfOther
	}
	return err
}

// ClaimOrder makes an order's id the customer's, unless it is another's: that one is
// returned.
func (s *Store) ClaimOrder(ctx context.Context, tenant int, order string, id customer.ID) (other customer.ID, err error) {
	t := &tx{id: rand.Text()}
	t.putOrderClaim(tenant, order, id)
	err = s.putOne(ctx, "claim order", t)
	if broken, ok := errors.AsType[*errGuard](err); ok && broken.found != nil {
		return customer.ParseBase36(text(broken.found, attrOwner))
	}
	return 0, err
}

func (t *tx) putAccount(tenant int, commit string, before points.Record, after points.Account) {
	it := newAccountItem(tenant, after, commit)
	var places indexKeys
	if !before.Absent() {
		places = accountIndexKeys(tenant, before.Account)
	}
	t.put(it, writtenBy(before.Commit), before.Bytes, indexUnits(places, indexKeysOf(it)))
}

// Account implements [customer.Store].
func (s *Store) Account(ctx context.Context, tenant int, id customer.ID) (customer.AccountRecord, error) {
	it, err := s.getOne(ctx, "read account", accountKey(tenant, id))
	if err != nil {
		return customer.AccountRecord{}, err
	}
	account, err := readAccount(id, it)
	return customer.AccountRecord{Rev: account.Rev, Content: account}, err
}

// changeAccount writes the account that follows its customer, or checks that there
// is none.
func (t *tx) changeAccount(c customer.Commit) error {
	if c.Account.Before.Absent() {
		t.check(accountKey(c.Tenant, c.After.ID), absent(), 0)
		return nil
	}
	before, ok := c.Account.Before.Content.(points.Record)
	if !ok {
		return fmt.Errorf("the account of customer %s is a %T", c.After.ID.Hex(), c.Account.Before.Content)
	}
	t.putAccount(c.Tenant, c.ID, before, before.Following(c.Account.After))
	return nil
}

// OrderOwner returns the customer that has the order's id, or 0.
func (s *Store) OrderOwner(ctx context.Context, tenant int, order string) (customer.ID, error) {
	it, err := s.getOne(ctx, "read order claim", orderClaimKey(tenant, order))
	if err != nil || it == nil {
		return 0, err
	}
	return customer.ParseBase36(text(it, attrOwner))
}
