// Package catalog is the domain of what a business offers: categories, products
// and the tasks that a product grants; and of the purchases that give a product
// to a customer. A Mojodex profile is a product that is free and unlimited, a
// role its purchase. It knows neither HTTP nor DynamoDB: everything is decided
// over what was loaded, and the clock is an argument (docs/contracts/mojodex.md,
// Mojodex 1 to 3).
package catalog

import (
	"strings"

	"regulars/shared/customer"
	"regulars/shared/errs"
)

// A Category groups products.
type Category struct {
	Number    int
	Label     string // unique in the tenant
	Emoji     string
	Goal      string // copied to a customer that comes to the category
	Visible   bool
	Displayed Texts
	customer.Rev
}

// A Product is a set of tasks. It is active from its creation on and is never
// deleted, as categories and tasks are not: what was read of one once is there
// for good.
type Product struct {
	Number    int
	Label     *string // unique in the tenant; one product may have none
	Category  int
	Displayed Texts // without descriptions
	Free      bool
	// Days and Limit bound a purchase: so many days, so many tasks. Nil and 0
	// are no bound when its kind is asked for.
	Days, Limit *int
	// StripeID and AppleID are unique in the tenant, unless nil.
	StripeID, AppleID *string
	Links             []Link
	customer.Rev
}

// A Link says that a product has a task. It bears a number of its own.
type Link struct{ Number, Task int }

// Subscription reports whether a purchase of the product has no bounds.
func (p Product) Subscription() bool { return !bounds(p.Days) && !bounds(p.Limit) }

// Exclusive: of subscriptions and free trials a customer has one at a time.
func (p Product) Exclusive() bool { return p.Subscription() || p.Free }

func bounds(n *int) bool { return n != nil && *n != 0 }

// Has reports whether the product has a task.
func (p Product) Has(task int) bool {
	for _, l := range p.Links {
		if l.Task == task {
			return true
		}
	}
	return false
}

// A Text is what is shown of something in one language.
type Text struct{ Language, Name, Description string }

// Texts are in the order in which they were given; a language may repeat, and
// then its first counts.
type Texts []Text

// DefaultLanguage is shown where there is nothing in the customer's own.
const DefaultLanguage = "en"

// In returns the text in a language; else in that without its region (fr for
// fr-CA), else in English. It reports false where there is none of these.
func (t Texts) In(language string) (Text, bool) {
	short, _, _ := strings.Cut(strings.ReplaceAll(language, "_", "-"), "-")
	for _, wanted := range []string{language, short, DefaultLanguage} {
		for _, text := range t {
			if text.Language == wanted {
				return text, true
			}
		}
	}
	return Text{}, false
}

// A Ref is a number as a client named it.
type Ref struct {
	// Number is 0 where Raw is no number that anything can have.
	Number int
	// Raw is the JSON value that the client sent, for the client error.
	Raw any
}

// The limits of the catalog.
const (
	// MaxText is how many characters a short text may have.
	MaxText = 255
	// MaxLanguage is how many characters the code of a language may have.
	MaxLanguage = 2
	// maxLinks is how many tasks a product may have. A customer's purchases and
	// user tasks are one item, so that their number must stay within reason.
	maxLinks = 200
	// MaxActive is how many active purchases a customer may have. One that ends
	// them all at once must fit one transaction.
	MaxActive = 60
	// MaxBytes is how large a category, product or task may be, as the table
	// counts it.
	MaxBytes = 300_000
	// maxListBytes is how much of the catalog one list may show: an answer of
	// Lambda may have 6 MB.
	maxListBytes = 5_000_000
)

// TooLarge rejects what would have size bytes.
func TooLarge(what string, size int) error {
	return reject("too_large", "", what, size, MaxBytes)
}

// TooManyChanges rejects what would change so many items at once.
func TooManyChanges(items int) error {
	return errs.New(errs.FailedPrecondition, "too_many_changes", "", items, customer.MaxItems)
}

// ErrListTooLong rejects a list that would be larger than an answer may be.
var ErrListTooLong = errs.New(errs.Invalid, "list_too_long", "")

// showable rejects a list of things that are too large together.
func showable[T any](list []T, size func(T) int) ([]T, error) {
	bytes := 0
	for _, e := range list {
		bytes += size(e)
	}
	if bytes > maxListBytes {
		return nil, ErrListTooLong
	}
	return list, nil
}

func reject(code, path string, args ...any) *errs.Client {
	return errs.New(errs.Invalid, code, path, args...)
}
