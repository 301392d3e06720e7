// Package upkeep decides changes to many customers at once, which a job carries out
// in the background.
package upkeep

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/customer"
)

// A Suspension is a request about the subscriptions of all customers: those that
// are subscribed are suspended, or suspended ones subscribed again, whoever
// suspended them. Other statuses, and subscriptions that were deleted, are left
// alone.
type Suspension struct {
	// Lift: suspended ones are subscribed again.
	Lift bool
	// Channel and Resource narrow it to one channel and one resource; empty and 0
	// do not.
	Channel  customer.Channel
	Resource int64
}

// String is the suspension as one word: suspend:sms:3, or lift:: for all there are.
func (s Suspension) String() string {
	verb, resource := "suspend", ""
	if s.Lift {
		verb = "lift"
	}
	if s.Resource != 0 {
		resource = strconv.FormatInt(s.Resource, 10)
	}
	return verb + ":" + string(s.Channel) + ":" + resource
}

// parseSuspension reads what [Suspension.String] writes.
func parseSuspension(word string) (Suspension, error) {
	fields := strings.Split(word, ":")
	if len(fields) == 3 {
		s := Suspension{Lift: fields[0] == "lift", Channel: customer.Channel(fields[1])}
		s.Resource, _ = strconv.ParseInt(fields[2], 10, 64)
		if s.String() == word {
			return s, nil
		}
	}
	return Suspension{}, fmt.Errorf("%.60q is no suspension", word)
}

// Suspensions are carried out one after the other.
type Suspensions []Suspension

// String is the suspensions as words.
func (all Suspensions) String() string {
	words := make([]string, len(all))
	for i, s := range all {
		words[i] = s.String()
	}
	return strings.Join(words, " ")
}

// ParseSuspensions reads what [Suspensions.String] writes.
func ParseSuspensions(text string) (Suspensions, error) {
	var all Suspensions
	for word := range strings.FieldsSeq(text) {
		s, err := parseSuspension(word)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// Then is all of them with one more after them. Those that it makes no
// difference to any more are left out: where it decides about each subscription
// that they were about.
func (all Suspensions) Then(last Suspension) Suspensions {
	kept := slices.DeleteFunc(slices.Clone(all), func(s Suspension) bool {
		return (last.Channel == "" || last.Channel == s.Channel) && (last.Resource == 0 || last.Resource == s.Resource)
	})
	return append(kept, last)
}

// apply carries the suspensions out on c and returns how many subscriptions have
// another status than before.
func (all Suspensions) apply(c *customer.Customer) int {
	changed := 0
	for i := range c.Subscriptions {
		s := &c.Subscriptions[i]
		before := s.Status
		for _, suspension := range all {
			s.Status = suspension.statusOf(*s)
		}
		if s.Status != before {
			changed++
		}
	}
	return changed
}

func (s Suspension) statusOf(sub customer.Subscription) customer.Status {
	from, to := customer.Subscribed, customer.Suspended
	if s.Lift {
		from, to = to, from
	}
	about := (s.Channel == "" || s.Channel == sub.Channel) && (s.Resource == 0 || s.Resource == sub.Resource)
	if sub.Deleted || !about || sub.Status != from {
		return sub.Status
	}
	return to
}

// A Plan is what suspensions change of some customers. It is decided and not
// committed.
type Plan struct {
	// Commits are of the customers that change.
	Commits []customer.Commit
	// Seen is how many of the customers were looked at, the first of those asked
	// for; Skipped are those of them that are no more, or have no room.
	Seen, Skipped int
	// Subscriptions is how many change their status.
	Subscriptions int
}

const (
	// planBytes is how much of customers one plan holds: a transaction takes 4 MB.
	// The last customer may go beyond it.
	planBytes = 2_000_000
	// statusBytes is what a status that is not the usual one adds to a customer.
	statusBytes = 16
	// tableBytes is how large an item may be in the table. A suspension may make a
	// customer larger than [customer.MaxBytes], but not than that.
	tableBytes = 400_000
)

// A Store reads customers.
type Store interface {
	// FirstCustomers is that of [customer.Store].
	FirstCustomers(ctx context.Context, tenant int, ids []customer.ID) (records map[customer.ID]customer.Record, read int, err error)
}

// PlanSuspensions decides what the suspensions change of the customers, in their
// order, as many as fit one commit. The commits are conditional on the customers
// being as they were read.
func PlanSuspensions(ctx context.Context, store Store, rules customer.Rules, ids []customer.ID, all Suspensions, now time.Time) (Plan, error) {
	var plan Plan
	records, read, err := store.FirstCustomers(ctx, rules.Tenant, ids)
	if err != nil {
		return plan, err
	}
	size := 0
	for _, id := range ids[:read] {
		if size > planBytes {
			break
		}
		plan.Seen++
		record, found := records[id]
		if !found || record.Deleted {
			plan.Skipped++
			continue
		}
		after := record.Clone()
		changed := all.apply(&after)
		if changed == 0 {
			continue
		}
		if record.Bytes+changed*statusBytes > tableBytes {
			plan.Skipped++
			continue
		}
		after.Changed = now.UTC().Truncate(time.Microsecond)
		plan.Commits = append(plan.Commits, customer.Commit{
			ID: rand.Text(), Tenant: rules.Tenant, Before: record, After: after, Outgrow: true, HistoryDays: rules.HistoryDays,
		})
		plan.Subscriptions += changed
		if size += record.Bytes; rules.HistoryDays > 0 {
			size += record.Bytes // of which the history has what its subscriptions were and are
		}
	}
	return plan, nil
}
