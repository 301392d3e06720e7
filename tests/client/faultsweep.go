package client

import (
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"regulars/tests/faults"
)

// PassingFaults are faults that pass: the answer must be as if there had been none.
var PassingFaults = map[string]faults.Fault{
	"throttled":              faults.Throttled,
	"conflict":               faults.Conflict,
	"cancelled by a guard":   faults.Cancelled("ConditionalCheckFailed"),
	"cancelled by conflict":  faults.Cancelled("TransactionConflict"),
	"cancelled by throttle":  faults.Cancelled("ThrottlingError"),
	"cancelled by capacity":  faults.Cancelled("ProvisionedThroughputExceeded"),
	"in progress":            faults.InProgress,
	"lost request":           faults.LostRequest,
	"lost answer":            faults.LostAnswer,
	"500":                    faults.Failed,
	"500 after it was done":  faults.FailedAfter,
	"half an answer":         faults.Garbled,
	"slow":                   faults.Slow(30 * time.Millisecond),
	"hung after it was done": faults.Hung,
}

// StayingFaults are faults that may stay. The last two are our own mistake, as far as
// the table says.
var StayingFaults = map[string]faults.Fault{
	"throttled":             faults.Throttled,
	"conflict":              faults.Conflict,
	"lost request":          faults.LostRequest,
	"lost answer":           faults.LostAnswer,
	"500":                   faults.Failed,
	"500 after it was done": faults.FailedAfter,
	"validation":            faults.Cancelled("ValidationError"),
	"collection size":       faults.Cancelled("ItemCollectionSizeLimitExceeded"),
}

// InARow is how often a fault comes in a row: once, where the SDK's own attempts
// cure most, and four times, where they cannot.
func InARow() []int {
	if Proving() {
		return []int{1, 2, 3, 4, 7}
	}
	return []int{1, 4}
}

// PassingAt are the sweeps of faults that pass: each of them at each of the calls,
// so many times in a row. The key says which it is.
func PassingAt(calls []faults.Call, times ...int) iter.Seq2[string, faults.Plan] {
	return func(yield func(string, faults.Plan) bool) {
		for at, call := range calls {
			for _, name := range slices.Sorted(maps.Keys(PassingFaults)) {
				for _, n := range times {
					what := fmt.Sprintf("%s %d times at call %d (%s)", name, n, at, call.Operation)
					if !yield(what, faults.At(at, n, PassingFaults[name])) {
						return
					}
				}
			}
		}
	}
}

// StayingFrom are the sweeps of faults that stay: from each of the calls on each
// of them, whenever that operation is called. The key says which it is.
func StayingFrom(calls []faults.Call) iter.Seq2[string, faults.Plan] {
	return func(yield func(string, faults.Plan) bool) {
		for at, call := range calls {
			for _, name := range slices.Sorted(maps.Keys(StayingFaults)) {
				what := fmt.Sprintf("%s from call %d (%s) on", name, at, call.Operation)
				if !yield(what, faults.From(at, StayingFaults[name]).Of(call.Operation)) {
					return
				}
			}
		}
	}
}

// OneIn leaves out what is not played: nothing in make prove, else all but one of
// so many. Where that number has no divisor in common with how many faults there are,
// each of them is played at some call.
func OneIn(many int, sweep iter.Seq2[string, faults.Plan]) iter.Seq2[string, faults.Plan] {
	return func(yield func(string, faults.Plan) bool) {
		n := 0
		for what, plan := range sweep {
			if n++; (Proving() || n%many == 0) && !yield(what, plan) {
				return
			}
		}
	}
}

// WarmOn is the whole service on a table, and the transport of its calls. It
// remembers token and settings; plan says what becomes of the calls after that,
// which count from 0.
func WarmOn(t testing.TB, table string, plan faults.Plan) (http.Handler, *faults.Transport) {
	t.Helper()
	transport := &faults.Transport{}
	h := ServiceOn(t, FaultyDB(t, transport), table)
	Altcraft{T: t, Handler: h}.Call("get", map[string]any{"matching": "profile_id", "profile_id": "none"})
	transport.Begin(plan)
	return h, transport
}
