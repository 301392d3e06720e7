// Package lambdahttp plays events of API Gateway's HTTP APIs to an
// [http.Handler], so that the handler cannot tell them from requests that came
// through net/http. It knows no route and no dialect.
//
// Events are translated by aws-lambda-go-api-proxy. That library is archived
// and differs from net/http in a dozen ways, so nothing else may import it: it
// decodes the body, carries the context and encodes the answer, while address,
// headers and the rules of an [http.ResponseWriter] are kept here.
package lambdahttp

import (
	"context"
	"net/http"
	"os"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
)

// BasePathVariable names the environment variable with the base path under which a
// custom domain maps the API, as /crm; empty: none. An HTTP API leaves it in the path
// of its events.
const BasePathVariable = "BASE_PATH"

// Serve answers Lambda's events with h for as long as the process lives.
func Serve(h http.Handler) {
	lambda.Start(Handler(h, os.Getenv(BasePathVariable)))
}

// Handler makes a Lambda handler of h, to which paths come without basePath; the
// header X-Forwarded-Prefix says that it was there. The context of each request carries
// Lambda's deadline. A panic of h is logged and answered with 500. The handler
// returns an error, which fails the invocation, only for an event that no HTTP
// API sends: one in another payload format than 2.0 or with a broken body.
func Handler(h http.Handler, basePath string) func(context.Context, events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	return func(ctx context.Context, event events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
		r, err := newRequest(ctx, event, basePath)
		if err != nil {
			return events.APIGatewayV2HTTPResponse{}, err
		}
		w := newRecorder(r.Method)
		w.play(h, r)
		return w.response()
	}
}
