// Command lambda is the function that serves all paths of no other dialect.
package main

import (
	"regulars/functions/mojodex"
	"regulars/shared/access"
	"regulars/shared/audit"
	"regulars/shared/boot"
	"regulars/shared/catalog"
	"regulars/shared/customer"
	"regulars/shared/dynamo"
	"regulars/shared/httpapi"
	"regulars/shared/lambdahttp"
)

func main() {
	environment, cfg := boot.Start()
	logger := boot.Logger()
	store := dynamo.New(environment.DynamoDB(cfg), environment.TableName, environment.Clock.Now)
	lambdahttp.Serve(mojodex.New(mojodex.Options{
		Catalog: catalog.NewService(store, customer.NewService(store, environment.Clock.Now), environment.Clock.Now),
		Guard: access.NewAuthorizer(store, environment.Clock.Now, access.AuthorizerOptions{
			Remember: boot.Remember, LocalTokens: environment.EndpointOverridden(),
		}),
		Log: logger,
		Operating: httpapi.Operating{
			Metrics: environment.Metrics("mojodex"), Audit: audit.New(logger),
			Budgets: access.NewBudgets(store, environment.Clock.Now), Uses: access.NewUses(store, environment.Clock.Now), Patience: environment.Patience,
		},
		Deadline: boot.Deadline,
		Now:      environment.Clock.Now,
	}))
}
