package rowfile

import (
	"cmp"
	"encoding/json"
	"slices"

	"regulars/shared/value"
)

// A builder assembles a row.
type builder struct {
	row           Row
	subscriptions []entry
	records       map[string][]entry // of extensions
	points        Points
	order         Order
	hasTotal      bool
	// fromFile says that what is put comes from the file. Constants alone make no
	// subscription, no record of an extension and no order.
	fromFile  bool
	hasOrder  bool // from the file
	positions bool // subscriptions were given as an array
}

// An entry is a subscription, or a record of an extension, at its place.
type entry struct {
	index    int
	members  map[string]any
	fromFile bool
}

// set sets a field. The names that a row sets are different ones.
func (b *builder) set(name string, v any) {
	b.row.Data = append(b.row.Data, value.Member{Name: name, Value: v})
}

// put sets a value, to which the target's form has given the right type.
func (b *builder) put(t target, v any) error {
	switch t.kind {
	case ofField:
		b.set(t.name, v)
	case ofSubscription:
		b.subscriptions = b.putEntry(b.subscriptions, t, v)
	case ofExtension:
		if b.records == nil {
			b.records = map[string][]entry{}
		}
		b.records[t.name] = b.putEntry(b.records[t.name], t, v)
	case ofPoints:
		return b.putPoints(t, v)
	case ofOrder:
		return b.putOrder(t, v)
	}
	return nil
}

// putEntry sets a member of the entry with the target's index.
func (b *builder) putEntry(entries []entry, t target, v any) []entry {
	i := slices.IndexFunc(entries, func(e entry) bool { return e.index == t.index })
	if i < 0 {
		i = len(entries)
		entries = append(entries, entry{index: t.index, members: map[string]any{}})
	}
	entries[i].fromFile = entries[i].fromFile || b.fromFile
	members := entries[i].members
	if len(t.path) == 2 {
		inner, ok := members[t.path[0]].(map[string]any)
		if !ok {
			inner = map[string]any{}
			members[t.path[0]] = inner
		}
		members = inner
	}
	members[t.path[len(t.path)-1]] = v
	return entries
}

func (b *builder) putPoints(t target, v any) error {
	switch t.name {
	case "add":
		b.points.Add = wholeOf(v)
	case "subtract":
		b.points.Subtract = wholeOf(v)
	case "reason":
		b.points.Reason, _ = value.Text(v)
	case "ref_id":
		b.points.RefID, _ = value.Text(v)
	}
	return nil
}

func (b *builder) putOrder(t target, v any) (err error) {
	b.hasOrder = b.hasOrder || b.fromFile
	switch t.name {
	case "id":
		b.order.ID, _ = value.Text(v)
	case "total":
		b.order.Total, b.hasTotal = wholeOf(v), true
	case "paid_at":
		text, _ := value.Text(v)
		b.order.PaidAt, _, err = value.ParseTime(t.column, text)
	}
	return err
}

// wholeOf is a whole number that the target's form has read.
func wholeOf(v any) int64 {
	n, _ := v.(json.Number)
	i, _ := n.Int64()
	return i
}

// putSubscriptions sets all of them, as profiles/import takes them.
func (b *builder) putSubscriptions(v any) {
	if v != nil {
		b.set("subscriptions", v)
		b.positions = true
	}
}

// putRecords sets the records of an extension: one, or an array.
func (b *builder) putRecords(name string, v any) error {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	records := make([]map[string]any, len(list))
	for i, e := range list {
		if records[i], ok = e.(map[string]any); !ok {
			return reject("bad_cell/record", name, value.TypeName(e))
		}
	}
	b.setRecords(name, records)
	return nil
}

func (b *builder) setRecords(name string, records []map[string]any) {
	if b.row.Extensions == nil {
		b.row.Extensions = map[string][]map[string]any{}
	}
	b.row.Extensions[name] = records
}

// finish puts the parts together, and rejects those that do not go together.
func (b *builder) finish() (Row, error) {
	if list := inOrder(b.subscriptions); len(list) > 0 {
		if b.positions {
			return Row{}, reject("bad_row/same_target", "subscriptions", "subscriptions")
		}
		entries := make([]any, len(list))
		for i, members := range list {
			entries[i] = members
		}
		b.set("subscriptions", entries)
	}
	value.SortMembers(b.row.Data)
	for name, entries := range b.records {
		records := inOrder(entries)
		if len(records) == 0 {
			continue
		}
		if b.row.Extensions[name] != nil {
			return Row{}, reject("bad_row/same_target", name, name)
		}
		b.setRecords(name, records)
	}
	switch {
	case b.points.Add > 0 && b.points.Subtract > 0:
		return Row{}, reject("bad_row/points_both", "")
	case b.points.Add > 0 || b.points.Subtract > 0:
		points := b.points
		b.row.Points = &points
	}
	if b.hasOrder {
		switch {
		case b.order.ID == "":
			return Row{}, reject("bad_row/order_without", "", "order.id")
		case !b.hasTotal:
			return Row{}, reject("bad_row/order_without", "", "order.total")
		}
		order := b.order
		b.row.Order = &order
	}
	return b.row, nil
}

// inOrder returns the entries that come from the file by their index. What is left
// out between them leaves no gap.
func inOrder(entries []entry) []map[string]any {
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.index, b.index) })
	var list []map[string]any
	for _, e := range entries {
		if e.fromFile {
			list = append(list, e.members)
		}
	}
	return list
}
