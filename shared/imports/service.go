package imports

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
	"regulars/shared/jobs"
	"regulars/shared/objects"
)

// ErrUnknown rejects the id of an import that is not there.
var ErrUnknown = &errs.Client{Kind: errs.NotFound, Code: "import_unknown"}

// ErrState rejects what cannot be done with an import in its state.
var ErrState = &errs.Client{Kind: errs.FailedPrecondition, Code: "import_state"}

// Parts are what a [Service] and its kinds of jobs are made of; all are required.
type Parts struct {
	Store     Store
	Bucket    objects.Bucket
	Customers customer.Store
	Ledger    Ledger
	Settings  Settings
	Jobs      *jobs.Service
	Dialect   Dialect
	// BucketName is what the bucket is called in imports that no event of it began.
	BucketName string
	// Texts are the sentences of client errors in reports.
	Texts errs.Texts
	Now   func() time.Time
	// RangeBytes is how much text a part of the sort has, which holds it in memory
	// twice (more in files of over 500 MB), GroupBytes about how much one of the rows
	// has, and ReportBytes how much one file of rejected rows; 0: 1, 2 and 32 MB.
	RangeBytes, GroupBytes, ReportBytes int64
}

// A Service starts imports, watches them and undoes them.
type Service struct{ Parts }

// NewService makes a service.
func NewService(p Parts) *Service {
	p.RangeBytes, p.GroupBytes = cmp.Or(p.RangeBytes, rangeBytes), cmp.Or(p.GroupBytes, groupBytes)
	p.ReportBytes = cmp.Or(p.ReportBytes, reportBytes)
	return &Service{p}
}

// An Event says that a file was put into the bucket.
type Event struct {
	Bucket, Key, Version string
	// Sequencer orders the events of one key, as hex digits.
	Sequencer string
	Size      int64
}

// Receive begins the import of a file. It may be called again with the same event,
// and with older ones of the same file, which are not imported any more. A file that
// cannot be imported ends in a summary; an error means that the event must come again.
func (s *Service) Receive(ctx context.Context, e Event) error {
	if strings.HasSuffix(e.Key, "/") && e.Size == 0 { // what consoles make of a folder
		return nil
	}
	if isMapping, err := s.isMapping(ctx, e); err != nil || isMapping {
		return err
	}
	tenant, o, clientErr := parseKey(e.Key)
	if tenant != 0 {
		_, err := s.Settings.Reload(ctx, tenant)
		if unknown, ok := errs.AsClient(err); ok { // no token was asked whether it reaches the tenant
			tenant, clientErr = 0, errs.New(unknown.Kind, unknown.Code+"/absent", "key", tenant)
		} else if err != nil {
			return fmt.Errorf("receive %s: %w", e.Key, err)
		}
	}
	if tenant == 0 {
		return s.rejectFile(ctx, e, clientErr)
	}
	im, err := s.claim(ctx, e, Import{
		Tenant: tenant, ID: idOf(e), Bucket: e.Bucket, Key: e.Key, Version: e.Version, Size: e.Size,
		Options: o, State: Planning, Started: instant(s.Now()),
	}, clientErr)
	if err != nil {
		return fmt.Errorf("receive %s: %w", e.Key, err)
	}
	_, err = s.startPlan(ctx, im)
	return err
}

// startPlan starts the plan of an import that has none yet.
func (s *Service) startPlan(ctx context.Context, im Import) (Import, error) {
	if im.State != Planning || im.PlanJob != "" {
		return im, nil
	}
	job, err := s.Jobs.Start(ctx, jobs.Spec{Tenant: im.Tenant, Kind: PlanJob, Subject: jobs.Subject{Name: im.ID}, Ranges: []string{""}})
	if err != nil {
		return im, fmt.Errorf("plan import of %s: %w", im.Key, err)
	}
	return s.update(ctx, im, func(now *Import) error {
		now.PlanJob = job.ID
		return nil
	})
}

// isMapping reports whether the file is a mapping that lies beside others.
func (s *Service) isMapping(ctx context.Context, e Event) (bool, error) {
	if !strings.HasSuffix(strings.ToLower(e.Key), ".json") {
		return false, nil
	}
	body, err := s.Bucket.Get(ctx, e.Key, e.Version, 0, rowfile.MaxMapping+1)
	if errors.Is(err, objects.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer body.Close()
	document, err := io.ReadAll(body)
	if err != nil {
		return false, err
	}
	_, err = rowfile.ParseMapping(document)
	return err == nil, nil
}

// claim saves the import, or finds it.
func (s *Service) claim(ctx context.Context, e Event, im Import, clientErr error) (Import, error) {
	if head, err := s.Bucket.Head(ctx, e.Key, e.Version); err == nil {
		im.Size = head.Size
		for _, name := range optionNames {
			if text, given := head.Metadata[name]; given {
				if err := im.Options.set(name, text); err != nil && clientErr == nil {
					clientErr = err
				}
			}
		}
	} else if errors.Is(err, objects.ErrNotFound) {
		clientErr = errs.New(errs.Invalid, "bad_file/gone", "")
	} else {
		return im, err
	}
	if im.Options.Matching == "" {
		im.Options.Matching = "email"
	}
	if rejected, ok := errs.AsClient(clientErr); ok {
		im.State, im.Trouble, im.Ended = Failed, rejected, im.Started
	}
	commit := rand.Text()
	err := errs.Retry(ctx, func(int) error {
		found, err := s.Store.Import(ctx, im.Tenant, im.ID)
		if err != nil {
			return err
		}
		if found.Rev != "" {
			im = found
			return nil
		}
		latest, err := s.Store.ClaimImport(ctx, im, e.Sequencer, commit)
		if err == nil && !latest {
			im.State, im.Ended = Superseded, im.Started
			_, err = s.Store.ClaimImport(ctx, im, "", commit)
		}
		im.Rev = commit
		return err
	})
	if err == nil && !im.State.Open() && im.Rev == commit {
		err = s.putSummary(ctx, im)
	}
	return im, err
}

// rejectFile leaves a summary of a file whose tenant there is none.
func (s *Service) rejectFile(ctx context.Context, e Event, why error) error {
	im := Import{ID: idOf(e), Bucket: e.Bucket, Key: e.Key, Version: e.Version, Size: e.Size, State: Failed, Started: instant(s.Now())}
	im.Trouble, _ = errs.AsClient(why)
	im.Ended = im.Started
	return s.put(ctx, resultsFolder+"rejected/"+im.ID+".json", s.summary(Progress{Import: im}))
}

// update changes an import as decide says, which is called again after each
// conflict. An error of decide ends it.
func (s *Service) update(ctx context.Context, im Import, decide func(now *Import) error) (Import, error) {
	var now Import
	err := errs.Retry(ctx, func(int) (err error) {
		if now, err = s.Store.Import(ctx, im.Tenant, im.ID); err != nil {
			return err
		}
		if now.Rev == "" {
			return errs.New(ErrUnknown.Kind, ErrUnknown.Code, "id", im.ID)
		}
		if err := decide(&now); err != nil {
			return err
		}
		commit := rand.Text()
		err = s.Store.SaveImport(ctx, now, commit)
		now.Rev = commit
		return err
	})
	return now, err
}

// updateOpen changes an import that is open, and reports whether it was.
func (s *Service) updateOpen(ctx context.Context, im Import, change func(now *Import)) (now Import, open bool, err error) {
	now, err = s.update(ctx, im, func(now *Import) error {
		if !now.State.Open() {
			return errEnded
		}
		change(now)
		return nil
	})
	if errors.Is(err, errEnded) {
		return now, false, nil
	}
	return now, err == nil, err
}

// errEnded says that nothing is to be changed: the import has ended or is farther.
var errEnded = errors.New("the import has ended")

// A Progress is an import and how far it is.
type Progress struct {
	Import
	Tally Tally
	// Rows is how many rows there are, as soon as that is known; else 0.
	Rows int64
	// Parts is how many parts the job at work has, Done and Parked how many are so.
	Parts, PartsDone, Parked int
	// Seen is how many rows, or changes to take back, its parts have gone through.
	Seen int64
	// Results are the keys of its reports.
	Results []string
}

// Import returns an import and its progress. It rejects with [ErrUnknown].
func (s *Service) Import(ctx context.Context, tenant int, id string) (Progress, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return Progress{}, err
	}
	return s.progress(ctx, im)
}

func (s *Service) get(ctx context.Context, tenant int, id string) (im Import, err error) {
	if len(id) != 24 {
		return im, errs.New(ErrUnknown.Kind, ErrUnknown.Code, "id", id)
	}
	err = errs.Retry(ctx, func(int) error {
		im, err = s.Store.Import(ctx, tenant, id)
		return err
	})
	if err == nil && im.Rev == "" {
		err = errs.New(ErrUnknown.Kind, ErrUnknown.Code, "id", id)
	}
	return im, err
}

// progress sums what the parts of the import's jobs have done.
func (s *Service) progress(ctx context.Context, im Import) (Progress, error) {
	p := Progress{Import: im, Tally: im.Final, Rows: im.Final.Rows()}
	_, job := im.atWork()
	if job == "" {
		p.Results = s.results(im)
		return p, nil
	}
	parts, err := s.Jobs.Parts(ctx, im.Tenant, job)
	if err != nil {
		return p, err
	}
	p.Parts = len(parts)
	for _, part := range parts {
		p.Seen += int64(part.Seen)
		switch part.State {
		case jobs.PartDone:
			p.PartsDone++
		case jobs.Parked:
			p.Parked++
		}
	}
	switch im.State {
	case Running:
		for _, part := range parts {
			at, err := parseCursor(part.Cursor)
			if err != nil {
				return p, err
			}
			p.Tally = p.Tally.plus(at.Tally)
		}
		sorted, err := s.Jobs.Parts(ctx, im.Tenant, im.SortJob)
		if err != nil {
			return p, err
		}
		for _, part := range sorted {
			p.Rows += int64(part.Seen)
		}
	case Sorting:
		for _, part := range parts {
			p.Rows += int64(part.Seen)
		}
	}
	return p, nil
}

// results are the keys of the reports of an import that has ended.
func (s *Service) results(im Import) []string {
	folder := im.folder(resultsFolder)
	keys := []string{folder + "summary.json"}
	for _, name := range rejectedNames(im) {
		keys = append(keys, folder+name)
	}
	if im.State == Undone && im.Taken.Kept > 0 {
		keys = append(keys, folder+"kept.csv")
	}
	return keys
}

// List returns the imports of a tenant, the newest first, from before the one with
// the id on, up to limit. Those at work say no more than their state.
func (s *Service) List(ctx context.Context, tenant int, before string, limit int) ([]Import, error) {
	var from Import
	if before != "" {
		var err error
		if from, err = s.get(ctx, tenant, before); err != nil {
			return nil, err
		}
	}
	var list []Import
	err := errs.Retry(ctx, func(int) (err error) {
		list, err = s.Store.Imports(ctx, tenant, from, limit)
		return err
	})
	return list, err
}

// Cancel ends an import; what it did stays done. One that has ended stays as it is.
// It rejects with [ErrUnknown].
func (s *Service) Cancel(ctx context.Context, tenant int, id string) (Progress, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return Progress{}, err
	}
	im, ended, err := s.updateOpen(ctx, im, func(now *Import) { now.State, now.Ended = Cancelled, instant(s.Now()) })
	if err == nil && ended {
		err = s.conclude(ctx, im)
	}
	if err != nil {
		return Progress{}, err
	}
	return s.Import(ctx, tenant, id)
}

// Resume makes parts of an import try again that were given up after repeated
// failures, and so a job that could not be finished. It rejects with [ErrUnknown].
func (s *Service) Resume(ctx context.Context, tenant int, id string) (Progress, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return Progress{}, err
	}
	kind, name := im.atWork()
	if name == "" {
		return s.progress(ctx, im)
	}
	job, err := s.Jobs.Show(ctx, tenant, name)
	if err != nil {
		return Progress{}, err
	}
	if job.Open() {
		err = s.startAgain(ctx, job.Job)
	} else {
		err = Kinds(s)[kind].Finish(ctx, job.Job)
	}
	if err != nil {
		return Progress{}, err
	}
	return s.Import(ctx, tenant, id)
}

// startAgain starts an open job again: parts that were given up try again.
func (s *Service) startAgain(ctx context.Context, job jobs.Job) error {
	parts, err := s.Jobs.Parts(ctx, job.Tenant, job.ID)
	if err != nil {
		return err
	}
	ranges := make([]string, len(parts))
	for i, part := range parts {
		ranges[i] = part.Range
	}
	_, err = s.Jobs.Start(ctx, jobs.Spec{Tenant: job.Tenant, Kind: job.Kind, Subject: job.Subject, Ranges: ranges})
	return err
}

// atWork is the job that is at the import; none where it has ended.
func (im Import) atWork() (kind, job string) {
	switch im.State {
	case Planning:
		return PlanJob, im.PlanJob
	case Sorting:
		return SortJob, im.SortJob
	case Running:
		return RowsJob, im.RowsJob
	case Undoing:
		return UndoJob, im.UndoJob
	}
	return "", ""
}

// conclude cancels what is left of an import's jobs and leaves its counts and its
// reports. It may be repeated.
func (s *Service) conclude(ctx context.Context, im Import) error {
	for _, job := range []string{im.PlanJob, im.SortJob, im.RowsJob} {
		if job == "" {
			continue
		}
		if _, err := s.Jobs.Cancel(ctx, im.Tenant, job); err != nil {
			return err
		}
	}
	return s.report(ctx, im)
}

// put writes a report as JSON.
func (s *Service) put(ctx context.Context, key string, v any) error {
	document, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return s.Bucket.Put(ctx, key, append(document, '\n'), "application/json")
}
