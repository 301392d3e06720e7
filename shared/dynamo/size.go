package dynamo

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// An item is what the table holds under one key.
type item = map[string]types.AttributeValue

// sizeOf is an item's size in bytes as AWS counts it: names and values in UTF-8,
// a number at one byte for two digits and one more, an array or object at three
// bytes and one more for each of its members.
func sizeOf(it item) int {
	n := 0
	for name, v := range it {
		n += len(name) + sizeOfValue(v)
	}
	return n
}

func sizeOfValue(v types.AttributeValue) int {
	switch v := v.(type) {
	case *types.AttributeValueMemberS:
		return len(v.Value)
	case *types.AttributeValueMemberN:
		return sizeOfNumber(v.Value)
	case *types.AttributeValueMemberB:
		return len(v.Value)
	case *types.AttributeValueMemberL:
		n := 3 + len(v.Value)
		for _, e := range v.Value {
			n += sizeOfValue(e)
		}
		return n
	case *types.AttributeValueMemberM:
		return 3 + len(v.Value) + sizeOf(v.Value)
	}
	return 1 // a boolean or null; sets are not used
}

func sizeOfNumber(text string) int {
	mantissa, _, _ := strings.Cut(strings.ToLower(text), "e")
	digits := strings.Trim(strings.ReplaceAll(strings.TrimLeft(mantissa, "-+"), ".", ""), "0")
	n := (len(digits)+1)/2 + 1
	if strings.HasPrefix(text, "-") {
		n++
	}
	return n
}

// halfReadUnits are what a strongly consistent read of size bytes costs, in halves
// of a unit: one unit for each 4 KB begun, and one for an item that is not there.
func halfReadUnits(size int) int64 { return 2 * int64(max(1, (size+4095)/4096)) }

// writeUnits are what writing an item costs outside of a transaction, by the
// larger of its sizes before and after: one unit for each KB begun.
func writeUnits(before, after int) int64 { return int64(max(1, (max(before, after)+1023)/1024)) }

// indexUnits are what the indexes cost when an item moves from one set of places
// to another: an entry put or deleted is a unit, a moved one is both. A
// transaction does not double them.
func indexUnits(before, after indexKeys) int64 {
	return entryUnits(before.GSI1PK, before.GSI1SK, after.GSI1PK, after.GSI1SK) +
		entryUnits(before.GSI2PK, before.GSI2SK, after.GSI2PK, after.GSI2SK)
}

func entryUnits(pkBefore, skBefore, pkAfter, skAfter string) int64 {
	switch {
	case pkBefore == pkAfter && skBefore == skAfter:
		return 0
	case pkBefore == "" || pkAfter == "":
		return 1
	}
	return 2
}
