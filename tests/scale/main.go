// Command scale says where the design meets the limits of DynamoDB and Lambda, and what
// it costs: it replays the access patterns of docs/table.md against what AWS publishes,
// and writes the tables of docs/scale.md.
//
//	go run ./tests/scale           prints them
//	go run ./tests/scale -write    writes them into docs/scale.md
//
// It is a model of flows, second by second: partitions that fill and split, hot keys,
// indexes that hold up the table, instances that start. It knows no single request, no
// burst capacity, and no latency but those of limits.go.
package main

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
)

const page = "docs/scale.md"

func main() {
	log.SetFlags(0)
	write := flag.Bool("write", false, "write the tables into "+page)
	flag.Parse()
	if err := run(*write); err != nil {
		log.Fatal(err)
	}
}

func run(write bool) error {
	if err := prepare("docs/costs.md"); err != nil {
		return err
	}
	if !write {
		for _, name := range slices.Sorted(maps.Keys(sections)) {
			fmt.Printf("%s\n\n%s\n", name, sections[name]())
		}
		return nil
	}
	old, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	next, err := fill(string(old))
	if err != nil {
		return err
	}
	return os.WriteFile(page, []byte(next), 0o644)
}

// prepare holds the operations against the cost table and takes their round trips from it.
func prepare(costsPage string) error {
	costs, err := readCosts(costsPage)
	if err != nil {
		return err
	}
	for _, o := range operations {
		if err := o.check(costs); err != nil {
			return err
		}
	}
	return nil
}

// fill writes the sections between their marks: <!-- name --> and <!-- end -->.
func fill(text string) (string, error) {
	for _, name := range slices.Sorted(maps.Keys(sections)) {
		before, rest, begun := strings.Cut(text, "<!-- "+name+" -->\n")
		_, after, ended := strings.Cut(rest, "<!-- end -->\n")
		if !begun || !ended {
			return "", fmt.Errorf("%s has no place for %s", page, name)
		}
		text = before + "<!-- " + name + " -->\n" + sections[name]() + "<!-- end -->\n" + after
	}
	return text, nil
}
