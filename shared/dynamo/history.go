package dynamo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/history"
	"regulars/shared/meter"
)

var _ history.Store = (*Store)(nil)

// A change of a customer is two items: one that stays, which has who made it and the
// names of the fields, and one that expires, which has what these were and became.

// attrChange is the JSON of a [changeHead], attrKept beside a ttl the compressed JSON of
// the values.
const attrChange = "b"

// A changeHead is what stays of a change.
type changeHead struct {
	history.Author
	Fields   []string `json:"fields"`
	Created  bool     `json:"created,omitempty"`
	TooLarge bool     `json:"values_too_large,omitempty"`
}

// putHistory adds what a commit makes of a customer to its history. before is what the
// customer was, which of one that comes back is not what the commit replaces.
func (t *tx) putHistory(c customer.Commit, before customer.Customer, now time.Time) error {
	if !c.KeepsHistory() {
		return nil
	}
	values := history.Values(before, c.After, c.Extensions)
	head := changeHead{Author: t.author, Fields: history.Names(values), Created: c.Before.Absent()}
	if len(values) == 0 && !head.Created {
		return nil
	}
	document, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("history of a customer: %w", err)
	}
	packed, err := compress(document)
	if err != nil {
		return err
	}
	if head.TooLarge = len(packed) > maxKept; !head.TooLarge && len(values) > 0 {
		it := make(attributes, 5)
		it.setPlaces(historyValuesKey(c.Tenant, c.After.ID, c.After.Changed, c.ID), indexKeys{})
		it.setText(attrCommit, c.ID)
		it.setNumber(attrTTL, now.AddDate(0, 0, c.HistoryDays).Unix())
		it.setBytes(attrKept, packed)
		t.put(item(it), absent(), 0, 0)
	}
	if document, err = json.Marshal(head); err != nil {
		return fmt.Errorf("history of a customer: %w", err)
	}
	it := make(attributes, 4)
	it.setPlaces(historyKey(c.Tenant, c.After.ID, c.After.Changed, c.ID), indexKeys{})
	it.setText(attrCommit, c.ID)
	it.setText(attrChange, string(document))
	t.put(item(it), absent(), 0, 0)
	return nil
}

// readChange reads an item of a history into the change that it is part of.
func readChange(it item, now time.Time, into *history.Change) error {
	r := reader{it: it}
	at, id, isValues, err := readHistoryKey(keyOf(it))
	if err != nil {
		return err
	}
	owner, err := idOfCustomer(keyOf(it))
	if err != nil {
		return err
	}
	into.ID, into.At, into.Of = id, at, owner
	if isValues {
		if r.number(attrTTL) <= now.Unix() {
			return r.err
		}
		document, err := decompress(r.bytes(attrKept))
		if err == nil {
			decoder := json.NewDecoder(bytes.NewReader(document))
			decoder.UseNumber()
			err = decoder.Decode(&into.Values)
		}
		if err == nil {
			err = r.err
		}
		return err
	}
	var head changeHead
	if err := json.Unmarshal([]byte(r.text(attrChange)), &head); err != nil {
		return err
	}
	into.Author, into.Fields, into.Created, into.TooLarge = head.Author, head.Fields, head.Created, head.TooLarge
	return r.err
}

// Changes implements [history.Store].
func (s *Store) Changes(ctx context.Context, tenant int, id customer.ID, before string, limit int) (changes []history.Change, more bool, err error) {
	const doing = "read history of a customer"
	to := historyPrefix + behind
	if before != "" {
		to = historyPrefix + before // itself, and not the values beside it, which lie behind
	}
	err = errs.Retry(ctx, func(int) error {
		input, err := newQuery("", within(attrPK, collectionPK(tenant, id), attrSK, historyPrefix, to), false, 2*limit+1)
		if err != nil {
			return err
		}
		meter.From(ctx).Add(1, 0, 0)
		out, err := s.queryPage(ctx, doing, input)
		if err != nil {
			return err
		}
		items := out.Items
		if len(items) > 0 && keyOf(items[0]).SK == to {
			items = items[1:]
		}
		changes, more, err = readChanges(items, s.now())
		if more = more || len(out.LastEvaluatedKey) > 0; len(changes) > limit {
			changes, more = changes[:limit], true
		}
		return err
	})
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", doing, err)
	}
	return changes, more, nil
}

// readChanges reads items of a history, the latest first. cut says that the last has not
// all of its items, and is left out.
func readChanges(items []item, now time.Time) (changes []history.Change, cut bool, err error) {
	for _, it := range items {
		_, commit, isValues, err := readHistoryKey(keyOf(it))
		if err != nil {
			return nil, false, err
		}
		if n := len(changes); n == 0 || changes[n-1].ID != commit {
			changes = append(changes, history.Change{})
		}
		if err := readChange(it, now, &changes[len(changes)-1]); err != nil {
			return nil, false, err
		}
		cut = isValues
	}
	if cut {
		changes = changes[:len(changes)-1]
	}
	return changes, cut, nil
}
