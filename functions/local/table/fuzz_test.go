package table

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
)

// A file that is read as an export is whole: its count and sum are those of its lines.
func FuzzExport(f *testing.F) {
	whole := `{"regulars_export":1,"tenant":5,"at":"2026-11-29T00:00:00Z"}` + "\n" +
		`{"pk":{"S":"T#5"},"sk":{"S":"SETTINGS"},"a":{"L":[{"N":"1"},{"M":{"b":{"BOOL":true}}},{"NULL":true},{"B":"AAE="}]}}` + "\n"
	f.Add([]byte(whole + fmt.Sprintf(`{"items":1,"sha256":"%x"}`+"\n", sha256.Sum256([]byte(whole)))))
	f.Add([]byte(whole))
	f.Add([]byte(`{"regulars_export":1,"tenant":5}` + "\n" + `{"pk":{"S":"T#5","N":"1"}}` + "\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		_, items, err := readExport(bytes.NewReader(file))
		if err != nil {
			return
		}
		lines := bytes.SplitAfter(file, []byte("\n"))
		if len(lines) < len(items)+2 {
			t.Errorf("%d items are read of %d lines", len(items), len(lines))
		}
		if sum := fmt.Sprintf("%x", sha256.Sum256(bytes.Join(lines[:len(items)+1], nil))); !bytes.Contains(lines[len(items)+1], []byte(sum)) {
			t.Errorf("the sum of %q is %s", file, sum)
		}
	})
}
