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
	names := slices.Sorted(maps.Keys(object))
	hasReport := hasReport(names)
	seen := make(map[string]bool, len(names)+len(d.constants))
	for _, name := range names {
		if hasReport && isReportColumn(name) {
			continue
		}
		if err := d.readMember(b, seen, name, object[name]); err != nil {
			return err
		}
	}
	return nil
}

func (d *Decoder) readMember(b *builder, seen map[string]bool, name string, v any) error {
	if d.ignored[fold(name)] {
		return nil
	}
	if d.mapped[fold(name)] == "" {
		if nested, ok := v.(map[string]any); ok && (name == "points" || name == "order") {
			for _, member := range slices.Sorted(maps.Keys(nested)) {
				if err := d.readMember(b, seen, name+"."+member, nested[member]); err != nil {
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
	if seen[t.id] {
		return reject("bad_row/same_target", name, t.id)
	}
	seen[t.id] = true
	if v == nil {
		if d.clears && t.clearable() {
			b.row.Data[t.name] = unset()
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
