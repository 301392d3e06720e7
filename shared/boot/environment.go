// Package boot is what every function does before its first request: it reads
// the environment and names what is missing, makes the DynamoDB client and the
// logger. Clients that not every function needs are made by those that do, from
// [Environment.Config], so that they are not linked into the others.
package boot

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"regulars/shared/metrics"
)

// Variables that only some functions need.
const (
	// WorkQueueURL is for those that send work, ImportQueueURL for those that send
	// parts of imports.
	WorkQueueURL   = "WORK_QUEUE_URL"
	ImportQueueURL = "IMPORT_QUEUE_URL"
	// ImportBucket is for what reads the files of imports.
	ImportBucket = "IMPORT_BUCKET"
)

const (
	tableName   = "TABLE_NAME"
	namespace   = "METRICS_NAMESPACE"
	throttled   = "THROTTLED_SECONDS"
	anchorKey   = "ANCHOR_KEY"
	endpoint    = "AWS_ENDPOINT_URL_DYNAMODB"
	accessKeyID = "AWS_ACCESS_KEY_ID"
)

// An Environment is what a function learns from its environment variables.
type Environment struct {
	// Clock is set by the answers of the table; nil: the machine's is taken.
	Clock *Clock
	// TableName is never empty.
	TableName string
	// WorkQueueURL, ImportQueueURL and ImportBucket, a name, are empty for functions
	// that did not ask for them.
	WorkQueueURL, ImportQueueURL, ImportBucket string
	// AnchorKey names the key that signs anchors, ANCHOR_KEY; empty: none are made.
	AnchorKey string
	// Endpoint is the URL of a DynamoDB other than that of AWS, or empty.
	Endpoint string
	// Patience is for how long a request waits for a table that only throttles:
	// THROTTLED_SECONDS, from 1 to 25, or 5.
	Patience time.Duration
	// Namespace is that of the function's metrics, METRICS_NAMESPACE; empty: none are
	// written.
	Namespace string
	// AccessKeyID names the credentials in the environment; empty without any.
	AccessKeyID string
}

// ReadEnvironment looks up TABLE_NAME, the variables in needs and the optional
// ones; [os.Getenv] is a lookup. An empty variable is a missing one. The error
// names all that are missing; main shows it and exits with 1.
func ReadEnvironment(lookup func(name string) string, needs ...string) (Environment, error) {
	var missing []string
	for _, name := range append([]string{tableName}, needs...) {
		if lookup(name) == "" {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return Environment{}, fmt.Errorf("environment variables are not set: %s", strings.Join(missing, ", "))
	}
	patience, err := readPatience(lookup(throttled))
	if err != nil {
		return Environment{}, err
	}
	return Environment{
		Patience: patience, Namespace: lookup(namespace),
		TableName:      lookup(tableName),
		WorkQueueURL:   lookup(WorkQueueURL),
		ImportQueueURL: lookup(ImportQueueURL),
		ImportBucket:   lookup(ImportBucket),
		AnchorKey:      lookup(anchorKey),
		Endpoint:       lookup(endpoint),
		AccessKeyID:    lookup(accessKeyID),
	}, nil
}

// EndpointOverridden reports whether DynamoDB is not that of AWS. Only then do
// the demo tokens open anything.
func (e Environment) EndpointOverridden() bool { return e.Endpoint != "" }

func readPatience(text string) (time.Duration, error) {
	if text == "" {
		return patience, nil
	}
	seconds, err := strconv.Atoi(text)
	if err != nil || seconds < 1 || seconds > int(Deadline/time.Second) {
		return 0, fmt.Errorf("%s is %.20q, want a number of seconds from 1 to %d", throttled, text, int(Deadline/time.Second))
	}
	return time.Duration(seconds) * time.Second, nil
}

// Metrics makes the writer of a function's metrics, to stdout, where Lambda collects
// them; nil where no namespace is set.
func (e Environment) Metrics(function string) *metrics.Writer {
	if e.Namespace == "" {
		return nil
	}
	return metrics.New(os.Stdout, e.Namespace, function, time.Now)
}
