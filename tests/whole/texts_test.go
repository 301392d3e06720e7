package whole

import (
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// codesTold says which functions tell a client about a code, or about what a package
// rejects; what is not listed is told by all.
var codesTold = map[string][]string{
	"functions/altcraft":         {"altcraft"},
	"functions/altcraft/filter":  {"altcraft"},
	"functions/altcraft/xmlbody": {"altcraft"},
	"functions/genesys":          {"genesys"},
	"functions/haravan":          {"haravan"},
	"functions/mojodex":          {"mojodex"},
	"functions/admin":            {"admin"},
	"functions/console":          {"console"},
	"functions/imports":          {"imports"},
	"shared/imports":             {"imports"},
	"shared/imports/rowfile":     {"imports"},
	"shared/catalog":             {"mojodex"},
	"shared/customer":            {"altcraft", "genesys", "mojodex", "console"},
	"shared/customer/extension":  {"genesys"},
	"shared/customer/fieldop":    {"altcraft"},
	"shared/points":              {"haravan", "console"},
	"shared/idempotency":         {"altcraft", "haravan"},
	"shared/access":              {"admin"},
	"shared/session":             {"console"},
	"shared/jobs":                {"admin", "console"},
	"shared/merge":               {"admin", "console"},
	"shared/privacy":             {"admin", "console"},
	"shared/history":             {"admin", "console"},

	"order_other":                   {"haravan", "imports"},
	"order_of_other":                {"haravan", "imports"},
	"profile_disabled":              {"haravan", "imports", "console"},
	"insufficient_points/available": {"haravan", "imports", "console"},
	"insufficient_points/negative":  {"haravan", "imports", "console"},
	"too_many_points/figure":        {"haravan", "imports", "console", "admin"},
	"too_many_points/debt":          {"haravan", "imports", "console", "admin"},

	// What the console says in the sentences of imports.
	"import_state/no_dry_run": {"imports"},
	"bad_file/empty":          {"imports"},

	"job_state": {"console"},

	// What the console has no form for.
	"transfer_to_itself":            {"haravan"},
	"transfer_to_unknown":           {"haravan"},
	"transfer_to_disabled":          {"haravan"},
	"hold_unknown":                  {"haravan"},
	"hold_ended/commit":             {"haravan"},
	"hold_ended/void":               {"haravan"},
	"hold_ended/release":            {"haravan"},
	"bad_hold_time/past":            {"haravan"},
	"bad_hold_time/long":            {"haravan"},
	"hold_too_small":                {"haravan"},
	"too_many_holds":                {"haravan"},
	"order_unknown":                 {"haravan"},
	"return_too_large/nothing_left": {"haravan"},
	"return_too_large/left":         {"haravan"},
	"return_of_nothing":             {"haravan"},
	"bad_terms/usable":              {"haravan"},
	"bad_terms/expires":             {"haravan"},
	"bad_terms/past":                {"haravan"},
	"bad_terms/never_usable":        {"haravan"},
	"campaign_unknown":              {"haravan"},
	"overflowed_key":                {"haravan"},

	"holds_open":             {"admin", "console"},
	"merge_too_large/items":  {"admin", "console"},
	"merge_too_large/bytes":  {"admin", "console"},
	"merge_too_large/record": {"admin", "console"},
	"id_taken":               {"genesys", "admin", "console"},
	"too_many_matches":       {"genesys"},
	"bad_status":             {"altcraft"},
	"subscription_not_found": {"altcraft", "console"},
}

// codeOf are the codes of packages that name reasons alone.
var codeOf = map[string]string{
	"functions/altcraft/filter":  "bad_query/",
	"functions/altcraft/xmlbody": "bad_xml/",
}

var (
	codeGiven = regexp.MustCompile(`(?:errs\.New\([^,]+, |\breject\()"([a-z_]+(?:/[a-z_]+)?)"`)
	textKey   = regexp.MustCompile(`(?m)^\s*"([a-z_]+(?:/[a-z_]+)?)":\s`)
)

// Each code that a package rejects with, and each reason, has a sentence wherever
// it is told.
func TestEveryCodeHasText(t *testing.T) {
	common := keysOf(t, "shared/httpapi/texts.go")
	dialects := map[string]map[string]bool{}
	for _, name := range []string{"altcraft", "genesys", "haravan", "mojodex", "admin", "imports", "console"} {
		dialects[name] = keysOf(t, "functions/"+name+"/texts.go")
	}
	seen := 0
	eachSource(t, func(name, source string) {
		for _, given := range codeGiven.FindAllStringSubmatch(source, -1) {
			seen++
			code := given[1]
			if prefix := codeOf[path.Dir(name)]; !strings.HasPrefix(code, prefix) {
				code = prefix + code
			}
			told, ok := codesTold[code]
			if !ok {
				told, ok = codesTold[path.Dir(name)]
			}
			if !ok {
				told = []string{"altcraft", "genesys", "haravan", "mojodex", "admin"}
			}
			for _, dialect := range told {
				if !common[code] && !dialects[dialect][code] {
					t.Errorf("%s: functions/%s/texts.go has no text for %s", name, dialect, code)
				}
			}
		}
	})
	if seen < 200 {
		t.Errorf("%d codes are read, which cannot be all", seen)
	}
}

func keysOf(t *testing.T, name string) map[string]bool {
	t.Helper()
	source, err := os.ReadFile("../../" + name)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]bool{}
	for _, key := range textKey.FindAllStringSubmatch(string(source), -1) {
		keys[key[1]] = true
	}
	return keys
}

// eachSource calls do with the sources of shared and functions that are no tests.
func eachSource(t *testing.T, do func(name, source string)) {
	t.Helper()
	root := os.DirFS("../..")
	for _, room := range []string{"shared", "functions"} {
		err := fs.WalkDir(root, room, func(name string, e fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return err
			}
			source, err := fs.ReadFile(root, name)
			do(name, string(source))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
