package imports

import (
	"time"

	"regulars/shared/errs"
	domain "regulars/shared/imports"
)

type (
	importAnswer struct {
		Import importProgress `json:"import"`
	}
	importsAnswer struct {
		Imports []importSummary `json:"imports"`
		Next    *string         `json:"next"` // for before; null on the last page
	}
	planAnswer struct {
		Plan undoPlan `json:"plan"`
	}
)

// An importSummary is what a list shows of an import.
type importSummary struct {
	ID      string       `json:"id"`
	Tenant  int          `json:"tenant"`
	Bucket  string       `json:"bucket"`
	Key     string       `json:"key"`
	Version string       `json:"version,omitempty"`
	Size    int64        `json:"size"`
	State   domain.State `json:"state"`
	DryRun  bool         `json:"dry_run"`
	Error   *wireError   `json:"error"` // why it failed
	Started string       `json:"started_at"`
	Ended   *string      `json:"ended_at"`
	Undone  *string      `json:"undone_at"`
	tally
}

// A tally is what became of the rows so far.
type tally struct {
	Created   int64            `json:"created"`
	Updated   int64            `json:"updated"`
	Unchanged int64            `json:"unchanged"`
	Rejected  int64            `json:"rejected"`
	By        map[string]int64 `json:"rejected_by"` // by code
	Units     int64            `json:"write_units"`
}

// An importProgress is what is shown of one import.
type importProgress struct {
	importSummary
	Options domain.Options `json:"options"`
	Rows    *int64         `json:"rows"` // null: not counted yet
	Parts   parts          `json:"parts"`
	Undo    *undoTally     `json:"undo"` // of an undone import
	Results []string       `json:"results"`
}

// parts are those of what the import is at.
type parts struct {
	All    int   `json:"all"`
	Done   int   `json:"done"`
	Parked int   `json:"parked"`
	Seen   int64 `json:"seen"`
}

// An undoTally counts what became of changes that are taken back.
type undoTally struct {
	Restored int64 `json:"restored"`
	Deleted  int64 `json:"deleted"`
	Reversed int64 `json:"reversed"`
	Kept     int64 `json:"kept"`
}

// An undoPlan says what undoing would do.
type undoPlan struct {
	undoTally
	Examples []kept `json:"kept_examples"`
	Complete bool   `json:"complete"`
}

// A kept change is one of which something would stay.
type kept struct {
	Row     int64    `json:"row"`
	Profile string   `json:"profile_id"`
	Fields  []string `json:"fields"`
	Reason  string   `json:"reason"`
}

func (d *Dialect) summary(im domain.Import) importSummary {
	return importSummary{
		ID: im.ID, Tenant: im.Tenant, Bucket: im.Bucket, Key: im.Key, Version: im.Version, Size: im.Size,
		State: im.State, DryRun: im.Options.DryRun, Error: d.trouble(im.Trouble),
		Started: stamp(im.Started), Ended: optionalStamp(im.Ended), Undone: optionalStamp(im.Undone),
		tally: newTally(im.Final),
	}
}

func newTally(t domain.Tally) tally {
	by := t.Rejected
	if by == nil {
		by = map[string]int64{}
	}
	return tally{t.Created, t.Updated, t.Unchanged, t.Rejections(), by, t.Units}
}

func (d *Dialect) progress(p domain.Progress) importProgress {
	shown := importProgress{
		importSummary: d.summary(p.Import), Options: p.Options,
		Parts: parts{p.Parts, p.PartsDone, p.Parked, p.Seen}, Results: append([]string{}, p.Results...),
	}
	shown.tally = newTally(p.Tally)
	if p.Rows > 0 || !p.State.Open() {
		shown.Rows = &p.Rows
	}
	if p.State == domain.Undone {
		taken := newUndo(p.Taken)
		shown.Undo = &taken
	}
	return shown
}

func newUndo(t domain.UndoTally) undoTally {
	return undoTally{t.Restored, t.Deleted, t.Reversed, t.Kept}
}

func newPlan(p domain.UndoPlan) undoPlan {
	shown := undoPlan{undoTally: newUndo(p.UndoTally), Examples: []kept{}, Complete: p.Complete}
	for _, k := range p.Kept {
		shown.Examples = append(shown.Examples, kept{k.Row, k.Customer.Hex(), append([]string{}, k.Fields...), k.Reason})
	}
	return shown
}

// trouble is why an import failed; nil where it did not.
func (d *Dialect) trouble(c *errs.Client) *wireError {
	if c == nil {
		return nil
	}
	return newError(d.texts, c)
}

// stamp writes a time with six digits of a second.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

func optionalStamp(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := stamp(t)
	return &text
}
