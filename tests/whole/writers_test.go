package whole_test

import (
	"io/fs"
	"os"
	"path"
	"strings"
	"testing"
)

// Whoever changes customers must hand over the tenant's rules, identification keys included, or
// the values that customers are found by go out of step with them.
func TestWritersKnowIdentificationKeys(t *testing.T) {
	t.Parallel()
	writers := 0
	root := os.DirFS("../../functions")
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		if strings.Contains(string(text), "customers.Apply(") {
			writers++
			if !strings.Contains(string(text), ".CustomerRules()") {
				t.Errorf("functions/%s changes customers and does not hand over the tenant's rules", name)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if writers < 2 {
		t.Errorf("found %d writers; the test looks for the wrong text", writers)
	}
}
