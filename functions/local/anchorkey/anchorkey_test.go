package anchorkey_test

import (
	"os"
	"path/filepath"
	"testing"

	"regulars/functions/local/anchorkey"
	"regulars/shared/anchor"
)

// The key of a folder stays the same, and is for its owner alone.
func TestOpen(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	if _, err := anchorkey.Read(dir); !os.IsNotExist(err) {
		t.Errorf("read before it is there: %v", err)
	}
	first, err := anchorkey.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := anchorkey.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	line, err := anchor.Anchor{Tenant: 5, Day: "2026-11-29", Ledgers: 7}.Line(t.Context(), first)
	if err != nil {
		t.Fatal(err)
	}
	der, err := again.PublicKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	key, err := anchor.ParseKey(der)
	if err != nil || !anchor.Signed(line, key) {
		t.Errorf("the second signs otherwise: %v, %s", err, line)
	}
	file, err := os.Stat(filepath.Join(dir, anchorkey.Name))
	if err != nil || file.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", file, err)
	}
	if err := os.WriteFile(filepath.Join(dir, anchorkey.Name), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := anchorkey.Open(dir); err == nil {
		t.Error("a file that is no key was read, or written over")
	}
}
