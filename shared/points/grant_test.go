package points

import (
	"errors"
	"testing"
	"time"

	"regulars/shared/access"
)

func TestTermsOfAGrant(t *testing.T) {
	rules := access.Defaults()
	rules.Earning.ExpiresAfterDays = 365
	thirty, never := int64(30), int64(0)
	rules.Campaigns = map[string]access.Campaign{
		"BDAY": {Name: "Birthday", UsableAfterHours: 5, ExpiresAfterDays: &thirty},
		"GIFT": {Name: "Gift", ExpiresAfterDays: &never},
		"GAME": {Name: "Game"},
	}
	day := func(days int) Day { return dayFrom(noon.AddDate(0, 0, days)) }
	for name, tt := range map[string]struct {
		terms  Terms
		usable Hour
		day    Day
		reason string
	}{
		"none":               {Terms{}, 0, day(365), ""},
		"of a campaign":      {Terms{Campaign: "BDAY"}, hourFrom(noon.Add(5 * time.Hour)), day(30), "Birthday"},
		"that never expire":  {Terms{Campaign: "GIFT"}, 0, Never, "Gift"},
		"as earning says":    {Terms{Campaign: "GAME"}, 0, day(365), "Game"},
		"its own":            {Terms{Usable: noon.Add(90 * time.Minute), Expires: noon.Add(48 * time.Hour)}, hourFrom(noon.Add(2 * time.Hour)), day(2), ""},
		"its own end":        {Terms{Campaign: "BDAY", Expires: noon.Add(48 * time.Hour)}, hourFrom(noon.Add(5 * time.Hour)), day(2), "Birthday"},
		"its own beginning":  {Terms{Campaign: "BDAY", Usable: noon.Add(24 * time.Hour)}, hourFrom(noon.Add(24 * time.Hour)), day(31), "Birthday"},
		"usable since a day": {Terms{Usable: noon.Add(-24 * time.Hour)}, 0, day(365), ""},
	} {
		d := newDraft(account(t, rules), rules, noon)
		if err := d.grant(Grant{Points: 7, Terms: tt.terms}, ""); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		e := d.made[0]
		waits := tt.usable > 0
		if e.Usable != tt.usable || e.Expires != tt.day || e.Reason != tt.reason || e.Campaign != tt.terms.Campaign ||
			(e.Change.Incoming == 7) != waits || (e.Change.Available == 7) == waits {
			t.Errorf("%s: %+v, want usable %d, expires %d, reason %q", name, e, tt.usable, tt.day, tt.reason)
		}
	}
}

func TestTermsRejected(t *testing.T) {
	rules := access.Defaults()
	rules.OwnTerms = access.OwnTerms{MaxUsableAfterHours: 48, MaxExpiresAfterDays: 30}
	none := access.Defaults()
	none.OwnTerms = access.OwnTerms{}
	for name, tt := range map[string]struct {
		rules access.Preferences
		terms Terms
		want  error
	}{
		"no such campaign":      {rules, Terms{Campaign: "BDAY"}, ErrCampaignUnknown},
		"usable too late":       {rules, Terms{Usable: noon.Add(49 * time.Hour)}, ErrTerms},
		"expires too late":      {rules, Terms{Expires: noon.AddDate(0, 0, 31)}, ErrTerms},
		"expired":               {rules, Terms{Expires: noon}, ErrTerms},
		"expires before usable": {rules, Terms{Usable: noon.Add(3 * time.Hour), Expires: noon.Add(2 * time.Hour)}, ErrTerms},
		"no hour between":       {rules, Terms{Usable: noon.Add(11*time.Hour + time.Minute), Expires: noon.Add(11*time.Hour + 2*time.Minute)}, ErrTerms},
		"none allowed, usable":  {none, Terms{Usable: noon.Add(time.Hour)}, ErrTerms},
		"none allowed, expires": {none, Terms{Expires: noon.Add(time.Hour)}, ErrTerms},
	} {
		d := newDraft(account(t, tt.rules), tt.rules, noon)
		if err := d.grant(Grant{Points: 7, Terms: tt.terms}, ""); !errors.Is(err, tt.want) || len(d.made) != 0 {
			t.Errorf("%s: %v and %d entries, want %v", name, err, len(d.made), tt.want)
		}
	}
}

// Undoing an add takes the points that wait, and those that are usable, once only.
func TestReversalOfAGrantThatWaits(t *testing.T) {
	rules := access.Defaults()
	p := account(t, rules,
		func(d *draft) error {
			return d.grant(Grant{Points: 10, Terms: Terms{Usable: noon.Add(5 * time.Hour)}}, "")
		},
		func(d *draft) error {
			return d.grant(Grant{Points: 20, Terms: Terms{Usable: noon.Add(9 * time.Hour)}}, "")
		})
	e := Entry{Seq: 1, Kind: KindAdd, Usable: hourFrom(noon.Add(5 * time.Hour)), Expires: Never, Change: Figures{Incoming: 10}}
	d := newDraft(p, rules, noon)
	so, err := d.reverse(e, Reversal{}, 4, Text{})
	if err != nil || d.Incoming != 26 || d.Available != 0 || d.Waiting[0].Points != 6 {
		t.Fatalf("reverse() = %v, leaves %+v", err, d.Account)
	}
	d.now = noon.Add(6 * time.Hour)
	d.settle()
	if _, err = d.reverse(e, so, 0, Text{}); err != nil || d.Incoming != 20 || d.Available != 0 {
		t.Errorf("reverse() = %v, leaves %+v", err, d.Figures)
	}
	if _, err := d.reverse(e, Reversal{Points: 10, By: []int64{3, 5}}, 0, Text{}); !errors.Is(err, ErrAlreadyReversed) {
		t.Errorf("reverse() again = %v", err)
	}
}
