// Package points is the domain of loyalty points: accounts that are explained by
// append-only entries, lots that expire, points that wait, orders that earn,
// returns and reversals, levels. Figures are whole numbers. It knows neither HTTP
// nor DynamoDB: everything is decided over what was loaded, and the clock is an
// argument (docs/guarantees.md). What it promises and how that is
// tested is in docs/ledger.md.
package points

import (
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
)

// Max is the largest figure there may be: JSON keeps whole numbers up to it.
const Max = 1<<53 - 1

// Figures of an account, or the changes of them.
type Figures struct {
	// Available points can be spent now. They are below 0 only where a reversal or
	// return left a debt, or a subtraction overdrew them by leave of the tenant.
	Available int64
	// Used are all points that were redeemed.
	Used int64
	// Incoming points were earned and are in their waiting time.
	Incoming int64
	// Ranking points decide the level. They are not spent.
	Ranking int64
	// Spent is the money of all orders, less what was returned.
	Spent int64
	// Orders is how many there were.
	Orders int64
	// Held points are set aside by holds: no longer available, and not spent yet.
	Held int64
}

func (f Figures) plus(g Figures) Figures {
	return Figures{
		f.Available + g.Available, f.Used + g.Used, f.Incoming + g.Incoming,
		f.Ranking + g.Ranking, f.Spent + g.Spent, f.Orders + g.Orders, f.Held + g.Held,
	}
}

func (f Figures) minus(g Figures) Figures {
	return f.plus(Figures{-g.Available, -g.Used, -g.Incoming, -g.Ranking, -g.Spent, -g.Orders, -g.Held})
}

// An Account is what a customer has, as it stood after its last entry. It is a
// value: a decision works on a copy of its own.
type Account struct {
	ID customer.ID
	// Number is a random text of the account's own, which its hashes cover: it
	// says nothing about who the customer was.
	Number string
	// Disabled and Deleted are the customer's: the commit that changes them there
	// changes them here ([customer.AccountChange]), so that points are decided on the
	// account alone.
	Disabled, Deleted bool

	// Version is how many entries there are, and the number of the last one.
	Version int64
	Figures
	// PreviousLevel is the level before the last change of level; 0: none.
	PreviousLevel int64
	// LastOrder is when the latest order was paid; zero: never.
	LastOrder time.Time
	// Changed is the time of the last entry.
	Changed time.Time
	// Head is the hash of the last entry.
	Head Hash

	// Lots are the available points by the day they expire, the soonest first, and
	// by the order that earned them. Together they are the available points, or
	// nothing where these are below 0.
	Lots []Lot
	// Waiting are the incoming points by the hour they become available, the
	// soonest first, and by order.
	Waiting []Waiting
	// Holds are those that have not ended, in the order in which they were made.
	// Together they are the held points.
	Holds []Hold
	// Expired is what expired of orders' points, by order.
	Expired []Share
	// Untold is up to which entry it is not told which points an order earned.
	Untold int64

	// Erased is up to which entry the texts of a deleted customer are erased.
	Erased int64
}

// Following returns the account of a customer whose standing has become s.
func (a Account) Following(s customer.Standing) Account {
	a.Disabled, a.Deleted = s.Disabled, s.Deleted
	return a
}

// A Record is an account as it was read; where there is none its Rev is absent.
type Record struct {
	Account
	customer.Rev
}

// A Profile is a customer together with the account, as they were read at once.
type Profile struct {
	Customer customer.Record
	Account  Record
	// Ledger is the number of the account's ledger, where it is not the customer's id
	// ([LedgerOf]).
	Ledger customer.ID
}

// Gone reports whether there is no such customer, or no longer.
func (p Profile) Gone() bool {
	return p.Customer.Absent() || p.Customer.Deleted || p.Account.Deleted
}

// Changed is when customer or account last changed.
func (p Profile) Changed() time.Time {
	if p.Account.Changed.After(p.Customer.Changed) {
		return p.Account.Changed
	}
	return p.Customer.Changed
}

// Level is the number and the name of the level that so many ranking points
// reach; 0 and nothing where the tenant has none so low.
func Level(rules access.Preferences, ranking int64) (id int64, name string) {
	from := int64(-1)
	for number, level := range rules.Levels {
		if level.From <= ranking && level.From > from {
			id, name, from = number, level.Name, level.From
		}
	}
	return id, name
}

// The client errors about accounts. Compare with [errors.Is].
var (
	ErrNotFound     = errs.New(errs.NotFound, "profile_unknown", "")
	ErrInsufficient = &errs.Client{Kind: errs.Invalid, Code: "insufficient_points"}
	ErrDisabled     = errs.New(errs.Invalid, "profile_disabled", "point")
	ErrTooMany      = &errs.Client{Kind: errs.Invalid, Code: "too_many_points"}
)
