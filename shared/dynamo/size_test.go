package dynamo

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func s(text string) types.AttributeValue { return &types.AttributeValueMemberS{Value: text} }
func n(text string) types.AttributeValue { return &types.AttributeValueMemberN{Value: text} }

// AWS's rules for the size of an item: names and texts count their bytes, numbers
// a byte for two significant digits and one more, booleans and null one, lists
// and maps three and one for each member.
func TestSizeOf(t *testing.T) {
	tests := []struct {
		name string
		item item
		want int
	}{
		{"nothing", nil, 0},
		{"a text", item{"pk": s("abc")}, 5},
		{"a text beyond ASCII", item{"é": s("ü")}, 4},
		{"an empty text", item{"a": s("")}, 1},
		{"a number of one digit", item{"a": n("7")}, 1 + 2},
		{"a number of two digits", item{"a": n("77")}, 1 + 2},
		{"a number of three digits", item{"a": n("777")}, 1 + 3},
		{"zeros at the ends do not count", item{"a": n("77000")}, 1 + 2},
		{"a negative number", item{"a": n("-77")}, 1 + 3},
		{"a fraction", item{"a": n("0.0012")}, 1 + 2},
		{"an exponent", item{"a": n("1.2e100")}, 1 + 2},
		{"38 digits", item{"a": n(strings.Repeat("9", 38))}, 1 + 20},
		{"a boolean", item{"a": &types.AttributeValueMemberBOOL{Value: true}}, 2},
		{"null", item{"a": &types.AttributeValueMemberNULL{Value: true}}, 2},
		{"an empty list", item{"a": &types.AttributeValueMemberL{}}, 1 + 3},
		{"a list", item{"a": &types.AttributeValueMemberL{Value: []types.AttributeValue{s("bc"), s("d")}}}, 1 + 3 + 2 + 3},
		{"a map", item{"a": &types.AttributeValueMemberM{Value: item{"bc": s("d")}}}, 1 + 3 + 1 + 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := sizeOf(tt.item); got != tt.want {
				t.Errorf("sizeOf() = %d, want %d", got, tt.want)
			}
		})
	}
}

// AWS's rules for units: reads by 4 KB, writes by 1 KB of the larger of before and
// after, each begun one counts.
func TestUnits(t *testing.T) {
	for size, want := range map[int]int64{0: 2, 1: 2, 4096: 2, 4097: 4, 8192: 4, 8193: 6, 300_000: 148} {
		if got := halfReadUnits(size); got != want {
			t.Errorf("halfReadUnits(%d) = %d, want %d", size, got, want)
		}
	}
	writes := []struct {
		before, after int
		want          int64
	}{{0, 1, 1}, {0, 1024, 1}, {0, 1025, 2}, {1025, 10, 2}, {3000, 0, 3}, {0, 0, 1}, {300_000, 299_000, 293}}
	for _, w := range writes {
		if got := writeUnits(w.before, w.after); got != w.want {
			t.Errorf("writeUnits(%d, %d) = %d, want %d", w.before, w.after, got, w.want)
		}
	}
}

// AWS's rules for an index: a new entry is a unit, a removed one is, one whose key
// changes is removed and put, and one that stays costs nothing.
func TestIndexUnits(t *testing.T) {
	listed := indexKeys{"L", "1", "U", "10"}
	later := indexKeys{"L", "1", "U", "11"}
	tests := []struct {
		name          string
		before, after indexKeys
		want          int64
	}{
		{"in neither", indexKeys{}, indexKeys{}, 0},
		{"into both", indexKeys{}, listed, 2},
		{"out of both", listed, indexKeys{}, 2},
		{"stays", listed, listed, 0},
		{"one entry moves", listed, later, 2},
		{"into one", indexKeys{}, indexKeys{GSI1PK: "L", GSI1SK: "1"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := indexUnits(tt.before, tt.after); got != tt.want {
				t.Errorf("indexUnits() = %d, want %d", got, tt.want)
			}
		})
	}
}

// A transaction doubles what its writes cost, but not the indexes. A check is a
// write of its item's size.
func TestTransactionUnits(t *testing.T) {
	tests := []struct {
		name   string
		writes func(*tx)
		want   int64
	}{
		{"a small put", func(t *tx) { t.put(item{"pk": s("a"), "sk": s("b")}, absent(), 0, 0) }, 2},
		{"a put into two indexes", func(t *tx) { t.put(item{"pk": s("a"), "sk": s("b")}, absent(), 0, 2) }, 4},
		{"a put over 2 KB", func(t *tx) { t.put(item{"pk": s("a"), "sk": s("b")}, writtenBy("x"), 2000, 0) }, 4},
		{"a deletion of 3 KB", func(t *tx) { t.delete(key{"a", "b"}, writtenBy("x"), 3000) }, 6},
		{"a check of nothing", func(t *tx) { t.check(key{"a", "b"}, absent(), 0) }, 2},
		{"a check of 2 KB", func(t *tx) { t.check(key{"a", "b"}, writtenBy("x"), 2048) }, 4},
		{"all of them", func(t *tx) {
			t.put(item{"pk": s("a"), "sk": s("b")}, absent(), 0, 2)
			t.delete(key{"a", "c"}, writtenBy("x"), 10)
			t.check(key{"a", "d"}, absent(), 0)
		}, 8},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var transaction tx
			tt.writes(&transaction)
			if got := transaction.transactionUnits(); got != tt.want {
				t.Errorf("transactionUnits() = %d, want %d", got, tt.want)
			}
		})
	}
}
