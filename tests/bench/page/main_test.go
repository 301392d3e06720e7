package main

import (
	"os"
	"testing"
)

// The page says what was measured last.
func TestPage(t *testing.T) {
	const docs = "../../../docs"
	said, err := os.ReadFile(docs + "/" + performance)
	if err != nil {
		t.Fatal(err)
	}
	want, err := fill(docs, string(said))
	if err != nil {
		t.Fatal(err)
	}
	if string(said) != want {
		t.Errorf("docs/%s does not say what docs/figures have: go run ./tests/bench/page", performance)
	}
}
