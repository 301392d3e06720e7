package customer

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	wanted  = EmailKey("ada@x.com")
	other   = PhoneKey("+1111111")
	ski     = Key{"f2", "ski"}
	tea     = Key{"f2", "tea"}
	art     = Key{"f2", "art"}
	hobbies = MatchFields{{Name: "interests", Of: OfCustomer, Tags: true, Number: 2, State: FieldReady}}
)

func overflowedKey() KeyRecord { return KeyRecord{Owners{Overflowed: true}, rev} }

func anyOf(roles Roles, keys ...Key) Search {
	var s Search
	for _, key := range keys {
		s.Any = append(s.Any, Lookup{key, roles})
	}
	return s
}

func wordsOf(keys ...Key) Search { return Search{All: anyOf(InCustom, keys...).Any} }

func TestCandidates(t *testing.T) {
	narrowed := anyOf(Anywhere, wanted)
	narrowed.Resource = 7
	tests := []struct {
		name   string
		search Search
		keys   map[Key]KeyRecord
		want   []ID
		unsure bool
		err    error
	}{
		{name: "a key of nobody", search: anyOf(Anywhere, wanted), keys: map[Key]KeyRecord{wanted: {}}},
		{name: "in the role", search: anyOf(Profile, wanted), keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary})}, want: []ID{adaID}},
		{name: "a further one counts as the profile's", search: anyOf(Profile, wanted), keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Secondary})}, want: []ID{adaID}},
		{name: "in another role", search: anyOf(InSubscription, wanted), keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary | Secondary})}},
		{name: "one in the role, another not", search: anyOf(InSubscription, wanted),
			keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary, eveID: InSubscription})}, want: []ID{eveID}},
		{name: "every role counts equally", search: anyOf(Anywhere, wanted),
			keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{eveID: Primary, adaID: InSubscription})}, want: []ID{adaID, eveID}},
		{name: "one by several keys", search: anyOf(Anywhere, wanted, other),
			keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary}), other: named(map[ID]Roles{adaID: Secondary})}, want: []ID{adaID}},
		{name: "several by several keys", search: anyOf(Anywhere, wanted, other),
			keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{eveID: Primary}), other: named(map[ID]Roles{adaID: Secondary})}, want: []ID{adaID, eveID}},
		{name: "crowded", search: anyOf(Anywhere, wanted), keys: map[Key]KeyRecord{wanted: overflowedKey()}, err: ErrAmbiguous},
		{name: "one of several crowded", search: anyOf(Anywhere, wanted, other),
			keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary}), other: overflowedKey()}, err: ErrAmbiguous},
		{name: "narrowed to a resource", search: narrowed, keys: map[Key]KeyRecord{wanted: named(map[ID]Roles{adaID: Primary})}, want: []ID{adaID}, unsure: true},

		{name: "all words", search: wordsOf(ski, tea),
			keys: map[Key]KeyRecord{ski: named(map[ID]Roles{adaID: InCustom, eveID: InCustom}), tea: named(map[ID]Roles{eveID: InCustom})}, want: []ID{eveID}},
		{name: "all words of nobody", search: wordsOf(ski, tea),
			keys: map[Key]KeyRecord{ski: named(map[ID]Roles{adaID: InCustom}), tea: named(map[ID]Roles{eveID: InCustom})}, want: []ID{}},
		{name: "a word of nobody", search: wordsOf(ski, tea), keys: map[Key]KeyRecord{ski: named(map[ID]Roles{adaID: InCustom}), tea: {}}, want: []ID{}},
		{name: "a word of nobody first", search: wordsOf(tea, ski), keys: map[Key]KeyRecord{ski: named(map[ID]Roles{adaID: InCustom}), tea: {}}},
		{name: "a crowded word first", search: wordsOf(ski, tea, art),
			keys: map[Key]KeyRecord{ski: overflowedKey(), tea: named(map[ID]Roles{adaID: InCustom, eveID: InCustom}), art: named(map[ID]Roles{eveID: InCustom})},
			want: []ID{eveID}, unsure: true},
		{name: "a crowded word last", search: wordsOf(tea, ski),
			keys: map[Key]KeyRecord{ski: overflowedKey(), tea: named(map[ID]Roles{adaID: InCustom})}, want: []ID{adaID}, unsure: true},
		{name: "crowded words alone", search: wordsOf(ski, tea), keys: map[Key]KeyRecord{ski: overflowedKey(), tea: overflowedKey()}, err: ErrAmbiguous},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ids, unsure, err := tt.search.candidates(tt.keys)
			if !errors.Is(err, tt.err) {
				t.Fatalf("candidates error = %v, want %v", err, tt.err)
			}
			if len(ids) != len(tt.want) || len(ids) > 0 && !cmp.Equal(tt.want, ids) {
				t.Errorf("candidates = %v, want %v", ids, tt.want)
			}
			if unsure != tt.unsure {
				t.Errorf("unsure = %t, want %t", unsure, tt.unsure)
			}
		})
	}
}

func TestHolds(t *testing.T) {
	subscribed := func(resource int64, deleted bool) Customer {
		return Customer{Subscriptions: []Subscription{{Resource: resource, Channel: ChannelEmail, Contact: "Ada@X.com", Deleted: deleted}}}
	}
	narrowed := func(roles Roles) Search {
		s := anyOf(roles, wanted, other)
		s.Resource = 7
		return s
	}
	likes := func(words ...any) Customer { return Customer{Custom: map[string]any{"interests": words}} }
	tests := []struct {
		name              string
		search            Search
		customer          Customer
		keys              map[Key]KeyRecord
		found, asKeysSaid bool
	}{
		{name: "holds it", search: anyOf(Anywhere, wanted), customer: Customer{Emails: []string{"ADA@x.com"}}, found: true, asKeysSaid: true},
		{name: "gave it away", search: anyOf(Anywhere, wanted), customer: Customer{Emails: []string{"eve@x.com"}}},
		{name: "holds it in another role", search: anyOf(InSubscription, wanted), customer: Customer{Emails: []string{"ada@x.com"}}},
		{name: "holds the other of two", search: anyOf(Anywhere, wanted, other), customer: Customer{Phones: []string{"+1111111"}}, found: true, asKeysSaid: true},
		{name: "the subscription is deleted", search: anyOf(InSubscription, wanted), customer: subscribed(7, true)},
		{name: "subscribed to the resource", search: narrowed(InSubscription), customer: subscribed(7, false), found: true, asKeysSaid: true},
		{name: "subscribed to another resource", search: narrowed(InSubscription), customer: subscribed(8, false), asKeysSaid: true},
		{name: "the profile's e-mail needs no resource", search: narrowed(Anywhere), customer: Customer{Emails: []string{"ada@x.com"}}, found: true, asKeysSaid: true},
		{name: "subscribed to another resource, and the profile's phone", search: narrowed(Anywhere), found: true, asKeysSaid: true,
			customer: Customer{Phones: []string{"+1111111"}, Subscriptions: subscribed(8, false).Subscriptions}},
		{name: "a profile's e-mail does not narrow a search among subscriptions", search: narrowed(InSubscription), asKeysSaid: true,
			customer: Customer{Emails: []string{"ada@x.com"}, Subscriptions: subscribed(8, false).Subscriptions}},

		{name: "has all words", search: wordsOf(ski, tea), customer: likes("tea", "art", "ski"), found: true, asKeysSaid: true},
		{name: "lacks a word", search: wordsOf(ski, tea), customer: likes("tea")},
		{name: "lacks a crowded word", search: wordsOf(ski, tea), customer: likes("tea"), keys: map[Key]KeyRecord{ski: overflowedKey()}, asKeysSaid: true},
		{name: "lacks the word beside a crowded one", search: wordsOf(ski, tea), customer: likes("ski"), keys: map[Key]KeyRecord{ski: overflowedKey()}},
		{name: "has all words, one of them crowded", search: wordsOf(ski, tea), customer: likes("ski", "tea"), keys: map[Key]KeyRecord{ski: overflowedKey()}, found: true, asKeysSaid: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, asKeysSaid := tt.search.holds(tt.customer, hobbies, tt.keys)
			if found != tt.found || asKeysSaid != tt.asKeysSaid {
				t.Errorf("holds = %t, %t, want %t, %t", found, asKeysSaid, tt.found, tt.asKeysSaid)
			}
		})
	}
}

func TestSearchKeysAreReadOnce(t *testing.T) {
	s := anyOf(Profile, wanted, other, wanted)
	s.Any = append(s.Any, Lookup{wanted, InSubscription})
	if diff := cmp.Diff([]Key{wanted, other}, s.keys()); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}
