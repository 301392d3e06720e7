// Package privacy answers the two requests that the law knows about a person: show me
// everything, and forget me. Both find the same: [Kinds] is the one list of what the
// table keeps of a customer, and of what leads to one.
package privacy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/history"
	"regulars/shared/points"
)

// A Kind is a kind of item that is about a customer or leads to one.
type Kind struct {
	// Name is the begin of the partition key and of the sort key.
	Name string
	// Member is that of the document of an export.
	Member string
	// Left says what stays of such an item when its customer is erased; empty: it is
	// deleted.
	Left string
}

// Kinds are all of them. Whoever keeps something new of a customer adds its kind here,
// reads it in package dynamo, and shows it in [Document]; a test makes a customer by every
// dialect and fails for an item that is of none of them.
var Kinds = []Kind{
	// In the customer's collection, in those of its further wallets, and in those of who was
	// merged into it.
	{"C CUSTOMER", "profile", "the id, for 30 days, so that nothing is written behind the deletion"},
	{"C EXT", "extensions", ""},
	{"C IDENT", "identification_values", ""},
	{"C PURCHASES", "product_accounts", ""},
	{"C PURCHASE", "purchases", ""},
	{"C ACCOUNT", "points_accounts", "figures"},
	{"C LEDGER", "points_entries", "figures, times and hashes; no texts, no salts"},
	{"C ORDER", "orders", ""},
	{"C REF", "references", ""},
	{"C REVERSED", "reversals", "points and numbers of entries"},
	{"C HOLD", "ended_holds", ""},
	{"C REQUEST", "answers", ""},
	{"C WALLET", "wallets", "the number of the wallet"},
	// Of a merge: in the collection of who stays, and in that of who was merged into it.
	{"C MERGE", "merges", ""},
	{"C MERGED", "merged", ""},
	// Here and in the collection of the other customer, which loses it at the same moment.
	{"C SEPARATE", "separate_from", ""},
	{"C HISTORY", "history", ""},
	// Elsewhere: what leads to the customer.
	{"K KEY", "match_keys", ""},
	{"O ORDER", "order_claims", "the hash of the order's id, which is nobody's then and stays taken"},
	{"T PURCHASE", "purchase_owners", ""},
	{"R REQUEST", "requests", "the hash of the key, until it ends: the request is not carried out again"},
}

// KindOf is the kind of that name; ok is false where there is none.
func KindOf(name string) (kind Kind, ok bool) {
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name == name })
	if i < 0 {
		return kind, false
	}
	return Kinds[i], true
}

// An Item is one that is about a customer or leads to it.
type Item struct {
	// Kind is the name of its kind.
	Kind string
	// Name is its key; of contacts and of what clients sent it has hashes.
	Name string
	// Bare: it bears nothing of the person (any more), only what [Kind.Left] says.
	Bare bool
	// Customer is in whose collection it is: the customer, or one that was merged into it;
	// or whom it leads to. Wallet is the wallet of that one; 0 is the first.
	Customer customer.ID
	Wallet   int
	// Content is what it holds: one of the types below, or [customer.Customer],
	// [catalog.Account], [catalog.Purchase], [points.Account], [points.Entry],
	// [points.OrderRecord], [points.HoldEnd].
	Content any
}

// The contents of items that are of no other package.
type (
	// Extension are the records of one extension.
	Extension struct {
		Number  int
		Records []extension.Record
	}
	// Identification is a value that an identification key finds the customer by.
	Identification struct{ Key int }
	// MatchKey is a value that the customer is found by.
	MatchKey struct {
		customer.Key
		Roles customer.Roles
	}
	// Answer is the answer to a request that is remembered.
	Answer struct {
		Answer []byte
		// Direction is that of a unique reference, else empty.
		Direction points.Direction
	}
	// Reversal is what was undone of the entry.
	Reversal struct {
		Entry int64
		points.Reversal
	}
	// Wallet is the number of a further wallet.
	Wallet struct{ Number int }
	// Change is a part of a change of the history: who made it and the names of its fields,
	// or what these were and became.
	Change struct{ history.Change }
	// Merge is a part of what a merge keeps, as JSON.
	Merge struct {
		Part   string
		Record []byte
	}
	// Separation says that the customer is not the same person as another.
	Separation struct {
		From customer.ID
		At   time.Time
		By   string
	}
	// OrderClaim is the claim of an order's id, of which it has the SHA-256.
	OrderClaim struct{ Hash string }
	// PurchaseOwner leads from the number of a purchase to the customer.
	PurchaseOwner struct{ Number int }
	// RememberedRequest is what is kept under the SHA-256 of an idempotency key.
	RememberedRequest struct {
		Hash             string
		Created, Changed bool
		Numbers          string
		Until            time.Time
	}
)

// A Store finds what there is of customers.
type Store interface {
	// OfCustomer reads everything of a customer, and what leads to it: by the keys that
	// follow from it and by those that are given. The first [customer.Customer] of it is
	// the customer: where that was merged into another, the one that stays. It is read bit by bit, while others
	// may write. What leads to it by an index may be a moment old.
	OfCustomer(ctx context.Context, rules customer.Rules, id customer.ID, keys []customer.Key) ([]Item, error)
}

// A List says which items there are: how many by kind, and the SHA-256 of their names.
type List struct {
	Counts map[string]int `json:"items"`
	SHA256 string         `json:"items_sha256"`
}

// ListOf lists items.
func ListOf(items []Item) List {
	list := List{Counts: map[string]int{}}
	names := make([]string, len(items))
	for i, it := range items {
		list.Counts[it.Kind]++
		names[i] = it.Kind + " " + it.Name
	}
	slices.Sort(names)
	sum := sha256.Sum256([]byte(strings.Join(names, "\n")))
	list.SHA256 = hex.EncodeToString(sum[:])
	return list
}
