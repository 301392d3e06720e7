package altcraft

import (
	"slices"
	"strconv"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
)

// joinSegment puts a profile into a static segment (Altcraft 6.12).
func (d Dialect) joinSegment(c *call) (httpapi.Answer, error) {
	return d.changeSegment(c, (*customer.Customer).JoinSegments)
}

// leaveSegment takes a profile out of a static segment (Altcraft 6.12).
func (d Dialect) leaveSegment(c *call) (httpapi.Answer, error) {
	return d.changeSegment(c, (*customer.Customer).LeaveSegments)
}

func (d Dialect) changeSegment(c *call, change func(*customer.Customer, ...int64)) (httpapi.Answer, error) {
	result, err := d.apply(c, func() (customer.Request, error) {
		m, err := c.readMatch()
		if err != nil {
			return customer.Request{}, err
		}
		if _, err := optionalBool(c.body, "skip_triggers"); err != nil {
			return customer.Request{}, err
		}
		number, err := c.readSegment("segment_id", c.body["segment_id"])
		edit := func(c *customer.Customer, _ time.Time) error {
			change(c, number)
			return nil
		}
		return customer.Request{Search: m.search, Edit: edit, Idempotent: true}, err
	})
	if err != nil {
		return httpapi.Answer{}, err
	}
	return answer(result, struct {
		outcome
		ID      string `json:"profile_id"`
		Changed bool   `json:"changed"`
	}{outcome{0, success}, result.ID.Hex(), result.Changed})
}

// readSegments reads the segments that an import puts the profile into, and those
// that it takes it out of.
func (c *call) readSegments() ([]setter, error) {
	join, err := c.readSegmentList("add_to_segments")
	if err != nil {
		return nil, err
	}
	leave, err := c.readSegmentList("remove_from_segments")
	if err != nil {
		return nil, err
	}
	for _, n := range leave {
		if slices.Contains(join, n) {
			return nil, errs.New(errs.Invalid, "segment_both_ways", "remove_from_segments", n)
		}
	}
	if len(join)+len(leave) == 0 {
		return nil, nil
	}
	return []setter{does(func(c *customer.Customer, _ time.Time) error {
		c.JoinSegments(join...)
		c.LeaveSegments(leave...)
		return nil
	})}, nil
}

func (c *call) readSegmentList(member string) ([]int64, error) {
	v := c.body[member]
	list, ok := v.([]any)
	if !ok && v != nil {
		return nil, wrongType(member, v, "an array of whole numbers")
	}
	if len(list) > customer.MaxSegments {
		return nil, errs.New(errs.Invalid, "too_many/segments", member, len(list), customer.MaxSegments)
	}
	numbers := make([]int64, len(list))
	for i, e := range list {
		var err error
		if numbers[i], err = c.readSegment(member+"["+strconv.Itoa(i)+"]", e); err != nil {
			return nil, err
		}
	}
	return numbers, nil
}

// readSegment reads the number of a declared segment.
func (c *call) readSegment(field string, v any) (int64, error) {
	if v == nil {
		return 0, errs.New(errs.Invalid, "missing/segment", field)
	}
	n, err := readWhole(field, v, 1)
	if err != nil {
		return 0, err
	}
	if _, declared := c.Settings.Segments[n]; !declared {
		return 0, errs.New(errs.Invalid, "unknown_segment", field, n, n).DependingOnSettings()
	}
	return n, nil
}
