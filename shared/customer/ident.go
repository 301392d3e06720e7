package customer

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/errs"
	"regulars/shared/value"
)

// An IdentKey is a tenant's search index over one or more attributes of customers
// or of one of their extensions (Genesys 3.7).
type IdentKey struct {
	// Name as it was declared; case does not tell names apart.
	Name string `json:"name"`
	// Number stands for the key in table keys and is never used again. Lower ones
	// are chosen first.
	Number int `json:"number"`
	// Extension is the number of the extension whose attributes they are, Source
	// its name; 0: core attributes.
	Extension int    `json:"extension,omitempty"`
	Source    string `json:"source,omitempty"`
	// Attributes by name, at least one.
	Attributes []string `json:"attributes"`
	// Unique: no two customers have the same values.
	Unique bool `json:"unique,omitempty"`
	// State says who uses the key.
	State FieldState `json:"state"`
	// Duplicates are customers, in no order, because of which a unique key failed.
	Duplicates []ID `json:"duplicates,omitempty"`
}

// FieldFailed is the state of a unique identification key over values that were
// not: writers only release its values, searches do not use it.
const FieldFailed FieldState = "failed"

// IdentKeys are the identification keys of one tenant, by number.
type IdentKeys []IdentKey

// Find returns the key of that name, in any case, that was not deleted.
func (k IdentKeys) Find(name string) (IdentKey, bool) {
	i := slices.IndexFunc(k, func(i IdentKey) bool { return i.State != FieldRemoving && strings.EqualFold(i.Name, name) })
	if i < 0 {
		return IdentKey{}, false
	}
	return k[i], true
}

// Numbered returns the key with that number.
func (k IdentKeys) Numbered(number int) (IdentKey, bool) {
	i := slices.IndexFunc(k, func(i IdentKey) bool { return i.Number == number })
	if i < 0 {
		return IdentKey{}, false
	}
	return k[i], true
}

// Choose returns the ready key for a search by some attributes, as Genesys 1.4
// has it: the first whose attributes are all there, else the one of which most
// are, in order from the left; false where no key has its first attribute there.
func (k IdentKeys) Choose(supplied func(IdentKey, string) bool) (IdentKey, bool) {
	var best IdentKey
	most := 0
	for _, key := range k {
		if key.State != FieldReady {
			continue
		}
		n := key.Supplied(supplied)
		if n == len(key.Attributes) {
			return key, true
		}
		if n > most {
			best, most = key, n
		}
	}
	return best, most > 0
}

// Supplied is how many of the key's attributes are there, from the left without
// a gap.
func (k IdentKey) Supplied(supplied func(IdentKey, string) bool) int {
	n := slices.IndexFunc(k.Attributes, func(name string) bool { return !supplied(k, name) })
	if n < 0 {
		return len(k.Attributes)
	}
	return n
}

// ErrIdentKeyFailed rejects the use of a key that is to be unique where customers
// share values.
var ErrIdentKeyFailed = &errs.Client{Kind: errs.FailedPrecondition, Code: "ident_key_failed"}

// Failure is [ErrIdentKeyFailed] with the customers that share values, for a key
// that failed; nil for any other.
func (k IdentKey) Failure() *errs.Client {
	if k.State != FieldFailed {
		return nil
	}
	named := make([]Named, len(k.Duplicates))
	for i, id := range k.Duplicates {
		named[i] = Named{ID: id}
	}
	return errs.New(ErrIdentKeyFailed.Kind, ErrIdentKeyFailed.Code, "", named)
}

// Contact returns the kind of match key that answers for this key: one over the
// e-mail alone or the phone alone that customers may share stores nothing.
func (k IdentKey) Contact() (Kind, bool) {
	if k.Unique || k.Extension != 0 || len(k.Attributes) != 1 {
		return "", false
	}
	switch k.Attributes[0] {
	case AttributeEmail:
		return KindEmail, true
	case AttributePhone:
		return KindPhone, true
	}
	return "", false
}

// writes reports whether writers store values of the key, and do not only release
// them.
func (k IdentKey) writes() bool { return k.State == FieldBuilding || k.State == FieldReady }

// kind is the kind of a unique key's match keys.
func (k IdentKey) kind() Kind { return Kind("i" + strconv.Itoa(k.Number)) }

// maxIdentValues bounds the values that are reckoned of one customer: many
// e-mails times many phones are more than anybody searches by.
const maxIdentValues = 10_000

// An IdentValue is what one customer is found by under a key: a text for each of
// its attributes, of which all but the first may be empty.
type IdentValue struct {
	// Key is the key's number.
	Key   int
	texts string // with NUL between them, which no text contains
}

func newIdentValue(key int, texts []string) IdentValue {
	return IdentValue{key, strings.Join(texts, "\x00")}
}

// Texts are the texts, one for each attribute.
func (v IdentValue) Texts() []string { return strings.Split(v.texts, "\x00") }

// Hash is a name for the value that tells it from others of the key.
func (v IdentValue) Hash() string { return shortHash(v.texts, 16) }

// complete reports whether no text is empty: only then a unique key makes the values
// unique.
func (v IdentValue) complete() bool { return !slices.Contains(v.Texts(), "") }

// identValues are the values that c has under a key. Those of an extension whose
// records were not read are unknown, and none.
func (c Customer) identValues(k IdentKey) []IdentValue {
	if _, contact := k.Contact(); contact {
		return nil
	}
	if k.Extension != 0 {
		return c.recordValues(k)
	}
	combinations := [][]string{{}}
	for i, name := range k.Attributes {
		texts := c.attributeTexts(name)
		if len(texts) == 0 {
			if i == 0 {
				return nil
			}
			texts = []string{""}
		}
		combinations = product(combinations, texts)
	}
	values := make([]IdentValue, len(combinations))
	for i, texts := range combinations {
		values[i] = newIdentValue(k.Number, texts)
	}
	return values
}

func product(left [][]string, right []string) [][]string {
	var all [][]string
	for _, l := range left {
		for _, r := range right {
			if len(all) == maxIdentValues {
				return all
			}
			all = append(all, append(slices.Clone(l), r))
		}
	}
	return all
}

// recordValues are the values in the records of an extension, each once.
func (c Customer) recordValues(k IdentKey) []IdentValue {
	records := c.Extensions[k.Extension].Records
	if len(records) == 0 {
		return nil
	}
	var values []IdentValue
	seen := make(map[IdentValue]bool, len(records))
	for _, record := range records {
		texts := make([]string, len(k.Attributes))
		for i, name := range k.Attributes {
			texts[i], _ = value.Text(record[name])
		}
		v := newIdentValue(k.Number, texts)
		if texts[0] != "" && !seen[v] {
			seen[v] = true
			values = append(values, v)
		}
	}
	return values
}

// allIdentValues are the values that c has under all keys.
func (c Customer) allIdentValues(keys IdentKeys) map[IdentValue]IdentKey {
	var values map[IdentValue]IdentKey
	for _, k := range keys {
		for _, v := range c.identValues(k) {
			if values == nil {
				values = map[IdentValue]IdentKey{}
			}
			values[v] = k
		}
	}
	return values
}

// matchKey is the match key that makes the value unique.
func (v IdentValue) matchKey(k IdentKey) (Key, bool) {
	if !k.Unique || !v.complete() {
		return Key{}, false
	}
	return Key{k.kind(), v.Hash()}, true
}

// An IdentChange puts or removes an identification value of a customer.
type IdentChange struct {
	Key  int
	Hash string
	// Texts are those of a value that is put; of one that is removed: none.
	Texts []string
}

// Put reports whether the value is put.
func (i IdentChange) Put() bool { return i.Texts != nil }

// identChanges are the values that come and go when before becomes after, in a
// fixed order.
func identChanges(before, after Customer, keys IdentKeys) []IdentChange {
	if len(keys) == 0 {
		return nil
	}
	held, holds := before.allIdentValues(keys), after.allIdentValues(keys)
	var changes []IdentChange
	for v := range held {
		if _, still := holds[v]; !still {
			changes = append(changes, IdentChange{Key: v.Key, Hash: v.Hash()})
		}
	}
	for v, k := range holds {
		if _, already := held[v]; !already && k.writes() {
			changes = append(changes, IdentChange{v.Key, v.Hash(), v.Texts()})
		}
	}
	slices.SortFunc(changes, func(a, b IdentChange) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Hash, b.Hash))
	})
	return changes
}
