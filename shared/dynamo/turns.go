package dynamo

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/middleware"

	"regulars/shared/turns"
)

// smallAnswer is how long an answer may be, in bytes as it was sent, that is decoded
// without a turn: 32 of the worst come to some 64 MB.
const smallAnswer = 32_000

// inTurn makes one call wait for the turn of its request before a large answer is
// decoded, where it needs one.
func inTurn(ctx context.Context) []func(*dynamodb.Options) {
	if !turns.Needed(ctx) {
		return nil
	}
	return []func(*dynamodb.Options){func(o *dynamodb.Options) {
		o.APIOptions = append(o.APIOptions[:len(o.APIOptions):len(o.APIOptions)], func(stack *middleware.Stack) error {
			return stack.Deserialize.Insert(waiting{}, "OperationDeserializer", middleware.After)
		})
	}}
}

// waiting takes the turn once the answer is read: a connection does not wait.
type waiting struct{}

// ID implements [middleware.DeserializeMiddleware].
func (waiting) ID() string { return "Turn" }

// HandleDeserialize implements [middleware.DeserializeMiddleware].
func (waiting) HandleDeserialize(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
	return withBody(ctx, in, next, func(body []byte) ([]byte, error) {
		if len(body) > smallAnswer {
			return body, turns.Take(ctx)
		}
		return body, nil
	})
}
