package whole_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What is deployed is under licences that let it be handed on in a binary; a library
// under another one is weighed in docs/decisions/libraries.md first. Licences are known by
// their own sentences.
var licences = map[string]string{
	"Apache-2.0": "Apache License Version 2.0",
	"MIT":        "Permission is hereby granted, free of charge, to any person obtaining a copy",
	"BSD-3":      "Neither the name of",
	"BSD-2":      "Redistributions of source code must retain the above copyright notice",
}

func TestLicences(t *testing.T) {
	t.Parallel()
	modules := deployedModules(t)
	if len(modules) < 10 {
		t.Fatalf("%d modules are deployed only: %v", len(modules), modules)
	}
	for path, dir := range modules {
		if dir == "" {
			t.Errorf("%s: its source is not here; fetch it with: go mod download", path)
			continue
		}
		text, err := licenceIn(dir)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		name := licenceOf(text)
		if name == "" {
			t.Errorf("%s is under a licence that is not on the list: %.200s", path, text)
		}
		t.Logf("%-70s %s", path, name)
	}
}

// A licence that is not on the list is not taken for one that is.
func TestLicencesAreTold(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007": "",
		"Mozilla Public License Version 2.0":                   "",
		"":                                                     "",
		"   Apache License\n   Version 2.0, January 2004": "Apache-2.0",
	} {
		if got := licenceOf(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func licenceOf(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	for _, name := range []string{"Apache-2.0", "MIT", "BSD-3", "BSD-2"} {
		if strings.Contains(text, licences[name]) {
			return name
		}
	}
	return ""
}

// licenceIn reads the licence of a module.
func licenceIn(dir string) (string, error) {
	for _, name := range []string{"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "COPYING"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if !errors.Is(err, os.ErrNotExist) {
			return string(text), err
		}
	}
	return "", errors.New("it has no licence")
}

// deployedModules are the folders of the modules that are compiled into functions.
func deployedModules(t *testing.T) map[string]string {
	t.Helper()
	entries, err := filepath.Glob("../../functions/*/lambda")
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	command := exec.Command("go", append([]string{"list", "-deps", "-json=Module"}, entries...)...)
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	var trouble bytes.Buffer
	command.Stderr = &trouble
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, trouble.String())
	}
	modules := map[string]string{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p struct {
			Module *struct {
				Path, Dir string
				Main      bool
			}
		}
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return modules
		} else if err != nil {
			t.Fatal(err)
		}
		if p.Module != nil && !p.Module.Main {
			modules[p.Module.Path] = p.Module.Dir
		}
	}
}
