package console_test

import (
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
	} {
		if got := tt.view().header.Get("X-Consumed-Capacity"); got != tt.want {
			t.Errorf("%s consumes %s, want %s", tt.name, got, tt.want)
		}
	}
}
