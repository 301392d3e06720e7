package dynamo

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"regulars/shared/errs"
)

// An answer is a status and a body of DynamoDB.
type answer struct {
	status int
	body   string
}

func (a answer) response() *http.Response {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{"Content-Type": {"application/x-amz-json-1.0"}},
		ContentLength: int64(len(a.body)), Body: io.NopCloser(strings.NewReader(a.body)),
	}
}

// answers gives one answer after another.
type answers []answer

func (a *answers) Do(*http.Request) (*http.Response, error) {
	next := (*a)[0]
	*a = (*a)[1:]
	return next.response(), nil
}

// A transaction that was cancelled has happened only where an earlier send of it got lost
// and the item of its first guard bears its id.
func TestCancelledTransaction(t *testing.T) {
	cancelled := func(by string) answer {
		return answer{http.StatusBadRequest, fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
			"CancellationReasons": [{"Code": "ConditionalCheckFailed", "Item": {%q: {"S": %q}}}]}`, attrCommit, by)}
	}
	lost := answer{http.StatusInternalServerError, `{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}`}
	for what, test := range map[string]struct {
		answers  answers
		happened bool
		found    bool
	}{
		"somebody else's":                    {answers{cancelled("other")}, false, true},
		"its own, though nothing was lost":   {answers{cancelled("own")}, false, false},
		"its own, after one that was lost":   {answers{lost, cancelled("own")}, true, false},
		"another's, after one that was lost": {answers{lost, cancelled("other")}, false, true},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := storeOn(&test.answers)
			tx := &tx{id: "own"}
			tx.delete(key{"C#5#1", "CUSTOMER"}, writtenBy("before"), 0)
			err := s.commit(t.Context(), "test", tx)
			if (err == nil) != test.happened || err != nil && !errors.Is(err, errs.ErrConflict) {
				t.Errorf("%v, want it to have happened: %t", err, test.happened)
			}
			guard, _ := errors.AsType[*errGuard](err)
			if found := guard != nil && guard.found != nil; found != test.found {
				t.Errorf("an item is found: %t, want %t", found, test.found)
			}
		})
	}
}

// The SDK repeats the send of a single put, and tells the last answer alone.
func TestPutThatWasRepeated(t *testing.T) {
	s := storeOn(&answers{
		{http.StatusInternalServerError, `{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}`},
		{http.StatusBadRequest, fmt.Sprintf(`{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "Item": {%q: {"S": "own"}}}`, attrCommit)},
	})
	tx := &tx{id: "own"}
	tx.put(item{}, writtenBy("before"), 0, 0)
	if err := s.putOne(t.Context(), "test", tx); err != nil {
		t.Errorf("%v, though it happened", err)
	}
}
