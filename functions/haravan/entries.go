package haravan

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"regulars/shared/csvtext"
	"regulars/shared/httpapi"
	"regulars/shared/points"
)

const (
	// entriesPage is how many entries a statement shows by default, and maxEntries
	// how many at most.
	entriesPage = 50
	maxEntries  = 250
)

// An entry as statements show it.
type entry struct {
	Seq        int64   `json:"seq"`
	Kind       string  `json:"kind"`
	Value      int64   `json:"value"`
	Balance    int64   `json:"balance"`
	Reason     string  `json:"reason"`
	RefID      string  `json:"ref_id"`
	Actor      string  `json:"actor"`
	Created    string  `json:"created_at"`
	Reverses   *int64  `json:"reverses"`
	ReversedBy []int64 `json:"reversed_by"`
	Hash       string  `json:"hash"`
	// NotTaken is what a return could not take back.
	NotTaken int64 `json:"not_taken,omitempty"`
	// Expires is the day, as its first moment, on which the points expire that it gave,
	// Usable from when on they are available where they wait, Campaign by whose terms.
	Expires  *string `json:"expires,omitempty"`
	Usable   *string `json:"usable_at,omitempty"`
	Campaign string  `json:"campaign,omitempty"`
	// Held is what was set aside or given back, Hold the hold that the entry ends and
	// HoldExpires when the one that it makes ends by itself.
	Held        int64   `json:"held,omitempty"`
	Hold        int64   `json:"hold,omitempty"`
	HoldExpires *string `json:"hold_expires_at,omitempty"`
	// Rules is the version of the rules by which an order earned.
	Rules string `json:"rules,omitempty"`
	// Peer is where the other half of a transfer is.
	Peer *peer `json:"peer,omitempty"`
}

type peer struct {
	ID  uint64 `json:"id"`
	Seq int64  `json:"seq"`
}

func newEntry(l points.Line) entry {
	e := entry{
		Seq: l.Seq, Kind: string(l.Kind), Value: l.Change.Available, Balance: l.Balance.Available,
		Reason: l.Reason, RefID: l.RefID, Actor: l.Actor, Created: stamp(l.Time), ReversedBy: []int64{}, Hash: l.Hash.String(),
		NotTaken: l.NotTaken, Held: l.Change.Held, Hold: l.Hold,
	}
	e.Campaign, e.Rules = l.Campaign, l.Rules
	if l.Expires > 0 && l.Expires < points.Never {
		e.Expires = optional(date(l.Expires))
	}
	if l.Usable > 0 {
		e.Usable = optional(stamp(l.Usable.Begins()))
	}
	if !l.Ends.IsZero() {
		e.HoldExpires = optional(stamp(l.Ends))
	}
	if l.Reverses != 0 {
		e.Reverses = &l.Reverses
	}
	if l.Entry.Peer != "" {
		id, _ := points.OwnerOf(l.PeerID)
		e.Peer = &peer{uint64(id), l.PeerSeq}
	}
	e.ReversedBy = append(e.ReversedBy, l.ReversedBy...)
	return e
}

// date is a day as 2006-01-02.
func date(d points.Day) string { return d.Begins().Format(time.DateOnly) }

// figures of an account, or changes of them, as one entry shows them.
type figures struct {
	Available int64 `json:"point_available"`
	Used      int64 `json:"point_used"`
	Incoming  int64 `json:"point_incoming"`
	Ranking   int64 `json:"point_ranking"`
	Spent     int64 `json:"total_spent"`
	Orders    int64 `json:"total_order"`
	Held      int64 `json:"point_held,omitempty"`
}

// listEntries is the statement of a profile.
func (d *Dialect) listEntries(c *call) (httpapi.Answer, error) {
	lines, next, past, err := d.statement(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	entries := []entry{}
	for _, l := range lines {
		entries = append(entries, newEntry(l))
	}
	return httpapi.JSON(http.StatusOK, struct {
		Entries  []entry  `json:"entries"`
		Next     *string  `json:"next"`
		Balances *figures `json:"balances,omitempty"` // as of the moment that was asked for
	}{entries, optional(next), past})
}

// statement makes the one that the parameters ask for. next is the cursor of the
// page that follows, or empty. past are the figures at the moment as of which it was
// asked for, or nil: nothing that came after it is shown.
func (d *Dialect) statement(c *call) (lines []points.Line, next string, past *figures, err error) {
	period, err := c.period()
	if err != nil {
		return nil, "", nil, err
	}
	at, err := d.readAsOf(c)
	if err != nil {
		return nil, "", nil, err
	}
	newest := int64(points.Max)
	if !at.IsZero() {
		last, err := d.points.AsOf(c.Context(), c.Settings.Tenant, c.id, at)
		if err != nil {
			return nil, "", nil, err
		}
		balances := figures(last.Balance)
		if past, newest = &balances, last.Seq; newest == 0 {
			return nil, "", past, nil
		}
		if period.Below == 0 || period.Below > newest+1 {
			period.Below = newest + 1
		}
	}
	lines, last, err := d.points.Statement(c.Context(), c.Settings.Tenant, c.id, period)
	for i, l := range lines {
		lines[i].ReversedBy = undoneBy(l.ReversedBy, newest)
	}
	if last > 0 {
		next = strconv.FormatInt(last, 10)
	}
	return lines, next, past, err
}

// period reads the parameters of a statement. An empty one is not given.
func (c *call) period() (p points.Period, err error) {
	if p, err = c.pageOfLines(); err != nil {
		return p, err
	}
	p.RefID = c.query.Get("ref_id")
	if text := c.trimmed("from"); text != "" {
		if p.From, err = instant("from", text); err != nil {
			return p, err
		}
	}
	if text := c.trimmed("to"); text != "" {
		if p.To, err = instant("to", text); err != nil {
			return p, err
		}
		if len(text) == len(time.DateOnly) { // a bare date is meant with all of its day
			p.To = p.To.Add(24*time.Hour - time.Microsecond)
		}
	}
	return p, nil
}

// pageOfLines reads which page of a list of entries is asked for.
func (c *call) pageOfLines() (p points.Period, err error) {
	p.Limit = entriesPage
	if n, err := strconv.Atoi(c.query.Get("limit")); err == nil && n > 0 {
		p.Limit = min(n, maxEntries)
	}
	if text := c.trimmed("cursor"); text != "" {
		if p.Below, err = strconv.ParseInt(text, 10, 64); err != nil || p.Below < 1 {
			return p, reject("bad_cursor", "cursor")
		}
	}
	return p, nil
}

// columns are those of the file. New ones come last, for those who read it by position.
var columns = []string{
	"seq", "kind", "value", "balance", "reason", "ref_id", "actor", "created_at", "reverses", "reversed_by", "hash",
	"wallet", "expires", "usable_at", "campaign", "held", "hold", "hold_expires_at", "not_taken", "rules", "peer_id", "peer_seq",
}

// exportEntries is the statement as a CSV file. Where more follows the header
// X-Next-Cursor says from where.
func (d *Dialect) exportEntries(c *call) (httpapi.Answer, error) {
	lines, next, _, err := d.statement(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	var header []csvtext.Cell
	for _, name := range columns {
		header = append(header, csvtext.Text(name))
	}
	file := csvtext.AppendRow(nil, header...)
	for _, l := range lines {
		file = csvtext.AppendRow(file, newEntry(l).row(c.walletCode())...)
	}
	answer := httpapi.Raw(http.StatusOK, "text/csv; charset=utf-8", file)
	answer.Set("Content-Disposition", `attachment; filename="entries-`+c.fileName()+`.csv"`)
	if next != "" {
		answer.Set("X-Next-Cursor", next)
	}
	return answer, nil
}

// row is the entry as a row of the file of a wallet's statement. What the entry does
// not have is an empty cell.
func (e entry) row(wallet string) []csvtext.Cell {
	number := func(n int64) (cell csvtext.Cell) {
		if n != 0 {
			cell = csvtext.Int(n)
		}
		return cell
	}
	words := func(text *string) (cell csvtext.Cell) {
		if text != nil {
			cell = csvtext.Text(*text)
		}
		return cell
	}
	by := make([]string, len(e.ReversedBy))
	for i, seq := range e.ReversedBy {
		by[i] = strconv.FormatInt(seq, 10)
	}
	var reverses int64
	if e.Reverses != nil {
		reverses = *e.Reverses
	}
	var other peer
	if e.Peer != nil {
		other = *e.Peer
	}
	return []csvtext.Cell{
		csvtext.Int(e.Seq), csvtext.Text(e.Kind), csvtext.Int(e.Value), csvtext.Int(e.Balance),
		csvtext.Text(e.Reason), csvtext.Text(e.RefID), csvtext.Text(e.Actor), csvtext.Text(e.Created), number(reverses),
		csvtext.Text(strings.Join(by, " ")), csvtext.Text(e.Hash),
		csvtext.Text(wallet), words(e.Expires), words(e.Usable), csvtext.Text(e.Campaign), number(e.Held), number(e.Hold),
		words(e.HoldExpires), number(e.NotTaken), csvtext.Text(e.Rules), number(int64(other.ID)), number(other.Seq),
	}
}

// getEntry shows one entry with all that it changed.
func (d *Dialect) getEntry(c *call) (httpapi.Answer, error) {
	seq, err := c.number("seq")
	if err != nil {
		return httpapi.Answer{}, err
	}
	line, err := d.points.Line(c.Context(), c.Settings.Tenant, c.id, int64(min(seq, points.Max)))
	if err != nil {
		return httpapi.Answer{}, err
	}
	return httpapi.JSON(http.StatusOK, map[string]any{"entry": struct {
		entry
		Changes       figures `json:"changes"`
		Balances      figures `json:"balances"`
		LevelID       *int64  `json:"level_id"`
		PreviousLevel *int64  `json:"previous_level_id"`
	}{newEntry(line), figures(line.Change), figures(line.Entry.Balance), level(line, line.Level), level(line, line.PreviousLevel)}})
}

// level is null where the entry did not change the level.
func level(l points.Line, id int64) *int64 {
	if l.Level == l.PreviousLevel {
		return nil
	}
	return &id
}
