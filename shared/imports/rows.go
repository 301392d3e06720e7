package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

const (
	// firstRows is how many rows a part's first step takes up, mostRows any: the
	// following ones take up as many as the one before applied, and some more.
	firstRows = 32
	mostRows  = 500
	// keptReaders is how many parts' readers a process keeps between steps.
	keptReaders = 16
	// lookAgain is for how long the steps of a part go on without another look at their
	// import. Who cancels one ends its job, too, which each step looks at; that it failed
	// may be noticed so much later. One that a part may stop is always looked at.
	lookAgain = time.Second
)

// applying applies the rows of one group.
type applying struct {
	s       *Service
	mu      sync.Mutex
	readers map[jobs.Ref]*rowReader // those that the next step goes on with

	newcomers newcomers
}

// A rowCursor is how far a part of the rows is.
type rowCursor struct {
	place
	// Chunk is the key of the latest object of the journal, Chunks how many there
	// are.
	Chunk  string `json:"chunk,omitempty"`
	Chunks int    `json:"chunks,omitempty"`
	// Gathered is the key of the latest object that has rejected rows.
	Gathered string `json:"gathered,omitempty"`
	// Rows is how many the last step applied.
	Rows int `json:"rows,omitempty"`
	Tally
}

// A place is where the next row of a group is: in which of the sorted objects, and
// how far from the beginning of the group there.
type place struct {
	Object int   `json:"object"`
	Offset int64 `json:"offset"`
}

func parseCursor(text string) (at rowCursor, err error) {
	if !strings.HasPrefix(text, "{") { // not begun, or ended before it was
		return at, nil
	}
	return at, json.Unmarshal([]byte(text), &at)
}

// reading is how an import's rows are read, by the settings of one moment.
type reading struct {
	file     file
	settings access.Settings
	decoder  *rowfile.Decoder
	dialect  Decoder
}

func (s *Service) reading(ctx context.Context, im Import) (*reading, error) {
	f, err := s.file(ctx, im)
	if err != nil {
		return nil, err
	}
	settings, err := s.Settings.Reload(ctx, im.Tenant)
	if err != nil {
		return nil, err
	}
	return s.readingBy(settings, im, f)
}

func (s *Service) readingBy(settings access.Settings, im Import, f file) (*reading, error) {
	r := &reading{file: f, settings: settings}
	o, err := f.options(im)
	if err != nil {
		return nil, err
	}
	if r.decoder, err = rowfile.NewDecoder(f.Header, o, typesOf(r.settings)); err != nil {
		return nil, err
	}
	r.dialect, err = s.Dialect.NewDecoder(r.settings, im.Options)
	return r, err
}

// A row is one row as it was read.
type row struct {
	record rowfile.Record
	end    place    // where the next one is
	by     *reading // what it was read by; nil: it was not
	values rowfile.Row
	item   customer.BatchItem
}

// read reads the row of its record, once. What is wrong with it is in item.Rejected.
func (r *reading) read(row *row) {
	if row.by == r {
		return
	}
	row.by, row.item = r, customer.BatchItem{Rejected: row.record.Err}
	if row.record.Err != nil {
		return
	}
	var err error
	if row.values, err = r.decoder.Row(row.record); err == nil {
		row.item, err = r.dialect.Read(row.values.Data)
		err = r.atColumn(err)
	}
	if err == nil {
		err = r.withExtensions(row)
	}
	row.item.Rejected = err
}

// match is what a record is sorted by: the customer that its row names. One that names
// none stands alone.
func (r *reading) match(record rowfile.Record) string {
	alone := "row " + strconv.FormatInt(record.Row, 10)
	if record.Err != nil {
		return alone
	}
	row, err := r.decoder.Row(record)
	if err != nil {
		return alone
	}
	search, err := r.dialect.Search(row.Data)
	switch {
	case err != nil:
	case search.ID != 0:
		return search.ID.Decimal()
	case len(search.Any) > 0:
		return string(search.Any[0].Key.Kind) + " " + search.Any[0].Key.Value
	case len(search.All) > 0:
		return string(search.All[0].Key.Kind) + " " + search.All[0].Key.Value
	}
	return alone
}

// atColumn makes the path of a client error that of a column, as the file calls it.
func (r *reading) atColumn(err error) error {
	if clientErr, ok := errs.AsClient(err); ok {
		return clientErr.At(r.decoder.Column(strings.TrimPrefix(clientErr.Path, "data.")))
	}
	return err
}

// withExtensions adds the records of extensions to what the row changes: one that is
// there, by its unique values or as the only one, is changed in what the row says.
func (r *reading) withExtensions(row *row) error {
	if len(row.values.Extensions) == 0 {
		return nil
	}
	var edits []customer.Edit
	for _, name := range slices.Sorted(maps.Keys(row.values.Extensions)) {
		schema, ok := r.settings.Extensions.Find(name)
		if !ok {
			return errs.New(errs.Invalid, "bad_column/extension", name).DependingOnSettings()
		}
		for i, members := range row.values.Extensions[name] {
			record, err := schema.ReadRecord(name+"."+strconv.Itoa(i), members)
			if err != nil {
				return err
			}
			edits = append(edits, func(c *customer.Customer, _ time.Time) error {
				if had := c.Records(schema); !schema.Multi && len(had) > 0 {
					merged := maps.Clone(had[0])
					maps.Copy(merged, record)
					return c.ReplaceRecords(schema, []map[string]any{merged})
				}
				if schema.CheckNamed(record) == nil {
					err := c.UpdateRecord(schema, record)
					if clientErr, ok := errs.AsClient(err); !ok || clientErr.Kind != errs.NotFound {
						return err
					}
				}
				return c.InsertRecords(schema, []map[string]any{record})
			})
		}
	}
	edit := row.item.Edit
	row.item.WithExtensions = true
	row.item.Edit = func(c *customer.Customer, now time.Time) error {
		if err := edit(c, now); err != nil {
			return err
		}
		for _, edit := range edits {
			if err := edit(c, now); err != nil {
				return err
			}
		}
		return nil
	}
	return nil
}

// Step implements [jobs.Kind]: it decides some rows, stores what they change, and
// returns the changes to be written with the cursor.
func (k *applying) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	at, err := parseCursor(part.Cursor)
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	reader := k.take(part.Ref, at.place)
	im, looked, err := k.look(ctx, job, reader)
	if err != nil || !im.State.Open() || im.RowsJob != job.ID {
		reader.close()
		return ended(part, err)
	}
	if reader == nil {
		reader, err = k.reader(ctx, im, part, at.place)
	}
	var step jobs.Step
	if err == nil {
		reader.im, reader.looked = im, looked
		err = afresh(ctx, func() (err error) {
			step, err = k.apply(ctx, part, at, reader)
			return err
		})
	}
	if err != nil {
		reader.close()
		return ended(part, k.s.fail(ctx, im, err))
	}
	if step.Done {
		reader.close()
	} else {
		k.keep(part.Ref, reader)
	}
	return step, nil
}

// ended is the step of a part whose import has ended or is not there: the part is done.
// Any other error is returned, and the part stays where it is.
func ended(part jobs.Part, err error) (jobs.Step, error) {
	if err := ignoreUnknown(err); err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	return jobs.Step{Cursor: part.Cursor + " ", Done: true}, nil
}

// look returns the job's import and when it was read: as the step before has left it
// with the reader, or as it is now.
func (k *applying) look(ctx context.Context, job jobs.Job, reader *rowReader) (im Import, at time.Time, err error) {
	at = instant(k.s.Now())
	if reader != nil && reader.im.Options.StopAfter == 0 && at.Sub(reader.looked) < lookAgain {
		return reader.im, reader.looked, nil
	}
	im, err = k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err == nil && im.State.Open() && im.RowsJob == "" {
		if err = k.s.advance(ctx, im, Running, func(now *Import) { now.RowsJob = job.ID }); err == nil {
			im, err = k.s.get(ctx, job.Tenant, im.ID)
		}
	}
	return im, at, err
}

// apply takes up the next rows and decides as many of them as fit one transaction.
func (k *applying) apply(ctx context.Context, part jobs.Part, at rowCursor, reader *rowReader) (jobs.Step, error) {
	im := reader.im
	if part.Outdated == 1 {
		k.newcomers.wrong(im.ID) // if its keys were taken for absent
	}
	// Who was in the way once may not be again: fewer rows are taken up from the third
	// time on.
	rows, err := reader.next(ctx, max(1, reader.wanted(at.Rows)>>max(0, part.Outdated-1)))
	if err != nil {
		return jobs.Step{}, err
	}
	batch, applied, err := k.decide(ctx, part, rows, reader)
	if err != nil {
		return jobs.Step{}, err
	}
	changes, err := batch.window.commits()
	if err != nil {
		return jobs.Step{}, err
	}
	if applied > 0 {
		at.place = rows[applied-1].end
	}
	ended := reader.drop(applied)
	at.Rows = applied
	at.Tally = at.plus(batch.tally)
	if err := batch.store(ctx, part, &at, reader); err != nil {
		return jobs.Step{}, err
	}
	if err := k.stopAfter(ctx, im, part, at, batch); err != nil {
		return jobs.Step{}, err
	}
	cursor, err := json.Marshal(at)
	// The end of a part is a step of its own: it changes the job, and where parts end at
	// the same time only that is done again.
	step := jobs.Step{Cursor: string(cursor), Done: ended && applied == 0, Counts: jobs.Counts{Seen: applied}}
	if applied == 0 {
		step.Cursor += " " // the cursor of a part that is done must have moved
	}
	if !im.Options.DryRun {
		step.Customers, step.Points = changes, batch.window.points
		step.Changed = len(step.Customers)
	}
	return step, err
}

// decide decides as many of the rows as fit one transaction, by settings that are as old
// as those of a request may be. What they reject is decided again by those of now. While
// an import seems to be about new customers only, keys are not read but taken for absent,
// which the transaction checks: every key of a row that creates a customer is written by
// it, or required as it was. Where a row does not create one, all are decided again by
// what is read, and so they are in a dry run, which has no transaction, and once the
// transaction has failed.
func (k *applying) decide(ctx context.Context, part jobs.Part, rows []row, reader *rowReader) (b *batch, applied int, err error) {
	im := reader.im
	settings, err := k.s.Settings.Settings(ctx, im.Tenant)
	if err != nil {
		return nil, 0, err
	}
	if !im.Options.DryRun && part.Outdated == 0 && k.newcomers.expected(im.ID) {
		b, applied, err = k.decideBy(ctx, settings, rows, reader, true)
		if err == nil && b.tally.Created == b.tally.Rows() {
			return b, applied, nil
		}
		k.newcomers.wrong(im.ID)
	}
	b, applied, err = k.decideBy(ctx, settings, rows, reader, false)
	if err == nil && applied > 0 {
		k.newcomers.saw(im.ID, b.tally.Created == b.tally.Rows() && b.window.empty())
	}
	if _, rejected := errs.AsClient(err); !rejected && (err != nil || len(b.rejected) == 0) {
		return b, applied, err
	}
	now, reloadErr := k.s.Settings.Reload(ctx, im.Tenant)
	if reloadErr != nil {
		return nil, 0, reloadErr
	}
	if now.Rev == settings.Rev {
		return b, applied, err
	}
	return k.decideBy(ctx, now, rows, reader, false)
}

// decideBy decides rows by settings. With absent, keys are taken for absent and not read.
func (k *applying) decideBy(ctx context.Context, settings access.Settings, rows []row, reader *rowReader, absent bool) (b *batch, applied int, err error) {
	if reader.reading == nil || reader.reading.settings.Rev != settings.Rev {
		if reader.reading, err = k.s.readingBy(settings, reader.im, reader.file); err != nil {
			return nil, 0, err
		}
	}
	for i := range rows {
		reader.reading.read(&rows[i])
	}
	b = newBatch(k.s, reader.im, reader.reading)
	b.window.absent = absent
	if err := b.prefetch(ctx, rows); err != nil {
		return nil, 0, err
	}
	for ; applied < len(rows); applied++ {
		if fits, err := b.apply(ctx, &rows[applied]); err != nil || !fits {
			return b, applied, err
		}
	}
	return b, applied, nil
}

// stopAfter ends the import where more rows were rejected than may be.
func (k *applying) stopAfter(ctx context.Context, im Import, part jobs.Part, at rowCursor, b *batch) error {
	if im.Options.StopAfter == 0 || b.tally.Rejections() == 0 {
		return nil
	}
	parts, err := k.s.Jobs.Parts(ctx, im.Tenant, part.Job)
	if err != nil {
		return err
	}
	rejected := at.Rejections()
	for _, other := range parts {
		if other.Number == part.Number {
			continue
		}
		there, err := parseCursor(other.Cursor)
		if err != nil {
			return err
		}
		rejected += there.Rejections()
	}
	if rejected < im.Options.StopAfter {
		return nil
	}
	_, _, err = k.s.updateOpen(ctx, im, func(now *Import) { now.State, now.Ended = Stopped, instant(k.s.Now()) })
	return err // the parts end at their next step
}

// Finish implements [jobs.Kind].
func (k *applying) Finish(ctx context.Context, job jobs.Job) error {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil {
		return ignoreUnknown(err)
	}
	if im.RowsJob != job.ID {
		return nil
	}
	if im.State.Open() {
		return k.s.done(ctx, im)
	}
	return k.s.reportEnded(ctx, im)
}

// A batch decides rows one after the other, for one transaction.
type batch struct {
	s         *Service
	im        Import
	reading   *reading
	window    *window
	customers *customer.Service
	ledger    *points.Service

	tally    Tally
	journal  journal
	rejected []rejection
}

func newBatch(s *Service, im Import, r *reading) *batch {
	w := newWindow(im.Tenant, s.Customers, s.Ledger)
	return &batch{
		s: s, im: im, reading: r, window: w,
		customers: customer.NewService(w, s.Now), ledger: points.NewService(ledgerWindow{s.Ledger, w}, s.Now),
	}
}

// prefetch reads what the rows' decisions will ask for.
func (b *batch) prefetch(ctx context.Context, rows []row) error {
	keys, ids := make([]customer.Key, 0, 2*len(rows)), []customer.ID(nil)
	for i := range rows {
		item := &rows[i].item
		if item.Rejected != nil {
			continue
		}
		if item.Search.ID != 0 {
			ids = append(ids, item.Search.ID)
		}
		for _, lookups := range [][]customer.Lookup{item.Search.Any, item.Search.All, item.Gives} {
			for _, lookup := range lookups {
				keys = append(keys, lookup.Key)
			}
		}
	}
	owners, err := b.window.prefetchKeys(ctx, keys)
	if err != nil {
		return err
	}
	return b.window.prefetchCustomers(ctx, append(ids, owners...))
}

// apply decides one row. It reports false where that does not fit the transaction any
// more: then nothing is decided. The error is one that repeating may cure.
func (b *batch) apply(ctx context.Context, r *row) (fits bool, err error) {
	b.window.begin()
	result, err := b.decide(ctx, r)
	if _, rejected := errs.AsClient(err); rejected {
		return b.reject(ctx, r, err)
	}
	if err != nil {
		return false, err
	}
	weight, err := b.window.weight()
	if _, tooLarge := errs.AsClient(err); tooLarge {
		return b.reject(ctx, r, err)
	}
	if err != nil {
		return false, err
	}
	if weight.Items+b.window.required() > maxItems || weight.Bytes > maxBytes {
		if b.tally.Rows() > 0 {
			return false, nil
		}
		return b.reject(ctx, r, errs.New(errs.Invalid, "too_many_changes/items", "", weight.Items, maxItems))
	}
	b.note(r, result)
	b.tally.Units = weight.Units
	b.window.keep()
	return true, nil
}

// decide carries the row out on the window.
func (b *batch) decide(ctx context.Context, r *row) (customer.Result, error) {
	if r.item.Rejected != nil {
		return customer.Result{}, r.item.Rejected
	}
	request := r.item.Request
	request.Rules, request.ReadAllKeys = b.reading.settings.CustomerRules(), true
	result, err := b.customers.Apply(ctx, request)
	if err != nil {
		return result, b.reading.atColumn(err)
	}
	if r.values.Points == nil && r.values.Order == nil {
		return result, nil
	}
	return result, b.decidePoints(ctx, r, result.ID)
}

// decidePoints carries out what the row does to the customer's account.
func (b *batch) decidePoints(ctx context.Context, r *row, id customer.ID) error {
	ask := points.Request{
		Tenant: b.im.Tenant, ID: id, Rules: b.reading.settings.Preferences,
		Actor: "import " + b.im.ID,
		Show:  func(p points.Profile) ([]byte, error) { return b.s.Dialect.ShowPoints(p, b.reading.settings) },
	}
	if p := r.values.Points; p != nil && p.Add > 0 {
		if _, err := b.ledger.Add(ctx, ask, p.Add, p.Reason, p.RefID); err != nil {
			return atPoints(err, "points.add")
		}
	}
	if p := r.values.Points; p != nil && p.Subtract > 0 {
		if _, err := b.ledger.Subtract(ctx, ask, p.Subtract, p.Reason, p.RefID); err != nil {
			return atPoints(err, "points.subtract")
		}
	}
	if o := r.values.Order; o != nil {
		owner, err := ledgerWindow{b.s.Ledger, b.window}.OrderOwner(ctx, b.im.Tenant, o.ID)
		if err != nil {
			return err
		}
		if owner != 0 && owner != id && !b.window.record(id).Was(owner) {
			return atPoints(points.ErrOrderOfOther, "order.id")
		}
		if _, err := b.ledger.Pay(ctx, ask, points.Order{ID: o.ID, Total: o.Total, PaidAt: o.PaidAt}); err != nil {
			return atPoints(err, "order.id")
		}
	}
	return nil
}

// atPoints makes a client error about points one about the column.
func atPoints(err error, column string) error {
	if clientErr, ok := errs.AsClient(err); ok {
		return clientErr.At(column)
	}
	return err
}

// note counts the row, and keeps how to undo it.
func (b *batch) note(r *row, result customer.Result) {
	change := &b.window.row
	switch {
	case result.Created:
		b.tally.Created++
	case result.Changed, len(change.points.commits) > 0:
		b.tally.Updated++
	default:
		b.tally.Unchanged++
		return
	}
	if change.customer == nil && len(change.points.commits) == 0 {
		return
	}
	b.journal.add(r.record.Row, result, change)
}

// reject counts a rejected row. Its client error may rest on what was read: that must
// still be so when the others are written.
func (b *batch) reject(ctx context.Context, r *row, why error) (fits bool, err error) {
	if len(b.window.askedKeys)+len(b.window.askedCustomers) > 0 {
		keys, customers := maps.Clone(b.window.checkKeys), maps.Clone(b.window.checks)
		b.window.requireRead()
		b.window.row = change{}
		weight, err := b.window.weight()
		if err != nil {
			return false, err
		}
		if weight.Items+b.window.required() > maxItems {
			if b.tally.Rows() > 0 {
				b.window.checkKeys, b.window.checks = keys, customers
				return false, nil
			}
			// Alone it rests on more than one transaction checks. It is rejected by what
			// was read, as a call would be.
			b.window.checkKeys, b.window.checks = keys, customers
		}
	}
	clientErr, _ := errs.AsClient(why)
	b.tally.reject(clientErr.Code, 1)
	b.rejected = append(b.rejected, rejection{Row: r.record.Row, Raw: r.record.Raw, Code: clientErr.ID(), Text: b.s.Texts.Of(clientErr)})
	return true, nil
}

// A rowReader reads the rows of one group, one sorted object after the other.
type rowReader struct {
	s  *Service
	im Import // as it was when it was looked at
	// looked is when that was, by the clock of the wall.
	looked  time.Time
	file    file
	objects []string
	group   int
	at      place // of the first of waiting, or where reading goes on
	waiting []row
	body    io.ReadCloser
	frames  *rowfile.FrameReader
	read    place // where reading goes on
	ended   bool
	parser  *rowfile.Parser
	reading *reading // by the settings of the last step

	gathered gathered // the last that was stored
}

// A gathered is a chunk with the rejected rows of several steps.
type gathered struct {
	key string
	chunk
}

// take is the part's reader of the step before, if that goes on at the place, or nil.
func (k *applying) take(ref jobs.Ref, at place) *rowReader {
	k.mu.Lock()
	kept := k.readers[ref]
	delete(k.readers, ref)
	k.mu.Unlock()
	if kept != nil && kept.at != at {
		kept.close()
		return nil
	}
	return kept
}

// reader makes one that goes on at the place.
func (k *applying) reader(ctx context.Context, im Import, part jobs.Part, at place) (*rowReader, error) {
	group, err := strconv.Atoi(part.Range)
	if err != nil {
		return nil, err
	}
	r := &rowReader{s: k.s, group: group, at: at, read: at}
	if r.file, err = k.s.file(ctx, im); err != nil {
		return nil, err
	}
	r.parser = rowfile.NewParser(r.file.Header)
	document, err := k.s.read(ctx, im.folder(workFolder)+"sorted.json")
	if err != nil {
		return nil, err
	}
	return r, json.Unmarshal(document, &r.objects)
}

// keep leaves a reader to the next step.
func (k *applying) keep(ref jobs.Ref, r *rowReader) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for other, old := range k.readers {
		if len(k.readers) < keptReaders && other != ref {
			break
		}
		old.close()
		delete(k.readers, other)
	}
	k.readers[ref] = r
}

// wanted is how many rows a step takes up after one that applied so many: more, and
// few more where that one left some that its transaction had no room for.
func (r *rowReader) wanted(applied int) int {
	more := applied / 4
	if len(r.waiting) > 0 {
		more = applied/32 + 1
	}
	return min(mostRows, max(firstRows, applied+more))
}

// next returns the next rows, up to n; they stay the next ones, with what is read of
// them, until they are dropped.
func (r *rowReader) next(ctx context.Context, n int) ([]row, error) {
	for len(r.waiting) < n && !r.ended {
		if r.frames == nil {
			if err := r.open(ctx); err != nil {
				return nil, err
			}
			continue
		}
		number, raw, size, err := r.frames.Next()
		if errors.Is(err, io.EOF) {
			r.close()
			r.read = place{Object: r.read.Object + 1}
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.objects[r.read.Object], err)
		}
		r.read.Offset += int64(size)
		record := r.parser.Record(number, bytes.Clone(raw))
		r.waiting = append(r.waiting, row{record: record, end: r.read})
	}
	return r.waiting[:min(n, len(r.waiting))], nil
}

// chunk is the chunk of the key that has rejected rows; an empty one where key is empty.
func (r *rowReader) chunk(ctx context.Context, key string) (chunk, error) {
	switch key {
	case "":
		return chunk{}, nil
	case r.gathered.key:
		return r.gathered.chunk, nil
	}
	return r.s.chunk(ctx, key)
}

// open opens the group in the next object that has one.
func (r *rowReader) open(ctx context.Context) error {
	if r.read.Object >= len(r.objects) {
		r.ended = true
		return nil
	}
	key := r.objects[r.read.Object]
	offset, length, err := r.s.groupIn(ctx, key, r.group)
	if err != nil {
		return err
	}
	if length <= r.read.Offset {
		r.read = place{Object: r.read.Object + 1}
		return nil
	}
	// It is read on by the next steps, whose contexts are others.
	r.body, err = r.s.Bucket.Get(context.WithoutCancel(ctx), key, "", offset+r.read.Offset, length-r.read.Offset)
	if err != nil {
		return err
	}
	r.frames = rowfile.NewFrameReader(r.body)
	return nil
}

// drop leaves out the first rows and reports whether none are left.
func (r *rowReader) drop(n int) (ended bool) {
	if n > 0 {
		r.at = r.waiting[n-1].end
	}
	r.waiting = slices.Delete(r.waiting, 0, n)
	return r.ended && len(r.waiting) == 0
}

func (r *rowReader) close() {
	if r == nil {
		return
	}
	if r.body != nil {
		_ = r.body.Close() // it was read
	}
	r.body, r.frames = nil, nil
}
