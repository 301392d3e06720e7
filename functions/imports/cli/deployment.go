package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"regulars/shared/objects"
	"regulars/shared/s3bucket"
)

// A deployment is what is spoken to: a bucket, and the function's API.
type deployment struct {
	order
	client *s3.Client
	bucket objects.Bucket
	lambda *lambda.Client // nil: the local process
}

// connect finds out where the bucket is.
func connect(ctx context.Context, o order) (*deployment, error) {
	d := &deployment{order: o}
	if o.target == targetLocal {
		d.client = s3bucket.NewClient(aws.Config{
			Region: "us-east-1", BaseEndpoint: &d.s3, Credentials: credentials.NewStaticCredentialsProvider("regulars", "regulars", ""),
		})
		d.bucket = s3bucket.New(d.client, o.bucketName)
		return d, nil
	}
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
	d.lambda = lambda.NewFromConfig(cfg)
	if d.bucketName == "" {
		out, err := d.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &o.function})
		if err != nil {
			return nil, fmt.Errorf("look at %s: %w", o.function, err)
		}
		if out.Environment != nil {
			d.bucketName = out.Environment.Variables["IMPORT_BUCKET"]
		}
		if d.bucketName == "" {
			return nil, fmt.Errorf("%s does not say what its bucket is; name it with IMPORT_BUCKET", o.function)
		}
	}
	d.client = s3bucket.NewClient(cfg)
	d.bucket = s3bucket.New(d.client, d.bucketName)
	return d, nil
}

// An importState is what answers show of an import.
type importState struct {
	ID      string `json:"id"`
	Key     string `json:"key"`
	Version string `json:"version"`
	State   string `json:"state"`
	DryRun  bool   `json:"dry_run"`
	Error   *struct{ Code, Text string }
	Rows    *int64 `json:"rows"`
	Created, Updated,
	Unchanged, Rejected int64
	Parts struct {
		All, Done, Parked int
		Seen              int64
	}
	Undo    *undone  `json:"undo"`
	Results []string `json:"results"`
}

// undone is what was, or would be, taken back.
type undone struct{ Restored, Deleted, Reversed, Kept int64 }

// An answer is one of the function.
type answer struct {
	Import  *importState
	Imports []importState
	Plan    *struct {
		undone
		Complete bool
	}
	Error *struct{ Code, Path, Text string }
}

// call sends a request to the API.
func (d *deployment) call(ctx context.Context, method, target string, body any) (answer, error) {
	var document []byte
	if body != nil {
		var err error
		if document, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	if d.tenant > 0 {
		separator := "?"
		if strings.Contains(target, "?") {
			separator = "&"
		}
		target += separator + fmt.Sprint("tenant=", d.tenant)
	}
	var text []byte
	var err error
	if d.lambda != nil {
		text, err = d.invoke(ctx, method, target, document)
	} else {
		text, err = d.send(ctx, method, target, document)
	}
	if err != nil {
		return answer{}, err
	}
	var a answer
	if err := json.Unmarshal(text, &a); err != nil {
		return answer{}, errors.New("what came is no answer of the imports; is it Regulars that listens there?")
	}
	if a.Error != nil {
		return answer{}, fmt.Errorf("%s (%s)", a.Error.Text, a.Error.Code)
	}
	return a, nil
}

// patience is how long an answer may take.
const patience = 30 * time.Second

// send sends a request to the local process.
func (d *deployment) send(ctx context.Context, method, target string, document []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, "http://localhost:"+d.port+target, bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+d.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if errors.Is(err, syscall.ECONNREFUSED) {
		return nil, fmt.Errorf("nothing listens on port %s: start it with `make run`, or name its port with PORT=", d.port)
	}
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

// invoke sends a request to the deployed function as the API does.
func (d *deployment) invoke(ctx context.Context, method, target string, document []byte) ([]byte, error) {
	path, query, _ := strings.Cut(target, "?")
	event := events.APIGatewayV2HTTPRequest{
		Version: "2.0", RouteKey: "ANY /imports/{proxy+}", RawPath: path, RawQueryString: query, Body: string(document),
		Headers: map[string]string{"authorization": "Bearer " + d.token, "content-type": "application/json"},
	}
	event.RequestContext.HTTP.Method, event.RequestContext.HTTP.Path = method, path
	event.RequestContext.Stage, event.RequestContext.RequestID = "$default", "make-import"
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	out, err := d.lambda.Invoke(ctx, &lambda.InvokeInput{FunctionName: &d.function, Payload: payload})
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", d.function, err)
	}
	if out.FunctionError != nil {
		return nil, fmt.Errorf("%s ended with an internal error; its log says why", d.function)
	}
	var answered events.APIGatewayV2HTTPResponse
	err = json.Unmarshal(out.Payload, &answered)
	return []byte(answered.Body), err
}

// fetch is a command that fetches an object of the bucket.
func (d *deployment) fetch(key string) string {
	if d.lambda != nil {
		return fmt.Sprintf("aws s3 cp 's3://%s/%s' .", d.bucketName, key)
	}
	segments := strings.Split(key, "/")
	for i := range segments {
		segments[i] = url.PathEscape(segments[i])
	}
	return fmt.Sprintf("curl -sO '%s/%s/%s'", d.s3, d.bucketName, strings.Join(segments, "/"))
}
