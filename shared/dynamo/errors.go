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
)

// A verdict is what an error of the table says about the call.
type verdict int

const (
	// fault: our mistake, or the account's set-up. Repeating it is no use.
	fault verdict = iota
	// broken: it did nothing, because a guard broke, which none of these guards ever
	// mends. Load and decide again.
	broken
	// held: it did nothing, because another transaction held an item or there was
	// too much to do. That says nothing about an earlier send of the same.
	held
	// lost: whether it did something is unknown.
	lost
)

// passingCodes are the errors after which nothing was done and a later attempt
// may fare better. The texts of errors are never looked at.
var passingCodes = map[string]verdict{
	"ConditionalCheckFailedException":        broken,
	"TransactionConflictException":           held,
	"ProvisionedThroughputExceededException": held,
	"ThrottlingException":                    held,
	"Throttling":                             held,
	"RequestLimitExceeded":                   held,
}

// passingReasons are the reasons of a cancelled transaction of that sort.
var passingReasons = map[string]verdict{
	"ConditionalCheckFailed":        broken,
	"TransactionConflict":           held,
	"ProvisionedThroughputExceeded": held,
	"ThrottlingError":               held,
	"RequestLimitExceeded":          held,
}

func judge(err error) verdict {
	if canceled, ok := errors.AsType[*types.TransactionCanceledException](err); ok {
		return judgeReasons(canceled.CancellationReasons)
	}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		if v, passes := passingCodes[api.ErrorCode()]; passes {
			return v
		}
		if api.ErrorCode() == "TransactionInProgressException" {
			return lost
		}
	}
	if response, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && response.HTTPStatusCode() < 500 && response.HTTPStatusCode() >= 300 {
		return fault
	}
	if sentInVain(err) {
		return lost
	}
	return fault
}

// judgeReasons: every reason must be one that passes, else the transaction
// itself is wrong and would be cancelled for ever. One broken guard is enough.
func judgeReasons(reasons []types.CancellationReason) verdict {
	v := fault
	for _, reason := range reasons {
		code := aws.ToString(reason.Code)
		passing, passes := passingReasons[code]
		switch {
		case passes && v != broken:
			v = passing
		case !passes && code != "None" && code != "":
			return fault
		}
	}
	return v
}

// sentInVain reports whether the call went out, or might have, and no usable
// answer came back.
func sentInVain(err error) bool {
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

// readError says of a failed read whether it may be repeated.
func readError(doing string, err error) error {
	if judge(err) == fault {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return stale(doing, err)
}

// stale wraps err, for the log, in ErrStale, for the decision.
func stale(doing string, err error) error {
	return fmt.Errorf("%s: %w: %w", doing, errs.ErrConflict, err)
}
