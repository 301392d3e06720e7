package dynamo

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go"
)

// A script answers one call after another, and keeps what was sent.
type script struct {
	answers []*http.Response
	sent    []*http.Request
	bodies  []string
}

func (s *script) Do(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.sent, s.bodies = append(s.sent, r), append(s.bodies, string(body))
	next := s.answers[0]
	s.answers = s.answers[1:]
	if next == nil {
		return nil, io.ErrUnexpectedEOF
	}
	return next, nil
}

func answering(status int, body string, header ...string) *http.Response {
	r := answer{status, body}.response()
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func readOne(ctx context.Context, s *script) (item, error) {
	return storeOn(s).getOne(ctx, "read", key{"C#5#1", "CUSTOMER"})
}

const found = `{"Item": {"pk": {"S": "C#5#1"}}}`

// What is sent is what the client of the SDK sends, but for headers that say how often it
// was tried and by which system.
func TestCallIsThatOfTheSDK(t *testing.T) {
	ours, theirs := &script{answers: []*http.Response{answering(200, found)}}, &script{answers: []*http.Response{answering(200, found)}}
	if it, err := readOne(t.Context(), ours); err != nil || text(it, attrPK) != "C#5#1" {
		t.Fatalf("it = %v, %v", it, err)
	}
	strong, table := true, "regulars"
	_, err := dynamodb.New(storeOn(theirs).db.options).GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: &table, Key: key{"C#5#1", "CUSTOMER"}.attributes(), ConsistentRead: &strong,
	})
	if err != nil {
		t.Fatal(err)
	}
	is, want := ours.sent[0], theirs.sent[0]
	if len(ours.bodies[0]) != len(theirs.bodies[0]) || is.ContentLength != want.ContentLength || is.URL.String() != want.URL.String() || is.Method != want.Method {
		t.Errorf("%s %s %d %s, want %s %s %d %s", is.Method, is.URL, is.ContentLength, ours.bodies[0], want.Method, want.URL, want.ContentLength, theirs.bodies[0])
	}
	for _, name := range []string{"X-Amz-Target", "Content-Type", "Accept-Encoding"} {
		if is.Header.Get(name) != want.Header.Get(name) {
			t.Errorf("%s: %q, want %q", name, is.Header.Get(name), want.Header.Get(name))
		}
	}
	if credential, _, _ := strings.Cut(want.Header.Get("Authorization"), ","); !strings.HasPrefix(is.Header.Get("Authorization"), credential) {
		t.Errorf("signed by %s, want %s", is.Header.Get("Authorization"), credential)
	}
}

func TestCallsAreRepeated(t *testing.T) {
	broken := answering(500, `{"__type": "com.amazonaws.dynamodb.v20120810#InternalServerError"}`)
	s := &script{answers: []*http.Response{broken, nil, answering(200, found)}}
	if it, err := readOne(t.Context(), s); err != nil || it == nil || len(s.sent) != 3 {
		t.Errorf("it = %v, %v after %d attempts, want an item after 3", it, err, len(s.sent))
	}
	for i, body := range s.bodies {
		if body == "" || len(body) != len(s.bodies[0]) {
			t.Errorf("attempt %d sent %q, want the same as the first", i, body)
		}
	}

	s = &script{answers: []*http.Response{nil, nil, nil}}
	_, err := readOne(t.Context(), s)
	if operation, ok := errors.AsType[*smithy.OperationError](err); !ok || operation.OperationName != "GetItem" || !answerLost(err) || len(s.sent) != 3 {
		t.Errorf("error = %v after %d attempts, want a lost answer of GetItem after 3", err, len(s.sent))
	}

	s = &script{answers: []*http.Response{answering(400, `{"__type": "com.amazon.coral.validate#ValidationException"}`)}}
	if _, err := readOne(t.Context(), s); err == nil || outcomeOf(err) != failed {
		t.Errorf("error = %v, want one that no repeat cures", err)
	}

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	s = &script{}
	if err := storeOn(s).db.do(ctx, call{operation: opGetItem, in: &dynamodb.GetItemInput{}, out: new(dynamodb.GetItemOutput)}); !errors.Is(err, context.Canceled) || !answerLost(err) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
}

// An answer that is not what DynamoDB says it sent is as good as lost.
func TestChecksumOfAnswers(t *testing.T) {
	s := &script{answers: []*http.Response{answering(200, "{}", "X-Amz-Crc32", "2745614147")}}
	if _, err := readOne(t.Context(), s); err != nil {
		t.Error(err)
	}
	s = &script{answers: []*http.Response{answering(200, found, "X-Amz-Crc32", "2745614147")}}
	if _, err := readOne(t.Context(), s); err == nil || !answerLost(err) {
		t.Errorf("error = %v, want a lost answer", err)
	}
}

// A machine whose clock is wrong signs by that of DynamoDB.
func TestSignatureByTheClockOfTheTable(t *testing.T) {
	const rejected = `{"__type": "com.amazon.coral.service#InvalidSignatureException"}`
	date := func(ahead time.Duration) string { return time.Now().Add(ahead).UTC().Format(http.TimeFormat) }
	s := &script{answers: []*http.Response{
		answering(400, rejected, "Date", date(time.Hour)), answering(200, found), answering(200, found),
		answering(400, rejected, "Date", date(time.Hour)),
	}}
	store := storeOn(s)
	for range 2 {
		if _, err := store.getOne(t.Context(), "read", key{"C#5#1", "CUSTOMER"}); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []time.Duration{0, time.Hour, time.Hour} {
		signed, err := time.Parse("20060102T150405Z", s.sent[i].Header.Get("X-Amz-Date"))
		if ahead := time.Until(signed); err != nil || (ahead-want).Abs() > time.Minute {
			t.Errorf("attempt %d is signed %v ahead, %v; want %v", i, ahead, err, want)
		}
	}
	if _, err := store.getOne(t.Context(), "read", key{"C#5#1", "CUSTOMER"}); err == nil || len(s.sent) != 4 {
		t.Errorf("error = %v after %d attempts, want that the signature is wrong", err, len(s.sent)-3)
	}
}
