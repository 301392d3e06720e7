package imports

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"regulars/shared/csvtext"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/points"
)

// An UndoTally counts what became of what an import had changed.
type UndoTally struct {
	// Restored customers have their fields back, Deleted ones were created and
	// nobody has touched them since.
	Restored int64 `json:"restored,omitempty"`
	Deleted  int64 `json:"deleted,omitempty"`
	// Reversed are entries of points that were taken back.
	Reversed int64 `json:"reversed,omitempty"`
	// Kept are changes of which something stays, because somebody has changed it
	// since.
	Kept int64 `json:"kept,omitempty"`
}

func (t UndoTally) plus(u UndoTally) UndoTally {
	return UndoTally{t.Restored + u.Restored, t.Deleted + u.Deleted, t.Reversed + u.Reversed, t.Kept + u.Kept}
}

// undoing takes back what the rows of one part did, the last first. A part's range is
// the key of the part's last chunk.
type undoing struct{ s *Service }

// An undoCursor is how far that is: the chunk, and how many of its entries are left.
type undoCursor struct {
	Chunk string `json:"chunk,omitempty"`
	Left  int    `json:"left"`
	// Report is the latest object of what is kept.
	Report string `json:"report,omitempty"`
	UndoTally
}

// undoAtOnce is how many entries a step takes back at most: each changes an item.
const undoAtOnce = maxItems

// Undo begins to take back what an import has changed, or goes on with it. It rejects
// with [ErrUnknown] and [ErrState].
func (s *Service) Undo(ctx context.Context, tenant int, id string) (Progress, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return Progress{}, err
	}
	if err := im.MayUndo(s.Now()); err != nil {
		return Progress{}, err
	}
	if im.State.endedEarly() { // steps may be under way, which must save nothing more
		if err := s.conclude(ctx, im); err != nil {
			return Progress{}, err
		}
	}
	ranges, err := s.undoRanges(ctx, im)
	if err != nil {
		return Progress{}, err
	}
	if im.State == Undone {
		return s.progress(ctx, im)
	}
	if im, err = s.update(ctx, im, func(now *Import) error {
		if err := now.MayUndo(s.Now()); err != nil {
			return err
		}
		now.State = Undoing
		return nil
	}); err != nil {
		return Progress{}, err
	}
	job, err := s.Jobs.Start(ctx, jobs.Spec{Tenant: tenant, Kind: UndoJob, Subject: jobs.Subject{Name: id}, Ranges: ranges})
	if err != nil {
		return Progress{}, err
	}
	if im, err = s.update(ctx, im, func(now *Import) error {
		if now.State == Undoing && now.UndoJob == "" {
			now.UndoJob = job.ID
		}
		return nil
	}); err != nil {
		return Progress{}, err
	}
	return s.progress(ctx, im)
}

// MayUndo rejects, with [ErrState], an import that cannot be undone at a time. What is
// being undone may be so again, and what was.
func (im Import) MayUndo(now time.Time) error {
	reason := ""
	switch {
	case im.State.Open():
		reason = "open"
	case im.State == Failed && im.RowsJob == "", im.State == Superseded, im.Options.DryRun:
		reason = "nothing"
	case now.Sub(im.Started) > UndoTime:
		reason = "too_old"
	default:
		return nil
	}
	return errs.New(ErrState.Kind, ErrState.Code+"/"+reason, "id", im.ID, string(im.State))
}

// undoRanges are the last chunks of the import's parts.
func (s *Service) undoRanges(ctx context.Context, im Import) ([]string, error) {
	if im.RowsJob == "" {
		return []string{""}, nil
	}
	parts, err := s.Jobs.Parts(ctx, im.Tenant, im.RowsJob)
	if err != nil {
		return nil, err
	}
	ranges := make([]string, len(parts))
	for i, part := range parts {
		at, err := parseCursor(part.Cursor)
		if err != nil {
			return nil, err
		}
		ranges[i] = at.Chunk
	}
	return ranges, nil
}

// Step implements [jobs.Kind].
func (k *undoing) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil || im.State != Undoing || im.UndoJob != "" && im.UndoJob != job.ID {
		return ended(part, err)
	}
	at := undoCursor{Chunk: part.Range, Left: -1}
	if part.Cursor != "" {
		if err := json.Unmarshal([]byte(part.Cursor), &at); err != nil {
			return jobs.Step{Cursor: part.Cursor}, err
		}
	}
	if at.Chunk == "" {
		return jobs.Step{Cursor: part.Cursor + " ", Done: true}, nil
	}
	c, err := k.s.chunk(ctx, at.Chunk)
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	if at.Left < 0 {
		at.Left = len(c.Entries)
	}
	var back takenBack
	var changes []customer.Commit
	err = afresh(ctx, func() (err error) {
		w := newWindow(im.Tenant, k.s.Customers, k.s.Ledger)
		back, err = k.s.takeBack(ctx, im, w, c.Entries[:at.Left], max(1, undoAtOnce>>part.Outdated), maxItems)
		if err == nil {
			changes, err = w.commits()
		}
		return err
	})
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	at.Left -= back.entries
	at.UndoTally = at.plus(back.tally)
	if len(back.kept) > 0 {
		if at.Report, err = k.s.putKept(ctx, im, part.Number, at.Report, back.kept); err != nil {
			return jobs.Step{Cursor: part.Cursor}, err
		}
	}
	done := false
	if at.Left == 0 {
		at.Chunk, at.Left = c.Previous, -1
		done = at.Chunk == ""
	}
	cursor, err := json.Marshal(at)
	return jobs.Step{
		Cursor: string(cursor), Done: done, Customers: changes, Points: back.window.points,
		Counts: jobs.Counts{Seen: back.entries},
	}, err
}

// A keptChunk is an object of the journal that says what undoing left. It repeats what
// those before it say, but for Previous and those before that.
type keptChunk struct {
	Previous string `json:"previous,omitempty"`
	Kept     []Kept `json:"kept"`
}

// keptAtOnce is of how many rows a chunk repeats what is kept.
const keptAtOnce = 1000

// putKept stores what is kept with what the chunk of the key says, and returns the key
// that says both.
func (s *Service) putKept(ctx context.Context, im Import, part int, key string, kept []Kept) (string, error) {
	before, err := s.keptChunk(ctx, key)
	if err != nil {
		return "", err
	}
	if len(before.Kept) >= keptAtOnce {
		before = keptChunk{Previous: key}
	}
	before.Kept = append(before.Kept, kept...)
	key = fmt.Sprintf("%sundo-%05d-%s.json", im.folder(journalFolder), part, rand.Text()[:10])
	return key, s.put(ctx, key, before)
}

// keptChunk reads a chunk; it is empty where key is.
func (s *Service) keptChunk(ctx context.Context, key string) (c keptChunk, err error) {
	if key == "" {
		return c, nil
	}
	document, err := s.read(ctx, key)
	if err != nil {
		return c, err
	}
	return c, json.Unmarshal(document, &c)
}

// Kept says what of a row's change stays, and why: names of fields that somebody has
// changed since, or a code.
type Kept struct {
	Row      int64       `json:"row"`
	Customer customer.ID `json:"customer"`
	Fields   []string    `json:"fields,omitempty"`
	Reason   string      `json:"reason,omitempty"`
}

// A takenBack is what a step takes back.
type takenBack struct {
	window  *window
	entries int // the last ones
	tally   UndoTally
	kept    []Kept
}

// takeBack decides on a window how the last entries are taken back: limit of them at
// most, and as many as come to that many items.
func (s *Service) takeBack(ctx context.Context, im Import, w *window, entries []entry, limit, items int) (takenBack, error) {
	settings, err := s.Settings.Reload(ctx, im.Tenant)
	if err != nil {
		return takenBack{}, err
	}
	back := takenBack{window: w}
	customers, ledger := customer.NewService(w, s.Now), points.NewService(ledgerWindow{s.Ledger, w}, s.Now)
	recent := entries[max(0, len(entries)-limit):]
	ids := make([]customer.ID, len(recent))
	for i, e := range recent {
		if w.changed(e.ID) == nil {
			ids[i] = e.ID
		}
	}
	ids = slices.DeleteFunc(ids, func(id customer.ID) bool { return id == 0 })
	if err := w.prefetchCustomers(ctx, ids); err != nil {
		return back, err
	}
	if err := w.prefetchTakenBack(ctx, settings.CustomerRules(), recent); err != nil {
		return back, err
	}
	for _, e := range slices.Backward(recent) {
		w.begin()
		tally, kept, err := undoEntry(ctx, customers, ledger, customer.Request{Rules: settings.CustomerRules(), ReadAllKeys: true}, points.Request{
			Tenant: im.Tenant, ID: e.ID, Rules: settings.Preferences, Actor: "undo of import " + im.ID,
			Show: func(points.Profile) ([]byte, error) { return []byte("{}"), nil },
		}, e)
		if err != nil {
			return back, err
		}
		weight, err := w.weight()
		if err != nil {
			return back, err
		}
		if back.entries > 0 && (weight.Items+w.required() > items || weight.Bytes > maxBytes) {
			break
		}
		w.keep()
		back.entries++
		back.tally = back.tally.plus(tally)
		if kept.Fields != nil || kept.Reason != "" {
			kept.Row, kept.Customer = e.Row, e.ID
			back.kept = append(back.kept, kept)
			back.tally.Kept++
		}
	}
	return back, nil
}

// prefetchTakenBack reads what taking entries back asks for, as far as their customers
// say now: the keys and the account of one that is deleted, and the keys that a restored one
// comes to hold or to lose.
func (w *window) prefetchTakenBack(ctx context.Context, rules customer.Rules, entries []entry) error {
	var keys []customer.Key
	var closed []customer.ID
	for _, e := range entries {
		c := w.record(e.ID).Customer
		before, err := readFields(e.Before)
		if err != nil {
			return err
		}
		after, err := readFields(e.After)
		if err != nil {
			return err
		}
		held, holds := c.AllKeys(rules), map[customer.Key]customer.Roles{}
		if e.Created {
			untouched, err := isAs(c, after)
			if err != nil {
				return err
			}
			if !untouched {
				continue
			}
			if _, known := w.profiles[e.ID]; !known && len(e.Points) == 0 && e.Order == "" {
				closed = append(closed, e.ID)
			}
		} else {
			restored := c.Clone()
			if _, err := restore(&restored, before, after); err != nil {
				return err
			}
			holds = restored.AllKeys(rules)
		}
		for key, roles := range held {
			if holds[key] != roles {
				keys = append(keys, key)
			}
		}
		for key := range holds {
			if held[key] == 0 {
				keys = append(keys, key)
			}
		}
	}
	if _, err := w.prefetchKeys(ctx, keys); err != nil {
		return err
	}
	return w.prefetchAccounts(ctx, closed)
}

// undoEntry takes one change back: its points, then its fields.
func undoEntry(ctx context.Context, customers *customer.Service, ledger *points.Service, request customer.Request, ask points.Request, e entry) (tally UndoTally, kept Kept, err error) {
	keep := func(err error) error {
		clientErr, rejected := errs.AsClient(err)
		if rejected {
			kept.Reason = clientErr.ID()
			return nil
		}
		return err
	}
	if e.Order != "" {
		_, err := ledger.ReturnAll(ctx, ask, e.Order, "import undone")
		if err == nil {
			tally.Reversed++
		} else if err := keep(err); err != nil {
			return tally, kept, err
		}
	} else {
		for _, seq := range slices.Backward(e.Points) {
			_, err := ledger.Reverse(ctx, ask, seq, 0, "import undone")
			if err == nil {
				tally.Reversed++
			} else if errors.Is(err, points.ErrNotReversible) {
				continue // what fell due beside it
			} else if err := keep(err); err != nil {
				return tally, kept, err
			}
		}
	}
	before, err := readFields(e.Before)
	if err != nil {
		return tally, kept, err
	}
	after, err := readFields(e.After)
	if err != nil {
		return tally, kept, err
	}
	if len(before)+len(after) == 0 {
		return tally, kept, nil
	}
	deleted := false
	request.Search = customer.Search{ID: e.ID}
	request.WithExtensions = before.haveExtensions() || after.haveExtensions()
	request.Edit = func(c *customer.Customer, now time.Time) error {
		deleted, kept.Fields = false, nil
		if e.Created {
			untouched, err := isAs(*c, after)
			if err != nil {
				return err
			}
			if untouched && kept.Reason == "" {
				deleted = true
				return customer.Delete(c, now)
			}
			kept.Reason = "touched"
			return nil
		}
		fields, err := restore(c, before, after)
		kept.Fields = fields
		return err
	}
	result, err := customers.Apply(ctx, request)
	if errors.Is(err, customer.ErrNotFound) {
		kept.Reason = "deleted"
		return tally, kept, nil
	}
	if err != nil {
		return tally, kept, keep(err)
	}
	switch {
	case deleted:
		tally.Deleted++
	case result.Changed:
		tally.Restored++
	}
	return tally, kept, nil
}

func (f fields) haveExtensions() bool {
	for name := range f {
		if strings.HasPrefix(name, extensionPrefix) {
			return true
		}
	}
	return false
}

// isAs reports whether a customer is just what the row that created it made.
func isAs(c customer.Customer, after fields) (bool, error) {
	now, err := fieldsOf(c)
	return err == nil && maps.EqualFunc(now, after, func(v, w json.RawMessage) bool { return bytes.Equal(v, w) }), err
}

// Finish implements [jobs.Kind].
func (k *undoing) Finish(ctx context.Context, job jobs.Job) error {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil {
		return ignoreUnknown(err)
	}
	if im.UndoJob != "" && im.UndoJob != job.ID {
		return nil
	}
	parts, err := k.s.Jobs.Parts(ctx, im.Tenant, job.ID)
	if err != nil {
		return err
	}
	var tally UndoTally
	report := csvtext.AppendRow(nil, csvtext.Text("row"), csvtext.Text("profile_id"), csvtext.Text("fields"), csvtext.Text("reason"))
	for _, part := range parts {
		var at undoCursor
		if strings.HasPrefix(part.Cursor, "{") {
			if err := json.Unmarshal([]byte(part.Cursor), &at); err != nil {
				return err
			}
		}
		tally = tally.plus(at.UndoTally)
		for key := at.Report; key != ""; {
			c, err := k.s.keptChunk(ctx, key)
			if err != nil {
				return err
			}
			for _, kept := range c.Kept {
				report = csvtext.AppendRow(report, csvtext.Int(kept.Row), csvtext.Text(kept.Customer.Hex()),
					csvtext.Text(strings.Join(kept.Fields, " ")), csvtext.Text(kept.Reason))
			}
			key = c.Previous
		}
	}
	if tally.Kept > 0 {
		if err := k.s.Bucket.Put(ctx, im.folder(resultsFolder)+"kept.csv", report, "text/csv; charset=utf-8"); err != nil {
			return err
		}
	}
	_, err = k.s.update(ctx, im, func(now *Import) error {
		if now.State == Undoing {
			now.State, now.Undone, now.Taken, now.UndoJob = Undone, instant(k.s.Now()), tally, job.ID
		}
		return nil
	})
	return err
}

// An UndoPlan says what undoing would do.
type UndoPlan struct {
	UndoTally
	// Kept are the first changes of which something would stay.
	Kept []Kept
	// Complete: all of the import was looked at; else time did not suffice.
	Complete bool
}

// add counts on, and keeps the first changes of which something would stay.
func (p *UndoPlan) add(t UndoTally, kept []Kept) {
	p.UndoTally = p.plus(t)
	p.Kept = append(p.Kept, kept...)
	p.Kept = p.Kept[:min(shownRows, len(p.Kept))]
}

const (
	// plannedAtOnce is how many entries are looked at together.
	plannedAtOnce = 90
	// planTime is how long a plan looks, [inTime] of it: a caller waits for the answer.
	planTime = 20 * time.Second
)

// PlanUndo says what [Service.Undo] would do now, without changing anything.
func (s *Service) PlanUndo(ctx context.Context, tenant int, id string) (UndoPlan, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return UndoPlan{}, err
	}
	if im.State == Undone {
		return UndoPlan{Complete: true}, nil
	}
	if err := im.MayUndo(s.Now()); err != nil {
		return UndoPlan{}, err
	}
	ranges, err := s.undoRanges(ctx, im)
	if err != nil {
		return UndoPlan{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, planTime)
	defer cancel()
	var plan UndoPlan
	for _, key := range ranges {
		var part UndoPlan
		if err := afresh(ctx, func() (err error) {
			part, err = s.planPart(ctx, im, key)
			return err
		}); err != nil {
			return plan, err
		}
		plan.add(part.UndoTally, part.Kept)
		if !part.Complete {
			return plan, nil
		}
	}
	plan.Complete = true
	return plan, nil
}

// planPart is the plan of the part whose last chunk has the key.
func (s *Service) planPart(ctx context.Context, im Import, key string) (plan UndoPlan, err error) {
	w := newWindow(im.Tenant, s.Customers, s.Ledger)
	for key != "" {
		c, err := s.chunk(ctx, key)
		if err != nil {
			return plan, err
		}
		for left := c.Entries; len(left) > 0; {
			if !inTime(ctx) {
				return plan, nil
			}
			back, err := s.takeBack(ctx, im, w, left, plannedAtOnce, math.MaxInt)
			if err != nil {
				return plan, err
			}
			plan.add(back.tally, back.kept)
			left = left[:len(left)-back.entries]
		}
		key = c.Previous
	}
	plan.Complete = true
	return plan, nil
}
