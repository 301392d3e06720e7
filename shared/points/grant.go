package points

import (
	"context"
	"time"

	"regulars/shared/errs"
)

// Terms are from when to when points of an add can be spent.
type Terms struct {
	// Campaign, unless empty, is one that the tenant declared: its terms hold where
	// the others are zero.
	Campaign string
	// Usable is from when on, zero: at once, or as the campaign says; Expires until
	// when, zero: as the campaign or the tenant's earning says.
	Usable, Expires time.Time
}

// A Grant is an add with terms of its own.
type Grant struct {
	Points        int64
	Reason, RefID string
	Terms
}

// The client errors about terms. Compare with [errors.Is].
var (
	ErrCampaignUnknown = &errs.Client{Kind: errs.Invalid, Code: "campaign_unknown"}
	ErrTerms           = &errs.Client{Kind: errs.Invalid, Code: "bad_terms"}
)

// Grant gives points by terms. It rejects with [ErrNotFound], [ErrTooMany],
// [ErrCampaignUnknown] or [ErrTerms].
func (s *Service) Grant(ctx context.Context, r Request, g Grant) (Result, error) {
	return s.change(ctx, r, step{
		unique: r.reference(Credit, g.RefID), joins: true,
		decide: func(d *draft, _ loaded, _ *Commit) error { return d.grant(g, r.Actor) },
	})
}

// grant gives points, at once or when they are usable, also to a profile that is
// disabled.
func (d *draft) grant(g Grant, actor string) error {
	text := Text{Reason: g.Reason, RefID: g.RefID, Actor: actor}
	hours, days := int64(0), d.rules.Earning.ExpiresAfterDays
	if g.Campaign != "" {
		campaign, declared := d.rules.Campaigns[g.Campaign]
		if !declared {
			return errs.New(ErrCampaignUnknown.Kind, "campaign_unknown", "campaign").DependingOnSettings()
		}
		if hours = campaign.UsableAfterHours; campaign.ExpiresAfterDays != nil {
			days = *campaign.ExpiresAfterDays
		}
		if text.Reason == "" {
			text.Reason = campaign.Name
		}
	}
	usable := d.now.Add(time.Duration(hours) * time.Hour)
	if !g.Usable.IsZero() {
		usable = g.Usable
	}
	hour, day := hourFrom(usable), expiresAfter(usable, days)
	if !usable.After(d.now) {
		hour, day = 0, expiresAfter(d.now, days) // at once
	}
	if !g.Expires.IsZero() {
		day = dayFrom(g.Expires)
	}
	if err := d.bounds(g.Terms, usable, hour, day); err != nil {
		return err
	}
	if hour > 0 {
		d.wait(g.Points, hour, day, 0)
	} else {
		d.gain(g.Points, day, 0)
	}
	d.enter(Entry{Kind: KindAdd, Text: text, Usable: hour, Expires: day, Campaign: g.Campaign})
	return d.within("value")
}

// bounds rejects terms of a request's own that the tenant does not allow, or that leave
// no time to spend the points.
func (d *draft) bounds(t Terms, usable time.Time, hour Hour, day Day) error {
	own := d.rules.OwnTerms
	switch {
	case t.Usable.After(d.now.Add(time.Duration(own.MaxUsableAfterHours) * time.Hour)):
		return errs.New(ErrTerms.Kind, "bad_terms/usable", "usable_at", own.MaxUsableAfterHours).DependingOnSettings()
	case t.Expires.IsZero():
		return nil
	case t.Expires.After(d.now.Add(time.Duration(own.MaxExpiresAfterDays) * 24 * time.Hour)):
		return errs.New(ErrTerms.Kind, "bad_terms/expires", "expires_at", own.MaxExpiresAfterDays).DependingOnSettings()
	case !t.Expires.After(d.now):
		return errs.New(ErrTerms.Kind, "bad_terms/past", "expires_at")
	case !t.Expires.After(usable) || !day.Begins().After(hour.Begins()):
		return errs.New(ErrTerms.Kind, "bad_terms/never_usable", "expires_at")
	}
	return nil
}

// expiresAfter is the day on which points expire that are usable from t on; 0 days:
// never.
func expiresAfter(t time.Time, days int64) Day {
	if days == 0 {
		return Never
	}
	return dayFrom(t.Add(time.Duration(days) * 24 * time.Hour))
}
