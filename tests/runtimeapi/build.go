package runtimeapi

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// Build makes the binary of a function at output, with the flags of a release:
// pkg is the package of its main, as "./functions/altcraft/lambda" or by its
// import path. The error holds what the compiler said.
func Build(ctx context.Context, pkg, output string) error {
	command := exec.CommandContext(ctx, "go", "build",
		"-tags", "lambda.norpc", "-trimpath", "-ldflags", "-s -w", "-o", output, pkg)
	command.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0")
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", pkg, err, said)
	}
	return nil
}
