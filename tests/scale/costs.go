package main

import (
	"bufio"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// A cost is a row of docs/costs.md, whose figures the tests of the dialects assert.
type cost struct {
	trips, write, index, hourly, read float64
}

var writeCell = regexp.MustCompile(`^(\d+)(?: \+ (\d+) index)?(?: \(\+ (\d+) index once an hour\))?$`)

// readCosts reads the tables of operations of docs/costs.md: by name, where a cell has
// several figures the first.
func readCosts(name string) (map[string]cost, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	costs := map[string]cost{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		cells := strings.Split(strings.Trim(lines.Text(), "| "), " | ")
		if len(cells) != 4 {
			continue
		}
		for i := range cells {
			if i > 0 {
				cells[i], _, _ = strings.Cut(cells[i], ";")
			}
		}
		w := writeCell.FindStringSubmatch(cells[2])
		trips, err := strconv.ParseFloat(cells[1], 64)
		if w == nil || err != nil {
			continue
		}
		c := cost{trips: trips, write: number(w[1]), index: number(w[2]), hourly: number(w[3])}
		for _, part := range strings.Split(cells[3], " + ") {
			c.read += number(part)
		}
		costs[cells[0]] = c
	}
	return costs, nil
}

func number(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64) // none is 0
	return n
}

// check demands that what an operation uses comes to what docs/costs.md says of it. What
// the first change of a customer in an hour uses besides it says of some rows only, and
// that is true of all changes.
func (o *operation) check(costs map[string]cost) error {
	want, ok := costs[o.row]
	if !ok {
		return fmt.Errorf("docs/costs.md has no row %q", o.row)
	}
	got := cost{trips: want.trips}
	for _, u := range o.uses {
		got.read += u.read
		switch {
		case u.hourly:
			got.hourly += u.write
		case u.at.index > 0:
			got.index += u.write
		default:
			got.write += u.write
		}
	}
	if want.hourly == 0 {
		got.hourly = 0
	}
	if got != want {
		return fmt.Errorf("%s uses %+v, and docs/costs.md says %+v", o.name, got, want)
	}
	o.trips = want.trips
	return nil
}
