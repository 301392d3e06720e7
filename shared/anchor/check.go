package anchor

import (
	"context"
	"crypto/ecdsa"
	"fmt"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/points"
)

// Check holds the ledgers of a tenant against its anchors, and the anchors against their
// signatures and each other. It hands each flaw on, a sentence without contacts, and
// returns of how many anchors there were the first and last day.
func Check(ctx context.Context, store Store, tenant int, key *ecdsa.PublicKey, now time.Time, flaw func(string)) (n int, first, last string, err error) {
	lines, err := store.Anchors(ctx, tenant)
	if err != nil {
		return 0, "", "", err
	}
	c := checker{store, tenant, flaw, map[customer.ID]Head{}}
	before := map[string]Digest{}
	for _, line := range lines {
		a, err := Parse(line)
		if err != nil || a.Tenant != tenant || !Signed(line, key) {
			flaw(fmt.Sprintf("an anchor is not signed with the key: %.300q", line))
			continue
		}
		before[a.Day] = DigestOfLine(line)
		day, err := time.Parse(DayForm, a.PreviousDay)
		if got, there := before[a.PreviousDay]; err == nil && got != a.Previous && (there || now.Before(day.Add(Kept))) {
			flaw(fmt.Sprintf("anchor of %s: the one before it, of %s, is gone or another", a.Day, a.PreviousDay))
		}
		if err := c.anchor(ctx, a); err != nil {
			return 0, "", "", err
		}
		n, last = n+1, a.Day
		if first == "" {
			first = a.Day
		}
	}
	return n, first, last, nil
}

// A checker knows what it has held against the table already.
type checker struct {
	store  Store
	tenant int
	flaw   func(string)
	seen   map[customer.ID]Head
}

// anchor compares what is kept of one day with its line, and the ledgers with that.
func (c checker) anchor(ctx context.Context, a Anchor) error {
	var digests [customer.Shards]Digest
	ledgers := 0
	err := c.store.EachHeads(ctx, c.tenant, a.Day, func(h Heads) error {
		digests[h.Shard] = digests[h.Shard].With(h.Heads)
		ledgers += len(h.Heads)
		for _, head := range h.Heads {
			if c.seen[head.Ledger] == head {
				continue
			}
			c.seen[head.Ledger] = head
			if err := c.head(ctx, a, head); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && (ledgers != a.Ledgers || Together(digests) != a.Heads) {
		c.flaw(fmt.Sprintf("anchor of %s: what is kept of its ledgers is not what was signed", a.Day))
	}
	return err
}

// head looks for the entry that was the last.
func (c checker) head(ctx context.Context, a Anchor, h Head) error {
	var e *points.Entry
	err := errs.Retry(ctx, func(int) (err error) {
		e, err = c.store.Entry(ctx, c.tenant, h.Ledger, h.Seq)
		return err
	})
	if err != nil || e != nil && e.Hash == h.Hash {
		return err
	}
	id, wallet := points.OwnerOf(h.Ledger)
	c.flaw(fmt.Sprintf("customer %s: entry %d of the ledger of wallet %d is not the one that was anchored on %s", id.Decimal(), h.Seq, wallet, a.Day))
	return nil
}

// Last is the latest of the lines of a tenant before a day; empty where there is none.
func Last(ctx context.Context, store Store, tenant int, day string) (line string, err error) {
	lines, err := store.Anchors(ctx, tenant)
	for _, l := range slices.Backward(lines) {
		if a, err := Parse(l); err == nil && a.Day < day {
			return l, nil
		}
	}
	return "", err
}
