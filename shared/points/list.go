package points

import (
	"cmp"
	"context"
	"slices"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

const (
	// maxDeep is how many customers a list may lie behind the first page, and
	// maxDeepFiltered how many where each of them must be looked at.
	maxDeep         = 50_000
	maxDeepFiltered = 10_000
	// maxLooked bounds the customers that one list looks at, and the changes that
	// it sorts by id.
	maxLooked = 20_000
	// maxValuesLooked bounds the values of the customers that one list looks at.
	maxValuesLooked = 2_000_000
	// maxPerQuery is how many positions one query asks for: what fits one answer.
	maxPerQuery = 1_000
)

// A Filter is which profiles a list shows.
type Filter struct {
	// SinceID, where Since is set, is the id that they are above; they are then
	// ordered by id, ascending. Otherwise they are descending.
	SinceID customer.ID
	Since   bool
	// Keys are those that they hold, all of them; empty: whatever they hold.
	Keys []customer.Key
	// Min and Max bound when they last changed, both inclusive; zero: unbounded.
	// With them the order is by hour of the change, then id, descending.
	Min, Max time.Time
	// Expiring, unless zero, is the moment by which points of them expire, of those
	// that have not at the moment From. With it the order is by when something of the
	// account next falls due, ascending.
	Expiring, From time.Time
	// Fields are the custom fields that are shown, where they are texts. Of what else a
	// customer can have any number (other fields, tags, subscriptions) a list has nothing: a
	// page is kept in memory as a whole.
	Fields []string
	// Limit is the size of a page, Page counts from 1.
	Limit, Page int
}

func (f Filter) timed() bool { return !f.Min.IsZero() || !f.Max.IsZero() }

// bound is the parameter that makes a list look at many.
func (f Filter) bound() string {
	if !f.Expiring.IsZero() {
		return "expiring_within"
	}
	return "updated_at_min"
}

// exact reports whether each position must be looked at.
func (f Filter) exact() bool { return f.timed() || !f.Expiring.IsZero() }

// matches reports whether a profile that was read is one of the list.
func (f Filter) matches(p Profile) bool {
	changed := p.Changed()
	if !f.Expiring.IsZero() && p.Account.ExpiringBy(f.From, f.Expiring) == 0 {
		return false
	}
	return !p.Gone() && (!f.Since || p.Customer.ID > f.SinceID) && !changed.Before(f.Min) && (f.Max.IsZero() || !changed.After(f.Max))
}

// A Position is where a customer stands in a list.
type Position struct {
	ID customer.ID
	// Hour of a change; only in the list of changes.
	Hour Hour
}

// A Query is for the next positions of one shard.
type Query struct {
	Shard int
	// After is the position to go on behind; zero: from the start.
	After Position
	Limit int
}

// A Lister lists customers. Its lists may be a moment old.
type Lister interface {
	// ListIDs answers each query with customers in the order of their ids, above
	// the one after which to go on, or below it where down is set.
	ListIDs(ctx context.Context, tenant int, queries []Query, down bool) ([][]Position, error)

	// ListChanged answers each query with the changes of customers and accounts from
	// one hour down to another, descending by hour and id. A customer may be there
	// several times.
	ListChanged(ctx context.Context, tenant int, queries []Query, from, to Hour) ([][]Position, error)

	// ListDue answers each query with the accounts of which something falls due by an
	// hour, ascending by hour and id. It may name customers of whom other things do.
	ListDue(ctx context.Context, tenant int, queries []Query, by Hour) ([][]Position, error)

	// ListProfiles reads the first of the customers with their accounts, perhaps a
	// moment old, one entry for each that exists: as many as fit into memory together,
	// and one at least. It returns how many of ids that are.
	ListProfiles(ctx context.Context, tenant int, ids []customer.ID) (profiles map[customer.ID]Profile, read int, err error)

	// Keys reads match keys, strongly.
	Keys(ctx context.Context, tenant int, keys []customer.Key) (map[customer.Key]customer.KeyRecord, error)
}

// A List lists profiles.
type List struct {
	lister   Lister
	now      func() time.Time
	withhold time.Duration
	newest   func() customer.ID // nil: walks are not bounded by it
}

// NewList makes a list. Walks by since_id leave out customers that are younger
// than withhold: an id is drawn before it is committed, so a lower one might
// still appear.
func NewList(lister Lister, now func() time.Time, withhold time.Duration) *List {
	return &List{lister: lister, now: now, withhold: withhold}
}

// WithNewest returns the list with walks by since_id that end at an id, as
// [customer.Service.NewestListed] has it.
func (l *List) WithNewest(newest func() customer.ID) *List {
	c := *l
	c.newest = newest
	return &c
}

// The client errors of lists. Compare with [errors.Is].
var (
	ErrTooDeep    = &errs.Client{Kind: errs.Invalid, Code: "too_deep"}
	ErrOverflowed = &errs.Client{Kind: errs.Invalid, Code: "overflowed_key"}
)

// Page returns the profiles of one page, which is shorter than the limit only where the
// list ends. It rejects with [ErrTooDeep] or [ErrOverflowed].
func (l *List) Page(ctx context.Context, tenant int, f Filter) (page []Profile, err error) {
	deepest := maxDeep
	if f.exact() {
		deepest = maxDeepFiltered
	}
	if f.Page > deepest/f.Limit {
		return nil, errs.New(ErrTooDeep.Kind, "too_deep/pages", "page", deepest)
	}
	err = errs.Retry(ctx, func(int) error {
		c := collector{list: l, tenant: tenant, filter: f, skip: (f.Page - 1) * f.Limit}
		err := l.collect(ctx, &c)
		page = c.page
		return err
	})
	return page, err
}

// collect makes the page of c.
func (l *List) collect(ctx context.Context, c *collector) error {
	f := c.filter
	switch {
	case len(f.Keys) > 0:
		ids, err := l.owners(ctx, c.tenant, f)
		if err != nil {
			return err
		}
		return c.each(ctx, ids)
	case !f.Expiring.IsZero():
		return c.walk(ctx, l.byDue(c.tenant, f))
	case f.timed() && f.Since:
		ids, fit, err := l.changedByID(ctx, c.tenant, f)
		if err != nil {
			return err
		}
		if fit {
			return c.each(ctx, ids)
		}
		return c.walk(ctx, l.byID(c.tenant, f))
	case f.timed():
		return c.walk(ctx, l.byChange(c.tenant, f))
	}
	return c.walk(ctx, l.byID(c.tenant, f))
}

// owners are the customers that hold all keys, in the order of the list.
func (l *List) owners(ctx context.Context, tenant int, f Filter) ([]Position, error) {
	keys, err := l.lister.Keys(ctx, tenant, f.Keys)
	if err != nil {
		return nil, err
	}
	var ids []customer.ID
	for i, key := range f.Keys {
		owners := keys[key].Owners
		if owners.Overflowed {
			return nil, errs.New(ErrOverflowed.Kind, "overflowed_key", string(key.Kind))
		}
		holders := owners.In(customer.Profile)
		if i > 0 {
			holders = slices.DeleteFunc(holders, func(id customer.ID) bool { return !slices.Contains(ids, id) })
		}
		ids = holders
	}
	var positions []Position
	for _, id := range ids {
		positions = append(positions, Position{ID: id})
	}
	if !f.Since {
		slices.Reverse(positions)
	}
	return positions, nil
}

// byID is the stream of customers in the order of their ids.
func (l *List) byID(tenant int, f Filter) *stream {
	s := &stream{down: !f.Since, start: Position{ID: f.SinceID}, chunk: chunkFor(f)}
	s.read = func(ctx context.Context, queries []Query) ([][]Position, error) {
		return l.lister.ListIDs(ctx, tenant, queries, !f.Since)
	}
	if f.Since && l.withhold > 0 {
		youngest := l.now().Add(-l.withhold)
		s.ends = func(p Position) bool { return p.ID.Created().After(youngest) }
	}
	if f.Since && l.newest != nil {
		newest, ends := l.newest(), s.ends
		s.ends = func(p Position) bool { return p.ID > newest || ends != nil && ends(p) }
	}
	return s
}

// byChange is the stream of changes within the bounds.
func (l *List) byChange(tenant int, f Filter) *stream {
	from, to := f.hours(l.now())
	return &stream{down: true, chunk: chunkFor(f), read: func(ctx context.Context, queries []Query) ([][]Position, error) {
		if to > from {
			return make([][]Position, len(queries)), nil
		}
		return l.lister.ListChanged(ctx, tenant, queries, from, to)
	}}
}

// byDue is the stream of accounts of which something falls due by then: each that has
// points which expire by then is among them.
func (l *List) byDue(tenant int, f Filter) *stream {
	by := Hour(floorDiv(f.Expiring.Unix(), 3600))
	return &stream{chunk: chunkFor(f), read: func(ctx context.Context, queries []Query) ([][]Position, error) {
		return l.lister.ListDue(ctx, tenant, queries, by)
	}}
}

// changedByID are the customers within the bounds by id, where they fit.
func (l *List) changedByID(ctx context.Context, tenant int, f Filter) (positions []Position, fit bool, err error) {
	s := l.byChange(tenant, f)
	s.chunk = maxPerQuery
	seen := map[customer.ID]bool{}
	for n := 0; ; n++ {
		p, ok, err := s.next(ctx)
		if err != nil || n > maxLooked {
			return nil, false, err
		}
		if !ok {
			break
		}
		if p.ID > f.SinceID && !seen[p.ID] {
			seen[p.ID] = true
			positions = append(positions, Position{ID: p.ID})
		}
	}
	slices.SortFunc(positions, func(a, b Position) int { return cmp.Compare(a.ID, b.ID) })
	return positions, true, nil
}

// hours are the hours that the bounds touch, from the later down to the earlier
// one. A clock that is ahead may have written the next hour. Bounds that cross, or
// lie ahead of all changes or before them, leave none: to is above from then.
func (f Filter) hours(now time.Time) (from, to Hour) {
	from, to = Hour(floorDiv(now.Unix(), 3600))+1, 0
	if !f.Max.IsZero() {
		from = Hour(floorDiv(f.Max.Unix(), 3600))
	}
	if !f.Min.IsZero() {
		to = Hour(max(0, floorDiv(f.Min.Unix(), 3600)))
	}
	return from, to
}

// counts reports whether a position counts without a look at the customer: its hour
// lies wholly within the bounds, and no later change can take it out of them.
func (f Filter) counts(p Position) bool {
	return !f.exact() || f.timed() && f.Expiring.IsZero() && f.Max.IsZero() && p.Hour.Begins().After(f.Min)
}

// chunkFor is how many positions of a shard are asked for at first: its share of the
// page and of all before it, and a little more since shards are not quite even.
func chunkFor(f Filter) int {
	share := f.Page * f.Limit / customer.Shards
	return min(maxPerQuery, share+share/8+8)
}
