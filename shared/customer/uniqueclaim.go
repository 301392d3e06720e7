package customer

import (
	"slices"

	"regulars/shared/errs"
)

// uniqueClaim says that a value of a unique identification key is another
// customer's, as far as its match key says. Whoever did not know yet of the key
// when it was declared may have changed or deleted that customer without releasing
// the value, so the customer is asked.
type uniqueClaim struct {
	match Key
	owner ID
	key   IdentKey
}

func (c *uniqueClaim) Error() string { return "uniqueClaim by " + c.owner.Hex() }

// ErrNotUnique rejects values of a unique identification key that another
// customer has.
var ErrNotUnique = errs.New(errs.FailedPrecondition, "not_unique_key", "")

// holds reports whether the customer has the value that is claimed for it.
func (c Customer) holds(claim *uniqueClaim) bool {
	return c.allHeld(Rules{IdentKeys: IdentKeys{claim.key}}).roles(claim.match) != 0
}

// changedMeanwhile is the id of no commit.
const changedMeanwhile = "changed between two reads"

// checkOwner adds the customer to what must still be as it was read. One that is
// not there at all never comes back: ids do not repeat. Where two reads of one
// differ it is as only one of them says, and the commit must break.
func (c *Commit) checkOwner(owner Record) {
	if owner.Absent() {
		return
	}
	i := slices.IndexFunc(c.UnchangedCustomers, func(r Record) bool { return r.ID == owner.ID })
	switch {
	case i < 0:
		c.UnchangedCustomers = append(c.UnchangedCustomers, owner)
	case c.UnchangedCustomers[i].Commit != owner.Commit:
		c.UnchangedCustomers[i].Commit = changedMeanwhile
	}
}

// A Named is a customer by its names: in the arguments of an error, and as one that was
// merged into another.
type Named struct {
	ID ID
	// ClientID is the id that a client brought; empty where none did.
	ClientID string
}

// Qualified are the key's attributes as clients spell them.
func (k IdentKey) Qualified() []string {
	if k.Extension == 0 {
		return k.Attributes
	}
	names := make([]string, len(k.Attributes))
	for i, name := range k.Attributes {
		names[i] = k.Source + "." + name
	}
	return names
}

// identChanges are the identification values that come and go with the commit. It
// rejects more than a customer may have.
func (c *Commit) identChanges(keys IdentKeys) ([]IdentChange, error) {
	changes := identChanges(c.Before.Customer, c.After, keys)
	if !slices.ContainsFunc(changes, IdentChange.Put) {
		return changes, nil
	}
	if n := len(c.After.allIdentValues(keys)); n > MaxKeys && n > len(c.Before.allIdentValues(keys)) {
		return nil, errs.New(errs.Invalid, "too_many_keys/identification", "", n, MaxKeys).DependingOnSettings()
	}
	return changes, nil // that they are too many for one transaction is seen with the rest
}
