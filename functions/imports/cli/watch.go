package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"regulars/shared/objects"
)

// lookEvery is how often an import is looked at.
const lookEvery = 500 * time.Millisecond

// watch shows how far an import is until it has ended, and then what came of it.
func watch(ctx context.Context, d *deployment, o order, id string, s *screen) error {
	var began time.Time
	var first int64 // rows that were done then
	for {
		a, err := d.call(ctx, "GET", "/imports/"+id, nil)
		if ctx.Err() != nil {
			return errors.New(goesOn(o, id))
		}
		if err != nil {
			return err
		}
		if a.Import == nil {
			return errors.New("what came is no import")
		}
		im := *a.Import
		switch im.State {
		case "planning", "sorting":
			s.progress("%s %s", im.State, strings.Join(rowsSoFar(im), ", "))
		case "running":
			done := im.done()
			if began.IsZero() {
				began, first = time.Now(), done
			}
			all := done
			if im.Rows != nil {
				all = *im.Rows
			}
			s.progress("%s %s%s", bar(done, all), strings.Join(rowsSoFar(im), ", "), left(began, done-first, all-first, "rows"))
		case "undoing":
			done, all := im.Parts.Seen, im.Created+im.Updated
			if began.IsZero() {
				began, first = time.Now(), done
			}
			s.progress("%s taking back, %s of %s changes%s", bar(done, all), grouped(done), grouped(all), left(began, done-first, all-first, "changes"))
		default:
			told, ready, err := d.summary(ctx, im)
			if err != nil {
				return err
			}
			if ready {
				return showEnd(d, im, told, s)
			}
			s.progress("%s; its reports are being written", im.State)
		}
		if im.Parts.Parked > 0 {
			s.line("%d parts failed again and again and wait for somebody to look: docs/imports.md says what to do", im.Parts.Parked)
			return errors.New("the import cannot go on")
		}
		if !pause(ctx, lookEvery) {
			return errors.New(goesOn(o, id))
		}
	}
}

// goesOn says what can be done about an import that nobody watches any more.
func goesOn(o order, id string) string {
	where := ""
	if o.target == targetAWS {
		where = " TARGET=aws TOKEN=..."
	} else if o.port != defaultPort {
		where = " PORT=" + o.port
	}
	if o.tenant > 0 {
		where += fmt.Sprint(" TENANT=", o.tenant)
	}
	return fmt.Sprintf("interrupted; the import goes on.\n  watch it again:  make import ID=%[1]s%[2]s\n  cancel it:       make import CANCEL=%[1]s%[2]s", id, where)
}

// done is how many rows have an outcome.
func (im importState) done() int64 { return im.Created + im.Updated + im.Unchanged + im.Rejected }

// rowsSoFar says what became of the rows so far.
func rowsSoFar(im importState) []string {
	if im.Rows == nil {
		return nil
	}
	if im.done() == 0 {
		return []string{grouped(*im.Rows) + " rows"}
	}
	said := []string{fmt.Sprintf("%s of %s rows", grouped(im.done()), grouped(*im.Rows))}
	if im.Rejected > 0 {
		said = append(said, grouped(im.Rejected)+" rejected")
	}
	return said
}

// left says how fast it goes and how long the rest takes, once that can be told.
func left(began time.Time, done, all int64, unit string) string {
	took := time.Since(began)
	if done <= 0 || took < time.Second {
		return ""
	}
	rate := float64(done) / took.Seconds()
	said := fmt.Sprintf(", %s %s a second", grouped(int64(rate)), unit)
	if all > done {
		rest := time.Duration(float64(all-done) / rate * float64(time.Second))
		said += ", " + rest.Round(time.Second).String() + " left"
	}
	return said
}

// A summary is what summary.json says.
type summary struct {
	Rows, Created, Updated, Unchanged, Rejected int64

	Units   int64   `json:"write_units"`
	Dollars float64 `json:"us_dollars"`
	Seconds float64 `json:"seconds"`
	First   []struct {
		Row  int64  `json:"row"`
		Text string `json:"error_text"`
	} `json:"first_rejected"`
}

// summary reads the summary of an import that has ended; it is not ready at once.
func (d *deployment) summary(ctx context.Context, im importState) (told summary, ready bool, err error) {
	for _, key := range im.Results {
		if !strings.HasSuffix(key, "/summary.json") {
			continue
		}
		body, err := d.bucket.Get(ctx, key, "", 0, -1)
		if errors.Is(err, objects.ErrNotFound) {
			return told, false, nil
		}
		if err != nil {
			return told, false, err
		}
		defer body.Close()
		document, err := io.ReadAll(body)
		if err == nil {
			err = json.Unmarshal(document, &told)
		}
		return told, err == nil, err
	}
	return told, true, nil
}

// showEnd says what came of an import.
func showEnd(d *deployment, im importState, told summary, s *screen) error {
	if im.Error != nil {
		s.line("%s: %s (%s)", im.State, im.Error.Text, im.Error.Code)
		return errors.New("nothing was imported")
	}
	if im.State == "undone" && im.Undo != nil {
		s.line("undone: %s", im.Undo)
	} else {
		state := im.State
		if im.DryRun {
			state = "dry run " + state + ", nothing was changed"
		}
		s.line("%s: %s rows: %s created, %s updated, %s unchanged, %s rejected", state,
			grouped(told.Rows), grouped(told.Created), grouped(told.Updated), grouped(told.Unchanged), grouped(told.Rejected))
		for _, row := range told.First {
			s.line("  row %d: %s", row.Row, row.Text)
		}
		s.line("%.1f s, %s write units, US$ %.4f at list price", told.Seconds, grouped(told.Units), told.Dollars)
	}
	for _, key := range im.Results {
		s.line("  %s", d.fetch(key))
	}
	if im.State == "cancelled" || im.State == "stopped" {
		s.line("What it did stays done. Take it back with: make import UNDO=%s", im.ID)
	}
	return nil
}

// showPlan says what undoing an import would do.
func showPlan(ctx context.Context, d *deployment, id string, s *screen) error {
	a, err := d.call(ctx, "POST", "/imports/"+id+"/undo", map[string]bool{"plan": true})
	if err != nil {
		return err
	}
	if a.Plan == nil {
		return errors.New("what came is no plan")
	}
	s.line("undoing would do this: %s", &a.Plan.undone)
	if !a.Plan.Complete {
		s.line("The import is too large to look at all of it; this is a part.")
	}
	return nil
}

func (u *undone) String() string {
	return fmt.Sprintf("%s changes put back, %s customers deleted, %s entries of points reversed, %s changes kept",
		grouped(u.Restored), grouped(u.Deleted), grouped(u.Reversed), grouped(u.Kept))
}
