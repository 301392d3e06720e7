package boot_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"regulars/shared/boot"
)

// A function that lacks a variable says which, and ends with 1.
func TestStart(t *testing.T) {
	const asFunction = "TEST_AS_FUNCTION"
	if os.Getenv(asFunction) != "" {
		environment, _ := boot.Start(boot.WorkQueueURL)
		os.Stdout.WriteString("began on " + environment.TableName)
		os.Exit(0)
	}
	for _, tt := range []struct {
		queue, key, want string
		code             int
	}{
		{"", "AKIA", "environment variables are not set: WORK_QUEUE_URL", 1},
		{"https://queue", "", "environment variables are not set: AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", 1},
		{"https://queue", "AKIA", "began on regulars", 0},
	} {
		function := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStart$")
		function.Env = append(os.Environ(), asFunction+"=1", "TABLE_NAME=regulars", "WORK_QUEUE_URL="+tt.queue,
			"AWS_REGION=eu-west-1", "AWS_ACCESS_KEY_ID="+tt.key, "AWS_SECRET_ACCESS_KEY=s", "AWS_ENDPOINT_URL_DYNAMODB=")
		said, err := function.CombinedOutput()
		code := 0
		if ended, ok := errors.AsType[*exec.ExitError](err); ok {
			code = ended.ExitCode()
		} else if err != nil {
			t.Fatal(err)
		}
		if code != tt.code || !strings.Contains(string(said), tt.want) {
			t.Errorf("queue %q: ended with %d and said %q, want %d and %q", tt.queue, code, said, tt.code, tt.want)
		}
	}
}
