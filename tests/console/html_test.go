package console_test

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// What HTML allows, of what our pages use. A page with anything else fails.
var (
	voidElements = strings.Fields("meta link input br hr rect circle path")
	elements     = strings.Fields("html head title meta link script body a header div svg circle path rect nav form input label select option button main p section " +
		"h1 h2 h3 dl dt dd span strong code del ins table thead tbody tr th td time details summary ul li progress dialog footer textarea datalist noscript")
	// within says in which elements one may stand.
	within = map[string]string{
		"li": "ul", "tr": "thead tbody", "th": "tr", "td": "tr", "thead": "table", "tbody": "table", "dt": "dl div", "dd": "dl div", "option": "select datalist",
		"summary": "details", "title": "head", "meta": "head", "link": "head",
	}
	// phrases are elements in which only such stand that are part of a line.
	phrases  = strings.Fields("p span strong code del ins h1 h2 h3 label button summary dt a time option title textarea")
	inline   = strings.Fields("a span strong code del ins time svg circle path rect input label select option button br textarea progress")
	controls = strings.Fields("input select textarea button")
	// attributes are those of any element, and of some.
	attributes = map[string]string{
		"": "id class hidden tabindex role title lang autofocus", "a": "href", "form": "method action novalidate", "button": "name value type", "label": "for",
		"input":    "type name value placeholder autocomplete spellcheck required inputmode list accept",
		"textarea": "name rows spellcheck", "select": "name", "option": "value selected", "meta": "charset name content", "link": "rel href", "script": "src defer",
		"svg": "viewbox preserveaspectratio", "circle": "cx cy r", "path": "d", "rect": "x y width height", "th": "scope colspan", "td": "colspan", "time": "datetime",
		"progress": "max value",
	}
)

// A checkedPage is what is known of a page while it is read.
type checkedPage struct {
	whole  bool // it is no part of one
	open   []string
	ids    map[string]bool
	wanted map[string]string // ids that something refers to, and what
	named  []string          // ids of controls that need a label
	labels map[string]bool   // ids that labels are for
	flaws  []string
}

// flawsOf are the ways in which a page, or a part of one, is no good HTML.
func flawsOf(body string) []string {
	p := &checkedPage{
		whole: strings.HasPrefix(body, "<!doctype html>"), ids: map[string]bool{}, wanted: map[string]string{}, labels: map[string]bool{},
	}
	tokens := html.NewTokenizer(strings.NewReader(body))
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			if tokens.Err() != io.EOF {
				p.flaw("%v", tokens.Err())
			}
			p.end()
			return p.flaws
		case html.StartTagToken, html.SelfClosingTagToken:
			p.start(tokens.Token())
		case html.EndTagToken:
			name := tokens.Token().Data
			if len(p.open) == 0 || p.open[len(p.open)-1] != name {
				p.flaw("</%s> ends %v", name, p.open)
				continue
			}
			p.open = p.open[:len(p.open)-1]
		}
	}
}

func (p *checkedPage) flaw(format string, args ...any) {
	p.flaws = append(p.flaws, fmt.Sprintf(format, args...))
}

// start reads the beginning of an element.
func (p *checkedPage) start(t html.Token) {
	parent := ""
	if len(p.open) > 0 {
		parent = p.open[len(p.open)-1]
	}
	if !slices.Contains(elements, t.Data) {
		p.flaw("there is no element <%s>", t.Data)
	}
	if allowed, ok := within[t.Data]; ok && parent != "" && !slices.Contains(strings.Fields(allowed), parent) && parent != "noscript" {
		p.flaw("<%s> stands in <%s>", t.Data, parent)
	}
	if slices.Contains(phrases, parent) && !slices.Contains(inline, t.Data) {
		p.flaw("<%s> stands in <%s>, in which only parts of a line may", t.Data, parent)
	}
	if (t.Data == "a" || slices.Contains(controls, t.Data)) && (slices.Contains(p.open, "a") || slices.Contains(p.open, "button") || slices.Contains(p.open, "summary")) {
		p.flaw("<%s> stands in what can be pressed itself: %v", t.Data, p.open)
	}
	if t.Data == "form" && slices.Contains(p.open, "form") {
		p.flaw("a form stands in a form")
	}
	p.attributesOf(t)
	if !slices.Contains(voidElements, t.Data) {
		p.open = append(p.open, t.Data)
	}
}

// attributesOf reads the attributes of an element.
func (p *checkedPage) attributesOf(t html.Token) {
	allowed := strings.Fields(attributes[""] + " " + attributes[t.Data])
	values := map[string]string{}
	for _, a := range t.Attr {
		if _, twice := values[a.Key]; twice {
			p.flaw("<%s> has %s twice", t.Data, a.Key)
		}
		values[a.Key] = a.Val
		if !slices.Contains(allowed, a.Key) && !strings.HasPrefix(a.Key, "data-") && !strings.HasPrefix(a.Key, "aria-") && !strings.HasPrefix(a.Key, "hx-") {
			p.flaw("<%s> has the attribute %s", t.Data, a.Key)
		}
	}
	id := values["id"]
	if id != "" && (p.ids[id] || strings.ContainsAny(id, " \t\n")) {
		p.flaw("the id %q is there twice, or has blanks", id)
	}
	p.ids[id] = true
	for _, name := range []string{"for", "list", "aria-labelledby", "aria-describedby"} {
		for to := range strings.FieldsSeq(values[name]) {
			p.wanted[to] = name
			if name == "for" {
				p.labels[to] = true
			}
		}
	}
	if (slices.Contains(controls, t.Data) && t.Data != "button" || t.Data == "progress") && values["type"] != "hidden" && values["aria-label"] == "" {
		p.named = append(p.named, id)
	}
	if t.Data == "section" && values["aria-labelledby"] == "" && values["id"] != "" || t.Data == "nav" && values["aria-label"] == "" {
		p.flaw("<%s> has no name", t.Data)
	}
}

// end looks at the page as a whole.
func (p *checkedPage) end() {
	if len(p.open) > 0 {
		p.flaw("%v have no end", p.open)
	}
	for _, id := range p.named {
		if !p.labels[id] {
			p.flaw("the control %q has no label", id)
		}
	}
	for id, by := range p.wanted {
		if p.whole && !p.ids[id] && id != "panel-title" { // of the dialog, which is filled later
			p.flaw("%s refers to %q, which is not there", by, id)
		}
	}
}

// A rule that never fails is none.
func TestHTMLIsChecked(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`<p>good <a href="/x">one</a></p><ul><li>x</li></ul>`: "",
		`<label for="a">A</label><input id="a">`:              "",
		`<input>`:                                             "no label",
		`<p id="a"></p><p id="a"></p>`:                        "twice",
		`<p><div></div></p>`:                                  "stands in <p>",
		`<ul><p></p></ul><li></li><ul><tr></tr></ul>`:         "<tr> stands in <ul>",
		`<p>no end`:                          "have no end",
		`<p><span></p></span>`:               "ends",
		`<blink>x</blink>`:                   "no element",
		`<p onclick="x()">x</p>`:             "attribute onclick",
		`<p style="color: red">x</p>`:        "attribute style",
		`<a href="x"><button>y</button></a>`: "can be pressed",
		`<form><form></form></form>`:         "in a form",
		`<!doctype html><html lang="en"><label for="b">B</label></html>`: `refers to "b"`,
	} {
		if got := strings.Join(flawsOf(body), "; "); want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s has the flaws %q, want %q", body, got, want)
		}
	}
}
