// Command figures prints the size of this module: lines, files and exported
// names by package, the length of functions, and the functions between an Altcraft
// import's handler and its DynamoDB calls.
//
//	go run ./tests/figures [-list] [directory of the module]
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	list := flag.Bool("list", false, "names each function between the handler and DynamoDB as well")
	flag.Parse()
	root := "."
	if flag.NArg() > 0 {
		root = flag.Arg(0)
	}
	out := bufio.NewWriter(os.Stdout)
	if err := errors.Join(figures(out, root, *list), out.Flush()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func figures(w io.Writer, root string, list bool) error {
	packages, err := readPackages(root)
	if err != nil {
		return err
	}
	printPackages(w, packages)
	printFunctions(w, packages)
	graph, err := callGraph(root, packages)
	if err != nil {
		return err
	}
	return graph.print(w, handler, list)
}
