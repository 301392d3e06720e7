package dynamo

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/schemas"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"regulars/shared/turns"
)

// The operations of the table.
var (
	opGetItem            = smithy.NewOperationSchema(schemas.GetItem, schemas.GetItemInput, schemas.GetItemOutput)
	opBatchGetItem       = smithy.NewOperationSchema(schemas.BatchGetItem, schemas.BatchGetItemInput, schemas.BatchGetItemOutput)
	opQuery              = smithy.NewOperationSchema(schemas.Query, schemas.QueryInput, schemas.QueryOutput)
	opScan               = smithy.NewOperationSchema(schemas.Scan, schemas.ScanInput, schemas.ScanOutput)
	opPutItem            = smithy.NewOperationSchema(schemas.PutItem, schemas.PutItemInput, schemas.PutItemOutput)
	opUpdateItem         = smithy.NewOperationSchema(schemas.UpdateItem, schemas.UpdateItemInput, schemas.UpdateItemOutput)
	opTransactWriteItems = smithy.NewOperationSchema(schemas.TransactWriteItems, schemas.TransactWriteItemsInput, schemas.TransactWriteItemsOutput)
)

const (
	// smallAnswer is how long an answer may be, in bytes, that is decoded without a turn:
	// 32 of the worst come to some 64 MB.
	smallAnswer = 32_000
	// maxPooled is how long an answer may be whose buffer is used again.
	maxPooled = 64_000
	// maxSkew is how far the time of a signature may be from that of DynamoDB before a
	// rejected call is signed again by that; DynamoDB takes some five minutes.
	maxSkew = 4 * time.Minute
)

// userAgent says which release of the SDK made a call.
const userAgent = aws.SDKName + "/" + aws.SDKVersion + " api/dynamodb"

// A caller calls DynamoDB by the options of a client of the SDK: with its codec, signer,
// credentials, retries and errors, and without the forty steps in between that its client
// puts together for each call (docs/decisions/dynamodb-calls.md). It takes no interceptors
// and no steps of others. It is safe for concurrent use.
type caller struct {
	options  dynamodb.Options
	endpoint func() (*url.URL, error)
	skew     atomic.Int64 // of DynamoDB's clock to this machine's, in nanoseconds
}

func newCaller(db *dynamodb.Client) *caller {
	c := &caller{options: db.Options()}
	c.endpoint = sync.OnceValues(c.resolve)
	return c
}

// resolve finds the endpoint, which is the same for all calls.
func (c *caller) resolve() (*url.URL, error) {
	endpoint, err := c.options.EndpointResolverV2.ResolveEndpoint(context.Background(), dynamodb.EndpointParameters{
		Region: &c.options.Region, Endpoint: c.options.BaseEndpoint,
	}.WithDefaults())
	if err != nil {
		return nil, fmt.Errorf("endpoint of DynamoDB: %w", err)
	}
	if endpoint.URI.Path == "" {
		endpoint.URI.Path = "/"
	}
	return &endpoint.URI, nil
}

// A call is one operation: what it asks for, and where its answer goes.
type call struct {
	operation *smithy.OperationSchema
	in        smithy.Serializable
	out       smithy.Deserializable
	// once: it is not repeated, whatever comes of it.
	once bool
	// look may shorten an answer before it is decoded; nil: it is decoded as it is.
	look func(body []byte) []byte
}

// do makes a call, again where that may help and the retries of the options say so. Its
// error is a [*smithy.OperationError] with what the client of the SDK has in it.
func (c *caller) do(ctx context.Context, a call) error {
	err := c.attempts(ctx, a)
	if err == nil {
		return nil
	}
	return &smithy.OperationError{ServiceID: dynamodb.ServiceID, OperationName: a.operation.ID().Name, Err: err}
}

func (c *caller) attempts(ctx context.Context, a call) error {
	request, body, err := c.request(ctx, a)
	if err != nil {
		return err
	}
	var retryer aws.Retryer = aws.NopRetryer{}
	if !a.once {
		retryer = c.options.Retryer
	}
	release := retryer.GetInitialToken()
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return &smithy.CanceledError{Err: err}
		}
		again, err := c.attempt(ctx, a, request, body)
		if released := release(err); released != nil && err != nil {
			return errors.Join(err, released)
		}
		if err == nil || a.once || !again && !retryer.IsErrorRetryable(err) {
			return err
		}
		if n >= retryer.MaxAttempts() {
			return &retry.MaxAttemptsError{Attempt: n, Err: err}
		}
		var refused error
		if release, refused = retryer.GetRetryToken(ctx, err); refused != nil {
			return errors.Join(err, refused)
		}
		delay, refused := retryer.RetryDelay(n, err)
		if refused != nil {
			return errors.Join(err, refused)
		}
		if !pause(ctx, delay) {
			return &aws.RequestCanceledError{Err: ctx.Err()}
		}
		request = request.Clone(ctx) // what sends it may still read the other
	}
}

// pause reports whether it waited for d; ctx may end it.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// request makes the request of all attempts, without a signature, and its body.
func (c *caller) request(ctx context.Context, a call) (*http.Request, *bytes.Reader, error) {
	endpoint, err := c.endpoint()
	if err != nil {
		return nil, nil, err
	}
	r := &smithyhttp.Request{Request: &http.Request{URL: endpoint, Host: endpoint.Host, Header: make(http.Header, 8)}}
	if err := c.options.Protocol.SerializeRequest(ctx, a.operation, a.in, r); err != nil {
		return nil, nil, &smithy.SerializationError{Err: err}
	}
	body, ok := r.GetStream().(*bytes.Reader)
	if !ok {
		return nil, nil, &smithy.SerializationError{Err: fmt.Errorf("body is a %T", r.GetStream())}
	}
	r.Header["Accept-Encoding"] = []string{"identity"} // the checksum is that of the body as it is sent
	r.Header["User-Agent"] = []string{userAgent}
	return r.WithContext(ctx), body, nil
}

// attempt signs and sends a request once. It reports whether another attempt may help
// because of the time by which that is signed.
func (c *caller) attempt(ctx context.Context, a call, r *http.Request, body *bytes.Reader) (again bool, err error) {
	signed := time.Duration(c.skew.Load())
	if err := c.sign(ctx, r, *body, signed); err != nil {
		return false, err
	}
	sent := *body // what sends it may still read it when an answer is there
	r.Body = io.NopCloser(&sent)
	response, err := c.options.HTTPClient.Do(r)
	if err != nil {
		if ended := ctx.Err(); ended != nil {
			return false, &smithy.CanceledError{Err: ended}
		}
		return false, &smithyhttp.RequestSendError{Err: err}
	}
	defer response.Body.Close()
	if err = c.decode(ctx, a, response); err == nil {
		return false, nil
	}
	again = c.skewed(err, response.Header.Get("Date"), signed)
	return again, &awshttp.ResponseError{
		ResponseError: &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: err},
		RequestID:     response.Header.Get("X-Amzn-Requestid"),
	}
}

func (c *caller) sign(ctx context.Context, r *http.Request, body bytes.Reader, skew time.Duration) error {
	if c.options.Credentials == nil {
		return errors.New("there are no credentials")
	}
	credentials, err := c.options.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("credentials: %w", err)
	}
	hash := sha256.New()
	_, _ = body.WriteTo(hash) // neither can fail
	return c.options.HTTPSignerV4.SignHTTP(ctx, credentials, r, hex.EncodeToString(hash.Sum(nil)), "dynamodb", c.options.Region, time.Now().Add(skew))
}

// skewed reports whether an answer may be an error only because this machine's clock is
// wrong, by which the call was signed; the next attempts go by the date of the answer.
func (c *caller) skewed(err error, date string, signed time.Duration) bool {
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return false
	}
	switch api.ErrorCode() {
	case "InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure", "RequestTimeTooSkewed", "AccessDeniedException":
	default:
		return false
	}
	said, err := http.ParseTime(date)
	if err != nil {
		return false
	}
	skew := time.Until(said)
	if (skew - signed).Abs() <= maxSkew {
		return false
	}
	c.skew.Store(int64(skew))
	return true
}

// buffers are those that answers were read into.
var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// decode reads an answer to its end, and what it says into the call. A large one waits
// for the turn of its request before it is decoded: the connection does not wait.
func (c *caller) decode(ctx context.Context, a call, response *http.Response) error {
	buffer := buffers.Get().(*bytes.Buffer)
	defer func() {
		if buffer.Cap() <= maxPooled {
			buffer.Reset()
			buffers.Put(buffer)
		}
	}()
	if err := readAll(buffer, response); err != nil {
		return &smithy.DeserializationError{Err: err}
	}
	body := buffer.Bytes()
	if response.StatusCode == http.StatusOK {
		if len(body) > smallAnswer {
			if err := turns.Take(ctx); err != nil {
				return err
			}
		}
		if a.look != nil {
			body = a.look(body)
		}
	}
	answer := *response
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return c.options.Protocol.DeserializeResponse(ctx, a.operation, dynamodb.TypeRegistry, &smithyhttp.Response{Response: &answer}, a.out)
}

// readAll reads the body of an answer, whose length is perhaps known, and compares it with
// its checksum.
func readAll(buffer *bytes.Buffer, response *http.Response) error {
	if n := response.ContentLength; n > 0 && n <= maxBatchAnswer {
		buffer.Grow(int(n) + bytes.MinRead)
	}
	if _, err := buffer.ReadFrom(io.LimitReader(response.Body, maxBatchAnswer+1)); err != nil {
		return err
	}
	if buffer.Len() > maxBatchAnswer {
		return fmt.Errorf("it has more than %d bytes", maxBatchAnswer)
	}
	said := response.Header.Get("X-Amz-Crc32")
	if is := strconv.FormatUint(uint64(crc32.ChecksumIEEE(buffer.Bytes())), 10); said != "" && said != is {
		return fmt.Errorf("its checksum is %s, and it says %s", is, said)
	}
	return nil
}
