package console

import (
	"encoding/json"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
	tags "golang.org/x/text/language"

	"regulars/shared/errs"
)

// A language is all that pages say in one language: a document like texts/en.json. What a
// document leaves out is said in English.
type language struct {
	// Tag is its tag of BCP 47.
	Tag     tags.Tag `json:"tag"`
	Formats formats  `json:"formats"`
	// Texts are those of the pages, by their keys.
	Texts map[string]text `json:"texts"`
	// Errors are the sentences of client errors, by code or by code/reason.
	Errors map[string]string `json:"errors"`

	pages *template.Template
	told  errs.Texts
}

// formats are how numbers and times are written.
type formats struct {
	// Thousands stands before each three digits, Decimal before a fraction.
	Thousands string `json:"thousands"`
	Decimal   string `json:"decimal"`
	// Minus stands before negative numbers.
	Minus string `json:"minus"`
	// Money is an amount of US dollars.
	Money string `json:"money"`
	// Date has the day, the month as a word, and the year; Moment a date, and hours and minutes.
	Date   string `json:"date"`
	Moment string `json:"moment"`
	// Months are the words of the twelve months in a date.
	Months []string `json:"months"`
}

// A text is a sentence in the form of package fmt, or one for each plural form that the
// language has, of which a number of its arguments chooses.
type text struct {
	Zero, One, Two, Few, Many, Other string
	// By is which argument chooses, beginning with 1.
	By int
}

// UnmarshalJSON reads a string, or an object with a member for each plural form.
func (t *text) UnmarshalJSON(document []byte) error {
	if strings.HasPrefix(string(document), `"`) {
		return json.Unmarshal(document, &t.Other)
	}
	type object text
	t.By = 1
	return json.Unmarshal(document, (*object)(t))
}

// of is the text in the plural form; other stands for those that it has not.
func (t text) of(form plural.Form) string {
	chosen := map[plural.Form]string{plural.Zero: t.Zero, plural.One: t.One, plural.Two: t.Two, plural.Few: t.Few, plural.Many: t.Many}[form]
	if chosen == "" {
		return t.Other
	}
	return chosen
}

// A figure is a whole number as it is written, which can choose a plural form.
type figure struct {
	n    int64
	text string
}

// String is the number as it is written.
func (f figure) String() string { return f.text }

const englishFile = "texts/en.json"

// english is the language that all texts are written in first.
var english = sync.OnceValue(func() *language {
	document, err := files.ReadFile(englishFile)
	if err != nil {
		panic(err) // it is embedded
	}
	l, err := readLanguage(document, nil)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", englishFile, err))
	}
	return l
})

// readLanguage reads a document; what it leaves out is that of another language, unless nil.
func readLanguage(document []byte, base *language) (*language, error) {
	l := &language{Texts: map[string]text{}}
	if base != nil {
		l.Formats = base.Formats
		l.Formats.Months = slices.Clone(l.Formats.Months) // decoding writes into the slice that is there
	}
	if err := json.Unmarshal(document, l); err != nil {
		return nil, err
	}
	if len(l.Formats.Months) != int(time.December) {
		return nil, fmt.Errorf("%d months", len(l.Formats.Months))
	}
	if base != nil {
		for key, said := range base.Texts {
			if _, ok := l.Texts[key]; !ok {
				l.Texts[key] = said
			}
		}
	}
	var err error
	l.pages, err = template.New("").Funcs(template.FuncMap{
		"t": l.say, "num": l.figure, "signed": l.signed, "decimal": l.decimal, "dollars": l.dollars, "cost": l.cost, "units": func(n float64) string { return l.number(int64(n)) }, "date": l.date, "moment": l.moment, "iso": isoText,
		"lang": l.Tag.String, "months": func() string { return strings.Join(l.Formats.Months, ",") },
		"asset": assetPath, "act": newAct, "rows": newRows, "entry": entryAddress, "choice": newChoice,
	}).ParseFS(files, "pages/*.html")
	return l, err
}

// has reports whether there is a text.
func (l *language) has(key string) bool { return l.Texts[key] != text{} }

// say is the text of a key, with its arguments.
func (l *language) say(key string, args ...any) string {
	said, ok := l.Texts[key]
	if !ok {
		return key
	}
	if len(args) == 0 {
		return said.Other
	}
	format := said.Other
	if said.By > 0 && said.By <= len(args) {
		if n, isNumber := wholeNumber(args[said.By-1]); isNumber {
			format = said.of(plural.Cardinal.MatchPlural(l.Tag, int(n%10_000_000), 0, 0, 0, 0))
		}
	}
	return fmt.Sprintf(format, args...)
}

// wholeNumber is the amount of a number, whatever its sign.
func wholeNumber(arg any) (n int64, ok bool) {
	switch v := arg.(type) {
	case int:
		n = int64(v)
	case int64:
		n = v
	case figure:
		n = v.n
	default:
		return 0, false
	}
	return max(n, -n), true
}

// number writes a whole number.
func (l *language) number(n int64) string {
	digits, sign := strconv.FormatInt(n, 10), ""
	if strings.HasPrefix(digits, "-") {
		sign, digits = l.Formats.Minus, digits[1:]
	}
	var parts []string
	for len(digits) > 3 {
		parts = append([]string{digits[len(digits)-3:]}, parts...)
		digits = digits[:len(digits)-3]
	}
	return sign + strings.Join(append([]string{digits}, parts...), l.Formats.Thousands)
}

func (l *language) figure(n int64) figure { return figure{n, l.number(n)} }

// signed is a number that always has its sign, but for 0.
func (l *language) signed(n int64) string {
	if n > 0 {
		return "+" + l.number(n)
	}
	return l.number(n)
}

// decimal is a number with some digits of a fraction.
func (l *language) decimal(digits int, f float64) string {
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(f, 'f', digits, 64), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || n == 0 { // -0 keeps its sign, and what is too large its digits
		return strings.ReplaceAll(whole, "-", l.Formats.Minus) + join(l.Formats.Decimal, fraction)
	}
	return l.number(n) + join(l.Formats.Decimal, fraction)
}

func join(point, fraction string) string {
	if fraction == "" {
		return ""
	}
	return point + fraction
}

// dollars is an amount of US dollars.
func (l *language) dollars(amount float64) string {
	switch {
	case amount == 0:
		return fmt.Sprintf(l.Formats.Money, "0")
	case amount < 0.01:
		return l.say("overview.less", fmt.Sprintf(l.Formats.Money, l.decimal(2, 0.01)))
	default:
		return fmt.Sprintf(l.Formats.Money, l.decimal(2, amount))
	}
}

// cost is an amount of US dollars without their sign, of which parts of a cent count.
func (l *language) cost(amount float64) string {
	if amount < 1 {
		return l.decimal(4, amount)
	}
	return l.decimal(2, amount)
}

func (l *language) date(t time.Time) string {
	year, month, day := t.UTC().Date()
	return fmt.Sprintf(l.Formats.Date, day, l.Formats.Months[month-1], year)
}

func (l *language) moment(t time.Time) string {
	return fmt.Sprintf(l.Formats.Moment, l.date(t), t.UTC().Format("15:04"))
}

// A languageChoice is the languages that pages may be in; the first is English.
type languageChoice struct {
	all     []*language
	matcher tags.Matcher
}

// newLanguageChoice reads the languages of the folder texts and some more, and says errors
// by told where a language has no sentence of its own.
func newLanguageChoice(more [][]byte, told errs.Texts) (languageChoice, error) {
	first := *english()
	choice := languageChoice{all: []*language{&first}}
	embedded, err := otherDocuments()
	if err != nil {
		return choice, err
	}
	for _, document := range append(embedded, more...) {
		l, err := readLanguage(document, &first)
		if err != nil {
			return choice, err
		}
		choice.all = append(choice.all, l)
	}
	var known []tags.Tag
	for _, l := range choice.all {
		l.told = told.With(l.Errors)
		known = append(known, l.Tag)
	}
	choice.matcher = tags.NewMatcher(known)
	return choice, nil
}

// otherDocuments are those of the folder texts besides that of English.
func otherDocuments() (documents [][]byte, err error) {
	names, err := fs.Glob(files, "texts/*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if name == englishFile {
			continue
		}
		document, err := files.ReadFile(name)
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
	}
	return documents, nil
}

// of is the language that a browser asks for, or English.
func (c languageChoice) of(r *http.Request) *language {
	_, i := tags.MatchStrings(c.matcher, r.Header.Get("Accept-Language"))
	return c.all[i]
}
