package access

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

const (
	// maxName bounds names of tenants, tokens, fields, levels, in bytes.
	maxName = 100
	// maxPoints bounds money and points: JSON keeps whole numbers below it.
	maxPoints = 1<<53 - 1
	// maxLevel bounds the numbers of levels, which clients keep in 32 bits.
	maxLevel = 1<<31 - 1
	// maxSegment bounds the numbers of segments, which clients keep in 32 bits.
	maxSegment = 1<<31 - 1
	// maxURL bounds the addresses of resources, in bytes.
	maxURL = 500
	// maxPercent of a level: a hundred times as many points.
	maxPercent = 10_000
	// maxWaitHours is a year, maxExpiryDays ten: longer is a slip of the pen.
	maxWaitHours  = 366 * 24
	maxExpiryDays = 3_660
	// maxHold is how long points may be held, in seconds.
	maxHold = 31 * 24 * 3600
	// maxRate bounds size and leak of the rate limit, and the budget.
	maxRate = 100_000
	// maxVerifyDays is a year.
	maxVerifyDays = 366
	// maxUnmergeDays and maxHistoryDays are ten years.
	maxUnmergeDays = 3660
	maxHistoryDays = 3660
)

var (
	callingCode  = regexp.MustCompile(`^[1-9][0-9]{0,2}$`)
	languageCode = regexp.MustCompile(`^[a-z]{2}$`)
)

// check rejects, naming the member, what the choices may not be.
func (c Preferences) check() error {
	if err := checkName("name", c.Name); err != nil {
		return err
	}
	if c.Country != "" && !callingCode.MatchString(c.Country) {
		return badSetting("country", "country")
	}
	if err := c.checkDeclared(); err != nil {
		return err
	}
	if err := c.checkLevels(); err != nil {
		return err
	}
	if err := c.checkEarning(); err != nil {
		return err
	}
	if err := c.checkEarningRules(); err != nil {
		return err
	}
	if err := c.checkWallets(); err != nil {
		return err
	}
	for _, l := range c.Languages {
		if !languageCode.MatchString(l) {
			return badSetting("language", "languages", l)
		}
	}
	if err := inRange("rate_limit.size", c.RateLimit.Size, 0, maxRate); err != nil {
		return err
	}
	if err := inRange("rate_limit.leak", c.RateLimit.Leak, 1, maxRate); err != nil {
		return err
	}
	if err := inRange("budget.requests", c.Budget.Requests, 0, maxRate); err != nil {
		return err
	}
	if err := inRange("budget.write_units", c.Budget.WriteUnits, 0, maxRate); err != nil {
		return err
	}
	if err := inRange("verify_days", c.VerifyDays, 0, maxVerifyDays); err != nil {
		return err
	}
	if err := inRange("unmerge_days", c.UnmergeDays, 0, maxUnmergeDays); err != nil {
		return err
	}
	return inRange("history_days", c.HistoryDays, 0, maxHistoryDays)
}

func (c Preferences) checkDeclared() error {
	for _, o := range []struct {
		name  string
		value Openness
	}{{"fields", c.Fields}, {"resources", c.Resources}, {"attributes", c.Attributes}} {
		if err := oneOf(o.name, o.value, Open, Declared); err != nil {
			return err
		}
	}
	for name, f := range c.DeclaredFields {
		if err := checkField(join("declared_fields", name), name, f); err != nil {
			return err
		}
	}
	for id, r := range c.DeclaredResources {
		if err := checkResource(fmt.Sprintf("declared_resources.%d", id), id, r); err != nil {
			return err
		}
	}
	for number, segment := range c.Segments {
		if err := checkSegment(fmt.Sprintf("segments.%d", number), number, segment); err != nil {
			return err
		}
	}
	for name, a := range c.DeclaredAttributes {
		path := join("declared_attributes", name)
		if err := checkName(path, name); err != nil {
			return err
		}
		if err := oneOf(path+".type", a.Type, AttributeTypes...); err != nil {
			return err
		}
	}
	return nil
}

func checkField(path, name string, f FieldType) error {
	if err := checkName(path, name); err != nil {
		return err
	}
	if err := oneOf(path+".type", f.Type, FieldTypes...); err != nil {
		return err
	}
	if (f.Type == "enum") != (len(f.Options) > 0) {
		return badSetting("options", path+".options")
	}
	for i, option := range f.Options {
		if option == "" || slices.Contains(f.Options[:i], option) {
			return badSetting("option", path+".options")
		}
	}
	return nil
}

func checkResource(path string, id int64, r Resource) error {
	if id < 1 {
		return badSetting("resource_number", path)
	}
	if err := checkName(path+".name", r.Name); err != nil {
		return err
	}
	if err := checkURL(path+".url", r.URL); err != nil {
		return err
	}
	for _, channel := range r.Channels {
		if err := oneOf(path+".channels", channel, customer.Channels...); err != nil {
			return err
		}
	}
	return nil
}

// checkURL rejects what is neither empty nor the address of a page.
func checkURL(path, address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || len(address) > maxURL {
		return badSetting("url", path, maxURL)
	}
	return nil
}

func checkSegment(path string, number int64, s Segment) error {
	if number < 1 || number > maxSegment {
		return badSetting("segment_number", path, maxSegment)
	}
	return checkName(path+".name", s.Name)
}

func (c Preferences) checkLevels() error {
	from := make(map[int64]bool, len(c.Levels))
	for _, id := range slices.Sorted(maps.Keys(c.Levels)) {
		level, path := c.Levels[id], fmt.Sprintf("levels.%d", id)
		if id < 1 || id > maxLevel {
			return badSetting("level_number", path, maxLevel)
		}
		if err := checkName(path+".name", level.Name); err != nil {
			return err
		}
		if err := inRange(path+".from", level.From, 0, maxPoints); err != nil {
			return err
		}
		if from[level.From] {
			return badSetting("level_twice", path+".from", level.From)
		}
		from[level.From] = true
	}
	return nil
}

func (c Preferences) checkEarning() error {
	for id, percent := range c.Earning.PercentOfLevel {
		path := fmt.Sprintf("earning.percent_of_level.%d", id)
		if _, ok := c.Levels[id]; !ok {
			return badSetting("no_level", path, id)
		}
		if err := inRange(path, percent, 0, maxPercent); err != nil {
			return err
		}
	}
	for code, campaign := range c.Campaigns {
		if err := checkCampaign(join("campaigns", code), code, campaign); err != nil {
			return err
		}
	}
	if err := oneOf("earning.rounding", c.Earning.Rounding, RoundDown, RoundNearest); err != nil {
		return err
	}
	for _, n := range []struct {
		name       string
		value      int64
		least, top int64
	}{
		{"earning.money_per_point", c.Earning.MoneyPerPoint, 1, maxPoints},
		{"earning.usable_after_hours", c.Earning.UsableAfterHours, 0, maxWaitHours},
		{"earning.expires_after_days", c.Earning.ExpiresAfterDays, 0, maxExpiryDays},
		{"own_terms.max_usable_after_hours", c.OwnTerms.MaxUsableAfterHours, 0, maxWaitHours},
		{"own_terms.max_expires_after_days", c.OwnTerms.MaxExpiresAfterDays, 0, maxExpiryDays},
		{"holds.max_expires_in", c.Holds.MaxExpiresIn, 1, maxHold},
		{"holds.expires_in", c.Holds.ExpiresIn, 1, c.Holds.MaxExpiresIn},
		{"money_per_ranking_point", c.MoneyPerRankingPoint, 1, maxPoints},
		{"overdraft", c.Overdraft, 0, maxPoints},
	} {
		if err := inRange(n.name, n.value, n.least, n.top); err != nil {
			return err
		}
	}
	return nil
}

func checkCampaign(path, code string, c Campaign) error {
	if err := checkName(path, code); err != nil {
		return err
	}
	if err := checkName(path+".name", c.Name); err != nil {
		return err
	}
	if err := inRange(path+".usable_after_hours", c.UsableAfterHours, 0, maxWaitHours); err != nil || c.ExpiresAfterDays == nil {
		return err
	}
	return inRange(path+".expires_after_days", *c.ExpiresAfterDays, 0, maxExpiryDays)
}

// checkName rejects a name that is empty, too long or not plain text. field is
// what the client calls it.
func checkName(field, name string) error {
	switch {
	case strings.TrimSpace(name) == "":
		return errs.New(errs.Invalid, "bad_name/empty", field)
	case len(name) > maxName:
		return errs.New(errs.Invalid, "bad_name/too_long", field, maxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return errs.New(errs.Invalid, "bad_name/not_plain", field)
	}
	return nil
}

func inRange(field string, n, least, top int64) error {
	if n < least || n > top {
		return badSetting("out_of_range", field, least, top)
	}
	return nil
}

func oneOf[T ~string](field string, value T, allowed ...T) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	return badSetting("not_one_of", field, strings.Join(names, ", "))
}
