package customer

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"regulars/shared/customer/extension"
	"regulars/shared/errs"
	"regulars/shared/value"
)

// An Identification is a search that any number of customers may answer to.
type Identification struct {
	Tenant int
	// Key is the identification key that finds, Texts what its first attributes
	// must be, at least one.
	Key   IdentKey
	Texts []string
	// Criteria are what each customer is held against, those of the key among them.
	Criteria []Criterion
}

// A Criterion demands a value of an attribute: of a core attribute any, of an
// extension one that stands in a record which meets all criteria of the extension.
type Criterion struct {
	// Extension is its number; 0: a core attribute.
	Extension int
	Attribute string
	// Text as [AttributeSought] makes it, or the text of an extension's value.
	Text string
}

// Candidates returns who may answer to a search, above after, ascending, up to
// limit. They may be a moment old and must be looked at.
func (s *Service) Candidates(ctx context.Context, q Identification, after ID, limit int) (ids []ID, err error) {
	err = errs.Retry(ctx, func(int) error {
		if kind, ok := q.Key.Contact(); ok {
			ids, err = s.holders(ctx, q, kind, after, limit)
		} else {
			ids, err = s.store.Identified(ctx, q.Tenant, q.Key, q.Texts, after, limit)
		}
		return err
	})
	return ids, err
}

// holders are the candidates that hold an e-mail or a phone.
func (s *Service) holders(ctx context.Context, q Identification, kind Kind, after ID, limit int) ([]ID, error) {
	key := Key{kind, q.Texts[0]}
	loaded, err := s.store.Keys(ctx, q.Tenant, []Key{key})
	if err != nil {
		return nil, err
	}
	owners := loaded[key]
	if owners.Overflowed {
		return nil, ambiguousCrowd(key)
	}
	ids := slices.DeleteFunc(owners.In(Profile), func(id ID) bool { return id <= after })
	return ids[:min(limit, len(ids))], nil
}

const (
	// readsAtOnce is how many customers are read side by side.
	readsAtOnce = 8
	// valuesAtOnce is how many values of customers one read holds, but for the last
	// few customers.
	valuesAtOnce = 50_000
)

// Confirmed returns those of the customers that answer to the search, in the same
// order, and how many of ids it looked at: the first ones that fit into memory
// together, and one at least. Records of extensions are there where whole asks for
// them, or the search looks at any.
func (s *Service) Confirmed(ctx context.Context, q Identification, ids []ID, whole bool) (found []Customer, looked int, err error) {
	whole = whole || slices.ContainsFunc(q.Criteria, func(c Criterion) bool { return c.Extension != 0 })
	records, err := s.read(ctx, q.Tenant, ids, whole)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range records {
		if !r.Absent() && !r.Deleted && r.meets(q.Criteria) {
			found = append(found, r.Customer)
		}
	}
	return found, len(records), nil
}

// read reads the first of the customers, in the order of ids; who is gone is absent.
func (s *Service) read(ctx context.Context, tenant int, ids []ID, whole bool) (records []Record, err error) {
	if !whole {
		err := errs.Retry(ctx, func(int) error {
			read, n, err := s.store.FirstCustomers(ctx, tenant, ids)
			records = make([]Record, n)
			for i, id := range ids[:n] {
				records[i] = read[id]
			}
			return err
		})
		return records, err
	}
	values := 0
	for some := range slices.Chunk(ids, readsAtOnce) {
		read, err := s.readWithExtensions(ctx, tenant, some)
		if err != nil {
			return nil, err
		}
		records = append(records, read...)
		for _, r := range read {
			values += r.Values()
		}
		if values > valuesAtOnce {
			break
		}
	}
	return records, nil
}

// readWithExtensions reads customers with the records of their extensions, side by
// side.
func (s *Service) readWithExtensions(ctx context.Context, tenant int, ids []ID) ([]Record, error) {
	records := make([]Record, len(ids))
	var group errgroup.Group
	for i, id := range ids {
		group.Go(func() error {
			return errs.Retry(ctx, func(int) (err error) {
				records[i], err = s.store.CustomerWithExtensions(ctx, tenant, id)
				return err
			})
		})
	}
	return records, group.Wait()
}

// meets reports whether c has all that the criteria demand.
func (c Customer) meets(criteria []Criterion) bool {
	return !slices.ContainsFunc(criteria, func(criterion Criterion) bool {
		if criterion.Extension == 0 {
			return !slices.Contains(c.attributeTexts(criterion.Attribute), criterion.Text)
		}
		return !slices.ContainsFunc(c.Extensions[criterion.Extension].Records, func(record extension.Record) bool {
			return recordMeets(record, criterion.Extension, criteria)
		})
	})
}

// recordMeets reports whether a record has all that is demanded of its extension.
func recordMeets(record extension.Record, extension int, criteria []Criterion) bool {
	return !slices.ContainsFunc(criteria, func(c Criterion) bool {
		text, _ := value.Text(record[c.Attribute])
		return c.Extension == extension && text != c.Text
	})
}
