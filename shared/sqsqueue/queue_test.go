package sqsqueue_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"regulars/shared/errs"
	"regulars/shared/jobs"
	"regulars/shared/sqsqueue"
)

const url = "https://sqs.us-east-1.amazonaws.com/123456789012/work"

// A post office plays SQS by its wire format. It asks fail about each message:
// "" takes it.
type postOffice struct {
	accepted map[string]int // delay in seconds by body
	returned []visibility
	calls    int
	fail     func(body string) (code string, senderFault bool)
}

type visibility struct {
	QueueURL          string `json:"QueueUrl"`
	ReceiptHandle     string
	VisibilityTimeout int
}

type entry struct {
	ID           string `json:"Id"`
	MessageBody  string
	DelaySeconds int
}

type accepted struct {
	ID        string `json:"Id"`
	MessageID string `json:"MessageId"`
	MD5       string `json:"MD5OfMessageBody"`
}

type rejected struct {
	ID          string `json:"Id"`
	Code        string
	SenderFault bool
}

func (p *postOffice) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls++
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".ChangeMessageVisibility") {
		var v visibility
		json.NewDecoder(r.Body).Decode(&v)
		p.returned = append(p.returned, v)
		fmt.Fprint(w, "{}")
		return
	}
	var batch struct{ Entries []entry }
	json.NewDecoder(r.Body).Decode(&batch)
	if len(batch.Entries) > 10 {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"__type":"com.amazonaws.sqs#TooManyEntriesInBatchRequest"}`)
		return
	}
	var out struct {
		Successful []accepted
		Failed     []rejected
	}
	for _, e := range batch.Entries {
		if code, senderFault := p.fail(e.MessageBody); code != "" {
			out.Failed = append(out.Failed, rejected{e.ID, code, senderFault})
			continue
		}
		sum := md5.Sum([]byte(e.MessageBody))
		out.Successful = append(out.Successful, accepted{e.ID, "x", hex.EncodeToString(sum[:])})
		p.accepted[e.MessageBody] = e.DelaySeconds
	}
	json.NewEncoder(w).Encode(out)
}

// open opens a queue at a post office.
func open(t *testing.T) (*sqsqueue.Queue, *postOffice) {
	t.Helper()
	p := &postOffice{accepted: map[string]int{}, fail: func(string) (string, bool) { return "", false }}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return sqsqueue.New(aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(server.URL),
		Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
	}, url), p
}

func refs(n int) []jobs.Ref {
	list := make([]jobs.Ref, n)
	for i := range list {
		list[i] = jobs.Ref{Tenant: 5, Job: "20260501T120000Z-ABCDEFGH", Number: i}
	}
	return list
}

func TestSend(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		n     int
		delay time.Duration
		want  int // seconds
		calls int
	}{
		{"none", 0, 0, 0, 0},
		{"a part of a second counts as one", 1, 1500 * time.Millisecond, 2, 1},
		{"longer than SQS can", 10, time.Hour, 900, 1},
		{"more than one batch", 23, -time.Second, 0, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			queue, p := open(t)
			if err := queue.Send(t.Context(), refs(tt.n), tt.delay); err != nil {
				t.Fatal(err)
			}
			if len(p.accepted) != tt.n || p.calls != tt.calls {
				t.Errorf("%d messages in %d calls", len(p.accepted), p.calls)
			}
			for body, delay := range p.accepted {
				if _, err := jobs.ParseRef(body); err != nil || delay != tt.want {
					t.Errorf("%q after %d s, %v", body, delay, err)
				}
			}
		})
	}
}

// Of a batch some messages fail; they alone are sent again, until all are taken.
func TestSendAgainWhatFailed(t *testing.T) {
	t.Parallel()
	queue, p := open(t)
	tries := map[string]int{}
	p.fail = func(body string) (string, bool) {
		tries[body]++
		if strings.HasSuffix(body, "/3") && tries[body] < 4 || strings.HasSuffix(body, "/7") && tries[body] < 2 {
			return "InternalError", false
		}
		return "", false
	}
	if err := queue.Send(t.Context(), refs(10), 0); err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, n := range tries {
		total += n
	}
	if len(p.accepted) != 10 || total != 8+4+2 {
		t.Errorf("accepted %d, tried %v", len(p.accepted), tries)
	}
}

func TestSendGivesUp(t *testing.T) {
	t.Parallel()
	queue, p := open(t)
	p.fail = func(string) (string, bool) { return "InternalError", false }
	ctx, cancel := context.WithTimeout(t.Context(), 2200*time.Millisecond)
	defer cancel()
	if err := queue.Send(ctx, refs(2), 0); !isBusy(err) {
		t.Errorf("Send() error = %v, want busy", err)
	}
	p.fail = func(string) (string, bool) { return "InvalidMessageContents", true }
	if err := queue.Send(t.Context(), refs(2), 0); err == nil || isBusy(err) {
		t.Errorf("Send() error = %v, want a fault", err)
	}
}

func TestReturn(t *testing.T) {
	t.Parallel()
	queue, p := open(t)
	for _, after := range []time.Duration{0, 29500 * time.Millisecond, 24 * time.Hour} {
		if err := queue.Return(t.Context(), "receipt", after); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range []int{0, 30, 43200} {
		if got := p.returned[i]; got != (visibility{url, "receipt", want}) {
			t.Errorf("returned = %+v, want %d s", got, want)
		}
	}
}

func isBusy(err error) bool {
	_, busy := errs.AsUnavailable(err)
	return busy
}
