//go:build !race

package main

import (
	"encoding/json"
	"flag"
	"os"
	"runtime"
	"testing"

	"regulars/shared/dynamolocal"
	"regulars/shared/dynamolocal/dynamotest"
)

var write = flag.Bool("write", false, "write what operations allocate into "+allocationsFile)

const allocationsFile = "allocations.json"

// An allocation is what one operation takes of the heap, the client of DynamoDB and a test's
// request included.
type allocation struct {
	Objects uint64 `json:"objects"`
	Bytes   uint64 `json:"bytes"`
}

// What operations allocate, with answers played from memory, is what the file says, within a
// tenth: more makes them slower, and of less the file should know.
func TestAllocations(t *testing.T) {
	root, err := dynamolocal.Root()
	if err != nil {
		t.Fatal(err)
	}
	s, err := tables{t.Context(), dynamotest.Endpoint(t), root + "/template.yaml"}.played()
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]allocation{}
	for _, o := range operations {
		ours, _ := o.ways(s)
		var before, after runtime.MemStats
		const n = 500
		for i := range 100 + n {
			if i == 100 { // pools and caches are warm
				runtime.ReadMemStats(&before)
			}
			ours()
		}
		runtime.ReadMemStats(&after)
		measured[o.name] = allocation{(after.Mallocs - before.Mallocs) / n, (after.TotalAlloc - before.TotalAlloc) / n}
	}
	if *write {
		if err := writeJSON(allocationsFile, measured); err != nil {
			t.Fatal(err)
		}
		return
	}
	document, err := os.ReadFile(allocationsFile)
	if err != nil {
		t.Fatal(err)
	}
	var known map[string]allocation
	if err := json.Unmarshal(document, &known); err != nil {
		t.Fatal(err)
	}
	if len(known) != len(measured) {
		t.Errorf("%s has %d operations, want %d", allocationsFile, len(known), len(measured))
	}
	near := func(is, was uint64) bool { return is*10 <= was*11 && is*10 >= was*9 }
	for name, is := range measured {
		if was := known[name]; !near(is.Objects, was.Objects) || !near(is.Bytes, was.Bytes) {
			t.Errorf("%s allocates %+v, where %s says %+v; if it should, go test ./tests/bench -write", name, is, allocationsFile, was)
		}
	}
}
