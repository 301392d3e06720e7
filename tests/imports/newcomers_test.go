package imports_test

import (
	"fmt"
	"strings"
	"testing"

	"regulars/shared/meter"
)

// Steps that take keys for absent decide as those that read them. The file is about new
// customers, but for rows that come after so many of these that keys are not read: two
// that name a customer of an earlier row by e-mail and another by phone, one that names a
// customer by e-mail, and one by phone.
func TestRowsAboutNewcomersReadNoKeys(t *testing.T) {
	t.Parallel()
	e := newEngine(t, nil)
	e.service.RangeBytes, e.service.GroupBytes = 1_000_000, 1_000_000 // one part
	e.drop(t, "imports/tenant=5/before.csv", "email,phones\nann@example.com,+39061\nben@example.com,+39062222222\np700@example.com,\ndan@example.com,+39063333333\n", nil)
	const rows = 1500
	var file strings.Builder
	fmt.Fprintln(&file, "email,_fname,phones")
	for n := range rows {
		address, phone := fmt.Sprintf("p%d@example.com", n), fmt.Sprintf("+7900000%04d", n)
		switch n {
		case 201, 202:
			address, phone = "p200@example.com", "+39062222222"
		case 1400:
			phone = "+39063333333"
		}
		fmt.Fprintf(&file, "%s,Cy,%s\n", address, phone)
	}
	event := e.upload("imports/tenant=5/a.csv", file.String(), map[string]string{"matching": "email_phone"})
	ctx, m := meter.With(t.Context())
	if err := e.service.Receive(ctx, event); err != nil {
		t.Fatal(err)
	}
	for ref, ok := e.take(); ok; ref, ok = e.take() {
		if _, err := e.worker.Process(ctx, ref); err != nil {
			t.Fatal(err)
		}
	}
	p := e.latest(t)
	if got := p.Tally; got.Created != rows-4 || got.Updated != 2 || got.Rejections() != 2 {
		t.Errorf("%+v, want %d created, 2 updated and 2 rejected", got, rows-4)
	}
	if use, trouble := m.Use(), m.Trouble(); use.Read > 1.8*rows || trouble.Retries == 0 {
		t.Errorf("%v read units and %d steps decided again: keys were always read, which takes %d, or never taken for absent wrongly", use.Read, trouble.Retries, 2*rows)
	} else {
		t.Logf("%v read units, %d steps decided again", use.Read, trouble.Retries)
	}
}
