package imports

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/imports/rowfile"
	"regulars/shared/objects"
	"regulars/shared/value"
)

// uploadsFolder is where files are that somebody looks at before they are imported.
const uploadsFolder = "uploads/"

// ErrNoUpload rejects an upload that is not there.
var ErrNoUpload = &errs.Client{Kind: errs.NotFound, Code: "upload_unknown"}

// An Upload is a file that somebody put into the bucket to look at it first. Unlike of
// those below imports/, nothing becomes of it by itself.
type Upload struct {
	Tenant int
	// ID tells uploads of one name apart.
	ID   string
	Name string
}

var (
	uploadID   = regexp.MustCompile(`^[A-Z2-7]{26}$`)
	uploadName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)
	notInName  = regexp.MustCompile(`[^A-Za-z0-9._-]+`)
)

// NewUpload is the place for a file that is called so where it comes from. What cannot
// stand in every key is left out of its name.
func NewUpload(tenant int, name string) Upload {
	name = strings.Trim(notInName.ReplaceAllString(name, "-"), "-.")
	if from := len(name) - 100; from > 0 { // the ending says what it is
		name = strings.TrimLeft(name[from:], "-.")
	}
	return Upload{tenant, rand.Text(), cmp.Or(name, "file")}
}

// FindUpload names an upload of a tenant. It rejects with [ErrNoUpload] what can be none.
func FindUpload(tenant int, id, name string) (Upload, error) {
	if !uploadID.MatchString(id) || !uploadName.MatchString(name) {
		return Upload{}, ErrNoUpload
	}
	return Upload{tenant, id, name}, nil
}

// Key is that of the object.
func (u Upload) Key() string { return u.folder() + u.Name }

func (u Upload) folder() string { return fmt.Sprintf("%stenant=%d/%s/", uploadsFolder, u.Tenant, u.ID) }

// Upload is the upload that the import is of, and false where it is of another file.
func (im Import) Upload() (Upload, bool) {
	rest, ok := strings.CutPrefix(im.Key, fmt.Sprintf("%stenant=%d/", uploadsFolder, im.Tenant))
	id, name, _ := strings.Cut(rest, "/")
	u, err := FindUpload(im.Tenant, id, name)
	return u, ok && err == nil
}

// A Preview is the beginning of a file.
type Preview struct {
	Size int64
	// Columns are the names of the header; of JSON Lines, the members of the rows that
	// were looked at.
	Columns []string
	// Rows are the cells of the first rows, by column.
	Rows [][]string
}

const (
	// previewBytes is how much of a file is looked at, previewRows how many of its rows
	// are shown.
	previewBytes = 256_000
	previewRows  = 5
)

// Look reads the beginning of an upload, and checks its header against the mapping and
// the tenant's settings. Beside a client error about these it returns the preview. It
// rejects with [ErrNoUpload] where nothing was uploaded.
func (s *Service) Look(ctx context.Context, u Upload, o Options, m rowfile.Mapping) (p Preview, err error) {
	settings, err := s.Settings.Reload(ctx, u.Tenant)
	if err != nil {
		return p, err
	}
	head, err := s.Bucket.Head(ctx, u.Key(), "")
	if errors.Is(err, objects.ErrNotFound) {
		return p, ErrNoUpload
	}
	if err != nil {
		return p, err
	}
	p.Size = head.Size
	body, err := s.Bucket.Get(ctx, u.Key(), head.Version, 0, previewBytes)
	if err != nil {
		return p, err
	}
	defer body.Close()
	begin, err := io.ReadAll(body)
	if err != nil {
		return p, err
	}
	how := rowfile.Options{Charset: o.Charset, EmptyClears: o.EmptyClears}
	if o.Delimiter != "" {
		how.Delimiter = rune(o.Delimiter[0])
	}
	header, err := p.read(u.Name, begin, how)
	if err != nil {
		return p, err
	}
	return p, s.checkColumns(settings, header, how, o, m)
}

// read reads header and first rows of what a file begins with.
func (p *Preview) read(name string, begin []byte, how rowfile.Options) (h rowfile.Header, err error) {
	format, compressed, err := rowfile.Detect(name, begin)
	if err != nil {
		return h, err
	}
	how.Format = format
	text, err := rowfile.Decode(bytes.NewReader(begin), how, compressed)
	if err != nil {
		return h, err
	}
	if h, _, err = rowfile.ReadHeader(&text, how); err != nil {
		return h, err
	}
	p.Columns = h.Columns
	var records [][]byte
	// A file that was read only in part ends within a row, which is not shown.
	for rows := rowfile.NewReader(text, h, 1); len(records) < previewRows+1; {
		r, err := rows.Next()
		if err != nil {
			break
		}
		records = append(records, bytes.Clone(r.Raw))
		if format == rowfile.CSV {
			p.Rows = append(p.Rows, r.Cells)
		}
	}
	if format == rowfile.JSONLines {
		p.readObjects(records)
	}
	if len(begin) == previewBytes && len(p.Rows) > 0 && len(records) <= previewRows {
		p.Rows = p.Rows[:len(p.Rows)-1]
	}
	p.Rows = p.Rows[:min(previewRows, len(p.Rows))]
	return h, nil
}

// readObjects reads the members of JSON Lines.
func (p *Preview) readObjects(records [][]byte) {
	seen := map[string]bool{}
	var rows []map[string]any
	for _, record := range records {
		row, err := value.ParseObject(record)
		if err != nil {
			row = nil
		}
		for name := range row {
			seen[name] = true
		}
		rows = append(rows, row)
	}
	p.Columns = slices.Sorted(maps.Keys(seen))
	for _, row := range rows {
		cells := make([]string, len(p.Columns))
		for i, name := range p.Columns {
			cells[i] = cellOf(row[name])
		}
		p.Rows = append(p.Rows, cells)
	}
}

// cellOf is what is shown of a member.
func cellOf(v any) string {
	if text, ok := value.Text(v); ok {
		return text
	}
	if v == nil {
		return ""
	}
	document, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(document)
}

// checkColumns rejects what the plan of the import would reject.
func (s *Service) checkColumns(settings access.Settings, h rowfile.Header, how rowfile.Options, o Options, m rowfile.Mapping) error {
	document, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if m, err = rowfile.ParseMapping(document); err != nil {
		return err
	}
	if how, err = m.Apply(how); err != nil {
		return err
	}
	types := typesOf(settings)
	types.Closed = settings.Fields == access.Declared
	if _, err := rowfile.NewDecoder(h, how, types); err != nil {
		return err
	}
	_, err = s.Dialect.NewDecoder(settings, o)
	return err
}

// Begin begins the import of an upload, with a mapping that is put beside it. Called
// again with the same word it returns the import that was begun.
func (s *Service) Begin(ctx context.Context, u Upload, o Options, m rowfile.Mapping, word string) (Import, error) {
	if _, err := s.Look(ctx, u, o, m); err != nil {
		return Import{}, err
	}
	head, err := s.Bucket.Head(ctx, u.Key(), "")
	if err != nil {
		return Import{}, err
	}
	document, err := json.Marshal(m)
	if err != nil {
		return Import{}, err
	}
	if string(document) != "{}" {
		sum := sha256.Sum256(document)
		o.Mapping = "mapping-" + hex.EncodeToString(sum[:8]) + ".json"
		if err := s.Bucket.Put(ctx, u.folder()+o.Mapping, document, "application/json"); err != nil {
			return Import{}, err
		}
	}
	return s.begin(ctx, Import{
		Tenant: u.Tenant, Bucket: s.BucketName, Key: u.Key(), Version: head.Version, Size: head.Size, Options: o,
		ID: idOf(Event{Bucket: s.BucketName, Key: u.Key(), Version: head.Version + "\x00" + word}),
	})
}

// Start begins the import that a dry run has tried, once. It rejects with [ErrUnknown],
// and with [ErrState] what is no dry run that is done.
func (s *Service) Start(ctx context.Context, tenant int, id string) (Import, error) {
	im, err := s.get(ctx, tenant, id)
	if err != nil {
		return Import{}, err
	}
	if im.State != Done || !im.Options.DryRun {
		return Import{}, errs.New(ErrState.Kind, "import_state/no_dry_run", "id", im.ID, string(im.State))
	}
	o := im.Options
	o.DryRun = false
	return s.begin(ctx, Import{
		Tenant: tenant, Bucket: im.Bucket, Key: im.Key, Version: im.Version, Size: im.Size, Options: o,
		ID: idOf(Event{Bucket: im.Bucket, Key: im.Key, Version: im.Version + "\x00" + im.ID}),
	})
}

// begin saves an import that somebody asks for, or finds it, and starts its plan.
func (s *Service) begin(ctx context.Context, im Import) (Import, error) {
	im.State, im.Started = Planning, instant(s.Now())
	im.Options.Matching = cmp.Or(im.Options.Matching, "email")
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
		if _, err = s.Store.ClaimImport(ctx, im, "", commit); err == nil {
			im.Rev = commit
		}
		return err
	})
	if err != nil {
		return Import{}, fmt.Errorf("begin import of %s: %w", im.Key, err)
	}
	return s.startPlan(ctx, im)
}

// Summary is the report of an import that has ended; empty where there is none yet.
func (s *Service) Summary(ctx context.Context, im Import) (report Summary, err error) {
	document, err := s.read(ctx, im.folder(resultsFolder)+"summary.json")
	if errors.Is(err, objects.ErrNotFound) {
		return report, nil
	}
	if err != nil {
		return report, err
	}
	return report, json.Unmarshal(document, &report)
}
