package imports

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"regulars/shared/customer"
	"regulars/shared/jobs"
	"regulars/shared/objects"
	"regulars/shared/points"
)

// A chunk is an object of the journal: what one step changes and which rows it
// rejects. It is stored before the step is saved, under a key that no other attempt
// has; the cursor of the part and Previous say which chunks count.
type chunk struct {
	// Previous is the key of the chunk before, empty for the first.
	Previous string  `json:"previous,omitempty"`
	Entries  []entry `json:"entries,omitempty"`
	// Rejected are the rows that the step rejects, after those of the steps before that
	// are not in Gathered or before it: so that the report reads few chunks.
	Rejected []rejection `json:"rejected,omitempty"`
	// Gathered is the key of the chunk with the rejected rows before these.
	Gathered string `json:"gathered,omitempty"`
}

// gatheredBytes is how much of rejected rows a chunk repeats of the steps before, about.
const gatheredBytes = 64_000

// A rejection is a row that was rejected.
type rejection struct {
	Row  int64  `json:"row"`
	Raw  []byte `json:"raw"`
	Code string `json:"code"`
	Text string `json:"text"`
}

// An entry is what a row changed.
type entry struct {
	Row     int64       `json:"row"`
	ID      customer.ID `json:"id"`
	Created bool        `json:"created,omitempty"`
	// Before and After are objects of the [fields] that differ; one that was or is
	// absent is not there.
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
	// Points are the numbers of the ledger's entries that the row made, Order the
	// order that it brought.
	Points []int64 `json:"points,omitempty"`
	Order  string  `json:"order,omitempty"`
}

// fields are the fields of a customer as JSON, by name: those of [customer.Customer],
// Custom.name, Extensions.number and Subscriptions.key.
type fields map[string]json.RawMessage

func newEntry(row int64, result customer.Result, c change) entry {
	e := entry{Row: row, ID: result.ID, Created: result.Created}
	if c.customer != nil {
		e.Before, e.After = changedFields(c.customer.Before.Customer, c.customer.After)
	}
	for _, commit := range c.points.commits {
		for _, made := range commit.Entries {
			e.Points = append(e.Points, made.Seq)
		}
		if commit.Order != nil {
			e.Order = commit.Order.After.ID
		}
	}
	return e
}

// The fields that are told in pieces.
const (
	customPrefix       = "Custom."
	extensionPrefix    = "Extensions."
	subscriptionPrefix = "Subscriptions."
)

// fieldsOf are the fields of a customer that have a value.
func fieldsOf(c customer.Customer) fields {
	f := fields{}
	eachChange(customer.Customer{}, c, func(name string, _, is any) { f[name] = appendJSON(nil, is) })
	return f
}

// changedFields are objects of the fields that differ, as they were and as they are;
// nil where there are none.
func changedFields(before, after customer.Customer) (b, a json.RawMessage) {
	add := func(object json.RawMessage, name string, v any) json.RawMessage {
		if v == nil {
			return object
		}
		separator := byte(',')
		if object == nil {
			object, separator = make([]byte, 0, 512), '{'
		}
		object = append(object, separator)
		object = append(appendJSON(object, name), ':')
		return appendJSON(object, v)
	}
	eachChange(before, after, func(name string, was, is any) { b, a = add(b, name, was), add(a, name, is) })
	if b != nil {
		b = append(b, '}')
	}
	if a != nil {
		a = append(a, '}')
	}
	return b, a
}

// appendJSON appends v as [json.Marshal] writes it. What a customer is made of always
// can be written.
func appendJSON(document []byte, v any) []byte {
	if text, ok := v.(string); ok && !strings.ContainsFunc(text, mustEscape) {
		document = append(document, '"')
		document = append(document, text...)
		return append(document, '"')
	}
	encoded, _ := json.Marshal(v)
	return append(document, encoded...)
}

// mustEscape reports some of the runes that JSON is written without, and all that
// [json.Marshal] escapes.
func mustEscape(r rune) bool {
	return r < ' ' || r >= 0x7f || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
}

// eachChange calls visit with each field that differs; nil is an absent one.
func eachChange(before, after customer.Customer, visit func(name string, was, is any)) {
	text := func(name, was, is string) {
		if was != is {
			visit(name, orNil(was, was == ""), orNil(is, is == ""))
		}
	}
	texts := func(name string, was, is []string) {
		if !slices.Equal(was, is) {
			visit(name, orNil(was, len(was) == 0), orNil(is, len(is) == 0))
		}
	}
	texts("Emails", before.Emails, after.Emails)
	texts("Phones", before.Phones, after.Phones)
	text("FirstName", before.FirstName, after.FirstName)
	text("LastName", before.LastName, after.LastName)
	text("Title", before.Title, after.Title)
	text("BirthDate", string(before.BirthDate), string(after.BirthDate))
	text("Sex", string(before.Sex), string(after.Sex))
	text("Country", before.Country, after.Country)
	text("Region", before.Region, after.Region)
	text("City", before.City, after.City)
	text("Street", before.Street, after.Street)
	if before.Disabled != after.Disabled {
		visit("Disabled", orNil(true, !before.Disabled), orNil(true, !after.Disabled))
	}
	texts("Tags", before.Tags, after.Tags)
	if !slices.Equal(before.Segments, after.Segments) {
		visit("Segments", orNil(before.Segments, len(before.Segments) == 0), orNil(after.Segments, len(after.Segments) == 0))
	}
	text("ClientID", before.ClientID, after.ClientID)
	eachMember(before.Custom, after.Custom, func(name string, was, is any) { visit(customPrefix+name, was, is) })
	eachMember(recordsOf(before), recordsOf(after), func(number int, was, is any) {
		visit(extensionPrefix+strconv.Itoa(number), was, is)
	})
	eachMember(subscriptionsOf(before), subscriptionsOf(after), func(key customer.SubscriptionKey, was, is any) {
		document, _ := json.Marshal(key)
		visit(subscriptionPrefix+string(document), was, is)
	})
}

// orNil is v, or nil where it is absent.
func orNil(v any, absent bool) any {
	if absent {
		return nil
	}
	return v
}

// eachMember calls visit with each member that differs; nil is an absent one.
func eachMember[K comparable](before, after map[K]any, visit func(name K, was, is any)) {
	for name, was := range before {
		if is := after[name]; !reflect.DeepEqual(was, is) {
			visit(name, was, is)
		}
	}
	for name, is := range after {
		if _, known := before[name]; !known {
			visit(name, nil, is)
		}
	}
}

// recordsOf are the records of extensions by their number; others were not looked at
// and are as they were.
func recordsOf(c customer.Customer) map[int]any {
	var records map[int]any
	for number, e := range c.Extensions {
		if e.Records == nil {
			continue
		}
		if records == nil {
			records = map[int]any{}
		}
		records[number] = e.Records
	}
	return records
}

func subscriptionsOf(c customer.Customer) map[customer.SubscriptionKey]any {
	if len(c.Subscriptions) == 0 {
		return nil
	}
	subscriptions := make(map[customer.SubscriptionKey]any, len(c.Subscriptions))
	for _, s := range c.Subscriptions {
		subscriptions[s.Key()] = s
	}
	return subscriptions
}

// readFields reads an object of fields.
func readFields(object json.RawMessage) (f fields, err error) { return f, decode(object, &f) }

// restore gives c the fields of before wherever it has those of after. It returns the
// names of the fields that are left, because somebody has changed them since.
func restore(c *customer.Customer, before, after fields) (kept []string, err error) {
	now := fieldsOf(*c)
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !bytes.Equal(now[name], after[name]) {
			if !bytes.Equal(now[name], before[name]) {
				kept = append(kept, name)
			}
			continue
		}
		if err := setField(c, name, before[name]); err != nil {
			return nil, fmt.Errorf("field %s: %w", name, err)
		}
	}
	return kept, nil
}

// setField sets one field; nil clears it.
func setField(c *customer.Customer, name string, v json.RawMessage) error {
	if custom, ok := strings.CutPrefix(name, customPrefix); ok {
		var value any
		if err := decode(v, &value); err != nil {
			return err
		}
		c.SetCustom(custom, value)
		return nil
	}
	if number, ok := strings.CutPrefix(name, extensionPrefix); ok {
		var n int
		if _, err := fmt.Sscan(number, &n); err != nil {
			return err
		}
		return setExtension(c, n, v)
	}
	if key, ok := strings.CutPrefix(name, subscriptionPrefix); ok {
		return setSubscription(c, key, v)
	}
	targets := map[string]any{
		"Emails": &c.Emails, "Phones": &c.Phones, "FirstName": &c.FirstName, "LastName": &c.LastName, "Title": &c.Title,
		"BirthDate": &c.BirthDate, "Sex": &c.Sex, "Country": &c.Country, "Region": &c.Region, "City": &c.City, "Street": &c.Street,
		"Disabled": &c.Disabled, "Tags": &c.Tags, "Segments": &c.Segments, "ClientID": &c.ClientID,
	}
	target, ok := targets[name]
	if !ok {
		return errors.New("there is no such field")
	}
	if v == nil {
		switch t := target.(type) {
		case *[]string:
			*t = nil
		case *[]int64:
			*t = nil
		case *string:
			*t = ""
		case *customer.BirthDate:
			*t = ""
		case *customer.Sex:
			*t = customer.SexUnknown
		case *bool:
			*t = false
		}
		return nil
	}
	return decode(v, target)
}

// decode reads JSON with exact numbers; nil leaves v alone.
func decode(document json.RawMessage, v any) error {
	if document == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	return d.Decode(v)
}

func setExtension(c *customer.Customer, number int, v json.RawMessage) error {
	c.Extensions = maps.Clone(c.Extensions)
	if v == nil {
		delete(c.Extensions, number)
		return nil
	}
	e := c.Extensions[number]
	e.Records = nil
	if err := decode(v, &e.Records); err != nil {
		return err
	}
	if c.Extensions == nil {
		c.Extensions = map[int]customer.Extension{}
	}
	c.Extensions[number] = e
	return nil
}

func setSubscription(c *customer.Customer, key string, v json.RawMessage) error {
	var named customer.SubscriptionKey
	if err := json.Unmarshal([]byte(key), &named); err != nil {
		return err
	}
	c.Subscriptions = slices.Clone(c.Subscriptions)
	at := slices.IndexFunc(c.Subscriptions, func(s customer.Subscription) bool { return s.Key() == named })
	if v == nil {
		if at >= 0 {
			c.Subscriptions = slices.Delete(c.Subscriptions, at, at+1)
		}
		return nil
	}
	var s customer.Subscription
	if err := decode(v, &s); err != nil {
		return err
	}
	if at < 0 {
		c.Subscriptions = append(c.Subscriptions, s)
	} else {
		c.Subscriptions[at] = s
	}
	return nil
}

// store puts the batch's journal into the bucket and its key into the cursor.
func (b *batch) store(ctx context.Context, part jobs.Part, at *rowCursor, reader *rowReader) error {
	c := chunk{Previous: at.Chunk}
	if !b.im.Options.DryRun {
		c.Entries = b.journal
	}
	if len(c.Entries)+len(b.rejected) == 0 {
		return nil
	}
	if len(b.rejected) > 0 {
		before, err := reader.chunk(ctx, at.Gathered)
		if err != nil {
			return err
		}
		if c.Rejected, c.Gathered = before.Rejected, before.Gathered; bytesOf(c.Rejected) >= gatheredBytes {
			c.Rejected, c.Gathered = nil, at.Gathered
		}
		c.Rejected = slices.Concat(c.Rejected, b.rejected)
	}
	key := fmt.Sprintf("%s%05d-%07d-%s.json", b.im.folder(journalFolder), part.Number, at.Chunks, rand.Text()[:10])
	if err := b.s.putChunk(ctx, key, c); err != nil {
		return err
	}
	at.Chunk, at.Chunks = key, at.Chunks+1
	if len(b.rejected) > 0 {
		at.Gathered = key
		reader.gathered = gathered{key, c}
	}
	return nil
}

// bytesOf is about how much the rows are of a report, in bytes.
func bytesOf(rows []rejection) (bytes int) {
	for _, r := range rows {
		bytes += r.bytes()
	}
	return bytes
}

func (r rejection) bytes() int { return len(r.Raw) + len(r.Text) + 100 }

func (s *Service) putChunk(ctx context.Context, key string, c chunk) error {
	document, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return s.Bucket.Put(ctx, key, document, "application/json")
}

// chunk reads a chunk. One that is gone is more than 30 days old.
func (s *Service) chunk(ctx context.Context, key string) (c chunk, err error) {
	document, err := s.read(ctx, key)
	if errors.Is(err, objects.ErrNotFound) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return c, decode(document, &c)
}

var _ points.Store = ledgerWindow{}
