package imports

import (
	"context"
	"errors"
	"maps"
	"slices"

	"golang.org/x/sync/errgroup"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/points"
)

const (
	// maxItems is how many items of one transaction are changes of customers and
	// points: it takes 100, and three are the part and its job.
	maxItems = 95
	// maxBytes is how large they may be together; a transaction takes 4 MB.
	maxBytes = 3_500_000
	// keysAtOnce is how many keys or customers one read of the store takes.
	keysAtOnce = 100
	// readsAtOnce is how many reads are under way at a time.
	readsAtOnce = 16
)

// A window is a [customer.Store] and a [points.Store] on which changes are decided
// one after the other, each seeing those before it, and then written together: a
// commit is kept in memory. What is read is kept, too, and asked for again only
// where one change asks twice, as services do to see whether what they read at
// several moments is still so. The commits that [window.commits] returns have the
// conditions under which all decisions hold, each item once.
type window struct {
	customer.Store
	tenant int
	ledger Ledger

	keys      map[customer.Key]customer.KeyRecord
	customers map[customer.ID]customer.Record
	asked     map[any]bool // what the change that is being decided has read

	// row is what the change that is being decided commits; it counts once it is
	// kept.
	row change
	// customer changes, in the sequence in which customers were first changed.
	changed []customer.ID
	merged  map[customer.ID]*customer.Commit
	weights map[customer.ID]Weight
	total   Weight
	// what the decisions require, and who changed which key last.
	keyChanges map[customer.Key]keyChange
	checkKeys  map[customer.Key]customer.Rev
	checks     map[customer.ID]customer.Record

	pointsWindow
}

// A change is what one row comes to.
type change struct {
	customer *customer.Commit
	// merged is the commit with those of the rows before about the customer.
	merged *customer.Commit
	weight Weight // of merged
	points pointsChange
}

// A pointsChange is what one row does to accounts.
type pointsChange struct {
	commits []points.Commit
	weight  Weight
}

// A keyChange is how a key changes over all rows.
type keyChange struct {
	customer.KeyChange
	by customer.ID
}

// A Weight is what a commit takes of a transaction: items, bytes of what is written,
// and units.
type Weight struct {
	Items, Bytes int
	Units        int64
}

func (w Weight) plus(v Weight) Weight {
	return Weight{w.Items + v.Items, w.Bytes + v.Bytes, w.Units + v.Units}
}

func (w Weight) minus(v Weight) Weight {
	return Weight{w.Items - v.Items, w.Bytes - v.Bytes, w.Units - v.Units}
}

func newWindow(tenant int, customers customer.Store, ledger Ledger) *window {
	w := &window{
		Store: customers, tenant: tenant, ledger: ledger,
		keys: map[customer.Key]customer.KeyRecord{}, customers: map[customer.ID]customer.Record{}, asked: map[any]bool{},
		merged: map[customer.ID]*customer.Commit{}, weights: map[customer.ID]Weight{},
		keyChanges: map[customer.Key]keyChange{}, checkKeys: map[customer.Key]customer.Rev{}, checks: map[customer.ID]customer.Record{},
	}
	w.pointsWindow = newPointsWindow()
	return w
}

// prefetch reads keys and the customers that they name, many at a time.
func (w *window) prefetch(ctx context.Context, keys []customer.Key, ids []customer.ID) error {
	if err := readMany(ctx, keys, func(ctx context.Context, some []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
		return w.Store.Keys(ctx, w.tenant, some)
	}, w.keys); err != nil {
		return err
	}
	for _, key := range keys {
		for id := range w.keys[key].Roles {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if err := readMany(ctx, ids, func(ctx context.Context, some []customer.ID) (map[customer.ID]customer.Record, error) {
		return w.Store.Customers(ctx, w.tenant, some)
	}, w.customers); err != nil {
		return err
	}
	for _, id := range ids {
		if _, there := w.customers[id]; !there {
			w.customers[id] = customer.Record{}
		}
	}
	return nil
}

// readMany reads what is named, side by side, into all.
func readMany[K comparable, V any](ctx context.Context, names []K, read func(context.Context, []K) (map[K]V, error), all map[K]V) error {
	chunks := slices.Collect(slices.Chunk(names, keysAtOnce))
	found := make([]map[K]V, len(chunks))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, chunk := range chunks {
		group.Go(func() error {
			return errs.Retry(ctx, func(int) (err error) {
				found[i], err = read(ctx, chunk)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, some := range found {
		maps.Copy(all, some)
	}
	return nil
}

// begin begins the decision of another change.
func (w *window) begin() {
	w.row = change{}
	clear(w.asked)
}

// errStale says that somebody has changed what the window read: it must be thrown away.
var errStale = errors.New("what was read has changed")

// afresh decides again, with new reads, where something was stale.
func afresh(ctx context.Context, decide func() error) error {
	for n := 0; ; n++ {
		err := decide()
		if !errors.Is(err, errStale) || !errs.Pause(ctx, n) {
			return err
		}
	}
}

// mustRead reports whether something must be read from the store: it never was, or
// the change that is being decided asks for it again.
func (w *window) mustRead(name any, known bool) bool {
	again := w.asked[name]
	w.asked[name] = true
	return !known || again
}

// Keys implements [customer.Store].
func (w *window) Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	var missing []customer.Key
	for _, key := range keys {
		_, known := w.keys[key]
		if _, changed := w.keyChanges[key]; !changed && w.mustRead(key, known) {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		read, err := w.Store.Keys(ctx, tenant, missing)
		if err != nil {
			return nil, err
		}
		maps.Copy(w.keys, read)
	}
	records := make(map[customer.Key]customer.KeyRecord, len(keys))
	for _, key := range keys {
		records[key] = w.keys[key]
	}
	return records, nil
}

// Customers implements [customer.Store].
func (w *window) Customers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	var missing []customer.ID
	for _, id := range ids {
		_, known := w.customers[id]
		if w.merged[id] == nil && w.mustRead(id, known) {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		read, err := w.Store.Customers(ctx, tenant, missing)
		if err != nil {
			return nil, err
		}
		for _, id := range missing {
			w.customers[id] = read[id]
		}
	}
	records := make(map[customer.ID]customer.Record, len(ids))
	for _, id := range ids {
		if record := w.customers[id]; !record.Absent() {
			records[id] = record
		}
	}
	return records, nil
}

// CustomerWithExtensions implements [customer.Store].
func (w *window) CustomerWithExtensions(ctx context.Context, tenant int, id customer.ID) (customer.Record, error) {
	record, known := w.customers[id]
	if known && (w.merged[id] != nil || record.Absent()) && !lacksRecords(record.Customer) {
		return record, nil
	}
	read, err := w.Store.CustomerWithExtensions(ctx, tenant, id)
	if err != nil {
		return customer.Record{}, err
	}
	if merged := w.merged[id]; merged != nil {
		// It was changed by rows that did not look at the records: those are as they
		// were, if the customer is.
		if read.Commit != merged.Before.Commit {
			return customer.Record{}, errStale
		}
		record.Customer = record.Clone()
		for number, extension := range read.Extensions {
			if kept, ok := record.Extensions[number]; ok && kept.Records == nil {
				record.Extensions[number] = extension
			}
		}
		merged.Before.Extensions = read.Extensions
		read = record
	}
	w.customers[id] = read
	return read, nil
}

func lacksRecords(c customer.Customer) bool {
	for _, e := range c.Extensions {
		if e.Records == nil {
			return true
		}
	}
	return false
}

// Account implements [customer.Store].
func (w *window) Account(ctx context.Context, tenant int, id customer.ID) (customer.AccountRecord, error) {
	if profile, ok := w.profiles[id]; ok {
		return customer.AccountRecord{Rev: profile.Account.Rev, Content: profile.Account}, nil
	}
	return w.Store.Account(ctx, tenant, id)
}

// Commit implements [customer.Store]: it is what the row comes to.
func (w *window) Commit(_ context.Context, c customer.Commit) error {
	if known := w.customers[c.After.ID]; c.Before.Commit != known.Commit {
		if c.Before.Absent() {
			return errs.ErrConflict // another row drew the same id; the next one is another
		}
		return errStale
	}
	w.row.customer = &c
	return nil
}

// weight is what the window takes of a transaction with the row's change.
func (w *window) weight() (Weight, error) {
	total := w.total
	if c := w.row.customer; c != nil {
		merged := w.merge(*c)
		weight, err := w.weightOf(merged)
		if err != nil {
			return Weight{}, err
		}
		w.row.merged, w.row.weight = &merged, weight
		total = total.plus(weight).minus(w.weights[c.After.ID])
	}
	w.row.points.weight = Weight{}
	for _, c := range w.row.points.commits {
		weight, err := w.weightOfPoints(c)
		if err != nil {
			return Weight{}, err
		}
		w.row.points.weight = w.row.points.weight.plus(weight)
	}
	return total.plus(w.row.points.weight), nil
}

func (w *window) weightOf(c customer.Commit) (Weight, error) {
	items, bytes, units, err := w.Weigh(c)
	return Weight{items, bytes, units}, err
}

func (w *window) weightOfPoints(c points.Commit) (Weight, error) {
	if row := w.row.customer; w.merged[c.After.ID] != nil || row != nil && row.After.ID == c.After.ID {
		c.Customer = customer.Record{} // it is written, not checked
	}
	items, bytes, units, err := w.ledger.WeighPoints(c)
	return Weight{items, bytes, units}, err
}

// keep takes in the row's change, of which [window.weight] has said that it fits.
func (w *window) keep() {
	w.total = w.total.plus(w.row.points.weight)
	w.keepPoints(w.row.points.commits)
	c := w.row.customer
	if c == nil {
		return
	}
	id := c.After.ID
	if w.merged[id] == nil {
		w.changed = append(w.changed, id)
	}
	w.total = w.total.plus(w.row.weight).minus(w.weights[id])
	w.merged[id], w.weights[id] = w.row.merged, w.row.weight
	w.customers[id] = customer.Record{Customer: c.After, Rev: customer.Rev{Commit: c.ID, Bytes: w.row.merged.Before.Bytes}}
	delete(w.checks, id)
	w.keepKeys(*c)
	w.follow(c.After)
	for _, r := range c.UnchangedCustomers {
		w.requireCustomer(r)
	}
}

// keepKeys takes in how a commit changes keys, and which it requires as they were.
func (w *window) keepKeys(c customer.Commit) {
	for _, k := range c.Keys {
		before := k.Before
		if earlier, ok := w.keyChanges[k.Key]; ok {
			before = earlier.Before
		}
		w.keyChanges[k.Key] = keyChange{customer.KeyChange{Key: k.Key, Before: before, After: k.After}, c.After.ID}
		delete(w.checkKeys, k.Key)
		record := customer.KeyRecord{Owners: k.After, Rev: customer.Rev{Commit: c.ID, Bytes: before.Bytes}}
		if k.After.Empty() {
			record = customer.KeyRecord{}
		}
		w.keys[k.Key] = record
	}
	for key, rev := range c.UnchangedKeys {
		if _, changed := w.keyChanges[key]; !changed {
			w.checkKeys[key] = rev
		}
	}
}

// requireCustomer makes the transaction check that a customer is as it was read.
func (w *window) requireCustomer(r customer.Record) {
	if w.merged[r.ID] == nil {
		w.checks[r.ID] = r
	}
}

// requireRead makes the transaction check what the row has read: a client error
// rests on it.
func (w *window) requireRead() {
	for name := range w.asked {
		switch name := name.(type) {
		case customer.Key:
			record := w.keys[name]
			if _, changed := w.keyChanges[name]; !changed && !record.Overflowed {
				w.checkKeys[name] = record.Rev
			}
		case customer.ID:
			if record := w.customers[name]; !record.Absent() {
				w.requireCustomer(record)
			}
		}
	}
}

// required is how many items are checked and not written.
func (w *window) required() int { return len(w.checkKeys) + len(w.checks) }

// merge is the commit that does what the rows before and c do to its customer, but
// for keys, whose changes over all rows are gathered when all are known.
func (w *window) merge(c customer.Commit) customer.Commit {
	earlier := w.merged[c.After.ID]
	if earlier == nil {
		return c
	}
	m := c
	m.Before = earlier.Before
	m.Keys = slices.Concat(earlier.Keys, c.Keys) // to weigh
	m.Idents = mergeIdents(earlier.Idents, c.Idents)
	m.Extensions = nil
	m.After = c.After.Clone()
	for number, after := range m.After.Extensions {
		before := m.Before.Extensions[number]
		if before.Commit == after.Commit {
			continue
		}
		after.Commit = m.ID
		m.After.Extensions[number] = after
		m.Extensions = append(m.Extensions, customer.ExtensionChange{Number: number, Before: before, After: after})
	}
	for number, before := range m.Before.Extensions {
		if _, still := m.After.Extensions[number]; !still {
			m.Extensions = append(m.Extensions, customer.ExtensionChange{Number: number, Before: before})
		}
	}
	if m.Account == nil {
		m.Account = earlier.Account
	} else if earlier.Account != nil {
		m.Account = &customer.AccountChange{Before: earlier.Account.Before, After: m.Account.After}
	}
	if !m.ChangesStanding() {
		m.Account = nil
	}
	return m
}

// mergeIdents are the changes of identification values that both come to. A value
// that comes and goes, or goes and comes, is as it was.
func mergeIdents(earlier, later []customer.IdentChange) []customer.IdentChange {
	type value struct {
		key  int
		hash string
	}
	place := func(i customer.IdentChange) value { return value{i.Key, i.Hash} }
	opposite := map[value]bool{}
	for _, l := range later {
		if slices.ContainsFunc(earlier, func(e customer.IdentChange) bool { return place(e) == place(l) }) {
			opposite[place(l)] = true
		}
	}
	return slices.DeleteFunc(slices.Concat(earlier, later), func(i customer.IdentChange) bool { return opposite[place(i)] })
}

// commits are all changes, to be written in one transaction: each item is in one of
// them. The keys that several customers changed are in the commit of the one who
// changed them last.
func (w *window) commits() []customer.Commit {
	var all []customer.Commit
	for _, id := range w.changed {
		c := *w.merged[id]
		c.Keys, c.UnchangedKeys, c.UnchangedCustomers = nil, map[customer.Key]customer.Rev{}, nil
		if !c.Changes() && len(c.Extensions) == 0 {
			c.UnchangedCustomers = []customer.Record{c.Before}
		}
		all = append(all, c)
	}
	at := func(id customer.ID) *customer.Commit {
		return &all[slices.IndexFunc(all, func(c customer.Commit) bool { return c.After.ID == id })]
	}
	for key, k := range w.keyChanges {
		c := at(k.by)
		if k.After.Equal(k.Before.Owners) {
			c.UnchangedKeys[key] = k.Before.Rev
		} else {
			c.Keys = append(c.Keys, k.KeyChange)
		}
	}
	if w.required() == 0 {
		return all
	}
	if len(all) == 0 { // a commit about none, which only requires
		all = append(all, customer.Commit{Tenant: w.tenant, UnchangedKeys: map[customer.Key]customer.Rev{}})
	}
	maps.Copy(all[0].UnchangedKeys, w.checkKeys)
	for _, record := range w.checks {
		all[0].UnchangedCustomers = append(all[0].UnchangedCustomers, record)
	}
	return all
}
