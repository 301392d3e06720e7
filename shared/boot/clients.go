package boot

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

const (
	// attemptTimeout ends one attempt at DynamoDB, which answers within
	// milliseconds or not at all; a hung call must not eat the deadline.
	attemptTimeout = 3 * time.Second
	// maxAttempts counts the first one too. What it does not cure is decided
	// again by the caller, until its deadline.
	maxAttempts = 3
	// maxBackoff bounds the pause between attempts. With the SDK's own bound a
	// throttled call took four seconds.
	maxBackoff = 300 * time.Millisecond
	// maxIdleConns is how many connections are kept for the next request: as
	// many as side-by-side reads of a busy process on a devserver. The SDK keeps 10
	// and would open the others again each time.
	maxIdleConns = 100

	// localKey stands for credentials where DynamoDB Local needs any. It takes
	// letters and digits only.
	localKey    = "regulars"
	localRegion = "us-east-1"
)

// Config loads the configuration of the AWS SDK. Where the endpoint is
// overridden and the environment has no credentials it makes some up, for the
// SDK would wait for those of an EC2 machine.
func (e Environment) Config(ctx context.Context) (aws.Config, error) {
	var options []func(*config.LoadOptions) error
	if e.EndpointOverridden() {
		options = append(options, config.WithDefaultRegion(localRegion))
		if e.AccessKeyID == "" {
			made := credentials.NewStaticCredentialsProvider(localKey, localKey, "")
			options = append(options, config.WithCredentialsProvider(made))
		}
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("configuration of the AWS SDK: %w", err)
	}
	return cfg, nil
}

// DynamoDB makes the client of the table. One attempt takes at most 3 seconds,
// a call at most 3 attempts.
func (e Environment) DynamoDB(cfg aws.Config) *dynamodb.Client {
	return dynamodb.NewFromConfig(cfg, func(o *dynamodb.Options) {
		o.HTTPClient = awshttp.NewBuildableClient().
			WithTimeout(attemptTimeout).
			WithTransportOptions(func(t *http.Transport) { t.MaxIdleConnsPerHost = maxIdleConns })
		if e.Clock != nil {
			o.HTTPClient = e.Clock.observe(o.HTTPClient)
		}
		o.Retryer = retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = maxAttempts
			o.MaxBackoff = maxBackoff
		})
		if e.EndpointOverridden() {
			o.BaseEndpoint = aws.String(e.Endpoint)
		}
	})
}
