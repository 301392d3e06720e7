// Command cmd writes a file of customers to its output, and what must come of it to
// its error output:
//
//	go run ./tests/imports/generate/cmd -rows 100000 > customers.csv
package main

import (
	"flag"
	"fmt"
	"log"
	"os"

	"regulars/tests/imports/generate"
)

func main() {
	log.SetFlags(0)
	rows := flag.Int("rows", 100_000, "how many rows")
	seed := flag.Uint64("seed", 1, "the same seed makes the same file")
	functions := flag.Bool("functions", false, "with points and functions, which count again in each import")
	mended := flag.Bool("mended", false, "only the bad rows, as they should have been")
	flag.Parse()
	if err := write(generate.Options{Rows: *rows, Seed: *seed, Functions: *functions}, *mended); err != nil {
		log.Fatal(err)
	}
}

func write(o generate.Options, mended bool) error {
	out := os.Stdout
	if mended {
		discard, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		out = discard
	}
	e, err := generate.Write(out, o)
	if err != nil {
		return err
	}
	if mended {
		_, err = os.Stdout.Write(e.Mended())
		return err
	}
	_, err = fmt.Fprintf(os.Stderr, "rows %d: created %d, updated %d, unchanged %d, rejected %d; points %d\n", e.Rows, e.Created, e.Updated, e.Unchanged, len(e.Bad), e.Points)
	return err
}
