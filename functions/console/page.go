package console

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"time"

	"regulars/shared/access"
	"regulars/shared/errs"
	"regulars/shared/httpapi"
	"regulars/shared/session"
)

//go:embed pages assets texts
var files embed.FS

// A frame is the page around a view.
type frame struct {
	*call
	Title string
	// FormToken is what forms of the page bear; empty: nobody is signed in.
	FormToken string
	Name      string // of the token
	Here      string // which part of the navigation the page is in
	Tenants   []int
	Done      string // what has just been done, a key of the texts
	Body      template.HTML
}

// A view is what a page, or a part of one, shows: a template and its data.
type view struct {
	*call
	Template string
	Title    string
	Here     string
	Data     any
	// Problem is why what was sent is shown again.
	Problem *errs.Client
}

// Base is the address of the console, for templates.
func (c *call) Base() string { return c.base }

// FormToken is what forms of the session bear.
func (v view) FormToken() string { return session.FormToken(v.secret) }

// May is [call.may] for templates.
func (c *call) May(scope access.Scope) bool { return c.may(scope) }

// Told is the sentence of what is wrong.
func (v view) Told() string { return v.told.Of(v.Problem) }

// Wrong reports whether the problem is about a field.
func (v view) Wrong(field string) bool { return v.Problem != nil && v.Problem.Path == field }

// show renders a view: alone where a part of a page is asked for, else in its page.
func (d *Console) show(status int, v view) (httpapi.Answer, error) {
	var body bytes.Buffer
	if err := v.pages.ExecuteTemplate(&body, v.Template, v); err != nil {
		return httpapi.Answer{}, fmt.Errorf("page %s: %w", v.Template, err)
	}
	if !isPart(v.Request) {
		around := frame{call: v.call, Title: v.Title, Here: v.Here, Body: template.HTML(body.String())} // #nosec G203 -- made by a template of ours
		if v.secret != "" {
			around.FormToken, around.Name, around.Tenants = v.FormToken(), v.Token.Name, v.Token.Tenants
		}
		if done := "done." + v.query.Get("done"); v.has(done) {
			around.Done = done
		}
		body.Reset()
		if err := v.pages.ExecuteTemplate(&body, "frame", around); err != nil {
			return httpapi.Answer{}, fmt.Errorf("page %s: %w", v.Template, err)
		}
	}
	a := httpapi.Raw(status, "text/html; charset=utf-8", body.Bytes())
	a.Set("Vary", "HX-Request, Accept-Language")
	a.Set("Content-Language", v.Tag.String())
	return a, nil
}

// version stands for the content of all assets in their addresses, so that browsers
// keep them.
var version = func() string {
	sum := sha256.New()
	_ = fs.WalkDir(files, "assets", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			content, _ := files.ReadFile(name)
			fmt.Fprintf(sum, "%s %d\n", name, len(content))
			sum.Write(content)
		}
		return err
	})
	return hex.EncodeToString(sum.Sum(nil)[:6])
}()

// assetPath is the address of an asset behind that of the console.
func assetPath(base, name string) string { return base + "/assets/" + version + "/" + name }

// assets are what is served, by the last part of their names.
var assets = map[string]struct{ file, kind string }{
	"app.css":       {"assets/app.css", "text/css; charset=utf-8"},
	"app.js":        {"assets/app.js", "text/javascript; charset=utf-8"},
	"upload.js":     {"assets/upload.js", "text/javascript; charset=utf-8"},
	"htmx.min.js":   {"assets/vendor/htmx.min.js", "text/javascript; charset=utf-8"},
	"uplot.min.js":  {"assets/vendor/uplot.min.js", "text/javascript; charset=utf-8"},
	"uplot.min.css": {"assets/vendor/uplot.min.css", "text/css; charset=utf-8"},
}

// asset serves a file that is part of the pages.
func (d *Console) asset(c *call) (httpapi.Answer, error) {
	wanted, ok := assets[path.Base(c.PathValue("name"))]
	if !ok || c.PathValue("version") != version {
		return httpapi.Answer{}, errs.New(errs.NotFound, "unknown_path", "")
	}
	content, err := files.ReadFile(wanted.file)
	if err != nil {
		return httpapi.Answer{}, err
	}
	a := httpapi.Raw(http.StatusOK, wanted.kind, content)
	a.Set("Cache-Control", "public, max-age=31536000, immutable")
	return a, nil
}

func isoText(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// An act is a link that opens a form.
type act struct{ Address, Label string }

// newAct is the link to a form about the customer of a page, or about something of it.
func newAct(v view, kind string, about ...any) act {
	address := v.cardOf(v.id)
	for _, a := range about {
		address += "/" + map[string]string{"reverse": "entries", "consent": "consent", "unmerge": "unmerge", "unseparate": "unseparate"}[kind] + "/" + fmt.Sprint(a)
	}
	switch kind {
	case "add", "subtract":
		address += "/points/" + kind
	case "consent", "unmerge", "unseparate":
	default:
		address += "/" + kind
	}
	return act{address, v.say("act." + kind)}
}

// A rows is a page of a ledger in its view.
type rows struct {
	View   view
	Ledger ledgerPage
}

func newRows(v view, page ledgerPage) rows { return rows{v, page} }

// entryAddress leads to an entry: on the page, or on one that begins with it.
func entryAddress(page ledgerPage, seq int64) string {
	anchor := fmt.Sprintf("#entry-%d", seq)
	for _, l := range page.Lines {
		if l.Seq == seq {
			return anchor
		}
	}
	return fmt.Sprintf("%s?below=%d%s", page.Address, seq+1, anchor)
}
