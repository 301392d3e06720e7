package dynamolocal

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// loopback is the class that starts DynamoDB Local for this machine alone.
//
//go:embed Loopback.java
var loopback []byte

// compileLoopback returns the folder of the compiled class. It is compiled once for
// each version of its source; any number of processes may call this at the same time.
func compileLoopback(ctx context.Context, root string) (string, error) {
	dir := filepath.Join(cacheDir(root), fmt.Sprintf("loopback-%x", sha256.Sum256(append(loopback, pom...)))[:len("loopback-")+16])
	if _, err := os.Stat(filepath.Join(dir, "Loopback.class")); err == nil {
		return dir, nil
	}
	if err := javac.check(ctx); err != nil {
		return "", err
	}
	unfinished, err := os.MkdirTemp(cacheDir(root), "loopback-unfinished-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(unfinished)
	source := filepath.Join(unfinished, "Loopback.java")
	if err := os.WriteFile(source, loopback, 0o644); err != nil {
		return "", err
	}
	output, err := exec.CommandContext(ctx, javac.name, "-d", unfinished, "-cp", filepath.Join(libDir(root), "*"), source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("compile %s: %w\n%s", source, err, output)
	}
	if err := os.Rename(unfinished, dir); err != nil {
		if _, there := os.Stat(filepath.Join(dir, "Loopback.class")); there == nil {
			return dir, nil // another process was first
		}
		return "", err
	}
	return dir, nil
}
