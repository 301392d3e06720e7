package imports

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"regulars/shared/contact"
	"regulars/shared/csvtext"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/objects"
	"regulars/shared/value"
)

// A Person is whom rows may be about: a customer, and the e-mails and phones by which
// rows name it, in the form they are compared in.
type Person struct {
	Tenant int
	ID     customer.ID
	// Merged are those who were merged into it.
	Merged []customer.ID
	Keys   []customer.Key
	// Country is the tenant's calling code.
	Country string
}

func (p Person) is(id customer.ID) bool { return id == p.ID || slices.Contains(p.Merged, id) }

func (p Person) isHex(text string) bool {
	id, err := customer.ParseHex(text)
	return err == nil && p.is(id)
}

// A Touch is what the bucket has about a person of one import.
type Touch struct {
	ID, Key, Version string
	State            State
	Started          time.Time
	// Rows are those that changed the customer, Rejected those that named the person.
	Rows     []TouchedRow
	Rejected []TouchedRow
}

// A TouchedRow is a row that is about a person.
type TouchedRow struct {
	Row     int64
	Created bool
	// Before and After are objects of the fields that it changed; nil where there are none.
	Before, After json.RawMessage
	// Points are the numbers of the entries that it made, Order the order it brought.
	Points []int64
	Order  string
	// Text is the row itself, Error why it was rejected.
	Text, Error string
}

// Records are what imports leave in the bucket about persons: journals, rejected rows
// and what is staged.
type Records struct {
	Store  Store
	Bucket objects.Bucket
}

// sideBySide is how many objects are read at once.
const sideBySide = 16

// Imports returns the imports of a tenant, the newest first, from before the one with the
// id on, up to limit.
func (r Records) Imports(ctx context.Context, tenant int, before string, limit int) (list []Import, err error) {
	err = errs.Retry(ctx, func(int) error {
		var from Import
		if before != "" {
			if from, err = r.Store.Import(ctx, tenant, before); err != nil {
				return err
			}
		}
		list, err = r.Store.Imports(ctx, tenant, from, limit)
		return err
	})
	return list, err
}

// Touch returns what one import left about a person; empty where that is nothing.
func (r Records) Touch(ctx context.Context, im Import, who Person) (Touch, error) {
	touch := Touch{ID: im.ID, Key: im.Key, Version: im.Version, State: im.State, Started: im.Started}
	var mutex sync.Mutex
	err := r.each(ctx, im.folder(journalFolder), sideBySide, isChunk, func(_ string, document []byte) error {
		var c chunk
		if err := decode(document, &c); err != nil {
			return err
		}
		mutex.Lock()
		defer mutex.Unlock()
		for _, e := range c.Entries {
			if who.is(e.ID) {
				touch.Rows = append(touch.Rows, TouchedRow{Row: e.Row, Created: e.Created, Before: e.Before, After: e.After, Points: e.Points, Order: e.Order})
			}
		}
		for _, rejected := range c.Rejected {
			if who.namedIn(rejected.Raw) {
				touch.Rejected = append(touch.Rejected, TouchedRow{
					Row: rejected.Row, Text: strings.ToValidUTF8(string(rejected.Raw), "\ufffd"), Error: rejected.Text,
				})
			}
		}
		return nil
	})
	if err != nil {
		return touch, err
	}
	err = r.each(ctx, im.folder(resultsFolder), 1, isRejected, func(key string, document []byte) error {
		_, named, err := who.withoutRows(key, document)
		touch.Rejected = append(touch.Rejected, named...)
		return err
	})
	slices.SortFunc(touch.Rows, byRow)
	slices.SortFunc(touch.Rejected, byRow)
	// A rejected row is in several objects: those of the journal repeat some of before.
	touch.Rejected = slices.CompactFunc(touch.Rejected, func(a, b TouchedRow) bool { return a.Row == b.Row })
	return touch, err
}

func byRow(a, b TouchedRow) int { return cmp.Compare(a.Row, b.Row) }

// Forgotten counts what was taken out of the bucket.
type Forgotten struct {
	// Rows are the entries of journals and the rejected rows about the person, Objects
	// those that were written without them.
	Rows, Objects int
	// Versions are older versions of objects, and staged objects, that were deleted for
	// good.
	Versions int
}

// Plus is the sum of both.
func (f Forgotten) Plus(g Forgotten) Forgotten {
	return Forgotten{f.Rows + g.Rows, f.Objects + g.Objects, f.Versions + g.Versions}
}

// Forget takes what is about a person out of what an import left, whose touch it is: its
// rejected rows, its journal, and the rows that are staged of it altogether. Then older versions of
// these objects are deleted for good. The file that was uploaded stays as it is. The
// import must have ended. It may be repeated: what tells of rows goes last.
func (r Records) Forget(ctx context.Context, im Import, who Person, touch Touch) (Forgotten, error) {
	var all Forgotten
	if len(touch.Rows)+len(touch.Rejected) > 0 {
		for _, staged := range []string{"piece-", "sorted-"} { // which hold rows
			n, err := r.Bucket.Forget(ctx, im.folder(workFolder)+staged, true)
			all.Versions += n
			if err != nil {
				return all, err
			}
		}
	}
	gone := map[int64]bool{}
	for _, row := range touch.Rejected {
		gone[row.Row] = true
	}
	for _, rewritten := range []struct {
		folder     string
		sideBySide int
		which      func(key string) bool
		without    func(key string, document []byte) (left []byte, rows int, err error)
	}{
		{resultsFolder, 1, isSummary, func(_ string, document []byte) ([]byte, int, error) {
			return withoutFirstRejected(document, gone)
		}},
		{resultsFolder, 1, isReport, func(key string, document []byte) ([]byte, int, error) {
			left, named, err := who.withoutRows(key, document)
			return left, len(named), err
		}},
		{journalFolder, sideBySide, isUndone, func(_ string, document []byte) ([]byte, int, error) { return who.withoutKept(document) }},
		{journalFolder, sideBySide, isChunk, func(_ string, document []byte) ([]byte, int, error) { return who.withoutEntries(document) }},
	} {
		var mutex sync.Mutex
		err := r.each(ctx, im.folder(rewritten.folder), rewritten.sideBySide, rewritten.which, func(key string, document []byte) error {
			left, rows, err := rewritten.without(key, document)
			if err != nil || rows == 0 {
				return err
			}
			mutex.Lock()
			all.Rows, all.Objects = all.Rows+rows, all.Objects+1
			mutex.Unlock()
			return r.Bucket.Put(ctx, key, left, contentTypeOf(key))
		})
		if err != nil {
			return all, err
		}
	}
	for _, folder := range []string{journalFolder, resultsFolder} {
		n, err := r.Bucket.Forget(ctx, im.folder(folder), false)
		all.Versions += n
		if err != nil {
			return all, err
		}
	}
	return all, nil
}

// each reads those of the objects below a folder that it is told, n at once.
func (r Records) each(ctx context.Context, folder string, n int, which func(key string) bool, look func(key string, document []byte) error) error {
	list, err := r.Bucket.List(ctx, folder)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(n)
	for _, o := range list {
		if !which(o.Key) {
			continue
		}
		group.Go(func() error {
			document, err := readObject(ctx, r.Bucket, o.Key)
			if errors.Is(err, objects.ErrNotFound) {
				return nil // its time has passed
			}
			if err != nil {
				return err
			}
			if err := look(o.Key, document); err != nil {
				return fmt.Errorf("%s: %w", o.Key, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// readObject reads an object as a whole.
func readObject(ctx context.Context, bucket objects.Bucket, key string) ([]byte, error) {
	body, err := bucket.Get(ctx, key, "", 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// isUndone reports whether an object of a journal says what undoing left; the others are
// of rows.
func isUndone(key string) bool   { return strings.HasPrefix(path.Base(key), "undo-") }
func isChunk(key string) bool    { return !isUndone(key) }
func isRejected(key string) bool { return strings.HasPrefix(path.Base(key), "rejected") }
func isReport(key string) bool   { return isRejected(key) || path.Base(key) == "kept.csv" }
func isSummary(key string) bool  { return path.Base(key) == "summary.json" }

func contentTypeOf(key string) string {
	switch path.Ext(key) {
	case ".csv":
		return "text/csv; charset=utf-8"
	case ".jsonl":
		return "application/x-ndjson"
	}
	return "application/json"
}

func (p Person) withoutEntries(document []byte) (left []byte, rows int, err error) {
	var c chunk
	if err := decode(document, &c); err != nil {
		return nil, 0, err
	}
	before := len(c.Entries) + len(c.Rejected)
	c.Entries = slices.DeleteFunc(c.Entries, func(e entry) bool { return p.is(e.ID) })
	c.Rejected = slices.DeleteFunc(c.Rejected, func(r rejection) bool { return p.namedIn(r.Raw) })
	left, err = json.Marshal(c)
	return left, before - len(c.Entries) - len(c.Rejected), err
}

func (p Person) withoutKept(document []byte) (left []byte, rows int, err error) {
	var c keptChunk
	if err := json.Unmarshal(document, &c); err != nil {
		return nil, 0, err
	}
	before := len(c.Kept)
	c.Kept = slices.DeleteFunc(c.Kept, func(k Kept) bool { return p.is(k.Customer) })
	left, err = json.Marshal(c)
	return left, before - len(c.Kept), err
}

// withoutFirstRejected is a summary that does not show the rows any more.
func withoutFirstRejected(document []byte, gone map[int64]bool) (left []byte, rows int, err error) {
	var summary Summary
	if err := json.Unmarshal(document, &summary); err != nil {
		return nil, 0, err
	}
	before := len(summary.FirstRejected)
	summary.FirstRejected = slices.DeleteFunc(summary.FirstRejected, func(r RejectedRow) bool { return gone[r.Row] })
	left, err = json.MarshalIndent(summary, "", "  ")
	return append(left, '\n'), before - len(summary.FirstRejected), err
}

// withoutRows is a report without the rows that name the person, and these.
func (p Person) withoutRows(key string, document []byte) (left []byte, named []TouchedRow, err error) {
	if strings.HasSuffix(key, ".jsonl") {
		for line := range bytes.Lines(document) {
			if !p.namedIn(line) {
				left = append(left, line...)
				continue
			}
			var row struct {
				Row  int64  `json:"row"`
				Text string `json:"error_text"`
			}
			_ = json.Unmarshal(line, &row) // else it has no number
			named = append(named, TouchedRow{Row: row.Row, Text: string(line), Error: row.Text})
		}
		return left, named, nil
	}
	text, hasMark := bytes.CutPrefix(document, []byte(byteOrderMark))
	if hasMark {
		left = append(left, byteOrderMark...)
	}
	delimiter := delimiterOf(text)
	rows := csvtext.NewReader(bytes.NewReader(text), delimiter)
	var header []string
	for {
		cells, err := rows.Read()
		if errors.Is(err, io.EOF) {
			return left, named, nil
		}
		if err != nil {
			return nil, nil, err
		}
		if header == nil {
			header = cells
		} else if slices.ContainsFunc(cells, func(cell string) bool { return p.named(cell) || p.isHex(cell) }) {
			row := TouchedRow{Text: strings.Join(cells, string(delimiter))}
			for i, name := range header[:min(len(header), len(cells))] {
				switch name {
				case "row":
					row.Row, _ = strconv.ParseInt(cells[i], 10, 64)
				case "error_text":
					row.Error = cells[i]
				}
			}
			named = append(named, row)
			continue
		}
		texts := make([]csvtext.Cell, len(cells))
		for i, cell := range cells {
			texts[i] = csvtext.Text(cell)
		}
		left = csvtext.AppendRowWith(left, delimiter, texts...)
	}
}

// byteOrderMark begins a report of rejected rows.
const byteOrderMark = "\ufeff"

// delimiterOf is what stands between the columns row and error of a report.
func delimiterOf(report []byte) rune {
	header, _, _ := bytes.Cut(report, []byte("\n"))
	for _, d := range ",;\t|" {
		if bytes.Contains(header, []byte("row"+string(d))) {
			return d
		}
	}
	return ','
}

// namedIn reports whether a row, as it stands in its file, names the person. Only e-mails
// and phones are looked for: another value may mean something else in another row.
func (p Person) namedIn(raw []byte) bool {
	if object, err := value.ParseObject(bytes.TrimSpace(raw)); err == nil {
		return p.namedInValue(object)
	}
	return p.named(string(raw))
}

func (p Person) namedInValue(v any) bool {
	switch v := v.(type) {
	case string:
		return p.named(v)
	case json.Number:
		return p.named(string(v))
	case []any:
		return slices.ContainsFunc(v, p.namedInValue)
	case map[string]any:
		for _, member := range v {
			if p.namedInValue(member) {
				return true
			}
		}
	}
	return false
}

// named reports whether one of the words of a text is an e-mail or a phone of the person.
func (p Person) named(text string) bool {
	for _, cell := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;|\t\r\n\"", r) }) {
		cell = strings.TrimSpace(cell)
		if strings.Contains(cell, "@") {
			for _, word := range strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(" <>:()[]{}'", r) }) {
				if slices.Contains(p.Keys, customer.EmailKey(word)) {
					return true
				}
			}
			continue
		}
		if !strings.ContainsAny(cell, "0123456789") {
			continue
		}
		number, err := contact.ParsePhone(csvtext.RestoreBeginning(cell), p.Country)
		if err == nil && slices.Contains(p.Keys, customer.PhoneKey(number)) {
			return true
		}
	}
	return false
}

// exportKey is where the export of a customer lies that is too large for an answer.
func exportKey(tenant int, id customer.ID) string {
	return fmt.Sprintf("%stenant=%d/exports/%s.json", resultsFolder, tenant, id.Decimal())
}

// KeepExport puts the export of a customer into the bucket, over the one before, and
// returns its key.
func (r Records) KeepExport(ctx context.Context, tenant int, id customer.ID, document []byte) (key string, err error) {
	key = exportKey(tenant, id)
	return key, r.Bucket.Put(ctx, key, document, "application/json")
}

// ForgetExport deletes all versions of it.
func (r Records) ForgetExport(ctx context.Context, tenant int, id customer.ID) (int, error) {
	return r.Bucket.Forget(ctx, exportKey(tenant, id), true)
}
