package boot_test

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/boot"
)

func TestReadEnvironment(t *testing.T) {
	tests := []struct {
		name      string
		variables map[string]string
		needs     []string
		want      boot.Environment
		err       string
	}{
		{
			name:      "all a dialect needs",
			variables: map[string]string{"TABLE_NAME": "regulars"},
			want:      boot.Environment{TableName: "regulars", Patience: 5 * time.Second},
		},
		{
			name: "everything",
			variables: map[string]string{
				"TABLE_NAME": "regulars", "WORK_QUEUE_URL": "https://queue", "AWS_ENDPOINT_URL_DYNAMODB": "http://db",
				"AWS_ACCESS_KEY_ID": "AKIA", "THROTTLED_SECONDS": "25", "METRICS_NAMESPACE": "Regulars/shop",
			},
			needs: []string{boot.WorkQueueURL},
			want: boot.Environment{
				TableName: "regulars", WorkQueueURL: "https://queue", Endpoint: "http://db", AccessKeyID: "AKIA",
				Patience: 25 * time.Second, Namespace: "Regulars/shop",
			},
		},
		{
			name:      "more patience than there is time",
			variables: map[string]string{"TABLE_NAME": "regulars", "THROTTLED_SECONDS": "26"},
			err:       `THROTTLED_SECONDS is "26", want a number of seconds from 1 to 25`,
		},
		{
			name:      "nothing",
			variables: nil,
			needs:     []string{boot.WorkQueueURL},
			err:       "environment variables are not set: TABLE_NAME, WORK_QUEUE_URL",
		},
		{
			name:      "empty",
			variables: map[string]string{"TABLE_NAME": ""},
			err:       "environment variables are not set: TABLE_NAME",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := boot.ReadEnvironment(func(name string) string { return tt.variables[name] }, tt.needs...)
			if tt.err != "" {
				if err == nil || err.Error() != tt.err {
					t.Errorf("ReadEnvironment() error = %v, want %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ReadEnvironment() (-want +got):\n%s", diff)
			}
		})
	}
}

func TestEndpointOverridden(t *testing.T) {
	if (boot.Environment{}).EndpointOverridden() {
		t.Error("an empty endpoint overrides")
	}
	if !(boot.Environment{Endpoint: "http://db"}).EndpointOverridden() {
		t.Error("an endpoint does not override")
	}
}

// bareEnvironment is that of a machine without any AWS configuration.
func bareEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{
		"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION",
		"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS",
	} {
		t.Setenv(name, "")
	}
}

func TestConfig(t *testing.T) {
	tests := []struct {
		name        string
		environment map[string]string // besides the bare one
		want        boot.Environment
		key, region string
	}{
		{
			name: "bare laptop",
			want: boot.Environment{Endpoint: "http://db"},
			key:  "regulars", region: "us-east-1",
		},
		{
			name: "credentials and region of the environment",
			environment: map[string]string{
				"AWS_ACCESS_KEY_ID": "AKIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1",
			},
			want: boot.Environment{Endpoint: "http://db", AccessKeyID: "AKIA"},
			key:  "AKIA", region: "eu-west-1",
		},
		{
			name: "Lambda",
			environment: map[string]string{
				"AWS_ACCESS_KEY_ID": "ASIA", "AWS_SECRET_ACCESS_KEY": "s", "AWS_REGION": "eu-west-1",
			},
			want: boot.Environment{AccessKeyID: "ASIA"},
			key:  "ASIA", region: "eu-west-1",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			bareEnvironment(t)
			for name, value := range tt.environment {
				t.Setenv(name, value)
			}
			cfg, err := tt.want.Config()
			if err != nil {
				t.Fatal(err)
			}
			got, err := cfg.Credentials.Retrieve(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.AccessKeyID != tt.key || cfg.Region != tt.region {
				t.Errorf("Config() has key %q, region %q, want %q, %q", got.AccessKeyID, cfg.Region, tt.key, tt.region)
			}
		})
	}
}

// Clients of services other than DynamoDB find their endpoints.
func TestConfigHasEndpoints(t *testing.T) {
	bareEnvironment(t)
	t.Setenv("AWS_ENDPOINT_URL_SQS", "http://queue")
	cfg, err := boot.Environment{Endpoint: "http://db"}.Config()
	if err != nil {
		t.Fatal(err)
	}
	if got := sqs.NewFromConfig(cfg).Options().BaseEndpoint; got == nil || *got != "http://queue" {
		t.Errorf("the endpoint of SQS = %v, want http://queue", got)
	}
	if got := dynamodb.NewFromConfig(cfg).Options().BaseEndpoint; got != nil {
		t.Errorf("the endpoint of DynamoDB = %s, want that of AWS", *got)
	}
}

// answer writes body with the checksum that the SDK wants.
func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(body))))
	w.WriteHeader(status)
	io.WriteString(w, body)
}

// client speaks to h instead of DynamoDB.
func client(t *testing.T, h http.HandlerFunc) *dynamodb.Client {
	t.Helper()
	db := httptest.NewServer(h)
	t.Cleanup(db.Close)
	e := boot.Environment{Endpoint: db.URL}
	bareEnvironment(t)
	cfg, err := e.Config()
	if err != nil {
		t.Fatal(err)
	}
	return e.DynamoDB(cfg)
}

func describe(t *testing.T, c *dynamodb.Client, options ...func(*dynamodb.Options)) error {
	t.Helper()
	_, err := c.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("regulars")}, options...)
	return err
}

func TestDynamoDBTriesThreeTimes(t *testing.T) {
	var attempts atomic.Int64
	c := client(t, func(w http.ResponseWriter, _ *http.Request) {
		attempts.Add(1)
		answer(w, http.StatusBadRequest, `{"__type":"com.amazon.coral.availability#ThrottlingException"}`)
	})
	began := time.Now()
	if err := describe(t, c); err == nil {
		t.Error("DescribeTable() error = nil, want throttling")
	}
	if got := attempts.Load(); got != 3 {
		t.Errorf("%d attempts, want 3", got)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("three attempts took %v, want two pauses of 300 ms at most", took)
	}
}

func TestDynamoDBAttemptEndsAfterThreeSeconds(t *testing.T) {
	hung := make(chan struct{})
	c := client(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-hung:
		case <-r.Context().Done():
		}
	})
	t.Cleanup(func() { close(hung) }) // before the server is closed
	began := time.Now()
	err := describe(t, c, func(o *dynamodb.Options) { o.RetryMaxAttempts = 1 })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("DescribeTable() error = %v, want %v", err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took < 2900*time.Millisecond || took > 4*time.Second {
		t.Errorf("the attempt took %v, want 3 s", took)
	}
}

// Two rounds of calls side by side, as of a list over all shards: the second
// must find the connections of the first.
func TestDynamoDBKeepsConnections(t *testing.T) {
	const callers = 40
	var mu sync.Mutex
	connections := make(map[string]bool)
	var arrived, calls sync.WaitGroup
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // an answer to half a request ends the connection
		mu.Lock()
		connections[r.RemoteAddr] = true
		mu.Unlock()
		arrived.Done()
		arrived.Wait() // so that each caller needs a connection of its own
		answer(w, http.StatusOK, `{}`)
	})
	for range 2 {
		arrived.Add(callers)
		for range callers {
			calls.Go(func() {
				if err := describe(t, c); err != nil {
					t.Error(err)
				}
			})
		}
		calls.Wait()
	}
	if got := len(connections); got > callers+callers/4 {
		t.Errorf("%d connections, want %d and hardly more", got, callers)
	}
}
