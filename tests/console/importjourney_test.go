package console_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"regulars/functions/local/devserver"
	"regulars/shared/dynamolocal/dynamotest"
	"regulars/tests/client"
)

// A file is sent to the bucket of a development machine, as somebody does it: on a slow
// network, with a session that ends in the middle.
func TestProveImportJourney(t *testing.T) {
	if !client.Proving() {
		t.Skip("make prove and make console play it")
	}
	process := client.Start(t, dynamotest.Table(t), "DATA=")
	b := openAt(t, process.Address, process.Bucket)
	var file strings.Builder
	file.WriteString("E-Mail;Vorname;Nachname;Telefon;Geburtstag;Punkte;Newsletter;Bemerkung\n")
	for i := range 400 {
		phone := fmt.Sprintf("+8490%07d", i)
		if i%50 == 7 {
			phone = "unbekannt"
		}
		fmt.Fprintf(&file, "guest%03d@example.com;Mai %d;Nguyễn;%s;%02d.04.1991;%d;ja;Stammkundin\n", i, i, phone, i%28+1, i)
	}
	path := filepath.Join(t.TempDir(), "old-shop.csv")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	mapped := chromedp.Evaluate(`["target-6", "target-7"].forEach(id => document.getElementById(id).value = ""); document.getElementById("in-dates").value = "DD.MM.YYYY"`, nil)
	b.sized(1280, 860, false)
	b.signIn()
	b.run(
		chromedp.Navigate(b.url+"/console/imports"), chromedp.WaitVisible("#upload"),
		network.EmulateNetworkConditions(false, 300, 50_000, 50_000),
		chromedp.SetUploadFiles("#file", []string{path}), chromedp.WaitVisible("#in-dates"),
		network.EmulateNetworkConditions(false, 0, -1, -1),
		mapped,
	)
	b.shoot("columns")
	b.accessible("columns")
	b.narrow("columns")

	// The session ends: what was sent is still there.
	var at string
	b.run(
		network.ClearBrowserCookies(), chromedp.Click(`button[value="plan"]`), chromedp.WaitVisible("#token"),
		chromedp.SendKeys("#token", devserver.DemoToken+"\r"), chromedp.WaitVisible("#in-dates"),
		mapped,
		chromedp.Click(`button[value="plan"]`), chromedp.WaitVisible("#start"), chromedp.Location(&at),
	)
	b.shoot("tried")
	b.accessible("tried")
	b.narrow("tried")
	var text string
	b.run(chromedp.Text("#import", &text))
	for _, want := range []string{"392", "bad_phone", "Incorrect phone"} {
		if !strings.Contains(text, want) {
			t.Errorf("what was tried does not say %s: %s", want, text)
		}
	}
	b.run(
		chromedp.Click("#start"), chromedp.WaitVisible("dialog .plan"), chromedp.Click("dialog .primary"), chromedp.WaitVisible("#cancel, #undo"), chromedp.WaitVisible("#undo"),
		chromedp.Text("#import", &text),
	)
	if !strings.Contains(text, "392") || !strings.Contains(text, "Done") {
		t.Errorf("imported: %s", text)
	}
	b.run(chromedp.Click("#undo"), chromedp.WaitVisible("dialog .plan"))
	b.shoot("undo")
	b.accessible("undo")
	b.run(chromedp.Click("dialog .primary"), chromedp.WaitVisible(".at-undone"), chromedp.Text("#import", &text))
	if !strings.Contains(text, "Customers deleted") {
		t.Errorf("undone: %s", text)
	}
	b.run(chromedp.Navigate(at), chromedp.WaitVisible("#start"), chromedp.Navigate(b.url+"/console/imports"), chromedp.WaitVisible("table.list"))
	b.accessible("imports")
	b.narrow("imports")

	// What is no file of customers is said where it was dropped.
	spreadsheet := filepath.Join(t.TempDir(), "customers.xlsx")
	if err := os.WriteFile(spreadsheet, []byte("PK\x03\x04"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.run(chromedp.SetUploadFiles("#file", []string{spreadsheet}), chromedp.WaitVisible("#upload-state.error"), chromedp.Text("#upload-state", &text))
	if !strings.Contains(text, "Save the sheet as CSV") {
		t.Errorf("of a spreadsheet it says %q", text)
	}
	b.quiet()
}

// narrow looks at the page as a phone shows it, and on a wide screen in the dark.
func (s *screen) narrow(name string) {
	s.t.Helper()
	for _, size := range []struct {
		width int64
		dark  bool
	}{{360, false}, {1920, true}} {
		s.sized(size.width, 900, size.dark)
		s.run(chromedp.Sleep(50 * time.Millisecond))
		s.shoot(fmt.Sprintf("%s-%d", name, size.width))
		s.accessible(fmt.Sprintf("%s at %d", name, size.width))
	}
	s.sized(1280, 860, false)
}
