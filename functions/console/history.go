package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"regulars/shared/access"
	"regulars/shared/history"
	"regulars/shared/httpapi"
)

// A historyView is a piece of what changed of a customer, the latest first.
type historyView struct {
	// Address is that of the customer's card.
	Address string
	Lines   []changeLine
	// Older is the address of what was before; empty: nothing was.
	Older string
	// First: these are the latest.
	First bool
}

// A changeLine is one change.
type changeLine struct {
	Time time.Time
	// Who made it: the name of a token, who called the admin function, or a job.
	Who, Action string
	Fields      []changedField
	// Created: the customer was made.
	Created bool
	// Merged is of whom it was, unless of the customer itself.
	Merged string
	// Kept: what the fields were and became is there.
	Kept bool
}

// A changedField is what one field was and became, each in lines.
type changedField struct {
	Name          string
	Before, After []string
}

const (
	changesOfCard = 5
	changesOfPage = 50
)

// history shows what changed of a customer, a page at a time.
func (d *Console) history(c *call) (httpapi.Answer, error) {
	shown, err := d.readHistory(c.Context(), c, c.query.Get("before"), changesOfPage)
	if err != nil {
		return httpapi.Answer{}, err
	}
	return d.show(http.StatusOK, view{call: c, Template: "history", Title: c.say("history.title"), Here: "find", Data: shown})
}

func (d *Console) readHistory(ctx context.Context, c *call, before string, limit int) (*historyView, error) {
	page, err := d.histories.Page(ctx, c.Settings, c.id, before, limit)
	if err != nil {
		return nil, err
	}
	shown := &historyView{Address: c.cardOf(page.Customer), First: before == ""}
	if page.Next != "" {
		shown.Older = shown.Address + "/history?before=" + url.QueryEscape(page.Next)
	}
	for _, change := range page.Changes {
		line := changeLine{Time: change.At, Who: c.whoMade(change), Action: change.Action, Created: change.Created, Kept: len(change.Values) > 0}
		if change.Of != page.Customer {
			line.Merged = change.Of.Decimal()
		}
		for i, name := range change.Fields {
			field := changedField{Name: c.nameOfField(name)}
			if line.Kept {
				field.Before, field.After = c.linesOf(change.Values[i].Before), c.linesOf(change.Values[i].After)
			}
			line.Fields = append(line.Fields, field)
		}
		shown.Lines = append(shown.Lines, line)
	}
	return shown, nil
}

// whoMade is by whom a change was made, as people call it.
func (l *language) whoMade(c history.Change) string {
	for _, name := range []string{c.Token, c.By, c.Import, c.Job} {
		if name != "" {
			return name
		}
	}
	return l.say("history.unknown")
}

// nameOfField is what people call a field of a history.
func (c *call) nameOfField(name string) string {
	label := c.fieldLabel(name)
	if label == "field."+name { // there is no text of it
		return strings.ReplaceAll(name, "_", " ")
	}
	return label
}

// linesOf is a value in lines: a list has one for each element, a subscription says whom
// it is to and whether it may be used.
func (l *language) linesOf(v any) (lines []string) {
	list, ok := v.([]any)
	if !ok {
		if text := plain(v); text != "" {
			lines = append(lines, text)
		}
		return lines
	}
	for _, e := range list {
		s, _ := e.(map[string]any)
		channel, isSubscription := s["channel"].(string)
		if !isSubscription {
			lines = append(lines, plain(e))
			continue
		}
		status := l.say("status." + plain(s["status"]))
		if s["deleted"] == true {
			status = l.say("consent.deleted")
		}
		lines = append(lines, l.say("channel."+channel)+" "+plain(s["contact"])+": "+status)
	}
	return lines
}

// seesHistory reports whether the card shows what changed.
func (c *call) seesHistory() bool {
	return c.Settings.HistoryDays > 0 && c.may(access.CustomersPrivacy)
}
