package mojodex

import (
	"net/http"
	"strings"

	"regulars/shared/httpapi"
)

// greeting is what / answers to whoever is no client of Mojodex: this function has
// the paths of no other dialect.
const greeting = `Regulars: one store of customers that speaks four APIs.

  Altcraft   POST /api/v1.1/profiles/import ...   docs/altcraft.md
  Genesys    /profiles, /metadata/profiles ...    docs/genesys.md
  Haravan    /loy/profiles.json ...               docs/haravan.md
  Mojodex    /task, /profile, /manual_purchase    docs/mojodex.md
`

// welcome answers GET /: clients of Mojodex, who send their secret, with its text
// (Mojodex 2.1), everybody else with ours.
func (Dialect) welcome(c *call) (httpapi.Answer, error) {
	if c.Header.Get("Authorization") != "" {
		return httpapi.Raw(http.StatusOK, "text/html; charset=utf-8", []byte("Welcome to Mojodex Backend Service.")), nil
	}
	return httpapi.Raw(http.StatusOK, "text/plain; charset=utf-8", []byte(greeting)), nil
}

// failed is the answer for an error. A path without a route that begins with several
// slashes was meant for the dialect of /api or /loy, whose clients join addresses so;
// API Gateway does not take it for that, and it is answered in that dialect's form.
func failed(c *httpapi.Call, err error) httpapi.Answer {
	if c.Route == "" && strings.HasPrefix(c.URL.Path, "//") {
		top, _, _ := strings.Cut(strings.TrimLeft(c.URL.Path, "/"), "/")
		if form, ok := doubledSlash[top]; ok {
			answer, _ := httpapi.JSON(http.StatusNotFound, form) // which is JSON
			return answer
		}
	}
	return errorAnswer(c, err)
}

// doubledSlash has the answers of the other dialects to a path that they do not know,
// by the first segment of theirs.
var doubledSlash = map[string]any{
	"api": struct {
		Error int    `json:"error"`
		Text  string `json:"error_text"`
	}{http.StatusNotFound, "There is no such method: the path begins with two slashes. Methods are paths like /api/v1.1/profiles/import."},
	"loy": struct {
		Errors string `json:"errors"`
	}{"Not Found"},
}
