package privacy

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/points"
)

// A Document is everything of a customer as one JSON object; its form is in
// docs/export-customer.schema.json.
type Document map[string]any

// schemaVersion is that of the form.
const schemaVersion = 1

// NewDocument makes the document of what was found of a customer, with a member for
// each of [Kinds].
func NewDocument(tenant int, id customer.ID, at time.Time, items []Item) (Document, error) {
	members := map[string][]any{}
	for _, k := range Kinds {
		members[k.Member] = []any{}
	}
	for _, it := range items {
		kind, ok := KindOf(it.Kind)
		if !ok {
			return nil, fmt.Errorf("%s %s is of no kind that is known", it.Kind, it.Name)
		}
		shown, err := show(it)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", it.Kind, it.Name, err)
		}
		if it.Customer != id {
			shown["of_merged"] = it.Customer.Decimal()
		}
		members[kind.Member] = append(members[kind.Member], shown)
	}
	list := ListOf(items)
	d := Document{
		"version": schemaVersion, "tenant": tenant, "exported": at.UTC(),
		"ids":   map[string]string{"decimal": id.Decimal(), "hex": id.Hex(), "base36": id.Base36()},
		"items": list.Counts, "items_sha256": list.SHA256,
	}
	for member, shown := range members {
		d[member] = shown
	}
	return d, nil
}

// show is an item as a member of the document has it.
func show(it Item) (map[string]any, error) {
	switch c := it.Content.(type) {
	case customer.Customer:
		return showCustomer(c), nil
	case Extension:
		return map[string]any{"extension": c.Number, "records": c.Records}, nil
	case Identification:
		return map[string]any{"identification_key": c.Key}, nil
	case catalog.Account:
		return showCatalog(c), nil
	case catalog.Purchase:
		return showPurchase(c), nil
	case points.Account:
		return showAccount(it.Wallet, c), nil
	case points.Entry:
		return showEntry(it.Wallet, c), nil
	case points.OrderRecord:
		return with(map[string]any{
			"wallet": it.Wallet, "total": c.Total, "points_used": c.PointsUsed, "returned": c.Returned,
		}, optional{"paid_at", stamp(c.PaidAt)}, optional{"entry", nonZero(c.Entry)}, optional{"answer", document(c.Answer)}), nil
	case Answer:
		return with(map[string]any{"wallet": it.Wallet}, optional{"direction", text(string(c.Direction))}, optional{"answer", document(c.Answer)}), nil
	case Reversal:
		return map[string]any{"wallet": it.Wallet, "entry": c.Entry, "points": c.Points, "by": list(c.By)}, nil
	case points.HoldEnd:
		return map[string]any{
			"wallet": it.Wallet, "hold": c.Number, "entry": c.Entry, "kind": c.Kind, "time": c.Time, "points": c.Points, "spent": c.Spent,
		}, nil
	case Wallet:
		return map[string]any{"number": c.Number}, nil
	case Change:
		return showChange(c), nil
	case Merge:
		return map[string]any{"part": c.Part, "record": document(c.Record)}, nil
	case Separation:
		return with(map[string]any{"profile": c.From.Decimal(), "time": c.At}, optional{"by", text(c.By)}), nil
	case MatchKey:
		return map[string]any{"kind": c.Kind, "value": c.Value, "roles": rolesOf(c.Roles)}, nil
	case OrderClaim:
		return map[string]any{"order_sha256": c.Hash}, nil
	case PurchaseOwner:
		return map[string]any{"purchase": c.Number}, nil
	case RememberedRequest:
		return with(map[string]any{
			"key_sha256": c.Hash, "created": c.Created, "changed": c.Changed, "until": c.Until,
		}, optional{"numbers", text(c.Numbers)}), nil
	}
	return nil, fmt.Errorf("a %T cannot be shown", it.Content)
}

// An optional member is left out where its value is nil.
type optional struct {
	name  string
	value any
}

func with(members map[string]any, optionals ...optional) map[string]any {
	for _, o := range optionals {
		if o.value != nil {
			members[o.name] = o.value
		}
	}
	return members
}

func text(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func nonZero(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC()
}

// list is never null.
func list[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// document is an answer as it was given: JSON, or text where it is none.
func document(answer []byte) any {
	switch {
	case len(answer) == 0:
		return nil
	case json.Valid(answer):
		return json.RawMessage(answer)
	}
	return string(answer)
}

func rolesOf(roles customer.Roles) []string {
	names := []string{}
	for _, r := range []struct {
		role customer.Roles
		name string
	}{{customer.Primary, "primary"}, {customer.Secondary, "secondary"}, {customer.InSubscription, "subscription"}, {customer.InCustom, "custom"}} {
		if roles&r.role != 0 {
			names = append(names, r.name)
		}
	}
	return names
}

func showCustomer(c customer.Customer) map[string]any {
	subscriptions := []any{}
	for _, s := range c.Subscriptions {
		shown := with(map[string]any{
			"resource": s.Resource, "channel": s.Channel, "contact": s.Contact, "status": s.Status, "created": s.Created,
			"deleted": s.Deleted, "categories": list(s.Cats),
		}, optional{"provider", text(s.Provider)}, optional{"ip", text(s.IP)}, optional{"url", text(s.URL)})
		if s.Priority != nil {
			shown["priority"] = *s.Priority
		}
		if len(s.Custom) > 0 {
			shown["custom"] = s.Custom
		}
		subscriptions = append(subscriptions, shown)
	}
	custom := c.Custom
	if custom == nil {
		custom = map[string]any{}
	}
	merged := []string{}
	for _, f := range c.Formerly {
		merged = append(merged, f.ID.Decimal())
	}
	return with(map[string]any{
		"merged_profiles": merged, "created": c.ID.Created(), "changed": c.Changed, "emails": list(c.Emails), "phones": list(c.Phones), "sex": c.Sex.Word(),
		"disabled": c.Disabled, "tags": list(c.Tags), "segments": list(c.Segments), "custom": custom, "subscriptions": subscriptions,
	},
		optional{"first_name", text(c.FirstName)}, optional{"last_name", text(c.LastName)}, optional{"title", text(c.Title)},
		optional{"birth_date", text(string(c.BirthDate))}, optional{"country", text(c.Country)}, optional{"region", text(c.Region)},
		optional{"city", text(c.City)}, optional{"street", text(c.Street)}, optional{"client_id", text(c.ClientID)})
}

func showPurchase(p catalog.Purchase) map[string]any {
	shown := with(map[string]any{
		"number": p.Number, "product": p.Product, "created": p.Created, "tasks_run": p.Consumed, "expired": p.Expired,
	}, optional{"ended", stamp(p.Ended)})
	if p.CustomID != nil {
		shown["custom_id"] = *p.CustomID
	}
	return shown
}

func showCatalog(a catalog.Account) map[string]any {
	active, tasks := []int{}, map[string]int{}
	for _, p := range a.Active {
		active = append(active, p.Number)
	}
	for task, number := range a.UserTasks {
		tasks[strconv.Itoa(task)] = number
	}
	shown := map[string]any{"active": active, "user_tasks": tasks}
	if a.LastLimited != nil {
		shown["last_bounded_in_tasks"] = showPurchase(*a.LastLimited)
	}
	if a.LastDated != nil {
		shown["last_bounded_in_days"] = showPurchase(*a.LastDated)
	}
	return shown
}

func showFigures(f points.Figures) map[string]int64 {
	return map[string]int64{
		"available": f.Available, "used": f.Used, "incoming": f.Incoming, "ranking": f.Ranking, "spent": f.Spent,
		"orders": f.Orders, "held": f.Held,
	}
}

func showAccount(wallet int, a points.Account) map[string]any {
	lots, waiting, holds := []any{}, []any{}, []any{}
	for _, l := range a.Lots {
		lots = append(lots, with(map[string]any{"points": l.Points}, optional{"expires", day(l.Day)}, optional{"order_entry", nonZero(l.Order)}))
	}
	for _, w := range a.Waiting {
		waiting = append(waiting, with(map[string]any{"points": w.Points, "usable_from": w.Hour.Begins()}, optional{"expires", day(w.Day)}, optional{"order_entry", nonZero(w.Order)}))
	}
	for _, h := range a.Holds {
		holds = append(holds, map[string]any{"hold": h.Number, "points": h.Points(), "ends": h.Ends})
	}
	return with(map[string]any{
		"wallet": wallet, "figures": showFigures(a.Figures), "entries": a.Version, "changed": a.Changed,
		"lots": lots, "waiting": waiting, "holds": holds, "last_hash": a.Head.String(),
	}, optional{"last_order", stamp(a.LastOrder)}, optional{"previous_level", nonZero(a.PreviousLevel)})
}

func day(d points.Day) any {
	if d == 0 || d == points.Never {
		return nil
	}
	return d.Begins().Format(time.DateOnly)
}

func showEntry(wallet int, e points.Entry) map[string]any {
	shown := with(map[string]any{
		"wallet": wallet, "number": e.Seq, "kind": e.Kind, "time": e.Time, "change": showFigures(e.Change), "balance": showFigures(e.Balance),
		"hash": e.Hash.String(),
	},
		optional{"reason", text(e.Reason)}, optional{"ref_id", text(e.RefID)}, optional{"actor", text(e.Actor)},
		optional{"paid_at", stamp(e.PaidAt)}, optional{"reverses", nonZero(e.Reverses)}, optional{"expires", day(e.Expires)},
		optional{"campaign", text(e.Campaign)}, optional{"not_taken", nonZero(e.NotTaken)}, optional{"ends_hold", nonZero(e.Hold)},
		optional{"hold_ends", stamp(e.Ends)}, optional{"rules_version", text(e.Rules)}, optional{"level", nonZero(e.Level)},
		optional{"previous_level", nonZero(e.PreviousLevel)}, optional{"other_entry", nonZero(e.PeerSeq)})
	if e.Usable != 0 {
		shown["usable_from"] = e.Usable.Begins()
	}
	if e.PeerID != 0 {
		shown["other_profile"] = e.PeerID.Decimal()
	}
	return shown
}

// showChange is the part of a change that one item has.
func showChange(c Change) map[string]any {
	shown := map[string]any{"change": c.ID, "time": c.At}
	if len(c.Values) > 0 {
		shown["values"] = c.Values
		return shown
	}
	shown["fields"] = list(c.Fields)
	for name, said := range map[string]bool{"created": c.Created, "values_too_large": c.TooLarge} {
		if said {
			shown[name] = true
		}
	}
	return with(shown, optional{"token", text(c.Token)}, optional{"token_id", text(c.TokenID)}, optional{"by", text(c.By)},
		optional{"action", text(c.Action)}, optional{"job", text(c.Job)}, optional{"import", text(c.Import)}, optional{"request", text(c.Request)})
}

// Members are those of the document that are made of items, in the order of their names.
func Members() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Member)
	}
	slices.Sort(names)
	return names
}
