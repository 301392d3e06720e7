package rowfile

import (
	"bytes"
	"maps"
	"slices"

	"regulars/shared/customer/fieldop"
	"regulars/shared/value"
)

// readMembers reads an object of JSON Lines. Its members are what columns of CSV are
// called, spelled exactly, with values as profiles/import takes them; besides
// subscriptions as an array, points and order as objects, and a declared extension
// as a record or an array of them.
func (d *Decoder) readMembers(b *builder, rec Record) error {
	if d.header.Charset != "" && bytes.Contains(rec.Raw, []byte("\ufffd")) {
		return reject("bad_row/charset", "", d.header.Charset)
	}
	object, err := value.ParseObject(rec.Raw)
	if err != nil {
		return err
	}
	if isMendedLine(object) {
		for _, name := range reportColumns {
			delete(object, name)
		}
	}
	clear(d.seen)
	d.names = slices.AppendSeq(d.names[:0], maps.Keys(object))
	slices.Sort(d.names) // of several errors always the same is told
	for _, name := range d.names {
		if err := d.readMember(b, name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

// isMendedLine reports whether the object has all members that a report adds.
func isMendedLine(object map[string]any) bool {
	for _, name := range reportColumns {
		if _, ok := object[name]; !ok {
			return false
		}
	}
	return true
}

func (d *Decoder) readMember(b *builder, name string, v any) error {
	if len(d.ignored) > 0 && d.ignored[fold(name)] {
		return nil
	}
	if len(d.mapped) == 0 || d.mapped[fold(name)] == "" {
		if nested, ok := v.(map[string]any); ok && (name == "points" || name == "order") {
			for _, member := range slices.Sorted(maps.Keys(nested)) {
				if err := d.readMember(b, name+"."+member, nested[member]); err != nil {
					return err
				}
			}
			return nil
		}
		if _, ok := d.types.Extensions[name]; ok && v != nil {
			return b.putRecords(name, v)
		}
		if name == "subscriptions" {
			b.putSubscriptions(v)
			return nil
		}
	}
	t, err := d.memberTarget(name)
	if err != nil {
		return err
	}
	if d.seen[t.id] {
		return reject("bad_row/same_target", name, t.id)
	}
	d.seen[t.id] = true
	if v == nil {
		if d.clears && t.clearable() {
			b.set(t.name, unset())
		}
		return nil
	}
	if value.Depth(v) > maxCellDepth {
		return reject("bad_cell/too_deep", name, maxCellDepth)
	}
	if v, err = d.member(t, v); err != nil || v == nil {
		return err
	}
	return b.put(t, v)
}

// memberTarget resolves a member's name, once.
func (d *Decoder) memberTarget(name string) (target, error) {
	if t, ok := d.members[name]; ok {
		return t, nil
	}
	t, err := d.resolve(name, name)
	if err != nil {
		return t, err
	}
	if t.undeclared {
		return t, reject("bad_column/undeclared", name, t.name)
	}
	for _, c := range d.constants {
		if c.target.id == t.id {
			return t, reject("bad_row/same_target", name, t.id)
		}
	}
	if len(d.members) < maxMembers {
		d.members[name] = t
	}
	return t, nil
}

// member reads a value that is not null; nil is none. A text is a date or a number
// where the mapping says how these are written.
func (d *Decoder) member(t target, v any) (any, error) {
	text, isText := v.(string)
	switch {
	case t.action == fieldop.Unset:
		if v == true {
			return unset(), nil
		}
		if v == false {
			return nil, nil
		}
		return nil, reject("bad_cell/boolean", t.column)
	case t.action != "" && isText && t.action == fieldop.Incr && d.formats.foreign:
		return d.cell(t, text)
	case t.action != "":
		return t.function(v), nil
	case t.kind == ofPoints || t.kind == ofOrder:
		text, ok := value.Text(v)
		if _, isBool := v.(bool); !ok || isBool {
			return nil, reject("bad_cell/scalar", t.column, value.TypeName(v))
		}
		if isBlank(text) {
			return nil, nil
		}
		return d.cell(t, text)
	case isText && t.form == asDate && d.formats.dates != nil, isText && d.formats.foreign && (t.form == asWhole || t.form == asNumber):
		return d.cell(t, text)
	}
	return v, nil
}
