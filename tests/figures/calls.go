package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// handler is where an Altcraft import enters its dialect.
const handler = "functions/altcraft.importProfile"

// A graph says which functions of this module each of them mentions. A function
// that is only passed on counts as called where it is mentioned, a literal belongs
// to the function around it, and a method of an interface of this module is each of
// its implementations. Calls through other interfaces and through fields are not
// followed.
type graph struct {
	calls map[*types.Func][]*types.Func
	// database are the functions that call a method of the DynamoDB client.
	database map[*types.Func]bool
}

// callGraph type-checks the packages, without their tests.
func callGraph(root string, packages []*pkg) (*graph, error) {
	c, err := check(root, packages)
	if err != nil {
		return nil, err
	}
	g := &graph{calls: map[*types.Func][]*types.Func{}, database: map[*types.Func]bool{}}
	for _, p := range packages {
		for _, s := range p.code {
			for _, decl := range s.parsed.Decls {
				if f, ok := decl.(*ast.FuncDecl); ok && f.Body != nil {
					g.read(c, f)
				}
			}
		}
	}
	return g, nil
}

func (g *graph) read(c *checked, f *ast.FuncDecl) {
	caller := c.info.Defs[f.Name].(*types.Func)
	ast.Inspect(f.Body, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		if !ok {
			return true
		}
		called, ok := c.info.Uses[name].(*types.Func)
		if !ok || called.Pkg() == nil {
			return true
		}
		called = called.Origin()
		switch {
		case isClientMethod(called):
			g.database[caller] = true
		case strings.HasPrefix(called.Pkg().Path(), module):
			g.calls[caller] = append(g.calls[caller], c.implementations(called)...)
		}
		return true
	})
}

func isClientMethod(f *types.Func) bool {
	recv := f.Signature().Recv()
	return recv != nil && recv.Type().String() == "*"+module+"shared/dynamo.caller" && f.Name() == "do"
}

// between are the functions by which from reaches the database, itself included.
func (g *graph) between(from *types.Func) map[*types.Func]bool {
	callers := map[*types.Func][]*types.Func{}
	for caller, all := range g.calls {
		for _, called := range all {
			callers[called] = append(callers[called], caller)
		}
	}
	reached := reach([]*types.Func{from}, g.calls)
	reaching := reach(slices.Collect(maps.Keys(g.database)), callers)
	maps.DeleteFunc(reached, func(f *types.Func, _ bool) bool { return !reaching[f] })
	return reached
}

func reach(from []*types.Func, edges map[*types.Func][]*types.Func) map[*types.Func]bool {
	seen := map[*types.Func]bool{}
	for len(from) > 0 {
		f := from[0]
		from = from[1:]
		if !seen[f] {
			seen[f] = true
			from = append(from, edges[f]...)
		}
	}
	return seen
}

// chains are the fewest and the most functions that a call from f passes, f and
// the one that calls the database included, no function twice.
func (g *graph) chains(f *types.Func, within, on map[*types.Func]bool) (shortest, longest []*types.Func) {
	if g.database[f] {
		shortest, longest = []*types.Func{f}, []*types.Func{f}
	}
	on[f] = true
	defer delete(on, f)
	for _, called := range unique(g.calls[f]) {
		if !within[called] || on[called] {
			continue
		}
		short, long := g.chains(called, within, on)
		if short != nil && (shortest == nil || len(short)+1 < len(shortest)) {
			shortest = append([]*types.Func{f}, short...)
		}
		if long != nil && len(long)+1 > len(longest) {
			longest = append([]*types.Func{f}, long...)
		}
	}
	return shortest, longest
}

func unique(all []*types.Func) []*types.Func {
	return slices.SortedFunc(maps.Keys(setOf(all)), byName)
}

func setOf(all []*types.Func) map[*types.Func]bool {
	set := map[*types.Func]bool{}
	for _, f := range all {
		set[f] = true
	}
	return set
}

func byName(a, b *types.Func) int { return strings.Compare(nameOf(a), nameOf(b)) }

// nameOf is the folder and the name, with the type that it is a method of.
func nameOf(f *types.Func) string {
	return strings.NewReplacer(module, "", "(", "", ")", "", "*", "").Replace(f.FullName())
}

func (g *graph) print(w io.Writer, name string, list bool) error {
	from := g.find(name)
	if from == nil {
		return fmt.Errorf("there is no function %s", name)
	}
	within := g.between(from)
	if len(within) == 0 {
		return fmt.Errorf("%s reaches no call of the DynamoDB client", name)
	}
	recursive := map[*types.Func]bool{}
	for f := range within {
		if reach(g.calls[f], g.calls)[f] {
			recursive[f] = true
		}
	}
	shortest, longest := g.chains(from, within, map[*types.Func]bool{})
	fmt.Fprintf(w, "\n%s to the DynamoDB client: %d functions lie between; %d on the shortest way, %d on the longest; %d of them recursive\n",
		nameOf(from), len(within), len(shortest), len(longest), len(recursive))
	fmt.Fprintf(w, "\nlongest way: %s\n", names(longest))
	if len(recursive) > 0 {
		fmt.Fprintf(w, "\nrecursive: %s\n", names(slices.SortedFunc(maps.Keys(recursive), byName)))
	}
	if list {
		fmt.Fprintf(w, "\nall: %s\n", names(slices.SortedFunc(maps.Keys(within), byName)))
	}
	return nil
}

func names(all []*types.Func) string {
	var text strings.Builder
	for _, f := range all {
		text.WriteString("\n  " + nameOf(f))
	}
	return text.String()
}

// find returns the function or method of a folder by "folder.name".
func (g *graph) find(name string) *types.Func {
	for f := range g.calls {
		if strings.TrimPrefix(f.Pkg().Path(), module)+"."+f.Name() == name {
			return f
		}
	}
	return nil
}

// checked is the module with its types.
type checked struct {
	info  *types.Info
	named []*types.Named // the types at package level
}

// check type-checks the sources in the order of their imports. What they import
// from outside comes from what the go command has compiled.
func check(root string, packages []*pkg) (*checked, error) {
	outside, err := exportData(root)
	if err != nil {
		return nil, err
	}
	c := &checked{info: &types.Info{Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{}}}
	fset := packages[0].fset
	imports := &moduleImporter{
		outside: importer.ForCompiler(fset, "gc", func(name string) (io.ReadCloser, error) { return os.Open(outside[name]) }),
		folders: map[string]*pkg{}, done: map[string]*types.Package{}, fset: fset, info: c.info,
	}
	for _, p := range packages {
		imports.folders[module+p.folder] = p
	}
	for _, p := range packages {
		if len(p.code) == 0 {
			continue
		}
		checked, err := imports.Import(module + p.folder)
		if err != nil {
			return nil, err
		}
		for _, name := range checked.Scope().Names() {
			if t, ok := checked.Scope().Lookup(name).(*types.TypeName); ok {
				if named, ok := t.Type().(*types.Named); ok && named.TypeParams() == nil {
					c.named = append(c.named, named)
				}
			}
		}
	}
	return c, nil
}

// implementations are the methods that a call of f may mean.
func (c *checked) implementations(f *types.Func) []*types.Func {
	recv := f.Signature().Recv()
	if recv == nil || !types.IsInterface(recv.Type()) {
		return []*types.Func{f}
	}
	var found []*types.Func
	for _, named := range c.named {
		if types.IsInterface(named) || !types.Implements(types.NewPointer(named), recv.Type().Underlying().(*types.Interface)) {
			continue
		}
		method, _, _ := types.LookupFieldOrMethod(types.NewPointer(named), true, f.Pkg(), f.Name())
		if m, ok := method.(*types.Func); ok {
			found = append(found, m)
		}
	}
	return found
}

// A moduleImporter type-checks this module's packages once each.
type moduleImporter struct {
	outside types.Importer
	folders map[string]*pkg
	done    map[string]*types.Package
	fset    *token.FileSet
	info    *types.Info
}

func (m *moduleImporter) Import(name string) (*types.Package, error) {
	p, ours := m.folders[name]
	if !ours {
		return m.outside.Import(name)
	}
	if done := m.done[name]; done != nil {
		return done, nil
	}
	files := make([]*ast.File, len(p.code))
	for i, s := range p.code {
		files[i] = s.parsed
	}
	checked, err := (&types.Config{Importer: m}).Check(name, m.fset, files, m.info)
	m.done[name] = checked
	return checked, err
}

// exportData says in which file the compiled form of each package lies.
func exportData(root string) (map[string]string, error) {
	list := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Export", "./...")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	files := map[string]string{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p struct{ ImportPath, Export string }
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return nil, err
		}
		files[p.ImportPath] = p.Export
	}
}
