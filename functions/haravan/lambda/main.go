// Command lambda is the function that serves everything below /loy.
package main

import (
	"time"

	"regulars/functions/haravan"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/lambdahttp"
	"regulars/shared/points"
)

func main() {
	environment, cfg := boot.Start()
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, time.Now)
	lambdahttp.Serve(haravan.New(haravan.Options{
		Points: points.NewService(store, time.Now),
		List:   points.NewList(store, time.Now, customer.Settling),
		Guard: access.NewAuthorizer(store, time.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Log: logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("haravan"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, time.Now), Patience: environment.Patience,
		},
		Now:      time.Now,
		Deadline: boot.Deadline,
	}))
}
