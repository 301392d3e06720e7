package console

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"regulars/shared/access"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/merge"
	"regulars/shared/points"
	"regulars/shared/value"
)

// A card is what is shown of one customer. What the token may not see is nil.
type card struct {
	ID                  customer.ID
	Address             string
	Name                string
	Decimal, Hex, Short string // the spellings of the id
	ClientID            string
	// Former are who was merged into the customer, in that order.
	Former []formerLine
	// Separate are those who are not the same person, as was decided.
	Separate         []separateLine
	Created, Changed time.Time
	Disabled         bool
	People           *people
	Consent          *consent
	Extensions       []extensionTable
	Points           *pointsView
	Products         *productsView
	History          *historyView
}

// A formerLine is a customer that was merged into another.
type formerLine struct {
	Decimal, ClientID string
	// Latest: it can be parted again before the others.
	Latest bool
}

// people are names, contacts and fields.
type people struct {
	Emails, Phones, Tags, Segments []string
	Fields                         []field
	Custom                         []field
}

// A field is a name and what it holds.
type field struct{ Name, Value string }

// A consent is a grid of resources and channels.
type consent struct {
	Channels []customer.Channel
	Rows     []consentRow
}

type consentRow struct {
	Resource string
	Cells    [][]consentCell // by channel
}

// A consentCell is one subscription. Hash names it.
type consentCell struct {
	Contact, Status, Hash string
	Deleted               bool
}

// An extensionTable is the records of an extension.
type extensionTable struct {
	Name    string
	Columns []string
	Rows    [][]string
}

// card shows a customer.
func (d *Console) card(c *call) (httpapi.Answer, error) {
	shown, err := d.readCard(c)
	if err != nil {
		return httpapi.Answer{}, err
	}
	if shown.ID != c.id { // it was merged into that one
		return c.redirect(shown.Address), nil
	}
	return d.show(http.StatusOK, view{call: c, Template: "card", Title: shown.Name, Here: "find", Data: shown})
}

// readCard reads what the token may see of a customer, side by side.
func (d *Console) readCard(c *call) (card, error) {
	rules := c.Settings.CustomerRules()
	var who customer.Customer
	var pointsShown *pointsView
	var products *productsView
	group, ctx := errgroup.WithContext(c.Context())
	group.Go(func() (err error) {
		find := d.customers.Find
		if c.may(access.UCSRead) {
			find = d.customers.FindWithExtensions
		}
		who, err = find(ctx, rules, customer.Search{ID: c.id})
		return err
	})
	if c.may(access.LoyRead) {
		group.Go(func() (err error) {
			pointsShown, err = d.readPoints(ctx, c)
			return err
		})
	}
	if c.may(access.Backoffice) {
		group.Go(func() (err error) {
			products, err = d.readProducts(ctx, c)
			return err
		})
	}
	var changes *historyView
	if c.seesHistory() {
		group.Go(func() (err error) {
			changes, err = d.readHistory(ctx, c, "", changesOfCard)
			return err
		})
	}
	var separate []merge.Separation
	if c.may(access.CustomersMerge) {
		group.Go(func() (err error) {
			separate, err = d.merges.Separations(ctx, c.Settings.Tenant, c.id)
			return notThere(err, merge.ErrUnknown.Code)
		})
	}
	if err := group.Wait(); err != nil {
		return card{}, err
	}
	shown := card{
		ID: who.ID, Address: c.cardOf(who.ID), Name: who.ID.Decimal(), Decimal: who.ID.Decimal(), Hex: who.ID.Hex(), Short: who.ID.Base36(),
		Created: who.ID.Created(), Changed: who.Changed, Disabled: who.Disabled, Points: pointsShown, Products: products, History: changes, Separate: c.separateLines(separate),
	}
	for i, f := range who.Formerly {
		shown.Former = append(shown.Former, formerLine{f.ID.Decimal(), f.ClientID, i == len(who.Formerly)-1})
	}
	if c.seesPeople() {
		shown.Name, shown.ClientID, shown.People = c.nameOf(who), who.ClientID, c.peopleOf(who)
	}
	if c.may(access.AltRead) {
		shown.Consent = c.consentOf(who)
	}
	if c.may(access.UCSRead) {
		shown.Extensions = extensionsOf(who, c.Settings)
	}
	if !c.seesPeople() && products == nil {
		return card{}, c.Token.Demand(access.AltRead)
	}
	return shown, nil
}

// peopleOf are the names, contacts and fields of a customer.
func (c *call) peopleOf(who customer.Customer) *people {
	p := &people{Emails: who.Emails, Phones: who.Phones, Tags: who.Tags}
	for _, number := range who.Segments {
		p.Segments = append(p.Segments, segmentName(c.Settings, number))
	}
	for _, f := range []field{
		{"title", who.Title}, {"birth_date", who.BirthDate.Date()}, {"sex", c.sexWord(who.Sex)},
		{"country", who.Country}, {"region", who.Region}, {"city", who.City}, {"street", who.Street},
	} {
		if f.Value != "" {
			p.Fields = append(p.Fields, field{c.say("field." + f.Name), f.Value})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(who.Custom)) {
		p.Custom = append(p.Custom, field{name, plain(who.Custom[name])})
	}
	return p
}

// segmentName is what a segment is called.
func segmentName(settings access.Settings, number int64) string {
	return cmp.Or(settings.Segments[number].Name, "#"+strconv.FormatInt(number, 10))
}

// sexWord is empty where it is not known.
func (l *language) sexWord(s customer.Sex) string {
	if s == customer.SexUnknown {
		return ""
	}
	return l.say("sex." + string(s))
}

// plain is a value as people read it: a text as it is, the rest as JSON.
func plain(v any) string {
	if text, ok := value.Text(v); ok {
		return text
	}
	if v == nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		return ""
	}
	return string(text)
}

// consentOf is who may write to the customer, by resource and channel.
func (c *call) consentOf(who customer.Customer) *consent {
	byResource := map[int64][]customer.Subscription{}
	used := map[customer.Channel]bool{customer.ChannelEmail: true, customer.ChannelSMS: true}
	for number := range c.Settings.DeclaredResources {
		byResource[number] = nil
	}
	for _, s := range who.Subscriptions {
		byResource[s.Resource] = append(byResource[s.Resource], s)
		used[s.Channel] = true
	}
	grid := &consent{}
	for _, channel := range customer.Channels {
		if used[channel] {
			grid.Channels = append(grid.Channels, channel)
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byResource)) {
		row := consentRow{
			Resource: cmp.Or(c.Settings.DeclaredResources[number].Name, c.say("consent.resource", number)),
			Cells:    make([][]consentCell, len(grid.Channels)),
		}
		for _, s := range byResource[number] {
			i := slices.Index(grid.Channels, s.Channel)
			row.Cells[i] = append(row.Cells[i], consentCell{s.Contact, string(s.Status), s.Hash(), s.Deleted})
		}
		grid.Rows = append(grid.Rows, row)
	}
	return grid
}

// extensionsOf are the records of each extension that the customer has any of.
func extensionsOf(who customer.Customer, settings access.Settings) (tables []extensionTable) {
	for _, schema := range settings.Extensions {
		records := who.Records(schema)
		if schema.Removing || len(records) == 0 {
			continue
		}
		table := extensionTable{Name: schema.Name}
		for _, a := range schema.Attributes {
			table.Columns = append(table.Columns, a.Name)
		}
		for _, record := range records {
			var row []string
			for _, name := range table.Columns {
				row = append(row, plain(record[name]))
			}
			table.Rows = append(table.Rows, row)
		}
		tables = append(tables, table)
	}
	return tables
}

// A productsView is what a customer bought and may do with it.
type productsView struct {
	Current, Ended []productLine
	Tasks          []string
}

// A productLine is one purchase.
type productLine struct {
	Name    string
	Since   time.Time
	HasDays bool // Days are left
	Days    int
	Limit   int // of tasks; 0: there is none
	Used    int
	Ended   time.Time
	Expired bool
}

// readProducts reads the purchases and tasks of a customer.
func (d *Console) readProducts(ctx context.Context, c *call) (*productsView, error) {
	user := catalog.User{Rules: c.Settings.CustomerRules(), ID: c.id, Raw: json.Number(c.id.Decimal())}
	held, err := d.catalog.Holdings(ctx, user)
	if err != nil {
		return nil, notThere(err, "user_unknown")
	}
	_, tasks, err := d.catalog.UserTasks(ctx, user)
	if err != nil {
		return nil, notThere(err, "user_unknown")
	}
	language := catalog.Language(held.Customer)
	shown := &productsView{Current: d.productLines(held.Current, language), Ended: d.productLines(held.Ended, language)}
	for _, t := range tasks {
		shown.Tasks = append(shown.Tasks, cmp.Or(t.Task.Shown(language).Name, "#"+strconv.Itoa(t.Task.Number)))
	}
	return shown, nil
}

func (d *Console) productLines(held []catalog.Holding, language string) (lines []productLine) {
	for _, h := range held {
		line := productLine{Name: productName(h.Of, language), Since: h.Created, Used: h.Consumed, Ended: h.Purchase.Ended, Expired: h.Expired}
		if days := h.Of.RemainingDays(h.Purchase, d.now()); days != nil {
			line.HasDays, line.Days = true, *days
		}
		if h.Of.Limit != nil {
			line.Limit = *h.Of.Limit
		}
		lines = append(lines, line)
	}
	return lines
}

// productName is what a product is called.
func productName(p catalog.Product, language string) string {
	if text, ok := p.Displayed.In(language); ok {
		return text.Name
	}
	if len(p.Displayed) > 0 {
		return p.Displayed[0].Name
	}
	return "#" + strconv.Itoa(p.Number)
}

// notThere makes one error of the ways in which services say that a customer is gone.
func notThere(err error, code string) error {
	if clientErr, rejected := errs.AsClient(err); rejected && clientErr.Code == code {
		return customer.ErrNotFound
	}
	return err
}

// entryKinds are the kinds of entries, in the order of the filter.
var entryKinds = []points.Kind{
	points.KindAdd, points.KindSubtract, points.KindOrder, points.KindRedeem, points.KindReturn, points.KindBonus, points.KindReverse,
	points.KindExpire, points.KindActivate, points.KindHold, points.KindCommit, points.KindVoid, points.KindRelease,
	points.KindTransferIn, points.KindTransferOut,
}
