package merge

import (
	"maps"
	"slices"
	"strconv"

	"regulars/shared/contact"
	"regulars/shared/customer"
	"regulars/shared/customer/extension"
	"regulars/shared/value"
)

// split makes two customers again of one. stays and goes are the two as they were before
// the merge, merged what they became, now what that has become since. A field that is as
// the merge left it is given back to both; one that has changed since stays where it was
// changed, less what came from the other customer, which has its own as before. It
// returns the names of the fields that changed.
func split(stays, goes, merged, now customer.Customer) (kept, back customer.Customer, changed []string) {
	kept, back = now.Clone(), goes.Clone()
	note := func(field string, same bool) bool {
		if !same {
			changed = append(changed, field)
		}
		return same
	}
	splitScalars(stays, merged, now, &kept, note)
	kept.Emails = parted(stays.Emails, merged.Emails, now.Emails, contact.StoredEmailKey, "emails", note)
	kept.Phones = parted(stays.Phones, merged.Phones, now.Phones, itself, "phones", note)
	kept.Tags = parted(stays.Tags, merged.Tags, now.Tags, itself, "tags", note)
	kept.Segments = parted(stays.Segments, merged.Segments, now.Segments, itself, "segments", note)
	slices.Sort(kept.Segments)
	splitCustom(stays, merged, now, &kept, note)
	splitSubscriptions(stays, merged, now, &kept, &back, note)
	splitExtensions(stays, merged, now, &kept, note)
	kept.Formerly = slices.Clone(stays.Formerly)
	for number, e := range back.Extensions {
		e.Commit, e.Bytes = "", 0 // its items are not there any more
		back.Extensions[number] = e
	}
	return kept, back, changed
}

func splitScalars(stays, merged, now customer.Customer, kept *customer.Customer, note func(string, bool) bool) {
	part := func(field string, before, was, is string) string {
		if note(field, was == is) {
			return before
		}
		return is
	}
	kept.FirstName = part("first_name", stays.FirstName, merged.FirstName, now.FirstName)
	kept.LastName = part("last_name", stays.LastName, merged.LastName, now.LastName)
	kept.Title = part("title", stays.Title, merged.Title, now.Title)
	kept.BirthDate = customer.BirthDate(part("birth_date", string(stays.BirthDate), string(merged.BirthDate), string(now.BirthDate)))
	kept.Sex = customer.Sex(part("sex", string(stays.Sex), string(merged.Sex), string(now.Sex)))
	kept.Country = part("country", stays.Country, merged.Country, now.Country)
	kept.Region = part("region", stays.Region, merged.Region, now.Region)
	kept.City = part("city", stays.City, merged.City, now.City)
	kept.Street = part("street", stays.Street, merged.Street, now.Street)
	if note("loyalty_status", merged.Disabled == now.Disabled) {
		kept.Disabled = stays.Disabled
	}
}

// parted is the list that stays: as before where nothing has changed, else as it is now
// without what came from the other, and with what the merge left out.
func parted[T any, K comparable](before, merged, now []T, same func(T) K, field string, note func(string, bool) bool) []T {
	equal := func(v, w T) bool { return same(v) == same(w) }
	if note(field, slices.EqualFunc(merged, now, equal)) {
		return slices.Clone(before)
	}
	has := func(all []T, v T) bool { return slices.ContainsFunc(all, func(w T) bool { return equal(v, w) }) }
	var kept []T
	for _, v := range now {
		if !has(merged, v) || has(before, v) {
			kept = append(kept, v)
		}
	}
	for _, v := range before {
		if !has(merged, v) && !has(kept, v) {
			kept = append(kept, v)
		}
	}
	return kept
}

func splitCustom(stays, merged, now customer.Customer, kept *customer.Customer, note func(string, bool) bool) {
	names := map[string]bool{}
	for _, c := range []customer.Customer{stays, merged, now} {
		for name := range c.Custom {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if note(customPrefix+name, value.Equal(merged.Custom[name], now.Custom[name])) {
			kept.SetCustom(name, stays.Custom[name])
		}
	}
}

// splitSubscriptions gives each its own. One that the other customer has as well, or
// alone, and that has changed since, goes back to it as the stricter of what it was and
// is: consent that was withdrawn is never given again.
func splitSubscriptions(stays, merged, now customer.Customer, kept, back *customer.Customer, note func(string, bool) bool) {
	find := func(all []customer.Subscription, key customer.SubscriptionKey) int {
		return slices.IndexFunc(all, func(s customer.Subscription) bool { return s.Key() == key })
	}
	kept.Subscriptions = nil
	same := true
	for _, is := range now.Subscriptions {
		key := is.Key()
		before, was, goes := find(stays.Subscriptions, key), find(merged.Subscriptions, key), find(back.Subscriptions, key)
		unchanged := was >= 0 && merged.Subscriptions[was].Same(is)
		same = same && unchanged
		switch {
		case unchanged && before >= 0:
			kept.Subscriptions = append(kept.Subscriptions, stays.Subscriptions[before])
		case unchanged:
		default:
			if goes >= 0 && strict(is) > strict(back.Subscriptions[goes]) {
				back.Subscriptions[goes].Status, back.Subscriptions[goes].Deleted = is.Status, is.Deleted
			}
			if before >= 0 || was < 0 {
				kept.Subscriptions = append(kept.Subscriptions, is)
			}
		}
	}
	note(subscriptionsField, same && len(merged.Subscriptions) == len(now.Subscriptions))
	c := kept.Clone() // shares no subscription's fields with what was read
	kept.Subscriptions = c.Subscriptions
}

func splitExtensions(stays, merged, now customer.Customer, kept *customer.Customer, note func(string, bool) bool) {
	numbers := map[int]bool{}
	for _, c := range []customer.Customer{stays, merged, now} {
		for n := range c.Extensions {
			numbers[n] = true
		}
	}
	for _, n := range slices.Sorted(maps.Keys(numbers)) {
		before, was, is := stays.Extensions[n].Records, merged.Extensions[n].Records, now.Extensions[n].Records
		records := partedRecords(before, was, is)
		note(extensionPrefix+strconv.Itoa(n), slices.EqualFunc(was, is, sameRecord))
		switch {
		case len(records) == 0:
			delete(kept.Extensions, n)
		default:
			if kept.Extensions == nil {
				kept.Extensions = map[int]customer.Extension{}
			}
			e := now.Extensions[n]
			e.Records = records
			kept.Extensions[n] = e
		}
	}
}

func partedRecords(before, merged, now []extension.Record) []extension.Record {
	if slices.EqualFunc(merged, now, sameRecord) {
		return before
	}
	has := func(all []extension.Record, r extension.Record) bool {
		return slices.ContainsFunc(all, func(s extension.Record) bool { return sameRecord(r, s) })
	}
	var kept []extension.Record
	for _, r := range now {
		if !has(merged, r) || has(before, r) {
			kept = append(kept, r)
		}
	}
	return kept
}
