package boot

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
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

// Config makes the configuration of the AWS SDK from the variables that Lambda sets:
// region, credentials, and endpoints other than those of AWS. Package config of the
// SDK, which looks in files and asks an EC2 machine, too, would make a binary a tenth
// larger and its start slower. Where the endpoint of DynamoDB is overridden, made-up
// credentials and a region stand for those that are not set.
func (e Environment) Config() (aws.Config, error) {
	region := cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"))
	key, secret, session := e.AccessKeyID, os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN")
	if e.EndpointOverridden() {
		region = cmp.Or(region, localRegion)
		if key == "" {
			key, secret, session = localKey, localKey, ""
		}
	}
	if region == "" || key == "" || secret == "" {
		return aws.Config{}, errors.New("environment variables are not set: AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, all of which Lambda sets")
	}
	return aws.Config{
		Region: region, Credentials: credentials.NewStaticCredentialsProvider(key, secret, session),
		ConfigSources:              []any{endpoints{}},
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}, nil
}

// endpoints are those that AWS_ENDPOINT_URL_SQS and its like give. Clients of the SDK
// ask a source of the configuration for them by this method.
type endpoints struct{}

// GetServiceBaseEndpoint returns the endpoint of a service other than that of AWS.
func (endpoints) GetServiceBaseEndpoint(_ context.Context, service string) (url string, found bool, err error) {
	url = os.Getenv("AWS_ENDPOINT_URL_" + strings.ToUpper(strings.ReplaceAll(service, " ", "_")))
	return url, url != "", nil
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
