package boot

import (
	"log/slog"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// Logger makes the logger of a function and the default of the process: lines
// on stdout in the format and from the level that Lambda was told to use, with
// the request id where a ...Context method was given the context of a request.
func Logger() *slog.Logger {
	logger := lambdacontext.NewLogger()
	slog.SetDefault(logger)
	return logger
}
