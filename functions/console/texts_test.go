package console

import (
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"regulars/shared/customer"
	"regulars/shared/merge"
	"regulars/shared/privacy"
)

// Keys whose last part is said by the data.
var saidByData = []string{
	"kind.", "status.", "channel.", "field.", "sex.", "act.", "done.", "list.", "rule.", "shared.", "kept.", "left.",
	"token.", "fields.", "state.", "working.", "map.", "match.",
}

// Each text that a page or the code asks for is there, and each that is there is asked for.
func TestTextsAreThere(t *testing.T) {
	asked := map[string]bool{}
	key := regexp.MustCompile(`(?:\bt |say\(|label: |\{)"([a-z_]+(?:\.[a-z_0-9]+)+|brand|skip|utc)"`)
	for _, folder := range []string{"pages", "."} {
		err := fs.WalkDir(os.DirFS(folder), ".", func(name string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() || strings.HasSuffix(name, "_test.go") || !strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, ".html") {
				return err
			}
			source, err := os.ReadFile(folder + "/" + name)
			for _, m := range key.FindAllStringSubmatch(string(source), -1) {
				asked[m[1]] = true
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(asked) < 150 {
		t.Errorf("%d texts are asked for, which cannot be all", len(asked))
	}
	for k := range asked {
		if !english().has(k) {
			t.Errorf("there is no text %s", k)
		}
	}
	for k := range english().Texts {
		byData := false
		for _, prefix := range saidByData {
			byData = byData || strings.HasPrefix(k, prefix)
		}
		if !asked[k] && !byData {
			t.Errorf("nobody asks for the text %s", k)
		}
	}
	for _, kind := range entryKinds {
		if !english().has("kind." + string(kind)) {
			t.Errorf("there is no text of the kind %s", kind)
		}
	}
	for _, kind := range privacy.Kinds {
		if !english().has("kept."+kind.Member) || (!english().has("left."+kind.Member)) != (kind.Left == "") {
			t.Errorf("there is no text of what is kept of %s, or of what is left", kind.Name)
		}
	}
	for _, rule := range []merge.Rule{merge.Kept, merge.Other, merge.Newest, merge.Union, merge.Stricter} {
		if !english().has("rule." + string(rule)) {
			t.Errorf("there is no text of the rule %s", rule)
		}
	}
	for _, kind := range []customer.Kind{customer.KindEmail, customer.KindPhone, customer.KindPush} {
		if !english().has("shared." + string(kind)) {
			t.Errorf("there is no text of what shares a %s", kind)
		}
	}
	for _, e := range editables {
		if !english().has("field." + e.name) {
			t.Errorf("there is no text of the field %s", e.name)
		}
	}
}

func TestNumber(t *testing.T) {
	l := english()
	for n, want := range map[int64]string{0: "0", 7: "7", 999: "999", 1000: "1,000", -1234567: "−1,234,567"} {
		if got := l.number(n); got != want {
			t.Errorf("number(%d) = %s, want %s", n, got, want)
		}
	}
	if got := l.signed(30); got != "+30" {
		t.Errorf("signed(30) = %s", got)
	}
}

// A language chooses the form of a text by its own rules, and says in English what it leaves out.
func TestPlurals(t *testing.T) {
	russian, err := readLanguage([]byte(`{"tag": "ru", "texts": {
		"products.days_left": {"one": "%v день", "few": "%v дня", "many": "%v дней"},
		"products.tasks_used": {"by": 2, "one": "%v из %v задачи", "other": "%v из %v задач"}
	}}`), english())
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range map[int64]string{1: "1 день", 2: "2 дня", 5: "5 дней", 11: "11 дней", 21: "21 день", 1_000_022: "1,000,022 дня"} {
		if got := russian.say("products.days_left", russian.figure(n)); got != want {
			t.Errorf("%d days are %q, want %q", n, got, want)
		}
	}
	if got := russian.say("products.tasks_used", 5, 21); got != "5 из 21 задачи" {
		t.Errorf("5 of 21 are %q", got)
	}
	if got := russian.say("products.used", 1); got != "1 task used" {
		t.Errorf("what is left out is %q", got)
	}
	if _, err := readLanguage([]byte(`{"tag": "ru", "formats": {"months": ["x"]}}`), english()); err == nil {
		t.Error("a language has one month")
	}
}

// Texts with a plural have each form that English has, and take the same arguments.
func TestPluralsOfEnglish(t *testing.T) {
	for key, said := range english().Texts {
		if said.By > 0 && (said.One == "" || said.Other == "" || said.Few+said.Many+said.Two+said.Zero != "") {
			t.Errorf("%s = %+v", key, said)
		}
	}
}
