// Command lambda is the function that serves the console, everything below /console.
package main

import (
	"regulars/functions/console"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/lambdahttp"
	"regulars/shared/points"
	"regulars/shared/session"
)

func main() {
	environment, cfg := boot.Start()
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	customers := customer.NewService(store, environment.Clock.Now)
	guard := access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
		Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
	})
	lambdahttp.Serve(console.New(console.Options{
		Customers: customers,
		Points:    points.NewService(store, environment.Clock.Now),
		List:      points.NewList(store, environment.Clock.Now, customer.Settling),
		Catalog:   catalog.NewService(store, customers, environment.Clock.Now),
		Sessions:  session.NewService(store, guard, environment.Clock.Now),
		Guard:     guard,
		Log:       logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("console"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Now:      environment.Clock.Now,
		Deadline: boot.Deadline,
		Insecure: environment.EndpointOverridden(),
	}))
}
