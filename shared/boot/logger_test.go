package boot_test

import (
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"regulars/shared/boot"
)

func TestLogger(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	stdout, logger := os.Stdout, slog.Default()
	t.Cleanup(func() {
		os.Stdout = stdout
		slog.SetDefault(logger)
	})
	os.Stdout = file

	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-7"})
	boot.Logger().InfoContext(ctx, "from the logger")
	slog.InfoContext(ctx, "from the default")

	said, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"from the logger", "from the default"} {
		if !strings.Contains(string(said), word) {
			t.Errorf("log = %s, want %q in it", said, word)
		}
	}
	if strings.Count(string(said), "requestId=request-7") != 2 {
		t.Errorf("log = %s, want the request id in both lines", said)
	}
}
