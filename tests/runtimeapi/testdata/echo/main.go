// Command echo is a function to test the Runtime API with: it does what the
// event says.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type event struct {
	Do string `json:"do"`
}

type answer struct {
	RequestID string    `json:"request_id"`
	Deadline  time.Time `json:"deadline"`
	Name      string    `json:"name"`
	Home      string    `json:"home"`
}

func main() {
	if os.Getenv("TABLE_NAME") == "" {
		fmt.Fprintln(os.Stderr, "TABLE_NAME is not set")
		os.Exit(1)
	}
	lambda.Start(handle)
}

func handle(ctx context.Context, e event) (answer, error) {
	fmt.Println("asked to", e.Do)
	switch e.Do {
	case "fail":
		return answer{}, errors.New("as asked")
	case "exit":
		os.Exit(3)
	case "hang":
		<-ctx.Done()
		time.Sleep(50 * time.Millisecond) // past the deadline, so that the answer is late
	}
	call, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return answer{call.AwsRequestID, deadline, os.Getenv("TABLE_NAME"), os.Getenv("HOME")}, nil
}
