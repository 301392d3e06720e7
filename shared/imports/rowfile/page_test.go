package rowfile_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/text/encoding/charmap"

	"regulars/shared/imports/rowfile"
)

// The example of docs/import-files.md is read as the page says, and the charsets and
// formats of numbers that it names are there.
func TestPage(t *testing.T) {
	source, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "import-files.md"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(source)
	block := func(language string) string {
		_, rest, _ := strings.Cut(page, "```"+language+"\n")
		text, _, _ := strings.Cut(rest, "```")
		return text
	}
	o, err := mapping(t, block("json")).Apply(rowfile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	rows, err := read(t, encoded(t, charmap.Windows1252, block("csv")), o)
	want := []any{rowfile.Row{
		Data:   of(object{"email": "anna@example.com", "_fname": "Anna", "_bdate": "1990-12-31", "_country": "DE"}).Data,
		Points: &rowfile.Points{Add: 1234, Reason: "balance of the old shop"},
	}}
	if diff := cmp.Diff(want, rows); err != nil || diff != "" {
		t.Errorf("error %v, rows (-want +got):\n%s", err, diff)
	}
	for _, numbers := range regexp.MustCompile("`(1[., ']?234[.,]50)`").FindAllStringSubmatch(page, -1) {
		mapping(t, `{"numbers": "`+numbers[1]+`"}`)
	}
	columns := 0
	for _, line := range strings.Split(page, "\n") {
		cell, _, isRow := strings.Cut(strings.TrimPrefix(line, "| "), " | ")
		if !isRow || !strings.Contains(page[:strings.Index(page, line)], "## Columns") || strings.Contains(page[:strings.Index(page, line)], "## A mapping") {
			continue
		}
		for _, column := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1) {
			columns++
			mapping(t, `{"columns": {"x": "`+column[1]+`"}}`)
		}
	}
	if columns < 20 {
		t.Errorf("the page names %d columns", columns)
	}
	for _, name := range rowfile.Charsets() {
		short := regexp.MustCompile(`^iso-8859|^windows-125[1-7]$|^utf-8$|^utf-16$`).MatchString(name)
		if !short && !strings.Contains(page, "`"+name+"`") {
			t.Errorf("the page does not name the charset %s", name)
		}
	}
}
