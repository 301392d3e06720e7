package customer

import (
	"slices"

	"regulars/shared/errs"
)

// JoinSegments puts the customer into static segments, by their numbers. Where it
// is in one already nothing changes.
func (c *Customer) JoinSegments(numbers ...int64) {
	for _, n := range numbers {
		if at, in := slices.BinarySearch(c.Segments, n); !in {
			c.Segments = slices.Insert(c.Segments, at, n)
		}
	}
}

// LeaveSegments takes the customer out of static segments. Where it is in none of
// them nothing changes.
func (c *Customer) LeaveSegments(numbers ...int64) {
	c.Segments = slices.DeleteFunc(c.Segments, func(n int64) bool { return slices.Contains(numbers, n) })
}

// checkSegments rejects a customer that comes to be in too many.
func (c Commit) checkSegments() error {
	if n := len(c.After.Segments); n > MaxSegments && n > len(c.Before.Segments) {
		return errs.New(errs.Invalid, "too_many_segments", "add_to_segments", n, MaxSegments)
	}
	return nil
}
