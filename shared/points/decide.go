package points

import (
	"cmp"
	"crypto/rand"
	"slices"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// A draft is an account that is being decided on. Steps alter the account and
// then enter what they did, so that its figures are the sum of its entries
// whatever the steps are.
type draft struct {
	Account
	rules access.Preferences
	// now is never before the last entry: time does not go back for an account.
	now  time.Time
	made []Entry
	// ended are the holds that ended.
	ended []HoldEnd
	// said are the figures that the entries so far explain.
	said Figures
}

// newDraft begins a decision about a profile. The first one opens the account.
func newDraft(p Profile, rules access.Preferences, now time.Time) *draft {
	d := &draft{Account: p.Account.Account, rules: rules, now: now.UTC().Truncate(time.Microsecond)}
	if d.Changed.After(d.now) { // the clock of another machine was ahead
		d.now = d.Changed
	}
	d.Lots, d.Waiting, d.Expired = slices.Clone(d.Lots), slices.Clone(d.Waiting), slices.Clone(d.Expired)
	d.Holds = slices.Clone(d.Holds) // their shares are replaced, never altered
	if p.Account.Absent() {
		d.Account = Account{ID: cmp.Or(p.Ledger, p.Customer.ID), Number: rand.Text(), Disabled: p.Customer.Disabled}
	}
	d.said = d.Figures
	return d
}

// enter writes the entry that explains what was altered since the last one. It
// is the only place where an account's version, time and head move on.
func (d *draft) enter(e Entry) {
	e.Seq = d.Version + 1
	e.Change, e.Balance = d.Figures.minus(d.said), d.Figures
	e.Time = d.now
	before, _ := Level(d.rules, d.said.Ranking)
	if after, _ := Level(d.rules, d.Ranking); after != before && d.said.Ranking != d.Ranking {
		e.Level, e.PreviousLevel = after, before
		d.PreviousLevel = before
	}
	e.Salt = newSalt()
	e.Digest = e.digest()
	e.Hash = e.hash(d.Number, d.Head)
	d.Version, d.Changed, d.Head, d.said = e.Seq, e.Time, e.Hash, d.Figures
	d.made = append(d.made, e)
}

// settle enters what has fallen due: waiting points become available, holds whose
// time is over give theirs back, lots expire. It does so before any other decision.
func (d *draft) settle() {
	system := Text{Actor: systemActor}
	due := 0
	for due < len(d.Waiting) && !d.Waiting[due].Hour.Begins().After(d.now) {
		due++
	}
	usable := d.Waiting[:due]
	d.Waiting = slices.Clone(d.Waiting[due:]) // gain may build another
	for _, w := range usable {
		d.Incoming -= w.Points
		d.gain(w.Points, w.Day, w.Order)
	}
	if due > 0 {
		d.enter(Entry{Kind: KindActivate, Text: system})
	}
	d.release()
	expired := int64(0)
	for _, l := range d.Lots {
		if l.Day != Never && !l.Day.Begins().After(d.now) {
			expired += l.Points
			if l.Order != 0 {
				d.addExpired(Share{l.Order, l.Points})
			}
		}
	}
	if expired > 0 {
		d.spend(expired, noDay) // the soonest are the expired ones
		d.bound()
		d.enter(Entry{Kind: KindExpire, Text: system})
	}
}

// expiry is the day on which points expire that are usable from t on.
func (d *draft) expiry(t time.Time) Day {
	return expiresAfter(t, d.rules.Earning.ExpiresAfterDays)
}

// subtract takes points that are there, or may be overdrawn.
func (d *draft) subtract(points int64, text Text) error {
	if err := d.covers(points, d.rules.Overdraft); err != nil {
		return err
	}
	d.spend(points, noDay)
	if d.rules.SubtractCountsAsUsed {
		d.Used += points
	}
	d.enter(Entry{Kind: KindSubtract, Text: text})
	return d.within("value")
}

// covers rejects spending what is not there and beyond the overdraft, or what a disabled
// profile has.
func (d *draft) covers(points, overdraft int64) error {
	if d.Disabled {
		return ErrDisabled
	}
	if overdraft > 0 && points > d.Available+overdraft {
		return errs.New(ErrInsufficient.Kind, "insufficient_points/overdraft", "point", d.Available, points, overdraft).DependingOnSettings()
	}
	if overdraft == 0 && points > d.Available {
		return errs.New(ErrInsufficient.Kind, "insufficient_points/available", "point", d.Available, points)
	}
	return nil
}

// into makes a commit of what was decided.
func (d *draft) into(c *Commit) {
	c.After, c.Entries, c.Ended = d.Account, d.made, d.ended
}

// within rejects figures that JSON would not keep. field is what the client sent
// too much of.
func (d *draft) within(field string) error {
	if d.Available > Max-d.Incoming-d.Held || d.Used > Max || d.Ranking > Max || d.Spent > Max {
		return errs.New(ErrTooMany.Kind, "too_many_points/figure", field, int64(Max))
	}
	if d.Available < -Max {
		return errs.New(ErrTooMany.Kind, "too_many_points/debt", field, int64(Max))
	}
	return nil
}
