package imports

import (
	"context"

	"regulars/shared/customer"
	"regulars/shared/points"
)

// A Ledger is a [points.Store] that also says whose an order is, and what a commit takes
// of a transaction.
type Ledger interface {
	points.Store
	// OrderOwner is the customer that has the order's id, or 0.
	OrderOwner(ctx context.Context, tenant int, order string) (customer.ID, error)
	// WeighPoints is [customer.Store.Weigh] for a commit of points.
	WeighPoints(c points.Commit) (items, bytes int, units int64, err error)
}

// A pointsWindow is the points of a window. An account is written once, with the
// entries of all rows.
type pointsWindow struct {
	// profiles are accounts as the rows before leave them, with the customer as the
	// store read it.
	profiles map[customer.ID]points.Profile
	orders   map[orderName]points.OrderRecord
	unique   map[uniqueName]bool
	owners   map[string]customer.ID // of orders that are new

	points []points.Commit
}

type orderName struct {
	id    customer.ID
	order string
}

type uniqueName struct {
	id  customer.ID
	ref points.Reference
}

func newPointsWindow() pointsWindow {
	return pointsWindow{
		profiles: map[customer.ID]points.Profile{}, orders: map[orderName]points.OrderRecord{},
		unique: map[uniqueName]bool{}, owners: map[string]customer.ID{},
	}
}

// A ledgerWindow is the window as a [points.Store].
type ledgerWindow struct {
	Ledger
	w *window
}

// Profile implements [points.Store].
func (l ledgerWindow) Profile(ctx context.Context, tenant int, id customer.ID) (points.Profile, error) {
	w := l.w
	c, row := w.record(id), w.row.customer
	ofRow := row != nil && row.After.ID == id
	if ofRow {
		c = customer.Record{Customer: row.After, Rev: customer.Rev{Commit: row.ID}}
	}
	profile, known := w.profiles[id]
	for _, commit := range w.row.points.commits { // of the same row
		if commit.After.ID == id {
			profile.Account, known = following(profile.Account, commit), true
		}
	}
	if !known {
		read, err := l.Ledger.Profile(ctx, tenant, id)
		if err != nil {
			return points.Profile{}, err
		}
		before := c.Commit
		if earlier := w.changed(id); earlier != nil {
			before = earlier.Before.Commit
		} else if ofRow {
			before = row.Before.Commit
		} else if c.Absent() {
			c, before = read.Customer, read.Customer.Commit
		}
		if read.Customer.Commit != before {
			return points.Profile{}, errStale
		}
		w.profiles[id] = read
		profile = read
	}
	profile.Customer = c
	profile.Account.Account = profile.Account.Following(c.Standing())
	return profile, nil
}

// following is the account as a commit leaves it.
func following(before points.Record, c points.Commit) points.Record {
	if len(c.Entries) == 0 {
		return before
	}
	return points.Record{Account: c.After, Rev: customer.Rev{Commit: c.ID, Bytes: before.Bytes}}
}

// Order implements [points.Store].
func (l ledgerWindow) Order(ctx context.Context, tenant int, id customer.ID, order string) (points.OrderRecord, error) {
	if record, ok := l.w.orders[orderName{id, order}]; ok {
		return record, nil
	}
	return l.Ledger.Order(ctx, tenant, id, order)
}

// OrderOwner implements [Ledger].
func (l ledgerWindow) OrderOwner(ctx context.Context, tenant int, order string) (customer.ID, error) {
	if id, ok := l.w.owners[order]; ok {
		return id, nil
	}
	return l.Ledger.OrderOwner(ctx, tenant, order)
}

// ReferenceAnswer implements [points.Store].
func (l ledgerWindow) ReferenceAnswer(ctx context.Context, tenant int, id customer.ID, ref points.Reference) ([]byte, error) {
	if l.w.unique[uniqueName{id, ref}] {
		return []byte("{}"), nil
	}
	return l.Ledger.ReferenceAnswer(ctx, tenant, id, ref)
}

// CommitPoints implements [points.Store]: it is what the row comes to.
func (l ledgerWindow) CommitPoints(_ context.Context, c points.Commit) error {
	if len(c.Entries) > 0 {
		l.w.row.points.commits = append(l.w.row.points.commits, c)
	}
	return nil
}

// keepPoints takes in what a row does to accounts. The first commit of an account
// writes it as the last leaves it; the others add their entries.
func (w *window) keepPoints(commits []points.Commit) {
	for _, c := range commits {
		id := c.After.ID
		profile := w.profiles[id]
		profile.Account = following(profile.Account, c)
		w.profiles[id] = profile
		for i, earlier := range w.points {
			if earlier.After.ID == id {
				w.points[i].After = c.After
				break
			}
		}
		w.points = append(w.points, c)
		if c.Unique != nil {
			w.unique[uniqueName{id, *c.Unique}] = true
		}
		if c.Order != nil {
			w.orders[orderName{id, c.Order.After.ID}] = points.OrderRecord{Order: c.Order.After, Rev: customer.Rev{Commit: c.ID}, Answer: c.Answer}
			if c.Order.Before.Absent() {
				w.owners[c.Order.After.ID] = id
			}
		}
	}
}

// follow gives an account that the window writes the standing of its customer.
func (w *window) follow(c customer.Customer) {
	for i, commit := range w.points {
		if commit.After.ID == c.ID {
			w.points[i].After = commit.After.Following(c.Standing())
			break
		}
	}
	if profile, ok := w.profiles[c.ID]; ok {
		profile.Account.Account = profile.Account.Following(c.Standing())
		w.profiles[c.ID] = profile
	}
}
