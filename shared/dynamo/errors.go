package dynamo

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"regulars/shared/errs"
	"regulars/shared/meter"
)

// An outcome is what an error of the table says about the call.
type outcome int

const (
	// failed: the call is wrong, or the AWS account is not set up for it. Repeating it
	// is no use.
	failed outcome = iota
	// guardBroke: it did nothing, because a guard did not hold, and it never will
	// again. Load and decide again.
	guardBroke
	// contended: it did nothing, because another transaction had an item locked.
	// That says nothing about an earlier send of the same.
	contended
	// throttled: the same, because the table is asked for more than it gives.
	throttled
	// unknown: whether it did something is not known.
	unknown
)

// outcomeOfCode has the errors after which nothing was done and a later attempt may
// succeed. The texts of errors are never looked at.
var outcomeOfCode = map[string]outcome{
	"ConditionalCheckFailedException":        guardBroke,
	"TransactionConflictException":           contended,
	"ProvisionedThroughputExceededException": throttled,
	"ThrottlingException":                    throttled,
	"Throttling":                             throttled,
	"RequestLimitExceeded":                   throttled,
}

// outcomeOfReason has the reasons of a cancelled transaction of that sort.
var outcomeOfReason = map[string]outcome{
	"ConditionalCheckFailed":        guardBroke,
	"TransactionConflict":           contended,
	"ProvisionedThroughputExceeded": throttled,
	"ThrottlingError":               throttled,
	"RequestLimitExceeded":          throttled,
}

func outcomeOf(err error) outcome {
	if canceled, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return outcomeOfReasons(canceled.CancellationReasons)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if o, retryable := outcomeOfCode[api.ErrorCode()]; retryable {
			return o
		}
		if api.ErrorCode() == "TransactionInProgressException" {
			return unknown
		}
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() < 500 && response.HTTPStatusCode() >= 300 {
		return failed
	}
	if answerLost(err) {
		return unknown
	}
	return failed
}

// outcomeOfReasons is failed unless every reason is one of [outcomeOfReason]: the
// transaction itself is wrong then and would be cancelled for ever. One broken
// guard is enough for guardBroke.
func outcomeOfReasons(reasons []types.CancellationReason) outcome {
	v := failed
	for _, reason := range reasons {
		code := aws.ToString(reason.Code)
		o, retryable := outcomeOfReason[code]
		switch {
		case retryable && v != guardBroke && v != contended:
			v = o
		case !retryable && code != "None" && code != "":
			return failed
		}
	}
	return v
}

// answerLost reports whether the call went out, or might have, and no usable
// answer came back.
func answerLost(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	if _, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
		return true
	}
	response, ok := errors.AsType[*smithyhttp.ResponseError](err)
	return ok && response.HTTPStatusCode() >= 500
}

// classify is outcomeOf, and counts what it says about the table.
func classify(ctx context.Context, err error) outcome {
	o := outcomeOf(err)
	switch o {
	case failed:
		meter.From(ctx).Failed()
	case throttled:
		meter.From(ctx).Throttled()
	}
	return o
}

// readError says of a failed read whether it may be repeated.
func readError(ctx context.Context, doing string, err error) error {
	o := classify(ctx, err)
	if o == failed {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return conflict(doing, o, err)
}

// conflict wraps err, for the log, in what its outcome means for the decision.
func conflict(doing string, o outcome, err error) error {
	if o == throttled {
		return fmt.Errorf("%s: %w: %w", doing, errs.ErrThrottled, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, errs.ErrConflict, err)
}
