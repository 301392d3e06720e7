// Package imports is the domain of bulk imports: a file that was put into a bucket
// becomes customers, each row once. It decides what a file may be, how it is cut,
// which rows follow each other, what becomes of each, and how all of it is undone.
//
// An import is four jobs (package jobs), one after the other. The plan cuts the file
// into ranges. The sort groups the rows of each range by the value they are matched
// by, so that all rows of one value are in one part, in the order of the file. The
// rows are applied in steps: a step's customers, points and the part's cursor are one
// transaction, so each row counts once, whatever is repeated. The journal of what
// a step is about to change is put into the bucket before; the cursor says which
// object of it counts. Undoing walks the journal backwards.
package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"regulars/shared/errs"
)

// A State is how far an import is.
type State string

const (
	// Planning: the file is looked at and cut.
	Planning State = "planning"
	// Sorting: rows are grouped by what they are matched by.
	Sorting State = "sorting"
	// Running: rows are applied.
	Running State = "running"

	// Done: each row was applied or rejected.
	Done State = "done"
	// Failed: the file cannot be imported; nothing was changed, unless it turned out when
	// rows were applied already.
	Failed State = "failed"
	// Cancelled: somebody ended it; what it did stays done.
	Cancelled State = "cancelled"
	// Stopped: it had more rejected rows than it may have.
	Stopped State = "stopped"
	// Superseded: a newer version of the file came first; nothing was changed.
	Superseded State = "superseded"

	// Undoing: what it changed is being taken back.
	Undoing State = "undoing"
	// Undone: all of it is taken back that nobody has changed since.
	Undone State = "undone"
)

// Open reports whether the import has not ended.
func (s State) Open() bool { return s == Planning || s == Sorting || s == Running }

// endedEarly reports whether the import has ended though rows may not have been looked at.
func (s State) endedEarly() bool { return s == Failed || s == Cancelled || s == Stopped }

// UndoTime is for how long an import can be undone: the journal is kept so long.
const UndoTime = 30 * 24 * time.Hour

// Options are what path and metadata of a file say.
type Options struct {
	// Matching is how rows find customers, as matching of Altcraft's
	// profiles/import; Field and Resource are its field_name and resource_id.
	Matching string `json:"matching"`
	Field    string `json:"field_name,omitempty"`
	Resource int64  `json:"resource_id,omitempty"`
	// Delimiter, Charset and EmptyClears are those of package rowfile.
	Delimiter   string `json:"delimiter,omitempty"`
	Charset     string `json:"charset,omitempty"`
	EmptyClears bool   `json:"empty_clears,omitempty"`
	// Mapping is the key of a mapping in the bucket.
	Mapping string `json:"mapping,omitempty"`
	DryRun  bool   `json:"dry_run,omitempty"`
	// StopAfter is how many rejected rows end the import; 0: any number.
	StopAfter int64 `json:"stop_after,omitempty"`
}

// An Import is one version of one file, as it was read.
type Import struct {
	Tenant int
	// ID follows from bucket, key and version; 24 hex digits.
	ID                   string
	Bucket, Key, Version string
	Size                 int64
	Options              Options
	State                State
	// Trouble says why it failed.
	Trouble *errs.Client
	// SortJob, RowsJob and UndoJob are the jobs that it has come to.
	PlanJob, SortJob, RowsJob, UndoJob string
	// Started, Ended and Undone are to the microsecond; zero: not yet.
	Started, Ended, Undone time.Time
	// Final are the counts of an import that has ended.
	Final Tally
	// Taken are the counts of an undone one.
	Taken UndoTally
	// Rev is the id of the commit that wrote it; empty: not saved yet.
	Rev string
}

// A Tally counts what became of rows.
type Tally struct {
	Created   int64 `json:"created,omitempty"`
	Updated   int64 `json:"updated,omitempty"`
	Unchanged int64 `json:"unchanged,omitempty"`
	// Rejected is by code.
	Rejected map[string]int64 `json:"rejected,omitempty"`
	// Units are write units.
	Units int64 `json:"units,omitempty"`
	// Reports is into how many files the rejected rows were put, once that is done.
	Reports int `json:"reports,omitempty"`
}

// Rejections is how many rows were rejected.
func (t Tally) Rejections() (n int64) {
	for _, some := range t.Rejected {
		n += some
	}
	return n
}

// Rows is how many rows have an outcome.
func (t Tally) Rows() int64 { return t.Created + t.Updated + t.Unchanged + t.Rejections() }

func (t Tally) plus(u Tally) Tally {
	sum := Tally{Created: t.Created + u.Created, Updated: t.Updated + u.Updated, Unchanged: t.Unchanged + u.Unchanged, Units: t.Units + u.Units}
	for _, some := range []map[string]int64{t.Rejected, u.Rejected} {
		for code, n := range some {
			sum.reject(code, n)
		}
	}
	return sum
}

// reject counts rejected rows.
func (t *Tally) reject(code string, n int64) {
	if t.Rejected == nil {
		t.Rejected = map[string]int64{}
	}
	t.Rejected[code] += n
}

// idOf is the id of the import of one version of a file. Where the bucket keeps no
// versions the event's sequencer tells them apart.
func idOf(e Event) string {
	version := e.Version
	if version == "" {
		version = "at " + e.Sequencer
	}
	sum := sha256.Sum256([]byte(e.Bucket + "\x00" + e.Key + "\x00" + version))
	return hex.EncodeToString(sum[:12])
}

// instant is a time to the precision that is kept.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }

// The folders of the bucket.
const (
	inputFolder   = "imports/"
	resultsFolder = "results/"
	journalFolder = "journal/"
	workFolder    = "work/"
)

// folder is where the import keeps things below one of the folders.
func (im Import) folder(top string) string {
	return fmt.Sprintf("%stenant=%d/%s/", top, im.Tenant, im.ID)
}

// parseKey reads tenant and options from the key of a file, such as
// imports/tenant=5/matching=email/customers.csv. A segment without = is a folder of
// the uploader's own. The client error, if there is one, is about the options: the
// tenant is returned beside it, or 0 where the key names none.
func parseKey(key string) (tenant int, o Options, err error) {
	rest, ok := strings.CutPrefix(key, inputFolder)
	if !ok {
		return 0, o, errs.New(errs.Invalid, "bad_key/folder", "key", inputFolder)
	}
	segments := strings.Split(rest, "/")
	for _, segment := range segments[:len(segments)-1] {
		name, text, named := strings.Cut(segment, "=")
		if !named {
			continue
		}
		if name == "tenant" {
			n, convErr := strconv.Atoi(text)
			if convErr != nil || n < 1 || strconv.Itoa(n) != text || tenant != 0 {
				return 0, o, errs.New(errs.Invalid, "bad_key/tenant", "key", text)
			}
			tenant = n
			continue
		}
		if setErr := o.set(name, text); err == nil {
			err = setErr
		}
	}
	if tenant == 0 {
		return 0, o, errs.New(errs.Invalid, "bad_key/no_tenant", "key")
	}
	return tenant, o, err
}

// optionNames are the options that path and metadata may name.
var optionNames = []string{"matching", "field-name", "resource-id", "delimiter", "charset", "empty", "mapping", "dry-run", "stop-after"}

// delimiters are the names of delimiters, which cannot stand in every key.
var delimiters = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}

// set sets one option.
func (o *Options) set(name, text string) error {
	bad := func(reason string, args ...any) error {
		return errs.New(errs.Invalid, "bad_option/"+reason, name, args...)
	}
	switch name {
	case "matching":
		o.Matching = text
	case "field-name":
		o.Field = text
	case "resource-id":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return bad("number", text)
		}
		o.Resource = n
	case "delimiter":
		if o.Delimiter = text; delimiters[text] != "" {
			o.Delimiter = delimiters[text]
		}
		if len(o.Delimiter) != 1 || !strings.Contains(",;\t|", o.Delimiter) {
			return bad("delimiter", text)
		}
	case "charset":
		o.Charset = text
	case "empty":
		if text != "clear" && text != "leave" {
			return bad("empty", text)
		}
		o.EmptyClears = text == "clear"
	case "mapping":
		o.Mapping = text
	case "dry-run":
		if text != "true" && text != "false" {
			return bad("bool", text)
		}
		o.DryRun = text == "true"
	case "stop-after":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return bad("number", text)
		}
		o.StopAfter = n
	default:
		return bad("unknown", strings.Join(optionNames, ", "))
	}
	return nil
}
