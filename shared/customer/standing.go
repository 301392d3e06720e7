package customer

// A Standing is the state of a customer that its points account copies: without it
// an account could not tell whether points may be spent.
type Standing struct{ Disabled, Deleted bool }

// Standing returns the standing of c.
func (c Customer) Standing() Standing { return Standing{c.Disabled, c.Deleted} }

// An AccountRecord is a customer's points account as it was read; where there is
// none its Rev is absent.
type AccountRecord struct {
	Rev
	// Content is the account itself, for the store that read it.
	Content any
}

// An AccountChange gives the points account of a customer the customer's new
// standing, in the commit that changes the customer, so that points are decided
// without reading the customer. Where there is no account, there must still be
// none: one that is opened meanwhile checks the customer as it was, and one of the
// two commits fails.
type AccountChange struct {
	Before AccountRecord
	After  Standing
}

// ChangesStanding reports whether the commit must have an [AccountChange].
func (c Commit) ChangesStanding() bool {
	return !c.Before.Absent() && c.Before.Standing() != c.After.Standing()
}
