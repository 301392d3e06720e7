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

// A journal is the entries of a step as a chunk begins with them, written as
// [json.Marshal] writes them.
type journal struct {
	document []byte // empty: there are none
	changed  difference
}

// add adds the entry of a row.
func (j *journal) add(row int64, result customer.Result, c *change) {
	if len(j.document) == 0 {
		j.document = append(make([]byte, 0, 32<<10), `{"entries":[`...)
	} else {
		j.document = append(j.document, ',')
	}
	d := strconv.AppendInt(append(j.document, `{"row":`...), row, 10)
	d = strconv.AppendUint(append(d, `,"id":`...), uint64(result.ID), 10)
	if result.Created {
		d = append(d, `,"created":true`...)
	}
	if c.customer != nil {
		before, after := j.changed.of(c.customer.Before.Customer, c.customer.After)
		if len(before) > 0 {
			d = append(append(d, `,"before":`...), before...)
		}
		if len(after) > 0 {
			d = append(append(d, `,"after":`...), after...)
		}
	}
	var e entry
	for _, commit := range c.points.commits {
		for _, made := range commit.Entries {
			e.Points = append(e.Points, made.Seq)
		}
		if commit.Order != nil {
			e.Order = commit.Order.After.ID
		}
	}
	if len(e.Points) > 0 {
		d = appendJSON(append(d, `,"points":`...), e.Points)
	}
	if e.Order != "" {
		d = appendText(append(d, `,"order":`...), e.Order)
	}
	j.document = append(d, '}')
}

// chunk is the object of a chunk that has the entries, and what else it says.
func (j *journal) chunk(rest chunk) ([]byte, error) {
	document, err := json.Marshal(rest)
	if err != nil || len(j.document) == 0 {
		return document, err
	}
	whole := append(j.document, ']')
	if len(document) > len("{}") {
		whole = append(whole, ',')
	}
	return append(whole, document[1:]...), nil
}

// The fields that are told in pieces.
const (
	customPrefix       = "Custom."
	extensionPrefix    = "Extensions."
	subscriptionPrefix = "Subscriptions."
)

// fieldsOf are the fields of a customer that have a value.
func fieldsOf(c customer.Customer) (fields, error) {
	var d difference
	_, is := d.of(customer.Customer{}, c)
	return readFields(is)
}

// A difference is made of the fields that differ, as objects of them as they were and as
// they are.
type difference struct{ before, after []byte }

// of returns these objects; an empty text is one of no fields. They are valid until the next
// call.
func (d *difference) of(before, after customer.Customer) (was, is json.RawMessage) {
	d.before, d.after = d.before[:0], d.after[:0]
	d.texts("Emails", before.Emails, after.Emails)
	d.texts("Phones", before.Phones, after.Phones)
	d.text("FirstName", before.FirstName, after.FirstName)
	d.text("LastName", before.LastName, after.LastName)
	d.text("Title", before.Title, after.Title)
	d.text("BirthDate", string(before.BirthDate), string(after.BirthDate))
	d.text("Sex", string(before.Sex), string(after.Sex))
	d.text("Country", before.Country, after.Country)
	d.text("Region", before.Region, after.Region)
	d.text("City", before.City, after.City)
	d.text("Street", before.Street, after.Street)
	if before.Disabled != after.Disabled {
		d.value("Disabled", before.Disabled, !before.Disabled, after.Disabled, !after.Disabled)
	}
	d.texts("Tags", before.Tags, after.Tags)
	if !slices.Equal(before.Segments, after.Segments) {
		d.value("Segments", before.Segments, len(before.Segments) == 0, after.Segments, len(after.Segments) == 0)
	}
	d.text("ClientID", before.ClientID, after.ClientID)
	members(d, before.Custom, after.Custom, func(name string) string { return customPrefix + name })
	members(d, recordsOf(before), recordsOf(after), func(number int) string { return extensionPrefix + strconv.Itoa(number) })
	members(d, subscriptionsOf(before), subscriptionsOf(after), func(key customer.SubscriptionKey) string {
		return subscriptionPrefix + string(appendJSON(nil, key))
	})
	if len(d.before) > 0 {
		d.before = append(d.before, '}')
	}
	if len(d.after) > 0 {
		d.after = append(d.after, '}')
	}
	return d.before, d.after
}

// named begins a member of an object.
func named(object []byte, name string) []byte {
	separator := byte(',')
	if len(object) == 0 {
		separator = '{'
	}
	return append(appendText(append(object, separator), name), ':')
}

// text is a field whose empty text is absent.
func (d *difference) text(name, was, is string) {
	if was == is {
		return
	}
	if was != "" {
		d.before = appendText(named(d.before, name), was)
	}
	if is != "" {
		d.after = appendText(named(d.after, name), is)
	}
}

// texts is a field whose empty list is absent.
func (d *difference) texts(name string, was, is []string) {
	if slices.Equal(was, is) {
		return
	}
	if len(was) > 0 {
		d.before = appendTexts(named(d.before, name), was)
	}
	if len(is) > 0 {
		d.after = appendTexts(named(d.after, name), is)
	}
}

// value is a field that differs.
func (d *difference) value(name string, was any, wasAbsent bool, is any, isAbsent bool) {
	if !wasAbsent {
		d.before = appendJSON(named(d.before, name), was)
	}
	if !isAbsent {
		d.after = appendJSON(named(d.after, name), is)
	}
}

// members are the members of a field that differ.
func members[K comparable](d *difference, before, after map[K]any, name func(K) string) {
	for key, was := range before {
		if is := after[key]; !reflect.DeepEqual(was, is) {
			d.value(name(key), was, was == nil, is, is == nil)
		}
	}
	for key, is := range after {
		if _, known := before[key]; !known {
			d.value(name(key), nil, true, is, is == nil)
		}
	}
}

// appendTexts appends an array of texts as [json.Marshal] writes it.
func appendTexts(document []byte, texts []string) []byte {
	document = append(document, '[')
	for i, text := range texts {
		if i > 0 {
			document = append(document, ',')
		}
		document = appendText(document, text)
	}
	return append(document, ']')
}

// appendText appends a text as [json.Marshal] writes it.
func appendText(document []byte, text string) []byte {
	if strings.ContainsFunc(text, mustEscape) {
		encoded, _ := json.Marshal(text)
		return append(document, encoded...)
	}
	document = append(append(document, '"'), text...)
	return append(document, '"')
}

// mustEscape reports some of the runes that JSON is written without, and all that
// [json.Marshal] escapes.
func mustEscape(r rune) bool {
	return r < ' ' || r >= 0x7f || r == '"' || r == '\\' || r == '<' || r == '>' || r == '&'
}

// appendJSON appends v as [json.Marshal] writes it. What a customer is made of always
// can be written.
func appendJSON(document []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		return appendText(document, v)
	case json.Number:
		return append(document, v...)
	}
	encoded, _ := json.Marshal(v)
	return append(document, encoded...)
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
	now, err := fieldsOf(*c)
	if err != nil {
		return nil, err
	}
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

// decode reads JSON with exact numbers; nothing leaves v alone.
func decode(document json.RawMessage, v any) error {
	if len(document) == 0 {
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
	if b.im.Options.DryRun {
		b.journal = journal{}
	}
	if len(b.journal.document)+len(b.rejected) == 0 {
		return nil
	}
	c := chunk{Previous: at.Chunk}
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
	document, err := b.journal.chunk(c)
	if err != nil {
		return err
	}
	if err := b.s.Bucket.Put(ctx, key, document, "application/json"); err != nil {
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
