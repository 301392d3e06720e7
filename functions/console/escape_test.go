package console

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"regulars/shared/access"
	"regulars/shared/errs"
)

// No error text, whatever a client sent that it repeats, becomes a part of the page: on a
// page of its own, in a form, and at an input of one.
func TestErrorTextsStayTexts(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>'`
	languages, err := newLanguageChoice(nil, texts)
	if err != nil {
		t.Fatal(err)
	}
	d := &Console{languages: languages}
	for code := range texts.Formats {
		problem := errs.New(errs.Invalid, code, "in", evil, evil, evil, evil, evil, evil)
		c := &call{Call: newHTTPCall(access.Preferences{}), language: languages.all[0], base: "/console", query: url.Values{}}
		c.Request = httptest.NewRequest("GET", "/console", nil)
		for _, v := range []view{
			{Template: "problem", Title: evil},
			{Template: "form", Title: evil, Data: form{Title: evil, Action: "/console", Back: "/console", Note: evil, Inputs: []input{{Name: "in", Label: evil, Kind: "text", Help: evil}}, Values: url.Values{"in": {evil}}}},
			{Template: "form", Title: evil, Data: form{Action: "/console", Inputs: []input{{Name: evil, Kind: "select", Options: []option{{evil, evil}}}}}},
		} {
			v.call, v.Problem = c, problem
			a, err := d.show(422, v)
			if err != nil {
				t.Fatal(err)
			}
			if body := string(a.Body); strings.Contains(body, "<script>alert") || strings.Contains(body, "<img src=x") || strings.Contains(body, "%!") {
				t.Errorf("%s on %s: %s", code, v.Template, body)
			}
		}
	}
}
