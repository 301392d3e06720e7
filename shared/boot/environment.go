// Package boot is what every function does before its first request: it reads
// the environment and names what is missing, makes the DynamoDB client and the
// logger. Clients that not every function needs are made by those that do, from
// [Environment.Config], so that they are not linked into the others.
package boot

import (
	"fmt"
	"strings"
)

// WorkQueueURL is a variable that only those functions need that send work.
const WorkQueueURL = "WORK_QUEUE_URL"

const (
	tableName   = "TABLE_NAME"
	endpoint    = "AWS_ENDPOINT_URL_DYNAMODB"
	accessKeyID = "AWS_ACCESS_KEY_ID"
)

// An Environment is what a function learns from its environment variables.
type Environment struct {
	// TableName is never empty.
	TableName string
	// WorkQueueURL is empty for functions that did not ask for it.
	WorkQueueURL string
	// Endpoint is the URL of a DynamoDB other than that of AWS, or empty.
	Endpoint string
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
	return Environment{
		TableName:    lookup(tableName),
		WorkQueueURL: lookup(WorkQueueURL),
		Endpoint:     lookup(endpoint),
		AccessKeyID:  lookup(accessKeyID),
	}, nil
}

// EndpointOverridden reports whether DynamoDB is not that of AWS. Only then do
// the demo tokens open anything.
func (e Environment) EndpointOverridden() bool { return e.Endpoint != "" }
