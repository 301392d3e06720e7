package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// module is the path before each package's folder.
const module = "regulars/"

// A source is one Go file.
type source struct {
	name   string // below the module's root
	lines  int
	parsed *ast.File
}

// A pkg is the sources of one folder.
type pkg struct {
	folder      string
	fset        *token.FileSet
	code, tests []source
}

// readPackages reads each folder of functions, shared and tests, sorted by name.
func readPackages(root string) ([]*pkg, error) {
	byFolder := map[string]*pkg{}
	fset := token.NewFileSet()
	for _, top := range []string{"functions", "shared", "tests"} {
		err := fs.WalkDir(os.DirFS(root), top, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() || path.Ext(name) != ".go" {
				return err
			}
			return add(byFolder, fset, root, name)
		})
		if err != nil {
			return nil, err
		}
	}
	return slices.SortedFunc(maps.Values(byFolder), func(a, b *pkg) int { return strings.Compare(a.folder, b.folder) }), nil
}

func add(byFolder map[string]*pkg, fset *token.FileSet, root, name string) error {
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	folder := path.Dir(name)
	p := byFolder[folder]
	if p == nil {
		p = &pkg{folder: folder, fset: fset}
		byFolder[folder] = p
	}
	s := source{name: name, lines: bytes.Count(text, []byte("\n")), parsed: parsed}
	if strings.HasSuffix(name, "_test.go") {
		p.tests = append(p.tests, s)
	} else {
		p.code = append(p.code, s)
	}
	return nil
}

// exported is how many exported constants, variables, types and functions stand at
// package level, and how many exported methods they have.
func (p *pkg) exported() (names, methods int) {
	for _, s := range p.code {
		for _, decl := range s.parsed.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				switch {
				case !d.Name.IsExported():
				case d.Recv == nil:
					names++
				default:
					methods++
				}
			case *ast.GenDecl:
				names += exportedIn(d)
			}
		}
	}
	return names, methods
}

func exportedIn(d *ast.GenDecl) (names int) {
	for _, spec := range d.Specs {
		switch s := spec.(type) {
		case *ast.TypeSpec:
			if s.Name.IsExported() {
				names++
			}
		case *ast.ValueSpec:
			for _, name := range s.Names {
				if name.IsExported() {
					names++
				}
			}
		}
	}
	return names
}

func linesOf(sources []source) (lines int) {
	for _, s := range sources {
		lines += s.lines
	}
	return lines
}

func printPackages(w io.Writer, packages []*pkg) {
	const row = "%-32s %6v %6v %6v %6v %6v %8v\n"
	fmt.Fprintf(w, row, "package", "lines", "files", "names", "methods", "tests", "in files")
	var lines, files, names, methods, testLines, testFiles int
	for _, p := range packages {
		n, m := p.exported()
		l, t := linesOf(p.code), linesOf(p.tests)
		fmt.Fprintf(w, row, p.folder, l, len(p.code), n, m, t, len(p.tests))
		lines, files, names, methods = lines+l, files+len(p.code), names+n, methods+m
		testLines, testFiles = testLines+t, testFiles+len(p.tests)
	}
	fmt.Fprintf(w, row, "all", lines, files, names, methods, testLines, testFiles)
}

// printFunctions says how many lines functions have, from func to the closing
// brace, those of tests and of the packages below tests/ left out.
func printFunctions(w io.Writer, packages []*pkg) {
	type length struct {
		lines int
		name  string
	}
	var lengths []length
	for _, p := range packages {
		if p.folder == "tests" || strings.HasPrefix(p.folder, "tests/") {
			continue
		}
		for _, s := range p.code {
			for _, decl := range s.parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
					lines := p.fset.Position(f.End()).Line - p.fset.Position(f.Pos()).Line + 1
					lengths = append(lengths, length{lines, s.name + " " + f.Name.Name})
				}
			}
		}
	}
	slices.SortStableFunc(lengths, func(a, b length) int { return a.lines - b.lines })
	n := len(lengths)
	longest := lengths[n-1]
	fmt.Fprintf(w, "\n%d functions without tests: median %d lines, 90th percentile %d, longest %d (%s)\n",
		n, lengths[n/2].lines, lengths[n*9/10].lines, longest.lines, longest.name)
}
