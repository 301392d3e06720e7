package whole_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// privateWords are words that this project once had for what the field names
// otherwise, each with the name to use. They may stand neither in a comment nor in
// a declared name.
var privateWords = map[string]string{
	"anew": "again, from a new read", "leant": "precondition", "leanon": "precondition", "leans": "precondition",
	"refusal": "client error", "refusals": "client errors", "refuse": "reject", "refuses": "rejects", "refused": "rejected",
	"crowded": "overflowed", "uncontested": "without a unique claim", "contested": "with a unique claim",
	"leftover": "stale owner", "leftovers": "stale owners", "graves": "tombstones", "shed": "delete in steps",
	"verdict": "outcome", "verdicts": "outcomes", "thorough": "reading all keys", "handover": "key changes",
	"fenced": "version bumped", "wish": "operation", "wishes": "operations", "deed": "test case", "deeds": "test cases",
	"witness": "checker", "witnessed": "checked", "laptop": "development server", "registrar": "administration",
	"keyed": "with an idempotency key",
}

// spoken are the packages whose comments and names are free of private words; a
// name that ends in /... is everything below it, too.
var spoken = []string{"shared/...", "functions/...", "tests/..."}

// maxNames is how many exported constants, variables, types and functions a
// package may have. A package that has more is too large to learn.
const maxNames = 120

func TestRoomsWords(t *testing.T) {
	t.Parallel()
	found := map[string]bool{}
	for _, s := range readSources(t) {
		if s.name == "tests/whole/words_test.go" {
			continue // which names them
		}
		for _, room := range spoken {
			if !within(path.Dir(s.name), room) {
				continue
			}
			found[room] = true
			for _, wrong := range s.privateWords() {
				t.Error(wrong)
			}
		}
	}
	for _, room := range spoken {
		if !found[room] {
			t.Errorf("there is no package %s", room)
		}
	}
}

func TestRoomsPrivateWordsAreFound(t *testing.T) {
	t.Parallel()
	text := "package x\n\n// F decides anew.\nfunc F() {}\n\nfunc leanOnKey() {}\n\n// G rejects again.\nfunc G() {}\n"
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "x.go", text, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join((&parsedSource{"x.go", fset, file}).privateWords(), "\n")
	want := "x.go:3: \"anew\": say again, from a new read\nx.go:6: \"leanon\": say precondition"
	if got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
}

func TestRoomsNames(t *testing.T) {
	t.Parallel()
	names := map[string]int{}
	for _, s := range readSources(t) {
		if strings.HasSuffix(s.name, "_test.go") {
			continue
		}
		for _, name := range declared(s.file) {
			if name.IsExported() {
				names[path.Dir(s.name)]++
			}
		}
	}
	for room, n := range names {
		if n > maxNames {
			t.Errorf("%s exports %d names, %d is the limit", room, n, maxNames)
		}
	}
}

// A parsedSource is a Go file with its comments.
type parsedSource struct {
	name string
	fset *token.FileSet
	file *ast.File
}

func readSources(t *testing.T) []*parsedSource {
	t.Helper()
	var sources []*parsedSource
	fset, root := token.NewFileSet(), os.DirFS("../..")
	for _, top := range []string{"functions", "shared", "tests"} {
		err := fs.WalkDir(root, top, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".go" {
				return err
			}
			text, err := fs.ReadFile(root, name)
			if err != nil {
				return err
			}
			file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
			sources = append(sources, &parsedSource{name, fset, file})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return sources
}

// privateWords says where the file has which of them.
func (s *parsedSource) privateWords() (found []string) {
	say := func(at token.Pos, words []string) {
		for i, word := range words {
			for _, w := range []string{word, word + strings.Join(words[i+1:min(i+2, len(words))], "")} {
				if better, private := privateWords[w]; private {
					found = append(found, fmt.Sprintf("%s:%d: %q: say %s", s.name, s.fset.Position(at).Line, w, better))
					break
				}
			}
		}
	}
	for _, group := range s.file.Comments {
		for _, comment := range group.List {
			for _, word := range word.FindAllString(comment.Text, -1) {
				say(comment.Pos(), wordsOf(word))
			}
		}
	}
	for _, name := range declared(s.file) {
		say(name.Pos(), wordsOf(name.Name))
	}
	return found
}

var word = regexp.MustCompile(`[A-Za-z]+`)

// wordsOf are the words that a name is made of, in lower case: readKey, HTTPStatus.
func wordsOf(name string) (words []string) {
	runes, from := []rune(name), 0
	for i := 1; i <= len(runes); i++ {
		last := i == len(runes)
		begins := !last && unicode.IsUpper(runes[i]) && (unicode.IsLower(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if last || begins {
			words = append(words, strings.ToLower(string(runes[from:i])))
			from = i
		}
	}
	return words
}

// declared are the functions, methods, types, constants and variables of the file
// at package level.
func declared(file *ast.File) (names []*ast.Ident) {
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil || !d.Name.IsExported() {
				names = append(names, d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, s.Name)
				case *ast.ValueSpec:
					names = append(names, s.Names...)
				}
			}
		}
	}
	return names
}
