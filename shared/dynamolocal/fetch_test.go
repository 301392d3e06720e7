package dynamolocal_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"regulars/shared/dynamolocal"
)

// mavenThatWorks copies one jar and counts how often it was asked.
const mavenThatWorks = `
case $1 in -version) echo "Apache Maven 3.8.7"; exit;; esac
echo asked >>"$LOG"
sleep 0.2
for a in "$@"; do case $a in -DoutputDirectory=*) echo jar >"${a#*=}/DynamoDBLocal.jar";; esac; done
`

const javaThatWorks = `echo 'openjdk version "17.0.15" 2025-04-15' >&2`

func TestFetchAsksOnce(t *testing.T) {
	root := t.TempDir()
	log := machineWith(t, map[string]string{"java": javaThatWorks, "mvn": mavenThatWorks})
	// A fetch that was killed left this behind.
	write(t, filepath.Join(root, ".cache/dynamodb-local/unfinished/half.jar"), "")

	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if err := dynamolocal.Fetch(t.Context(), root); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()

	if got := read(t, log); got != "asked\n" {
		t.Errorf("asked Maven %q, want once", got)
	}
	if got := read(t, filepath.Join(root, ".cache/dynamodb-local/lib/DynamoDBLocal.jar")); got != "jar\n" {
		t.Errorf("jar = %q", got)
	}
	if _, err := os.Stat(filepath.Join(root, ".cache/dynamodb-local/lib/half.jar")); err == nil {
		t.Error("a jar of the killed fetch was kept")
	}

	t.Run("and again for another version", func(t *testing.T) {
		write(t, filepath.Join(root, ".cache/dynamodb-local/lib/pom.xml"), "<project/>")
		if err := dynamolocal.Fetch(t.Context(), root); err != nil {
			t.Fatal(err)
		}
		if got := read(t, log); got != "asked\nasked\n" {
			t.Errorf("asked Maven %q, want twice", got)
		}
	})
}

func TestFetchNamesWhatIsMissing(t *testing.T) {
	const install = "apt-get install openjdk-17-jre-headless maven"
	tests := []struct {
		name  string
		tools map[string]string
		want  []string
	}{
		{"no java", map[string]string{"mvn": mavenThatWorks}, []string{"java is missing", install}},
		{"no maven", map[string]string{"java": javaThatWorks}, []string{"mvn is missing", install}},
		{"old java", map[string]string{"java": `echo 'java version "1.8.0_402"' >&2`, "mvn": mavenThatWorks},
			[]string{"java is version 1.8", "17.0 or newer", install}},
		{"old maven", map[string]string{"java": javaThatWorks, "mvn": `echo Apache Maven 3.3.9`},
			[]string{"mvn is version 3.3", "3.6 or newer", install}},
		{"java is a stub", map[string]string{"java": `echo Unable to locate a Java Runtime; exit 1`, "mvn": mavenThatWorks},
			[]string{"java does not work", install, "Unable to locate"}},
		{"maven fails", map[string]string{"java": javaThatWorks, "mvn": `case $1 in -version) echo Apache Maven 3.8.7;; *) echo no network; exit 1;; esac`},
			[]string{"fetch DynamoDB Local with mvn", "no network"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			root := t.TempDir()
			machineWith(t, tt.tools)
			err := dynamolocal.Fetch(t.Context(), root)
			if err == nil {
				t.Fatal("Fetch succeeded")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error = %q, want it to say %q", err, want)
				}
			}
			if _, err := os.Stat(filepath.Join(root, ".cache/dynamodb-local/lib")); err == nil {
				t.Error("a failed fetch left a lib folder")
			}
		})
	}
}

// machineWith makes a machine that has these tools and no others, and returns
// the name of the file in which they write what they did.
func machineWith(t *testing.T, tools map[string]string) (log string) {
	t.Helper()
	bin := t.TempDir()
	for name, script := range tools {
		write(t, filepath.Join(bin, name), "#!/bin/sh\nPATH=/usr/bin:/bin\n"+script)
	}
	log = filepath.Join(t.TempDir(), "log")
	t.Setenv("PATH", bin)
	t.Setenv("LOG", log)
	return log
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
