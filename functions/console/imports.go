package console

import (
	"cmp"
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/imports"
)

// importRoutes are those of imports.
var importRoutes = []httpapi.Route[*Console, *call]{
	{Method: "GET", Path: "/console/imports", Scope: access.ImportsRead, Reads: []string{"before"}, Handle: (*Console).listImports},
	{Method: "POST", Path: "/console/imports", Scope: access.ImportsRun, Handle: (*Console).newUpload},
	{Method: "GET", Path: "/console/uploads/{upload}/{name}", Scope: access.ImportsRun, Handle: (*Console).mapColumns},
	{Method: "POST", Path: "/console/uploads/{upload}/{name}", Scope: access.ImportsRun, Handle: (*Console).mapColumns},
	{Method: "GET", Path: "/console/imports/{import}", Scope: access.ImportsRead, Handle: (*Console).showImport},
	{Method: "GET", Path: "/console/imports/{import}/progress", Scope: access.ImportsRead, Handle: (*Console).importProgress},
	{Method: "GET", Path: "/console/imports/{import}/results/{name}", Scope: access.ImportsRead, Handle: (*Console).importResult},
	{Method: "GET", Path: "/console/imports/{import}/start", Scope: access.ImportsRun, Handle: (*Console).startImport},
	{Method: "POST", Path: "/console/imports/{import}/start", Scope: access.ImportsRun, Handle: (*Console).startImport},
	{Method: "GET", Path: "/console/imports/{import}/cancel", Scope: access.ImportsRun, Handle: (*Console).cancelImport},
	{Method: "POST", Path: "/console/imports/{import}/cancel", Scope: access.ImportsRun, Handle: (*Console).cancelImport},
	{Method: "POST", Path: "/console/imports/{import}/resume", Scope: access.ImportsRun, Handle: (*Console).resumeImport},
	{Method: "GET", Path: "/console/imports/{import}/undo", Scope: access.ImportsRun, Handle: (*Console).undoImport},
	{Method: "POST", Path: "/console/imports/{import}/undo", Scope: access.ImportsRun, Handle: (*Console).undoImport},
}

// importsListed is how many imports a page of the list has.
const importsListed = 25

// An importsPage is some imports, the newest first.
type importsPage struct {
	Imports []importLine
	// Next is the id to go on before; empty: there are no more.
	Next string
	// Uploads: files can be put into the bucket from here.
	Uploads bool
	Largest int64 // in bytes
}

// An importLine is one import of the list.
type importLine struct {
	imports.Import
	Address string
	Name    string // of the file
	Over    bool
}

// listImports shows the imports of the tenant.
func (d *Console) listImports(c *call) (httpapi.Answer, error) {
	list, err := d.imports.List(c.Context(), c.Settings.Tenant, c.query.Get("before"), importsListed)
	if err != nil {
		return httpapi.Answer{}, err
	}
	page := importsPage{Uploads: d.gate != nil && c.may(access.ImportsRun), Largest: maxUpload}
	for _, im := range list {
		page.Imports = append(page.Imports, importLine{im, c.at("imports", im.ID), path.Base(im.Key), !im.State.Open() && im.State != imports.Undoing})
	}
	if len(list) == importsListed {
		page.Next = list[len(list)-1].ID
	}
	a, err := d.show(http.StatusOK, view{call: c, Template: "imports", Title: c.say("imports.title"), Here: "imports", Data: page})
	if err == nil && page.Uploads {
		err = d.letUpload(c, &a)
	}
	return a, err
}

// An importView is what is shown of one import.
type importView struct {
	imports.Progress
	Address string
	Name    string // of the file
	// Moves: it is at work, so it is asked for again.
	Moves bool
	// Known: Percent of the work is done; else nobody knows yet.
	Known   bool
	Percent int64
	// Rate is in rows a second, Left how long the rest takes; 0: nobody knows.
	Rate    int64
	Left    time.Duration
	Reasons []importReason
	First   []imports.RejectedRow
	Seconds float64
	Dollars float64
	Trouble string
	Files   []importFile
	// Map is where the columns are mapped again; empty: nowhere.
	Map string
	// CanStart and so on: that button is there.
	CanStart, CanCancel, CanResume, CanUndo bool
}

// An importReason is why rows were rejected.
type importReason struct {
	Code string
	Rows int64
}

// An importFile is a report.
type importFile struct{ Address, Name string }

// showImport shows one import.
func (d *Console) showImport(c *call) (httpapi.Answer, error) {
	shown, err := d.readImport(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.show(http.StatusOK, view{call: c, Template: "import", Title: shown.Name, Here: "imports", Data: shown})
}

// importProgress shows the part of the page that moves.
func (d *Console) importProgress(c *call) (httpapi.Answer, error) {
	shown, err := d.readImport(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if !isPart(c.Request) {
		return c.redirect(shown.Address), nil
	}
	return d.show(http.StatusOK, view{call: c, Template: "importbody", Data: shown})
}

func (d *Console) readImport(c *call) (v importView, err error) {
	p, err := d.imports.Import(c.Context(), c.Settings.Tenant, c.PathValue("import"))
	if err != nil {
		return v, err
	}
	v = importView{Progress: p, Address: c.at("imports", p.ID), Name: path.Base(p.Key), Moves: p.State.Open() || p.State == imports.Undoing}
	v.progressOf(d.now())
	for _, code := range slices.Sorted(maps.Keys(p.Tally.Rejected)) {
		v.Reasons = append(v.Reasons, importReason{code, p.Tally.Rejected[code]})
	}
	slices.SortStableFunc(v.Reasons, func(a, b importReason) int { return cmp.Compare(b.Rows, a.Rows) })
	if p.Import.Trouble != nil {
		v.Trouble = c.told.Of(p.Import.Trouble)
	}
	if !v.Moves {
		report, err := d.imports.Summary(c.Context(), p.Import)
		if err != nil {
			return v, err
		}
		v.First, v.Seconds, v.Dollars = report.FirstRejected, report.Seconds, report.Dollars
		for _, key := range p.Results {
			if name := path.Base(key); d.gate != nil && name != "summary.json" {
				v.Files = append(v.Files, importFile{c.at("imports", p.ID, "results", name), name})
			}
		}
	}
	v.mayOf(c, d.now())
	return v, nil
}

// mayOf says which buttons there are.
func (v *importView) mayOf(c *call, now time.Time) {
	if !c.may(access.ImportsRun) {
		return
	}
	v.CanCancel = v.State.Open()
	v.CanResume = v.Parked > 0
	v.CanStart = v.State == imports.Done && v.Options.DryRun
	begun := v.State == imports.Undoing || v.State == imports.Undone
	v.CanUndo = v.MayUndo(now) == nil && !begun && v.Tally.Created+v.Tally.Updated > 0
	if u, ok := v.Upload(); ok && v.Options.DryRun && !v.Moves {
		v.Map = c.at("uploads", u.ID, u.Name)
	}
}

// progressOf reckons how far the import is, how fast, and how long the rest takes.
func (v *importView) progressOf(now time.Time) {
	done, all := v.Tally.Rows(), v.Rows
	switch v.State {
	case imports.Planning:
		return
	case imports.Sorting: // nobody knows how many rows are left
		v.Known, v.Percent = v.Parts > 0, int64(v.PartsDone*100/max(1, v.Parts))
		return
	case imports.Undoing:
		done, all = v.Seen, v.Final.Created+v.Final.Updated
	}
	v.Known, v.Percent = all > 0, min(100, done*100/max(1, all))
	if taken := now.Sub(v.Started); v.State == imports.Running && done > 0 && taken > 0 {
		v.Rate = max(1, int64(float64(done)/taken.Seconds()))
		v.Left = time.Duration(float64(taken) * float64(all-done) / float64(done)).Round(time.Second)
	}
}

// importResult leads to a report in the bucket.
func (d *Console) importResult(c *call) (httpapi.Answer, error) {
	p, err := d.imports.Import(c.Context(), c.Settings.Tenant, c.PathValue("import"))
	if err != nil {
		return httpapi.Answer{}, err
	}
	for _, key := range p.Results {
		if name := path.Base(key); d.gate != nil && name == c.PathValue("name") {
			link, err := d.gate.Link(c.Context(), key, strings.TrimSuffix(path.Base(p.Key), path.Ext(p.Key))+"-"+name)
			if err != nil {
				return httpapi.Answer{}, err
			}
			return c.redirect(link), nil
		}
	}
	return httpapi.Answer{}, errs.New(errs.NotFound, "unknown_path", "")
}
