package main

import (
	"bytes"
	"regexp"
	"strings"
	"testing"
)

func TestFigures(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := figures(&out, "../..", true); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^shared/meter +[1-9]\d* +[1-9]\d* +[1-9]\d* +[1-9]\d* +[1-9]\d* +[1-9]\d*$`,
		`\d+ functions without tests: median \d+ lines`,
		`to the DynamoDB client: \d+ functions lie between; [1-9]\d* on the shortest way`,
		`(?s)all: .*functions/altcraft.Dialect.importProfile.*shared/customer.Service.Apply\n.*shared/dynamo.Store.Commit\n.*shared/dynamo.Store.getOne\n`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no %s in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "functions/genesys.") {
		t.Error("an Altcraft import reaches another dialect")
	}
}
