package console_test

import (
	"net/http"
	"testing"

	"regulars/functions/local/devserver"
)

// What the views of docs/console.md consume of the table.
func costs(t *testing.T, s shop) {
	v := signIn(t, s, devserver.DemoToken)
	for _, tt := range []struct {
		name, want string
		view       func() page
	}{
		{"find by e-mail", "rt=10;r=9.5;w=0", func() page { return v.post("/console/find", "sought", herEmail) }},
		{"card", "rt=11;r=13;w=0", func() page { return v.get(s.card()) }},
		{"plan", "rt=2;r=2;w=0", func() page { return v.post(s.card()+"/points/add", "value", "5", "reason", "x") }},
		{"list", "rt=2;r=5;w=0", func() page { return v.get("/console/lists/changed") }},
		{"list of who expires", "rt=2;r=5;w=0", func() page { return v.get("/console/lists/expiring?days=300") }},
		{"first page", "rt=0;r=0;w=0", func() page { return v.get("/console") }},
		{"entries", "rt=3;r=3;w=0", func() page { return v.getPart(s.card() + "/entries?below=9") }},
		{"undo", "rt=2;r=3;w=0", func() page { return v.get(s.card() + "/entries/10/reverse") }},
		{"edit", "rt=1;r=1;w=0", func() page { return v.get(s.card() + "/edit") }},
		{"product", "rt=2;r=3;w=0", func() page { return v.get(s.card() + "/product") }},
		{"verify", "rt=2;r=2;w=0", func() page { return v.post(s.card() + "/verify") }},
		{"erase", "rt=5;r=11.5;w=0", func() page { return v.get(s.card() + "/erase") }},
		{"program", "rt=0;r=0;w=0", func() page { return v.get("/console/program") }},
		{"sale", "rt=10;r=9.5;w=0", func() page {
			return v.post("/console/program", "sought", s.id.Decimal(), "total", "1000", "money_per_point", "1000", "usable_after_hours", "0", "expires_after_days", "365",
				"from.2020", "0", "percent.2020", "100", "from.2021", "20000", "percent.2021", "100", "from.2022", "50000", "percent.2022", "100")
		}},
	} {
		p := tt.view()
		if got := p.header.Get("X-Consumed-Capacity"); p.code != http.StatusOK && p.code != http.StatusSeeOther || got != tt.want {
			t.Errorf("%s = %d, consumes %s, want %s", tt.name, p.code, got, tt.want)
		}
	}
}
