package lambdahttp

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/core"
)

// A recorder is the [http.ResponseWriter] of one event. It keeps to the rules
// of the one in net/http.
type recorder struct {
	method string
	header http.Header
	sent   http.Header // header as it stood when the status was written
	status int         // 0 until it was written
	body   bytes.Buffer
}

func newRecorder(method string) *recorder {
	return &recorder{method: method, header: make(http.Header)}
}

// play lets h answer r. A panic must not reach Lambda, which would end the
// process and make the next request pay for a cold start.
func (w *recorder) play(h http.Handler, r *http.Request) {
	defer func() {
		if p := recover(); p != nil {
			slog.ErrorContext(r.Context(), "panic", "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			*w = *newRecorder(w.method) // half an answer is none
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		}
	}()
	h.ServeHTTP(w, r)
}

// Header implements [http.ResponseWriter].
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader implements [http.ResponseWriter]. The first status stands.
// Informational ones are not passed on, for API Gateway knows none.
func (w *recorder) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("invalid status %d", status))
	}
	if w.status != 0 || status < http.StatusOK {
		return
	}
	w.status, w.sent = status, w.header.Clone()
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.status == http.StatusNoContent || w.status == http.StatusNotModified {
		return 0, http.ErrBodyNotAllowed
	}
	return w.body.Write(p)
}

// response ends the recording.
func (w *recorder) response() (events.APIGatewayV2HTTPResponse, error) {
	w.WriteHeader(http.StatusOK) // if nothing was written at all
	header := w.finalHeader()
	if w.method == http.MethodHead {
		w.body.Reset()
	}
	answer := core.NewProxyResponseWriterV2()
	answer.WriteHeader(w.status)
	if _, err := answer.Write(w.body.Bytes()); err != nil {
		return events.APIGatewayV2HTTPResponse{}, fmt.Errorf("answer: %w", err)
	}
	// Writing made the library guess a content type, even of an empty body.
	clear(answer.Header())
	maps.Copy(answer.Header(), header)
	return answer.GetProxyResponse()
}

// finalHeader returns what was sent, and the content type that net/http would
// add. A header without values is not sent; so a handler can forbid the guess.
func (w *recorder) finalHeader() http.Header {
	_, typed := w.sent["Content-Type"]
	if !typed && w.body.Len() > 0 && w.sent.Get("Content-Encoding") == "" {
		w.sent.Set("Content-Type", http.DetectContentType(w.body.Bytes()))
	}
	maps.DeleteFunc(w.sent, func(_ string, values []string) bool { return len(values) == 0 })
	return w.sent
}
