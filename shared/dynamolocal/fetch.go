package dynamolocal

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// pom names DynamoDB Local, its version and what it needs. A copy of it lies
// beside the jars and says which ones they are.
//
//go:embed pom.xml
var pom []byte

// Fetch brings DynamoDB Local into .cache below the root of the module, once.
// Any number of processes may call it at the same time.
func Fetch(ctx context.Context, root string) error {
	if fetched(root) {
		return nil
	}
	if err := os.MkdirAll(cacheDir(root), 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(cacheDir(root), "lock"))
	if err != nil {
		return fmt.Errorf("fetch DynamoDB Local: %w", err)
	}
	defer unlock()
	if fetched(root) {
		return nil
	}

	for _, t := range []tool{java, maven} {
		if err := t.check(ctx); err != nil {
			return err
		}
	}
	// Gathered elsewhere and renamed when whole: a fetch that was killed is not
	// taken for one that ended.
	unfinished := filepath.Join(cacheDir(root), "unfinished")
	if err := os.RemoveAll(unfinished); err != nil {
		return err
	}
	if err := os.Mkdir(unfinished, 0o755); err != nil {
		return err
	}
	file := filepath.Join(unfinished, "pom.xml")
	if err := os.WriteFile(file, pom, 0o644); err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, maven.name, "-B", "-q", "-f", file, "dependency:copy-dependencies",
		"-DincludeScope=runtime", "-DoutputDirectory="+unfinished).CombinedOutput()
	if err != nil {
		return fmt.Errorf("fetch DynamoDB Local with %s: %w\n%s", maven.name, err, output)
	}
	if err := os.RemoveAll(libDir(root)); err != nil {
		return err
	}
	return os.Rename(unfinished, libDir(root))
}

func cacheDir(root string) string { return filepath.Join(root, ".cache", "dynamodb-local") }

func libDir(root string) string { return filepath.Join(cacheDir(root), "lib") }

// fetched reports whether exactly what pom names lies in libDir.
func fetched(root string) bool {
	stamp, err := os.ReadFile(filepath.Join(libDir(root), "pom.xml"))
	return err == nil && bytes.Equal(stamp, pom)
}

// A tool is a program that has to be on the machine.
type tool struct {
	name    string
	askFor  string         // the argument that makes it print its version
	version *regexp.Regexp // finds major and minor in what it prints
	least   [2]int         // major and minor
	install string
}

var (
	java  = tool{"java", "-version", regexp.MustCompile(`version "(\d+)(?:\.(\d+))?`), [2]int{17, 0}, installTools}
	javac = tool{"javac", "-version", regexp.MustCompile(`javac (\d+)(?:\.(\d+))?`), [2]int{17, 0}, installCompiler}
	maven = tool{"mvn", "-version", regexp.MustCompile(`Apache Maven (\d+)\.(\d+)`), [2]int{3, 6}, installTools}
)

const (
	installTools    = "apt-get install openjdk-17-jre-headless maven"
	installCompiler = "apt-get install openjdk-17-jdk-headless"
)

// check returns an error that says how to install the tool, unless it is there
// and new enough.
func (t tool) check(ctx context.Context) error {
	if _, err := exec.LookPath(t.name); err != nil {
		return fmt.Errorf("%s is missing, DynamoDB Local needs it; install it with: %s", t.name, t.install)
	}
	output, err := exec.CommandContext(ctx, t.name, t.askFor).CombinedOutput()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	found := t.version.FindSubmatch(output)
	if err != nil || found == nil {
		return fmt.Errorf("%s does not work; install it with: %s\n%s", t.name, t.install, output)
	}
	major, _ := strconv.Atoi(string(found[1]))
	minor, _ := strconv.Atoi(string(found[2]))
	if major < t.least[0] || major == t.least[0] && minor < t.least[1] {
		return fmt.Errorf("%s is version %d.%d, DynamoDB Local needs %d.%d or newer; install it with: %s",
			t.name, major, minor, t.least[0], t.least[1], t.install)
	}
	return nil
}

var errLocked = errors.New("locked by another process")

// lock waits until no other process holds the lock file.
func lock(ctx context.Context, path string) (unlock func(), err error) {
	for {
		unlock, err := tryLock(path)
		if !errors.Is(err, errLocked) {
			return unlock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(askEvery):
		}
	}
}

// tryLock takes the lock file or returns errLocked. The system gives the lock
// back if the process dies.
func tryLock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return func() { file.Close() }, nil
	}
	file.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, errLocked
	}
	return nil, fmt.Errorf("lock %s: %w", path, err)
}
