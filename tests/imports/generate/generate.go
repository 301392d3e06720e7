// Package generate makes files as shops export them, for tests of bulk imports: CSV
// with names in five scripts, quoted line breaks, the same customers again in other
// spellings, texts that look like formulas, and rows that a spreadsheet damaged. The
// same options make the same file.
//
// It says what must come of the file when it is imported with matching email, and
// shares no code with what imports it.
package generate

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
)

// Options say what file to make.
type Options struct {
	// Rows is how many, of which one in fifty is bad.
	Rows int
	Seed uint64
	// Functions adds columns that count again in each import: visits:incr, and
	// points.add.
	Functions bool
	// Before are the customers there are before the import, by key, as
	// [Expected.Customers] of an earlier file; they are not changed.
	Before map[string]Customer
	// CountOnly leaves Customers, Updated and Unchanged of Expected out, for files
	// that are too large to remember; all customers are new then.
	CountOnly bool
}

// Expected is what must come of a file.
type Expected struct {
	// Rows = Created + Updated + Unchanged + len(Bad).
	Rows, Created, Updated, Unchanged int
	// Distinct is how many customers the good rows are about.
	Distinct int
	// Bad are the rows that must be rejected, in the order of the file.
	Bad []Bad
	// Customers are all there are afterwards, by [Customer.Key].
	Customers map[string]Customer
	// Points is how many the file gives in all.
	Points int64

	header []string
}

// A Bad row is one that must be rejected.
type Bad struct {
	Row  int64
	Kind string
	// Code is what it must be rejected with, code or code/reason.
	Code string
	// Right are the cells that it should have had: those of a new customer.
	Right []string
}

// A Customer is what is stored of one.
type Customer struct {
	// Key is the e-mail in lower case and ASCII, by which the customer is found.
	Key string
	// Email is how it was spelled last.
	Email                                              string
	FirstName, LastName, BirthDate, Sex, Country, City string
	Phones, Tags                                       []string
	Note                                               string // the custom field note
	Subscribed                                         string // the e-mail of its one subscription, to resource 1; empty: none
	Visits, Points                                     int64
	number                                             int
}

// Header is the header of the files, spelled as people do.
func Header(functions bool) []string {
	columns := []string{"EMAIL", "_fname", " _LName ", "phones", "_bdate", "_sex", "_country", "_city", "tags", "note",
		"subscriptions.0.resource_id", "subscriptions.0.channel", "subscriptions.0.email"}
	if functions {
		columns = append(columns, "visits:incr", "points.add")
	}
	return columns
}

// The columns that are damaged.
const (
	email = iota
	firstName
	lastName
	phones
	birthDate
	sex
	country
	city
	tags
	note
	resource
	channel
	subscribed
	visits
	points
)

// Write writes a file: UTF-8 with a byte order mark, commas, and lines that end with
// CR LF outside of cells.
func Write(w io.Writer, o Options) (Expected, error) {
	g := generator{Options: o, random: rand.New(rand.NewPCG(o.Seed, 1)), expected: Expected{Rows: o.Rows, header: Header(o.Functions)}}
	if !o.CountOnly {
		g.expected.Customers = map[string]Customer{}
		for key, c := range o.Before {
			g.expected.Customers[key] = c
		}
	}
	out := bufio.NewWriterSize(w, 1<<20)
	line := appendRow([]byte("\ufeff"), g.expected.header)
	for row := 1; ; row++ {
		if _, err := out.Write(line); err != nil {
			return g.expected, err
		}
		if row > o.Rows {
			return g.expected, out.Flush()
		}
		line = g.row(line[:0], row)
	}
}

// Mended is the file of the bad rows as they should have been.
func (e Expected) Mended() []byte {
	file := appendRow(nil, e.header)
	for _, bad := range e.Bad {
		file = appendRow(file, bad.Right)
	}
	return file
}

// appendRow appends a row, and quotes what needs it.
func appendRow(dst []byte, cells []string) []byte {
	for i, cell := range cells {
		if i > 0 {
			dst = append(dst, ',')
		}
		if strings.ContainsAny(cell, ",\"\r\n") {
			cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
		}
		dst = append(dst, cell...)
	}
	return append(dst, "\r\n"...)
}

type generator struct {
	Options
	random   *rand.Rand
	badAt    int // within each fifty rows
	seen     int // customers of good rows
	expected Expected
}

// fifty rows have one bad one.
const fifty = 50

// firstBad numbers the customers of bad rows, beyond all others.
const firstBad = 1 << 30

// favourite is the customer that has very many rows.
const favourite = 0

func (g *generator) row(dst []byte, row int) []byte {
	if (row-1)%fifty == 0 {
		g.badAt = 1 + g.random.IntN(fifty-1) // the first row is a good one
	}
	if (row-1)%fifty == g.badAt {
		return g.bad(dst, row)
	}
	number := g.seen
	switch {
	case g.seen > 0 && row%max(1, min(200, g.Rows/50)) == 0:
		number = favourite
	case g.seen > 0 && g.random.IntN(10) < 3:
		number = g.random.IntN(g.seen)
	default:
		g.seen++
		g.expected.Distinct++
	}
	c := person(g.Seed, number)
	cells := g.cells(&c, number == favourite)
	g.expect(c, cells)
	return appendRow(dst, cells)
}

// expect does to the customers what the row says.
func (g *generator) expect(said Customer, cells []string) {
	g.expected.Points += said.Points
	if g.CountOnly {
		g.expected.Created = g.expected.Distinct
		return
	}
	before, exists := g.expected.Customers[said.Key]
	after := before
	after.Key, after.Email = said.Key, said.Email
	for _, field := range []struct {
		to   *string
		said string
	}{
		{&after.FirstName, said.FirstName}, {&after.LastName, said.LastName}, {&after.BirthDate, said.BirthDate}, {&after.Sex, said.Sex},
		{&after.Country, said.Country}, {&after.City, said.City}, {&after.Note, said.Note}, {&after.Subscribed, said.Subscribed},
	} {
		if field.said != "" {
			*field.to = field.said
		}
	}
	if said.Phones != nil {
		after.Phones = said.Phones
	}
	if said.Tags != nil {
		after.Tags = said.Tags
	}
	after.Visits += said.Visits
	after.Points += said.Points
	g.expected.Customers[said.Key] = after
	switch {
	case !exists:
		g.expected.Created++
	case after.equal(before):
		g.expected.Unchanged++
	default:
		g.expected.Updated++
	}
}

func (c Customer) equal(d Customer) bool {
	return c.Email == d.Email && c.FirstName == d.FirstName && c.LastName == d.LastName && c.BirthDate == d.BirthDate && c.Sex == d.Sex &&
		c.Country == d.Country && c.City == d.City && c.Note == d.Note && c.Subscribed == d.Subscribed && c.Visits == d.Visits && c.Points == d.Points &&
		slices.Equal(c.Phones, d.Phones) && slices.Equal(c.Tags, d.Tags)
}

// person is the customer of that number, without what changes from row to row.
func person(seed uint64, number int) Customer {
	r := rand.New(rand.NewPCG(seed+2, uint64(number)))
	script := scripts[r.IntN(len(scripts))]
	c := Customer{number: number, FirstName: pick(r, script.first), LastName: pick(r, script.last), Country: script.country, Sex: pick(r, []string{"male", "female"})}
	domain := pick(r, []string{"example.com", "mail.example.org", "xn--bcher-kva.example"})
	c.Key = fmt.Sprintf("%s.%d@%s", pick(r, latin), number, domain)
	c.Email = c.Key
	c.BirthDate = fmt.Sprintf("%04d-%02d-%02d", 1940+r.IntN(70), 1+r.IntN(12), 1+r.IntN(28))
	c.Phones = []string{fmt.Sprintf("+79%09d", number%1_000_000_000)}
	if r.IntN(5) == 0 {
		c.Phones = append(c.Phones, fmt.Sprintf("+4930%08d", number%100_000_000))
	}
	if r.IntN(3) == 0 {
		c.Subscribed = c.Key
	}
	return c
}

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// cells spells the customer's row, and makes c what it says. Of the others than the
// favourite many rows are as the one before.
func (g *generator) cells(c *Customer, changing bool) []string {
	r := g.random
	if r.IntN(3) == 0 {
		c.Email = otherSpelling(r, c.Key)
	}
	if r.IntN(2) == 0 || changing {
		c.City, c.Note = pick(r, cities), pick(r, notes)
		c.Tags = slices.Clone(pick(r, [][]string{nil, {"vip"}, {"vip", "новый"}, {"常客"}}))
	}
	phone := strings.Join(c.Phones, "|")
	if r.IntN(4) == 0 {
		phone = spelledPhone(r, c.Phones[0])
		c.Phones = c.Phones[:1]
	}
	if r.IntN(10) == 0 {
		c.BirthDate = ""
	}
	written := c.Email
	c.Email = strings.TrimSpace(c.Email)
	cells := []string{written, c.FirstName, c.LastName, phone, c.BirthDate, c.Sex, c.Country, c.City, strings.Join(c.Tags, "|"), c.Note, "", "", ""}
	if c.Subscribed != "" {
		cells[resource], cells[channel], cells[subscribed] = "1", "email", c.Subscribed
	}
	if g.Functions {
		c.Visits = int64(r.IntN(3))
		c.Points = int64(r.IntN(3)) * 50
		cells = append(cells, fmt.Sprint(c.Visits), "")
		if c.Points > 0 {
			cells[points] = fmt.Sprint(c.Points)
		}
	}
	return cells
}

// otherSpelling is the same address for mail.
func otherSpelling(r *rand.Rand, key string) string {
	local, domain, _ := strings.Cut(key, "@")
	switch r.IntN(4) {
	case 0:
		return strings.ToUpper(key)
	case 1:
		return " " + key + "  "
	case 2:
		return strings.ToUpper(local[:1]) + local[1:] + "@" + strings.Replace(domain, "xn--bcher-kva", "Bücher", 1)
	}
	return local + "@" + strings.ToUpper(domain[:1]) + domain[1:]
}

// spelledPhone is the same number as people write it.
func spelledPhone(r *rand.Rand, number string) string {
	d := number[1:]
	switch r.IntN(3) {
	case 0:
		return fmt.Sprintf("+%s (%s) %s-%s-%s", d[:1], d[1:4], d[4:7], d[7:9], d[9:])
	case 1:
		return "00" + d
	}
	return fmt.Sprintf("'+%s %s %s", d[:1], d[1:4], d[4:]) // as a text, to a spreadsheet
}

// bad writes a row of a new customer that is damaged in one of the ways there are.
func (g *generator) bad(dst []byte, row int) []byte {
	c := person(g.Seed, firstBad+len(g.expected.Bad))
	right := g.cells(&c, true)
	d := damages[len(g.expected.Bad)%len(damages)]
	g.expected.Bad = append(g.expected.Bad, Bad{Row: int64(row), Kind: d.kind, Code: d.code, Right: right})
	return d.write(dst, slices.Clone(right))
}

// A damage is a way in which rows are bad.
type damage struct {
	kind, code string
	write      func(dst []byte, cells []string) []byte
}

// instead puts another text into a cell.
func instead(column int, text string) func([]byte, []string) []byte {
	return func(dst []byte, cells []string) []byte {
		cells[column] = text
		return appendRow(dst, cells)
	}
}

// raw puts bytes into a cell that no writer of CSV would.
func raw(column int, text string) func([]byte, []string) []byte {
	return func(dst []byte, cells []string) []byte {
		cells[column] = "\x01"
		return []byte(strings.Replace(string(appendRow(dst, cells)), "\x01", text, 1))
	}
}

var damages = []damage{
	{"a phone in scientific notation", "bad_phone/number_of_a_spreadsheet", instead(phones, "7.90012E+10")},
	{"a date that there is none", "bad_date/date", instead(birthDate, "13/13/2020")},
	{"a phone that became a decimal", "bad_phone/number_of_a_spreadsheet", instead(phones, "79001234567.0")},
	{"no e-mail", "missing/search_value", instead(email, "")},
	{"an e-mail without @", "bad_email/form", instead(email, "ivan.petrov")},
	{"a cell too few", "bad_row/cells", func(dst []byte, cells []string) []byte { return appendRow(dst, cells[:len(cells)-1]) }},
	{"a cell too many", "bad_row/cells", func(dst []byte, cells []string) []byte { return appendRow(dst, append(cells, "x")) }},
	{"a quote in a cell", "bad_row/bare_quote", raw(note, `a 5" pipe`)},
	{"a cell that goes on behind its quote", "bad_row/quote", raw(note, `"a"b`)},
	{"another charset", "bad_cell/utf8", raw(firstName, "\xc8\xe2\xe0\xed")},
	{"a NUL", "bad_cell/nul", raw(note, "a\x00b")},
	{"a resource in words", "bad_cell/number", func(dst []byte, cells []string) []byte {
		cells[resource], cells[channel], cells[subscribed] = "one", "email", strings.TrimSpace(cells[email])
		return appendRow(dst, cells)
	}},
	{"an unknown sex", "bad_sex", instead(sex, "x")},
}
