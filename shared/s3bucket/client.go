package s3bucket

import (
	"context"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
)

const (
	// attemptTime ends one attempt; reading a body does not count. S3 answers
	// within a tenth of a second, a write of some megabytes included.
	attemptTime = 10 * time.Second
	// maxAttempts counts the first one too, maxBackoff bounds the pauses between.
	maxAttempts = 5
	maxBackoff  = time.Second
	// maxIdleConns is how many connections are kept: as many as parts that a
	// process reads side by side, and more.
	maxIdleConns = 32
)

// NewClient makes a client of S3. An attempt ends after 10 seconds, without the
// reading of a body; there are five of them. An endpoint other than that of AWS
// is given by AWS_ENDPOINT_URL_S3; buckets are then named in the path.
func NewClient(cfg aws.Config, options ...func(*s3.Options)) *s3.Client {
	return s3.NewFromConfig(cfg, append([]func(*s3.Options){func(o *s3.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().
			WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = maxIdleConns })
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = maxAttempts
			o.MaxBackoff = maxBackoff
		})
		o.UsePathStyle = o.BaseEndpoint != nil
		o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
			return stack.Finalize.Insert(attemptTimeout{}, "Retry", middleware.After)
		})
	}}, options...)...)
}

// An attemptTimeout ends an attempt that has no answer in time. A timeout of the
// HTTP client would count the reading of the body, too.
type attemptTimeout struct{}

func (attemptTimeout) ID() string { return "AttemptTimeout" }

func (attemptTimeout) HandleFinalize(ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler) (
	middleware.FinalizeOutput, middleware.Metadata, error,
) {
	attempt, cancel := context.WithCancel(ctx)
	timer := time.AfterFunc(attemptTime, cancel)
	out, metadata, err := next.HandleFinalize(attempt, in)
	inTime := timer.Stop()
	if err != nil {
		cancel() // not after a success: the body is still to be read
	}
	if !inTime && err != nil && ctx.Err() == nil {
		err = errTimedOut{}
	}
	return out, metadata, err
}

// errTimedOut is an error that the SDK repeats.
type errTimedOut struct{}

func (errTimedOut) Error() string { return "no answer within " + attemptTime.String() }
func (errTimedOut) Timeout() bool { return true }
