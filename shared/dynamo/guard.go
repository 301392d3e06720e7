package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"regulars/shared/customer"
)

// A guard is the condition under which one item is written.
type guard struct {
	condition string
	names     map[string]string
	values    item
}

// The guards there are, built once. Each has at most one value, which those who
// use it put in.
var (
	absentGuard  = build(expression.Name(attrPK).AttributeNotExists())
	writtenGuard = build(expression.Name(attrCommit).Equal(expression.Value("")))
	openedGuard  = build(expression.Name(attrJob).Equal(expression.Value("")))
	ownedGuard   = build(expression.Name(attrOwner).Equal(expression.Value("")))
	claimedGuard = build(expression.Name(attrPK).AttributeNotExists().
			Or(expression.Name(attrOwner).Equal(expression.Value(""))))
	earlierGuard = build(expression.Name(attrPK).AttributeNotExists().
			Or(expression.Name(attrSequencer).LessThan(expression.Value(""))))
	expiredGuard = build(expression.Name(attrPK).AttributeNotExists().
			Or(expression.Name(attrTTL).LessThanEqual(expression.Value(0))))
)

// valueName is what the expression package calls the first value.
const valueName = ":0"

// build panics where the condition is wrong, which any test notices.
func build(condition expression.ConditionBuilder) guard {
	e, err := expression.NewBuilder().WithCondition(condition).Build()
	if err != nil {
		panic(err)
	}
	return guard{*e.Condition(), e.Names(), e.Values()}
}

func (g guard) with(v types.AttributeValue) guard {
	g.values = item{valueName: v}
	return g
}

// byCustomer is no condition of its own: whoever writes the item writes or checks
// its customer in the same transaction, and all that it holds follows from the
// customer.
func byCustomer() guard { return guard{} }

// absent holds while no item has the key.
func absent() guard { return absentGuard }

// writtenBy holds while the item is the one that commit wrote; an empty commit
// is no item.
func writtenBy(commit string) guard {
	if commit == "" {
		return absent()
	}
	return writtenGuard.with(&types.AttributeValueMemberS{Value: commit})
}

// absentOrExpired holds while no item has the key, or one whose ttl has passed.
func absentOrExpired(now time.Time) guard {
	return expiredGuard.with(&types.AttributeValueMemberN{Value: strconv.FormatInt(now.Unix(), 10)})
}

// opened holds while the item names the job.
func opened(job string) guard {
	return openedGuard.with(&types.AttributeValueMemberS{Value: job})
}

// absentOrOwnedBy holds while no item has the key, or one that leads to the customer.
func absentOrOwnedBy(id customer.ID) guard {
	return claimedGuard.with(&types.AttributeValueMemberS{Value: id.Base36()})
}

// ownedBy holds while the item leads to the customer.
func ownedBy(id customer.ID) guard {
	return ownedGuard.with(&types.AttributeValueMemberS{Value: id.Base36()})
}

// absentOrBefore holds while no item has the key, or one with a lower sequencer.
func absentOrBefore(sequencer string) guard {
	return earlierGuard.with(&types.AttributeValueMemberS{Value: sequencer})
}
