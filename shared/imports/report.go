package imports

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
)

const (
	// reportBytes is how much of rejected rows is put into one file, sorted by their
	// numbers, unless a [Service] has it otherwise; of more there are several files.
	reportBytes = 32_000_000
	// shownRows is how many rejected rows a summary shows.
	shownRows = 10
)

// unitPrice is what a million write units cost on demand, in US dollars, at list
// price (us-east-1).
const unitPrice = 0.625

// done ends an import whose rows are all applied or rejected. Its reports are there
// before it says so.
func (s *Service) done(ctx context.Context, im Import) error {
	if !im.State.Open() {
		return s.report(ctx, im)
	}
	im.State, im.Ended = Done, instant(s.Now())
	tally, err := s.putReports(ctx, im)
	if err != nil {
		return err
	}
	now, err := s.update(ctx, im, func(now *Import) error {
		if now.State.Open() {
			now.State, now.Ended, now.Final = im.State, im.Ended, tally
		}
		return nil
	})
	if err != nil || now.State == Done {
		return err
	}
	return s.report(ctx, now) // it was ended meanwhile
}

// reportEnded writes the reports of an import that has ended otherwise.
func (s *Service) reportEnded(ctx context.Context, im Import) error {
	if im.State.Open() {
		return nil // another job is at it
	}
	return s.report(ctx, im)
}

// report writes the reports of an import that has ended and keeps its counts. It may be
// repeated.
func (s *Service) report(ctx context.Context, im Import) error {
	tally, err := s.putReports(ctx, im)
	if err != nil {
		return err
	}
	_, err = s.update(ctx, im, func(now *Import) error {
		now.Final = tally
		return nil
	})
	return err
}

// putReports writes the reports and returns what they count.
func (s *Service) putReports(ctx context.Context, im Import) (Tally, error) {
	var tally Tally
	var ends []rowCursor
	if im.RowsJob != "" {
		parts, err := s.Jobs.Parts(ctx, im.Tenant, im.RowsJob)
		if err != nil {
			return tally, err
		}
		for _, part := range parts {
			at, err := parseCursor(part.Cursor)
			if err != nil {
				return tally, err
			}
			tally = tally.plus(at.Tally)
			ends = append(ends, at)
		}
	}
	im.Final = tally
	files, first, err := s.putRejected(ctx, im, ends)
	if err != nil {
		return tally, err
	}
	tally.Reports, im.Final.Reports = files, files
	summary := s.summary(Progress{Import: im, Tally: tally, Rows: tally.Rows(), Results: s.results(im)})
	summary.FirstRejected = first
	return tally, s.put(ctx, im.folder(resultsFolder)+"summary.json", summary)
}

// rejectedNames are the files of the rejected rows: in the format of the import's
// file, so that they can be dropped.
func rejectedNames(im Import) []string {
	extension := ".csv"
	if format, _, err := rowfile.Detect(im.Key, nil); err == nil && format == rowfile.JSONLines {
		extension = ".jsonl"
	}
	if im.Final.Reports == 1 {
		return []string{"rejected" + extension}
	}
	names := make([]string, im.Final.Reports)
	for n := range names {
		names[n] = fmt.Sprintf("rejected-%05d%s", n, extension)
	}
	return names
}

// putRejected writes the rejected rows, into several files where they are many, and
// returns in how many and the first rows. It holds those of one file in memory.
func (s *Service) putRejected(ctx context.Context, im Import, ends []rowCursor) (files int, first []RejectedRow, err error) {
	if im.Final.Rejections() == 0 {
		return 0, nil, nil
	}
	f, err := s.file(ctx, im)
	if err != nil {
		return 0, nil, err
	}
	var rows []rejection
	bytes := 0
	flush := func() error {
		slices.SortFunc(rows, func(a, b rejection) int { return cmp.Compare(a.Row, b.Row) })
		for _, r := range rows[:min(shownRows, len(rows))] {
			first = append(first, RejectedRow{r.Row, r.Code, r.Text})
		}
		slices.SortFunc(first, func(a, b RejectedRow) int { return cmp.Compare(a.Row, b.Row) })
		first = first[:min(shownRows, len(first))]
		im.Final.Reports = files + 1
		if bytes >= int(s.ReportBytes) {
			im.Final.Reports++ // it is one of several
		}
		err := s.putRows(ctx, im.folder(resultsFolder)+rejectedNames(im)[files], f, rows)
		files++
		rows, bytes = rows[:0], 0
		return err
	}
	for _, at := range ends {
		for key := at.Gathered; key != ""; {
			c, err := s.chunk(ctx, key)
			if err != nil {
				return 0, nil, err
			}
			for _, r := range c.Rejected {
				rows = append(rows, r)
				if bytes += r.bytes(); bytes >= int(s.ReportBytes) {
					if err := flush(); err != nil {
						return 0, nil, err
					}
				}
			}
			key = c.Gathered
		}
	}
	if len(rows) > 0 || files == 1 { // which has the name of one of several
		err = flush()
	}
	return files, first, err
}

// putRows writes rejected rows as a file to mend and drop again.
func (s *Service) putRows(ctx context.Context, key string, f file, rows []rejection) error {
	parser := rowfile.NewParser(f.Header)
	document := rowfile.AppendRejectedHeader(nil, f.Header)
	for _, r := range rows {
		document = rowfile.AppendRejected(document, f.Header, parser.Record(r.Row, r.Raw), r.Code, r.Text)
	}
	contentType := "text/csv; charset=utf-8"
	if f.Header.Format == rowfile.JSONLines {
		contentType = "application/x-ndjson"
	}
	return s.Bucket.Put(ctx, key, document, contentType)
}

// A Summary is what is said of an import that has ended.
type Summary struct {
	ID      string `json:"id"`
	Tenant  int    `json:"tenant,omitempty"`
	Key     string `json:"key"`
	Version string `json:"version,omitempty"`
	State   State  `json:"state"`
	DryRun  bool   `json:"dry_run,omitempty"`
	// Error and ErrorText say why it failed.
	Error     string `json:"error,omitempty"`
	ErrorText string `json:"error_text,omitempty"`

	Rows      int64            `json:"rows"`
	Created   int64            `json:"created"`
	Updated   int64            `json:"updated"`
	Unchanged int64            `json:"unchanged"`
	Rejected  int64            `json:"rejected"`
	Reasons   map[string]int64 `json:"rejected_by,omitempty"`
	// FirstRejected are the first rejected rows.
	FirstRejected []RejectedRow `json:"first_rejected,omitempty"`

	// Units are the write units, Dollars what they cost at list price on demand.
	Units   int64   `json:"write_units"`
	Dollars float64 `json:"us_dollars"`

	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended,omitempty"`
	Seconds float64    `json:"seconds"`

	Results []string `json:"results,omitempty"`
}

// A RejectedRow is one of the first rejected rows.
type RejectedRow struct {
	Row   int64  `json:"row"`
	Error string `json:"error"`
	Text  string `json:"error_text"`
}

func (s *Service) summary(p Progress) Summary {
	summary := Summary{
		ID: p.ID, Tenant: p.Tenant, Key: p.Key, Version: p.Version, State: p.State, DryRun: p.Options.DryRun,
		Rows: p.Tally.Rows(), Created: p.Tally.Created, Updated: p.Tally.Updated, Unchanged: p.Tally.Unchanged,
		Rejected: p.Tally.Rejections(), Reasons: p.Tally.Rejected,
		Units: p.Tally.Units, Dollars: float64(p.Tally.Units) * unitPrice / 1e6,
		Started: p.Started, Results: p.Results,
	}
	if p.Trouble != nil {
		summary.Error, summary.ErrorText = p.Trouble.ID(), s.Texts.Of(p.Trouble)
	}
	if !p.Ended.IsZero() {
		summary.Ended, summary.Seconds = &p.Ended, p.Ended.Sub(p.Started).Seconds()
	}
	return summary
}

// putSummary writes the summary of an import that came to no rows.
func (s *Service) putSummary(ctx context.Context, im Import) error {
	return s.put(ctx, im.folder(resultsFolder)+"summary.json", s.summary(Progress{Import: im}))
}

// troubleItem is a client error as it is kept.
type troubleItem struct {
	Kind int    `json:"kind"`
	Code string `json:"code"`
	Path string `json:"path,omitempty"`
	Args []any  `json:"args,omitempty"`
}

// EncodeTrouble is a client error as text, to be kept; empty for nil.
func EncodeTrouble(c *errs.Client) (string, error) {
	if c == nil {
		return "", nil
	}
	document, err := json.Marshal(troubleItem{int(c.Kind), c.ID(), c.Path, c.Args})
	return string(document), err
}

// DecodeTrouble reads what [EncodeTrouble] wrote.
func DecodeTrouble(text string) (*errs.Client, error) {
	if text == "" {
		return nil, nil
	}
	var item troubleItem
	if err := decode([]byte(text), &item); err != nil {
		return nil, err
	}
	return errs.New(errs.Kind(item.Kind), item.Code, item.Path, item.Args...), nil
}
