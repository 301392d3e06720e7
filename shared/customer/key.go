package customer

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"

	"regulars/shared/contact"
	"regulars/shared/value"
)

// Kind says what kind of value a match key is. Match fields have kinds of their
// own, [MatchField.Kind].
type Kind string

// The kinds that every tenant has.
const (
	KindEmail Kind = "email"
	KindPhone Kind = "phone"
	KindPush  Kind = "push"
	// KindClientID is that of ids that clients brought, held in the role First.
	KindClientID Kind = "id"
)

// A Key is a value by which customers are found, in the form it is compared in.
type Key struct {
	Kind  Kind
	Value string
}

// EmailKey is the key of an address in any spelling ([contact.StoredEmailKey]).
func EmailKey(address string) Key { return Key{KindEmail, contact.StoredEmailKey(address)} }

// ClientIDKey is the key of an id that a client brought.
func ClientIDKey(id string) Key { return Key{KindClientID, id} }

// PhoneKey takes a number as [ParsePhone] returns it.
func PhoneKey(number string) Key { return Key{KindPhone, number} }

// PushKey takes a push provider and the token it issued, which is compared as
// [contact.Match] has it.
func PushKey(provider, token string) Key { return pushKey(provider, contact.Match(token)) }

func pushKey(provider, token string) Key {
	return Key{KindPush, url.PathEscape(provider) + "/" + token}
}

// Roles are the match roles in which a customer holds a key.
type Roles uint8

// The match roles.
const (
	// First is the role of the one e-mail that is unique in the tenant.
	Primary Roles = 1 << iota
	// Further e-mails, and all phones of a customer.
	Secondary
	// InSubscription: the contact of a subscription that is not deleted.
	InSubscription
	// InCustom: the value of a match field.
	InCustom

	// Profile is every role but that of a subscription's contact.
	Profile = Primary | Secondary
	// Anywhere is every role of a contact.
	Anywhere = Profile | InSubscription
)

// maxOwners is how many owners a key names; one more makes it overflowed.
const maxOwners = 100

// Owners says who holds a key, and in which roles. It is a value: With returns
// another.
type Owners struct {
	// Roles by customer. Of an overflowed key only the first owner is named.
	Roles map[ID]Roles
	// Overflowed: the key had more than 100 owners, and names them no more until it is
	// rebuilt.
	Overflowed bool
	// RebuiltBy is the job that rebuilds an overflowed key, behind a ! where it does so in
	// vain; empty: none. Collected are
	// the owners that it and all writers have named since, and Walked has a bit for each
	// part of the job that has named all owners of its shard. They count for nothing
	// until the job is done.
	RebuiltBy string
	Collected map[ID]Roles
	Walked    uint8
}

// In returns who holds the key in any of the roles, in the order of ids.
func (o Owners) In(roles Roles) []ID {
	var ids []ID
	for id, r := range o.Roles {
		if r&roles != 0 {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// First returns the one owner in the role First, or 0.
func (o Owners) Primary() ID {
	for id, r := range o.Roles {
		if r&Primary != 0 {
			return id
		}
	}
	return 0
}

// Empty reports whether nothing must be remembered of the key.
func (o Owners) Empty() bool { return len(o.Roles) == 0 && !o.Overflowed }

// Equal reports whether both say the same.
func (o Owners) Equal(p Owners) bool {
	return o.Overflowed == p.Overflowed && maps.Equal(o.Roles, p.Roles) &&
		o.RebuiltBy == p.RebuiltBy && maps.Equal(o.Collected, p.Collected) && o.Walked == p.Walked
}

// With returns the owners after id holds the key in just these roles; 0 releases
// it.
func (o Owners) With(id ID, roles Roles) Owners {
	o = o.collecting(id, roles)
	if o.Overflowed {
		roles &= Primary // an overflowed key names nobody in shared roles
	}
	next := o
	next.Roles = maps.Clone(o.Roles)
	if next.Roles == nil {
		next.Roles = map[ID]Roles{}
	}
	delete(next.Roles, id)
	if roles != 0 {
		next.Roles[id] = roles
	}
	if len(next.Roles) > maxOwners {
		next.Overflowed = true
		maps.DeleteFunc(next.Roles, func(_ ID, r Roles) bool { return r&Primary == 0 })
		for owner := range next.Roles {
			next.Roles[owner] = Primary
		}
	}
	return next
}

// inVain stands before the name of a job that cannot rebuild a key any more.
const inVain = "!"

// rebuilding reports whether a job names the owners of the key.
func (o Owners) rebuilding() bool {
	return o.RebuiltBy != "" && !strings.HasPrefix(o.RebuiltBy, inVain)
}

// collecting returns the owners with id named as the job that rebuilds the key wants
// it. Where they are more than a key names the job is in vain.
func (o Owners) collecting(id ID, roles Roles) Owners {
	if !o.rebuilding() {
		return o
	}
	collected := maps.Clone(o.Collected)
	if collected == nil {
		collected = map[ID]Roles{}
	}
	delete(collected, id)
	if roles != 0 {
		collected[id] = roles
	}
	if o.Collected = collected; len(collected) > maxOwners {
		o.RebuiltBy, o.Collected, o.Walked = inVain+o.RebuiltBy, nil, 0
	}
	return o
}

// holdings are the match keys that a customer holds, each once, in the order of
// [compareKeys].
type holdings []Lookup

// roles are those in which a key is held; 0: in none.
func (h holdings) roles(key Key) Roles {
	i, held := slices.BinarySearchFunc(h, key, func(l Lookup, key Key) int { return compareKeys(l.Key, key) })
	if !held {
		return 0
	}
	return h[i].Roles
}

func (h holdings) byKey() map[Key]Roles {
	keys := make(map[Key]Roles, len(h))
	for _, l := range h {
		keys[l.Key] = l.Roles
	}
	return keys
}

// Keys returns the match keys that c holds, and in which roles.
func (c Customer) Keys(fields MatchFields) map[Key]Roles {
	return c.held(fields, canonicalForms).byKey()
}

// Held returns Keys in the order of kinds and values.
func (c Customer) Held(fields MatchFields) []Lookup { return c.held(fields, canonicalForms) }

func (c Customer) held(fields MatchFields, f forms) holdings {
	keys := make(holdings, 0, len(c.Emails)+len(c.Phones)+len(c.Subscriptions))
	for i, e := range c.Emails {
		role := Secondary
		if i == 0 {
			role = Primary
		}
		keys = append(keys, Lookup{Key{KindEmail, f.email(e)}, role})
	}
	for _, p := range c.Phones {
		keys = append(keys, Lookup{PhoneKey(p), Secondary})
	}
	for _, s := range c.Subscriptions {
		if key, ok := s.matchKey(f); ok {
			keys = append(keys, Lookup{key, InSubscription})
		}
	}
	for _, field := range fields {
		for _, v := range c.fieldValues(field, f) {
			keys = append(keys, Lookup{Key{field.Kind(), v}, InCustom})
		}
	}
	if c.ClientID != "" {
		keys = append(keys, Lookup{ClientIDKey(c.ClientID), Primary})
	}
	for _, f := range c.Formerly {
		if f.ClientID != "" {
			keys = append(keys, Lookup{ClientIDKey(f.ClientID), Primary})
		}
	}
	return keys.inOrder()
}

// inOrder sorts the keys, and adds the roles of those that are the same.
func (h holdings) inOrder() holdings {
	slices.SortFunc(h, func(a, b Lookup) int { return compareKeys(a.Key, b.Key) })
	last := 0
	for i := 1; i < len(h); i++ {
		if h[i].Key == h[last].Key {
			h[last].Roles |= h[i].Roles
			continue
		}
		last++
		h[last] = h[i]
	}
	return h[:min(last+1, len(h))]
}

// AllKeys are Keys and those that make the values of unique identification keys
// unique.
func (c Customer) AllKeys(rules Rules) map[Key]Roles { return c.allHeld(rules).byKey() }

func (c Customer) allHeld(rules Rules) holdings {
	keys, matched := c.held(rules.MatchFields, canonicalForms), true
	for _, k := range rules.IdentKeys {
		if !k.Unique {
			continue
		}
		for _, v := range c.identValues(k) {
			if key, ok := v.matchKey(k); ok {
				keys, matched = append(keys, Lookup{key, Primary}), false
			}
		}
	}
	if matched {
		return keys
	}
	return keys.inOrder()
}

// matchKey is the key of the subscription's contact. Chat ids and the channels
// of messengers are not searched for.
func (s Subscription) matchKey(f forms) (Key, bool) {
	switch {
	case s.Deleted:
	case s.Channel == ChannelEmail:
		return Key{KindEmail, f.email(s.Contact)}, true
	case s.Channel == ChannelSMS:
		return PhoneKey(s.Contact), true
	case s.Channel == ChannelPush:
		token := f.match(s.Contact)
		return pushKey(s.Provider, token), token != ""
	}
	return Key{}, false
}

// fieldValues are the values of a match field, as they are compared.
func (c Customer) fieldValues(field MatchField, f forms) []string {
	if field.Of == OfCustomer {
		return matchValues(c.Custom[field.Name], field.Tags, f)
	}
	var values []string
	for _, s := range c.Subscriptions {
		if !s.Deleted {
			values = append(values, matchValues(s.Custom[field.Name], field.Tags, f)...)
		}
	}
	return values
}

// matchValues are the texts under which v is matched: a scalar's one, or the words of
// a field of tags. What is empty in the form it is compared in matches nobody.
func matchValues(v any, tags bool, f forms) []string {
	if tags {
		return wordsBy(v, f.word)
	}
	if text, ok := value.Text(v); ok {
		if text = f.match(text); text != "" {
			return []string{text}
		}
	}
	return nil
}

// Words are the words of a field of tags, each once: those of an array's elements
// or of a text, where commas stand between them.
func Words(v any) []string { return wordsBy(v, contact.Match) }

func wordsBy(v any, form func(string) string) []string {
	elements, isArray := v.([]any)
	if !isArray {
		elements = []any{v}
	}
	var words []string
	seen := map[string]bool{"": true}
	for _, e := range elements {
		text, _ := value.Text(e)
		for word := range strings.SplitSeq(text, ",") {
			if word = form(word); !seen[word] {
				seen[word] = true
				words = append(words, word)
			}
		}
	}
	return words
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Value, b.Value))
}
