package imports

import (
	"context"
	"errors"
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

	keys      map[customer.Key]*keyState
	customers map[customer.ID]*customerState
	// what the change that is being decided has read
	askedKeys      []*keyState
	askedCustomers []*customerState

	// row is what the change that is being decided commits; it counts once it is
	// kept.
	row change
	// changes are the commits of all rows, one for each customer, in the sequence in
	// which these were first changed, and behind those that are kept that of the row.
	// Their keys are those of changedKeys.
	changes     []customer.Commit
	kept        int
	changedKeys []*keyState
	total       Weight
	// what the decisions require
	checkKeys map[customer.Key]customer.Rev
	checks    map[customer.ID]customer.Record
	// absent: keys are taken for absent, and read only where a row asks for one again.
	absent bool
	// stale: something that an earlier row requires has been read as another commit
	// left it.
	stale bool
	// accounts are those that were read beforehand and not asked for yet.
	accounts map[customer.ID]customer.AccountRecord

	pointsWindow
}

// A keyState is a key as the rows before leave it.
type keyState struct {
	key customer.Key
	customer.KeyRecord
	asked bool
	// by is the customer that changed it last, 0: it is as it was read; before is how
	// that was.
	by     customer.ID
	before customer.KeyRecord
}

// A customerState is a customer as the rows before leave it.
type customerState struct {
	id customer.ID
	customer.Record
	asked bool
	// change is the number of its commit among the changes, from 1; 0: it is as it was
	// read. weight is that of the commit.
	change int
	weight Weight
}

// A change is what one row comes to.
type change struct {
	customer *customer.Commit // or nil
	// whole is the commit with those of the rows before about the customer.
	whole  *customer.Commit
	weight Weight // of whole
	points pointsChange
}

// A pointsChange is what one row does to accounts.
type pointsChange struct {
	commits []points.Commit
	weight  Weight
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
		keys: map[customer.Key]*keyState{}, customers: map[customer.ID]*customerState{},
		checkKeys: map[customer.Key]customer.Rev{}, checks: map[customer.ID]customer.Record{},
		accounts: map[customer.ID]customer.AccountRecord{},
	}
	w.pointsWindow = newPointsWindow()
	return w
}

// prefetchKeys reads keys that were not read yet, many at a time, each once, or takes them
// for absent. It returns who they name.
func (w *window) prefetchKeys(ctx context.Context, keys []customer.Key) (owners []customer.ID, err error) {
	if len(w.keys) == 0 {
		w.keys = make(map[customer.Key]*keyState, len(keys))
	}
	states := make([]keyState, 0, len(keys))
	names := keys[:0]
	for _, key := range keys {
		if w.keys[key] == nil {
			states = append(states, keyState{key: key})
			w.keys[key] = &states[len(states)-1]
			names = append(names, key)
		}
	}
	if w.absent {
		return nil, nil
	}
	if err := readMany(ctx, names, func(ctx context.Context, some []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
		return w.Store.Keys(ctx, w.tenant, some)
	}, func(key customer.Key, record customer.KeyRecord) { w.keys[key].KeyRecord = record }); err != nil {
		return nil, err
	}
	for i := range states {
		for id := range states[i].Roles {
			owners = append(owners, id)
		}
	}
	return owners, nil
}

// empty reports whether no key that was read is there.
func (w *window) empty() bool {
	for _, k := range w.keys {
		if k.by == 0 && k.Commit != "" || k.by != 0 && k.before.Commit != "" {
			return false
		}
	}
	return true
}

// prefetchCustomers reads customers, many at a time, each once.
func (w *window) prefetchCustomers(ctx context.Context, ids []customer.ID) error {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	return readMany(ctx, ids, func(ctx context.Context, some []customer.ID) (map[customer.ID]customer.Record, error) {
		return w.Store.Customers(ctx, w.tenant, some)
	}, w.read)
}

// prefetchAccounts reads points accounts, side by side.
func (w *window) prefetchAccounts(ctx context.Context, ids []customer.ID) error {
	accounts := make([]customer.AccountRecord, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readsAtOnce)
	for i, id := range ids {
		group.Go(func() error {
			return errs.Retry(ctx, func(int) (err error) {
				accounts[i], err = w.Store.Account(ctx, w.tenant, id)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for i, id := range ids {
		w.accounts[id] = accounts[i]
	}
	return nil
}

// readMany reads what is named, side by side, and then keeps it.
func readMany[K comparable, V any](ctx context.Context, names []K, read func(context.Context, []K) (map[K]V, error), keep func(K, V)) error {
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
	for i, chunk := range chunks {
		for _, name := range chunk {
			keep(name, found[i][name])
		}
	}
	return nil
}

// read takes in a customer as the store has it.
func (w *window) read(id customer.ID, record customer.Record) {
	if required, ok := w.checks[id]; ok && required.Commit != record.Commit {
		w.stale = true
	}
	if c := w.customers[id]; c != nil {
		c.Record = record
		return
	}
	w.customers[id] = &customerState{id: id, Record: record}
}

// record is a customer as the rows before leave it; absent where it was not read.
func (w *window) record(id customer.ID) customer.Record {
	if c := w.customers[id]; c != nil {
		return c.Record
	}
	return customer.Record{}
}

// changed is the commit of the rows before about a customer, or nil.
func (w *window) changed(id customer.ID) *customer.Commit {
	if c := w.customers[id]; c != nil && c.change > 0 {
		return &w.changes[c.change-1]
	}
	return nil
}

// begin begins the decision of another change.
func (w *window) begin() {
	w.row, w.changes = change{}, w.changes[:w.kept]
	for _, k := range w.askedKeys {
		k.asked = false
	}
	for _, c := range w.askedCustomers {
		c.asked = false
	}
	w.askedKeys, w.askedCustomers = w.askedKeys[:0], w.askedCustomers[:0]
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

// Keys implements [customer.Store]. A key is read that never was, or that the change
// that is being decided asks for again.
func (w *window) Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error) {
	records := make(map[customer.Key]customer.KeyRecord, len(keys))
	var missing []customer.Key
	for _, key := range keys {
		k := w.keys[key]
		if k == nil || k.by == 0 && k.asked {
			missing = append(missing, key)
			continue
		}
		w.ask(k)
		records[key] = k.KeyRecord
	}
	if len(missing) == 0 {
		return records, nil
	}
	read, err := w.Store.Keys(ctx, tenant, missing)
	if err != nil {
		return nil, err
	}
	for _, key := range missing {
		k := w.keys[key]
		if k == nil {
			k = &keyState{key: key}
			w.keys[key] = k
		}
		k.KeyRecord = read[key]
		if required, ok := w.checkKeys[key]; ok && required.Commit != k.Commit {
			w.stale = true
		}
		w.ask(k)
		records[key] = k.KeyRecord
	}
	return records, nil
}

func (w *window) ask(k *keyState) {
	if !k.asked {
		k.asked = true
		w.askedKeys = append(w.askedKeys, k)
	}
}

// Customers implements [customer.Store].
func (w *window) Customers(ctx context.Context, tenant int, ids []customer.ID) (map[customer.ID]customer.Record, error) {
	var missing []customer.ID
	for _, id := range ids {
		if c := w.customers[id]; c == nil || c.change == 0 && c.asked {
			missing = append(missing, id)
		}
	}
	if len(missing) > 0 {
		read, err := w.Store.Customers(ctx, tenant, missing)
		if err != nil {
			return nil, err
		}
		for _, id := range missing {
			w.read(id, read[id])
		}
	}
	records := make(map[customer.ID]customer.Record, len(ids))
	for _, id := range ids {
		c := w.customers[id]
		if !c.asked {
			c.asked = true
			w.askedCustomers = append(w.askedCustomers, c)
		}
		if !c.Absent() {
			records[id] = c.Record
		}
	}
	return records, nil
}

// CustomerWithExtensions implements [customer.Store].
func (w *window) CustomerWithExtensions(ctx context.Context, tenant int, id customer.ID) (customer.Record, error) {
	merged := w.changed(id)
	if c := w.customers[id]; c != nil && (merged != nil || c.Absent()) && !lacksRecords(c.Customer) {
		return c.Record, nil
	}
	read, err := w.Store.CustomerWithExtensions(ctx, tenant, id)
	if err != nil {
		return customer.Record{}, err
	}
	if merged != nil {
		// It was changed by rows that did not look at the records: those are as they
		// were, if the customer is.
		if read.Commit != merged.Before.Commit {
			return customer.Record{}, errStale
		}
		record := w.record(id)
		record.Customer = record.Clone()
		for number, extension := range read.Extensions {
			if kept, ok := record.Extensions[number]; ok && kept.Records == nil {
				record.Extensions[number] = extension
			}
		}
		merged.Before.Extensions = read.Extensions
		read = record
	}
	w.read(id, read)
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
	if account, ok := w.accounts[id]; ok {
		delete(w.accounts, id) // who asks again wants to know whether it has changed
		return account, nil
	}
	return w.Store.Account(ctx, tenant, id)
}

// Commit implements [customer.Store]: it is what the row comes to.
func (w *window) Commit(_ context.Context, c customer.Commit) error {
	if c.Before.Commit != w.record(c.After.ID).Commit {
		if c.Before.Absent() {
			return errs.ErrConflict // another row drew the same id; the next one is another
		}
		return errStale
	}
	if w.changes == nil {
		w.changes = make([]customer.Commit, 0, maxItems/2)
	}
	w.changes = append(w.changes[:w.kept], c)
	w.row.customer = &w.changes[w.kept]
	return nil
}

// weight is what the window takes of a transaction with the row's change.
func (w *window) weight() (total Weight, err error) {
	total, row := w.total, &w.row
	if row.customer != nil {
		row.whole = row.customer
		if earlier := w.changed(row.customer.After.ID); earlier != nil {
			merged := merge(*earlier, *row.customer)
			row.whole = &merged
			total = total.minus(w.customers[row.customer.After.ID].weight)
		}
		if row.weight, err = w.weightOf(*row.whole); err != nil {
			return Weight{}, err
		}
		total = total.plus(row.weight)
	}
	row.points.weight = Weight{}
	for _, c := range row.points.commits {
		weight, err := w.weightOfPoints(c)
		if err != nil {
			return Weight{}, err
		}
		row.points.weight = row.points.weight.plus(weight)
	}
	return total.plus(row.points.weight), nil
}

func (w *window) weightOf(c customer.Commit) (Weight, error) {
	items, bytes, units, err := w.Weigh(c)
	return Weight{items, bytes, units}, err
}

func (w *window) weightOfPoints(c points.Commit) (Weight, error) {
	if row := w.row.customer; w.changed(c.After.ID) != nil || row != nil && row.After.ID == c.After.ID {
		c.Customer = customer.Record{} // it is written, not checked
	}
	items, bytes, units, err := w.ledger.WeighPoints(c)
	return Weight{items, bytes, units}, err
}

// keep takes in the row's change, of which [window.weight] has said that it fits.
func (w *window) keep() {
	row := &w.row
	w.total = w.total.plus(row.points.weight)
	w.keepPoints(row.points.commits)
	if row.customer == nil {
		return
	}
	id := row.customer.After.ID
	c := w.customers[id]
	if c == nil {
		c = &customerState{id: id}
		w.customers[id] = c
	}
	if c.change == 0 {
		w.kept++
		c.change = w.kept
	} else {
		w.changes[c.change-1] = *row.whole
	}
	w.total = w.total.plus(row.weight).minus(c.weight)
	c.weight = row.weight
	c.Record = customer.Record{Customer: row.customer.After, Rev: customer.Rev{Commit: row.customer.ID, Bytes: row.whole.Before.Bytes}}
	delete(w.checks, id)
	w.keepKeys(row.customer)
	w.follow(c.Customer)
	for _, r := range row.customer.UnchangedCustomers {
		w.requireCustomer(r)
	}
}

// keepKeys takes in how a commit changes keys, and which it requires as they were.
func (w *window) keepKeys(c *customer.Commit) {
	for _, change := range c.Keys {
		k := w.keys[change.Key]
		if k == nil {
			k = &keyState{key: change.Key}
			w.keys[change.Key] = k
		}
		if k.by == 0 {
			k.before = change.Before
			w.changedKeys = append(w.changedKeys, k)
			delete(w.checkKeys, k.key)
		}
		k.by = c.After.ID
		k.KeyRecord = customer.KeyRecord{Owners: change.After, Rev: customer.Rev{Commit: c.ID, Bytes: k.before.Bytes}}
		if change.After.Empty() {
			k.KeyRecord = customer.KeyRecord{}
		}
	}
	for key, rev := range c.UnchangedKeys {
		w.requireKey(key, rev)
	}
}

// requireKey makes the transaction check that a key is as it was read.
func (w *window) requireKey(key customer.Key, rev customer.Rev) {
	if k := w.keys[key]; k == nil || k.by == 0 {
		w.checkKeys[key] = rev
	}
}

// requireCustomer makes the transaction check that a customer is as it was read.
func (w *window) requireCustomer(r customer.Record) {
	if w.changed(r.ID) == nil {
		w.checks[r.ID] = r
	}
}

// requireRead makes the transaction check what the row has read: a client error
// rests on it.
func (w *window) requireRead() {
	for _, k := range w.askedKeys {
		if !k.Overflowed {
			w.requireKey(k.key, k.Rev)
		}
	}
	for _, c := range w.askedCustomers {
		if !c.Absent() {
			w.requireCustomer(c.Record)
		}
	}
}

// required is how many items are checked and not written.
func (w *window) required() int { return len(w.checkKeys) + len(w.checks) }

// merge is the commit that does what an earlier one and c do to their customer, but
// for keys, whose changes over all rows are gathered when all are known.
func merge(earlier, c customer.Commit) customer.Commit {
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
// changed them last. The window is done with then. It returns errStale where rows rest on
// different commits of one item, of which the transaction would check only one.
func (w *window) commits() ([]customer.Commit, error) {
	if w.stale {
		return nil, errStale
	}
	w.changes = w.changes[:w.kept]
	for i := range w.changes {
		c := &w.changes[i]
		c.Keys, c.UnchangedKeys, c.UnchangedCustomers = c.Keys[:0], nil, nil
		if !c.Changes() && len(c.Extensions) == 0 {
			c.UnchangedCustomers = []customer.Record{c.Before}
		}
	}
	for _, k := range w.changedKeys {
		if c := w.changed(k.by); k.Owners.Equal(k.before.Owners) {
			requireIn(c, k.key, k.before.Rev)
		} else {
			c.Keys = append(c.Keys, customer.KeyChange{Key: k.key, Before: k.before, After: k.Owners})
		}
	}
	if w.required() == 0 {
		return w.changes, nil
	}
	if len(w.changes) == 0 { // a commit about none, which only requires
		w.changes = []customer.Commit{{Tenant: w.tenant}}
	}
	first := &w.changes[0]
	for key, rev := range w.checkKeys {
		requireIn(first, key, rev)
	}
	for _, record := range w.checks {
		first.UnchangedCustomers = append(first.UnchangedCustomers, record)
	}
	return w.changes, nil
}

// requireIn makes a commit check that a key is as it was read.
func requireIn(c *customer.Commit, key customer.Key, rev customer.Rev) {
	if c.UnchangedKeys == nil {
		c.UnchangedKeys = map[customer.Key]customer.Rev{}
	}
	c.UnchangedKeys[key] = rev
}
