package console_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"regulars/functions/local/devserver"
	"regulars/tests/client"
)

// A screen is a browser with a page of the console in it.
type screen struct {
	t    *testing.T
	ctx  context.Context
	url  string
	also string // where else pages may send files
	mu   sync.Mutex
	told []string // what the browser complained of
}

// open starts Chromium with pages of the handler, or skips the test where there is none.
func open(t *testing.T, h http.Handler) *screen {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return openAt(t, server.URL, server.URL)
}

// openAt starts Chromium with pages of an address, which may send files to another.
func openAt(t *testing.T, url, also string) *screen {
	t.Helper()
	if !client.Proving() {
		t.Skip("make prove and make console play it")
	}
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		t.Skip("Chromium is not installed; install it with: apt-get install chromium")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.Flag("lang", "en"), chromedp.Flag("hide-scrollbars", true))
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // of events it does not know
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 8*time.Minute)
	t.Cleanup(cancel)
	s := &screen{t: t, ctx: ctx, url: url, also: also}
	chromedp.ListenTarget(ctx, s.listen)
	if err := chromedp.Run(ctx, log.Enable(), runtime.Enable(), network.Enable()); err != nil { // the browser ends with the context of its first run
		t.Fatal(err)
	}
	return s
}

// listen keeps errors of scripts, breaches of the policy, and requests to elsewhere.
func (s *screen) listen(event any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventExceptionThrown:
		s.told = append(s.told, e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		if e.Entry.Source == log.SourceSecurity || strings.Contains(e.Entry.Text, "Content Security Policy") || strings.Contains(e.Entry.Text, "Refused") {
			s.told = append(s.told, e.Entry.Text)
		}
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, s.url) && !strings.HasPrefix(e.Request.URL, s.also) && !strings.HasPrefix(e.Request.URL, "data:") {
			s.told = append(s.told, "asks for "+e.Request.URL)
		}
		for _, secret := range []string{devserver.DemoToken, "form_token", "example.com", herPhone[1:]} {
			if strings.Contains(e.Request.URL, secret) {
				s.told = append(s.told, "has it in an address: "+e.Request.URL)
			}
		}
	case *cdppage.EventJavascriptDialogOpening:
		s.told = append(s.told, "a script of stored text ran: "+e.Message)
	}
}

// quiet demands that the browser complained of nothing.
func (s *screen) quiet() {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, told := range s.told {
		s.t.Error(told)
	}
}

func (s *screen) run(actions ...chromedp.Action) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, time.Minute)
	defer cancel()
	if err := chromedp.Run(ctx, actions...); err != nil {
		var text string
		_ = chromedp.Run(s.ctx, chromedp.Text("body", &text))
		s.t.Fatalf("%v on a page that says: %s", err, text)
	}
}

// sized sets the size of the page and whether it is dark.
func (s *screen) sized(width, height int64, dark bool) {
	s.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	s.run(chromedp.EmulateViewport(width, height), emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{
		{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
	}))
}

func (s *screen) signIn() {
	s.t.Helper()
	s.run(chromedp.Navigate(s.url + "/console"))
	s.enter(devserver.DemoToken)
}

// enter signs in with a token, on the page that asks for one.
func (s *screen) enter(token string) {
	s.t.Helper()
	s.run(chromedp.SendKeys("#token", token+"\r"), chromedp.WaitVisible("#sought"))
}

// signOut leads to that page, from wherever the browser is.
func (s *screen) signOut() {
	s.t.Helper()
	s.run(chromedp.Click(`form[action$="/logout"] button`), chromedp.WaitVisible("#token"))
}

// shoot keeps a picture of what is on the screen, down to the end of the page, where
// SCREENSHOTS names a folder.
func (s *screen) shoot(name string) {
	s.t.Helper()
	folder := os.Getenv("SCREENSHOTS")
	if folder == "" {
		return
	}
	var box cdppage.Viewport
	var taken []byte
	s.run(
		chromedp.Sleep(200*time.Millisecond), // the chart has been drawn by then
		chromedp.Evaluate(`({x: 0, y: scrollY, width: innerWidth, scale: 1,
			height: document.querySelector("dialog[open]") ? innerHeight : Math.min(innerHeight, Math.ceil(document.querySelector("footer").getBoundingClientRect().bottom))})`, &box),
		chromedp.ActionFunc(func(ctx context.Context) (err error) {
			taken, err = cdppage.CaptureScreenshot().WithClip(&box).Do(ctx)
			return err
		}),
	)
	if err := os.WriteFile(filepath.Join(folder, name+".png"), small(s.t, taken), 0o644); err != nil {
		s.t.Fatal(err)
	}
}

// small is the picture in 256 colours, which is less than half as large: half of them are
// the most frequent, the others differ from these.
func small(t *testing.T, taken []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(taken))
	if err != nil {
		t.Fatal(err)
	}
	bounds := full.Bounds()
	counts := map[color.Color]int{}
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			counts[full.At(x, y)]++
		}
	}
	frequent := slices.SortedFunc(maps.Keys(counts), func(a, b color.Color) int { return counts[b] - counts[a] })
	var palette color.Palette
	for _, c := range frequent {
		if len(palette) < 128 || len(palette) < 256 && difference(c, palette.Convert(c)) > 12 {
			palette = append(palette, c)
		}
	}
	reduced := image.NewPaletted(bounds, palette)
	draw.Draw(reduced, bounds, full, bounds.Min, draw.Src)
	var written bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&written, reduced); err != nil {
		t.Fatal(err)
	}
	return written.Bytes()
}

// difference is how far two colours are apart, in 256ths of each of their parts.
func difference(a, b color.Color) int {
	apart := 0
	var x, y [3]uint32
	x[0], x[1], x[2], _ = a.RGBA()
	y[0], y[1], y[2], _ = b.RGBA()
	for i := range x {
		apart += max(int(x[i]>>8)-int(y[i]>>8), int(y[i]>>8)-int(x[i]>>8))
	}
	return apart
}

// accessible demands that axe finds nothing on the page, that it is not wider than the
// screen, and that all of it is on it but for what can be scrolled.
func (s *screen) accessible(name string) {
	s.t.Helper()
	script, err := os.ReadFile("testdata/axe.min.js")
	if err != nil {
		s.t.Fatal(err)
	}
	var found string
	var wide, outside string
	s.run(
		chromedp.Evaluate(string(script)+";0", nil),
		chromedp.Evaluate(`axe.run(document).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.map(n => n.html.slice(0, 120) + " " + n.failureSummary)])))`, &found,
			func(p *runtime.EvaluateParams) *runtime.EvaluateParams { return p.WithAwaitPromise(true) }),
		chromedp.Evaluate(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`, &wide),
		chromedp.Evaluate(`[...document.querySelectorAll("main *, header *")].filter(e => !e.closest(".scroll, .hidden, svg, #chart, dialog") && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 80)).slice(0, 5).join("\n")`, &outside),
	)
	var violations []any
	if err := json.Unmarshal([]byte(found), &violations); err != nil {
		s.t.Fatal(err)
	}
	for _, v := range violations {
		s.t.Errorf("%s: axe: %v", name, v)
	}
	if wide != "0" {
		s.t.Errorf("%s: the page is %s px wider than the screen", name, wide)
	}
	if outside != "" {
		s.t.Errorf("%s: outside of the screen: %s", name, outside)
	}
}

// Somebody finds a customer, sees why 30 points are missing, and gives them back; then
// by the keyboard alone.
func TestProveJourney(t *testing.T) {
	s := newShop(t)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.run(chromedp.Navigate(b.url+"/console"), chromedp.WaitVisible("#token"))
	b.signIn()
	b.run(chromedp.SendKeys("#sought", herPhone+"\r"), chromedp.WaitVisible("#chart canvas"))
	b.shoot("card")
	var text string
	b.run(chromedp.Text("#entry-10", &text))
	if !strings.Contains(text, "Wrong till") || !strings.Contains(text, "−30") {
		t.Errorf("the newest entry says %q", text)
	}
	b.run(
		chromedp.Click(`a[href$="/entries/10/reverse"]`), chromedp.WaitVisible("dialog #in-reason"),
		chromedp.SendKeys("#in-reason", "The till was wrong"), chromedp.Click("dialog .primary"), chromedp.WaitVisible("dialog .plan"),
	)
	b.shoot("plan")
	b.run(chromedp.Click("dialog .primary"), chromedp.WaitVisible(".done"), chromedp.Text(".large", &text))
	if !strings.Contains(text, "2,690") {
		t.Errorf("the balance is %q", text)
	}

	var focus string
	b.run(
		chromedp.Focus(`a[href$="/points/add"]`), chromedp.KeyEvent("\r"), chromedp.WaitVisible("dialog #in-value"),
		chromedp.KeyEvent("1000\tBy the keyboard\r"), chromedp.WaitVisible("dialog .plan"), chromedp.Poll(`document.activeElement.value === "do"`, nil),
		chromedp.KeyEvent("\r"), chromedp.WaitVisible("#entry-12"), // of the page with what was added
		chromedp.Text(".large", &text),
	)
	if !strings.Contains(text, "3,690") {
		t.Errorf("the balance is %q", text)
	}
	b.run(
		chromedp.Focus(`a[href$="/points/subtract"]`), chromedp.KeyEvent("\r"), chromedp.WaitVisible("dialog #in-value"), chromedp.KeyEvent("\x1b"), // Escape
		chromedp.WaitNotVisible("dialog"), chromedp.Evaluate(`document.activeElement.textContent`, &focus),
		chromedp.Click("#ledger ~ form button"), chromedp.WaitVisible("#verified .good"),
	)
	if focus != "Subtract points" {
		t.Errorf("after Escape the focus is on %q", focus)
	}
	b.quiet()
}

// A session that ends in the middle, and a network that is slow.
func TestProveInterrupted(t *testing.T) {
	s := newShop(t)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	b.run(
		network.EmulateNetworkConditions(false, 400, 50_000, 50_000),
		chromedp.Navigate(b.url+s.card()), chromedp.WaitVisible(`a[href$="/points/add"]`),
		chromedp.Click(`a[href$="/points/add"]`), chromedp.WaitVisible("dialog #in-value"),
		chromedp.SendKeys("#in-value", "5"), chromedp.SendKeys("#in-reason", "Slow"), chromedp.Click("dialog .primary"), chromedp.WaitVisible("dialog .plan"),
		network.ClearBrowserCookies(),
		chromedp.Click("dialog .primary"), chromedp.WaitVisible("#token"),
		chromedp.SendKeys("#token", devserver.DemoToken+"\r"), chromedp.WaitVisible(".large"),
	)
	var text, address string
	b.run(chromedp.Text(".large", &text), chromedp.Location(&address))
	if !strings.Contains(text, "2,660") || address != b.url+s.card() {
		t.Errorf("after the session ended: %q at %s", text, address)
	}
}

// No page has what axe finds, nor is wider than its screen, in light and dark.
func TestProveAccessible(t *testing.T) {
	s := newShop(t)
	b := open(t, s)
	b.signIn()
	for _, size := range []struct {
		width int64
		dark  bool
	}{{360, false}, {1280, true}, {1920, false}} {
		b.sized(size.width, 860, size.dark)
		for name, path := range map[string]string{
			"find": "/console", "login": "/console/login", "card": s.card(), "edit": s.card() + "/edit", "add": s.card() + "/points/add",
			"product": s.card() + "/product", "changed": "/console/lists/changed", "expiring": "/console/lists/expiring?days=300", "problem": "/console/customers/1", "program": "/console/program",
			"overview": "/console/overview", "duplicates": "/console/duplicates", "erase": s.card() + "/erase", "export": s.card() + "/export", "merge": s.card() + "/merge",
		} {
			b.run(chromedp.Navigate(b.url+path), chromedp.WaitVisible("main h1"))
			if name == "card" {
				b.run(chromedp.WaitVisible("#chart canvas"), chromedp.Click("#entry-10 summary"))
			}
			b.accessible(fmt.Sprintf("%s at %d", name, size.width))
		}
	}
	b.sized(1280, 860, false)
	b.run(chromedp.Navigate(b.url+s.card()), chromedp.Click(`a[href$="/points/add"]`), chromedp.WaitVisible("dialog #in-value"))
	b.accessible("dialog")
	b.quiet()
}
