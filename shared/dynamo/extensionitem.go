package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/shared/meter"
	"regulars/shared/outcome"
)

// The attribute of an extension, beside its commit.
const attrRecords = "r" // a list of maps

// setStamps puts the commits that left the extensions as they are.
func (it attributes) setStamps(extensions map[int]customer.Extension) {
	if len(extensions) == 0 {
		return
	}
	stamps := make(attributes, len(extensions))
	for number, e := range extensions {
		stamps.setText(strconv.Itoa(number), e.Commit)
	}
	it[attrStamps] = &types.AttributeValueMemberM{Value: stamps}
}

func (r *reader) stamps() map[int]customer.Extension {
	stamps := reader{it: r.object(attrStamps), err: r.err}
	if len(stamps.it) == 0 {
		return nil
	}
	extensions := make(map[int]customer.Extension, len(stamps.it))
	for digits := range stamps.it {
		number, err := strconv.Atoi(digits)
		if err != nil && stamps.err == nil {
			stamps.err = fmt.Errorf("attribute %s: %w", attrStamps, err)
		}
		extensions[number] = customer.Extension{Commit: stamps.text(digits)}
	}
	r.err = stamps.err
	return extensions
}

func newExtensionItem(k key, e customer.Extension) (item, error) {
	list := make([]types.AttributeValue, len(e.Records))
	for i, record := range e.Records {
		var err error
		if list[i], err = fromValue(record); err != nil {
			return nil, fmt.Errorf("item of an extension: %w", err)
		}
	}
	it := make(attributes, 4)
	it.setPlaces(k, indexKeys{})
	it.setText(attrCommit, e.Commit)
	it[attrRecords] = &types.AttributeValueMemberL{Value: list}
	return item(it), nil
}

func readExtension(it item) (customer.Extension, error) {
	r := reader{it: it}
	e := customer.Extension{Commit: r.text(attrCommit), Bytes: sizeOf(it), Records: []customer.ExtensionRecord{}}
	for _, element := range r.list(attrRecords) {
		v, err := toValue(element)
		record, ok := v.(map[string]any)
		if err != nil || !ok {
			return customer.Extension{}, fmt.Errorf("item of an extension: a record is a %T: %v", element, err)
		}
		e.Records = append(e.Records, record)
	}
	if r.err != nil {
		return customer.Extension{}, fmt.Errorf("item of an extension: %w", r.err)
	}
	return e, nil
}

// putExtensions writes the extensions that change. It refuses what would make the
// customer with all its extensions larger than it may be.
func (t *tx) putExtensions(c customer.Commit) error {
	if len(c.Extensions) == 0 {
		return nil
	}
	before, after := totalBytes(c.Before.Customer)+c.Before.Bytes, totalBytes(c.After)
	for _, w := range t.writes {
		if w.key == customerKey(c.Tenant, c.After.ID) {
			after += sizeOf(w.put)
		}
	}
	for _, e := range c.Extensions {
		k, guard := extensionKey(c.Tenant, c.After.ID, e.Number), writtenBy(e.Before.Commit)
		after -= e.After.Bytes
		if len(e.After.Records) == 0 {
			t.delete(k, guard, e.Before.Bytes)
			continue
		}
		it, err := newExtensionItem(k, e.After)
		if err != nil {
			return err
		}
		after += sizeOf(it)
		t.put(it, guard, e.Before.Bytes, 0)
	}
	if after > customer.MaxRecordBytes && after > before {
		return customer.TooLarge(after)
	}
	return nil
}

// totalBytes is how large the extensions of c were when they were read. One that
// was removed since counts no more; the others are corrected by who changes them.
func totalBytes(c customer.Customer) int {
	n := 0
	for _, e := range c.Extensions {
		n += e.Bytes
	}
	return n
}

func (t *tx) putIdent(c customer.Commit, i customer.IdentChange) {
	k := identKey(c.Tenant, c.After.ID, i.Key, i.Hash)
	if !i.Put() {
		t.delete(k, byCustomer(), 0)
		t.writes[len(t.writes)-1].index = 1
		return
	}
	it := make(attributes, 5)
	it.setPlaces(k, identIndexKeys(c.Tenant, c.After.ID, i.Key, i.Texts))
	it.setText(attrCommit, c.ID)
	t.put(item(it), byCustomer(), 0, 1)
}

// Whole implements [customer.Store]. The items of one read are read one after
// another; what the customer says of its extensions tells whether they belong
// together.
func (s *Store) Whole(ctx context.Context, tenant int, id customer.ID) (customer.Record, error) {
	from, to := wholeRange(tenant, id)
	items, err := s.between(ctx, "read customer and extensions", from, to)
	if err != nil || len(items) == 0 {
		return customer.Record{}, err
	}
	var record customer.Record
	extensions := map[int]customer.Extension{}
	for _, it := range items {
		if number, isExtension := numberOfExtension(keyOf(it)); !isExtension {
			record, err = readCustomer(id, it)
		} else {
			extensions[number], err = readExtension(it)
		}
		if err != nil {
			return customer.Record{}, err
		}
	}
	if !fit(record.Extensions, extensions) {
		return customer.Record{}, fmt.Errorf("customer %s was written while it was read: %w", id.Hex(), outcome.ErrStale)
	}
	for number, e := range extensions {
		record.Extensions[number] = e
	}
	return record, nil
}

// fit reports whether the extensions are those that the customer says it has.
func fit(stamps, read map[int]customer.Extension) bool {
	if len(stamps) != len(read) {
		return false
	}
	for number, e := range read {
		if stamps[number].Commit != e.Commit {
			return false
		}
	}
	return true
}

// between reads the items of a partition from one sort key to another, strongly.
func (s *Store) between(ctx context.Context, doing string, from, to key) ([]item, error) {
	condition := expression.Key(attrPK).Equal(expression.Value(from.PK)).
		And(expression.Key(attrSK).Between(expression.Value(from.SK), expression.Value(to.SK)))
	query, err := expression.NewBuilder().WithKeyCondition(condition).Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(true),
		KeyConditionExpression:   query.KeyCondition(),
		ExpressionAttributeNames: query.Names(), ExpressionAttributeValues: query.Values(),
	})
	var items []item
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		meter.From(ctx).Add(1, 0, 0)
		if err != nil {
			return nil, readError(doing, err)
		}
		meter.From(ctx).Add(0, halfReadUnits(sizeOfAll(page.Items)), 0)
		items = append(items, page.Items...)
	}
	return items, nil
}

func sizeOfAll(items []item) int {
	n := 0
	for _, it := range items {
		n += sizeOf(it)
	}
	return n
}

// Idents implements [customer.Store].
func (s *Store) Idents(ctx context.Context, tenant int, id customer.ID, number int) ([]string, error) {
	from, to := identRange(tenant, id, number)
	items, err := s.between(ctx, "read identification values", from, to)
	if err != nil {
		return nil, err
	}
	hashes := make([]string, len(items))
	for i, it := range items {
		hashes[i] = hashOfIdent(keyOf(it))
	}
	return hashes, nil
}

// maxEntries is how many entries of the index a search by some of a key's
// attributes looks at: they lie in another order than that of the answer.
const maxEntries = 20_000

// Identified implements [customer.Store].
func (s *Store) Identified(ctx context.Context, tenant int, k customer.IdentKey, texts []string, after customer.ID, limit int) ([]customer.ID, error) {
	pk, prefix := identSearch(tenant, k.Number, texts)
	if len(texts) < len(k.Attributes) {
		return s.identifiedInPart(ctx, k, pk, prefix, after, limit)
	}
	from := prefix
	if after != 0 {
		from += after.Base36()
	}
	return s.identEntries(ctx, pk, from+justBehind, prefix+behind, limit)
}

// identifiedInPart finds by some of a key's attributes, sorting itself.
func (s *Store) identifiedInPart(ctx context.Context, k customer.IdentKey, pk, prefix string, after customer.ID, limit int) ([]customer.ID, error) {
	ids, err := s.identEntries(ctx, pk, prefix+justBehind, prefix+behind, maxEntries+1)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxEntries {
		return nil, outcome.Refuse(outcome.Invalid, "too_many_matches", k.Name,
			"%s: more than %d values begin like this. Name more of its attributes: %v.", k.Name, maxEntries, k.Attributes)
	}
	slices.Sort(ids)
	ids = slices.DeleteFunc(slices.Compact(ids), func(id customer.ID) bool { return id <= after })
	return ids[:min(limit, len(ids))], nil
}

// identEntries are the customers of the entries between two sort keys, up to
// limit.
func (s *Store) identEntries(ctx context.Context, pk, from, to string, limit int) ([]customer.ID, error) {
	const doing = "search identification values"
	condition := expression.Key(attrIndex1PK).Equal(expression.Value(pk)).
		And(expression.Key(attrIndex1SK).Between(expression.Value(from), expression.Value(to)))
	query, err := expression.NewBuilder().WithKeyCondition(condition).Build()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	var ids []customer.ID
	pages := dynamodb.NewQueryPaginator(s.db, &dynamodb.QueryInput{
		TableName: &s.table, IndexName: aws.String(index1), Limit: aws.Int32(int32(limit)),
		KeyConditionExpression:   query.KeyCondition(),
		ExpressionAttributeNames: query.Names(), ExpressionAttributeValues: query.Values(),
	})
	for pages.HasMorePages() && len(ids) < limit {
		page, err := pages.NextPage(ctx)
		meter.From(ctx).Add(1, 0, 0)
		if err != nil {
			return nil, readError(doing, err)
		}
		meter.From(ctx).Add(0, halfReadUnits(sizeOfAll(page.Items))/2, 0) // eventually consistent
		for _, it := range page.Items {
			id, err := idOfCustomer(keyOf(it))
			if err != nil {
				return nil, err
			}
			ids = append(ids, id)
		}
	}
	return ids[:min(limit, len(ids))], nil
}
