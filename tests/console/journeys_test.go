package console_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"regulars/functions/local/devserver"
	"regulars/shared/customer"
	"regulars/shared/points"
	"regulars/tests/client"
)

// Somebody looks for duplicates, compares a pair, takes another city, merges the two, and
// parts them again.
func TestProveMergeJourney(t *testing.T) {
	s := shop{Scene: client.NewScene(t)}
	first, second := s.twins(t)
	client.Work(t, s.Server)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	var text string
	b.run(
		chromedp.Click(`nav a[href$="/duplicates"]`), chromedp.WaitVisible("button.primary"), chromedp.Click("button.primary"),
		chromedp.WaitVisible(".done"), chromedp.WaitVisible(".pair a.small"), // the page looks again by itself
	)
	b.shoot("duplicates")
	b.accessible("duplicates")
	b.run(
		chromedp.Click(`.pair a[href*="/separate/"]`), chromedp.WaitVisible("dialog .primary"), chromedp.Click("dialog .primary"), chromedp.WaitVisible(".done"),
		chromedp.WaitVisible(`.pair a[href*="/unseparate/"]`),
	)
	b.narrow("separate")
	b.run(
		chromedp.Click(".pair strong a"), chromedp.WaitVisible(`a[href*="/unseparate/"]`), chromedp.Click(`a[href*="/unseparate/"]`),
		chromedp.WaitVisible("dialog .primary"), chromedp.Click("dialog .primary"), chromedp.WaitVisible(".done"), chromedp.WaitNotPresent(`a[href*="/unseparate/"]`),
		chromedp.Click(`nav a[href$="/duplicates"]`), chromedp.WaitVisible(`.pair a[href*="/merge?"]`),
	)
	b.run(chromedp.Click(`.pair a[href*="/merge?"]`), chromedp.WaitVisible(".merge select"))
	b.run(
		chromedp.SetValue(`select[name="rule.city"]`, "other"), chromedp.Evaluate(`document.querySelector('select[name="rule.city"]').dispatchEvent(new Event("change", {bubbles: true}))`, nil),
		chromedp.Poll(`[...document.querySelectorAll(".merge tr")].some(r => r.textContent.includes("City") && r.querySelector(".comes").textContent.includes("Tallinn"))`, nil),
	)
	b.shoot("merge")
	b.accessible("merge")
	b.run(chromedp.Click(`#merge button[value="do"]`), chromedp.WaitVisible(".done"), chromedp.Text(".large", &text))
	if !strings.Contains(text, "165") {
		t.Errorf("the balance is %q", text)
	}
	b.run(
		chromedp.Click(`a[href$="/unmerge/`+second.Decimal()+`"]`), chromedp.WaitVisible("dialog .plan"), chromedp.Click("dialog .primary"),
		chromedp.WaitNotPresent("dialog .plan"), chromedp.WaitVisible(".done"), chromedp.Text(".large", &text),
	)
	if !strings.Contains(text, "120") {
		t.Errorf("the balance of %s is %q", first.Decimal(), text)
	}
	b.quiet()
}

// Somebody who asks is handed the data, then forgotten, and there is a certificate.
func TestProveErasingJourney(t *testing.T) {
	s := shop{Scene: client.NewScene(t)}
	id, _ := s.twins(t)
	client.Work(t, s.Server)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	b.run(
		chromedp.Navigate(b.url+"/console/customers/"+id.Decimal()), chromedp.Click(`a[href$="/export"]`), chromedp.WaitVisible("dialog .note"),
	)
	b.accessible("export")
	var text string
	b.run(
		chromedp.Click("dialog [data-close]"), chromedp.WaitNotVisible("dialog"),
		chromedp.Click(`a[href$="/erase"]`), chromedp.WaitVisible("#in-confirm"), chromedp.SendKeys("#in-confirm", "yes\r"), chromedp.WaitVisible(".about .error"),
	)
	b.accessible("erase")
	b.run(
		chromedp.SendKeys("#in-confirm", id.Decimal()+"\r"), chromedp.WaitNotPresent("#in-confirm"),
		chromedp.WaitVisible(`a[href$="/certificate"]`), // the page looks again by itself
		chromedp.Text("#erase", &text),
	)
	if !strings.Contains(text, "Nothing is left") || !strings.Contains(text, id.Decimal()) {
		t.Errorf("the certificate says %q", text)
	}
	b.shoot("certificate")
	b.accessible("certificate")
	b.run(chromedp.Click(`nav a[href$="/overview"]`), chromedp.WaitVisible(".overview"))
	b.accessible("overview")
	b.quiet()
}

// A custom field is changed, and an entry opened from the one that undid it.
func TestProveFieldsJourney(t *testing.T) {
	s := newShop(t)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	note := "#" + customID("note")
	b.run(
		chromedp.Navigate(b.url+s.card()), chromedp.Click(`a[href$="/edit"]`), chromedp.WaitVisible("dialog "+note),
		chromedp.SetValue(note, "Likes sencha"), chromedp.Click("dialog .primary"), chromedp.WaitVisible("dialog .plan"),
	)
	b.accessible("plan")
	var text string
	b.run(
		chromedp.Click("dialog .primary"), chromedp.WaitVisible(".done"), chromedp.Click(`section[aria-labelledby="people"] details summary`), chromedp.Text(`section[aria-labelledby="people"] details`, &text),
	)
	if !strings.Contains(text, "Likes sencha") {
		t.Errorf("the custom fields are %q", text)
	}
	b.run(
		chromedp.Click(`a[href$="/entries/10/reverse"]`), chromedp.WaitVisible("dialog #in-reason"), chromedp.SendKeys("#in-reason", "Wrong till\r"),
		chromedp.WaitVisible("dialog .plan"), chromedp.Click("dialog .primary"), chromedp.WaitVisible("#entry-11"),
		chromedp.Click("#entry-11 summary"), chromedp.Click(`#entry-11 a[href="#entry-10"]`), chromedp.Click("#entry-10 summary"), chromedp.Text("#entry-10", &text),
		chromedp.SetValue("#kind", "order"), chromedp.Click(".filters button"), chromedp.WaitNotPresent("#entry-10"), chromedp.WaitVisible("#entry-2"),
	)
	if !strings.Contains(text, "Undone by") || !strings.Contains(text, "#11") {
		t.Errorf("the entry that was undone says %q", text)
	}
	b.quiet()
}

// Another site shows no page of the console within its own.
func TestProveFramed(t *testing.T) {
	s := shop{Scene: client.NewScene(t)}
	b := open(t, s)
	b.signIn()
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte(`<iframe src="` + b.url + `/console"></iframe><p id="there">x</p>`))
	}))
	t.Cleanup(other.Close)
	b.run(chromedp.Navigate(other.URL), chromedp.WaitVisible("#there"), chromedp.Sleep(time.Second))
	b.mu.Lock()
	defer b.mu.Unlock()
	if !slices.ContainsFunc(b.told, func(told string) bool { return strings.Contains(told, "frame") }) {
		t.Errorf("the browser complained of no frame, but of %q", b.told)
	}
}

// A card with 10,000 entries opens as fast as one with 10.
func TestProveLargeLedger(t *testing.T) {
	if !client.Proving() {
		t.Skip("make prove and make console play it")
	}
	s := shop{Scene: client.NewScene(t)}
	small, large := s.twins(t)
	settings, err := s.Registrar.Tenant(t.Context(), devserver.Tenant)
	if err != nil {
		t.Fatal(err)
	}
	ledger := points.NewService(s.Store, time.Now)
	for id, n := range map[string]int{"small": 9, "large": 9_999} {
		request := points.Request{Tenant: devserver.Tenant, ID: small, Rules: settings.Preferences, Show: func(points.Profile) ([]byte, error) { return nil, nil }}
		if id == "large" {
			request.ID = large
		}
		for i := range n {
			if _, err := ledger.Add(t.Context(), request, 1, "Drop", ""); err != nil {
				t.Fatal(i, err)
			}
		}
	}
	v := signIn(t, s, devserver.DemoToken)
	opens := func(id customer.ID) time.Duration { // without what the tests check of a page
		r := httptest.NewRequest("GET", "/console/customers/"+id.Decimal(), nil)
		r.AddCookie(&http.Cookie{Name: "regulars_console", Value: v.cookie})
		w := httptest.NewRecorder()
		began := time.Now()
		if s.ServeHTTP(w, r); w.Code != http.StatusOK {
			t.Fatal(w.Code)
		}
		return time.Since(began)
	}
	took := map[string][]time.Duration{}
	for range 60 { // in turns, so that both meet the same machine
		for name, id := range map[string]customer.ID{"small": small, "large": large} {
			took[name] = append(took[name], opens(id))
		}
	}
	slices.Sort(took["small"])
	slices.Sort(took["large"])
	ratio := float64(took["large"][30]) / float64(took["small"][30])
	t.Logf("the card with 10 entries opens in %v, with 10,000 in %v: %.2f times", took["small"][30], took["large"][30], ratio)
	if ratio > 1.3 { // 20 entries are shown instead of 10
		t.Errorf("the card with 10,000 entries takes %.2f times as long as that with 10", ratio)
	}
}
