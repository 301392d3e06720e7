package access

import (
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
)

// Preferences are what a tenant's administrators choose. Their JSON form is what
// `change-settings` merges into and what is kept. Copies share their
// maps and lists, so nobody changes these.
type Preferences struct {
	// Name of the business, up to 100 bytes.
	Name string `json:"name"`
	// Country is the calling code, digits only, that stands for the leading 0 of
	// a phone; empty: not set.
	Country string `json:"country"`

	// Fields says which custom fields may be written.
	Fields         Openness             `json:"fields"`
	DeclaredFields map[string]FieldType `json:"declared_fields"`
	// Resources says to which resources there may be subscriptions.
	Resources         Openness           `json:"resources"`
	DeclaredResources map[int64]Resource `json:"declared_resources"`
	// Segments are the static ones that customers can be put into, by number.
	Segments map[int64]Segment `json:"segments"`
	// Attributes says which core attributes the Genesys dialect takes.
	Attributes         Openness             `json:"attributes"`
	DeclaredAttributes map[string]Attribute `json:"declared_attributes"`

	// Campaigns by the code that an add names, with the terms of its points.
	Campaigns map[string]Campaign `json:"campaigns"`
	// OwnTerms bound what an add may say itself.
	OwnTerms OwnTerms `json:"own_terms"`
	// Levels by the number that answers show.
	Levels  map[int64]Level `json:"levels"`
	Earning Earning         `json:"earning"`
	Holds   Holds           `json:"holds"`
	// MoneyPerRankingPoint is how much of an order's total makes one.
	MoneyPerRankingPoint int64 `json:"money_per_ranking_point"`
	// Wallets are those beside the first, by number.
	Wallets map[int64]Wallet `json:"wallets,omitempty"`
	// UniqueRefID: a ref_id happens once for a customer and direction.
	UniqueRefID bool `json:"unique_ref_id"`
	// SubtractCountsAsUsed: a subtraction raises the used points, too.
	SubtractCountsAsUsed bool `json:"subtract_counts_as_used"`
	// NegativeOnReversal: a reversal may leave less than no points.
	NegativeOnReversal bool `json:"negative_on_reversal"`
	// Overdraft is how many points below zero a subtraction may lead; 0: none.
	Overdraft int64     `json:"overdraft"`
	RateLimit RateLimit `json:"rate_limit"`
	// Budget bounds all requests of the tenant, in all dialects together.
	Budget Budget `json:"budget"`
	// VerifyDays is in how many days the reconciliation looks at each customer once; 0:
	// it does not.
	VerifyDays int64 `json:"verify_days"`
	// UnmergeDays is for how many days a merge of two customers can be undone; what they
	// were is kept that long. 0: it cannot.
	UnmergeDays int64 `json:"unmerge_days"`
	// HistoryDays is for how many days the history of a customer has what its fields were
	// and became; their names stay. 0: there is no history.
	HistoryDays int64 `json:"history_days"`
	// Languages of two lower-case letters that texts may be in; empty: any.
	Languages []string `json:"languages"`
}

// Openness says whether a name must be declared before it is used.
type Openness string

// The two ways.
const (
	Open     Openness = "open"
	Declared Openness = "declared"
)

// A FieldType is the type of a declared custom field.
type FieldType struct {
	// Type is one of [FieldTypes].
	Type string `json:"type"`
	// Options are the values of an enum, as text.
	Options []string `json:"options,omitempty"`
}

// FieldTypes are those of Altcraft 3.6.
var FieldTypes = []string{
	"string", "int", "float", "bool", "date", "ip", "enum", "version", "tags", "object", "arr_object",
}

// A Resource is a declared one.
type Resource struct {
	Name string `json:"name"`
	// URL of the site or the application, http or https; empty: none.
	URL string `json:"url,omitempty"`
	// Channels it has; empty: all.
	Channels []customer.Channel `json:"channels,omitempty"`
}

// A Segment is a declared static one. Who is in it is kept on the customers, so one
// that is declared again under its number has those whom it had.
type Segment struct {
	Name string `json:"name"`
}

// An Attribute is a declared one of the Genesys core schema.
type Attribute struct {
	// Type is one of [AttributeTypes].
	Type string `json:"type"`
}

// AttributeTypes are those of Genesys 3.2.
var AttributeTypes = extension.AttributeTypes

// A Level is reached with ranking points.
type Level struct {
	Name string `json:"name"`
	// From is the least number of ranking points.
	From int64 `json:"from"`
}

// Earning says what orders earn.
type Earning struct {
	// MoneyPerPoint is how much of an order's total makes one point.
	MoneyPerPoint int64    `json:"money_per_point"`
	Rounding      Rounding `json:"rounding"`
	// PercentOfLevel is what a customer of that level earns; a level that is
	// not named: 100.
	PercentOfLevel map[int64]int64 `json:"percent_of_level"`
	// UsableAfterHours is the waiting time; 0: at once.
	UsableAfterHours int64 `json:"usable_after_hours"`
	// ExpiresAfterDays counts from when points are usable; 0: never.
	ExpiresAfterDays int64 `json:"expires_after_days"`
	// Rules by their names give bonus points besides.
	Rules map[string]EarningRule `json:"rules,omitempty"`
	// OffsetMinutes is that of the weekdays of rules from UTC.
	OffsetMinutes int64 `json:"offset_minutes,omitempty"`
}

// A Campaign, or reason, for which points are given.
type Campaign struct {
	// Name is the reason of an add that gives none.
	Name string `json:"name"`
	// UsableAfterHours is the waiting time; 0: at once.
	UsableAfterHours int64 `json:"usable_after_hours,omitempty"`
	// ExpiresAfterDays counts from when points are usable; 0: never, nil: as
	// [Earning] says.
	ExpiresAfterDays *int64 `json:"expires_after_days,omitempty"`
}

// OwnTerms are the latest that an add may say its points become usable and expire; 0:
// it may not say so.
type OwnTerms struct {
	MaxUsableAfterHours int64 `json:"max_usable_after_hours"`
	MaxExpiresAfterDays int64 `json:"max_expires_after_days"`
}

// Holds says how long points are set aside, in seconds.
type Holds struct {
	// ExpiresIn holds for a hold that says nothing itself.
	ExpiresIn int64 `json:"expires_in"`
	// MaxExpiresIn is the longest that a hold may say.
	MaxExpiresIn int64 `json:"max_expires_in"`
}

// Rounding says what becomes of a part of a point.
type Rounding string

// The ways of rounding.
const (
	RoundDown    Rounding = "down"
	RoundNearest Rounding = "nearest"
)

// RateLimit is a leaky bucket of requests.
type RateLimit struct {
	// Size is how many requests it holds; 0: there is no limit.
	Size int64 `json:"size"`
	// Leak is how many leave it in a second.
	Leak int64 `json:"leak"`
}

// Defaults are the choices of a tenant that chose nothing: those of the contracts.
func Defaults() Preferences {
	return Preferences{
		Fields: Open, DeclaredFields: map[string]FieldType{},
		Resources: Open, DeclaredResources: map[int64]Resource{},
		Segments:   map[int64]Segment{},
		Attributes: Open, DeclaredAttributes: map[string]Attribute{},
		Campaigns: map[string]Campaign{},
		OwnTerms:  OwnTerms{MaxUsableAfterHours: maxWaitHours, MaxExpiresAfterDays: maxExpiryDays},
		Levels:    map[int64]Level{},
		Earning: Earning{
			MoneyPerPoint: 1000, Rounding: RoundDown, PercentOfLevel: map[int64]int64{},
		},
		Holds:                Holds{ExpiresIn: 15 * 60, MaxExpiresIn: 7 * 24 * 3600},
		MoneyPerRankingPoint: 100,
		RateLimit:            RateLimit{Size: 80, Leak: 4},
		Budget:               Budget{Requests: 2000, WriteUnits: 10_000},
		VerifyDays:           30,
		UnmergeDays:          365,
		Languages:            []string{},
	}
}
