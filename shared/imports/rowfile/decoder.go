package rowfile

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"regulars/shared/customer/fieldop"
	"regulars/shared/value"
)

// A Row is what a record says.
type Row struct {
	Number int64
	// Data is what profiles/import of the Altcraft dialect takes as data, in the
	// values of package value and in the order of names. A field that the row leaves
	// alone is not in it.
	Data []value.Member
	// Extensions are records by extension, as the Genesys dialect takes them.
	Extensions map[string][]map[string]any
	// Points are nil where the row moves none, Order where it names none.
	Points *Points
	Order  *Order
}

// Points are points to give or to take: one of Add and Subtract is above 0.
type Points struct {
	Add, Subtract int64
	Reason, RefID string
}

// An Order is one that was paid. PaidAt is zero where the row does not say.
type Order struct {
	ID     string
	Total  int64
	PaidAt time.Time
}

// A Decoder makes rows of the records of one file. It is not for concurrent use.
type Decoder struct {
	header  Header
	clears  bool
	formats formats
	types   Types
	speller speller
	mapped  map[string]string // targets by folded name
	ignored map[string]bool   // by folded name

	columns   []target // of CSV
	constants []constant
	called    map[string]string // what the file calls a field
	members   map[string]target // of JSON Lines, those met so far
	names     []string          // of the members of one object
	seen      map[string]bool   // targets of one object
}

type constant struct {
	target target
	value  any
}

// maxMembers bounds the names of members that a decoder remembers.
const maxMembers = 10 * MaxColumns

// NewDecoder reads what the columns of a file mean. Its client errors are about the
// header (bad_header, bad_column) and the mapping (bad_mapping): a column that is
// like none, two columns that set the same, and a header in which no column has a
// meaning of its own, which is taken for the first row of a file without header.
func NewDecoder(h Header, o Options, types Types) (*Decoder, error) {
	d := &Decoder{
		header: h, clears: o.EmptyClears, types: types, speller: newSpeller(types),
		mapped: map[string]string{}, ignored: map[string]bool{}, members: map[string]target{}, seen: map[string]bool{}, called: map[string]string{},
	}
	var err error
	if d.formats, err = formatsOf(o.Mapping); err != nil {
		return nil, err
	}
	for name, target := range o.Mapping.Columns {
		d.mapped[fold(name)] = target
		if h.Format == JSONLines {
			field, _, _ := strings.Cut(target, ":")
			d.called[field] = name
		}
	}
	for _, name := range o.Mapping.Ignore {
		d.ignored[fold(name)] = true
	}
	seen := map[string]bool{}
	if err := d.readColumns(seen); err != nil {
		return nil, err
	}
	return d, d.readConstants(o.Mapping.Constants, seen)
}

// Column is what the file calls the member of data that a path leads to: "phones" is
// "Telefon" where a column of that name sets the phones. A path that no column sets is
// returned as it is.
func (d *Decoder) Column(path string) string {
	member := path
	if end := strings.IndexAny(path, ".["); end > 0 {
		member = path[:end]
	}
	for _, field := range []string{path, member} {
		if column, ok := d.called[field]; ok {
			return shortName(column)
		}
	}
	return path
}

// readColumns resolves the header of CSV.
func (d *Decoder) readColumns(seen map[string]bool) error {
	if d.header.Format == JSONLines {
		return nil // its names are known when they are met
	}
	report, known := reportIn(d.header.Columns), false
	for i, name := range d.header.Columns {
		t := target{column: name, kind: ofNothing}
		var err error
		switch {
		case name == "":
			t.kind = unnamed
		case slices.Contains(report, i):
		default:
			if t, err = d.resolve(name, d.speller.spell(name)); err != nil {
				return err
			}
		}
		if t.id != "" && seen[t.id] {
			return reject("bad_header/same_target", name, t.id)
		}
		seen[t.id] = true
		if t.kind == ofField {
			d.called[t.name] = name
		}
		known = known || t.known
		d.columns = append(d.columns, t)
	}
	if !known {
		return reject("bad_header/no_header", "", shortName(d.header.Columns[0]))
	}
	for _, t := range d.columns {
		if t.undeclared {
			return reject("bad_column/undeclared", t.column, t.name)
		}
	}
	return nil
}

// resolve finds the target of a column or member: that of the mapping, else the one
// it spells itself.
func (d *Decoder) resolve(name, spelled string) (target, error) {
	if d.ignored[fold(name)] {
		return target{column: name, kind: ofNothing, known: true}, nil
	}
	mapped, isMapped := d.mapped[fold(name)]
	if isMapped {
		spelled = mapped
	}
	t, err := parseTarget(spelled)
	if err != nil {
		return t, called(name, err)
	}
	t = t.typed(d.types)
	t.column = name
	t.known = t.known || isMapped || t.action != ""
	return t, nil
}

func (d *Decoder) readConstants(constants map[string]any, seen map[string]bool) error {
	for _, name := range slices.Sorted(maps.Keys(constants)) {
		t, err := parseTarget(name)
		if err != nil {
			return within("constants."+name, err)
		}
		t = t.typed(d.types)
		t.column = "constants." + name
		if t.undeclared {
			return reject("bad_column/undeclared", t.column, t.name)
		}
		if seen[t.id] {
			return reject("bad_mapping/doubled", t.column)
		}
		seen[t.id] = true
		v := constants[name]
		if text, ok := v.(string); ok {
			v, err = d.cell(t, text)
		} else {
			v, err = d.member(t, v)
		}
		if err != nil {
			return err
		}
		if v != nil {
			d.constants = append(d.constants, constant{t, v})
		}
	}
	return nil
}

// Row makes a row of a record. Its client errors are that of the record, and
// bad_row and bad_cell with the column as path.
func (d *Decoder) Row(rec Record) (Row, error) {
	if rec.Err != nil {
		return Row{}, rec.Err
	}
	b := builder{row: Row{Number: rec.Row, Data: make([]value.Member, 0, len(rec.Cells)+len(d.constants))}}
	for _, c := range d.constants {
		if err := b.put(c.target, c.value); err != nil {
			return Row{}, err
		}
	}
	b.fromFile = true
	var err error
	if d.header.Format == JSONLines {
		err = d.readMembers(&b, rec)
	} else {
		err = d.readCells(&b, rec)
	}
	if err != nil {
		return Row{}, err
	}
	return b.finish()
}

func (d *Decoder) readCells(b *builder, rec Record) error {
	for i, cell := range rec.Cells {
		t := d.columns[i]
		if t.kind == ofNothing {
			continue
		}
		if isBlank(cell) {
			if d.clears && t.clearable() {
				b.set(t.name, unset())
			}
			continue
		}
		if t.kind == unnamed {
			return reject("bad_row/unnamed_column", "", i+1)
		}
		v, err := d.cell(t, cell)
		if err != nil {
			return err
		}
		if v == nil {
			continue
		}
		if err := b.put(t, v); err != nil {
			return err
		}
	}
	return nil
}

func isBlank(cell string) bool { return cell == "" || strings.TrimSpace(cell) == "" }

// clearable reports whether an empty cell can clear the field. The e-mail cannot be
// cleared (Altcraft 4.1), so it is left alone.
func (t target) clearable() bool {
	return t.kind == ofField && t.action == "" && t.name != "email"
}

// unset is the function that clears a field.
func unset() map[string]any { return map[string]any{"action": string(fieldop.Unset)} }

// cell reads a cell that is not blank; nil is none.
func (d *Decoder) cell(t target, cell string) (any, error) {
	switch t.action {
	case fieldop.Incr:
		n, err := d.formats.number(t.column, cell)
		return t.function(n), err
	case fieldop.Unset:
		yes, err := boolean(t.column, cell)
		if !yes || err != nil {
			return nil, err
		}
		return unset(), nil
	case fieldop.Upsert:
		return t.function(cell), nil
	case fieldop.Add, fieldop.Delete:
		if t.form == asJSON {
			v, err := parseCell(t.column, cell)
			return t.function(v), err
		}
		texts := list(cell)
		if texts == nil {
			return nil, nil
		}
		return t.function(texts), nil
	}
	v, err := d.plain(t, cell)
	if err != nil || v == nil {
		return nil, err
	}
	if t.action == fieldop.Set {
		return t.function(v), nil
	}
	return v, nil
}

// plain reads a cell that is the value itself.
func (d *Decoder) plain(t target, cell string) (any, error) {
	switch t.form {
	case asList:
		if texts := list(cell); texts != nil {
			return texts, nil
		}
		return nil, nil
	case asWhole:
		n, err := d.formats.whole(t.column, cell, t.least())
		return json.Number(strconv.FormatInt(n, 10)), err
	case asNumber:
		return orNil(d.formats.number(t.column, cell))
	case asBoolean:
		return orNil(boolean(t.column, cell))
	case asDate:
		return orNil(d.formats.date(t.column, cell))
	case asJSON:
		return parseCell(t.column, cell)
	}
	return cell, nil
}

// orNil is v without the typed zero of a failure.
func orNil[T any](v T, err error) (any, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}

// least is the lowest whole number that the target takes.
func (t target) least() int64 {
	switch t.kind {
	case ofPoints, ofOrder:
		return 0
	case ofSubscription:
		return 1 // resource_id
	}
	return -1 << 63
}

// function is the value with what is done with it, as profiles/import takes it
// (Altcraft 4.1).
func (t target) function(v any) any {
	f := map[string]any{"action": string(t.action), "value": v}
	if t.submatch != "" {
		f["submatch"] = t.submatch
	}
	return f
}

// maxCellDepth is how many levels of arrays and objects a field has at most: a body
// of profiles/import has it two levels down.
const maxCellDepth = value.MaxDepth - 2

func parseCell(column, cell string) (any, error) {
	v, err := value.Parse([]byte(cell))
	if err != nil {
		return nil, reject("bad_cell/json", column)
	}
	if value.Depth(v) > maxCellDepth {
		return nil, reject("bad_cell/too_deep", column, maxCellDepth)
	}
	return v, nil
}
