package console

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

const (
	// entriesOnCard is how many of the newest entries a card has, so that it opens as fast
	// with many as with few.
	entriesOnCard = 20
	// entriesShown is how many entries a further page of the ledger has, or one of a kind.
	entriesShown = 50
	// entriesLooked is how many are looked at, at most, for those of one kind.
	entriesLooked = 400
)

// A pointsView is the account of a customer.
type pointsView struct {
	points.Account
	Level    string
	Next     string // level; empty: there is none above
	NextFrom int64
	From     int64 // where the level begins
	ToNext   int64
	Percent  int64 // of the way from level to level
	Lots     []lotLine
	Ledger   ledgerPage
}

// A lotLine is points that expire on one day.
type lotLine struct {
	Points int64
	Day    time.Time // zero: never
	// X and Width are its place in a bar of 1000.
	X, Width float64
	Tone     int // 0 to 4, the darker the sooner
}

// A ledgerPage is some entries of a ledger, the newest first.
type ledgerPage struct {
	Address string // of the card
	Kind    string
	Kinds   []points.Kind
	Lines   []ledgerLine
	// Older is the number below which the entries of the next page are; 0: there are none.
	Older int64
	// First: the page begins with the newest entry.
	First bool
	// Looked says how many entries were looked at, where not all of a kind were found.
	Looked int
}

// A ledgerLine is one entry.
type ledgerLine struct {
	points.Line
	Plus, Minus bool
	Undoable    bool
	ExpiresOn   time.Time
	UsableOn    time.Time
}

// readPoints reads the account of a customer and a page of its ledger.
func (d *Console) readPoints(ctx context.Context, c *call) (*pointsView, error) {
	profile, err := d.points.Profile(ctx, c.Settings.Tenant, c.id)
	if err != nil {
		return nil, notThere(err, points.ErrNotFound.Code)
	}
	page, err := d.readLedger(ctx, c)
	if err != nil {
		return nil, notThere(err, points.ErrNotFound.Code)
	}
	shown := &pointsView{Account: profile.Account.Account, Ledger: page, Lots: lotsOf(profile.Account.Lots)}
	shown.levels(c)
	return shown, nil
}

// levels finds the level of the account and the one above.
func (p *pointsView) levels(c *call) {
	number, name := points.Level(c.Settings.Preferences, p.Ranking)
	p.Level, p.From = name, c.Settings.Levels[number].From
	for _, level := range c.Settings.Levels {
		if level.From > p.Ranking && (p.Next == "" || level.From < p.NextFrom) {
			p.Next, p.NextFrom = level.Name, level.From
		}
	}
	if p.Next != "" {
		p.ToNext = p.NextFrom - p.Ranking
		p.Percent = max(0, (p.Ranking-p.From)*100/max(1, p.NextFrom-p.From))
	}
}

// lotsOf are the lots of an account by the day on which they expire.
func lotsOf(lots []points.Lot) (lines []lotLine) {
	total := int64(0)
	for _, l := range lots {
		total += l.Points
		day := time.Time{}
		if l.Day < points.Never {
			day = l.Day.Begins()
		}
		if n := len(lines); n > 0 && lines[n-1].Day.Equal(day) {
			lines[n-1].Points += l.Points
			continue
		}
		lines = append(lines, lotLine{Points: l.Points, Day: day})
	}
	x := 0.0
	for i := range lines {
		lines[i].X, lines[i].Width = x, float64(lines[i].Points)*1000/float64(max(1, total))
		x += lines[i].Width
		lines[i].Tone = min(i, 3)
		if lines[i].Day.IsZero() {
			lines[i].Tone = 4
		}
	}
	return lines
}

// readLedger reads the page of entries that the request asks for.
func (d *Console) readLedger(ctx context.Context, c *call) (ledgerPage, error) {
	page := ledgerPage{Address: c.cardOf(c.id), Kind: c.query.Get("kind"), Kinds: entryKinds, First: true}
	period := points.Period{Limit: entriesShown}
	if text := c.query.Get("below"); text != "" {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n < 1 {
			return page, errs.New(errs.Invalid, "bad_number", "below", 1, int64(points.Max))
		}
		period.Below, page.First = n, false
	}
	if page.Kind != "" && !slices.Contains(entryKinds, points.Kind(page.Kind)) {
		return page, errs.New(errs.Invalid, "bad_kind", "kind")
	}
	if page.First && page.Kind == "" {
		period.Limit = entriesOnCard
	}
	for looked := 0; looked < entriesLooked && len(page.Lines) < period.Limit; {
		lines, next, err := d.points.Statement(ctx, c.Settings.Tenant, c.id, period)
		if err != nil {
			return page, err
		}
		looked += len(lines)
		for _, l := range lines {
			if page.Kind == "" || page.Kind == string(l.Kind) {
				page.Lines = append(page.Lines, newLine(l))
			}
		}
		page.Older, period.Below = next, next
		if next == 0 {
			return page, nil
		}
		page.Looked = looked
	}
	return page, nil
}

func newLine(l points.Line) ledgerLine {
	shown := ledgerLine{Line: l, Plus: l.Change.Available > 0, Minus: l.Change.Available < 0}
	shown.Undoable = reversible[l.Kind]
	if l.Expires > 0 && l.Expires < points.Never {
		shown.ExpiresOn = l.Expires.Begins()
	}
	if l.Usable > 0 {
		shown.UsableOn = l.Usable.Begins()
	}
	return shown
}

// reversible are the kinds of entries that can be undone.
var reversible = map[points.Kind]bool{points.KindAdd: true, points.KindSubtract: true, points.KindCommit: true}

// entries shows a further page of the ledger below one that is shown.
func (d *Console) entries(c *call) (httpapi.Answer, error) {
	page, err := d.readLedger(c.Context(), c)
	if err != nil {
		return httpapi.Answer{}, notThere(err, points.ErrNotFound.Code)
	}
	if !isPart(c.Request) {
		return c.redirect(page.Address), nil
	}
	return d.show(http.StatusOK, view{call: c, Template: "entries", Data: page})
}

// A verified ledger is what checking all of it came to.
type verified struct {
	Address string
	points.Report
}

// verify checks the ledger from its first entry on.
func (d *Console) verify(c *call) (httpapi.Answer, error) {
	report, err := d.points.Verify(c.Context(), c.Settings.Tenant, c.id)
	if err != nil {
		return httpapi.Answer{}, notThere(err, points.ErrNotFound.Code)
	}
	return d.show(http.StatusOK, view{call: c, Template: "verified", Title: c.say("verify.title"), Here: "find", Data: verified{c.cardOf(c.id), report}})
}
