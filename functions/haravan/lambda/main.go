// Command lambda is the function that serves everything below /loy.
package main

import (
	"time"

	"regulars/functions/haravan"
	"regulars/shared/access"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/lambdahttp"
	"regulars/shared/points"
)

func main() {
	environment, cfg := boot.Start()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, time.Now)
	lambdahttp.Serve(haravan.New(haravan.Options{
		Points: points.NewService(store, time.Now),
		List:   points.NewList(store, time.Now, customer.Settling),
		Guard: access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Log:      boot.Logger(),
		Now:      time.Now,
		Deadline: boot.Deadline,
	}))
}
