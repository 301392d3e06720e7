package admin

import (
	"context"
	"errors"
	"time"

	"regulars/shared/access"
	"regulars/shared/customer"
	"regulars/shared/history"
	"regulars/shared/privacy"
)

// Histories say who changed what of customers.
type Histories interface {
	// Page returns changes before a place, the latest where it is empty. It rejects with
	// [customer.ErrNotFound].
	Page(ctx context.Context, settings access.Settings, id customer.ID, before string, limit int) (history.Page, error)
}

var _ Histories = (*history.Service)(nil)

// changesAtOnce is how many changes an answer has that says nothing else.
const changesAtOnce = 50

type historyBody struct {
	Tenant  int    `json:"tenant"`
	Profile string `json:"profile"`
	// Days for which values are kept; 0: there is no history of what happens now.
	Days    int64        `json:"history_days"`
	Changes []changeBody `json:"changes"`
	// Next is the place before which the history goes on.
	Next string `json:"next,omitempty"`
}

type changeBody struct {
	Change string    `json:"change"`
	Time   time.Time `json:"time"`
	history.Author
	Merged  string   `json:"of_merged,omitempty"`
	Created bool     `json:"created,omitempty"`
	Fields  []string `json:"fields"`
	// Values are what they were and became, absent where that is kept no more.
	Values   []history.Value `json:"values,omitempty"`
	TooLarge bool            `json:"values_too_large,omitempty"`
}

func customerHistory(ctx context.Context, h *Handler, a arguments) (any, error) {
	id, err := profileID(a)
	if err != nil {
		return nil, err
	}
	settings, err := h.registrar.Tenant(ctx, arg[int](a, "tenant"))
	if err != nil {
		return nil, err
	}
	limit := changesAtOnce
	if given, ok := a["limit"].(int); ok {
		limit = given
	}
	page, err := h.histories.Page(ctx, settings, id, arg[string](a, "before"), limit)
	if errors.Is(err, customer.ErrNotFound) {
		return nil, privacy.ErrUnknown
	}
	if err != nil {
		return nil, err
	}
	body := historyBody{Tenant: settings.Tenant, Profile: page.Customer.Decimal(), Days: settings.HistoryDays, Changes: []changeBody{}, Next: page.Next}
	for _, c := range page.Changes {
		shown := changeBody{
			Change: c.ID, Time: c.At, Author: c.Author, Created: c.Created, Fields: c.Fields, Values: c.Values, TooLarge: c.TooLarge,
		}
		if c.Of != page.Customer {
			shown.Merged = c.Of.Decimal()
		}
		body.Changes = append(body.Changes, shown)
	}
	return body, nil
}
