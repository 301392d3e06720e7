package customer

import "slices"

// An order says which requests of a batch must follow each other, so that the
// batch comes to what its requests would come to one after another. All others
// may be carried out side by side.
//
// Requests follow each other where they are tied: each to the keys it is found
// by or gives and to the id it names, each of those keys to the customers that hold
// it before the batch, and everything tied to one thing to each other. A key
// that nobody in the batch is found by ties nobody, unless it is somebody's
// first e-mail: a phone that all of them give is nothing they need to know.
// Such keys are called decisive.
//
// Why that is enough. What a request comes to depends on who owns its decisive
// keys, and on the customer it finds. Suppose an earlier request changes one of
// these; then they are tied:
//
//   - It gives somebody the key: it names the key itself. Where it cannot name it,
//     as where a number is counted up, it is tied to all keys of the kind.
//   - It takes the key from somebody: who held it before the batch is tied to the
//     key, and who came to hold it in the batch was given it by a request that is.
//   - It changes the customer found: what a request finds its customer by is a key
//     that is tied to that customer, as the one before.
//
// And the request that changes a customer is tied to it, because it finds it, for
// the same reason. So by going from one request to the next no request of another
// chain ever changes what one depends on, or who is tied to what.
//
// Two things stay as they are with single calls: what others write meanwhile may
// come before or after any of the requests, and whether a shared value turns
// overflowed may depend on who was first to take or to leave it.
type order struct {
	items   []BatchItem
	parent  []int // of the union-find; items come first
	keys    map[Key]int
	ids     map[ID]int
	kinds   map[Kind]int // of which somebody gives any
	decided map[Key]bool // the decisive keys
}

// newOrder ties requests by what they say.
func newOrder(items []BatchItem) *order {
	o := &order{items: items, keys: map[Key]int{}, ids: map[ID]int{}, kinds: map[Kind]int{}, decided: map[Key]bool{}}
	for i := range items {
		o.parent = append(o.parent, i)
	}
	for _, item := range items {
		for _, l := range item.Search.lookups() {
			o.decided[l.Key] = true
		}
		for _, l := range item.Gives {
			if l.Roles&Primary != 0 {
				o.decided[l.Key] = true
			}
		}
		for _, kind := range item.GivesAny {
			node(o, o.kinds, kind)
		}
	}
	for i, item := range items {
		o.tieItem(i, item)
	}
	return o
}

func (o *order) tieItem(i int, item BatchItem) {
	if item.Search.ID != 0 {
		o.tie(i, node(o, o.ids, item.Search.ID))
	}
	for _, kind := range item.GivesAny {
		o.tie(i, o.kinds[kind])
	}
	for _, l := range item.Search.lookups() {
		o.tieKey(i, l.Key)
	}
	for _, l := range item.Gives {
		if o.decided[l.Key] {
			o.tieKey(i, l.Key)
		}
	}
}

func (o *order) tieKey(i int, key Key) {
	o.tie(i, node(o, o.keys, key))
	if kind, ok := o.kinds[key.Kind]; ok {
		o.tie(i, kind)
	}
}

// decisive are the keys whose owners must be known, in a fixed order.
func (o *order) decisive() []Key {
	keys := make([]Key, 0, len(o.decided))
	for key := range o.decided {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareKeys)
	return keys
}

// tieOwners ties the decisive keys to who holds them before the batch.
func (o *order) tieOwners(known map[Key]KeyRecord) {
	for key, record := range known {
		for owner := range record.Roles {
			o.tie(node(o, o.keys, key), node(o, o.ids, owner))
		}
	}
}

// chains are the requests that must follow each other, by their numbers, each in
// the order of the batch, and the chains in that of their first requests.
func (o *order) chains() [][]int {
	var chains [][]int
	byRoot := map[int]int{}
	for i := range o.items {
		root := o.root(i)
		n, ok := byRoot[root]
		if !ok {
			n = len(chains)
			byRoot[root] = n
			chains = append(chains, nil)
		}
		chains[n] = append(chains[n], i)
	}
	return chains
}

// node is the number of a thing that requests are tied to.
func node[T comparable](o *order, numbers map[T]int, thing T) int {
	n, ok := numbers[thing]
	if !ok {
		n = len(o.parent)
		o.parent = append(o.parent, n)
		numbers[thing] = n
	}
	return n
}

func (o *order) tie(a, b int) { o.parent[o.root(a)] = o.root(b) }

func (o *order) root(n int) int {
	for o.parent[n] != n {
		o.parent[n] = o.parent[o.parent[n]] // the next one has half the way
		n = o.parent[n]
	}
	return n
}
