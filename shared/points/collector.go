package points

import (
	"context"
	"fmt"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// lookedAtOnce is how many customers that are passed over are looked at together.
const lookedAtOnce = 50

// A collector makes a page of positions.
type collector struct {
	list   *List
	tenant int
	filter Filter
	skip   int // how many matches are yet to be passed over
	looked int
	values int // of all that were looked at
	page   []Profile
}

// each makes a page of a few positions.
func (c *collector) each(ctx context.Context, positions []Position) error {
	i := 0
	return c.collect(ctx, func(context.Context) (Position, bool, error) {
		if i == len(positions) {
			return Position{}, false, nil
		}
		i++
		return positions[i-1], true, nil
	}, func(Position) bool { return false })
}

// walk makes a page of a stream.
func (c *collector) walk(ctx context.Context, s *stream) error {
	seen := map[customer.ID]bool{}
	next := func(ctx context.Context) (p Position, ok bool, err error) {
		for p, ok, err = s.next(ctx); ok && err == nil && seen[p.ID]; p, ok, err = s.next(ctx) {
		}
		if c.filter.exact() {
			seen[p.ID] = true // by id there is nobody twice
		}
		return p, ok, err
	}
	return c.collect(ctx, next, c.filter.counts)
}

// collect passes over what comes before the page, without a look where that
// counts, and reads customers until the page is full.
func (c *collector) collect(ctx context.Context, next func(context.Context) (Position, bool, error), counts func(Position) bool) error {
	for {
		var ids []customer.ID
		for len(ids) < c.batch() {
			p, ok, err := next(ctx)
			if err != nil {
				return err
			}
			if !ok {
				return c.look(ctx, ids)
			}
			if c.skip > 0 && len(ids) == 0 && counts(p) {
				c.skip--
				continue
			}
			ids = append(ids, p.ID)
		}
		if err := c.look(ctx, ids); err != nil || len(c.page) == c.filter.Limit {
			return err
		}
	}
}

// batch is how many customers are looked at together: no more than the page needs,
// once nothing is passed over.
func (c *collector) batch() int {
	if c.skip > 0 {
		return max(lookedAtOnce, c.filter.Limit)
	}
	return c.filter.Limit
}

// look reads customers and adds those that match to the page.
func (c *collector) look(ctx context.Context, ids []customer.ID) error {
	if c.looked += len(ids); c.looked > maxLooked {
		return errs.New(ErrTooDeep.Kind, "too_deep/bounds", c.filter.bound(), maxLooked)
	}
	for read := len(ids); len(ids) > 0; { // of large ones fewer are asked for next
		var profiles map[customer.ID]Profile
		var err error
		profiles, read, err = c.list.lister.ListProfiles(ctx, c.tenant, ids[:min(2*read, len(ids))])
		if err != nil {
			return err
		}
		for _, id := range ids[:read] {
			p, ok := profiles[id]
			if ok && p.Customer.MergedInto != 0 && len(c.filter.Keys) > 0 { // its values are another's by now
				return fmt.Errorf("customer %s was merged between two reads: %w", id.Hex(), errs.ErrConflict)
			}
			if ok {
				c.add(p)
			}
		}
		if c.values > maxValuesLooked {
			return errs.New(ErrTooDeep.Kind, "too_deep/bounds", c.filter.bound(), maxLooked)
		}
		ids = ids[read:]
	}
	return nil
}

// add adds a profile to the page if it matches and is not passed over.
func (c *collector) add(p Profile) {
	c.values += p.Customer.Values()
	switch {
	case !c.filter.matches(p):
	case c.skip > 0:
		c.skip--
	case len(c.page) < c.filter.Limit:
		c.page = append(c.page, p.listed(c.filter.Fields))
	}
}

// listed is the profile with no more of its customer than a list shows.
func (p Profile) listed(fields []string) Profile {
	shown := make(map[string]any, len(fields))
	for _, name := range fields {
		if text, ok := p.Customer.Custom[name].(string); ok {
			shown[name] = text
		}
	}
	p.Customer.Custom, p.Customer.Tags, p.Customer.Subscriptions, p.Customer.Extensions = shown, nil, nil, nil
	return p
}
