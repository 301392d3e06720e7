package dynamo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/errs"
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
	e := customer.Extension{Commit: r.text(attrCommit), Bytes: sizeOf(it), Records: []extension.Record{}}
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

// putExtensions writes the extensions that change. It rejects what would make the
// customer with all its extensions larger than it may be.
func (t *tx) putExtensions(c customer.Commit) error {
	if len(c.Extensions) == 0 {
		return nil
	}
	before, after := totalBytes(c.Before.Customer)+c.Before.Bytes, totalBytes(c.After)
	for _, w := range t.writes {
		if w.key == customerKey(c.Tenant, c.After.ID) && !w.check {
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
	if after > customer.MaxBytes && after > before {
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

// CustomerWithExtensions implements [customer.Store]. The items of one read are read one after
// another; what the customer says of its extensions tells whether they belong
// together.
func (s *Store) CustomerWithExtensions(ctx context.Context, tenant int, id customer.ID) (customer.Record, error) {
	from, to := wholeRange(tenant, id)
	items, err := s.queryAll(ctx, "read customer and extensions", "", within(attrPK, from.PK, attrSK, from.SK, to.SK), 0)
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
		return customer.Record{}, fmt.Errorf("customer %s was written while it was read: %w", id.Hex(), errs.ErrConflict)
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
