package console_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"regulars/functions/local/devserver"
	"regulars/shared/access"
	"regulars/tests/client"
)

// Somebody watches a job, cancels it, starts it again, and sees it end.
func TestProveJobsJourney(t *testing.T) {
	s := newShop(t)
	job := startJob(t, s.Server)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	var text, first, second string
	b.run(
		chromedp.Click(`nav a[href$="/jobs"]`), chromedp.WaitVisible(`a[href$="/`+job.ID+`"]`), chromedp.Click(`a[href$="/`+job.ID+`"]`),
		chromedp.WaitVisible("#cancel"), chromedp.Text("#import", &text), chromedp.Location(&first),
	)
	if !strings.Contains(text, "Running") || !strings.Contains(text, "0 %") {
		t.Errorf("a job that has just begun says %q", text)
	}
	b.shoot("job")
	b.accessible("job")
	b.narrow("job")
	var opacity, pressed string
	b.run( // the page stays as it is while it looks again by itself
		chromedp.Evaluate(`const part = document.getElementById("import"); part.classList.add("htmx-request"); const seen = getComputedStyle(part).opacity; part.classList.remove("htmx-request"); seen`, &opacity),
		chromedp.Evaluate(`document.querySelector("#cancel").classList.add("htmx-request"); getComputedStyle(document.querySelector("#cancel")).opacity`, &pressed),
	)
	if opacity != "1" || pressed != "0.6" {
		t.Errorf("while something is asked for, the page has the opacity %s, and what was pressed %s", opacity, pressed)
	}
	b.run(
		chromedp.Click("#cancel"), chromedp.WaitVisible("dialog .note"), chromedp.KeyEvent("\x1b"), chromedp.WaitNotVisible("dialog"), chromedp.WaitVisible("#cancel"),
		chromedp.Click("#cancel"), chromedp.WaitVisible("dialog .primary"), chromedp.Click("dialog .primary"), chromedp.WaitVisible(".at-cancelled"),
		chromedp.WaitNotPresent("#cancel"),
		chromedp.Click("#again"), chromedp.WaitVisible("dialog .primary"), chromedp.Click("dialog .primary"), chromedp.WaitVisible(".at-running"), chromedp.Location(&second),
	)
	if second == first {
		t.Errorf("started again at %s, the job that was cancelled", second)
	}
	client.Work(t, s.Server)
	b.run(chromedp.WaitVisible(".at-done"), chromedp.Text("#import", &text)) // the page looks again by itself
	if !strings.Contains(text, "100 %") {
		t.Errorf("a job that has ended says %q", text)
	}
	b.run(chromedp.Click(`.back a`), chromedp.WaitVisible("table.list"), chromedp.Text("table.list", &text))
	if !strings.Contains(text, "Cancelled") || !strings.Contains(text, "Done") {
		t.Errorf("the list of jobs says %q", text)
	}
	b.shoot("jobs")
	b.accessible("jobs")
	b.narrow("jobs")
	b.quiet()
}

// Somebody replaces the token of a till, and revokes it; its session ends with it.
func TestProveTokensJourney(t *testing.T) {
	s := newShop(t)
	old, till := s.token(t, access.AltRead, access.LoyRead)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	row := `tr:has(a[href*="` + till.String() + `"])`
	b.run(chromedp.Click(`nav a[href$="/tokens"]`), chromedp.WaitVisible(row))
	b.shoot("tokens")
	b.accessible("tokens")
	b.narrow("tokens")
	var shown, text string
	b.run(
		chromedp.Click(`a[href$="`+till.String()+`/rotate"]`), chromedp.WaitVisible("dialog .primary"), chromedp.Text("dialog", &text),
		chromedp.Click("dialog .primary"), chromedp.WaitVisible("#secret"), chromedp.Text("#secret", &shown),
	)
	if !strings.Contains(text, "24 hours") {
		t.Errorf("what will happen is %q", text)
	}
	if !regexp.MustCompile(`^reg_live_[A-Z2-7]+$`).MatchString(shown) || shown == old {
		t.Errorf("the new token is %q", shown)
	}
	b.accessible("new token")
	b.run(chromedp.Click("dialog .primary"), chromedp.WaitNotPresent("#secret"), chromedp.WaitVisible(row))

	// Both are good; whoever is signed in with the one that is revoked is led to the login.
	for _, good := range []string{old, shown, devserver.DemoToken} {
		b.signOut()
		b.enter(good)
	}
	b.run(
		chromedp.Click(`nav a[href$="/tokens"]`), chromedp.Click(`a[href$="`+till.String()+`/revoke"]`), chromedp.WaitVisible("dialog .primary"), chromedp.Text("dialog", &text),
		chromedp.Click("dialog .primary"), chromedp.WaitVisible(".done"), chromedp.WaitVisible(".at-revoked"),
	)
	if !strings.Contains(text, "cannot be undone") {
		t.Errorf("what will happen is %q", text)
	}
	b.signOut()
	b.run(chromedp.SendKeys("#token", old+"\r"), chromedp.WaitVisible(".error"), chromedp.Text(".error", &text))
	if !strings.Contains(text, "revoked") {
		t.Errorf("of a token that was revoked it says %q", text)
	}
	b.quiet()
}

// Somebody tries a sale with another program, sees both results, and what was filled in
// stays where it was.
func TestProveSaleJourney(t *testing.T) {
	s := newShop(t)
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	var text, figure string
	b.run(
		chromedp.Click(`nav a[href$="/program"]`), chromedp.WaitVisible("#in-sought"),
		chromedp.SendKeys("#in-sought", herPhone), chromedp.SendKeys("#in-total", "much\r"), chromedp.WaitVisible(`#in-total[aria-invalid="true"]`),
		chromedp.SetValue("#in-total", "1000000"), chromedp.SetValue("#in-money_per_point", "2000"), chromedp.Click(`.card .primary`), chromedp.WaitVisible("table.plan"),
		chromedp.Text("table.plan", &text), chromedp.Value("#in-money_per_point", &figure),
	)
	earned := regexp.MustCompile(`Earned\s+\+([\d,]+)\s+\+([\d,]+)`).FindStringSubmatch(text)
	if earned == nil || earned[1] == earned[2] || figure != "2000" {
		t.Errorf("with a point for 2,000 the sale gives %q, and the form has %q", text, figure)
	}
	b.shoot("sale")
	b.accessible("sale")
	b.narrow("sale")
	b.run(chromedp.Click(`h3 a`), chromedp.WaitVisible(".large"), chromedp.Text(".large", &text))
	if !strings.Contains(text, "2,660") {
		t.Errorf("after the trial the balance is %q", text)
	}
	b.quiet()
}

// Somebody with two shops looks at both and works in the other.
func TestProveTenantsJourney(t *testing.T) {
	s := newShop(t)
	if _, err := s.Registrar.CreateTenant(t.Context(), client.OtherTenant, "Other shop", nil); err != nil {
		t.Fatal(err)
	}
	both, _, err := s.Registrar.CreateToken(t.Context(), access.Token{
		Name: "both shops", Tenants: []int{devserver.Tenant, client.OtherTenant}, Scopes: []access.Scope{access.AltRead, access.LoyRead},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := open(t, s)
	b.sized(1280, 860, false)
	b.signIn()
	b.signOut()
	b.enter(both)
	var text string
	b.run(chromedp.Click(`a[href$="/tenants"]`), chromedp.WaitVisible("table.list"))
	b.accessible("tenants")
	b.narrow("tenants")
	b.run(
		chromedp.Click("table.list form button"), chromedp.WaitVisible("#sought"), chromedp.Text("a.tenant", &text),
		chromedp.SendKeys("#sought", herPhone+"\r"), chromedp.WaitVisible(".empty"),
	)
	if !strings.Contains(text, "Other shop") {
		t.Errorf("after the switch it says %q", text)
	}
	b.run(
		chromedp.SetValue("#tenant", "5"), chromedp.Click(`form[action$="/tenant"] button`), chromedp.WaitNotPresent(".empty"), chromedp.WaitVisible("#sought"),
		chromedp.SendKeys("#sought", herPhone+"\r"), chromedp.WaitVisible(".large"),
	)
	b.quiet()
}
