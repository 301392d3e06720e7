package haravan

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/idempotency"
	"regulars/shared/points"
	"regulars/shared/value"
)

// proposedSettings is the member of the body of a dry run, beside its object, that says
// by which settings it is decided, as a change of those in force (RFC 7396).
const proposedSettings = "settings"

// proposable are the settings that may be proposed: those that say what an order earns.
var proposable = []string{"earning", "levels", "money_per_ranking_point"}

// proposal reads the settings that the body proposes beside the object of that name;
// nil: none.
func (c *call) proposal(object string) (*access.Preferences, error) {
	if err := c.readBody(object); err != nil {
		return nil, err
	}
	v, given := c.body[proposedSettings]
	if !given {
		return nil, nil
	}
	patch, ok := v.(map[string]any)
	switch {
	case !c.dryRun:
		return nil, reject("only_of_dry_run", proposedSettings)
	case !ok:
		return nil, reject("wrong_type/settings", proposedSettings, value.TypeName(v))
	}
	c.proposes = true
	for _, name := range slices.Sorted(maps.Keys(patch)) {
		if !slices.Contains(proposable, name) {
			return nil, reject("bad_setting/unknown", short(proposedSettings+"."+name), strings.Join(proposable, ", "))
		}
	}
	changed, err := c.Settings.Change(patch)
	if clientErr, rejected := errs.AsClient(err); rejected {
		return nil, clientErr.At(short(proposedSettings + "." + clientErr.Path)).DependingOnSettings()
	}
	return &changed.Preferences, err
}

// A trialEntry is an entry that an order would make.
type trialEntry struct {
	Kind    string  `json:"kind"`
	Value   int64   `json:"value"`
	Reason  string  `json:"reason"`
	Changes figures `json:"changes"`
	Expires *string `json:"expires,omitempty"`
	Usable  *string `json:"usable_at,omitempty"`
	Rules   string  `json:"rules,omitempty"`
}

// tryOrder answers what an order would give by the settings: the bare profile after it,
// and the entries. It is decided as a new one, so a key does not matter.
func (d *Dialect) tryOrder(c *call, o points.Order, by access.Preferences) (httpapi.Answer, error) {
	if c.flaw != nil {
		return httpapi.Answer{}, c.flaw
	}
	if c.Header.Get(idempotency.Header) != "" {
		c.Ignore(idempotency.Header)
	}
	r := c.unkeyed()
	r.Rules = by
	trial, err := d.points.Try(c.Context(), r, o)
	if err != nil {
		return httpapi.Answer{}, err
	}
	entries := make([]trialEntry, len(trial.Entries))
	for i, made := range trial.Entries {
		e := newEntry(points.Line{Entry: made})
		entries[i] = trialEntry{e.Kind, e.Value, e.Reason, figures(made.Change), e.Expires, e.Usable, e.Rules}
	}
	answer, err := httpapi.JSON(http.StatusOK, struct {
		profile
		Entries []trialEntry `json:"entries"`
	}{newProfile(trial.Profile, by).asResource(trial.Profile), entries})
	c.sayDryRun(&answer)
	return answer, err
}
