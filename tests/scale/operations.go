package main

// A place is where units of an operation are used: a kind of partition keys of the table
// or of one of its indexes.
type place struct {
	name  string
	index int // 0: the table itself
	// keys of it each tenant has; 0: one for each customer, or more.
	keys int
}

// The places, as docs/table.md and shared/dynamo/table.go have them. What is written at
// keys that are few is written at their end, by time or by number, so that a partition
// which holds one of them gains nothing by being split.
var (
	customers = &place{name: "C#, a customer"}
	matchKeys = &place{name: "K#, a match key"}
	claims    = &place{name: "O#, an order's id"}
	tenant    = &place{name: "T#, a tenant's items", keys: 1}
	byID      = &place{name: "L#, lists by id", index: 1, keys: shards}
	due       = &place{name: "D#, what is due", index: 1, keys: shards}
	byProduct = &place{name: "P#, purchases of a product", index: 1, keys: shards}
	byRef     = &place{name: "F#, entries by reference", index: 1}
	byChange  = &place{name: "U#, lists by change", index: 2, keys: shards}
)

// A use is so many units at a place. Hourly ones are used by the first change of a
// customer in an hour.
type use struct {
	at          *place
	write, read float64
	hourly      bool
}

// An operation is one of the cost table.
type operation struct {
	name, row string
	uses      []use
	// plain: its write is a single put, else a transaction, of twice the units.
	plain bool
	// perCustomer is how many of them a customer makes in a month, in the traffic that is
	// taken for an example.
	perCustomer float64
	trips       float64 // of docs/costs.md
}

var hourly = use{at: byChange, write: 2, hourly: true}

// operations are those that traffic is made of. row is their name in docs/costs.md.
var operations = []*operation{
	{name: "get by e-mail", row: "get by e-mail", perCustomer: 10, uses: []use{{at: matchKeys, read: 1}, {at: customers, read: 1}}},
	{name: "a profile with its points", row: "a profile", perCustomer: 6, uses: []use{{at: customers, read: 1}}},
	{name: "a statement", row: "a statement of seven lines", perCustomer: 0.5, uses: []use{{at: customers, read: 3}}},
	{name: "list of 50", row: "list of 50 (each 100 are two round trips and 104 units)", perCustomer: 0.05, uses: []use{{at: byID, read: 4}, {at: customers, read: 50}}},
	{
		name: "import, creates", row: "import by e-mail, creates (an e-mail, a phone, three subscriptions)", perCustomer: 0.05,
		uses: []use{{at: customers, write: 2}, {at: matchKeys, write: 6, read: 1}, {at: byID, write: 1}, {at: byChange, write: 1}},
	},
	{
		name: "import, updates", row: "import by e-mail, updates, no match key changes", plain: true, perCustomer: 3,
		uses: []use{{at: customers, write: 1, read: 1}, {at: matchKeys, read: 1}, hourly},
	},
	{name: "points, the first of a customer", row: "the first points of a customer (opens the account), where points expire", perCustomer: 0.05, uses: []use{{at: customers, write: 6, read: 1}, {at: due, write: 1}, {at: byChange, write: 1}}},
	{name: "points, add or subtract", row: "add, subtract", perCustomer: 1, uses: []use{{at: customers, write: 4, read: 1}, hourly}},
	{name: "points, with a key", row: "... with an `Idempotency-Key`, and when it comes again", perCustomer: 1, uses: []use{{at: customers, write: 6, read: 1}, hourly}},
	{name: "hold", row: "hold; where it moves the account in the due list", perCustomer: 0.2, uses: []use{{at: customers, write: 4, read: 1}, hourly}},
	{name: "commit of a hold", row: "commit, void of a hold; where it moves the account in the due list", perCustomer: 0.2, uses: []use{{at: customers, write: 6, read: 3}, hourly}},
	{name: "transfer", row: "transfer, between accounts that there are; with a key", perCustomer: 0.02, uses: []use{{at: customers, write: 8, read: 2}, hourly, hourly}},
	{name: "order", row: "order; the same one again", perCustomer: 1, uses: []use{{at: customers, write: 6, read: 2}, {at: claims, write: 2}, {at: byRef, write: 1}, hourly}},
	{
		name: "purchase of a product", row: "`PUT /manual_purchase` by id, the first (writes category and goal)", perCustomer: 0.05,
		uses: []use{{at: customers, write: 6, read: 2}, {at: tenant, write: 3, read: 2}, {at: byProduct, write: 1}},
	},
}

// units are those of the operation where it is the first change in the hour: of the table
// and of each index.
func (o *operation) units() (write, read [3]float64) {
	for _, u := range o.uses {
		write[u.at.index] += u.write
		read[u.at.index] += u.read
	}
	return write, read
}

// seconds is how long the operation takes, and how long a function is busy with it.
func (o *operation) seconds() float64 {
	write, _ := o.units()
	took := o.trips*readTime + cpuTime/processors
	if write[0] > 0 {
		took += writeTime - readTime // its last trip writes
	}
	return took
}
