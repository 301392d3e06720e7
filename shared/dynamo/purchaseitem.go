package dynamo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/catalog"
	"regulars/shared/customer"
)

// The attributes of a purchase, an item of its own and a map within the account.
// Times are microseconds since 1970 UTC.
const (
	purchaseNumber   = "n" // within the account
	purchaseProduct  = "p"
	purchaseCreated  = "d"
	purchaseCustomID = "x"
	purchaseConsumed = "k"
	purchaseEnded    = "e"
	purchaseExpired  = "o"
	purchaseCommit   = "w" // within the account: who wrote the purchase's own item
)

// The attributes of an account.
const (
	attrActive      = "ac"
	attrUserTasks   = "ut"
	attrLastLimited = "lm"
	attrLastDated   = "ld"
)

// newPurchaseItem is a purchase in its customer's collection.
func newPurchaseItem(tenant int, id customer.ID, p catalog.Purchase, commit string) item {
	it := newPurchase(p)
	var places indexKeys
	if p.Ended.IsZero() {
		places = startedIndexKeys(tenant, id, p)
	}
	it.setPlaces(purchaseKey(tenant, id, p.Number), places)
	it.setText(attrCommit, commit)
	return item(it)
}

func newPurchase(p catalog.Purchase) attributes {
	it := make(attributes, 11)
	it.setNumber(purchaseProduct, int64(p.Product))
	it.setNumber(purchaseCreated, micros(p.Created))
	it.setOptional(purchaseCustomID, p.CustomID)
	if p.Consumed > 0 {
		it.setNumber(purchaseConsumed, int64(p.Consumed))
	}
	if !p.Ended.IsZero() {
		it.setNumber(purchaseEnded, micros(p.Ended))
	}
	it.setFlag(purchaseExpired, p.Expired)
	return it
}

// newOwnerItem leads from the number of a purchase to its customer.
func newOwnerItem(tenant int, id customer.ID, p catalog.Purchase, commit string) item {
	it := make(attributes, 4)
	it.setPlaces(ownerKey(tenant, p.Number), indexKeys{})
	it.setText(attrCommit, commit)
	it.setText(attrOwner, id.Base36())
	return item(it)
}

func newPurchasesItem(tenant int, a catalog.Account, commit string) item {
	it := make(attributes, 7)
	it.setPlaces(purchasesKey(tenant, a.Customer.ID), indexKeys{})
	it.setText(attrCommit, commit)
	active := make([]types.AttributeValue, len(a.Active))
	for i, p := range a.Active {
		active[i] = &types.AttributeValueMemberM{Value: item(newHeld(p))}
	}
	it.setList(attrActive, active)
	if len(a.UserTasks) > 0 {
		numbers := make(attributes, len(a.UserTasks))
		for _, task := range slices.Sorted(maps.Keys(a.UserTasks)) {
			numbers.setNumber(strconv.Itoa(task), int64(a.UserTasks[task]))
		}
		it[attrUserTasks] = &types.AttributeValueMemberM{Value: numbers}
	}
	for name, p := range map[string]*catalog.Purchase{attrLastLimited: a.LastLimited, attrLastDated: a.LastDated} {
		if p != nil {
			it[name] = &types.AttributeValueMemberM{Value: item(newHeld(*p))}
		}
	}
	return item(it)
}

// newHeld is a purchase within an account.
func newHeld(p catalog.Purchase) attributes {
	it := newPurchase(p)
	it.setNumber(purchaseNumber, int64(p.Number))
	it.setText(purchaseCommit, p.Commit)
	return it
}

func (r *reader) held() catalog.Purchase {
	p := catalog.Purchase{
		Number: int(r.number(purchaseNumber)), Product: int(r.number(purchaseProduct)), Created: fromMicros(r.number(purchaseCreated)),
		CustomID: r.optional(purchaseCustomID), Expired: r.flag(purchaseExpired), Commit: r.text(purchaseCommit),
	}
	if n := r.bound(purchaseConsumed); n != nil {
		p.Consumed = *n
	}
	if r.it[purchaseEnded] != nil {
		p.Ended = fromMicros(r.number(purchaseEnded))
	}
	return p
}

// readPurchases reads what a customer has of the catalog; it is nil for one that
// never had anything.
func readPurchases(it item) (catalog.Account, error) {
	r := reader{it: it}
	var a catalog.Account
	if it == nil {
		return a, nil
	}
	a.Rev = r.rev()
	r.each(attrActive, func(m *reader) { a.Active = append(a.Active, m.held()) })
	if numbers := r.object(attrUserTasks); len(numbers) > 0 {
		a.UserTasks = make(map[int]int, len(numbers))
		within := reader{it: numbers}
		for name := range numbers {
			task, err := strconv.Atoi(name)
			if err != nil {
				return a, fmt.Errorf("item of an account: %w", err)
			}
			a.UserTasks[task] = int(within.number(name))
		}
		r.err = firstError(r.err, within.err)
	}
	a.LastLimited, a.LastDated = r.last(attrLastLimited), r.last(attrLastDated)
	if r.err != nil {
		return a, fmt.Errorf("item of an account: %w", r.err)
	}
	return a, nil
}

func (r *reader) last(name string) *catalog.Purchase {
	if r.it[name] == nil {
		return nil
	}
	within := reader{it: r.object(name), err: r.err}
	p := within.held()
	r.err = within.err
	return &p
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// bytesBefore is the size of a purchase's own item while it was active.
func bytesBefore(tenant int, id customer.ID, p catalog.Purchase) int {
	p.Ended, p.Expired, p.Consumed = time.Time{}, false, 0
	return sizeOf(newPurchaseItem(tenant, id, p, p.Commit))
}
