package client

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/history"
)

// History are the changes in the collection of one customer of the local tenant, the
// first one first.
func History(t testing.TB, s *devserver.Server, id customer.ID) (changes []history.Change) {
	t.Helper()
	before := ""
	for {
		some, more, err := s.Store.Changes(t.Context(), devserver.Tenant, id, before, 7)
		if err != nil {
			t.Fatal(err)
		}
		changes = append(changes, some...)
		if !more {
			slices.Reverse(changes)
			return changes
		}
		before = some[len(some)-1].Place()
	}
}

// CheckHistory fails the test unless the history of each customer, which was kept from
// the beginning, leads from nothing to what it is: each change begins where the one before
// ended, so that none is missing and none is there twice. It returns how many there are.
func CheckHistory(t testing.TB, s *devserver.Server, ids ...customer.ID) (n int) {
	t.Helper()
	for _, id := range ids {
		is := replayed{"loyalty_status": {quoted("enabled")}}
		for i, c := range History(t, s, id) {
			if c.Created != (i == 0) {
				t.Errorf("customer %s: change %d, created %t", id.Decimal(), i, c.Created)
			}
			if !slices.Equal(c.Fields, history.Names(c.Values)) {
				t.Errorf("customer %s: change %d is of %v, and has values of %v", id.Decimal(), i, c.Fields, history.Names(c.Values))
			}
			for _, v := range c.Values {
				if problem := is.change(v); problem != "" {
					t.Errorf("customer %s: change %d (%s) of %s: %s", id.Decimal(), i, c.Action, v.Field, problem)
				}
			}
			n++
		}
		pair, err := customer.NewService(s.Store, time.Now).Pair(t.Context(), devserver.Tenant, [2]customer.ID{id, id})
		if err != nil {
			t.Fatal(err)
		}
		now := pair[0].Customer
		if now.MergedInto != 0 { // it has what it had when it went
			if want := []string{quoted(now.MergedInto.Decimal())}; !slices.Equal(is["merged_into"], want) {
				t.Errorf("customer %s: merged into %v, want %v", id.Decimal(), is["merged_into"], want)
			}
			continue
		}
		var extensions []customer.ExtensionChange
		for number, e := range now.Extensions {
			extensions = append(extensions, customer.ExtensionChange{Number: number, After: e})
		}
		want := replayed{"loyalty_status": {quoted("enabled")}}
		for _, v := range history.Values(customer.Customer{}, now, extensions) {
			want.change(v)
		}
		if diff := cmp.Diff(want, is); diff != "" {
			t.Errorf("customer %s: its history does not lead to what it is (-is +history):\n%s", id.Decimal(), diff)
		}
	}
	return n
}

// replayed are the elements of each field, as JSON, sorted. A field that is no list of
// which single elements are told is one element.
type replayed map[string][]string

// change makes what it does of a field, and says what is wrong with it.
func (r replayed) change(v history.Value) (problem string) {
	single := v.Field != "subscriptions" && !strings.HasPrefix(v.Field, "extension.")
	before, after := elements(v.Before, single), elements(v.After, single)
	left := slices.Clone(r[v.Field])
	for _, e := range before {
		i := slices.Index(left, e)
		if i < 0 {
			return "it was " + e + ", which is not among " + strings.Join(left, ", ")
		}
		left = slices.Delete(left, i, i+1)
	}
	if single && len(left) > 0 {
		return "it was something else before: " + strings.Join(left, ", ")
	}
	if left = slices.Sorted(slices.Values(slices.Concat(left, after))); len(left) == 0 {
		delete(r, v.Field)
		return ""
	}
	r[v.Field] = left
	return ""
}

func elements(v any, single bool) (all []string) {
	if v == nil {
		return nil
	}
	text, _ := json.Marshal(v)
	if single {
		return []string{canonical(text)}
	}
	var list []json.RawMessage
	_ = json.Unmarshal(text, &list)
	for _, e := range list {
		all = append(all, canonical(e))
	}
	return all
}

// canonical is a JSON text with its members sorted.
func canonical(text []byte) string {
	var v any
	decoder := json.NewDecoder(strings.NewReader(string(text)))
	decoder.UseNumber()
	_ = decoder.Decode(&v)
	text, _ = json.Marshal(v)
	return string(text)
}

func quoted(s string) string {
	text, _ := json.Marshal(s)
	return string(text)
}

// Authors are who made the changes of a history: the actions, each once.
func Authors(changes []history.Change) []string {
	actions := map[string]bool{}
	for _, c := range changes {
		actions[c.Action] = true
	}
	return slices.Sorted(maps.Keys(actions))
}
