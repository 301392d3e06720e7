package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/smithy-go/logging"

	"regulars/functions/admin"
)

// patience is how long an answer may take: locally the deadline is 10 minutes.
const patience = 11 * time.Minute

// post sends a call to the local process.
func post(ctx context.Context, port string, call []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	address := "http://" + net.JoinHostPort("127.0.0.1", port) + admin.Path
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(call))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(admin.Header, "1")
	response, err := http.DefaultClient.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("nothing listens on port %s: start it with `make run`, or name its port with PORT=", port)
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// invoke sends a call to the deployed function.
func invoke(ctx context.Context, function string, call []byte) ([]byte, error) {
	// What the SDK tries in vain is no news: the error below says what is missing.
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, err
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, errors.New("TARGET=aws needs AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, in the environment")
	}
	if cfg.Region == "" {
		return nil, errors.New("TARGET=aws needs a region: set AWS_REGION in the environment")
	}
	out, err := lambda.NewFromConfig(cfg).Invoke(ctx, &lambda.InvokeInput{FunctionName: &function, Payload: call})
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", function, err)
	}
	if out.FunctionError != nil {
		return nil, fmt.Errorf("%s ended with an internal error; its log says why", function)
	}
	return out.Payload, nil
}
