package console_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"regulars/functions/imports/rows"
	"regulars/functions/local/devserver"
	"regulars/shared/access"
)

// accents make of English a language that nobody speaks: each vowel has one.
var accents = strings.NewReplacer("a", "á", "e", "é", "i", "í", "o", "ó", "u", "ú", "y", "ý", "A", "Á", "E", "É", "I", "Í", "O", "Ó", "U", "Ú", "Y", "Ý")

var verb = regexp.MustCompile(`%(\[\d\])?[a-z]`)

// accented is a text with accents, and its verbs as they were.
func accented(text string) string {
	var b strings.Builder
	last := 0
	for _, at := range verb.FindAllStringIndex(text, -1) {
		b.WriteString(accents.Replace(text[last:at[0]]) + text[at[0]:at[1]])
		last = at[1]
	}
	return b.String() + accents.Replace(text[last:])
}

// madeUp is a document of all texts and sentences with accents, with the plural forms of
// Russian, of which each ends with its name.
func madeUp(t *testing.T) []byte {
	t.Helper()
	source, err := os.ReadFile("../../functions/console/texts/en.json")
	if err != nil {
		t.Fatal(err)
	}
	var english struct {
		Texts map[string]any `json:"texts"`
	}
	if err := json.Unmarshal(source, &english); err != nil {
		t.Fatal(err)
	}
	texts := map[string]any{}
	for key, said := range english.Texts {
		switch said := said.(type) {
		case string:
			texts[key] = accented(said)
		case map[string]any:
			form := map[string]any{"by": 1}
			if by, ok := said["by"]; ok {
				form["by"] = by
			}
			for _, name := range []string{"one", "few", "many", "other"} {
				form[name] = accented(said["other"].(string) + " ⟨" + name + "⟩")
			}
			texts[key] = form
		}
	}
	sentences := map[string]string{}
	for code, said := range rows.Texts().Formats {
		sentences[code] = accented(said)
	}
	code, err := os.ReadFile("../../functions/console/texts.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^\s"([a-z_/]+)":\s+("(?:[^"\\]|\\.)*"),$`).FindAllStringSubmatch(string(code), -1) {
		said, err := strconv.Unquote(m[2])
		if err != nil {
			t.Fatal(err)
		}
		sentences[m[1]] = accented(said)
	}
	document, err := json.Marshal(map[string]any{"tag": "ru-x-made", "texts": texts, "errors": sentences, "formats": map[string]any{
		"thousands": "·", "decimal": ",", "money": "%v d", "date": "%[3]v/%[2]v/%[1]v",
		"months": []string{"ñ1", "ñ2", "ñ3", "ñ4", "ñ5", "ñ6", "ñ7", "ñ8", "ñ9", "ñ10", "ñ11", "ñ12"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return document
}

// readable are the attributes that people read or hear.
var readable = []string{"aria-label", "title", "placeholder", "alt", "data-label", "data-unsent", "data-large"}

// saidOn is everything that a page says, but for what is in code elements, which is data.
func saidOn(body string) (said []string, lang string) {
	tokens := html.NewTokenizer(strings.NewReader(body))
	within := ""
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return said, lang
		case html.StartTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			if token.Data == "code" || token.Data == "script" {
				within = token.Data
			}
			for _, a := range token.Attr {
				if token.Data == "html" && a.Key == "lang" {
					lang = a.Val
				}
				for _, name := range readable {
					if a.Key == name {
						said = append(said, a.Val)
					}
				}
			}
		case html.EndTagToken:
			if token := tokens.Token(); token.Data == within {
				within = ""
			}
		case html.TextToken:
			text := tokens.Token().Data
			if strings.HasPrefix(text, "<") { // within noscript
				inner, _ := saidOn(text)
				said = append(said, inner...)
			} else if within == "" {
				said = append(said, text)
			}
		}
	}
}

var (
	word  = regexp.MustCompile(`[\p{L}\p{N}]{3,}`)
	route = regexp.MustCompile(`(GET|POST|PUT|DELETE) /\S+`)
)

// englishIn are the words of a page without accents that are no data.
func englishIn(body string, data map[string]bool) (found []string) {
	said, _ := saidOn(body)
	for _, text := range said {
		for _, word := range word.FindAllString(route.ReplaceAllString(text, ""), -1) {
			if accents.Replace(word) != word && !strings.ContainsAny(word, "0123456789") && !data[strings.ToLower(word)] {
				found = append(found, fmt.Sprintf("%s in %.80q", word, strings.TrimSpace(text)))
			}
		}
	}
	return found
}

// A language is a document: in one that is made up no page says anything in English, but for what
// people, clients and files called by names.
func TestAnotherLanguage(t *testing.T) {
	t.Parallel()
	document := madeUp(t)
	s := newHostileShop(t, func(o *devserver.Options) { o.ConsoleLanguages = [][]byte{document} })
	v := s.v
	v.speaks = "fr, ru-x-made;q=0.9"
	data := map[string]bool{}
	for _, texts := range append(slices.Collect(maps.Values(s.names)),
		herEmail+" mia@example.com zoe@example.com nobody.example", "demo Altcraft document Gold", // addresses, tokens of the seed, and a level
		"scri script cimg cscript ealert", // markup that was cut or is within JSON
		"goal start_availabilty end_availabilty product_category_fk PhoneType PhoneNumber prefix description", // custom fields and an extension
		"import-rows import-sort import-plan reconcile match-field-add",                                       // kinds of jobs
		"email interests YYYY utf iso koi ibm windows rejected.csv mapping.json",                              // columns of files, and how these are written
		"Incorrect phone has other characters than digits and separators",                                     // why a row was rejected, as the report of the import has it
	) {
		for _, word := range word.FindAllString(texts, -1) {
			data[strings.ToLower(word)] = true
		}
	}
	check := func(name string, p page) {
		t.Helper()
		if !strings.HasPrefix(p.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s = %d %s", name, p.code, p.header.Get("Content-Type"))
			return
		}
		for _, found := range englishIn(p.body, data) {
			t.Errorf("%s: %s", name, found)
		}
		if _, lang := saidOn(p.body); lang != "ru-x-made" || p.header.Get("Content-Language") != lang {
			t.Errorf("%s is said to be in %q, %q", name, lang, p.header.Get("Content-Language"))
		}
	}
	for path := range maps.Keys(s.shown) {
		check(path, v.get(path))
	}
	card := s.card()
	for _, path := range []string{
		"/console", "/console/login?ended=1", "/console/lists/expiring?days=300", card + "/points/subtract", card + "/merge", "/console/nowhere", "/console/customers/1",
		"/console/lists/changed?from=x", "/console/tokens/" + access.HashOf(devserver.DemoToken).String() + "/revoke", card + "?kind=order",
	} {
		check(path, v.get(path))
	}
	for name, p := range map[string]page{
		"nobody":       v.post("/console/find", "sought", "nobody@nobody.example"),
		"no points":    v.post(card+"/points/add", "value", "x", "reason", "reason"),
		"a plan":       v.post(card+"/points/add", "value", "30", "reason", "reason"),
		"too much":     v.post(card+"/points/subtract", "value", "3000000", "reason", "reason"),
		"an edit":      v.post(card+"/edit", "first_name", "first", "status", "disabled", "seen", "0"),
		"a sale":       v.post("/console/program", "sought", herEmail, "total", "1000000", "money_per_point", "1000", "usable_after_hours", "0", "expires_after_days", "0", "from.2020", "0", "percent.2020", "100", "from.2021", "10", "percent.2021", "100"),
		"no sale":      v.post("/console/program", "sought", herEmail, "total", "much"),
		"verified":     v.post(card + "/verify"),
		"foreign form": v.post("/console/tenant", "form_token", "x"),
	} {
		check(name, p)
	}
	if body := v.get(card).body; !regexp.MustCompile(`\d{4}/ñ\d+/\d+, \d\d:\d\d`).MatchString(body) || !strings.Contains(body, `data-months="ñ1,ñ2`) {
		t.Errorf("the card has no time in the format of the language: %s", body)
	}
	if p := v.post("/console/find", "sought", s.id.Decimal()); p.code != 303 {
		t.Errorf("found = %d", p.code)
	}
	v.speaks = "vi"
	if p := v.get("/console"); p.header.Get("Content-Language") != "en" || !strings.Contains(p.body, "Find a customer") {
		t.Errorf("a language that is not there is answered in %q", p.header.Get("Content-Language"))
	}
	if body := v.get(card).body; !strings.Contains(body, `data-months="Jan,Feb`) {
		t.Error("a document of another language changed the months in English")
	}
}
