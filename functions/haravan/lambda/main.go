// Command lambda is the function that serves everything below /loy.
package main

import (
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
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	lambdahttp.Serve(haravan.New(haravan.Options{
		Points: points.NewService(store, environment.Clock.Now),
		List:   points.NewList(store, environment.Clock.Now, customer.Settling),
		Guard: access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Log: logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("haravan"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Now:      environment.Clock.Now,
		Deadline: boot.Deadline,
	}))
}
