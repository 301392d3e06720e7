package imports

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
	"regulars/shared/jobs"
	"regulars/shared/objects"
)

// The kinds of jobs. Each is about the import of its subject's name.
const (
	PlanJob = "import-plan"
	SortJob = "import-sort"
	RowsJob = "import-rows"
	UndoJob = "import-undo"
)

// Kinds are the kinds of jobs that imports are made of, by name.
func Kinds(s *Service) map[string]jobs.Kind {
	return map[string]jobs.Kind{
		PlanJob: &planning{s: s, streams: map[jobs.Ref]*stream{}},
		SortJob: sorting{s},
		RowsJob: &applying{s: s, readers: map[jobs.Ref]*rowReader{}},
		UndoJob: &undoing{s: s},
	}
}

const (
	// rangeBytes and groupBytes are the sizes that a [Service] has without others.
	rangeBytes = 1_000_000
	groupBytes = 2_000_000
	maxGroups  = 4096
	// manyRanges is of how many ranges the sizes are what they are; of a file that
	// would have more they are larger, because each group is read from all of them.
	manyRanges = 512
	// rangesAStep is how many ranges a step of the plan cuts at most.
	rangesAStep = 32
	// sniffed is how much of a file is looked at to find out what it is.
	sniffed = 4096
)

// planning cuts a file. Its one part's cursor says how many ranges are cut and where
// the next begins.
type planning struct {
	s       *Service
	mu      sync.Mutex
	streams map[jobs.Ref]*stream // those that the next step goes on with
}

type planCursor struct {
	Lists int           `json:"lists"` // of ranges that are stored
	Next  rowfile.Range `json:"next"`
}

// A file is what all workers must know of an import's file.
type file struct {
	Header  rowfile.Header  `json:"header"`
	Charset string          `json:"charset,omitempty"`
	Mapping json.RawMessage `json:"mapping,omitempty"`
	// Stored: ranges are those of the file itself; else of pieces.
	Stored     bool  `json:"stored"`
	Compressed bool  `json:"compressed,omitempty"`
	Begin      int64 `json:"begin"`
}

// Step implements [jobs.Kind]. A file that cannot be imported fails the import, and
// the job has nothing more to do.
func (k *planning) Step(ctx context.Context, job jobs.Job, part jobs.Part) (jobs.Step, error) {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil || im.State != Planning {
		return ended(part, err)
	}
	step, err := k.cut(ctx, im, part)
	if err == nil {
		return step, nil
	}
	if err := k.s.fail(ctx, im, err); err != nil {
		return step, err
	}
	return jobs.Step{Cursor: "failed", Done: true}, nil
}

// fail ends an import for good by a client error: what its file is, or that it does
// not go with the settings any more, and that the file is gone. Any other error is
// returned: repeating may cure it.
func (s *Service) fail(ctx context.Context, im Import, err error) error {
	clientErr, rejected := errs.AsClient(err)
	if errors.Is(err, objects.ErrNotFound) {
		clientErr, rejected = errs.New(errs.Invalid, "bad_file/gone", ""), true
	}
	if !rejected {
		return err
	}
	_, _, err = s.updateOpen(ctx, im, func(now *Import) { now.State, now.Trouble, now.Ended = Failed, clientErr, instant(s.Now()) })
	return err
}

// ignoreUnknown leaves out that there is no such import: then nothing is left to do.
func ignoreUnknown(err error) error {
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	return err
}

// cut cuts the next ranges.
func (k *planning) cut(ctx context.Context, im Import, part jobs.Part) (jobs.Step, error) {
	var at planCursor
	if part.Cursor != "" {
		if err := json.Unmarshal([]byte(part.Cursor), &at); err != nil {
			return jobs.Step{Cursor: part.Cursor}, err
		}
	}
	st, err := k.stream(ctx, im, part.Ref, at)
	if err != nil {
		return jobs.Step{Cursor: part.Cursor}, err
	}
	st.ctx = ctx
	var ranges []rowfile.Range
	for len(ranges) < rangesAStep && inTime(ctx) {
		next, err, ok := st.next()
		if err != nil {
			st.stop()
			return jobs.Step{Cursor: part.Cursor}, err
		}
		if !ok {
			st.ended = true
			break
		}
		ranges = append(ranges, next)
		at.Next = rowfile.Range{Offset: next.Offset + next.Length, FirstRow: next.FirstRow + next.Rows}
	}
	if len(ranges) > 0 {
		if err := k.s.put(ctx, fmt.Sprintf("%sranges-%06d.json", im.folder(workFolder), at.Lists), ranges); err != nil {
			st.stop()
			return jobs.Step{Cursor: part.Cursor}, err
		}
		at.Lists++
	}
	st.at = at
	if st.ended {
		st.stop()
		at.Lists = max(at.Lists, 1) // the cursor of a part that is done must have moved
	} else {
		k.keep(part.Ref, st)
	}
	cursor, err := json.Marshal(at)
	return jobs.Step{Cursor: string(cursor), Done: st.ended}, err
}

// inTime reports whether a step has time for more: what it has done must be saved.
func inTime(ctx context.Context) bool {
	deadline, ok := ctx.Deadline()
	return !ok || time.Until(deadline) > 5*time.Second
}

// A stream cuts a file from some place on.
type stream struct {
	ctx   context.Context // of the step at work
	at    planCursor
	next  func() (rowfile.Range, error, bool)
	stop  func()
	ended bool
}

// keep leaves a stream to the next step.
func (k *planning) keep(ref jobs.Ref, st *stream) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if old := k.streams[ref]; old != nil {
		old.stop()
	}
	k.streams[ref] = st
}

// stream is the one that goes on at the cursor.
func (k *planning) stream(ctx context.Context, im Import, ref jobs.Ref, at planCursor) (*stream, error) {
	k.mu.Lock()
	kept := k.streams[ref]
	delete(k.streams, ref)
	k.mu.Unlock()
	if kept != nil && kept.at == at {
		return kept, nil
	}
	if kept != nil {
		kept.stop()
	}
	f, err := k.s.file(ctx, im)
	if errors.Is(err, objects.ErrNotFound) {
		f, err = k.look(ctx, im)
	}
	if err != nil {
		return nil, err
	}
	if at.Next.FirstRow == 0 {
		at.Next.FirstRow = 1
	}
	if f.Stored && at.Next.Offset == 0 {
		at.Next.Offset = f.Begin
	}
	if !f.Stored {
		at.Next.Offset = 0 // it is decoded from its beginning
	}
	st := &stream{}
	// What is read outlives the step, whose context ends.
	body, err := k.s.Bucket.Get(context.WithoutCancel(ctx), im.Key, im.Version, at.Next.Offset, -1)
	if err != nil {
		return nil, err
	}
	st.next, st.stop = iter.Pull2(func(yield func(rowfile.Range, error) bool) {
		defer body.Close()
		var err error
		if f.Stored {
			err = k.cutStored(body, f, at.Next, k.s.rangeOf(im), yield)
		} else {
			err = k.cutPieces(st, body, im, f, at.Next, yield)
		}
		if err != nil && !errors.Is(err, errStopped) {
			yield(rowfile.Range{}, err)
		}
	})
	return st, nil
}

var errStopped = errors.New("stopped")

// rangeOf is how large the ranges of a file are.
func (s *Service) rangeOf(im Import) int64 { return max(s.RangeBytes, im.Size/manyRanges) }

// cutStored cuts a file that is text as it is stored.
func (k *planning) cutStored(body io.Reader, f file, from rowfile.Range, size int64, yield func(rowfile.Range, error) bool) error {
	return rowfile.Cut(body, f.Header, from, size, func(r rowfile.Range) error {
		if !yield(r, nil) {
			return errStopped
		}
		return nil
	})
}

// cutPieces stores a text that is stored otherwise in pieces. Those before the first
// row that is wanted are there.
func (k *planning) cutPieces(st *stream, body io.Reader, im Import, f file, from rowfile.Range, yield func(rowfile.Range, error) bool) error {
	o, err := f.options(im)
	if err != nil {
		return err
	}
	text, err := rowfile.Decode(body, o, f.Compressed)
	if err != nil {
		return err
	}
	if _, _, err := rowfile.ReadHeader(&text, o); err != nil {
		return err
	}
	return rowfile.CutPieces(text, f.Header, rowfile.Range{FirstRow: 1}, k.s.rangeOf(im), func(r rowfile.Range, piece []byte) error {
		if r.FirstRow < from.FirstRow {
			return nil
		}
		r.Piece = fmt.Sprintf("%spiece-%012d", im.folder(workFolder), r.FirstRow)
		if err := k.s.Bucket.Put(st.ctx, r.Piece, piece, "application/octet-stream"); err != nil {
			return err
		}
		if !yield(r, nil) {
			return errStopped
		}
		return nil
	})
}

// file is what was found out about the file.
func (s *Service) file(ctx context.Context, im Import) (f file, err error) {
	document, err := s.read(ctx, im.folder(workFolder)+"file.json")
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(document, &f)
}

// read reads an object whole.
func (s *Service) read(ctx context.Context, key string) ([]byte, error) {
	body, err := s.Bucket.Get(ctx, key, "", 0, -1)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	return io.ReadAll(body)
}

// look finds out what the file is, checks its header against the settings, and
// stores what all workers must know.
func (k *planning) look(ctx context.Context, im Import) (f file, err error) {
	settings, err := k.s.Settings.Reload(ctx, im.Tenant)
	if err != nil {
		return f, err
	}
	if _, err := k.s.Dialect.NewDecoder(settings, im.Options); err != nil {
		return f, err
	}
	body, err := k.s.Bucket.Get(ctx, im.Key, im.Version, 0, sniffed)
	if err != nil {
		return f, err
	}
	begin, err := io.ReadAll(body)
	_ = body.Close() // it was read
	if err != nil {
		return f, err
	}
	name := im.Key[strings.LastIndex(im.Key, "/")+1:]
	format, compressed, err := rowfile.Detect(name, begin)
	if err != nil {
		return f, err
	}
	f = file{Header: rowfile.Header{Format: format}, Compressed: compressed, Charset: im.Options.Charset}
	if im.Options.Mapping != "" {
		if f.Mapping, err = k.s.mapping(ctx, im); err != nil {
			return f, err
		}
	}
	o, err := f.options(im)
	if err != nil {
		return f, err
	}
	whole, err := k.s.Bucket.Get(ctx, im.Key, im.Version, 0, -1)
	if err != nil {
		return f, err
	}
	defer whole.Close()
	text, err := rowfile.Decode(whole, o, compressed)
	if err != nil {
		return f, err
	}
	f.Stored = text.AsStored
	if f.Header, f.Begin, err = rowfile.ReadHeader(&text, o); err != nil {
		return f, err
	}
	// A field that is not declared fails the file, and not each of its rows.
	types := typesOf(settings)
	types.Closed = settings.Fields == access.Declared
	if _, err := rowfile.NewDecoder(f.Header, o, types); err != nil {
		return f, err
	}
	return f, k.s.put(ctx, im.folder(workFolder)+"file.json", f)
}

// mapping reads the mapping that the import names: beside the file, or one of the
// tenant's below mappings/tenant=N/.
func (s *Service) mapping(ctx context.Context, im Import) (json.RawMessage, error) {
	name := im.Options.Mapping
	for _, key := range []string{
		im.Key[:strings.LastIndex(im.Key, "/")+1] + name,
		fmt.Sprintf("mappings/tenant=%d/%s", im.Tenant, name),
	} {
		head, err := s.Bucket.Head(ctx, key, "")
		if errors.Is(err, objects.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if head.Size > rowfile.MaxMapping {
			return nil, errs.New(errs.Invalid, "bad_mapping/too_long", "mapping", rowfile.MaxMapping)
		}
		document, err := s.read(ctx, key)
		if err != nil {
			return nil, err
		}
		if _, err := rowfile.ParseMapping(document); err != nil {
			return nil, err
		}
		return json.RawMessage(bytes.TrimPrefix(document, []byte("\ufeff"))), nil
	}
	return nil, errs.New(errs.Invalid, "bad_option/no_mapping", "mapping", name)
}

// options are those with which the file is read.
func (f file) options(im Import) (rowfile.Options, error) {
	o := rowfile.Options{Format: f.Header.Format, Charset: f.Charset, EmptyClears: im.Options.EmptyClears}
	if im.Options.Delimiter != "" {
		o.Delimiter = rune(im.Options.Delimiter[0])
	}
	if f.Mapping == nil {
		return o, nil
	}
	m, err := rowfile.ParseMapping(f.Mapping)
	if err != nil {
		return o, err
	}
	return m.Apply(o)
}

// typesOf are the types that the settings declare of columns.
func typesOf(settings access.Settings) rowfile.Types {
	t := rowfile.Types{Fields: map[string]string{}, Extensions: map[string]map[string]string{}}
	for name, f := range settings.DeclaredFields {
		t.Fields[name] = f.Type
	}
	for _, f := range settings.MatchFields {
		if _, declared := t.Fields[f.Name]; !declared {
			t.Fields[f.Name] = ""
		}
	}
	for _, e := range settings.Extensions {
		attributes := map[string]string{}
		for _, a := range e.Attributes {
			attributes[a.Name] = a.Type
		}
		t.Extensions[e.Name] = attributes
	}
	return t
}

// Finish implements [jobs.Kind]: it starts the sort, or ends the import where there
// is nothing to sort.
func (k *planning) Finish(ctx context.Context, job jobs.Job) error {
	im, err := k.s.get(ctx, job.Tenant, job.Subject.Name)
	if err != nil {
		return ignoreUnknown(err)
	}
	if im.State != Planning {
		return k.s.reportEnded(ctx, im)
	}
	ranges, err := k.s.ranges(ctx, im)
	if err != nil {
		return err
	}
	if len(ranges) == 0 {
		return k.s.done(ctx, im)
	}
	texts, groups := make([]string, len(ranges)), k.s.groups(ranges)
	for i, r := range ranges {
		document, err := json.Marshal(sortRange{r, groups})
		if err != nil {
			return err
		}
		texts[i] = string(document)
	}
	started, err := k.s.Jobs.Start(ctx, jobs.Spec{Tenant: im.Tenant, Kind: SortJob, Subject: job.Subject, Ranges: texts})
	if err != nil {
		return err
	}
	return k.s.advance(ctx, im, Sorting, func(now *Import) { now.SortJob = started.ID })
}

// advance takes the import to the next state, unless it is there or farther.
func (s *Service) advance(ctx context.Context, im Import, to State, set func(now *Import)) error {
	states := []State{Planning, Sorting, Running}
	_, err := s.update(ctx, im, func(now *Import) error {
		if !now.State.Open() || slices.Index(states, now.State) >= slices.Index(states, to) {
			return errEnded
		}
		now.State = to
		set(now)
		return nil
	})
	if errors.Is(err, errEnded) {
		return nil
	}
	return err
}

// ranges are those of the plan.
func (s *Service) ranges(ctx context.Context, im Import) ([]rowfile.Range, error) {
	lists, err := s.Bucket.List(ctx, im.folder(workFolder)+"ranges-")
	if err != nil {
		return nil, err
	}
	var all []rowfile.Range
	for _, list := range lists {
		document, err := s.read(ctx, list.Key)
		if err != nil {
			return nil, err
		}
		var some []rowfile.Range
		if err := json.Unmarshal(document, &some); err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b rowfile.Range) int { return int(a.FirstRow - b.FirstRow) })
	return all, nil
}

// groups is into how many groups the rows go.
func (s *Service) groups(ranges []rowfile.Range) int {
	var bytes int64
	for _, r := range ranges {
		bytes += r.Length
	}
	return int(min(maxGroups, max(1, bytes/s.GroupBytes)))
}
