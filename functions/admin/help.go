package admin

import (
	"fmt"
	"io"
	"strings"
)

// Help writes what actions there are, each with an example to paste.
func Help(w io.Writer) error {
	var help strings.Builder
	help.WriteString("make admin ACTION=<action> NAME=value ... speaks to the process of `make run`,\n" +
		"with TARGET=aws to the deployed function.\n")
	for _, a := range actions {
		fmt.Fprintf(&help, "\n%s: %s\n", a.name, a.does)
		for _, p := range a.parameters {
			name := strings.ToUpper(p.name) + "="
			if !p.required {
				name = "[" + name + "]"
			}
			fmt.Fprintf(&help, "    %-12s %s (%s)\n", name, p.meaning, p.kind.what)
		}
		fmt.Fprintf(&help, "  %s\n", strings.TrimSpace("make admin ACTION="+a.name+" "+a.example))
	}
	_, err := io.WriteString(w, help.String())
	return err
}
