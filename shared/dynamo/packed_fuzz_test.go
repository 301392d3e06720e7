package dynamo

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"regulars/shared/anchor"
	"regulars/shared/points"
)

// What is packed into bytes is damaged or means something, and never brings the process
// down; what it means is packed and read as the same again.
func FuzzPacked(f *testing.F) {
	lots := []points.Lot{{Day: 20_000, Points: 5}, {Day: 20_400, Points: 7}}
	f.Add(packLots(lots), int64(3))
	f.Add(packWaiting([]points.Waiting{{Hour: 5, Day: 20_000, Points: 5}}), int64(0))
	f.Add(packHolds([]points.Hold{{Number: 3, Shares: lots}}), int64(1))
	f.Add(packShares(points.Account{Version: 3, Lots: []points.Lot{{Day: 1, Order: 2, Points: 3}}}), int64(3))
	f.Add(packHeads([]anchor.Head{{Ledger: 7, Seq: 300, Hash: points.Hash{1}}}), int64(0))
	f.Fuzz(func(t *testing.T, b []byte, version int64) {
		if read, err := unpackWaiting(b); err == nil {
			if again, err := unpackWaiting(packWaiting(read)); err != nil || len(again) > len(read) {
				t.Errorf("waiting: %v, then %v, %v", read, again, err)
			}
		}
		if read, err := unpackHolds(b); err == nil {
			again, err := unpackHolds(packHolds(read))
			if diff := cmp.Diff(read, again); err != nil || diff != "" {
				t.Errorf("holds: %v\n%s", err, diff)
			}
		}
		if read, err := unpackLots(b); err == nil {
			if again, err := unpackLots(packLots(read)); err != nil || len(again) > len(read) {
				t.Errorf("lots: %v, then %v, %v", read, again, err)
			}
			account := points.Account{Version: version, Lots: read}
			_ = unpackShares(b, &account)
		}
		_, _ = unpackBonuses(b)
		if read, err := readHeads(0, 0, item{attrHash: &types.AttributeValueMemberB{Value: b}}); err == nil {
			again, err := readHeads(0, 0, item{attrHash: &types.AttributeValueMemberB{Value: packHeads(read.Heads)}})
			if diff := cmp.Diff(read, again); err != nil || diff != "" {
				t.Errorf("heads: %v\n%s", err, diff)
			}
		}
	})
}
